#include <doctest/doctest.h>

#include <functional>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using nn::Dense;

namespace {

std::vector<std::string> names(const std::vector<nn::NamedTensor>& tensors) {
  std::vector<std::string> result;
  for (const auto& tensor : tensors) result.push_back(tensor.name);
  return result;
}

using Names = std::vector<std::string>;

/// Two layers, one of them in a block of its own, a parameter and a buffer.
struct Net : nn::Model {
  Dense& hidden = add(Dense({.units = 3, .input_dim = 2}));
  nn::Sequential& block = add(nn::Sequential{Dense({.units = 4, .input_dim = 3}), nn::Dropout(0.5)}, "block");
  nn::Parameter scale = parameter("scale", full({4}, 2));
  nn::Buffer passes = buffer("passes", zeros({}, int64));

  Tensor forward(const Tensor& x) override {
    passes.assign(passes + 1);
    return block(hidden(x)) * scale;
  }
};

}  // namespace

TEST_CASE("module: parameters and buffers have paths, its own come first") {
  const Net net;
  CHECK(names(net.parameters()) ==
        Names{"scale", "dense_1.kernel", "dense_1.bias", "block.dense_1.kernel", "block.dense_1.bias"});
  CHECK(names(net.buffers()) == Names{"passes"});
  CHECK(net.parameter_count() == 4 + 6 + 3 + 12 + 4);
  CHECK(net.children().size() == 2);
}

TEST_CASE("module: a parameter or buffer is found by its path, and is the thing itself") {
  Net net;
  CHECK(net["block.dense_1.kernel"].shape() == Shape{3, 4});
  CHECK(net["scale"].array().shares_storage(net.scale.array()));
  CHECK(net["scale"].requires_grad());
  CHECK_FALSE(net["passes"].requires_grad());
  net["dense_1.kernel"].assign(ones({2, 3}));
  CHECK(numbers(net.hidden["kernel"]) == numbers(ones({2, 3})));
  CHECK(net[std::string("scale")].size() == 4);
  net.eval();
  net(zeros({1, 2}));
  net(zeros({1, 2}));
  CHECK(net["passes"].item<int>() == 2);
}

TEST_CASE("module: an unknown path lists the known ones") {
  const Net net;
  CHECK_ERROR(
      ValueError, net["kernel"],
      "unknown parameter or buffer 'kernel': known are scale, dense_1.kernel, dense_1.bias, block.dense_1.kernel, "
      "block.dense_1.bias, passes");
  const nn::Sequential empty;
  CHECK_ERROR(ValueError, empty["kernel"], "unknown parameter or buffer 'kernel': there are none");
}

TEST_CASE("module: children are named after their type and count, or as one likes") {
  struct BatchNorm2D : nn::Layer {
    Tensor forward(const Tensor& x) override { return x; }
    std::string type() const override { return "BatchNorm"; }
  };
  struct Untitled : nn::Module {
    Tensor forward(const Tensor& x) override { return x; }
  };
  nn::Sequential model{Dense({.units = 1}),           nn::Dropout(0.5), Dense({.units = 1}), BatchNorm2D(),
                       nn::Sequential{nn::Flatten()}, Untitled()};
  model.add(Dense({.units = 1}), "head");
  model.add(Dense({.units = 1}));
  Names found;
  for (const auto& [name, child] : model.children()) found.push_back(name);
  CHECK(found ==
        Names{"dense_1", "dropout_1", "dense_2", "batch_norm_1", "sequential_1", "module_1", "head", "dense_4"});
}

TEST_CASE("module: a name the user took is not given to another child") {
  nn::Sequential model;
  model.add(Dense({.units = 1}), "dense_2");
  model.add(Dense({.units = 1}));
  model.add(Dense({.units = 1}));
  Names found;
  for (const auto& [name, child] : model.children()) found.push_back(name);
  CHECK(found == Names{"dense_2", "dense_3", "dense_4"});
}

