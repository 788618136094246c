#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "nn/metrics/auc.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "tests/nn/callbacks/scripted.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "xgrad.hpp"

// Every known name and every argument, of every kind: written down, made again, and found to do the same.

using namespace xg;
using nn::Spec;

namespace {

/// Something to choose, and its spec as it is printed.
template <class Kind>
struct Row {
  Kind chosen;
  std::string printed;
};

/// The names that an error lists.
template <class Kind>
std::set<std::string> known_names() {
  std::string message = message_of<ValueError>([] { Kind("no such name"); });
  message = message.substr(0, message.find('\n'));
  std::istringstream list(message.substr(message.find("known are ") + 10));
  std::set<std::string> names;
  for (std::string name; list >> name;) {
    if (name.back() == ',') name.pop_back();
    if (!name.starts_with("users_")) names.insert(Kind(name).spec().name);
  }
  return names;
}

/// Rows that show every name with its defaults, and every argument with another value than its default. `behaviour`
/// gives numbers that depend on every argument.
template <class Kind, class F>
void check_rows(const std::vector<Row<Kind>>& rows, F behaviour) {
  std::set<std::string> names;
  std::map<std::string, std::set<std::string>> changed;
  for (const auto& [chosen, printed] : rows) {
    CAPTURE(printed);
    const Spec spec = chosen.spec();
    CHECK(to_string(spec) == printed);
    const Kind again = spec, defaults = spec.name;
    CHECK(again.spec() == spec);
    const auto expected = behaviour(chosen);
    CHECK(behaviour(again) == expected);
    CHECK((behaviour(defaults) == expected) == (defaults.spec() == spec));
    if (defaults.spec() == spec) names.insert(spec.name);
    for (const auto& [name, value] : spec.arguments) {
      const auto* otherwise = defaults.spec().find(name);
      if (!otherwise || *otherwise != value) changed[spec.name].insert(name);
      const Kind partly = Spec{spec.name, {{name, value}}};
      CHECK(*partly.spec().find(name) == value);
    }
  }
  CHECK(names == known_names<Kind>());
  for (const auto& name : names) {
    const Kind defaults = name;
    for (const auto& argument : defaults.spec().arguments) {
      CAPTURE(name);
      CAPTURE(argument.name);
      CHECK(changed[name].contains(argument.name));
    }
  }
}

}  // namespace

TEST_CASE("choices: activations") {
  const Tensor x = Generator(1).normal({3, 4});
  check_rows<nn::ActivationFunction>(
      {
          {nn::ActivationFunction(), "linear"},
          {"relu", "relu"},
          {"sigmoid", "sigmoid"},
          {"softmax", "softmax(axis=-1)"},
          {nn::softmax(), "softmax(axis=-1)"},
          {nn::softmax(0), "softmax(axis=0)"},
          {"log_softmax", "log_softmax(axis=-1)"},
          {nn::log_softmax(), "log_softmax(axis=-1)"},
          {nn::log_softmax(0), "log_softmax(axis=0)"},
          {"softplus", "softplus"},
          {"tanh", "tanh"},
          {"exponential", "exponential"},
          {"elu", "elu(alpha=1)"},
          {nn::elu(), "elu(alpha=1)"},
          {nn::elu(0.3), "elu(alpha=0.3)"},
          {"selu", "selu"},
          {"gelu", "gelu(approximate=false)"},
          {nn::gelu(), "gelu(approximate=false)"},
          {nn::gelu({.approximate = true}), "gelu(approximate=true)"},
          {"silu", "silu"},
          {"mish", "mish"},
          {"leaky_relu", "leaky_relu(negative_slope=0.01)"},
          {nn::leaky_relu(), "leaky_relu(negative_slope=0.01)"},
          {nn::leaky_relu(0.2), "leaky_relu(negative_slope=0.2)"},
          {"softsign", "softsign"},
      },
      [&](const nn::ActivationFunction& activation) { return numbers(activation(x)); });
  CHECK(numbers(nn::elu(0.3)(x)) == numbers(elu(x, 0.3)));
  CHECK(numbers(nn::leaky_relu(0.2)(x)) == numbers(leaky_relu(x, 0.2)));
  CHECK(numbers(nn::softmax(0)(x)) == numbers(softmax(x, 0)));
  CHECK(numbers(nn::log_softmax(0)(x)) == numbers(log_softmax(x, 0)));
  CHECK(numbers(nn::gelu({.approximate = true})(x)) == numbers(gelu(x, true)));
  CHECK(numbers(nn::Activation(nn::leaky_relu(0.2))(x)) == numbers(leaky_relu(x, 0.2)));
}

