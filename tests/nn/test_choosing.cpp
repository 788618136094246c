#include <doctest/doctest.h>

#include <functional>

#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "xgrad.hpp"

// In what ways something can be chosen, and what cannot.

using namespace xg;
using nn::Spec;

TEST_CASE("choosing: nothing chosen is written down too") {
  CHECK(to_string(nn::Regularizer().spec()) == "none");
  CHECK_FALSE(nn::Regularizer(Spec{}));
  CHECK_FALSE(nn::Loss(Spec{}));
  CHECK(nn::OptimizerChoice(Spec{}).get() == nullptr);
  CHECK(nn::ActivationFunction(Spec{}).name() == "linear");
  const std::string metrics =
      "known are accuracy, acc, categorical_accuracy, sparse_categorical_accuracy, "
      "binary_accuracy, top_k_categorical_accuracy, sparse_top_k_categorical_accuracy, precision, recall, f1, "
      "f1_score, mean_iou, confusion_matrix, auc, roc_auc, pr_auc, r2_score, categorical_crossentropy, "
      "sparse_categorical_crossentropy, binary_crossentropy, mean_squared_error, mse, "
      "mean_absolute_error, mae, mean_absolute_percentage_error, mape, mean_squared_logarithmic_error, msle, "
      "logcosh, poisson, hinge, squared_hinge, kullback_leibler_divergence, cosine_similarity, cosine_proximity";
  CHECK_ERROR(ValueError, nn::MetricChoice(Spec{}), "unknown metric '': " + metrics);
  CHECK_ERROR(ValueError, nn::Regularizer(""),
              "unknown regularizer '': known are l1, l2, l1_l2, orthogonal_regularizer");
  CHECK_ERROR(ValueError, nn::CallbackChoice("checkpoint"),
              "unknown callback 'checkpoint': known are early_stopping, exponential_moving_average, history, "
              "model_checkpoint, reduce_lr_on_plateau, terminate_on_nan");
}

TEST_CASE("choosing: in a model, by name, by std::string, by spec, as objects and as functions") {
  const Tensor x = Generator(1).normal({6, 2}), y = Generator(2).uniform({6, 1});
  const auto weights = [&](const nn::ActivationFunction& activation, const nn::Regularizer& regularizer,
                           const nn::Initializer& initializer, const nn::OptimizerChoice& optimizer,
                           const nn::Loss& loss, const nn::MetricChoice& metric, const nn::CallbackChoice& callback) {
    manual_seed(1);
    nn::Sequential model{nn::Dense({.units = 1,
                                    .input_dim = 2,
                                    .kernel_initializer = initializer,
                                    .activation = activation,
                                    .kernel_regularizer = regularizer})};
    model.compile({.optimizer = optimizer, .loss = loss, .metrics = {metric}});
    const auto history = model.fit(x, y, {.epochs = 3, .verbose = 0, .callbacks = {callback}, .validation_split = 0.5});
    CHECK(history.epochs() == 3);
    return std::pair(numbers(model["dense_1.kernel"]), history[metric.name()]);
  };
  const auto named = weights("tanh", "l1", "zeros", "adam", "mse", "mean_absolute_error", "history");
  const std::string tanh_name = "tanh", l1 = "l1", zeros_name = "zeros", adam = "adam", mse = "mse",
                    mae = "mean_absolute_error", history = "history";
  CHECK(weights(tanh_name, l1, zeros_name, adam, mse, mae, history) == named);
  CHECK(weights(Spec{"tanh"}, Spec{"l1", {{"factor", 0.01}}}, Spec{"zeros"}, Spec{"adam"}, Spec{"mse"},
                Spec{"mae", {{"name", "error"}}}, Spec{"history"}) == named);
  int epochs = 0;
  const auto count = [&](nn::TrainingRun&, int epoch, const nn::Logs& logs) {
    CHECK(epoch == epochs++);
    CHECK(logs.contains("val_loss"));
  };
  CHECK(weights([](const Tensor& z) { return tanh(z); }, [](const Tensor& w) { return sum(abs(w)) * 0.01; },
                [](const Shape& shape, DType dtype, Generator&) { return Array::zeros(shape, dtype); }, nn::Adam(),
                [](const Tensor& t, const Tensor& p) { return square(p - t); },
                [](const Tensor& t, const Tensor& p) { return abs(p - t); }, count) == named);
  CHECK(epochs == 3);
}

