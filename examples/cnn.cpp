// A convolutional network for MNIST, with a layer of its own that makes its parameters when it sees its first input.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;

struct Conv2D : nn::Layer {
  explicit Conv2D(std::int64_t count) : filters(count) {}
  void build(const xg::Shape& image) override {
    kernel = add_weight("kernel", {3, 3, image.back(), filters}, "he_uniform");
    bias = add_weight("bias", {filters}, "zeros");
  }
  xg::Tensor forward(const xg::Tensor& x) override { return max_pool2d(relu(conv2d(x, kernel, {.bias = bias}))); }
  std::int64_t filters;
  nn::Parameter kernel, bias;
};

int main(int argc, char** argv) try {
  const auto args = example::parse(argc, argv, "Trains a convolutional network on MNIST", {.epochs = 1});
  auto [train, test] = xg::data::load_mnist({.dir = args.data});
  const auto x = [](const auto& set) { return xg::expand_dims(xg::data::scale(set.images), -1); };
  nn::Sequential model{Conv2D(16), Conv2D(32), nn::Flatten(), nn::Dense({.units = 10, .activation = "softmax"})};
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  model.fit(x(train), train.labels, {.batch_size = args.batch_size, .epochs = args.epochs, .verbose = args.verbose});
  std::cout << "test accuracy " << model.evaluate(x(test), test.labels, {.verbose = 0})["accuracy"] << '\n';
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
