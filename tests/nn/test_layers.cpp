#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/creation.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/random.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"
#include "tests/support/statistics.hpp"

using namespace xg;
using nn::Dense;
using nn::Dropout;

namespace {

double variance(const Numbers& values) { return testing::moment(values, 2); }

double largest(const Numbers& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

Numbers initial(const nn::Initializer& initializer, const Shape& shape, DType dtype = float32) {
  Generator generator(11);
  const Array values = initializer(shape, dtype, generator);
  CHECK(values.shape() == shape);
  CHECK(values.dtype() == dtype);
  return values.to_vector<double>();
}

/// The difference of w^T w (or w w^T, if that is the smaller one) from `gain`^2 times the identity.
double from_orthogonal(const Numbers& values, std::int64_t rows, std::int64_t columns, double gain) {
  const Tensor w = Array::from(values, {rows, columns});
  const Tensor product = rows < columns ? matmul(w, transpose(w)) : matmul(transpose(w), w);
  return largest(numbers(product - eye(std::min(rows, columns), float64) * (gain * gain)));
}

}  // namespace

TEST_CASE("Dense: x kernel + bias, then the activation") {
  Dense layer({.units = 2, .input_dim = 3});
  CHECK(layer["kernel"].shape() == Shape{3, 2});
  CHECK(numbers(layer["bias"]) == Numbers{0, 0});
  layer["kernel"].assign(Tensor{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  layer["bias"].assign(Tensor{0.5, -100.0});
  const Tensor x{{1.0, 0.0, 2.0}, {0.0, 1.0, -1.0}};
  CHECK(numbers(layer(x)) == Numbers{11.5, -86, -1.5, -102});
  CHECK(numbers(layer(select(x, 0))) == Numbers{11.5, -86});

  Dense relu_layer({.units = 2, .input_dim = 3, .activation = "relu"});
  relu_layer["kernel"].assign(layer["kernel"]);
  relu_layer["bias"].assign(layer["bias"]);
  CHECK(numbers(relu_layer(x)) == Numbers{11.5, 0, 0, 0});
}

TEST_CASE("Dense: works on the last axis of any input") {
  Dense layer({.units = 2, .input_dim = 3});
  const Tensor x = Generator(1).normal({4, 5, 3});
  const Tensor y = layer(x);
  CHECK(y.shape() == Shape{4, 5, 2});
  CHECK(numbers(y) == numbers(layer(reshape(x, {20, 3}))));
}

TEST_CASE("Dense: without a bias") {
  Dense layer({.units = 2, .input_dim = 3, .use_bias = false, .kernel_initializer = "ones"});
  CHECK(layer.parameters().size() == 1);
  CHECK(layer.parameter_count() == 6);
  CHECK(numbers(layer(Tensor{{1.0, 2.0, 3.0}})) == Numbers{6, 6});
}

TEST_CASE("Dense: learns its input's width at first use, once") {
  Dense layer({.units = 2, .bias_initializer = "ones"});
  CHECK(layer.parameters().empty());
  CHECK_FALSE(layer.input_shape());
  layer(zeros({7, 5, 3}));
  CHECK(layer["kernel"].shape() == Shape{3, 2});
  CHECK(*layer.input_shape() == Shape{3});
  const Array kernel = layer["kernel"].array().clone();
  CHECK(numbers(layer(zeros({1, 3}))) == Numbers{1, 1});
  CHECK(same_bits(layer["kernel"].array(), kernel));

  Dense built({.units = 2});
  built.build_for({4, 3});
  CHECK(built.built());
  CHECK(*built.output_shape({4, 3}) == Shape{4, 2});
  CHECK(built["kernel"].shape() == Shape{3, 2});
}

TEST_CASE("Dense: starts from the same bits whenever it is built") {
  manual_seed(5);
  Dense early({.units = 20, .input_dim = 30});
  manual_seed(5);
  Dense late({.units = 20});
  Generator(1).uniform({100});
  late(zeros({1, 30}));
  CHECK(same_bits(early["kernel"].array(), late["kernel"].array()));
}

TEST_CASE("Dense: gradients of input, kernel and bias") {
  Dense layer({.units = 2, .input_dim = 3});
  Tensor x = Tensor(Generator(1).normal({4, 3})).set_requires_grad();
  const Tensor dy = Generator(2).normal({4, 2});
  layer(x).backward({.gradient = dy});
  CHECK(largest_difference(numbers(x.grad()), numbers(matmul(dy, transpose(layer["kernel"])))) < 1e-6);
  CHECK(largest_difference(numbers(layer["kernel"].grad()), numbers(matmul(transpose(x), dy))) < 1e-6);
  CHECK(largest_difference(numbers(layer["bias"].grad()), numbers(sum(dy, {.axis = 0}))) < 1e-6);
}

TEST_CASE("Dense: activations by name, by function, and none") {
  const Tensor z{{-1.5, 0.0, 2.0}};
  const auto apply = [&](const nn::ActivationFunction& activation) {
    Dense layer({.units = 3, .input_dim = 3, .activation = activation});
    layer["kernel"].assign(eye(3));
    return numbers(layer(z));
  };
  CHECK(apply({}) == numbers(z));
  CHECK(apply("linear") == numbers(z));
  CHECK(apply("relu") == numbers(relu(z)));
  CHECK(apply("sigmoid") == numbers(sigmoid(z)));
  CHECK(apply("softmax") == numbers(softmax(z)));
  CHECK(apply("log_softmax") == numbers(log_softmax(z)));
  CHECK(apply("softplus") == numbers(softplus(z)));
  CHECK(apply("tanh") == numbers(tanh(z)));
  CHECK(apply("exponential") == numbers(exp(z)));
  CHECK(apply(std::string("tanh")) == numbers(tanh(z)));
  CHECK(apply([](const Tensor& x) { return x * 2.0; }) == Numbers{-3, 0, 4});
  CHECK(nn::ActivationFunction("relu").name() == "relu");
  CHECK(nn::ActivationFunction().name() == "linear");
}

TEST_CASE("Dense: what it cannot be, or be given") {
  CHECK_ERROR(ValueError, Dense({}), "Dense: units must be at least 1, got 0");
  CHECK_ERROR(ValueError, Dense({.units = -3}), "Dense: units must be at least 1, got -3");
  CHECK_ERROR(ValueError, Dense({.units = 3, .input_dim = -1}), "Dense: input_dim must not be negative, got -1");
  CHECK_ERROR(
      ValueError, Dense({.units = 3, .activation = "rleu"}),
      "unknown activation 'rleu': known are linear, relu, sigmoid, softmax, log_softmax, softplus, tanh, exponential, "
      "elu, selu, gelu, silu, mish, leaky_relu, softsign");
  CHECK_ERROR(ShapeError, Dense({.units = 3, .input_dim = 2, .bias_initializer = "orthogonal"}),
              "orthogonal: a shape of at least two axes expected, got (3,)");
  CHECK_ERROR(ValueError,
              Dense({.units = 3, .input_dim = 2, .kernel_initializer = nn::random_uniform({.low = 1, .high = 0})}),
              "random_uniform: low <= high expected, got 1 and 0");
  Dense layer({.units = 2, .input_dim = 3});
  CHECK_ERROR(ShapeError, layer(zeros({5, 4})),
              "Dense: the last axis of the input must be 3, as in the kernel (3, 2), but a sample has shape (4,)");
  CHECK_ERROR(ShapeError, layer(Tensor(1.0)), "Dense: the input needs a last axis of features, but has none");
  Dense lazy({.units = 2});
  CHECK_ERROR(ShapeError, lazy(Tensor(1.0)), "Dense: the input needs a last axis of features, but has none");
  CHECK(lazy.parameters().empty());
  Dense images({.units = 2, .input_dim = 784});
  CHECK_ERROR(
      ShapeError, images(zeros({5, 28, 28})),
      "Dense: the last axis of the input must be 784, as in the kernel (784, 2), but a sample has shape (28, 28): "
      "flatten it first");
}

TEST_CASE("Dropout: zeros and multiples in training, the identity in evaluation") {
  manual_seed(1);
  Dropout layer(0.4);
  const Tensor x = Generator(2).uniform({1000, 100}, 0.5, 1);
  const Numbers before = numbers(x), after = numbers(layer(x));
  std::int64_t kept = 0;
  double worst = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] == 0) continue;
    ++kept;
    worst = std::max(worst, std::abs(after[i] * 0.6 / before[i] - 1));
  }
  CHECK(worst < 2e-7);
  CHECK(double(kept) / 1e5 == Close(0.6, 0.01));  // four standard deviations