TEST_CASE("module: a name is written at most once") {
  struct Twice : nn::Module {
    Twice(const char* first, const char* second, std::source_location where) {
      parameter(first, zeros({1}));
      buffer(second, zeros({1}), where);
    }
    Tensor forward(const Tensor& x) override { return x; }
  };
  CHECK_ERROR(ValueError, Twice("a", "a", std::source_location::current()),
              "a parameter or buffer named 'a' is declared already");
  CHECK_ERROR(ValueError, Twice("a", "a.b", std::source_location::current()),
              "a parameter or buffer named 'a.b': a name must not hold a dot, which separates the names in a path");
  struct Buffers : nn::Module {
    explicit Buffers(std::source_location where) {
      buffer("b", zeros({1}));
      buffer("b", zeros({1}), where);
    }
    Tensor forward(const Tensor& x) override { return x; }
  };
  CHECK_ERROR(ValueError, Buffers(std::source_location::current()),
              "a parameter or buffer named 'b' is declared already");
  struct Children : nn::Module {
    unsigned line = 0;
    Children() {
      add(nn::Flatten(), "head");
      line = __LINE__ + 1;
      check_twice([&] { add(nn::Dropout(0.1), "head"); });
    }
    void check_twice(const std::function<void()>& call) {
      CHECK(message_of<ValueError>(call) == at_line("a child named 'head' is declared already", __FILE__, line));
      CHECK(children().size() == 1);
    }
    Tensor forward(const Tensor& x) override { return x; }
  } children;
  nn::Sequential model;
  model.add(nn::Flatten(), "head");
  CHECK_ERROR(ValueError, model.add(nn::Flatten(), "head"), "a child named 'head' is declared already");
  CHECK(model.children().size() == 1);
}

TEST_CASE("module: what cannot be a parameter is not declared") {
  struct Open : nn::Module {
    using nn::Module::buffer;
    using nn::Module::parameter;
    Tensor forward(const Tensor& x) override { return x; }
  } module;
  CHECK_ERROR(ValueError, module.parameter("w", Tensor()), "the initial value of 'w' is an undefined tensor");
  CHECK_ERROR(ValueError, module.buffer("w", Tensor()), "the initial value of 'w' is an undefined tensor");
  CHECK_ERROR(DTypeError, module.parameter("w", zeros({2}, int64)),
              "set_requires_grad: only float32 and float64 tensors have gradients, this one is int64");
  CHECK(module.parameters().empty());
  module.parameter("w", zeros({2}));
  CHECK(module.parameters().size() == 1);
}

TEST_CASE("module: a parameter has elements of its own") {
  const Tensor initial = zeros({2});
  struct Holder : nn::Module {
    nn::Parameter w;
    explicit Holder(const Tensor& start) : w(parameter("w", start)) {}
    Tensor forward(const Tensor& x) override { return x * w; }
  } module(initial);
  module.w.assign(ones({2}));
  CHECK(numbers(initial) == Numbers{0, 0});
  CHECK_FALSE(initial.requires_grad());
}

TEST_CASE("module: train and eval reach every child") {
  Net net;
  const nn::Module& dropout = *net.block.children()[1].second;
  CHECK(net.training());
  CHECK(dropout.training());
  net.eval();
  CHECK_FALSE(net.training());
  CHECK_FALSE(net.block.training());
  CHECK_FALSE(dropout.training());
  net.train();
  CHECK(dropout.training());
  net.block.eval();
  CHECK(net.training());
  CHECK_FALSE(dropout.training());
}

TEST_CASE("module: a model that moves keeps its references") {
  Net net;
  const Dense* hidden = &net.hidden;
  const Array scale = net.scale.array();
  net.eval();
  const Tensor x{{1.0, 2.0}};
  const Numbers before = numbers(net(x));
  net.compile({.optimizer = "sgd", .loss = "mse"});
  Net moved = std::move(net);
  CHECK(&moved.hidden == hidden);
  CHECK(moved.scale.array().shares_storage(scale));
  CHECK_FALSE(net.scale.defined());
  CHECK(moved.parameters().size() == 5);
  CHECK(moved.compiled());
  CHECK(numbers(moved(x)) == before);
  CHECK(same_bits(moved.scale.array(), moved["scale"].array()));
  moved.scale.assign(full({4}, 4));
  CHECK(numbers(moved(x)) != before);
  moved.fit(ones({4, 2}), ones({4, 4}), {.verbose = 0});

  nn::Sequential model;
  Dense& layer = model.add(Dense({.units = 1, .input_dim = 1}));
  nn::Sequential other = std::move(model);
  other.add(Dense({.units = 2}));
  layer["kernel"].assign(Tensor{{7.0}});
  CHECK(other["dense_1.kernel"].item() == 7);
  nn::Sequential braces{std::move(other)};
  CHECK(braces.parameters().size() == 4);
  model = std::move(braces);
  CHECK(model["dense_1.kernel"].item() == 7);
  CHECK(model.parameters().size() == 4);
}

