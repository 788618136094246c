#include <doctest/doctest.h>

#include <limits>

#include "autograd/creation.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"
#include "nn/activations.hpp"
#include "nn/losses.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::binary_crossentropy;
using nn::categorical_crossentropy;
using nn::mean_absolute_error;
using nn::mean_squared_error;
using nn::sparse_categorical_crossentropy;

namespace {

Tensor leaf(const Tensor& values) {
  Tensor x(values.array().clone());
  return x.set_requires_grad();
}

/// Logits of `rows` samples, as a leaf.
Tensor random_logits(std::int64_t rows, std::int64_t classes, DType dtype = float64) {
  return leaf(Generator(1).normal({rows, classes}, 0, 2, dtype));
}

/// One-hot rows: class (i * 2 + 1) % classes for sample i.
Tensor some_targets(std::int64_t rows, std::int64_t classes, DType dtype = float64) {
  const Array y = Array::zeros({rows, classes});
  for (std::int64_t i = 0; i < rows; ++i) y.data<float>()[i * classes + (i * 2 + 1) % classes] = 1;
  return y.astype(dtype);
}

Tensor softmax_layer(const Tensor& z) { return nn::ActivationFunction("softmax")(z); }
Tensor sigmoid_layer(const Tensor& z) { return nn::ActivationFunction("sigmoid")(z); }

}  // namespace

TEST_CASE("categorical_crossentropy: the mean of -ln q of the true class") {
  const Tensor y({{1, 0, 0}, {0, 0, 1}, {0, 1, 0}}, float64);
  const Tensor p({{0.5, 0.25, 0.25}, {0.1, 0.2, 0.7}, {0.3, 0.6, 0.1}}, float64);
  const double expected = -(std::log(0.5) + std::log(0.7) + std::log(0.6)) / 3;
  CHECK(categorical_crossentropy(y, p).item() == Close(expected, 1e-14));
  CHECK(categorical_crossentropy(y, p).rank() == 0);
  CHECK(categorical_crossentropy(y, astype(p, float32)).item() == Close(expected, 1e-6));
}

TEST_CASE("categorical_crossentropy: probabilities are divided by their sum, targets may be shares") {
  const Tensor y({{0.75, 0.25}}, float64), p({{3.0, 1.0}}, float64);
  CHECK(categorical_crossentropy(y, p).item() == Close(-(0.75 * std::log(0.75) + 0.25 * std::log(0.25)), 1e-14));
}

TEST_CASE("categorical_crossentropy: more axes before the classes are more rows") {
  const Tensor y({{{1, 0}, {0, 1}}, {{0, 1}, {0, 1}}}, float64);
  const Tensor p({{{0.5, 0.5}, {0.2, 0.8}}, {{0.9, 0.1}, {0.4, 0.6}}}, float64);
  const double expected = -(std::log(0.5) + std::log(0.8) + std::log(0.1) + std::log(0.6)) / 4;
  CHECK(categorical_crossentropy(y, p).item() == Close(expected, 1e-14));
}

TEST_CASE("categorical_crossentropy: rows that add up to 1, but for rounding, are taken as they are") {
  const Tensor y({{1.0, 0.0}}, float64);
  Tensor p = leaf(Tensor({{0.25, 0.750004}}, float64));
  const Tensor loss = categorical_crossentropy(y, p);
  CHECK(loss.item() == -std::log(0.25));
  loss.backward();
  CHECK(numbers(p.grad()) == Numbers{-4, 0});
}

TEST_CASE("categorical_crossentropy: what has become 0 counts as the smallest normal number") {
  const Tensor y{{1.0, 0.0}};
  CHECK(categorical_crossentropy(y, Tensor{{1.0, 0.0}}).item() == 0);
  CHECK(categorical_crossentropy(y, Tensor{{0.0, 1.0}}).item() == Close(126 * std::log(2), 1e-6));
  const Tensor wide = astype(y, float64);
  CHECK(categorical_crossentropy(wide, Tensor({{0.0, 1.0}}, float64)).item() == Close(1022 * std::log(2), 1e-12));
}