  layer.eval();
  CHECK(layer(x).array().shares_storage(x.array()));
  layer.train();
  CHECK(numbers(layer(x)) != before);
}

TEST_CASE("Dropout: elements are dropped at the rate, and independently of their neighbours and of other passes") {
  manual_seed(2);
  for (const double rate : {0.1, 0.4, 0.5, 0.8}) {
    CAPTURE(rate);
    Dropout layer(rate);
    const Tensor x = ones({200, 200});
    Numbers first = numbers(layer(x));
    const Numbers second = numbers(layer(x));
    for (const Numbers& mask : {first, second}) {
      const auto dropped = double(std::count(mask.begin(), mask.end(), 0));
      CHECK(std::abs(dropped - 40000 * rate) < 4 * std::sqrt(40000 * rate * (1 - rate)));
      CHECK(variance(mask) == Close(rate / (1 - rate), 0.1));
    }
    for (const std::size_t distance : {1, 2, 8, 16, 200, 400})
      CHECK(testing::chi_square_of_pairs(first, distance, rate) < 16.3);
    first.insert(first.end(), second.begin(), second.end());
    CHECK(testing::chi_square_of_pairs(first, 40000, rate) < 16.3);
  }
}

TEST_CASE("Dropout: rates 0 and 1") {
  const Tensor x = ones({50, 4});
  CHECK(numbers(Dropout(0)(x)) == numbers(x));
  Dropout all(1);
  CHECK(numbers(all(x)) == numbers(zeros({50, 4})));
  Tensor leaf = Tensor(Array::full({50, 4}, 1)).set_requires_grad();
  sum(all(leaf)).backward();
  CHECK(numbers(leaf.grad()) == numbers(zeros({50, 4})));
  all.eval();
  CHECK(numbers(all(x)) == numbers(x));
}