TEST_CASE("module: a user's forward reports its own line, a layer the line that called it") {
  struct Faulty : nn::Model {
    Dense& layer = add(Dense({.units = 2, .input_dim = 3}));
    bool in_layer = true;
    unsigned line = 0;
    Tensor forward(const Tensor& x) override {
      line = __LINE__ + 1;
      if (in_layer) return layer(x);
      line = __LINE__ + 1;
      return x + ones({7});
    }
  } net;
  const std::string wide =
      "Dense: the last axis of the input must be 3, as in the kernel (3, 2), but a sample has shape (4,)";
  const std::string sum = "add: shapes (5, 4) and (7,) do not broadcast: axis -1 has extents 4 and 7, and neither is 1";
  const Tensor x = zeros({5, 4}), y = zeros({5, 2});
  net.compile({.optimizer = "sgd", .loss = "mse"});
  const auto calls = [&](const std::string& expected) {
    const std::function<void()> each[] = {[&] { net(x); }, [&] { net.fit(x, y, {.verbose = 0}); },
                                          [&] { net.evaluate(x, y, {.verbose = 0}); }, [&] { net.predict(x); }};
    for (const auto& call : each) {
      const std::string message = message_of<ShapeError>(call);
      CHECK(message == at_line(expected, __FILE__, net.line));
    }
  };
  calls(wide);
  net.in_layer = false;
  calls(sum);
}

TEST_CASE("module: library models report the line that called them, whatever lies between") {
  nn::Sequential model{nn::Sequential{Dense({.units = 2, .input_dim = 3})}, nn::Activation("tanh")};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const char* expected =
      "Dense: the last axis of the input must be 3, as in the kernel (3, 2), but a sample has shape (4,)";
  const Tensor x = zeros({5, 4}), y = zeros({5, 2});
  CHECK_ERROR(ShapeError, model(x), expected);
  CHECK_ERROR(ShapeError, model.predict(x), expected);
  CHECK_ERROR(ShapeError, model.fit(x, y, {.verbose = 0}), expected);
  CHECK_ERROR(ShapeError, model.train_on_batch(x, y), expected);
  CHECK_ERROR(ShapeError, model.evaluate(x, y, {.verbose = 0}), expected);
}

TEST_CASE("module: functions of the user's report their own lines") {
  unsigned line = 0;
  const auto faulty = [&line](const Tensor& x) {
    line = __LINE__ + 1;
    return x + ones({7});
  };
  const auto message = [](const Shape& shape) {
    return concat("add: shapes ", shape, " and (7,) do not broadcast: axis -1 has extents ", shape.back(),
                  " and 7, and neither is 1");
  };
  Dense layer({.units = 2, .input_dim = 3, .activation = faulty});
  const std::string in_activation = message_of<ShapeError>([&] { layer(zeros({5, 3})); });
  CHECK(in_activation == at_line(message({5, 2}), __FILE__, line));
  nn::Sequential model{Dense({.units = 2, .input_dim = 3})};
  model.compile({.optimizer = "sgd", .loss = [&](const Tensor& y, const Tensor& p) { return faulty(y - p); }});
  const std::string in_loss = message_of<ShapeError>([&] { model.fit(zeros({5, 3}), zeros({5, 2}), {.verbose = 0}); });
  CHECK(in_loss == at_line(message({5, 2}), __FILE__, line));
  struct Faulty : nn::Callback {
    unsigned line = 0;
    void on_epoch_begin(nn::TrainingRun&, int) override {
      line = __LINE__ + 1;
      ones({2}) + ones({7});
    }
  } callback;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const std::string in_callback = message_of<ShapeError>([&] {
    model.fit(zeros({5, 3}), zeros({5, 2}), {.verbose = 0, .callbacks = {std::ref(callback)}});
  });
  CHECK(in_callback == at_line(message({2}), __FILE__, callback.line));
}

