// Learns to add: reads "27+85" letter by letter, then writes "112", by two LSTMs (after Sutskever and others, Sequence
// to sequence learning, 2014; the sum backwards is no help here). Letters of sums it has not seen: .986 right after 30
// epochs.
#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;

const std::string letters = " +0123456789";
constexpr std::int64_t question_length = 5, answer_length = 3;

struct Sums {
  xg::Tensor x, y;  // numbers of letters: (sums, question_length) and (sums, answer_length)
};

void append(std::vector<std::int64_t>& list, std::string text, std::int64_t length) {
  text.resize(static_cast<std::size_t>(length), ' ');
  for (const char letter : text) list.push_back(static_cast<std::int64_t>(letters.find(letter)));
}

// The sums of two numbers below 100, in random order, from that one on.
Sums sums(const xg::Array& order, std::int64_t start, std::int64_t count) {
  std::vector<std::int64_t> questions, answers;
  for (std::int64_t i = start; i < start + count; ++i) {
    const std::int64_t pair = order.data<std::int64_t>()[i], a = pair / 100, b = pair % 100;
    append(questions, std::to_string(a) + '+' + std::to_string(b), question_length);
    append(answers, std::to_string(a + b), answer_length);
  }
  return {xg::Array::from(questions, {count, question_length}), xg::Array::from(answers, {count, answer_length})};
}

std::string text_of(const xg::Tensor& numbers) {
  std::string text;
  for (const auto number : numbers.to_vector<std::int64_t>()) text += letters[static_cast<std::size_t>(number)];
  return text;
}

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains two LSTMs to add numbers that they read and write as text",
                                      {.epochs = 30, .batch_size = 64, .kind = example::Data::none});
  xg::Generator generator = xg::new_generator();
  const xg::Array order = generator.permutation(100 * 100);
  const auto rows = options.samples > 0 ? std::min<std::int64_t>(options.samples, 8'000) : 8'000;
  const auto train = sums(order, 0, rows), test = sums(order, 8'000, 2'000);
  const auto one_hot = [](const xg::Tensor& x) { return xg::one_hot(x, static_cast<std::int64_t>(letters.size())); };

  nn::Sequential model{
      nn::LSTM({.units = 128}),
      nn::RepeatVector(answer_length),
      nn::LSTM({.units = 128, .return_sequences = true}),
      nn::Dense({.units = static_cast<std::int64_t>(letters.size()), .activation = "softmax"}),
  };
  model.compile({.optimizer = nn::Adam({.learning_rate = 3e-3, .gradient_transforms = {nn::clip_by_global_norm(1.0)}}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  auto history = model.fit(one_hot(train.x), train.y,
                           {.batch_size = options.batch_size,
                            .epochs = options.epochs,
                            .verbose = options.verbose,
                            .validation_data = {one_hot(test.x), test.y}});
  model.summary();

  const auto shown = slice(test.x, 0, {.stop = 5});
  const auto written = argmax(model.predict(one_hot(shown)), {.axis = -1});
  for (std::int64_t i = 0; i < 5; ++i)
    std::cout << text_of(select(shown, i)) << " = " << text_of(select(written, i)) << '\n';
  auto test_score = model.evaluate(one_hot(test.x), test.y, {.verbose = options.verbose});
  auto train_score = model.evaluate(one_hot(train.x), train.y, {.verbose = options.verbose});
  std::cout << "\ntest accuracy of letters " << test_score["accuracy"] << '\n';
  example::save_history(options, history, test_score, train_score);
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
