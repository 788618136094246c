#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/data/batches.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/two_headed.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Modules of several inputs and outputs, and how they are trained.

using namespace xg;
using nn::Dense;
using nn::Tensors;

namespace {

std::vector<std::string> names(const Tensors& tensors) {
  std::vector<std::string> result;
  for (const auto& [name, value] : tensors) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

const nn::EvaluateOptions quiet{.verbose = 0};

}  // namespace

TEST_CASE("many: tensors by place and by name, in the order given") {
  const Tensor one = full({2}, 1), two = full({3}, 2);
  Tensors list{{"a", one}, {"b", two}};
  CHECK(list.size() == 2);
  CHECK(list.named());
  CHECK(list[0].shape() == Shape{2});
  CHECK(list["b"].shape() == Shape{3});
  CHECK(list[std::string("a")].shape() == Shape{2});
  CHECK(list.contains("b"));
  CHECK_FALSE(list.contains("c"));
  CHECK(nn::shapes_of(list) == "(a: (2,), b: (3,))");
  list.push_back({"", one});
  list.push_back(two);
  CHECK(names(list) == Names{"a", "b", "", ""});
  CHECK_FALSE(list.named());
  CHECK(list[3].shape() == Shape{3});
  CHECK(nn::shapes_of({one, Tensor()}) == "((2,), undefined)");
  CHECK(Tensors(one).only().shape() == Shape{2});
  CHECK(Tensors().empty());
  CHECK(Tensors().named());
  CHECK(nn::shapes_of({}) == "()");
  CHECK(Tensors(std::vector<Tensors::Entry>{{"z", one}, two}).size() == 2);
}

TEST_CASE("many: tensors that are not there, or there twice") {
  const Tensor one = ones({2});
  Tensors list{{"a", one}, one, {"b", one}};
  CHECK_ERROR(ValueError, list["c"], "tensors: there is no 'c': there are a, one without a name, b");
  CHECK_ERROR(ValueError, Tensors()["c"], "tensors: there is no 'c': there are none");
  CHECK(message_of<ValueError>([&] {
          list[3];
        }).starts_with("tensors: there is no tensor 3: there are 3, counted from 0\n"));
  CHECK_ERROR(ValueError, list.only(), "tensors: one tensor is expected, there are 3");
  CHECK_ERROR(ValueError, Tensors().only(), "tensors: one tensor is expected, there are 0");
  CHECK_ERROR(ValueError, list.push_back({"a", one}), "tensors: the name 'a' is given twice");
  CHECK(list.size() == 3);
  CHECK_ERROR(ValueError, (Tensors({{"a", one}, {"a", one}})), "tensors: the name 'a' is given twice");
  CHECK_ERROR(ValueError, Tensors(std::vector<Tensors::Entry>{{"a", one}, {"a", one}}),
              "tensors: the name 'a' is given twice");
}

TEST_CASE("many: a module takes its inputs by name, and gives its outputs in their order") {
  TwoHeaded net;
  const TwoHeadedData data(5);
  const Tensors out = net({{"age", data.age}, {"image", data.image}});
  CHECK(names(out) == Names{"digit", "parity"});
  CHECK(out["digit"].shape() == Shape{5, 3});
  CHECK(out[1].shape() == Shape{5, 1});
  CHECK(*net.first_output_shape() == Shape{5, 3});
  CHECK(same_bits(net(data.x())["parity"].array(), out["parity"].array()));
  CHECK(net.parameters().size() == 6);
}

TEST_CASE("many: what one function of one tensor and one of several have in common") {
  struct Half : nn::Module {
    Tensors forward_many(const Tensors& x) override { return {{"half", x.only() * 0.5}}; }
  } half;
  CHECK(half(full({2}, 4)).to_vector<double>() == Numbers{2, 2});
  CHECK(names(half(Tensors{full({2}, 4)})) == Names{"half"});
  Dense dense({.units = 3});
  const Tensors out = dense(Tensors{{"x", ones({2, 2})}});
  CHECK(names(out) == Names{""});
  CHECK(out.only().shape() == Shape{2, 3});
  nn::Sequential both{Half(), Dense({.units = 1})};
  CHECK(both(Tensors{ones({2, 2})}).only().shape() == Shape{2, 1});
  CHECK(both(ones({2, 2})).shape() == Shape{2, 1});
}

TEST_CASE("many: a Sequential passes several on to the next that takes several") {
  struct Pair : nn::Module {
    Tensors forward_many(const Tensors& x) override { return {{"a", x[0]}, {"b", x[0] * 2.0}}; }
  };
  struct Sum : nn::Module {
    Tensor forward(const Tensor& x) override { return x; }
    Tensors forward_many(const Tensors& x) override {
      return x.size() == 2 ? Tensors{{"sum", x["a"] + x["b"]}} : Tensors();
    }
  };
  nn::Sequential model{Pair(), Sum()};
  CHECK(model(Tensors{ones({1, 2})})["sum"].to_vector<double>() == Numbers{3, 3});
  CHECK(model.predict(Tensors{ones({1, 2})})["sum"].to_vector<double>() == Numbers{3, 3});
  CHECK(model.predict(ones({1, 2})).to_vector<double>() == Numbers{3, 3});
}

TEST_CASE("many: build_many is told the shapes of all samples, once") {
  struct Joined : nn::Module {
    std::vector<Shape> seen;
    nn::Parameter left, right;
    void build_many(const std::vector<Shape>& samples) override {
      seen.insert(seen.end(), samples.begin(), samples.end());
      left = parameter("left", ones({samples[0].back()}));
      right = parameter("right", ones({samples[1].back()}));
    }
    Tensors forward_many(const Tensors& x) override { return sum(x[0] * left) + sum(x[1] * right); }
  } joined;
  CHECK(joined({ones({4, 2}), ones({4, 3, 5})}).only().item() == 8 + 60);
  joined({ones({4, 2}), ones({4, 3, 5})});
  CHECK(joined.seen == std::vector<Shape>{{2}, {3, 5}});
  CHECK(joined.parameter_count() == 7);
}

TEST_CASE("many: fit, evaluate and train_on_batch find targets by name in any order, or by place") {
  const TwoHeadedData data(12), other(7, 3);
  const auto run = [&](const Tensors& y, const Tensors& val) {
    auto net = two_headed();
    const auto history = net.fit(data.x(), y,
                                 {.batch_size = 5,
                                  .epochs = 3,
                                  .verbose = 0,
                                  .validation_data = {{{"age", other.age}, {"image", other.image}}, val},
                                  .shuffle = false});
    const auto score = net.evaluate(data.x(), y, quiet);
    const auto step = net.train_on_batch(data.x(), y);
    CHECK(step.loss == Close(net.evaluate(data.x(), y, quiet).loss, 0.5));
    return std::tuple(history.all(), score.loss, step.loss, weights(net));
  };
  const auto expected = run(data.y(), other.y());
  const auto check = [&](const Tensors& y, const Tensors& val) {
    const auto found = run(y, val);
    CHECK(std::get<0>(found) == std::get<0>(expected));
    CHECK(std::get<1>(found) == std::get<1>(expected));
    CHECK(std::get<2>(found) == std::get<2>(expected));
    CHECK(same_weights(std::get<3>(found), std::get<3>(expected)));
  };
  check({{"parity", data.parity}, {"digit", data.digit}}, {{"parity", other.parity}, {"digit", other.digit}});
  check({data.digit, data.parity}, {other.digit, other.parity});
  check({data.digit, data.parity}, {{"parity", other.parity}, {"digit", other.digit}});
}

TEST_CASE("many: the loss is the weighted sum of the outputs' losses, and of the penalties") {
  const TwoHeadedData data(6);
  const auto loss_of = [&](const nn::Losses& losses, const std::vector<std::pair<std::string, double>>& loss_weights) {
    manual_seed(1);
    TwoHeaded net(nn::l2(0.5));
    net.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = losses, .loss_weights = loss_weights});
    const auto score = net.evaluate(data.x(), data.y(), quiet);
    CHECK(net.train_on_batch(data.x(), data.y()).loss == Close(score.loss, 1e-6));
    return std::tuple(score["digit_loss"], score["parity_loss"], score.loss);
  };
  const auto [mse, cross, total] = loss_of({{"digit", "mse"}, {"parity", "binary_crossentropy"}}, {});
  const double penalty = total - mse - cross;
  CHECK(penalty > 0.1);
  const auto check = [&](const nn::Losses& losses, const std::vector<std::pair<std::string, double>>& loss_weights,
                         double first, double second, double digit, double parity) {
    const auto [a, b, sum] = loss_of(losses, loss_weights);
    CHECK(a == digit);
    CHECK(b == parity);
    CHECK(sum == Close(first * digit + second * parity + penalty, 1e-6));
  };
  check({{"parity", "binary_crossentropy"}, {"digit", "mse"}}, {{"parity", 0.25}}, 1, 0.25, mse, cross);
  check({"mse", "binary_crossentropy"}, {{"parity", 3}, {"digit", 0.5}}, 0.5, 3, mse, cross);
  check({"mse", "binary_crossentropy"}, {{"digit", 0}}, 0, 1, mse, cross);
  const auto [mse_of_both, other_mse, both] = loss_of("mse", {});
  CHECK(mse_of_both == mse);
  CHECK(both == Close(mse + other_mse + penalty, 1e-6));
  check([](const Tensor& y, const Tensor& p) { return nn::mean_squared_error(y, p); }, {}, 1, 1, mse, other_mse);
}