TEST_CASE("Dropout: the gradient goes through the same mask") {
  manual_seed(1);
  Dropout layer(0.5);
  Tensor x = Tensor(Array::full({20, 30}, 1)).set_requires_grad();
  const Tensor y = layer(x);
  y.backward({.gradient = full({20, 30}, 3)});
  CHECK(numbers(x.grad()) == numbers(y.detach() * 3.0));
}

TEST_CASE("Dropout: another mask for each pass and each layer, the same ones for the same seed") {
  const Tensor x = ones({20, 30});
  const auto masks = [&](std::uint64_t seed) {
    manual_seed(seed);
    Dropout first(0.5), second(0.5);
    return std::vector<Numbers>{numbers(first(x)), numbers(first(x)), numbers(second(x)), numbers(second(x))};
  };
  const auto drawn = masks(3);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(drawn[i] != drawn[j]);
  CHECK(masks(3) == drawn);
  CHECK(masks(4) != drawn);
}

TEST_CASE("Dropout: evaluation draws nothing") {
  const Tensor x = ones({20, 30});
  const auto second_mask = [&](bool evaluate_between) {
    manual_seed(3);
    Dropout layer(0.5);
    layer(x);
    layer.eval();
    if (evaluate_between) layer(x);
    layer.train();
    return numbers(layer(x));
  };
  CHECK(second_mask(true) == second_mask(false));
}

TEST_CASE("Dropout: the mean is kept") {
  manual_seed(1);
  for (const double rate : {0.1, 0.5, 0.9}) {
    const double error = std::sqrt(rate / (1 - rate) / 1e5);
    CHECK(std::abs(mean(Dropout(rate)(ones({1000, 100}))).item() - 1) < 4 * error);
  }
}

TEST_CASE("Dropout: rates outside [0, 1]") {
  CHECK_ERROR(ValueError, Dropout(-0.1), "Dropout: the rate must lie in [0, 1], got -0.1");
  CHECK_ERROR(ValueError, Dropout(1.01), "Dropout: the rate must lie in [0, 1], got 1.01");
  CHECK_ERROR(ValueError, Dropout(std::nan("")), "Dropout: the rate must lie in [0, 1], got NaN");
}