TEST_CASE("choosing: a function at the end of every epoch may end the run") {
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 2})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const auto history = model.fit(zeros({4, 2}), zeros({4, 1}),
                                 {.epochs = 9, .verbose = 0, .callbacks = {[](nn::TrainingRun& run, int epoch, auto&) {
                                                               run.stop = epoch == 1;
                                                             }}});
  CHECK(history.epochs() == 2);
}

TEST_CASE("choosing: a function as a metric is the mean over all samples") {
  nn::Metric metric = nn::MetricChoice([](const Tensor& y, const Tensor& p) { return abs(p - y); }).make("mse", 1);
  CHECK(metric.name() == "custom");
  metric.update(Tensor{{1.0}, {2.0}, {3.0}}, zeros({3, 1}));
  metric.update(Tensor{{10.0}}, zeros({1, 1}));
  CHECK(metric.result() == 4);
  Tensor w = Tensor{1.0}.set_requires_grad();
  const nn::MetricChoice watching = [](const Tensor&, const Tensor& p) {
    CHECK_FALSE((p * 2.0).requires_grad());
    return p;
  };
  watching.make("mse", 1).update(w, w);
}

TEST_CASE("choosing: what users give themselves cannot be made again") {
  const auto identity = [](const Tensor& x) { return x; };
  const auto difference = [](const Tensor& y, const Tensor& p) { return y - p; };
  struct MySGD : nn::SGD {};
  struct MyAdam : nn::Adam {};
  struct MyHistory : nn::History {};
  struct MyStopping : nn::EarlyStopping {};
  struct Watch : nn::Callback {};
  Watch watch;
  for (const Spec& spec :
       {nn::ActivationFunction(identity).spec(), nn::Regularizer(identity).spec(), nn::Loss(difference).spec(),
        nn::MetricChoice(difference).spec(), nn::MetricChoice(nn::Metric("hits", nn::binary_matches)).spec(),
        nn::OptimizerChoice(MySGD()).spec(), nn::OptimizerChoice(MyAdam()).spec(),
        nn::CallbackChoice(MyHistory()).spec(), nn::CallbackChoice(MyStopping()).spec(),
        nn::CallbackChoice(Watch()).spec(), nn::CallbackChoice(std::ref(watch)).spec(),
        nn::CallbackChoice([](nn::TrainingRun&, int, const nn::Logs&) {}).spec()})
    CHECK(to_string(spec) == "custom");
  const std::string expected =
      ": 'custom' is one of the user's that has no name to make it from: register it by register_choice(), and choose "
      "it by its name";
  CHECK_ERROR(ValueError, nn::ActivationFunction(Spec{"custom"}), "activation" + expected);
  CHECK_ERROR(ValueError, nn::Initializer("custom"), "initializer" + expected);
  CHECK_ERROR(ValueError, nn::Regularizer(Spec{"custom"}), "regularizer" + expected);
  CHECK_ERROR(ValueError, nn::Loss(Spec{"custom"}), "loss" + expected);
  CHECK_ERROR(ValueError, nn::MetricChoice(Spec{"custom"}), "metric" + expected);
  CHECK_ERROR(ValueError, nn::OptimizerChoice(std::string("custom")), "optimizer" + expected);
  CHECK_ERROR(ValueError, nn::CallbackChoice(Spec{"custom"}), "callback" + expected);
}