TEST_CASE("many: an output whose loss counts nothing does not move the parameters of its own") {
  const TwoHeadedData data(6);
  auto net = two_headed({{"parity", 0}});
  const auto before = numbers(net["parity.kernel"]), other = numbers(net["digit.kernel"]);
  net.fit(data.x(), data.y(), {.verbose = 0});
  CHECK(numbers(net["parity.kernel"]) == before);
  CHECK(numbers(net["digit.kernel"]) != other);
}

TEST_CASE("many: predict gives all outputs by their names, in the samples' order, whatever the batches") {
  const TwoHeadedData data(11);
  auto net = two_headed();
  const Tensors whole = net.predict(data.x());
  CHECK(names(whole) == Names{"digit", "parity"});
  CHECK(whole["digit"].shape() == Shape{11, 3});
  net.eval();
  CHECK(largest_difference(numbers(net(data.x())["parity"]), numbers(whole["parity"])) < 1e-6);
  for (const std::int64_t size : {1, 4, 11, 50}) {
    const Tensors parts = net.predict({{"age", data.age}, {"image", data.image}}, {.batch_size = size});
    for (const char* name : {"digit", "parity"})
      CHECK(largest_difference(numbers(parts[name]), numbers(whole[name])) < 1e-6);
  }
  CHECK_FALSE(whole[0].requires_grad());
}

TEST_CASE("many: batches of several tensors stay together, with their names") {
  const TwoHeadedData data(10);
  std::int64_t seen = 0;
  Numbers ages;
  for (const auto& [x, y] : data::batches(data.x(), data.y(), {.size = 4, .shuffle = true})) {
    CHECK(names(x) == Names{"image", "age"});
    CHECK(names(y) == Names{"digit", "parity"});
    CHECK(numbers(y["parity"]) == numbers(TwoHeadedData::parity_of(x["age"])));
    for (const double age : numbers(x["age"])) ages.push_back(age);
    seen += x[0].shape()[0];
  }
  CHECK(seen == 10);
  CHECK(ages != numbers(data.age));
  std::sort(ages.begin(), ages.end());
  CHECK(ages == numbers(data.age));
  CHECK_ERROR(ShapeError, data::batches(data.x(), Tensors{{"digit", ones({9, 3})}}),
              "batches: x has shape (image: (10, 4), age: (10, 1)), y (digit: (9, 3)): their first axes, the samples, "
              "must agree");
  CHECK_ERROR(ValueError, data::batches(Tensors{{"image", Tensor()}}, data.y()), "batches: x is an undefined tensor");
}
