// The training loop by hand: a model of your own, Adam, and every step in sight.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

struct Net : nn::Model {
  nn::Dense& hidden =
      add(nn::Dense({.units = 128, .input_dim = 784, .activation = "relu", .kernel_regularizer = nn::l2(1e-5)}));
  nn::Dropout& dropout = add(nn::Dropout(0.2));
  nn::Dense& output = add(nn::Dense({.units = 10, .activation = "softmax"}), "output");

  xg::Tensor forward(const xg::Tensor& x) override { return output(dropout(hidden(x))); }
};

double accuracy(Net& net, const xg::Tensor& x, const xg::Tensor& labels) {
  const xg::NoGrad values_only;
  net.eval();
  const auto hits = xg::argmax(net(x), {.axis = -1}) == labels;
  net.train();
  return xg::mean(hits).item();
}

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains a network with a hand-written loop", {.epochs = 3});

  auto [train, test] = data::load_mnist({.dir = options.data});
  auto x_train = data::scale(data::flatten(train.images));
  auto x_test = data::scale(data::flatten(test.images));

  Net net;
  nn::Adam optimizer(net.parameters(), {.learning_rate = 0.001});
  auto batches = data::batches(x_train, train.labels, {.size = options.batch_size, .shuffle = true});

  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    double total = 0;
    for (auto [x, y] : batches) {
      auto prediction = net(x);
      auto loss = nn::sparse_categorical_crossentropy(y, prediction) + net.penalty();
      loss.backward();
      optimizer.step();
      optimizer.zero_grad();
      total += loss.item();
    }
    std::cout << "epoch " << epoch << ": loss " << total / static_cast<double>(batches.count()) << ", test accuracy "
              << accuracy(net, x_test, test.labels) << std::endl;
  }
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
