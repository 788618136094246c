#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// Which modules a pass takes in: the one that is called and all below it, however they came there.

using namespace xg;
using nn::Dense;

namespace {

/// A Sequential that others may hold the layers of.
struct Shelf : nn::Sequential {
  void share(const std::shared_ptr<nn::Module>& layer, const std::string& name = {}) {
    adopt(layer, name, std::source_location::current());
  }
  void take(const std::shared_ptr<nn::Module>& layer) { share(layer); }
};

std::shared_ptr<Dense> shared_dense() {
  return std::make_shared<Dense>(nn::DenseOptions{.units = 2, .input_dim = 2, .kernel_initializer = "ones"});
}

std::string not_a_part(const std::string& type, const std::string& parameter) {
  return "this " + type +
         " is called in the forward() of a module that it is no part of: nobody would find its "
         "parameter '" +
         parameter +
         "' to train or to save it. Declare it by add(), or adopt() if it is shared; one "
         "that is not to be trained wants freeze(), or NoGrad\n";
}

}  // namespace

TEST_CASE("parts: a layer in two places stays a part when one of them gives it up") {
  const auto layer = shared_dense();
  Shelf first, second;
  first.share(layer);
  second.share(layer);
  first.share(layer, "again");
  CHECK(layer->is_part());
  second.pop();
  CHECK(layer->is_part());
  first.pop();
  CHECK(layer->is_part());
  CHECK(first(ones({1, 2})).to_vector<double>() == Numbers{2, 2});
  first.pop();
  CHECK_FALSE(layer->is_part());
  CHECK_FALSE(layer->whole());
  CHECK((*layer)(ones({1, 2})).to_vector<double>() == Numbers{2, 2});
}

TEST_CASE("parts: a layer outlives those it is a part of, and is a part no more") {
  const auto layer = shared_dense();
  Shelf stays;
  {
    Shelf goes;
    goes.share(layer);
    stays.share(layer);
    nn::Sequential outer;
    outer.add(std::move(goes));
    CHECK(layer->is_part());
  }
  CHECK(layer->is_part());
  CHECK(stays(ones({1, 2})).size() == 2);
  Shelf replaced;
  replaced.share(layer);
  replaced = Shelf();
  stays = Shelf();
  CHECK_FALSE(layer->is_part());
  CHECK(layer.use_count() == 1);
}

TEST_CASE("parts: a module in two places is in no cycle, also when one of them gave it up") {
  const auto inner = std::make_shared<Shelf>(), outer = std::make_shared<Shelf>(), other = std::make_shared<Shelf>();
  outer->share(inner);
  other->share(inner);
  other->pop();
  CHECK_THROWS_AS(inner->take(outer), ValueError);
  CHECK(inner->children().empty());
  CHECK(outer->modules().size() == 2);
}

TEST_CASE("parts: what replaces a layer is a part, what it replaces is not") {
  Shelf model;
  const auto layer = shared_dense();
  model.share(layer, "head");
  auto& other = model.replace("head", Dense({.units = 3, .input_dim = 2}));
  CHECK_FALSE(layer->is_part());
  CHECK(other.is_part());
  CHECK(model(ones({1, 2})).shape() == Shape{1, 3});
}

TEST_CASE("parts: a layer of another model is no part of the one that calls it") {
  struct Student : nn::Model {
    nn::Sequential& teacher;
    Dense& head = add(Dense({.units = 1}));
    explicit Student(nn::Sequential& other) : teacher(other) {}
    Tensor forward(const Tensor& x) override { return head((*teacher.children()[0].second)(x)); }
  };
  nn::Sequential teacher{Dense({.units = 3, .input_dim = 2}), nn::Dropout(0.5), Dense({.units = 1})};
  Student student(teacher);
  CHECK(message_of<ValueError>([&] { student(ones({2, 2})); }).starts_with(not_a_part("Dense", "kernel")));
  CHECK(student.parameters().empty());
  {
    const NoGrad values_only;
    CHECK(student(ones({2, 2})).shape() == Shape{2, 1});
  }
  teacher.freeze();
  CHECK(student(ones({2, 2})).shape() == Shape{2, 1});
}

