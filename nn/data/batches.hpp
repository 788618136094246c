#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>

#include "autograd/tensor.hpp"
#include "lib/random.hpp"
#include "nn/data/mnist.hpp"
#include "nn/tensors.hpp"

namespace xg::data {

/// The options of batches().
struct BatchOptions {
  std::int64_t size = 32;  ///< of every batch but the last, which may be smaller
  bool shuffle = false;    ///< a new order each time the batches are walked
  bool drop_last = false;  ///< leave out a last batch that is short
};

/// Samples and what belongs to them, cut along their first axes: a Tensor each, or Tensors.
template <class Samples>
struct BatchOf {
  Samples x;  ///< samples
  Samples y;  ///< what belongs to them
};
/// One tensor of samples.
using Batch = BatchOf<Tensor>;

/// The number of a batch, with the user's line.
struct BatchIndex {
  /// Counted from 0.
  BatchIndex(std::int64_t index, std::source_location line = std::source_location::current())
      : number(index), where(line) {}

  std::int64_t number;         ///< counted from 0
  std::source_location where;  ///< the user's line
};

/// The batches of a data set, as a range: `for (auto [x, y] : data::batches(x_train, y_train, {.size = 32}))`. Every
/// walk is an epoch: with shuffle, the order of the last one is shuffled again.
template <class Samples>
class XG_API BatchesOf {
 public:
  /// Different lengths of x and y are a ShapeError, undefined ones or a size below 1 a ValueError.
  BatchesOf(const Samples& x, const Samples& y, const BatchOptions& options, std::source_location where);

  /// How many there are in all.
  std::int64_t samples() const { return samples_; }
  /// How many batches an epoch has.
  std::int64_t count() const;
  /// How many samples an epoch has: all, but for those of a short last batch that is left out.
  std::int64_t walked() const { return options_.drop_last ? count() * options_.size : samples_; }
  /// Batch `index` in the present order. One outside [0, count()) is a ValueError.
  BatchOf<Samples> operator[](BatchIndex index) const;
  /// Puts the samples into a new random order.
  void shuffle();

  /// Walks through an epoch.
  class Iterator {
   public:
    /// At that batch.
    Iterator(const BatchesOf* batches, std::int64_t index) : batches_(batches), index_(index) {}
    /// The batch.
    BatchOf<Samples> operator*() const { return (*batches_)[index_]; }
    /// The next one.
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    /// False at the end.
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const BatchesOf* batches_;
    std::int64_t index_;
  };
  /// Begins an epoch: shuffles, if it was asked for.
  Iterator begin();
  /// Behind the last batch.
  Iterator end() const { return {this, count()}; }

 private:
  Samples x_, y_;
  std::int64_t samples_;
  BatchOptions options_;
  std::optional<Generator> generator_;  ///< only of those that shuffle: others leave later generators alone
  Array order_;
};

extern template class BatchesOf<Tensor>;
extern template class BatchesOf<nn::Tensors>;

/// The batches of one tensor.
using Batches = BatchesOf<Tensor>;

/// The batches of x and what belongs to it, whose first axes must be equally long (else a ShapeError).
XG_API Batches batches(const Tensor& x, const Tensor& y, const BatchOptions& options = {},
                       std::source_location where = std::source_location::current());
/// The same for several inputs or outputs: `auto [x, y]` are Tensors then.
template <std::same_as<nn::Tensors> List>
BatchesOf<nn::Tensors> batches(const List& x, const List& y, const BatchOptions& options = {},
                               std::source_location where = std::source_location::current()) {
  return BatchesOf<nn::Tensors>(x, y, options, where);
}
/// The images and labels of a labelled set.
XG_API Batches batches(const LabelledImages& set, const BatchOptions& options = {},
                       std::source_location where = std::source_location::current());

}  // namespace xg::data