TEST_CASE("categorical_crossentropy: a softmax, that of a layer, and logits give the same") {
  const Tensor logits = random_logits(6, 5), targets = some_targets(6, 5);
  const double formula = mean(logsumexp(logits, {.axis = -1}) - sum(targets * logits, {.axis = -1})).item();
  CHECK(categorical_crossentropy(targets, softmax_layer(logits)).item() == Close(formula, 1e-14));
  CHECK(categorical_crossentropy(targets, logits, {.from_logits = true}).item() == Close(formula, 1e-14));
  CHECK(categorical_crossentropy(targets, softmax(logits)).item() == Close(formula, 1e-12));
  const Tensor single = random_logits(6, 5, float32), single_targets = some_targets(6, 5, float32);
  CHECK(categorical_crossentropy(single_targets, softmax(single)).item() == Close(formula, 1e-6));
}

TEST_CASE("categorical_crossentropy: the gradient through a softmax is (p - y) / N") {
  for (const DType dtype : {float32, float64}) {
    const Tensor y = some_targets(8, 10, dtype);
    const auto expected = [&](const Tensor& z) { return numbers((softmax(z.detach()) - y) / 8.0); };
    Tensor z = random_logits(8, 10, dtype);
    categorical_crossentropy(y, softmax(z)).backward();
    CHECK(largest_difference(numbers(z.grad()), expected(z)) < 1e-6);
    z.zero_grad();
    categorical_crossentropy(y, z, {.from_logits = true}).backward();
    CHECK(largest_difference(numbers(z.grad()), expected(z)) < 1e-6);
    z.zero_grad();
    categorical_crossentropy(y, softmax_layer(z)).backward();
    CHECK(largest_difference(numbers(z.grad()), expected(z)) < 1e-6);
  }
}

TEST_CASE("categorical_crossentropy: huge logits stay finite") {
  const Tensor y{{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}};
  Tensor z = leaf(Tensor{{-1000.0, 1000.0, 0.0}, {-1000.0, 1000.0, 0.0}});
  const Tensor loss = categorical_crossentropy(y, softmax_layer(z));
  CHECK(loss.item() == 1000);
  loss.backward();
  CHECK(numbers(z.grad()) == Numbers{-0.5, 0.5, 0, 0, 0, 0});
}

TEST_CASE("categorical_crossentropy: a softmax along another axis is not taken for one of the classes") {
  const Tensor y = some_targets(3, 3), z = random_logits(3, 3);
  const Tensor p = softmax(z, 0);
  CHECK(categorical_crossentropy(y, p).item() == Close(categorical_crossentropy(y, p.detach()).item(), 1e-14));
}

TEST_CASE("categorical_crossentropy: logits that were changed in place are not used") {
  const Tensor y{{1.0, 0.0}};
  Tensor z = leaf(Tensor{{0.0, 0.0}});
  Tensor p = softmax_layer(z);
  z.assign(Tensor{{5.0, -5.0}});
  CHECK(categorical_crossentropy(y, p).item() == Close(std::log(2), 1e-6));
}

TEST_CASE("sparse_categorical_crossentropy: as the categorical one with one-hot labels") {
  const Tensor z = random_logits(4, 3, float32);
  const std::vector<std::int64_t> classes{2, 0, 1, 2};
  const Tensor labels = Array::from(classes, {4});
  const Tensor one_hot{{0.0, 0.0, 1.0}, {1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}};
  const Tensor p = softmax(z), elsewhere = p.detach();
  const auto same = [](const Tensor& a, const Tensor& b) { return same_bits(a.array(), b.array()); };
  for (const DType dtype : {uint8, int32, int64, float32, float64})
    for (const Shape& shape : {Shape{4}, Shape{4, 1}}) {
      const Tensor y = labels.array().astype(dtype).reshape(shape);
      CHECK(same(sparse_categorical_crossentropy(y, p), categorical_crossentropy(one_hot, p)));
      CHECK(same(sparse_categorical_crossentropy(y, elsewhere), categorical_crossentropy(one_hot, elsewhere)));
      CHECK(same(sparse_categorical_crossentropy(y, z, {.from_logits = true}),
                 categorical_crossentropy(one_hot, z, {.from_logits = true})));
    }
  const Tensor sequence = Array::from(classes, {2, 2});
  const Tensor outputs = elsewhere.array().reshape({2, 2, 3});
  CHECK(same(sparse_categorical_crossentropy(sequence, outputs), categorical_crossentropy(one_hot, elsewhere)));
}