TEST_CASE("parts: layers of another model keep their mode, and their penalties to themselves") {
  nn::Sequential teacher{nn::Dropout(0.5),
                         Dense({.units = 1, .input_dim = 2, .activity_regularizer = [](const Tensor& y) {
                                  return sum(y) * 0.0 + 100.0;
                                }})};
  teacher.eval();
  teacher.freeze();
  struct Student : nn::Model {
    nn::Sequential& other;
    bool dropped = false, asked = false;
    Dense& head = add(Dense({.units = 1, .input_dim = 2}));
    explicit Student(nn::Sequential& module) : other(module) {}
    Tensor forward(const Tensor& x) override {
      const Tensor h = (*other.children()[0].second)(x);
      dropped = numbers(h) != numbers(x);
      asked = other.training();
      (*other.children()[1].second)(x);
      return head(h);
    }
  } student(teacher);
  student.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = ones({30, 2});
  CHECK(student.train_on_batch(x, ones({30, 1})).loss < 100);
  CHECK_FALSE(student.dropped);
  CHECK(student.penalty().item() == 0);
  CHECK(teacher.penalty().item() == doctest::Approx(100.0 / 30));
  teacher.train();
  CHECK_FALSE(student.asked);
  student.predict(x);
  CHECK(student.dropped);
  CHECK(student.asked);
}

TEST_CASE("parts: grandchildren and shared layers are called by whoever is above them") {
  struct Whole : nn::Model {
    std::shared_ptr<Dense> shared = shared_dense();
    Shelf &first = add(Shelf(), "first"), &second = add(Shelf(), "second");
    nn::Dropout* dropout = nullptr;
    Whole() {
      first.share(shared);
      second.share(shared);
      dropout = &first.add(nn::Dropout(0.5));
    }
    Tensor forward(const Tensor& x) override { return (*dropout)((*shared)(second(first(x)))); }
  } model;
  const Tensor x = ones({1, 2});
  CHECK(model.parameters().size() == 2);
  CHECK(model.predict(x).to_vector<double>() == Numbers{8, 8});
  CHECK(model(x).requires_grad());
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.train_on_batch(ones({20, 2}), ones({20, 2}));
  CHECK(model.predict(x).to_vector<double>() != Numbers{8, 8});
}

TEST_CASE("parts: a dropout that is made in the first pass does not act in predict()") {
  struct Late : nn::Module {
    nn::Dropout* dropout = nullptr;
    void build(const Shape&) override { dropout = &add(nn::Dropout(0.5)); }
    Tensor forward(const Tensor& x) override { return (*dropout)(x); }
  };
  const Tensor x = ones({50, 2});
  nn::Sequential model{nn::Dropout(0.5), Late()};
  CHECK(numbers(model.predict(x)) == numbers(x));
  CHECK(numbers(model(x)) != numbers(x));

  // In training, and under a module that looks below itself.
  struct Looking : nn::Module {
    Late& late = add(Late());
    nn::Dropout& dropout = add(nn::Dropout(0.5));
    Tensor forward(const Tensor& some) override {
      CHECK_FALSE(dropout.training());
      const Tensor y = late(some);
      CHECK_FALSE(late.children()[0].second->training());
      return y;
    }
  };
  nn::Sequential other{Looking()};
  CHECK(numbers(other.predict(x)) == numbers(x));
}

TEST_CASE("parts: build() may call what it declares") {
  struct Probing : nn::Module {
    Dense* dense = nullptr;
    void build(const Shape& sample) override {
      Shape batch = sample;
      batch.insert(0, 1);
      dense = &add(Dense({.units = 2}));
      (*dense)(zeros(batch));
    }
    Tensor forward(const Tensor& x) override { return (*dense)(x); }
  };
  nn::Sequential model{nn::Dropout(0.5), Probing()};
  model.eval();
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK(model.predict(ones({3, 4})).shape() == Shape{3, 2});
  CHECK(model.parameter_count() == 10);
}
