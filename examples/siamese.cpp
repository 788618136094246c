// Are two images of the same digit? One network maps both to points, and learns to put points of the same digit close
// to each other (contrastive loss). Test accuracy of pairs .97 and more after 10 epochs.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

struct Pairs {
  nn::Tensors images;  // "left" and "right", (pairs, 784)
  xg::Tensor same;     // (pairs, 1): 1 if both are of the same digit
};

// As many pairs as there are images: of every image with the next one of its digit, or with the next one of another.
Pairs make_pairs(const data::LabelledImages& set) {
  const auto digits = set.labels.to_vector<std::int64_t>();
  const auto count = static_cast<std::int64_t>(digits.size());
  std::vector<std::int64_t> partner;
  std::vector<float> same;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool wanted = i % 2 == 0;
    const auto digit_of = [&](std::int64_t k) { return digits[static_cast<std::size_t>(k % count)]; };
    std::int64_t k = i + 1;
    while ((digit_of(k) == digit_of(i)) != wanted && k < i + count) ++k;
    partner.push_back(k % count);
    same.push_back(digit_of(k) == digit_of(i) ? 1.0F : 0.0F);
  }
  const auto pixels = data::scale(data::flatten(set.images));
  const xg::Tensor other = take(pixels, xg::Array::from(partner, {count}));
  return {{{"left", pixels}, {"right", other}}, xg::Array::from(same, {count, 1})};
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