TEST_CASE("Activation and Flatten") {
  const Tensor x{{-1.0, 2.0}};
  CHECK(numbers(nn::Activation("relu")(x)) == Numbers{0, 2});
  nn::Activation custom([](const Tensor& z) { return z * z; });
  CHECK(numbers(custom(x)) == Numbers{1, 4});
  CHECK(nn::Activation("tanh").output_shape({3, 4}) == Shape{3, 4});

  nn::Flatten flatten;
  CHECK(flatten(zeros({5, 2, 3})).shape() == Shape{5, 6});
  CHECK(flatten(zeros({5, 2})).shape() == Shape{5, 2});
  CHECK(flatten(zeros({5})).shape() == Shape{5, 1});
  CHECK(flatten.output_shape({2, 3}) == Shape{6});
  Tensor leaf = Tensor(Array::full({2, 2, 2}, 1)).set_requires_grad();
  sum(flatten(leaf) * 2.0).backward();
  CHECK(leaf.grad().shape() == Shape{2, 2, 2});
}

TEST_CASE("Flatten: a batch without samples keeps its columns") {
  CHECK(nn::Flatten()(zeros({0, 2, 3})).shape() == Shape{0, 6});
}

TEST_CASE("Activation and Flatten: what they cannot do") {
  CHECK_ERROR(ValueError, nn::Activation("swoosh"),
              "unknown activation 'swoosh': known are linear, relu, sigmoid, softmax, log_softmax, softplus, tanh, "
              "exponential, elu, selu, gelu, silu, mish, leaky_relu, softsign");
  CHECK_ERROR(ShapeError, nn::Flatten()(Tensor(1.0)), "Flatten: the input has no batch axis");
}

TEST_CASE("regularizers: l1 sum |w| and l2 sum w^2, without a half") {
  const Tensor w({{1, -2}, {3, 0}}, float64);
  CHECK(nn::l1(0.5)(w).item() == 3);
  CHECK(nn::l2(0.5)(w).item() == 7);
  CHECK(nn::l1_l2({.l1 = 0.5, .l2 = 0.25})(w).item() == 6.5);
  CHECK(nn::l1()(w).item() == Close(0.06, 1e-12));
  CHECK(nn::l2()(w).item() == Close(0.14, 1e-12));
  CHECK(nn::l1_l2()(w).item() == Close(0.2, 1e-12));
  CHECK(nn::l2(0)(w).item() == 0);
  CHECK(nn::Regularizer("l1")(w).item() == nn::l1()(w).item());
  CHECK(nn::Regularizer("l2")(w).item() == nn::l2()(w).item());
  CHECK(nn::Regularizer("l1_l2")(w).item() == nn::l1_l2()(w).item());
  CHECK_FALSE(nn::Regularizer());
}

TEST_CASE("regularizers: gradients l1 sign(w) + 2 l2 w") {
  Tensor w = Tensor({1.0, -2.0, 0.0}, float64).set_requires_grad();
  nn::l1_l2({.l1 = 0.5, .l2 = 0.25})(w).backward();
  CHECK(numbers(w.grad()) == Numbers{1, -1.5, 0});
  for (const nn::Regularizer& regularizer : {nn::l1(0.3), nn::l2(0.3), nn::l1_l2({.l1 = 0.1, .l2 = 0.2})}) {
    const Tensor x = Tensor(Generator(1).normal({3, 4}, 0, 1, float64)).set_requires_grad();
    const auto report = gradcheck([&](const std::vector<Tensor>& in) { return regularizer(in[0]); }, {x});
    CHECK_MESSAGE(report, to_string(report));
  }
}

TEST_CASE("regularizers: golden, of kernel and output, undivided and divided by the batch size") {
  for (const bool divided : {false, true}) {
    Dense layer({.units = 5,
                 .input_dim = 5,
                 .kernel_initializer = "ones",
                 .kernel_regularizer = nn::l1(0.01),
                 .activity_regularizer = nn::l2(0.01),
                 .activity_mean = divided});
    layer(full({5, 5}, 2));
    CHECK(layer.penalty().item() == Close(divided ? 5.25 : 25.25, 1e-6));
    // The output's part is forgotten with the next pass.
    layer(zeros({5, 5}));
    CHECK(layer.penalty().item() == Close(0.25, 1e-6));
  }
}