TEST_CASE("choosing: arguments that do not fit") {
  CHECK_ERROR(ValueError, nn::Regularizer(Spec{"l2", {{"facto", 0.1}}}),
              "l2: unknown argument 'facto': known are factor");
  CHECK_ERROR(ValueError, nn::OptimizerChoice(Spec{"sgd", {{"momentum", 0.9}, {"rate", 0.1}}}),
              "sgd: unknown argument 'rate': known are learning_rate, momentum, decay, nesterov");
  CHECK_ERROR(ValueError, nn::ActivationFunction(Spec{"relu", {{"slope", 0.1}}}),
              "relu: unknown argument 'slope': there are none");
  CHECK_ERROR(ValueError, nn::MetricChoice(Spec{"acc", {{"nam", "a"}}}),
              "accuracy: unknown argument 'nam': known are name");
  CHECK_ERROR(ValueError, nn::Regularizer(Spec{"l2", {{"factor", 0.1}, {"factor", 0.1}}}),
              "l2: the argument 'factor' is given twice");
  const auto factor = [](nn::SpecValue value) { return Spec{"l2", {{"factor", std::move(value)}}}; };
  const std::string number = "l2: the argument 'factor' must be a number, got ";
  CHECK_ERROR(ValueError, nn::Regularizer(factor("big")), number + "\"big\"");
  CHECK_ERROR(ValueError, nn::Regularizer(factor(true)), number + "true");
  CHECK_ERROR(ValueError, nn::Regularizer(factor(nn::SpecValue::List{1, 2})), number + "[1, 2]");
  CHECK_ERROR(ValueError, nn::Regularizer(factor(-1)), "l2: the factor must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::Regularizer(Spec{"l1_l2", {{"l2", -1}}}), "l1_l2: the factor must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::Initializer(Spec{"constant", {{"value", "1"}}}),
              "constant: the argument 'value' must be a number, got \"1\"");
  CHECK_ERROR(ValueError, nn::ActivationFunction(Spec{"softmax", {{"axis", 0.5}}}),
              "softmax: the argument 'axis' must be a whole number, got 0.5");
  CHECK_ERROR(ValueError, nn::ActivationFunction(Spec{"softmax", {{"axis", std::int64_t(1) << 40}}}),
              "softmax: the argument 'axis' must be a whole number, got 1099511627776");
  CHECK_ERROR(ValueError, nn::ActivationFunction(Spec{"softmax", {{"axis", true}}}),
              "softmax: the argument 'axis' must be a whole number, got true");
  CHECK_ERROR(ValueError, nn::Loss(Spec{"binary_crossentropy", {{"from_logits", 1}}}),
              "binary_crossentropy: the argument 'from_logits' must be true or false, got 1");
  CHECK_ERROR(ValueError, nn::CallbackChoice(Spec{"early_stopping", {{"monitor", 3}}}),
              "early_stopping: the argument 'monitor' must be a text, got 3");
  CHECK_ERROR(ValueError, nn::CallbackChoice(Spec{"early_stopping", {{"mode", "best"}}}),
              "EarlyStopping: unknown mode 'best': known are auto, min, max");
  CHECK_ERROR(ValueError, nn::OptimizerChoice(Spec{"adam", {{"beta_1", 1}}}), "Adam: a beta must lie in [0, 1), got 1");
  CHECK(nn::ActivationFunction(Spec{"softmax", {{"axis", 1.0}}}).spec() == nn::softmax(1).spec());
}

TEST_CASE("choosing: a callback that was chosen by name reports that line when a run begins") {
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 2})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const unsigned line = __LINE__ + 1;
  const nn::CallbackChoice stopping = "early_stopping";
  CHECK(message_of<ValueError>([&] {
          model.fit(zeros({4, 2}), zeros({4, 1}), {.verbose = 0, .callbacks = {stopping}});
        }) == at_line("EarlyStopping: the run has no figure 'val_loss' to monitor: known are loss", __FILE__, line));
}

TEST_CASE("choosing: an optimizer in options that are used twice is another one each time, unless it is shared") {
  const Tensor x = ones({3, 2}), y = ones({3, 1});
  const auto net = [] { return nn::Sequential{nn::Dense({.units = 1, .input_dim = 2, .kernel_initializer = "ones"})}; };
  const auto steps = [&](const nn::CompileOptions& options) {
    nn::Sequential first = net(), second = net();
    first.compile(options);
    first.fit(x, y, {.verbose = 0});
    first.optimizer().set_learning_rate(5);
    second.compile(options);
    second.fit(x, y, {.verbose = 0});
    CHECK(second.optimizer().learning_rate() == 0.25);
    return second.optimizer().iterations();
  };
  const nn::Spec spec{"sgd", {{"learning_rate", 0.25}}};
  CHECK(steps({.optimizer = spec, .loss = "mse"}) == 1);
  CHECK(steps({.optimizer = nn::SGD({.learning_rate = 0.25}), .loss = "mse"}) == 1);
  const auto shared = std::make_shared<nn::SGD>(nn::SGDOptions{.learning_rate = 0.25});
  const nn::CompileOptions options{.optimizer = shared, .loss = "mse"};
  nn::Sequential model = net(), other = net();
  for (int i = 0; i < 2; ++i) {
    model.compile(options);
    CHECK(&model.optimizer() == shared.get());
  }
  CHECK_THROWS_AS(other.compile(options), ValueError);
}
