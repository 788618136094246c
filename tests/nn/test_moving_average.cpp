#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "nn/callbacks/moving_average.hpp"
#include "nn/layers/dense.hpp"
#include "nn/model.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

nn::Sequential one_number() {
  return {nn::Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "zeros"})};
}

void set(nn::Module& model, double value) { model["dense_1.kernel"].assign(value); }
double get(const nn::Module& model) { return model["dense_1.kernel"].item(); }

}  // namespace

TEST_CASE("moving average: by hand, from the first values on") {
  nn::Sequential model = one_number();
  nn::ExponentialMovingAverage average({.momentum = 0.75});
  set(model, 8);
  average.update(model);  // begins here
  set(model, 4);
  average.update(model);  // 8 + (4 - 8) / 4
  average.swap(model);
  CHECK(get(model) == 7);
  average.swap(model);
  CHECK(get(model) == 4);
  average.update(model);
  average.apply(model);
  CHECK(get(model) == 6.25);
}

TEST_CASE("moving average: in fit, the model ends with the means of all batches") {
  manual_seed(0);
  Generator generator(5);
  const Tensor x = generator.normal({32, 1}), y = generator.normal({32, 1});
  const nn::FitOptions options{.batch_size = 8, .epochs = 2, .verbose = 0, .shuffle = false};
  nn::Sequential plain = one_number(), averaged = one_number();
  double mean = 0;
  plain.compile({.optimizer = "sgd", .loss = "mse"});
  struct After : nn::Callback {
    double& mean;
    explicit After(double& m) : mean(m) {}
    void on_batch_end(nn::TrainingRun& run, std::int64_t, std::int64_t, const nn::Logs&) override {
      mean = 0.9 * mean + 0.1 * get(run.model);
    }
  };
  auto watched = options;
  watched.callbacks = {After(mean)};
  plain.fit(x, y, watched);
  averaged.compile({.optimizer = "sgd", .loss = "mse"});
  auto with_means = options;
  with_means.callbacks = {nn::ExponentialMovingAverage({.momentum = 0.9})};
  averaged.fit(x, y, with_means);
  CHECK(get(averaged) == doctest::Approx(mean).epsilon(1e-6));
  CHECK(get(averaged) != get(plain));

  nn::Sequential kept = one_number();
  kept.compile({.optimizer = "sgd", .loss = "mse"});
  nn::ExponentialMovingAverage average({.momentum = 0.9, .overwrite = false});
  auto by_reference = options;
  by_reference.callbacks = {std::ref(average)};
  kept.fit(x, y, by_reference);
  CHECK(get(kept) == get(plain));
  average.apply(kept);
  CHECK(get(kept) == get(averaged));
}

TEST_CASE("moving average: parameters that come later begin with what they are; other models are left alone") {
  nn::Sequential model = one_number();
  nn::ExponentialMovingAverage average({.momentum = 0.5});
  set(model, 2);
  average.update(model);
  model.add(nn::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"}));
  set(model, 4);
  average.update(model);
  average.apply(model);
  CHECK(get(model) == 3);
  CHECK(model["dense_2.kernel"].item() == 1);
  nn::Sequential other = one_number();
  set(other, 9);
  average.swap(other);
  CHECK(get(other) == 9);
}

TEST_CASE("moving average: a copy has means of its own; by name") {
  nn::Sequential model = one_number();
  nn::ExponentialMovingAverage average({.momentum = 0.5});
  average.update(model);
  const nn::ExponentialMovingAverage copy = average;
  set(model, 4);
  average.update(model);
  copy.apply(model);
  CHECK(get(model) == 0);
  average.apply(model);
  CHECK(get(model) == 2);
  CHECK(nn::CallbackChoice("exponential_moving_average").spec() == nn::ExponentialMovingAverage().spec());
  CHECK_ERROR(ValueError, nn::ExponentialMovingAverage({.momentum = 1}),
              "ExponentialMovingAverage: the momentum must lie in [0, 1), got 1");
}