TEST_CASE("module: a gradient that cannot be computed names the line of the forward expression, also inside layers") {
  const auto changed = [](const char* op, const Shape& shape, unsigned line) {
    return at_line(
        concat("backward: a tensor of shape ", shape, " that '", op,
               "' saved for its gradient was changed in place: it is at version 1, saved at version 0. Change a "
               "clone, or change it after backward. Recorded here:"),
        __FILE__, line);
  };
  nn::Sequential model{Dense({.units = 2, .input_dim = 3}), Dense({.units = 4})};
  const unsigned line = __LINE__ + 1;
  const Tensor y = model(ones({5, 3}));
  model["dense_2.kernel"].assign(zeros({2, 4}));
  CHECK(message_of<GraphError>([&] { sum(y).backward(); }) == changed("linear", {2, 4}, line));

  Dense layer({.units = 2, .input_dim = 3, .kernel_regularizer = "l2"});
  const unsigned penalty_line = __LINE__ + 1;
  const Tensor penalty = layer.penalty();
  layer["kernel"].assign(zeros({3, 2}));
  CHECK(message_of<GraphError>([&] { penalty.backward(); }) == changed("sum_squares", {3, 2}, penalty_line));
}

TEST_CASE("module: penalties of outputs are those of the last pass, through all children") {
  const nn::DenseOptions options{.units = 2,
                                 .input_dim = 2,
                                 .use_bias = false,
                                 .kernel_initializer = "ones",
                                 .activity_regularizer = [](const Tensor& y) { return sum(y); }};
  struct Twice : nn::Model {
    Dense& layer;
    explicit Twice(const nn::DenseOptions& o) : layer(add(Dense(o))) {}
    Tensor forward(const Tensor& x) override { return layer(layer(x)); }
  } model(options);
  CHECK(model.penalty().item() == 0);
  const Tensor x = ones({3, 2});
  // Outputs 2, then 4: two columns, over three samples divided by three.
  for (int pass = 0; pass < 3; ++pass) {
    model(x);
    CHECK(model.penalty().item() == 12);
    CHECK(model.pass_penalties().size() == 2);
  }
  model(x * 0.5);
  CHECK(model.penalty().item() == 6);
  model.layer(x);
  CHECK(model.penalty().item() == 4);
}

TEST_CASE("module: a layer that the last pass left out adds no penalty for its output") {
  const nn::DenseOptions options{
      .units = 1, .input_dim = 2, .kernel_initializer = "ones", .activity_regularizer = [](const Tensor& y) {
        return sum(y);
      }};
  struct Branches : nn::Model {
    Dense &first, &second;
    bool left = true;
    explicit Branches(const nn::DenseOptions& o) : first(add(Dense(o))), second(add(Dense(o))) {}
    Tensor forward(const Tensor& x) override { return left ? first(x) : second(x * 2.0); }
  } model(options);
  model(ones({3, 2}));
  CHECK(model.penalty().item() == 2);
  model.left = false;
  model(ones({3, 2}));
  CHECK(model.penalty().item() == 4);
}

TEST_CASE("module: one that another calls but does not own makes passes of its own") {
  Dense teacher({.units = 2, .input_dim = 2, .kernel_initializer = "ones", .activity_regularizer = [](const Tensor& y) {
                   return sum(y);
                 }});
  struct Student : nn::Model {
    Dense& other;
    explicit Student(Dense& layer) : other(layer) {}
    Tensor forward(const Tensor& x) override { return other(other(x)); }
  } student(teacher);
  CHECK(
      message_of<ValueError>([&] {
        student(ones({3, 2}));
      })
          .starts_with("this Dense is called in the forward() of a module that it is no part of: nobody would find its "
                       "parameter 'kernel' to train or to save it. Declare it by add(), or adopt() if it is shared; "
                       "one that is not to be trained wants freeze(), or NoGrad\n"));
  teacher.freeze();
  for (int step = 0; step < 3; ++step) {
    student(ones({3, 2}));
    CHECK(teacher.penalty().item() == 8);
  }
}

