// Are two images of the same digit? One network maps both to points, and learns to put points of the same digit close
// to each other (contrastive loss). Test accuracy of pairs .967 after 10 epochs.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

struct Pairs {
  nn::Tensors images;  // "left" and "right", (pairs, 784)
  xg::Tensor same;     // (pairs, 1): 1 if both are of the same digit
};

// Two pairs of every image: with the next one of its digit, and with the next one of another.
Pairs make_pairs(const data::LabelledImages& set) {
  const auto digits = set.labels.to_vector<std::int64_t>();
  const std::size_t count = digits.size();
  std::vector<std::int64_t> left, right;
  std::vector<float> same;
  for (std::size_t i = 0; i < count; ++i)
    for (const bool wanted : {true, false}) {
      std::size_t k = i + 1;
      while ((digits[k % count] == digits[i]) != wanted && k < i + count) ++k;
      left.push_back(static_cast<std::int64_t>(i));
      right.push_back(static_cast<std::int64_t>(k % count));
      same.push_back(digits[k % count] == digits[i] ? 1.0F : 0.0F);
    }
  const auto pixels = data::scale(data::flatten(set.images));
  const auto pairs = std::ssize(same);
  return {{{"left", take(pixels, xg::Array::from(left, {pairs}))},
           {"right", take(pixels, xg::Array::from(right, {pairs}))}},
          xg::Array::from(same, {pairs, 1})};
}

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains a siamese network on pairs of MNIST's images",
                                      {.epochs = 10, .batch_size = 128});
  auto [train, test] = example::load_mnist(options);
  const auto [x_train, y_train] = make_pairs(train);
  const auto [x_test, y_test] = make_pairs(test);

  auto left = nn::input({784}, "left"), right = nn::input({784}, "right");
  auto tower = nn::layer(
      nn::Sequential{
          nn::Dense({.units = 128, .activation = "relu"}),
          nn::Dropout(0.1),
          nn::Dense({.units = 128, .activation = "relu"}),
          nn::Dropout(0.1),
          nn::Dense({.units = 64}),
      },
      "tower");
  auto apart = nn::join({left >> tower, right >> tower}) >> nn::Subtract() >> nn::Activation([](const xg::Tensor& d) {
                 return sqrt(sum(square(d), {.axis = -1, .keepdims = true}) + 1e-7);
               });
  nn::Functional model({left, right}, apart);
  model.summary();

  const auto loss = [](const xg::Tensor& same, const xg::Tensor& d) { return nn::contrastive_loss(same, d); };
  const nn::Metric accuracy("accuracy", [](const xg::Tensor& same, const xg::Tensor& d) {
    return sum(astype((d < 0.5) == (same > 0.5), xg::float32)).item();
  });
  model.compile({.optimizer = "adam", .loss = loss, .metrics = {accuracy}});
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
