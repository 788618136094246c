// A small residual network in the functional style: layers are called one by one, and what a layer gives can be used
// several times. It tells a digit, and beside that whether it is odd. Test accuracy of the digits .98 after 4
// epochs.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

// Two convolutions, around which the input goes too.
nn::Symbolic residual(const nn::Symbolic& x, std::int64_t filters) {
  auto y = x >> nn::Conv2D({.filters = filters, .kernel_size = 3, .padding = "same", .activation = "relu"}) >>
           nn::Conv2D({.filters = filters, .kernel_size = 3, .padding = "same"});
  return nn::join({x, y}) >> nn::Add() >> nn::Activation("relu");
}

nn::Tensors targets(const data::LabelledImages& set) {
  return {{"digit", set.labels}, {"odd", expand_dims(remainder(set.labels, 2), -1)}};
}

int main(int argc, char** argv) try {
  const auto options =
      example::parse(argc, argv, "Trains a residual network of two outputs on MNIST", {.epochs = 4, .batch_size = 64});
  auto [train, test] = example::load_mnist(options);
  auto x_train = expand_dims(data::scale(train.images), -1);
  auto x_test = expand_dims(data::scale(test.images), -1);

  auto image = nn::input({28, 28, 1}, "image");
  auto x =
      image >> nn::Conv2D({.filters = 16, .kernel_size = 5, .strides = 2, .activation = "relu"}) >> nn::MaxPooling2D();
  x = residual(residual(x, 16), 16) >> nn::GlobalAveragePooling2D();
  auto digit = x >> nn::layer(nn::Dense({.units = 10, .activation = "softmax"}), "digit");
  auto odd = x >> nn::layer(nn::Dense({.units = 1, .activation = "sigmoid"}), "odd");
  nn::Functional model(image, {{"digit", digit}, {"odd", odd}});
  model.summary();

  model.compile({.optimizer = nn::Adam({.learning_rate = 2e-3}),
                 .loss = {{"digit", "sparse_categorical_crossentropy"}, {"odd", "binary_crossentropy"}},
                 .metrics = {"accuracy"},
                 .loss_weights = {{"odd", 0.5}}});
  auto history = model.fit(x_train, targets(train),
                           {.batch_size = options.batch_size, .epochs = options.epochs, .verbose = options.verbose});

  auto test_score = model.evaluate(x_test, targets(test), {.verbose = options.verbose});
  auto train_score = model.evaluate(x_train, targets(train), {.verbose = options.verbose});
  std::cout << "\ndigit " << test_score["digit_accuracy"] << ", odd " << test_score["odd_accuracy"] << '\n';
  example::save_history(options, history, test_score, train_score);
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