TEST_CASE("choices: initializers") {
  check_rows<nn::Initializer>(
      {
          {nn::zeros_initializer(), "zeros"},
          {nn::ones_initializer(), "ones"},
          {nn::glorot_uniform(), "glorot_uniform"},
          {nn::glorot_normal(), "glorot_normal"},
          {nn::he_uniform(), "he_uniform"},
          {nn::he_normal(), "he_normal"},
          {nn::lecun_uniform(), "lecun_uniform"},
          {nn::lecun_normal(), "lecun_normal"},
          {nn::random_uniform(), "random_uniform(low=-0.05, high=0.05)"},
          {nn::random_uniform({.low = -1, .high = 0.5}), "random_uniform(low=-1, high=0.5)"},
          {nn::random_normal(), "random_normal(mean=0, stddev=0.05)"},
          {nn::random_normal({.stddev = 0.1}), "random_normal(mean=0, stddev=0.1)"},
          {nn::random_normal({.mean = 3}), "random_normal(mean=3, stddev=0.05)"},
          {nn::truncated_normal(), "truncated_normal(mean=0, stddev=0.05)"},
          {nn::truncated_normal({.stddev = 0.1}), "truncated_normal(mean=0, stddev=0.1)"},
          {nn::truncated_normal({.mean = 3}), "truncated_normal(mean=3, stddev=0.05)"},
          {nn::variance_scaling(), "variance_scaling(scale=1, mode=\"fan_in\", distribution=\"truncated_normal\")"},
          {nn::variance_scaling({.scale = 2, .mode = "fan_avg", .distribution = "uniform"}),
           "variance_scaling(scale=2, mode=\"fan_avg\", distribution=\"uniform\")"},
          {nn::identity(), "identity(gain=1)"},
          {nn::identity(2), "identity(gain=2)"},
          {nn::orthogonal(), "orthogonal(gain=1)"},
          {nn::orthogonal(1.5), "orthogonal(gain=1.5)"},
          {nn::constant(), "constant(value=0)"},
          {nn::constant(-7), "constant(value=-7)"},
          {nn::constant(0.1), "constant(value=0.1)"},
      },
      [](const nn::Initializer& initializer) {
        Generator generator(3);
        return numbers(initializer({5, 4}, float32, generator));
      });
  Generator generator(3);
  CHECK(numbers(nn::constant(true)({2}, float32, generator)) == Numbers{1, 1});
}

TEST_CASE("choices: regularizers") {
  const Tensor x = Generator(1).normal({3, 4});
  check_rows<nn::Regularizer>(
      {
          {nn::l1(), "l1(factor=0.01)"},
          {nn::l1(0.5), "l1(factor=0.5)"},
          {nn::l2(), "l2(factor=0.01)"},
          {nn::l2(0.0003), "l2(factor=0.0003)"},
          {nn::l1_l2(), "l1_l2(l1=0.01, l2=0.01)"},
          {nn::l1_l2({.l1 = 0.5}), "l1_l2(l1=0.5, l2=0.01)"},
          {nn::l1_l2({.l2 = 1e-7}), "l1_l2(l1=0.01, l2=1e-07)"},
          {nn::orthogonal_regularizer(), "orthogonal_regularizer(factor=0.01, mode=\"rows\")"},
          {nn::orthogonal_regularizer({.factor = 0.5, .mode = "columns"}),
           "orthogonal_regularizer(factor=0.5, mode=\"columns\")"},
      },
      [&](const nn::Regularizer& regularizer) {
        return Numbers{regularizer(x).item(), regularizer.l2_factor()};
      });
  CHECK(nn::Regularizer(nn::l2(0.25).spec()).l2_factor() == 0.25);
  CHECK(nn::l1(0.25).l2_factor() == 0);
}

