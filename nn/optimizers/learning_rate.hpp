#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include "nn/arguments.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

/// The learning rate of an optimizer: a number, or a function that gives that of each step, counted from 0. Those of
/// nn/schedules.hpp are such functions:
/// ```cpp
/// nn::SGD({.learning_rate = 0.1});
/// nn::SGD({.learning_rate = nn::cosine_decay({.learning_rate = 0.1, .decay_steps = 10'000})});
/// nn::SGD({.learning_rate = [](std::int64_t step) { return step < 1000 ? 0.1 : 0.01; }});
/// ```
/// The function is called once in each step, before anything changes. Copies share it.
class XG_API LearningRate {
 public:
  /// The rate of a step.
  using Function = std::function<double(std::int64_t step)>;

  /// True for what is a rate.
  template <class T>
  static constexpr bool is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;
  /// True for what gives the rate of a step.
  template <class T>
  static constexpr bool is_function =
      !std::is_same_v<T, LearningRate> && std::is_invocable_r_v<double, T&, std::int64_t>;

  /// The same rate in every step.
  template <class Number>
  requires is_number<Number> LearningRate(Number rate) : rate_(static_cast<double>(rate)) {}
  /// A function of the step. Null is a ValueError.
  template <class F>
  requires is_function<F> LearningRate(F function, std::source_location where = std::source_location::current())
      : schedule_(
            std::make_shared<const Function>(given_function("learning rate", Function(std::move(function)), where))) {}

  /// That of a step.
  double operator()(std::int64_t step) const { return schedule_ ? (*schedule_)(step) : rate_; }
  /// True for a number.
  bool is_constant() const { return !schedule_; }
  /// Names it `learning_rate`, a number: for a function, its first one. Another number that is given takes its place.
  void visit(Arguments& arguments);

 private:
  double rate_ = 0;
  std::shared_ptr<const Function> schedule_;  ///< null for a number
};

}  // namespace xg::nn
