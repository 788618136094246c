#pragma once

#include <cstddef>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/lookup.hpp"
#include "nn/parameter_list.hpp"

namespace xg::nn {

/// The gradient of one parameter on its way from backward() to the update.
class XG_API Gradient {
 public:
  /// Of the parameter at that place of the optimizer's list.
  Gradient(std::size_t index, const NamedTensor& parameter, Array gradient)
      : index_(index), parameter_(&parameter), gradient_(std::move(gradient)) {}

  /// The place of the parameter in the optimizer's list.
  std::size_t index() const { return index_; }
  /// The parameter's path.
  const std::string& name() const { return parameter_->name; }
  /// The parameter itself.
  const Tensor& leaf() const { return parameter_->value; }
  /// The parameter's value.
  const Array& parameter() const { return parameter_->value.array(); }
  /// The gradient, in the parameter's shape and dtype. It may share its elements: replace it by set().
  const Array& value();
  /// Replaces it. Another shape or dtype is a ShapeError.
  void set(const Array& gradient, std::source_location where = std::source_location::current());

  /// Lets decay * parameter be a part of it: added by the update on its way, or by value() if somebody asks before.
  void set_decay(double decay) { decay_ = decay; }
  /// What is still to be added; 0 once it was.
  double decay() const { return decay_; }
  /// The same gradient without what is still to be added.
  const Array& without_decay() const { return gradient_; }
  /// The sum of the squares of the parameter that value() has found on its way.
  double squares() const { return squares_; }

 private:
  std::size_t index_;
  const NamedTensor* parameter_;
  Array gradient_;
  double decay_ = 0;
  double squares_ = 0;
};

/// The gradients of a step: of the parameters that have one.
class XG_API Gradients : public std::vector<Gradient, pool::Allocator<Gradient>> {
 public:
  /// Of some of these parameters, which must live as long.
  explicit Gradients(const std::vector<NamedTensor>& parameters) : parameters_(&parameters) {}
  /// Adds that of a parameter which has none in this step, unless it is frozen or the optimizer's no more.
  void add(const Tensor& leaf, const Array& gradient);

 private:
  const std::vector<NamedTensor>* parameters_;
};

/// A stage between backward() and the update, given to an optimizer: it may change the gradients of all parameters, or
/// keep them back (returning false), so that nothing is updated this time. If it throws, the step has not happened. A
/// function of the user's that returns nothing keeps nothing back:
/// ```cpp
/// nn::SGD({.gradient_transforms = {nn::clip_by_global_norm(1.0), nn::accumulate(4)}})
/// optimizer.add_transform([](nn::Gradients& gradients) {
///   for (auto& g : gradients) g.set(xg::sign(xg::Tensor(g.value())).array());
/// });
/// ```
class XG_API GradientTransform {
 public:
  /// Changes the gradients; false keeps them back.
  using Function = std::function<bool(Gradients& gradients)>;

  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires std::is_invocable_v<F&, Gradients&> GradientTransform(
      F function, std::source_location where = std::source_location::current())
      : GradientTransform("custom", wrapped(std::move(function), where)) {}
  /// One with a name. A null function is a ValueError.
  GradientTransform(std::string name, Function function, std::source_location where = std::source_location::current())
      : name_(std::move(name)), function_(given_function("gradient transform", std::move(function), where)) {}

  /// "clip_by_value", ...
  const std::string& name() const { return name_; }
  /// Calls it.
  bool operator()(Gradients& gradients) { return function_(gradients); }

 private:
  template <class F>
  static Function wrapped(F function, std::source_location where) {
    if constexpr (std::is_constructible_v<bool, const F&>)
      check_given("gradient transform", "function", function, where);
    return [function = std::move(function)](Gradients& gradients) mutable {
      if constexpr (std::is_void_v<std::invoke_result_t<F&, Gradients&>>) {
        function(gradients);
        return true;
      } else {
        return static_cast<bool>(function(gradients));
      }
    };
  }

  std::string name_;
  Function function_;
};

/// Each element into [-limit, limit]. A limit that is not positive is a ValueError.
XG_API GradientTransform clip_by_value(double limit, std::source_location where = std::source_location::current());
/// Each parameter's gradient is scaled down so that its Euclidean norm is at most `limit`.
XG_API GradientTransform clip_by_norm(double limit, std::source_location where = std::source_location::current());
/// All gradients are scaled down together so that the norm of all their elements is at most `limit` (Pascanu, Mikolov,
/// Bengio 2013).
XG_API GradientTransform clip_by_global_norm(double limit,
                                             std::source_location where = std::source_location::current());
/// Updates once in `steps` steps, by the mean of their gradients: steps batches of n count as one of steps * n. Fewer
/// than one is a ValueError.
XG_API GradientTransform accumulate(int steps, std::source_location where = std::source_location::current());

}  // namespace xg::nn
