#include "nn/training/walks.hpp"

#include <utility>

#include "nn/training/samples.hpp"

namespace xg::nn {
namespace {

/// Targets with the weights behind them, without names: the two may share some.
Tensors with_weights(const Tensors& y, const Tensors& weights) {
  Tensors all;
  for (const auto& [name, value] : y) all.push_back({"", value});
  for (const auto& [name, value] : weights) all.push_back({"", value});
  return all;
}

std::vector<std::string> names_of(const Tensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, value] : tensors) names.push_back(name);
  return names;
}

/// An error unless the batch of a data set is one.
void check_batch(const char* call, const WeightedBatch& batch, bool has_targets, std::source_location where) {
  check_samples(call, batch.x, has_targets ? batch.y : batch.x, 1, where);
  if (has_targets && is_given(batch.sample_weight)) check_weights(call, batch.sample_weight, batch.y, where);
}

}  // namespace

void check_source(const char* call, const BatchSource& source, std::source_location where) {
  if (!source) throw ValueError(concat(call, ": no data set was given"), where);
}

void check_no_weights(const char* call, const Tensors& weights, std::source_location where) {
  if (is_given(weights))
    throw ValueError(
        concat(call, ": sample_weight is for tensors: let the batches of the data set have a sample_weight"), where);
}

std::int64_t walked_steps(const char* call, const BatchSource& source, std::int64_t wanted,
                          std::source_location where) {
  if (wanted < 0) throw ValueError(concat(call, ": the number of steps must not be negative, got ", wanted), where);
  return wanted > 0 ? wanted : source.batches();
}

BatchSource::Next walk_of(const Tensors& x, const Tensors& y, const Tensors& weights, std::int64_t size) {
  return [&x, &y, &weights, size, samples = count_of(x),
          start = std::int64_t{0}]() mutable -> std::optional<WeightedBatch> {
    if (start >= samples) return std::nullopt;
    const std::int64_t from = std::exchange(start, start + size), count = std::min(size, samples - from);
    return WeightedBatch{rows_of(x, from, count), rows_of(y, from, count), rows_of(weights, from, count)};
  };
}

BatchSource::Next walk_of(const char* call, const BatchSource& source, std::int64_t steps, std::source_location where) {
  walked_steps(call, source, steps, where);
  const bool has_targets = std::string_view(call) != "predict";
  return [=, &source, next = source.walk(), done = std::int64_t{0}]() mutable -> std::optional<WeightedBatch> {
    if (steps > 0 && done == steps) return std::nullopt;
    auto batch = next();
    if (!batch && steps > 0) batch = (next = source.walk())();
    if (!batch && steps == 0) return std::nullopt;
    if (!batch) throw ValueError(concat(call, ": the data set gave no batch"), where);
    check_batch(call, *batch, has_targets, where);
    ++done;
    return batch;
  };
}

WeightedBatches::WeightedBatches(const Tensors& x, const Tensors& y, const Tensors& weights,
                                 const data::BatchOptions& options, std::source_location where)
    : x_(x),
      y_(weights.empty() ? y : with_weights(y, weights)),
      target_names_(names_of(y)),
      weight_names_(names_of(weights)),
      samples_(count_of(x)),
      options_(options),
      where_(where) {}

WeightedBatches::Iterator WeightedBatches::begin() {
  if (!batches_) batches_.emplace(x_, y_, options_, where_);
  return {this, batches_->begin()};
}

WeightedBatch WeightedBatches::parted(data::BatchOf<Tensors> batch) const {
  if (weight_names_.empty()) return {std::move(batch.x), std::move(batch.y)};
  WeightedBatch parts{.x = std::move(batch.x)};
  for (std::size_t i = 0; i < batch.y.size(); ++i) {
    const std::size_t targets = target_names_.size();
    if (i < targets)
      parts.y.push_back({target_names_[i], batch.y[i]});
    else
      parts.sample_weight.push_back({weight_names_[i - targets], batch.y[i]});
  }
  return parts;
}

EpochWalk::EpochWalk(const BatchSource& source, std::int64_t steps, std::source_location where)
    : source_(source), steps_(steps), where_(where) {}

void EpochWalk::check(const ClassWeights& class_weight, const Losses& losses) {
  class_weight_ = &class_weight;
  losses_ = &losses;
}

const WeightedBatch& EpochWalk::first() {
  begin();
  ahead_ = next();
  return *ahead_;
}

void EpochWalk::begin() {
  done_ = 0;
  if (!next_ || (steps_ == 0 && !ahead_)) next_ = source_.walk();
}

std::optional<WeightedBatch> EpochWalk::next() {
  if (ahead_) {
    done_ = 1;
    return std::exchange(ahead_, std::nullopt);
  }
  if (steps_ > 0 && done_ == steps_) return std::nullopt;
  auto batch = next_();
  if (!batch && steps_ > 0) batch = (next_ = source_.walk())();
  if (!batch && (steps_ > 0 || done_ == 0)) throw ValueError("fit: the data set gave no batch", where_);
  if (!batch) return std::nullopt;
  ++done_;
  if (!losses_) return batch;
  check_batch("fit", *batch, true, where_);
  batch->sample_weight = weights_of("fit", batch->y, batch->sample_weight, *class_weight_, *losses_, where_);
  return batch;
}

}  // namespace xg::nn
