// Two inputs and two outputs: the halves of an image; its digit, and whether that is odd.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

struct Halves : nn::Model {
  nn::Dense& upper = add(nn::Dense({.units = 64, .activation = "relu"}));
  nn::Dense& lower = add(nn::Dense({.units = 64, .activation = "relu"}));
  nn::Dense& digit = add(nn::Dense({.units = 10, .activation = "softmax"}));
  nn::Dense& odd = add(nn::Dense({.units = 1, .activation = "sigmoid"}));

  nn::Tensors forward_many(const nn::Tensors& x) override {
    const auto both = xg::concatenate({upper(x["upper"]), lower(x["lower"])}, -1);
    return {{"digit", digit(both)}, {"odd", odd(both)}};
  }
};

nn::Tensors inputs(const data::LabelledImages& set) {
  const auto pixels = data::scale(data::flatten(set.images));
  return {{"upper", slice(pixels, 1, {.stop = 392})}, {"lower", slice(pixels, 1, {.start = 392})}};
}

nn::Tensors targets(const data::LabelledImages& set) {
  return {{"digit", set.labels}, {"odd", expand_dims(remainder(set.labels, 2), -1)}};
}

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains a network of two inputs and two outputs", {.epochs = 2});
  auto [train, test] = data::load_mnist({.dir = options.data});
  Halves model;
  model.compile({.optimizer = "adam",
                 .loss = {{"digit", "sparse_categorical_crossentropy"}, {"odd", "binary_crossentropy"}},
                 .metrics = {"accuracy"},
                 .loss_weights = {{"odd", 0.5}}});
  model.fit(inputs(train), targets(train),
            {.batch_size = options.batch_size, .epochs = options.epochs, .verbose = options.verbose});
  const auto score = model.evaluate(inputs(test), targets(test), {.verbose = options.verbose});
  std::cout << "\ndigit " << score["digit_accuracy"] << ", odd " << score["odd_accuracy"] << '\n';
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
