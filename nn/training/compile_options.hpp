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

/// A loss for all outputs of a model, or one for each: in their order, or by their names,
/// `{{"digit", "categorical_crossentropy"}, {"parity", "binary_crossentropy"}}`.
class XG_API Losses {
 public:
  /// The loss of one output; without its name the place in the list counts.
  struct Entry {
    /// Of the output at this place.
    template <class L>
    requires std::constructible_from<Loss, L, std::source_location> Entry(
        L choice, std::source_location where = std::source_location::current())
        : loss(std::move(choice), where) {}
    /// Of the output at this place.
    Entry(Loss of_place) : loss(std::move(of_place)) {}
    /// Of the output of that name.
    template <class L>
    requires std::constructible_from<Loss, L, std::source_location> Entry(
        std::string name, L choice, std::source_location where = std::source_location::current())
        : output(std::move(name)), loss(std::move(choice), where) {}
    /// Of the output of that name.
    Entry(std::string name, Loss of_name) : output(std::move(name)), loss(std::move(of_name)) {}

    std::string output = {};  ///< its name; empty: by place
    Loss loss;                ///< what is made small
  };

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

/// A metric for all outputs of a model, or for the one of that name: `{"digit", "accuracy"}`.
struct OutputMetric {
  /// For all.
  template <class M>
  requires std::constructible_from<MetricChoice, M, std::source_location> OutputMetric(
      M choice, std::source_location where = std::source_location::current())
      : metric(std::move(choice), where) {}
  /// For all.
  OutputMetric(Metric choice) : metric(std::move(choice)) {}
  /// For all.
  OutputMetric(MetricChoice choice) : metric(std::move(choice)) {}
  /// For one.
  template <class M>
  requires std::constructible_from<MetricChoice, M, std::source_location> OutputMetric(
      std::string name, M choice, std::source_location where = std::source_location::current())
      : output(std::move(name)), metric(std::move(choice), where) {}
  /// For one.
  OutputMetric(std::string name, Metric choice) : output(std::move(name)), metric(std::move(choice)) {}

  std::string output = {};  ///< its name; empty: all
  MetricChoice metric;      ///< what is shown
};

/// What compile() wants to know.
struct CompileOptions {
  OptimizerChoice optimizer = {};                                 ///< how parameters change
  Losses loss = {};                                               ///< what is made small
  std::vector<OutputMetric> metrics = {};                         ///< what is shown beside it
  std::vector<std::pair<std::string, double>> loss_weights = {};  ///< of outputs by name; the others count once
};

}  // namespace xg::nn
