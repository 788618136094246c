#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "tests/support/check_error.hpp"
#include "xgrad.hpp"

// What users get wrong, and what they are told: every message to its end, the user's own line.

using namespace xg;

namespace {

nn::Sequential classifier() {
  return {nn::Dense({.units = 4, .input_dim = 6, .activation = "tanh"}),
          nn::Dense({.units = 3, .activation = "softmax"})};
}

nn::Sequential compiled() {
  nn::Sequential model = classifier();
  model.compile({.optimizer = "sgd", .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
  return model;
}

const Tensor x = zeros({5, 6}), y = zeros({5, 3}), classes = zeros({5}, int64);

}  // namespace

TEST_CASE("errors: a model that is not compiled") {
  nn::Sequential model = classifier();
  const std::string expected = ": the model is not compiled: call compile({.optimizer = ..., .loss = ...}) first";
  CHECK_ERROR(ValueError, model.fit(x, y), "fit" + expected);
  CHECK_ERROR(ValueError, model.evaluate(x, y), "evaluate" + expected);
  CHECK_ERROR(ValueError, model.train_on_batch(x, y), "train_on_batch" + expected);
  CHECK_ERROR(ValueError, model.optimizer(), "optimizer" + expected);
}

TEST_CASE("errors: compile without what it needs") {
  nn::Sequential model = classifier();
  CHECK_ERROR(ValueError, model.compile({.loss = "mse"}),
              "compile: no optimizer was given: set .optimizer, for example to \"sgd\"");
  CHECK_ERROR(ValueError,
              model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {nn::Spec{"mae", {{"name", "loss"}}}}}),
              "compile: a metric cannot be named 'loss'");
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd"}),
              "compile: no loss was given: set .loss, for example to \"mse\"");
  CHECK_FALSE(model.compiled());
}

TEST_CASE("errors: names that nothing has list those that there are") {
  nn::Sequential model = classifier();
  CHECK_ERROR(
      ValueError, model.compile({.optimizer = "adamm", .loss = "mse"}),
      "unknown optimizer 'adamm': known are sgd, adam, adamw, adamax, nadam, rmsprop, adagrad, adadelta, lion, lamb");
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = "crossentropy"}),
              "unknown loss 'crossentropy': known are categorical_crossentropy, sparse_categorical_crossentropy, "
              "binary_crossentropy, binary_focal_crossentropy, mean_squared_error, mse, mean_absolute_error, mae, "
              "mean_absolute_percentage_error, mape, mean_squared_logarithmic_error, msle, huber, logcosh, "
              "log_cosh, poisson, hinge, squared_hinge, categorical_hinge, kullback_leibler_divergence, kld, "
              "kl_divergence, cosine_similarity, cosine_proximity, cosine");
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {"accuracy", "area"}}),
              "unknown metric 'area': known are accuracy, acc, categorical_accuracy, sparse_categorical_accuracy, "
              "binary_accuracy, top_k_categorical_accuracy, sparse_top_k_categorical_accuracy, precision, recall, "
              "f1, f1_score, mean_iou, confusion_matrix, auc, roc_auc, pr_auc, r2_score, categorical_crossentropy, "
              "sparse_categorical_crossentropy, binary_crossentropy, mean_squared_error, "
              "mse, mean_absolute_error, mae, mean_absolute_percentage_error, mape, mean_squared_logarithmic_error, "
              "msle, logcosh, poisson, hinge, squared_hinge, kullback_leibler_divergence, cosine_similarity, "
              "cosine_proximity");
  CHECK_ERROR(
      ValueError, nn::Dense({.units = 3, .activation = "Tanh"}),
      "unknown activation 'Tanh': known are linear, relu, sigmoid, softmax, log_softmax, softplus, tanh, exponential, "
      "elu, selu, gelu, silu, mish, leaky_relu, softsign");
  CHECK_ERROR(
      ValueError, nn::Dense({.units = 3, .bias_initializer = "zero"}),
      "unknown initializer 'zero': known are zeros, ones, glorot_uniform, glorot_normal, he_uniform, he_normal, "
      "lecun_uniform, lecun_normal, random_uniform, random_normal, truncated_normal, variance_scaling, "
      "orthogonal, identity, constant");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .activity_regularizer = "L2"}),
              "unknown regularizer 'L2': known are l1, l2, l1_l2, orthogonal_regularizer");
  CHECK_ERROR(ValueError, model["dense_1.weight"],
              "unknown parameter or buffer 'dense_1.weight': known are dense_1.kernel, dense_1.bias, dense_2.kernel, "
              "dense_2.bias");
}