TEST_CASE("regularizers: of the bias, and any function") {
  Dense layer({.units = 3,
               .input_dim = 2,
               .bias_initializer = nn::constant(2),
               .kernel_regularizer = [](const Tensor& w) { return sum(w) * 0.0 + 1.0; },
               .bias_regularizer = nn::l2(0.5)});
  CHECK(layer.penalty().item() == 7);
}

TEST_CASE("regularizers: the gradient of an activity penalty reaches the kernel") {
  Dense layer({.units = 2, .input_dim = 2, .kernel_initializer = "ones", .activity_regularizer = nn::l2(0.5)});
  layer(Tensor{{1.0, 2.0}, {0.0, 1.0}});
  // Outputs 3 and 1 in each column; the penalty is 0.5 (3^2 + 1^2) 2 / 2.
  const Tensor penalty = layer.penalty();
  CHECK(penalty.item() == 10.0 / 2);
  penalty.backward();
  CHECK(numbers(layer["kernel"].grad()) == Numbers{1.5, 1.5, 3.5, 3.5});
}

TEST_CASE("regularizers: what the tutorial's l2 model costs before its first step") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    manual_seed(seed);
    const nn::Sequential model{
        Dense({.units = 200, .input_dim = 784, .activation = "tanh", .kernel_regularizer = nn::l2(0.0003)}),
        Dense({.units = 100, .activation = "tanh", .kernel_regularizer = nn::l2(0.0003)}),
        Dense({.units = 10, .activation = "softmax", .kernel_regularizer = nn::l2(0.0003)}),
    };
    CHECK(model.penalty().item() == Close(0.14106, 0.01));
  }
}

