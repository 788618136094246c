#pragma once

#include <concepts>
#include <initializer_list>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "nn/losses.hpp"
#include "nn/metrics.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// A loss or a metric, and the output of a model that it is for; without a name its place in a list counts, or all are
/// meant: `{"digit", "accuracy"}`.
template <class Choice>
struct OfOutput {
  /// Without a name.
  template <class C>
  requires std::constructible_from<Choice, C, std::source_location> OfOutput(
      C given, std::source_location where = std::source_location::current())
      : choice(std::move(given), where) {}
  /// Without a name.
  template <class C>
  requires(std::constructible_from<Choice, C> && !std::constructible_from<Choice, C, std::source_location>)
      OfOutput(C given)
      : choice(std::move(given)) {}
  /// Of the output of that name.
  template <class C>
  requires std::constructible_from<Choice, C, std::source_location> OfOutput(
      std::string name, C given, std::source_location where = std::source_location::current())
      : output(std::move(name)), choice(std::move(given), where) {}
  /// Of the output of that name.
  template <class C>
  requires(std::constructible_from<Choice, C> && !std::constructible_from<Choice, C, std::source_location>)
      OfOutput(std::string name, C given)
      : output(std::move(name)), choice(std::move(given)) {}

  std::string output = {};  ///< its name; may be empty
  Choice choice;            ///< what was chosen
};

/// A metric for all outputs of a model, or for the one of that name.
using OutputMetric = OfOutput<MetricChoice>;

/// A loss for all outputs of a model, or one for each: in their order, or by their names,
/// `{{"digit", "categorical_crossentropy"}, {"parity", "binary_crossentropy"}}`.
class XG_API Losses {
 public:
  /// The loss of one output.
  using Entry = OfOutput<Loss>;

  Losses() = default;
  /// One for every output.
  template <class L>
  requires std::constructible_from<Loss, L, std::source_location> Losses(
      L loss, std::source_location where = std::source_location::current())
      : for_all_(std::move(loss), where) {}
  /// One for every output.
  Losses(Loss loss) : for_all_(std::move(loss)) {}
  /// One for each.
  Losses(std::initializer_list<Entry> entries) : entries_(entries) {}

  /// False if none was given.
  explicit operator bool() const { return static_cast<bool>(for_all_) || !entries_.empty(); }
  /// That of the output of that name, at that place of so many. There being none is a ValueError.
  const Loss& of(const std::string& output, std::size_t place, std::size_t count) const;
  /// The names, if all have one.
  std::vector<std::string> names() const;

 private:
  Loss for_all_;
  std::vector<Entry> entries_;
};

/// What compile() wants to know.
struct CompileOptions {
  OptimizerChoice optimizer = {};                                 ///< how parameters change
  Losses loss = {};                                               ///< what is made small
  std::vector<OutputMetric> metrics = {};                         ///< what is shown beside it
  std::vector<std::pair<std::string, double>> loss_weights = {};  ///< of outputs by name; the others count once
  std::vector<OutputMetric> weighted_metrics = {};                ///< metrics in which samples count what they weigh
  bool show_penalty = false;  ///< whether "data_loss" and "penalty", which add up to "loss", are shown beside it
};

}  // namespace xg::nn