TEST_CASE("sparse_categorical_crossentropy: the gradient through a softmax") {
  Tensor z = leaf(Tensor{{0.0, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}});
  sparse_categorical_crossentropy(Tensor{3, 0}, softmax(z)).backward();
  CHECK(numbers(z.grad()) == Numbers{0.125, 0.125, 0.125, -0.375, -0.375, 0.125, 0.125, 0.125});
}

TEST_CASE("binary_crossentropy: closed form, bounds and logits") {
  const Tensor y({{1, 0}, {0, 1}}, float64), p({{0.9, 0.2}, {0.4, 0.5}}, float64);
  CHECK(binary_crossentropy(y, p).item() ==
        Close(-(std::log(0.9) + std::log(0.8) + std::log(0.6) + std::log(0.5)) / 4, 1e-14));
  CHECK(binary_crossentropy(Tensor{{1.0}}, Tensor{{1.0}}).item() == 0);
  CHECK(binary_crossentropy(Tensor{{1.0}}, Tensor{{0.0}}).item() == Close(126 * std::log(2), 1e-6));
  CHECK(binary_crossentropy(Tensor{{0.0}}, Tensor{{1.0}}).item() == Close(126 * std::log(2), 1e-6));

  const Tensor z = leaf(Tensor({{2.0, -1.0}, {0.5, 3.0}}, float64));
  double formula = 0;
  for (std::size_t i = 0; i < 4; ++i)
    formula += (std::log1p(std::exp(numbers(z)[i])) - numbers(y)[i] * numbers(z)[i]) / 4;
  CHECK(binary_crossentropy(y, sigmoid_layer(z)).item() == Close(formula, 1e-14));
  CHECK(binary_crossentropy(y, z, {.from_logits = true}).item() == Close(formula, 1e-14));
  CHECK(binary_crossentropy(y, sigmoid(z)).item() == Close(formula, 1e-12));
}

TEST_CASE("binary_crossentropy: the gradient through a sigmoid is (p - y) / N, and huge logits stay finite") {
  const Tensor y{{1.0}, {0.0}, {1.0}};
  Tensor z = leaf(Tensor{{0.0}, {1.5}, {-2.0}});
  binary_crossentropy(y, sigmoid_layer(z)).backward();
  CHECK(largest_difference(numbers(z.grad()), numbers((sigmoid(z.detach()) - y) / 3.0)) < 1e-7);

  const Tensor truth{{1.0}, {0.0}, {0.0}, {1.0}};
  Tensor huge = leaf(Tensor{{1000.0}, {-1000.0}, {1000.0}, {-1000.0}});
  const Tensor loss = binary_crossentropy(truth, sigmoid_layer(huge));
  CHECK(loss.item() == 500);
  loss.backward();
  CHECK(numbers(huge.grad()) == Numbers{0, 0, 0.25, -0.25});
}

TEST_CASE("mean_squared_error and mean_absolute_error: over all elements") {
  const Tensor y({{1.0, 2.0}, {3.0, 4.0}}, float64);
  Tensor p = leaf(Tensor({{1.5, 2.0}, {1.0, 5.0}}, float64));
  CHECK(mean_squared_error(y, p).item() == (0.25 + 0 + 4 + 1) / 4);
  CHECK(mean_absolute_error(y, p).item() == (0.5 + 0 + 2 + 1) / 4);
  mean_squared_error(y, p).backward();
  CHECK(numbers(p.grad()) == Numbers{0.25, 0, -1, 0.5});
  p.zero_grad();
  mean_absolute_error(y, p).backward();
  CHECK(numbers(p.grad()) == Numbers{0.25, 0, -0.25, 0.25});
  CHECK(mean_squared_error(Tensor{1, 2}, Tensor{2.0, 4.0}).item() == 2.5);
}

TEST_CASE("losses: labels of any dtype count as numbers of the predictions' dtype") {
  const Tensor one_hot{{1.0, 0.0}, {0.0, 1.0}}, p{{0.75, 0.25}, {0.5, 0.5}};
  using Loss = Tensor (*)(const Tensor&, const Tensor&);
  const Loss losses[] = {[](const Tensor& y, const Tensor& q) { return categorical_crossentropy(y, q); },
                         [](const Tensor& y, const Tensor& q) { return binary_crossentropy(y, q); },
                         [](const Tensor& y, const Tensor& q) { return mean_squared_error(y, q); },
                         [](const Tensor& y, const Tensor& q) { return mean_absolute_error(y, q); }};
  for (const Loss loss : losses)
    for (const DType dtype : {boolean, uint8, int32, int64, float64}) {
      const Tensor found = loss(astype(one_hot, dtype), p);
      CHECK(found.dtype() == float32);
      CHECK(same_bits(found.array(), loss(one_hot, p).array()));
    }
}