TEST_CASE("errors: a name in the middle of a long call is reported at its own line") {
  nn::Sequential model = classifier();
  const unsigned line = __LINE__ + 4;
  const auto misuse = [&] {
    model.compile({
        .optimizer = "sgd",
        .loss = "cross",
    });
  };
  CHECK(message_of<ValueError>(misuse) ==
        at_line("unknown loss 'cross': known are categorical_crossentropy, sparse_categorical_crossentropy, "
                "binary_crossentropy, binary_focal_crossentropy, mean_squared_error, mse, mean_absolute_error, mae, "
                "mean_absolute_percentage_error, mape, mean_squared_logarithmic_error, msle, huber, logcosh, "
                "log_cosh, poisson, hinge, squared_hinge, categorical_hinge, kullback_leibler_divergence, kld, "
                "kl_divergence, cosine_similarity, cosine_proximity, cosine",
                __FILE__, line));
}

TEST_CASE("errors: figures that were not measured") {
  nn::Sequential model = compiled();
  const auto history = model.fit(x, y, {.verbose = 0});
  const auto score = model.evaluate(x, y, {.verbose = 0});
  CHECK_ERROR(ValueError, history["val_loss"], "unknown figure 'val_loss': known are loss, accuracy");
  CHECK_ERROR(ValueError, history["val_acc"], "unknown figure 'val_acc': known are loss, accuracy");
  CHECK_ERROR(ValueError, score["accurate"], "unknown figure 'accurate': known are loss, accuracy");
  CHECK_ERROR(ValueError, score.metrics["mae"], "unknown figure 'mae': known are accuracy");
  CHECK_ERROR(ValueError, nn::Score()["mae"], "unknown figure 'mae': known are loss");
}

TEST_CASE("errors: numbers outside of what makes sense") {
  CHECK_ERROR(ValueError, nn::SGD({.learning_rate = -0.2}), "SGD: the learning rate must be at least 0, got -0.2");
  CHECK_ERROR(ValueError, nn::SGD({.learning_rate = 0.1, .momentum = 1.5}),
              "SGD: the momentum must lie in [0, 1), got 1.5");
  CHECK_ERROR(ValueError, nn::Adam({.learning_rate = -1}), "Adam: the learning rate must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::Dropout(40), "Dropout: the rate must lie in [0, 1], got 40");
  CHECK_ERROR(ValueError, nn::Dense({.input_dim = 784}), "Dense: units must be at least 1, got 0");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .input_dim = -784}),
              "Dense: input_dim must not be negative, got -784");
  CHECK_ERROR(ValueError, nn::l2(-0.0003), "l2: the factor must be at least 0, got -0.0003");
}

TEST_CASE("errors: samples and targets that do not belong together") {
  nn::Sequential model = compiled();
  CHECK_ERROR(ShapeError, model.fit(x, zeros({4, 3})),
              "fit: x has shape (5, 6), y (4, 3): their first axes, the samples, must agree");
  CHECK_ERROR(ShapeError, model.evaluate(x, zeros({4, 3})),
              "evaluate: x has shape (5, 6), y (4, 3): their first axes, the samples, must agree");
  CHECK_ERROR(ShapeError, model.train_on_batch(x, zeros({4, 3})),
              "train_on_batch: x has shape (5, 6), y (4, 3): their first axes, the samples, must agree");
  CHECK_ERROR(ShapeError, model.fit(x, y, {.validation_data = {x, zeros({4, 3})}}),
              "fit: validation_data: x has shape (5, 6), y (4, 3): their first axes, the samples, must agree");
  CHECK_ERROR(ValueError, model.fit(x, y, {.validation_data = {.x = x}}),
              "fit: validation_data: y is an undefined tensor");
  CHECK_ERROR(ValueError, model.fit(x, y, {.validation_data = {.y = y}}),
              "fit: validation_data: x is an undefined tensor");
  CHECK_ERROR(ValueError, model.fit(Tensor(), y), "fit: x is an undefined tensor");
  CHECK_ERROR(ShapeError, model.fit(x, Tensor(1.0)), "fit: y is a single number: its first axis must be the samples");
  CHECK_ERROR(ShapeError, model.predict(Tensor(1.0)),
              "predict: x is a single number: its first axis must be the samples");
  CHECK_ERROR(ShapeError, model.evaluate(zeros({0, 6}), zeros({0, 3})), "evaluate: x has shape (0, 6): no samples");
  CHECK_ERROR(ShapeError, data::batches(x, zeros({4})),
              "batches: x has shape (5, 6), y (4,): their first axes, the samples, must agree");
}

