#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/pass.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Models that say themselves how a step is made.

using namespace xg;
using nn::Dense;
using nn::Tensors;

namespace {

/// Steps on convex combinations of the samples with those in reverse.
struct Mixup : nn::Sequential {
  double share = 0.75;
  explicit Mixup(double share_of_first) : share(share_of_first) {
    add(Dense({.units = 3, .input_dim = 2, .activation = "tanh", .kernel_regularizer = nn::l2(0.1)}));
    add(nn::Dropout(0.25));
    add(Dense({.units = 1, .activity_regularizer = nn::l2(0.1)}));
  }
  Tensor mixed(const Tensor& all) const {
    return all * share + Tensor(all.array().slice(0, all.shape()[0] - 1, all.shape()[0], -1)) * (1 - share);
  }
  void train_step(const Tensors& x, const Tensors& y, nn::Figures& figures) override {
    nn::Sequential::train_step(mixed(x.only()), mixed(y.only()), figures);
    figures.add("share", share, x[0].shape()[0]);
  }
};

/// A generator and a critic of numbers, each with an optimizer of its own.
struct Gan : nn::Model {
  nn::Sequential& generator =
      add(nn::Sequential{Dense({.units = 4, .input_dim = 1, .activation = "tanh"}), Dense({.units = 1})}, "generator");
  nn::Sequential& critic = add(
      nn::Sequential{Dense({.units = 4, .input_dim = 1, .activation = "tanh"}), nn::Dropout(0.1), Dense({.units = 1})},
      "critic");
  nn::Adam for_generator{generator.parameters(), {.learning_rate = 0.01}};
  nn::Adam for_critic{critic.parameters(), {.learning_rate = 0.01}};

  Tensor forward(const Tensor& z) override { return critic(generator(z)); }
  void train_step(const Tensors& z, const Tensors& real, nn::Figures& figures) override {
    const std::int64_t samples = z[0].shape()[0];
    const Tensor fake = generator(z.only()).detach();
    const Tensor of_critic = mean(softplus(critic(fake))) + mean(softplus(-critic(real.only())));
    for_critic.minimize(of_critic);
    const Tensor of_generator = mean(softplus(-critic(generator(z.only()))));
    for_generator.minimize(of_generator);
    figures.add("critic", of_critic.item(), samples);
    figures.add("loss", of_generator.item(), samples);
  }
};

const Tensor x = Generator(1).uniform({10, 2}), y = Generator(2).uniform({10, 1});

}  // namespace

TEST_CASE("train_step: one of the user's may call the library's with other samples") {
  const auto make = [](double share) {
    manual_seed(1);
    auto model = std::make_unique<Mixup>(share);
    model->compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "mse", .metrics = {"mae"}});
    return model;
  };
  const auto model = make(0.75), plain = make(1), by_hand = make(1);
  const auto score = model->train_on_batch(x, y);
  CHECK(score["share"] == 0.75);
  CHECK(by_hand->nn::Model::train_on_batch(model->mixed(x), model->mixed(y)).loss == score.loss);
  CHECK(same_weights(weights(*model), weights(*by_hand)));
  plain->train_on_batch(x, y);
  CHECK_FALSE(same_weights(weights(*model), weights(*plain)));
  const auto history = model->fit(x, y, {.batch_size = 4, .epochs = 2, .verbose = 0, .validation_data = {x, y}});
  CHECK(history["share"] == Numbers{0.75, 0.75});
  CHECK(history["mae"].size() == 2);
  CHECK_FALSE(history.contains("val_share"));
  CHECK(model->optimizer().iterations() == 7);
}

TEST_CASE("train_step: two networks against each other, with their optimizers") {
  manual_seed(2);
  Gan gan;
  gan.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor z = Generator(1).normal({64, 1}), real = Generator(2).normal({64, 1}, 3, 0.1);
  const auto generator = weights(gan.generator), critic = weights(gan.critic);
  const auto history = gan.fit(z, real, {.batch_size = 16, .epochs = 30, .verbose = 0});
  CHECK(history["critic"].size() == 30);
  CHECK(history["loss"].size() == 30);
  CHECK(gan.for_critic.iterations() == 120);
  CHECK(gan.for_generator.iterations() == 120);
  CHECK(gan.optimizer().iterations() == 0);
  CHECK_FALSE(same_weights(weights(gan.generator), generator));
  CHECK_FALSE(same_weights(weights(gan.critic), critic));
  // What is made has come nearer to what is real.
  const double made = mean(gan.generator.predict(z)).item();
  CHECK(made > 1);
  const auto score = gan.train_on_batch(z, real);
  CHECK(score["critic"] > 0);
  CHECK(score.loss > 0);
}