TEST_CASE("losses: gradients agree with differences") {
  const Tensor y = some_targets(3, 4), z = random_logits(3, 4);
  const Tensor p = leaf(exp(z.detach()));
  const Tensor shares = leaf(softmax(random_logits(3, 4).detach() * 0.3) * 0.98 + 0.005);
  const auto check = [](const char* name, const Tensor& at, const std::function<Tensor(const Tensor&)>& loss) {
    INFO(name);
    const auto report = gradcheck([&](const std::vector<Tensor>& x) { return loss(x[0]); }, {at});
    CHECK_MESSAGE(report, to_string(report));
    const auto second = gradgradcheck([&](const std::vector<Tensor>& x) { return loss(x[0]); }, {at});
    CHECK_MESSAGE(second, to_string(second));
  };
  check("categorical, any positive numbers", p, [&](const Tensor& x) { return categorical_crossentropy(y, x); });
  check("categorical, softmax", z, [&](const Tensor& x) { return categorical_crossentropy(y, softmax(x)); });
  check("categorical, logits", z,
        [&](const Tensor& x) { return categorical_crossentropy(y, x, {.from_logits = true}); });
  check("sparse, softmax", z, [&](const Tensor& x) {
    return sparse_categorical_crossentropy(Tensor{3, 0, 1}, softmax(x));
  });
  check("binary, probabilities", shares, [&](const Tensor& x) { return binary_crossentropy(y, x); });
  check("binary, sigmoid", z, [&](const Tensor& x) { return binary_crossentropy(y, sigmoid(x)); });
  check("binary, logits", z, [&](const Tensor& x) { return binary_crossentropy(y, x, {.from_logits = true}); });
  check("squared", z, [&](const Tensor& x) { return mean_squared_error(y, x); });
  check("absolute", z, [&](const Tensor& x) { return mean_absolute_error(y, x); });
}

TEST_CASE("losses: shapes that do not fit") {
  const Tensor p = ones({4, 3});
  const std::string hint = ": one-hot labels are expected; use sparse_categorical_crossentropy for class numbers";
  CHECK_ERROR(ShapeError, categorical_crossentropy(zeros({4}), p),
              "categorical_crossentropy: y_true has shape (4,), y_pred (4, 3)" + hint);
  CHECK_ERROR(ShapeError, categorical_crossentropy(zeros({4, 2}), p, {.from_logits = true}),
              "categorical_crossentropy: y_true has shape (4, 2), y_pred (4, 3)" + hint);
  const std::string each = ": one class number for each row is expected";
  CHECK_ERROR(ShapeError, sparse_categorical_crossentropy(zeros({4, 3}), p),
              "sparse_categorical_crossentropy: y_true has shape (4, 3), y_pred (4, 3)" + each +
                  "; use categorical_crossentropy for one-hot labels");
  CHECK_ERROR(ShapeError, sparse_categorical_crossentropy(zeros({2, 6}), ones({3, 4, 5})),
              "sparse_categorical_crossentropy: y_true has shape (2, 6), y_pred (3, 4, 5)" + each);
  CHECK_ERROR(ShapeError, sparse_categorical_crossentropy(zeros({3}), p),
              "sparse_categorical_crossentropy: y_true has shape (3,), y_pred (4, 3)" + each);
  CHECK_ERROR(ShapeError, sparse_categorical_crossentropy(Tensor(0), Tensor(1.0)),
              "sparse_categorical_crossentropy: y_true has shape (), y_pred ()" + each);
  CHECK_ERROR(ShapeError, binary_crossentropy(zeros({4}), p),
              "binary_crossentropy: y_true has shape (4,), y_pred (4, 3)");
  CHECK_ERROR(ShapeError, mean_squared_error(zeros({4, 1}), p),
              "mean_squared_error: y_true has shape (4, 1), y_pred (4, 3)");
  CHECK_ERROR(ShapeError, mean_absolute_error(zeros({3, 4}), p),
              "mean_absolute_error: y_true has shape (3, 4), y_pred (4, 3)");
  CHECK_ERROR(ShapeError, mean_squared_error(zeros({4}), ones({4, 1})),
              "mean_squared_error: y_true has shape (4,), y_pred (4, 1): reshape y_true to (4, 1), by "
              "expand_dims(y_true, -1)");
  CHECK_ERROR(
      ShapeError, binary_crossentropy(zeros({4, 1}), ones({4})),
      "binary_crossentropy: y_true has shape (4, 1), y_pred (4,): reshape y_true to (4,), by squeeze(y_true, -1)");
}

