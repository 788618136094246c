#include <doctest/doctest.h>

#include <functional>

#include "nn/losses/classification.hpp"
#include "nn/losses/ctc.hpp"
#include "nn/losses/regression.hpp"
#include "tests/nn/vectors.hpp"
#include "tests/support/close.hpp"

// Losses give what PyTorch computes: tests/support/make_loss_vectors.py.

using namespace xg;

namespace {

using Inputs = std::vector<Tensor>;
using LossOf = std::function<Tensor(const Inputs&)>;

/// A loss of (y_true, y_pred).
LossOf named(const nn::Loss& loss) {
  return [=](const Inputs& x) { return loss(x[0], x[1]); };
}

const std::map<std::string, LossOf>& losses() {
  static const std::map<std::string, LossOf> all{
      {"mape", named("mape")},
      {"msle", named("msle")},
      {"logcosh", named("logcosh")},
      {"poisson", named("poisson")},
      {"cosine_similarity", named("cosine_similarity")},
      {"huber", named("huber")},
      {"huber of 0.3", named(nn::Huber({.delta = 0.3}))},
      {"hinge", named("hinge")},
      {"squared_hinge", named("squared_hinge")},
      {"categorical_hinge", named("categorical_hinge")},
      {"categorical_hinge of shares", named("categorical_hinge")},
      {"kld", named("kld")},
      {"focal", named("binary_focal_crossentropy")},
      {"focal of options", named(nn::BinaryFocalCrossentropy({.gamma = 1.5, .alpha = 0.7}))},
      {"focal of logits", named(nn::BinaryFocalCrossentropy({.from_logits = true}))},
      {"smoothed categorical", named(nn::CategoricalCrossentropy({.from_logits = true, .label_smoothing = 0.2}))},
      {"smoothed binary", named(nn::BinaryCrossentropy({.label_smoothing = 0.2}))},
      {"triplet", [](const Inputs& x) { return nn::triplet_margin_loss(x[0], x[1], x[2]); }},
      {"triplet of 0.2", [](const Inputs& x) { return nn::triplet_margin_loss(x[0], x[1], x[2], 0.2); }},
      {"contrastive", [](const Inputs& x) { return nn::contrastive_loss(x[0], x[1]); }},
      {"contrastive of 2", [](const Inputs& x) { return nn::contrastive_loss(x[0], x[1], 2); }},
      {"ctc", [](const Inputs& x) { return nn::ctc_loss(x[0], x[1], {.input_lengths = x[2], .label_lengths = x[3]}); }},
      {"ctc of another blank", [](const Inputs& x) { return nn::ctc_loss(x[0], x[1], {.blank = 2}); }},
  };
  return all;
}

void check_case(const LossOf& loss, const VectorCase& one) {
  Inputs inputs;
  for (int i = 0; one.contains("input " + std::to_string(i)); ++i) {
    inputs.emplace_back(one.at("input " + std::to_string(i)));
    inputs.back().set_requires_grad(one.contains("gradient " + std::to_string(i)));
  }
  const Tensor value = loss(inputs);
  CHECK(value.rank() == 0);
  CHECK(value.item() == Close(Tensor(one.at("value -")).item(), 1e-12));
  value.backward();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].requires_grad())
      CHECK(largest_difference(numbers(inputs[i].grad()), numbers(one.at("gradient " + std::to_string(i)))) < 1e-10);
}

}  // namespace

TEST_CASE("losses: values and gradients agree with an independent program") {
  const auto cases = read_cases(XG_LOSS_VECTORS);
  CHECK(cases.size() == losses().size());
  for (const auto& [name, one] : cases) {
    CAPTURE(name);
    const auto found = losses().find(name);
    REQUIRE(found != losses().end());
    check_case(found->second, one);
  }
}