TEST_CASE("module: the penalty of a model without regularizers is 0, as a tensor that can be added") {
  Net net;
  net.eval();
  CHECK(net.penalty().item() == 0);
  CHECK(net.penalty().rank() == 0);
  (sum(net(ones({1, 2}))) + net.penalty()).backward();
  CHECK(net.scale.grad().defined());
}

TEST_CASE("module: what a pass leaves behind") {
  Net net;
  CHECK_FALSE(net.first_output_shape());
  net(ones({6, 2}));
  CHECK(*net.first_output_shape() == Shape{6, 4});
  CHECK(*net.hidden.first_output_shape() == Shape{6, 3});
}

TEST_CASE("sequential: parameters are made as soon as the width of the input is known") {
  nn::Sequential known{Dense({.units = 3, .input_dim = 2}), nn::Dropout(0.5), nn::Activation("relu"),
                       Dense({.units = 4})};
  CHECK(known.parameter_count() == 9 + 16);
  CHECK(*known.input_shape() == Shape{2});

  nn::Sequential unknown{nn::Flatten(), Dense({.units = 3}), Dense({.units = 4})};
  CHECK(unknown.parameters().empty());
  CHECK_FALSE(unknown.input_shape());
  unknown.predict(zeros({5, 2, 2}));
  CHECK(unknown.parameter_count() == 15 + 16);

  nn::Sequential outer{nn::Sequential{Dense({.units = 3, .input_dim = 2})}, Dense({.units = 4})};
  CHECK(outer.parameter_count() == 9 + 16);
  CHECK(names(outer.parameters())[0] == "sequential_1.dense_1.kernel");
}

TEST_CASE("sequential: a list, and modules added one by one, are the same model") {
  manual_seed(1);
  nn::Sequential list{Dense({.units = 3, .input_dim = 2, .activation = "tanh"}), Dense({.units = 1})};
  manual_seed(1);
  nn::Sequential added;
  added.add(Dense({.units = 3, .input_dim = 2, .activation = "tanh"}));
  added.add(Dense({.units = 1}));
  const Tensor x = Generator(1).normal({4, 2});
  CHECK(same_bits(list(x).array(), added(x).array()));
}

TEST_CASE("sequential: a module that does not fit is refused, and not appended") {
  const std::string expected =
      "Dense: the last axis of the input must be 300, as in the kernel (300, 10), but a sample has shape (200,)";
  nn::Sequential model{Dense({.units = 200, .input_dim = 784})};
  CHECK_ERROR(ShapeError, model.add(Dense({.units = 10, .input_dim = 300})), expected);
  CHECK(model.children().size() == 1);
  CHECK(model(zeros({2, 784})).shape() == Shape{2, 200});
  model.add(Dense({.units = 10}));
  CHECK(model(zeros({2, 784})).shape() == Shape{2, 10});
  CHECK_ERROR(ShapeError,
              (nn::Sequential{Dense({.units = 200, .input_dim = 784}), Dense({.units = 10, .input_dim = 300})}),
              expected);
}

TEST_CASE("Module: forward hooks see and replace outputs, backward hooks their gradients") {
  nn::Dense dense({.units = 1, .input_dim = 2, .kernel_initializer = "ones"});
  int calls = 0;
  dense.register_forward_hook([&](nn::Module& module, const Tensor& x, const Tensor& y) {
    ++calls;
    CHECK(&module == &dense);
    CHECK(x.shape() == Shape{3, 2});
    CHECK(y.shape() == Shape{3, 1});
    return Tensor();
  });
  dense.register_forward_hook([](nn::Module&, const Tensor&, const Tensor& y) { return y * 2.0; });
  dense.register_backward_hook([&](nn::Module&, const Tensor& gradient) { return gradient * 10.0; });
  const Tensor y = dense(ones({3, 2}));
  CHECK(y.to_vector<double>() == std::vector<double>{4, 4, 4});
  CHECK(calls == 1);
  sum(y).backward();
  CHECK(dense["kernel"].grad().to_vector<double>() == std::vector<double>{60, 60});
  const NoGrad values_only;
  CHECK(dense(ones({3, 2})).to_vector<double>() == std::vector<double>{4, 4, 4});
}