TEST_CASE("choices: losses") {
  const Tensor labels{0, 2, 1}, one_hot{{1.0, 0.0, 0.0}, {0.0, 0.0, 1.0}, {0.0, 1.0, 0.0}};
  const Tensor p = Generator(1).uniform({3, 3}, 0.1, 0.9);
  check_rows<nn::Loss>(
      {
          {"categorical_crossentropy", "categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::CategoricalCrossentropy(), "categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::CategoricalCrossentropy({.from_logits = true}),
           "categorical_crossentropy(from_logits=true, label_smoothing=0)"},
          {"sparse_categorical_crossentropy", "sparse_categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::SparseCategoricalCrossentropy(),
           "sparse_categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::SparseCategoricalCrossentropy({.from_logits = true}),
           "sparse_categorical_crossentropy(from_logits=true, label_smoothing=0)"},
          {nn::CategoricalCrossentropy({.label_smoothing = 0.1}),
           "categorical_crossentropy(from_logits=false, label_smoothing=0.1)"},
          {nn::SparseCategoricalCrossentropy({.label_smoothing = 0.1}),
           "sparse_categorical_crossentropy(from_logits=false, label_smoothing=0.1)"},
          {"binary_crossentropy", "binary_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::BinaryCrossentropy(), "binary_crossentropy(from_logits=false, label_smoothing=0)"},
          {nn::BinaryCrossentropy({.from_logits = true}), "binary_crossentropy(from_logits=true, label_smoothing=0)"},
          {nn::BinaryCrossentropy({.label_smoothing = 0.1}),
           "binary_crossentropy(from_logits=false, label_smoothing=0.1)"},
          {"binary_focal_crossentropy", "binary_focal_crossentropy(gamma=2, alpha=0.25, from_logits=false)"},
          {nn::BinaryFocalCrossentropy({.gamma = 1}),
           "binary_focal_crossentropy(gamma=1, alpha=0.25, from_logits=false)"},
          {nn::BinaryFocalCrossentropy({.alpha = 0.5}),
           "binary_focal_crossentropy(gamma=2, alpha=0.5, from_logits=false)"},
          {nn::BinaryFocalCrossentropy({.from_logits = true}),
           "binary_focal_crossentropy(gamma=2, alpha=0.25, from_logits=true)"},
          {"mse", "mean_squared_error"},
          {"mae", "mean_absolute_error"},
          {"mape", "mean_absolute_percentage_error"},
          {"msle", "mean_squared_logarithmic_error"},
          {"huber", "huber(delta=1)"},
          {nn::Huber({.delta = 0.25}), "huber(delta=0.25)"},
          {"logcosh", "logcosh"},
          {"log_cosh", "logcosh"},
          {"poisson", "poisson"},
          {"hinge", "hinge"},
          {"squared_hinge", "squared_hinge"},
          {"categorical_hinge", "categorical_hinge"},
          {"kullback_leibler_divergence", "kullback_leibler_divergence"},
          {"kld", "kullback_leibler_divergence"},
          {"kl_divergence", "kullback_leibler_divergence"},
          {"cosine_similarity", "cosine_similarity"},
          {"cosine_proximity", "cosine_similarity"},
          {"cosine", "cosine_similarity"},
      },
      [&](const nn::Loss& loss) {
        if (loss.name() == "hinge" || loss.name() == "squared_hinge") return loss(one_hot * 2 - 1, p).item();
        return loss(loss.name() == "sparse_categorical_crossentropy" ? labels : one_hot, p).item();
      });
  CHECK(nn::CategoricalCrossentropy({.from_logits = true})(one_hot, p).item() ==
        nn::categorical_crossentropy(one_hot, p, {.from_logits = true}).item());
  CHECK(nn::SparseCategoricalCrossentropy({.from_logits = true})(labels, p).item() ==
        nn::sparse_categorical_crossentropy(labels, p, {.from_logits = true}).item());
  CHECK(nn::BinaryCrossentropy({.from_logits = true})(one_hot, p).item() ==
        nn::binary_crossentropy(one_hot, p, {.from_logits = true}).item());
}

TEST_CASE("choices: metrics") {
  const Tensor labels{0, 2, 1}, one_hot{{1.0, 0.0, 0.0}, {0.0, 0.0, 1.0}, {1.0, 0.0, 0.0}};
  const Tensor p = Generator(2).uniform({3, 3}, 0.1, 0.9);
  check_rows<nn::MetricChoice>(
      {
          {"accuracy", "accuracy"},
          {"acc", "accuracy"},
          {Spec{"acc", {{"name", "hits"}}}, "accuracy(name=\"hits\")"},
          {"categorical_accuracy", "categorical_accuracy"},
          {"sparse_categorical_accuracy", "sparse_categorical_accuracy"},
          {"binary_accuracy", "binary_accuracy"},
          {"mean_squared_error", "mean_squared_error"},
          {"mse", "mean_squared_error(name=\"mse\")"},
          {Spec{"mse", {{"name", "error"}}}, "mean_squared_error(name=\"error\")"},
          {"mean_absolute_error", "mean_absolute_error"},
          {"mae", "mean_absolute_error(name=\"mae\")"},
          {"mean_absolute_percentage_error", "mean_absolute_percentage_error"},
          {"mean_squared_logarithmic_error", "mean_squared_logarithmic_error"},
          {"mape", "mean_absolute_percentage_error(name=\"mape\")"},
          {"msle", "mean_squared_logarithmic_error(name=\"msle\")"},
          {"top_k_categorical_accuracy", "top_k_categorical_accuracy(k=5)"},
          {Spec{"top_k_categorical_accuracy", {{"k", 2}, {"name", "top_2"}}},
           "top_k_categorical_accuracy(k=2, name=\"top_2\")"},
          {"sparse_top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy(k=5)"},
          {Spec{"sparse_top_k_categorical_accuracy", {{"k", 2}}}, "sparse_top_k_categorical_accuracy(k=2)"},
          {"logcosh", "logcosh"},
          {"poisson", "poisson"},
          {"hinge", "hinge"},
          {"squared_hinge", "squared_hinge"},
          {"kullback_leibler_divergence", "kullback_leibler_divergence"},
          {"cosine_similarity", "cosine_similarity"},
          {"cosine_proximity", "cosine_proximity"},
          {"precision", "precision(threshold=0.5, average=\"auto\")"},
          {nn::Precision({.threshold = 0.3, .average = "micro"}), "precision(threshold=0.3, average=\"micro\")"},
          {"recall", "recall(threshold=0.5, average=\"auto\")"},
          {nn::Recall({.threshold = 0.3, .average = "macro"}), "recall(threshold=0.3, average=\"macro\")"},
          {"f1", "f1(threshold=0.5, average=\"auto\")"},
          {nn::F1({.threshold = 0.3, .average = "weighted"}), "f1(threshold=0.3, average=\"weighted\")"},
          {"mean_iou", "mean_iou(threshold=0.5)"},
          {nn::MeanIoU({.threshold = 0.3}), "mean_iou(threshold=0.3)"},
          {"confusion_matrix", "confusion_matrix(threshold=0.5)"},
          {nn::ConfusionMatrix({.threshold = 0.3}), "confusion_matrix(threshold=0.3)"},
          {"auc", "auc(curve=\"ROC\", average=\"macro\")"},
          {nn::AUC({.curve = "PR"}), "auc(curve=\"PR\", average=\"macro\")"},
          {nn::AUC({.average = "micro"}), "auc(curve=\"ROC\", average=\"micro\")"},
          {"r2_score", "r2_score"},
          {"categorical_crossentropy", "categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {Spec{"categorical_crossentropy", {{"from_logits", true}, {"label_smoothing", 0.25}}},
           "categorical_crossentropy(from_logits=true, label_smoothing=0.25)"},
          {"sparse_categorical_crossentropy", "sparse_categorical_crossentropy(from_logits=false, label_smoothing=0)"},
          {Spec{"sparse_categorical_crossentropy", {{"from_logits", true}, {"label_smoothing", 0.25}}},
           "sparse_categorical_crossentropy(from_logits=true, label_smoothing=0.25)"},
          {"binary_crossentropy", "binary_crossentropy(from_logits=false, label_smoothing=0)"},
          {Spec{"binary_crossentropy", {{"from_logits", true}, {"label_smoothing", 0.25}}},
           "binary_crossentropy(from_logits=true, label_smoothing=0.25)"},
      },
      [&](const nn::MetricChoice& choice) {
        nn::Metric metric = choice.make("categorical_crossentropy", 3);
        double of_column = 0;
        if (choice.spec().find("threshold")) {
          nn::Metric column = choice.make("mse", 1);
          column.update(Tensor{1, 0, 1, 1, 0}, Tensor{0.4, 0.2, 0.9, 0.1, 0.2});
          of_column = column.result();
        }
        const std::string& name = choice.spec().name;
        const bool signs = name == "hinge" || name == "squared_hinge";
        metric.update(name.starts_with("sparse") ? labels : signs ? one_hot * 2 - 1 : one_hot, p);
        CHECK(metric.name() == choice.name());
        return std::tuple(metric.name(), metric.result(), of_column);
      });
}

TEST_CASE("choices: optimizers") {
  check_rows<nn::OptimizerChoice>(
      {
          {nn::SGD(), "sgd(learning_rate=0.01, momentum=0, decay=0, nesterov=false)"},
          {nn::SGD({.learning_rate = 0.2}), "sgd(learning_rate=0.2, momentum=0, decay=0, nesterov=false)"},
          {nn::SGD({.momentum = 0.9}), "sgd(learning_rate=0.01, momentum=0.9, decay=0, nesterov=false)"},
          {nn::SGD({.decay = 0.5}), "sgd(learning_rate=0.01, momentum=0, decay=0.5, nesterov=false)"},
          {nn::SGD({.momentum = 0.9, .nesterov = true}),
           "sgd(learning_rate=0.01, momentum=0.9, decay=0, nesterov=true)"},
          {nn::Adam(), "adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, decay=0, amsgrad=false)"},
          {std::make_shared<nn::Adam>(nn::AdamOptions{.learning_rate = 1}),
           "adam(learning_rate=1, beta_1=0.9, beta_2=0.999, epsilon=1e-07, decay=0, amsgrad=false)"},
          {nn::Adam({.beta_1 = 0.5}),
           "adam(learning_rate=0.001, beta_1=0.5, beta_2=0.999, epsilon=1e-07, decay=0, amsgrad=false)"},
          {nn::Adam({.beta_2 = 0.75}),
           "adam(learning_rate=0.001, beta_1=0.9, beta_2=0.75, epsilon=1e-07, decay=0, amsgrad=false)"},
          {nn::Adam({.epsilon = 0.25}),
           "adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=0.25, decay=0, amsgrad=false)"},
          {nn::Adam({.decay = 0.5, .amsgrad = true}),
           "adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, decay=0.5, amsgrad=true)"},
          {nn::AdamW(),
           "adamw(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=0.004, amsgrad=false)"},
          {nn::AdamW({.learning_rate = 0.5,
                      .beta_1 = 0.5,
                      .beta_2 = 0.75,
                      .epsilon = 0.25,
                      .weight_decay = 0.125,
                      .amsgrad = true}),
           "adamw(learning_rate=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.25, weight_decay=0.125, amsgrad=true)"},
          {nn::Adamax(), "adamax(learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-07, decay=0)"},
          {nn::Adamax({.learning_rate = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25, .decay = 0.125}),
           "adamax(learning_rate=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.25, decay=0.125)"},
          {nn::Nadam(), "nadam(learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-07, schedule_decay=0.004)"},
          {nn::Nadam({.learning_rate = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25, .schedule_decay = 0.125}),
           "nadam(learning_rate=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.25, schedule_decay=0.125)"},
          {nn::RMSprop(), "rmsprop(learning_rate=0.001, rho=0.9, epsilon=1e-07, momentum=0, centered=false, decay=0)"},
          {nn::RMSprop(
               {.learning_rate = 0.5, .rho = 0.5, .epsilon = 0.25, .momentum = 0.75, .centered = true, .decay = 0.125}),
           "rmsprop(learning_rate=0.5, rho=0.5, epsilon=0.25, momentum=0.75, centered=true, decay=0.125)"},
          {nn::Adagrad(), "adagrad(learning_rate=0.01, initial_accumulator_value=0, epsilon=1e-07, decay=0)"},
          {nn::Adagrad({.learning_rate = 0.5, .initial_accumulator_value = 0.75, .epsilon = 0.25, .decay = 0.125}),
           "adagrad(learning_rate=0.5, initial_accumulator_value=0.75, epsilon=0.25, decay=0.125)"},
          {nn::Adadelta(), "adadelta(learning_rate=1, rho=0.95, epsilon=1e-07, decay=0)"},
          {nn::Adadelta({.learning_rate = 0.5, .rho = 0.75, .epsilon = 0.25, .decay = 0.125}),
           "adadelta(learning_rate=0.5, rho=0.75, epsilon=0.25, decay=0.125)"},
          {nn::Lion(), "lion(learning_rate=0.0001, beta_1=0.9, beta_2=0.99, weight_decay=0)"},
          {nn::Lion({.learning_rate = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .weight_decay = 0.125}),
           "lion(learning_rate=0.5, beta_1=0.5, beta_2=0.75, weight_decay=0.125)"},
          {nn::LAMB(), "lamb(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=0)"},
          {nn::LAMB({.learning_rate = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25, .weight_decay = 0.125}),
           "lamb(learning_rate=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.25, weight_decay=0.125)"},
      },
      [](const nn::OptimizerChoice& choice) {
        Tensor w = Tensor{1.0, -2.0, 3.0}.set_requires_grad();
        choice.get()->attach({{"w", w}});
        for (const double slope : {0.5, -0.25, 2.0}) {
          w.set_grad(Tensor{slope, 1.0, slope * slope});
          choice.get()->step();
        }
        return numbers(w);
      });
  nn::SGD optimizer({.momentum = 0.9});
  optimizer.set_learning_rate(0.5);
  CHECK(to_string(optimizer.spec()) == "sgd(learning_rate=0.5, momentum=0.9, decay=0, nesterov=false)");
  nn::Adam adam;
  adam.set_learning_rate(0.5);
  CHECK(to_string(adam.spec()) ==
        "adam(learning_rate=0.5, beta_1=0.9, beta_2=0.999, epsilon=1e-07, decay=0, amsgrad=false)");
}

TEST_CASE("choices: callbacks") {
  struct Net : nn::Model {
    nn::Parameter w = parameter("w", zeros({1}));
    Tensor forward(const Tensor& x) override { return x * w; }
  };
  const auto stopping = [](const std::string& monitor, const std::string& min_delta, const std::string& patience,
                           const std::string& mode, const std::string& restores) {
    return "early_stopping(monitor=" + monitor + ", min_delta=" + min_delta + ", patience=" + patience +
           ", verbose=0, mode=" + mode + ", restore_best_weights=" + restores + ")";
  };
  check_rows<nn::CallbackChoice>(
      {
          {"history", "history"},
          {nn::History(), "history"},
          {"exponential_moving_average", "exponential_moving_average(momentum=0.99, overwrite=true)"},
          {nn::ExponentialMovingAverage({.momentum = 0.5}), "exponential_moving_average(momentum=0.5, overwrite=true)"},
          {nn::ExponentialMovingAverage({.overwrite = false}),
           "exponential_moving_average(momentum=0.99, overwrite=false)"},
          {"early_stopping", stopping("\"val_loss\"", "0", "0", "\"auto\"", "false")},
          {nn::EarlyStopping(), stopping("\"val_loss\"", "0", "0", "\"auto\"", "false")},
          {nn::EarlyStopping({.monitor = "val_acc"}), stopping("\"val_acc\"", "0", "0", "\"auto\"", "false")},
          {nn::EarlyStopping({.min_delta = 0.25}), stopping("\"val_loss\"", "0.25", "0", "\"auto\"", "false")},
          {nn::EarlyStopping({.patience = 3}), stopping("\"val_loss\"", "0", "3", "\"auto\"", "false")},
          {nn::EarlyStopping({.mode = "max"}), stopping("\"val_loss\"", "0", "0", "\"max\"", "false")},
          {nn::EarlyStopping({.restore_best_weights = true}), stopping("\"val_loss\"", "0", "0", "\"auto\"", "true")},
          {nn::EarlyStopping({.verbose = 1}),
           "early_stopping(monitor=\"val_loss\", min_delta=0, patience=0, verbose=1, mode=\"auto\", "
           "restore_best_weights=false)"},
          {"model_checkpoint",
           "model_checkpoint(monitor=\"val_loss\", verbose=0, save_best_only=false, mode=\"auto\")"},
          {nn::ModelCheckpoint({.monitor = "val_acc", .verbose = 1, .save_best_only = true, .mode = "min"}),
           "model_checkpoint(monitor=\"val_acc\", verbose=1, save_best_only=true, mode=\"min\")"},
          {"reduce_lr_on_plateau",
           "reduce_lr_on_plateau(monitor=\"val_loss\", factor=0.1, patience=10, verbose=0, mode=\"auto\", "
           "min_delta=0.0001, cooldown=0, min_lr=0)"},
          {nn::ReduceLROnPlateau({.monitor = "val_acc",
                                  .factor = 0.5,
                                  .patience = 1,
                                  .verbose = 1,
                                  .mode = "max",
                                  .min_delta = 0.25,
                                  .cooldown = 1,
                                  .min_lr = 0.125}),
           "reduce_lr_on_plateau(monitor=\"val_acc\", factor=0.5, patience=1, verbose=1, mode=\"max\", "
           "min_delta=0.25, cooldown=1, min_lr=0.125)"},
          {"terminate_on_nan", "terminate_on_nan"},
      },
      [](const nn::CallbackChoice& choice) {
        const Caught out;
        Net net;
        net.compile({.optimizer = nn::SGD({.learning_rate = 1}), .loss = "mse"});
        nn::TrainingRun run{net, 10, 1, 1, {"val_loss", "val_acc"}};
        choice.get()->on_train_begin(run);
        const Numbers loss{1, 0.5, 0.4, 0.6, 0.5}, accuracy{0.1, 0.2, 0.3, 0.4, 0.3};
        int epoch = 0;
        for (; epoch < 5 && !run.stop; ++epoch) {
          net["w"].assign(full({1}, epoch));
          nn::Logs logs;
          logs.set("loss", 1);
          logs.set("val_loss", loss[std::size_t(epoch)]);
          logs.set("val_acc", accuracy[std::size_t(epoch)]);
          choice.get()->on_epoch_begin(run, epoch);
          choice.get()->on_batch_end(run, 0, 1, logs);
          choice.get()->on_epoch_end(run, epoch, logs);
        }
        choice.get()->on_train_end(run);
        return std::tuple(epoch, run.stop, net["w"].item(), net.optimizer().learning_rate(), out.text());
      });
}
