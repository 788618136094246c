#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>

#include "nn/optimizers/adadelta.hpp"
#include "nn/optimizers/adagrad.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/adamax.hpp"
#include "nn/optimizers/adamw.hpp"
#include "nn/optimizers/lamb.hpp"
#include "nn/optimizers/lion.hpp"
#include "nn/optimizers/nadam.hpp"
#include "nn/optimizers/rmsprop.hpp"
#include "nn/schedules.hpp"
#include "tests/nn/support.hpp"

// Optimizers and schedules give what an independent program computes: tests/support/make_optimizer_vectors.py.

using namespace xg;

namespace {

using Optimizers = std::map<std::string, std::shared_ptr<nn::Optimizer>>;

Optimizers make_optimizers() {
  using namespace nn;
  return {
      {"rmsprop", std::make_shared<RMSprop>()},
      {"rmsprop momentum",
       std::make_shared<RMSprop>(RMSpropOptions{.learning_rate = 0.01, .rho = 0.8, .epsilon = 1e-3, .momentum = 0.7})},
      {"rmsprop centered", std::make_shared<RMSprop>(RMSpropOptions{.learning_rate = 0.01, .centered = true})},
      {"rmsprop all",
       std::make_shared<RMSprop>(RMSpropOptions{
           .learning_rate = 0.01, .rho = 0.8, .epsilon = 1e-3, .momentum = 0.7, .centered = true, .decay = 0.5})},
      {"adagrad", std::make_shared<Adagrad>()},
      {"adagrad all", std::make_shared<Adagrad>(AdagradOptions{
                          .learning_rate = 0.1, .initial_accumulator_value = 0.25, .epsilon = 1e-3, .decay = 0.5})},
      {"adadelta", std::make_shared<Adadelta>()},
      {"adadelta all",
       std::make_shared<Adadelta>(AdadeltaOptions{.learning_rate = 0.5, .rho = 0.8, .epsilon = 1e-3, .decay = 0.5})},
      {"adam", std::make_shared<Adam>()},
      {"adam all",
       std::make_shared<Adam>(AdamOptions{
           .learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.7, .epsilon = 1e-3, .decay = 0.5, .amsgrad = true})},
      {"adamw", std::make_shared<AdamW>()},
      {"adamw all",
       std::make_shared<AdamW>(AdamWOptions{
           .learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.7, .epsilon = 1e-3, .weight_decay = 0.3, .amsgrad = true})},
      {"adamax", std::make_shared<Adamax>()},
      {"adamax all", std::make_shared<Adamax>(AdamaxOptions{
                         .learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.7, .epsilon = 1e-3, .decay = 0.5})},
      {"nadam", std::make_shared<Nadam>()},
      {"nadam all", std::make_shared<Nadam>(NadamOptions{
                        .learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3, .schedule_decay = 0.5})},
      {"lion", std::make_shared<Lion>()},
      {"lion all",
       std::make_shared<Lion>(LionOptions{.learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.7, .weight_decay = 0.3})},
      {"lamb", std::make_shared<LAMB>()},
      {"lamb all", std::make_shared<LAMB>(LAMBOptions{
                       .learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.3})},
  };
}

std::map<std::string, nn::LearningRate> make_schedules() {
  using namespace nn;
  const DecayOptions decay{.learning_rate = 0.5, .decay_steps = 4, .decay_rate = 0.3};
  DecayOptions stairs = decay;
  stairs.staircase = true;
  return {
      {"step_decay", step_decay({.learning_rate = 0.5, .decay_steps = 4, .decay_rate = 0.3})},
      {"piecewise_constant", piecewise_constant({.boundaries = {3, 7}, .values = {0.5, 0.25, 0.125}})},
      {"exponential_decay", exponential_decay(decay)},
      {"exponential_decay staircase", exponential_decay(stairs)},
      {"inverse_time_decay", inverse_time_decay(decay)},
      {"inverse_time_decay staircase", inverse_time_decay(stairs)},
      {"polynomial_decay", polynomial_decay({.learning_rate = 0.5, .decay_steps = 8, .end_learning_rate = 0.1})},
      {"polynomial_decay cycle",
       polynomial_decay({.learning_rate = 0.5, .decay_steps = 5, .end_learning_rate = 0.1, .power = 2, .cycle = true})},
      {"cosine_decay", cosine_decay({.learning_rate = 0.5, .decay_steps = 8})},
      {"cosine_decay warmup",
       cosine_decay(
           {.learning_rate = 0.5, .decay_steps = 8, .alpha = 0.2, .warmup_steps = 3, .warmup_learning_rate = 0.1})},
      {"cosine_decay_restarts", cosine_decay_restarts({.learning_rate = 0.5, .first_decay_steps = 2})},
      {"cosine_decay_restarts same length",
       cosine_decay_restarts({.learning_rate = 0.5, .first_decay_steps = 3, .t_mul = 1, .m_mul = 0.8, .alpha = 0.1})},
      {"one_cycle", one_cycle({.max_learning_rate = 0.5, .total_steps = 16})},
      {"one_cycle linear", one_cycle({.max_learning_rate = 0.5,
                                      .total_steps = 16,
                                      .share_rising = 0.5,
                                      .div_factor = 10,
                                      .final_div_factor = 100,
                                      .linear = true})},
      {"warmup", warmup({.steps = 4, .start_factor = 0.2, .then = exponential_decay(decay)})},
  };
}

std::map<std::string, Numbers> read_lines() {
  std::ifstream file(XG_OPTIMIZER_VECTORS);
  std::map<std::string, Numbers> lines;
  std::string line;
  while (std::getline(file, line)) {
    const auto colon = line.find(" : ");
    std::istringstream words(line.substr(colon + 3));
    Numbers& numbers = lines[line.substr(0, colon)];
    for (double number = 0; words >> number;) numbers.push_back(number);
  }
  return lines;
}

constexpr int steps = 8;

void check_optimizers(DType dtype, double tolerance) {
  const auto lines = read_lines();
  const auto tensor = [&](const std::string& name) { return Tensor(Array::from(lines.at(name), {7}).astype(dtype)); };
  for (const auto& [name, optimizer] : make_optimizers()) {
    CAPTURE(name);
    Tensor w = tensor("start").set_requires_grad();
    optimizer->attach({{"w", w}});
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      w.set_grad(tensor(concat("gradient ", step)));
      optimizer->step();
      CHECK(largest_difference(numbers(w), lines.at(concat(name, ' ', step))) < tolerance);
    }
  }
}

}  // namespace

TEST_CASE("optimizers: steps agree with an independent program") {
  check_optimizers(float64, 1e-13);
  check_optimizers(float32, 5e-6);
}

TEST_CASE("schedules: rates agree with an independent program") {
  const auto lines = read_lines();
  const auto schedules = make_schedules();
  CHECK(lines.size() == 1 + steps + steps * make_optimizers().size() + schedules.size());
  for (const auto& [name, rate] : schedules) {
    CAPTURE(name);
    CHECK_FALSE(rate.is_constant());
    Numbers found;
    for (std::int64_t step = 0; step < 16; ++step) found.push_back(rate(step));
    CHECK(largest_difference(found, lines.at("schedule " + name)) < 1e-15);
  }
}