TEST_CASE("regularizers: factors below 0, and unknown names") {
  CHECK_ERROR(ValueError, nn::l1(-0.1), "l1: the factor must be at least 0, got -0.1");
  CHECK_ERROR(ValueError, nn::l2(-0.1), "l2: the factor must be at least 0, got -0.1");
  CHECK_ERROR(ValueError, nn::l2(std::nan("")), "l2: the factor must be at least 0, got NaN");
  CHECK_ERROR(ValueError, nn::l1_l2({.l1 = 0.1, .l2 = -2}), "l1_l2: the factor must be at least 0, got -2");
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_ERROR(ValueError, nn::l1(infinity), "l1: the factor must be finite in float32, got inf");
  CHECK_ERROR(ValueError, nn::l1(std::nan("")), "l1: the factor must be at least 0, got NaN");
  CHECK_ERROR(ValueError, nn::l2(1e39), "l2: the factor must be finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, nn::l1_l2({.l1 = infinity}), "l1_l2: the factor must be finite in float32, got inf");
  CHECK_ERROR(ValueError, nn::l1_l2({.l2 = std::nan("")}), "l1_l2: the factor must be at least 0, got NaN");
  CHECK_ERROR(ValueError, Dense({.units = 3, .kernel_regularizer = "l3"}),
              "unknown regularizer 'l3': known are l1, l2, l1_l2, orthogonal_regularizer");
}

TEST_CASE("initializers: constants") {
  CHECK(initial("zeros", {2, 2}) == Numbers{0, 0, 0, 0});
  CHECK(initial("ones", {2}) == Numbers{1, 1});
  CHECK(initial(nn::constant(0.5), {2}, float64) == Numbers{0.5, 0.5});
  CHECK(initial("zeros", {}) == Numbers{0});
}

TEST_CASE("initializers: the bounds of glorot_uniform in the tutorial's network") {
  const auto check = [](const Shape& shape, double limit, double share) {
    const Numbers values = initial("glorot_uniform", shape);
    CHECK(largest(values) <= limit * (1 + 1e-7));
    CHECK(largest(values) > limit * share);
  };
  check({784, 200}, 0.07808688, 0.9999);
  check({200, 100}, 0.14142136, 0.999);
  check({100, 10}, 0.23354968, 0.99);
}

TEST_CASE("initializers: the law, the variance and the bounds of each") {
  const double fan_in = 400, fan_out = 300;
  // Of 120,000 numbers the variance is known to a standard deviation of 0.3 % (uniform) or 0.4 % (normal) of it.
  const auto check = [&](const char* name, double expected, double bound, auto distribution) {
    for (const DType dtype : {float32, float64}) {
      INFO(name);
      const Numbers values = initial(name, {400, 300}, dtype);
      CHECK(variance(values) == Close(expected, 0.015));
      CHECK(largest(values) <= bound * (1 + 1e-7));
      CHECK(std::abs(testing::mean(values)) < 4 * std::sqrt(expected / double(values.size())));
      CHECK(testing::kolmogorov_smirnov(values, distribution) < 1.95);
    }
  };
  const auto uniform = [&](const char* name, double expected) {
    const double bound = std::sqrt(3 * expected);
    check(name, expected, bound, [=](double x) { return testing::uniform_distribution(x, -bound, bound); });
  };
  const auto truncated = [&](const char* name, double expected) {
    const double stddev = std::sqrt(expected / testing::truncated_variance);
    check(name, expected, 2 * stddev, [=](double x) { return testing::truncated_distribution(x, 0, stddev); });
  };
  uniform("glorot_uniform", 2 / (fan_in + fan_out));
  truncated("glorot_normal", 2 / (fan_in + fan_out));
  uniform("he_uniform", 2 / fan_in);
  truncated("he_normal", 2 / fan_in);
  uniform("lecun_uniform", 1 / fan_in);
  truncated("lecun_normal", 1 / fan_in);
  uniform("random_uniform", 0.05 * 0.05 / 3);
  check("random_normal", 0.05 * 0.05, 0.05 * 6, [](double x) { return testing::normal_distribution(x, 0, 0.05); });
  truncated("truncated_normal", 0.05 * 0.05 * testing::truncated_variance);
}

TEST_CASE("initializers: the tests of their laws see a variance that is a tenth too small") {
  const Numbers values = initial("he_uniform", {400, 300});
  const double bound = std::sqrt(6 / 400.0), wide = bound / std::sqrt(0.9);
  CHECK(testing::kolmogorov_smirnov(values, [=](double x) { return testing::uniform_distribution(x, -wide, wide); }) >
        5);
  CHECK_FALSE(variance(values) == Close(2 / 400.0 / 0.9, 0.015));
}

TEST_CASE("initializers: options") {
  const Numbers uniform = initial(nn::random_uniform({.low = 2, .high = 3}), {10000});
  CHECK(*std::min_element(uniform.begin(), uniform.end()) >= 2);
  CHECK(*std::max_element(uniform.begin(), uniform.end()) < 3);
  CHECK(variance(uniform) == Close(1.0 / 12, 0.05));
  const Numbers normal = initial(nn::random_normal({.mean = 5, .stddev = 2}), {10000});
  CHECK(variance(normal) == Close(4, 0.06));
  CHECK(testing::mean(normal) == Close(5, 0.016));
  CHECK(testing::kolmogorov_smirnov(normal, [](double x) { return testing::normal_distribution(x, 5, 2); }) < 1.95);
  const Numbers truncated = initial(nn::truncated_normal({.mean = 5, .stddev = 2}), {10000});
  CHECK(testing::kolmogorov_smirnov(truncated, [](double x) { return testing::truncated_distribution(x, 5, 2); }) <
        1.95);
  CHECK(variance(truncated) == Close(4 * testing::truncated_variance, 0.06));
  CHECK(*std::min_element(truncated.begin(), truncated.end()) >= 1);
  CHECK(*std::max_element(truncated.begin(), truncated.end()) <= 9);
}

TEST_CASE("initializers: options that no parameter could start with") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_ERROR(ValueError, nn::constant(nan), "constant: the value must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, nn::constant(-infinity), "constant: the value must be finite in float32, got -inf");
  CHECK_ERROR(ValueError, nn::constant(1e39), "constant: the value must be finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, nn::random_uniform({.low = -infinity}),
              "random_uniform: low must be finite in float32, got -inf");
  CHECK_ERROR(ValueError, nn::random_uniform({.high = nan}), "random_uniform: high must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, nn::random_uniform({.high = -1}), "random_uniform: low <= high expected, got -0.05 and -1");
  CHECK_ERROR(ValueError, nn::random_normal({.mean = nan}),
              "random_normal: the mean must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, nn::random_normal({.stddev = -1}),
              "random_normal: the standard deviation must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::random_normal({.stddev = infinity}),
              "random_normal: the standard deviation must be finite in float32, got inf");
  CHECK_ERROR(ValueError, nn::truncated_normal({.mean = 1e39}),
              "truncated_normal: the mean must be finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, nn::truncated_normal({.stddev = nan}),
              "truncated_normal: the standard deviation must be at least 0, got NaN");
  CHECK_ERROR(ValueError, nn::orthogonal(infinity), "orthogonal: the gain must be finite in float32, got inf");
  CHECK(initial(nn::random_uniform({.low = 2, .high = 2}), {2}) == Numbers{2, 2});
  CHECK(initial(nn::random_normal({.mean = 2, .stddev = 0}), {2}) == Numbers{2, 2});
  CHECK(initial(nn::constant(-7), {2}) == Numbers{-7, -7});
}

TEST_CASE("initializers: fans of convolutions, vectors and numbers") {
  const auto limit = [](const Shape& shape, double expected) {
    const double found = largest(initial("glorot_uniform", shape, float64));
    CHECK(found <= expected);
    CHECK(found > expected * 0.98);
  };
  limit({3, 3, 16, 32}, std::sqrt(6.0 / (9 * 16 + 9 * 32)));
  limit({5, 16, 8}, std::sqrt(6.0 / (5 * 16 + 5 * 8)));
  limit({1000}, std::sqrt(6.0 / 2000));
  CHECK(largest(initial("glorot_uniform", {}, float64)) <= std::sqrt(3.0));
}

TEST_CASE("initializers: orthogonal") {
  CHECK(from_orthogonal(initial("orthogonal", {50, 50}), 50, 50, 1) < 1e-6);
  CHECK(from_orthogonal(initial("orthogonal", {80, 30}, float64), 80, 30, 1) < 1e-14);
  CHECK(from_orthogonal(initial("orthogonal", {30, 80}, float64), 30, 80, 1) < 1e-14);
  CHECK(from_orthogonal(initial(nn::orthogonal(3), {40, 20}, float64), 40, 20, 3) < 1e-13);
  CHECK(from_orthogonal(initial("orthogonal", {3, 3, 4, 8}, float64), 36, 8, 1) < 1e-14);
  // Evenly drawn, a column is a point of the sphere, each of whose coordinates is uniform in three dimensions.
  Generator generator(12);
  const nn::Initializer orthogonal("orthogonal");
  std::vector<Numbers> coordinates(9);
  for (int i = 0; i < 2000; ++i) {
    const Numbers q = orthogonal({3, 3}, float64, generator).to_vector<double>();
    for (std::size_t k = 0; k < 9; ++k) coordinates[k].push_back(q[k]);
  }
  for (const Numbers& values : coordinates)
    CHECK(testing::kolmogorov_smirnov(values, [](double x) { return testing::uniform_distribution(x, -1, 1); }) < 1.95);
  // Signs of both kinds: an orthogonal matrix drawn evenly has no preferred corner.
  const Numbers values = initial("orthogonal", {60, 60}, float64);
  double diagonal = 0;
  for (std::size_t i = 0; i < 60; ++i) diagonal += values[i * 61];
  CHECK(std::abs(diagonal) < 5);
}

TEST_CASE("initializers: an unknown name lists the known ones") {
  const unsigned line = __LINE__ + 1;
  const std::string message = message_of<ValueError>([] { Dense({.units = 1, .kernel_initializer = "gloro"}); });
  CHECK(message ==
        at_line("unknown initializer 'gloro': known are zeros, ones, glorot_uniform, glorot_normal, he_uniform, "
                "he_normal, lecun_uniform, lecun_normal, random_uniform, random_normal, truncated_normal, "
                "variance_scaling, orthogonal, identity, constant",
                __FILE__, line));
}
