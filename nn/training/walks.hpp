#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "lib/extent.hpp"
#include "nn/data/batches.hpp"
#include "nn/training/batch_source.hpp"
#include "nn/training/weights.hpp"

// How fit(), evaluate() and predict() walk through samples and data sets.

namespace xg::nn {

/// The batches of tensors, in their order.
BatchSource::Next walk_of(const Tensors& x, const Tensors& y, const Tensors& weights, std::int64_t size);

/// One walk through a data set, or so many batches of it, beginning anew where it ends; batches are checked.
BatchSource::Next walk_of(const char* call, const BatchSource& source, std::int64_t steps, std::source_location where);

/// A ValueError for none.
void check_source(const char* call, const BatchSource& source, std::source_location where);
/// A ValueError for weights beside a data set, which has its own.
void check_no_weights(const char* call, const Tensors& weights, std::source_location where);
/// How many batches are walked: as many as are wanted, or as there are; -1 if that is not known.
std::int64_t walked_steps(const char* call, const BatchSource& source, std::int64_t wanted, std::source_location where);

/// Samples, what belongs to them and what they count, as a range of batches. The generator of those that shuffle is
/// made when the first walk begins: what is refused before draws no numbers.
class WeightedBatches {
 public:
  /// Of tensors that fit together; the weights may be empty.
  WeightedBatches(const Tensors& x, const Tensors& y, const Tensors& weights, const data::BatchOptions& options,
                  std::source_location where);

  /// Walks through an epoch.
  class Iterator {
   public:
    /// At that place.
    Iterator(const WeightedBatches* whole, data::BatchesOf<Tensors>::Iterator place) : whole_(whole), place_(place) {}
    /// The batch.
    WeightedBatch operator*() const { return whole_->parted(*place_); }
    /// The next one.
    Iterator& operator++() {
      ++place_;
      return *this;
    }
    /// False at the end.
    bool operator!=(const Iterator& other) const { return place_ != other.place_; }

   private:
    const WeightedBatches* whole_;
    data::BatchesOf<Tensors>::Iterator place_;
  };
  /// Begins an epoch.
  Iterator begin();
  /// Behind the last batch, once one was begun.
  Iterator end() const { return {this, batches_->end()}; }
  /// How many batches an epoch has.
  std::int64_t count() const { return divide_up(samples_, options_.size); }
  /// How many samples an epoch has.
  std::int64_t walked() const { return samples_; }

 private:
  WeightedBatch parted(data::BatchOf<Tensors> batch) const;

  Tensors x_, y_;  ///< weights are cut as targets are, behind them
  std::vector<std::string> target_names_, weight_names_;
  std::int64_t samples_;
  data::BatchOptions options_;
  std::source_location where_;
  std::optional<data::BatchesOf<Tensors>> batches_;
};

/// The batches of the epochs of a run: each a walk of its own, or so many batches of walks behind each other.
class EpochWalk {
 public:
  /// So many batches are an epoch; with 0, all of a walk.
  EpochWalk(const BatchSource& source, std::int64_t steps, std::source_location where);
  /// Lets each batch be checked, as those of users must be, and weighted by its classes.
  void check(const ClassWeights& class_weight, const Losses& losses);

  /// The first batch, which is given again by next().
  const WeightedBatch& first();
  /// An epoch begins.
  void begin();
  /// The next batch of the epoch, or none.
  std::optional<WeightedBatch> next();

 private:
  const BatchSource& source_;
  std::int64_t steps_, done_ = 0;
  const ClassWeights* class_weight_ = nullptr;
  const Losses* losses_ = nullptr;  ///< null: nothing is checked
  std::source_location where_;
  BatchSource::Next next_;
  std::optional<WeightedBatch> ahead_;
};

}  // namespace xg::nn
