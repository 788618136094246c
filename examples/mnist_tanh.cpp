// The tutorial's first program: two tanh layers and a softmax, trained on MNIST.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains a plain tanh network on MNIST");

  auto [train, test] = data::load_mnist({.dir = options.data});  // uint8 (60000, 28, 28) and (60000)
  auto x_train = data::scale(data::flatten(train.images));       // float32 (60000, 784) in [0, 1]
  auto y_train = data::to_categorical(train.labels, 10);
  auto x_test = data::scale(data::flatten(test.images));
  auto y_test = data::to_categorical(test.labels, 10);

  nn::Sequential model{
      nn::Dense({.units = 200, .input_dim = 784, .bias_initializer = "zeros", .activation = "tanh"}),
      nn::Dense({.units = 100, .bias_initializer = "zeros", .activation = "tanh"}),
      nn::Dense({.units = 10, .bias_initializer = "zeros", .activation = "softmax"}),
  };

  model.compile(
      {.optimizer = nn::SGD({.learning_rate = 0.2}), .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
  auto history = model.fit(x_train, y_train,
                           {.batch_size = options.batch_size, .epochs = options.epochs, .verbose = options.verbose});

  auto test_score = model.evaluate(x_test, y_test, {.verbose = options.verbose});
  std::cout << "\ntest loss " << test_score.loss << "\ntest accuracy " << test_score["accuracy"] << '\n';
  auto train_score = model.evaluate(x_train, y_train, {.verbose = options.verbose});
  std::cout << "\ntrain loss " << train_score.loss << "\ntrain accuracy " << train_score["accuracy"] << '\n';

  example::save_history(options, history, test_score, train_score);
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