TEST_CASE("losses: y_true and y_pred that were swapped") {
  const Tensor y = zeros({4, 3}), p = ones({4, 3}).set_requires_grad();
  const std::string message = ": y_true needs a gradient and y_pred none: the order is (y_true, y_pred)";
  CHECK_ERROR(ValueError, categorical_crossentropy(p, y), "categorical_crossentropy" + message);
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(p, y), "sparse_categorical_crossentropy" + message);
  CHECK_ERROR(ValueError, binary_crossentropy(p, y), "binary_crossentropy" + message);
  CHECK_ERROR(ValueError, mean_squared_error(p, y), "mean_squared_error" + message);
  CHECK_ERROR(ValueError, mean_absolute_error(p, y), "mean_absolute_error" + message);
}

TEST_CASE("binary_crossentropy: labels that are no probabilities") {
  const Tensor p = full({3}, 0.5);
  const std::string message = "binary_crossentropy: labels must lie in [0, 1], got ";
  CHECK_ERROR(ValueError, binary_crossentropy(Tensor{1, -1, 1}, p), message + "-1: make 0 of -1 first");
  CHECK_ERROR(ValueError, binary_crossentropy(Tensor{1.0, 2.0, 0.0}, p), message + "2");
  CHECK_ERROR(ValueError,
              binary_crossentropy(Tensor{1.0, 0.0, std::numeric_limits<double>::quiet_NaN()}, p, {.from_logits = true}),
              message + "NaN");
}

TEST_CASE("losses: class numbers that are none") {
  const Tensor p = ones({2, 3});
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(Tensor{0, 3}, p),
              "sparse_categorical_crossentropy: 3 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(Tensor{-1, 0}, p),
              "sparse_categorical_crossentropy: -1 is none of the 3 classes, which count from 0");
}

TEST_CASE("losses: what is no whole number is no class") {
  const Tensor p{{0.2, 0.3, 0.5}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(Tensor{nan}, p),
              "sparse_categorical_crossentropy: NaN is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(Tensor{-0.5}, p),
              "sparse_categorical_crossentropy: -0.5 is none of the 3 classes, which count from 0");
  CHECK(sparse_categorical_crossentropy(Tensor{2.0}, p).item() == sparse_categorical_crossentropy(Tensor{2}, p).item());
}

TEST_CASE("loss option: by name, or any function") {
  const Tensor y = some_targets(3, 4), p = softmax(random_logits(3, 4)).detach();
  const auto value = [&](const nn::Loss& loss) { return loss(y, p).item(); };
  CHECK(value("categorical_crossentropy") == categorical_crossentropy(y, p).item());
  CHECK(value("binary_crossentropy") == binary_crossentropy(y, p).item());
  CHECK(value("mse") == mean_squared_error(y, p).item());
  CHECK(value("mean_squared_error") == value("mse"));
  CHECK(value("mae") == mean_absolute_error(y, p).item());
  CHECK(value(std::string("mean_absolute_error")) == value("mae"));
  CHECK(nn::Loss("sparse_categorical_crossentropy")(Tensor{1, 2, 3}, p).item() ==
        sparse_categorical_crossentropy(Tensor{1, 2, 3}, p).item());
  CHECK(nn::Loss("mse").name() == "mean_squared_error");
  const nn::Loss custom = [](const Tensor& truth, const Tensor& found) { return sum(truth * found); };
  CHECK(custom.name() == "custom");
  CHECK(value(custom) == sum(y * p).item());
  CHECK(custom);
  CHECK_FALSE(nn::Loss());
}