TEST_CASE("errors: options of fit, evaluate and predict") {
  nn::Sequential model = compiled();
  CHECK_ERROR(ValueError, model.fit(x, y, {.batch_size = 0}), "fit: batch_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, model.evaluate(x, y, {.batch_size = -32}),
              "evaluate: batch_size must be at least 1, got -32");
  CHECK_ERROR(ValueError, model.predict(x, {.batch_size = 0}), "predict: batch_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, data::batches(x, y, {.size = 0}), "batches: the size must be at least 1, got 0");
  CHECK_ERROR(ValueError, model.fit(x, y, {.epochs = 0}), "fit: epochs must be at least 1, got 0");
  CHECK_ERROR(ValueError, model.fit(x, y, {.validation_split = 1.5}),
              "fit: validation_split must lie in [0, 1), got 1.5");
  CHECK_ERROR(ValueError, model.fit(x, y, {.validation_split = -0.5}),
              "fit: validation_split must lie in [0, 1), got -0.5");
  CHECK_ERROR(ValueError, model.fit(x, y, {.validation_split = 0.9}),
              "fit: validation_split leaves none of 5 samples to train on");
}

TEST_CASE("errors: layers that do not fit each other, or the samples") {
  nn::Sequential model{nn::Dense({.units = 200, .input_dim = 784})};
  CHECK_ERROR(
      ShapeError, model.add(nn::Dense({.units = 10, .input_dim = 100})),
      "Dense: the last axis of the input must be 100, as in the kernel (100, 10), but a sample has shape (200,)");
  CHECK_ERROR(ShapeError,
              (nn::Sequential{nn::Dense({.units = 3, .input_dim = 2}), nn::Dense({.units = 1, .input_dim = 4})}),
              "Dense: the last axis of the input must be 4, as in the kernel (4, 1), but a sample has shape (3,)");
  CHECK_ERROR(
      ShapeError, model(zeros({2, 28})),
      "Dense: the last axis of the input must be 784, as in the kernel (784, 200), but a sample has shape (28,)");
  const std::string images =
      "Dense: the last axis of the input must be 784, as in the kernel (784, 200), but a sample has shape (28, 28): "
      "flatten it "
      "first";
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ShapeError, model.fit(zeros({2, 28, 28}), zeros({2, 200}), {.verbose = 0}), images);
  CHECK_ERROR(ShapeError, model.evaluate(zeros({2, 28, 28}), zeros({2, 200}), {.verbose = 0}), images);
  CHECK_ERROR(ShapeError, model.predict(zeros({2, 28, 28})), images);
}

TEST_CASE("errors: samples of another dtype than the parameters") {
  nn::Sequential model = classifier();
  CHECK_ERROR(
      DTypeError, model.predict(zeros({2, 6}, float64)),
      "Dense: the input is float64, the parameters are float32: astype(x, float32) converts it, the option dtype "
      "makes other parameters");
}