TEST_CASE("train_step: figures are means over the samples, in the order in which they came") {
  struct Counting : nn::Model {
    int batch = 0;
    Tensor forward(const Tensor& some) override { return some; }
    void train_step(const Tensors& some, const Tensors&, nn::Figures& figures) override {
      figures.add("number", ++batch, some[0].shape()[0]);
      figures.add("loss", 10 * batch, some[0].shape()[0]);
      if (batch == 2) figures.add("late", 5, 1);
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  std::vector<std::string> lines;
  model.fit(x, y, {.batch_size = 4, .verbose = 0, .callbacks = {Log(lines)}});
  CHECK(lines == std::vector<std::string>{"begin 1 10 0", "epoch 0", "batch 0", "batch 0 done 4 loss=10 number=1",
                                          "batch 1", "batch 1 done 8 loss=15 number=1.5 late=5", "batch 2",
                                          "batch 2 done 10 loss=18 number=1.8 late=5",
                                          "epoch 0 done loss=18 number=1.8 late=5", "end"});
}

TEST_CASE("train_step: layers are in training mode in it, whatever eval() set, but under NoGrad values only are made") {
  struct Looking : nn::Model {
    nn::Dropout& dropout = add(nn::Dropout(0.5));
    bool trained = false, recorded = false;
    Dense& layer = add(Dense({.units = 1, .input_dim = 2}));
    Tensor forward(const Tensor& some) override { return layer(dropout(some)); }
    void train_step(const Tensors& some, const Tensors& targets, nn::Figures& figures) override {
      trained = training() && dropout.training();
      recorded = (*this)(some.only()).requires_grad();
      nn::Model::train_step(some, targets, figures);
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.eval();
  model.train_on_batch(x, y);
  CHECK(model.trained);
  CHECK(model.recorded);
  CHECK_FALSE(model.training());
  const NoGrad values_only;
  model.recorded = false;
  model.fit(x, y, {.verbose = 0});
  CHECK(model.recorded);
}

TEST_CASE("train_step: one that throws after its passes leaves no layer and no random number behind") {
  struct Refusing : nn::Sequential {
    bool refuses = true;
    Refusing() {
      add(Dense({.units = 3}));
      add(nn::Dropout(0.5));
    }
    void train_step(const Tensors& some, const Tensors& targets, nn::Figures& figures) override {
      (*this)(some);
      if (refuses) throw std::runtime_error("refused");
      nn::Sequential::train_step(some, targets, figures);
    }
  };
  const auto make = [] {
    manual_seed(4);
    auto model = std::make_unique<Refusing>();
    model->compile({.optimizer = "sgd", .loss = "mse"});
    return model;
  };
  const auto model = make(), reference = make();
  CHECK(message_of<std::runtime_error>([&] { model->train_on_batch(x, zeros({10, 3})); }) == "refused");
  CHECK(model->parameters().empty());
  CHECK_FALSE(model->first_output_shape());
  model->refuses = reference->refuses = false;
  CHECK(model->train_on_batch(x, zeros({10, 3})).loss == reference->train_on_batch(x, zeros({10, 3})).loss);
  CHECK(same_weights(weights(*model), weights(*reference)));
}

TEST_CASE("train_step: of two calls of the model the last counts, of its parts each") {
  const nn::DenseOptions options{.units = 1,
                                 .input_dim = 2,
                                 .use_bias = false,
                                 .kernel_initializer = "ones",
                                 .activity_regularizer = [](const Tensor& some) { return sum(some); }};
  struct Calling : nn::Model {
    Dense &first, &second;
    bool parts = false;
    explicit Calling(const nn::DenseOptions& o) : first(add(Dense(o))), second(add(Dense(o))) {}
    Tensor forward(const Tensor& some) override { return first(some) + second(some); }
    void train_step(const Tensors& some, const Tensors& targets, nn::Figures& figures) override {
      (*this)(some.only() * 100.0);
      if (parts) {
        first(some.only() * 10.0);
        second(some.only() * 3.0);
        second(some.only());
        figures.add("loss", penalty().item(), some[0].shape()[0]);
      } else {
        nn::Model::train_step(some, targets, figures);
      }
    }
  } model(options);
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                 .loss = [](const Tensor&, const Tensor& p) { return sum(p) * 0.0; }});
  CHECK(model.train_on_batch(ones({4, 2}), ones({4, 1})).loss == 2 + 2);
  model.parts = true;
  CHECK(model.train_on_batch(ones({4, 2}), ones({4, 1})).loss == 20 + 2);
}

TEST_CASE("train_step: penalty() in it is of the pass that was made in it") {
  struct Penalised : nn::Model {
    Dense& layer = add(Dense({.units = 1,
                              .input_dim = 2,
                              .kernel_initializer = "ones",
                              .kernel_regularizer = nn::l2(0.5),
                              .activity_regularizer = [](const Tensor& some) { return sum(some); }}));
    Dense& other = add(Dense(
        {.units = 1, .input_dim = 2, .kernel_initializer = "ones", .activity_regularizer = [](const Tensor& some) {
           return sum(some) * 100.0;
         }}));
    nn::SGD by_hand{parameters(), {.learning_rate = 0.1}};
    bool both = false, early = false;
    Tensor forward(const Tensor& some) override { return both ? layer(some) + other(some) : layer(some); }
    void train_step(const Tensors& some, const Tensors&, nn::Figures& figures) override {
      if (early) penalty();
      const Tensor p = (*this)(some.only());
      const Tensor loss = mean(p) * 0.0 + penalty();
      loss.backward();
      by_hand.zero_grad();
      figures.add("loss", loss.item(), some[0].shape()[0]);
      figures.add("terms", static_cast<double>(pass_penalties().size()), 1);
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const auto check = [&](const Tensor& some, double expected, double terms) {
    const auto score = model.train_on_batch(some, some);
    CHECK(score.loss == Close(expected, 1e-6));
    CHECK(score["terms"] == terms);
  };
  check(ones({4, 2}), 1 + 2, 1);
  check(full({4, 2}, 3), 1 + 6, 1);
  model.both = true;
  check(ones({4, 2}), 1 + 2 + 200, 2);
  model.both = false;
  check(full({4, 2}, 2), 1 + 4, 1);
  // Before its pass there is none, whatever the step before left.
  model.early = true;
  CHECK(
      message_of<ValueError>([&] { model.train_on_batch(x, y); })
          .starts_with("penalty: there are penalties on outputs, but no pass was made on this thread: call the module "
                       "first\n"));
}

TEST_CASE("train_step: errors name the line in the user's, or that of the call for the library's own") {
  struct Own : nn::Sequential {
    unsigned line = 0;
    bool in_loss = false;
    Own() { add(Dense({.units = 1, .input_dim = 2})); }
    void train_step(const Tensors& x, const Tensors& y, nn::Figures& figures) override {
      const Tensor p = (*this)(x.only());
      line = __LINE__ + 1;
      const Tensor loss = in_loss ? compute_loss(y, p, figures) : mean(p - ones({7, 1}));
      figures.add("loss", optimizer().minimize(loss), 0);
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = ones({3, 2}), wrong = ones({3, 2}), right = ones({3, 1});
  const auto check = [&](const Tensor& y, const std::string& text, unsigned after) {
    const std::string found = message_of<Error>([&] { model.fit(x, y, {.verbose = 0}); });
    CHECK(found == at_line(text, __FILE__, model.line + after));
  };
  check(right, "subtract: shapes (3, 1) and (7, 1) do not broadcast: axis -2 has extents 3 and 7, and neither is 1", 0);
  model.in_loss = true;
  check(wrong, "mean_squared_error: y_true has shape (3, 2), y_pred (3, 1)", 0);
  check(right, "figures: 'loss' is the mean over 0 samples", 1);
  nn::Sequential plain{Dense({.units = 1, .input_dim = 2})};
  plain.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ShapeError, plain.fit(x, wrong, {.verbose = 0}),
              "mean_squared_error: y_true has shape (3, 2), y_pred (3, 1)");
}

TEST_CASE("train_step: without a loss among the figures it is told") {
  struct Silent : nn::Sequential {
    Silent() { add(Dense({.units = 1, .input_dim = 2})); }
    void train_step(const Tensors& x, const Tensors&, nn::Figures& figures) override {
      figures.add("d_loss", 1, x[0].shape()[0]);
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ValueError, model.fit(ones({3, 2}), ones({3, 1}), {.verbose = 0}),
              "train_step: no \"loss\" was added to the figures: figures.add(\"loss\", value, samples)");
}

TEST_CASE("train_step: callbacks watch figures that it names") {
  struct Gauged : nn::Sequential {
    int steps = 0;
    bool named = true;
    Gauged() { add(Dense({.units = 1, .input_dim = 2})); }
    void train_step(const Tensors& x, const Tensors& y, nn::Figures& figures) override {
      nn::Sequential::train_step(x, y, figures);
      figures.add("gauge", ++steps < 3 ? -steps : 0, 3);
    }
    std::vector<std::string> step_figures() const override {
      return named ? std::vector<std::string>{"gauge"} : std::vector<std::string>();
    }
  } model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = ones({3, 2}), y = ones({3, 1});
  const nn::EarlyStopping stopping({.monitor = "gauge"});
  CHECK(model.fit(x, y, {.epochs = 9, .verbose = 0, .callbacks = {stopping}}).epochs() == 3);
  model.named = false;
  CHECK_THROWS_AS(model.fit(x, y, {.verbose = 0, .callbacks = {stopping}}), ValueError);
}
