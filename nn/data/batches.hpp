#pragma once

#include <cstdint>
#include <source_location>

#include "autograd/tensor.hpp"
#include "lib/random.hpp"
#include "nn/data/mnist.hpp"

namespace xg::data {

/// The options of batches().
struct BatchOptions {
  std::int64_t size = 32;  ///< of every batch but the last, which may be smaller
  bool shuffle = false;    ///< a new order each time the batches are walked
  bool drop_last = false;  ///< leave out a last batch that is short
};

/// Samples and what belongs to them, cut along their first axes.
struct Batch {
  Tensor x;  ///< samples
  Tensor y;  ///< what belongs to them
};

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
class XG_API Batches {
 public:
  /// Different lengths of x and y are a ShapeError, undefined ones or a size below 1 a ValueError.
  Batches(const Tensor& x, const Tensor& y, const BatchOptions& options, std::source_location where);

  /// How many there are in all.
  std::int64_t samples() const { return samples_; }
  /// How many batches an epoch has.
  std::int64_t count() const;
  /// Batch `index` in the present order. One outside [0, count()) is a ValueError.
  Batch operator[](BatchIndex index) const;
  /// Puts the samples into a new random order.
  void shuffle();

  /// Walks through an epoch.
  class Iterator {
   public:
    /// At that batch.
    Iterator(const Batches* batches, std::int64_t index) : batches_(batches), index_(index) {}
    /// The batch.
    Batch operator*() const { return (*batches_)[index_]; }
    /// The next one.
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    /// False at the end.
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Batches* batches_;
    std::int64_t index_;
  };
  /// Begins an epoch: shuffles, if it was asked for.
  Iterator begin();
  /// Behind the last batch.
  Iterator end() const { return {this, count()}; }

 private:
  Array x_, y_;
  std::int64_t samples_;
  BatchOptions options_;
  Generator generator_;
  Array order_;
};

/// The batches of x and what belongs to it, whose first axes must be equally long (else a ShapeError).
XG_API Batches batches(const Tensor& x, const Tensor& y, const BatchOptions& options = {},
                       std::source_location where = std::source_location::current());
/// The images and labels of a labelled set.
XG_API Batches batches(const LabelledImages& set, const BatchOptions& options = {},
                       std::source_location where = std::source_location::current());

}  // namespace xg::data