TEST_CASE("errors: targets that do not fit the loss or a metric") {
  nn::Sequential model = compiled();
  CHECK_ERROR(ShapeError, model.fit(x, classes, {.verbose = 0}),
              "categorical_crossentropy: y_true has shape (5,), y_pred (5, 3): one-hot labels are expected; use "
              "sparse_categorical_crossentropy for class numbers");
  CHECK_ERROR(ShapeError, model.evaluate(x, classes, {.verbose = 0}),
              "categorical_crossentropy: y_true has shape (5,), y_pred (5, 3): one-hot labels are expected; use "
              "sparse_categorical_crossentropy for class numbers");
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  CHECK_ERROR(ShapeError, model.fit(x, y, {.verbose = 0}),
              "sparse_categorical_crossentropy: y_true has shape (5, 3), y_pred (5, 3): one class number for each row "
              "is expected; use categorical_crossentropy for one-hot labels");
  CHECK_ERROR(ValueError, model.train_on_batch(x, full({5}, 3, int64)),
              "sparse_categorical_crossentropy: 3 is none of the 3 classes, which count from 0");
  const nn::Loss loss = [](const Tensor&, const Tensor& p) { return sum(p); };
  model.compile({.optimizer = "sgd", .loss = loss, .metrics = {"accuracy"}});
  CHECK_ERROR(ShapeError, model.fit(x, classes, {.verbose = 0}),
              "categorical_accuracy: y_true has shape (5,), y_pred (5, 3): one-hot labels are expected; use "
              "sparse_categorical_accuracy for class numbers");
}

TEST_CASE("errors: a loss without a gradient") {
  nn::Sequential model = classifier();
  model.compile({.optimizer = "sgd", .loss = [](const Tensor& truth, const Tensor&) { return sum(truth); }});
  CHECK_ERROR(GraphError, model.fit(x, y, {.verbose = 0}),
              "backward: the root, of shape (), has no gradient: no tensor it was computed from has "
              "set_requires_grad(), or it was "
              "computed under NoGrad or detached");
}

TEST_CASE("errors: optimizers without parameters, or with another model's") {
  nn::Sequential lazy{nn::Dense({.units = 3})};
  nn::SGD early(lazy.parameters());
  CHECK_ERROR(ValueError, early.step(),
              "SGD: no parameters to change: construct it with net.parameters(), after the first pass if layers learn "
              "their input "
              "size from it");
  nn::Sequential first = classifier(), second = classifier();
  const auto optimizer = std::make_shared<nn::Adam>(first.parameters());
  first.compile({.optimizer = optimizer, .loss = "mse"});
  CHECK_ERROR(ValueError, second.compile({.optimizer = optimizer, .loss = "mse"}),
              "compile: the optimizer changes the parameters of another model: construct a new one");
  CHECK_FALSE(second.compiled());
}

TEST_CASE("errors: early stopping") {
  nn::Sequential model = compiled();
  CHECK_ERROR(
      ValueError, model.fit(x, y, {.callbacks = {nn::EarlyStopping({.monitor = "val_los"})}, .validation_split = 0.5}),
      "EarlyStopping: the run has no figure 'val_los' to monitor: known are loss, accuracy, val_loss, val_accuracy");
  CHECK_ERROR(ValueError, model.fit(x, y, {.callbacks = {nn::EarlyStopping({.monitor = "val_acc"})}}),
              "EarlyStopping: the run has no figure 'val_acc' to monitor: known are loss, accuracy");
  CHECK_ERROR(ValueError, model.fit(x, y, {.callbacks = {nn::EarlyStopping()}}),
              "EarlyStopping: the run has no figure 'val_loss' to monitor: known are loss, accuracy");
  CHECK_ERROR(ValueError, nn::EarlyStopping({.patience = -1}), "EarlyStopping: patience must not be negative, got -1");
  CHECK_ERROR(ValueError, nn::EarlyStopping({.min_delta = -0.1}),
              "EarlyStopping: min_delta must be a finite number of at least 0, got -0.1");
  CHECK_ERROR(ValueError, nn::EarlyStopping({.min_delta = std::nan("")}),
              "EarlyStopping: min_delta must be a finite number of at least 0, got NaN");
  CHECK_ERROR(ValueError, nn::EarlyStopping({.min_delta = INFINITY}),
              "EarlyStopping: min_delta must be a finite number of at least 0, got inf");
  CHECK_ERROR(ValueError, nn::EarlyStopping({.mode = "best"}),
              "EarlyStopping: unknown mode 'best': known are auto, min, max");
}

