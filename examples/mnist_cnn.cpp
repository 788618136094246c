// A convolutional network for MNIST: two convolutions with pooling, dropout, two dense layers. Test accuracy .992 and
// more after 12 epochs.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

int main(int argc, char** argv) try {
  const auto options =
      example::parse(argc, argv, "Trains a convolutional network on MNIST", {.epochs = 12, .batch_size = 128});

  auto [train, test] = example::load_mnist(options);
  auto x_train = expand_dims(data::scale(train.images), -1);  // float32 (60000, 28, 28, 1) in [0, 1]
  auto x_test = expand_dims(data::scale(test.images), -1);

  nn::Sequential model{
      nn::Input({28, 28, 1}), nn::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}),
      nn::MaxPooling2D(),     nn::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
      nn::MaxPooling2D(),     nn::Flatten(),
      nn::Dropout(0.4),       nn::Dense({.units = 128, .activation = "relu"}),
      nn::Dropout(0.4),       nn::Dense({.units = 10, .activation = "softmax"}),
  };
  model.summary();

  const auto steps = options.epochs * (x_train.shape()[0] / options.batch_size + 1);
  model.compile(
      {.optimizer = nn::Adam({.learning_rate = nn::cosine_decay({.learning_rate = 2e-3, .decay_steps = steps})}),
       .loss = "sparse_categorical_crossentropy",
       .metrics = {"accuracy"}});
  auto history = model.fit(x_train, train.labels,
                           {.batch_size = options.batch_size,
                            .epochs = options.epochs,
                            .verbose = options.verbose,
                            .validation_data = {x_test, test.labels}});

  auto test_score = model.evaluate(x_test, test.labels, {.verbose = options.verbose});
  std::cout << "\ntest loss " << test_score.loss << "\ntest accuracy " << test_score["accuracy"] << '\n';
  auto train_score = model.evaluate(x_train, train.labels, {.verbose = options.verbose});
  std::cout << "\ntrain loss " << train_score.loss << "\ntrain accuracy " << train_score["accuracy"] << '\n';
  example::save_history(options, history, test_score, train_score);
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