TEST_CASE("errors: data") {
  const std::string nowhere = (std::filesystem::temp_directory_path() / "xgrad-there-is-no-such-folder").string();
  CHECK_ERROR(IOError, data::load_mnist({.dir = nowhere}),
              "MNIST: neither " + nowhere + "/train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there");
  CHECK_ERROR(IOError, data::load_fashion_mnist({.dir = nowhere}),
              "MNIST: neither " + nowhere + "/train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1, 12, 3}, 10),
              "to_categorical: 12 is none of the 10 classes, which count from 0");
  CHECK_ERROR(DTypeError, data::scale(x), "data::scale: uint8 pixels are expected, got float32 of shape (5, 6)");
  CHECK_ERROR(ShapeError, data::flatten(Tensor(1)), "data::flatten: the samples need a first axis");
}

TEST_CASE("errors: null in place of a name") {
  const char* const none = nullptr;
  nn::Sequential model = classifier();
  nn::Logs logs;
  CHECK_ERROR(ValueError, model[none], "lookup: a null name was given");
  CHECK_ERROR(ValueError, logs[none], "lookup: a null name was given");
  CHECK_ERROR(ValueError, nn::Name(nullptr), "lookup: a null name was given");
  CHECK_ERROR(ValueError, model.compile({.optimizer = none, .loss = "mse"}), "optimizer: a null name was given");
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = none}), "loss: a null name was given");
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {none}}),
              "metric: a null name was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .activation = none}), "activation: a null name was given");
  CHECK_ERROR(ValueError, nn::Activation(none), "activation: a null name was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .kernel_initializer = none}), "initializer: a null name was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .kernel_regularizer = none}), "regularizer: a null name was given");
}

TEST_CASE("errors: null in place of a function or an object") {
  nn::Sequential model = classifier();
  const nn::Loss::Function loss;
  const nn::ActivationFunction::Function function;
  Tensor (*pointer)(const Tensor&) = nullptr;
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = loss}), "loss: a null function was given");
  CHECK_ERROR(ValueError, nn::Metric("hits", nullptr), "metric: a null function was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .activation = function}), "activation: a null function was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .activation = pointer}), "activation: a null function was given");
  CHECK_ERROR(ValueError, nn::Dense({.units = 3, .kernel_regularizer = function}),
              "regularizer: a null function was given");
  CHECK_ERROR(ValueError, nn::Initializer(nn::Initializer::Function()), "initializer: a null function was given");
  CHECK_ERROR(ValueError, model.compile({.optimizer = std::shared_ptr<nn::SGD>(), .loss = "mse"}),
              "optimizer: a null pointer was given");
  CHECK_ERROR(ValueError, nn::CallbackChoice(std::shared_ptr<nn::History>()), "callback: a null pointer was given");
}

TEST_CASE("errors: a gradient that cannot be computed in fit names the line of the forward expression") {
  struct Careless : nn::Model {
    nn::Parameter w = parameter("w", ones({1}));
    unsigned line = 0;
    Tensor forward(const Tensor& input) override {
      Tensor scale = input * 1.0;
      line = std::source_location::current().line() + 1;
      const Tensor result = w * scale;
      const NoGrad values_only;
      scale += 1.0;
      return result;
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const std::string message = message_of<GraphError>([&] { model.fit(ones({2, 1}), ones({2, 1}), {.verbose = 0}); });
  CHECK(message ==
        at_line("backward: a tensor of shape (2, 1) that 'multiply' saved for its gradient was changed in "
                "place: it is at version 1, saved at version 0. Change a clone, or change it after backward. "
                "Recorded here:",
                "../tests/nn/test_errors.cpp", model.line));
}

TEST_CASE("errors: a training that goes astray is told once, with its step and the first parameter") {
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 1e30}), .loss = "mse"});
  std::ostringstream told;
  std::streambuf* const before = std::cerr.rdbuf(told.rdbuf());
  model.fit(full({4, 1}, 3), zeros({4, 1}), {.batch_size = 1, .epochs = 2, .verbose = 0});
  std::cerr.rdbuf(before);
  CHECK(
      told.str() ==
      "warning: fit: loss is inf after step 2 (epoch 1): 'dense_1.kernel' is the first parameter with such numbers; a "
      "smaller learning rate or clip_by_global_norm() may help, and xg::DetectAnomaly names the operation\n");
}
