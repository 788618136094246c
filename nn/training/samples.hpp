#pragma once

#include <cstdint>
#include <source_location>

#include "nn/tensors.hpp"
#include "nn/training/batch_source.hpp"

namespace xg::nn {

/// True if any tensor was given.
XG_API bool is_given(const Tensors& samples);

/// Samples and targets, or a data set of batches; none if neither is given.
struct ValidationData {
  Tensors x = {};              ///< samples
  Tensors y = {};              ///< what belongs to them
  Tensors sample_weight = {};  ///< what they count; undefined: all 1
  BatchSource batches = {};    ///< in the place of all that

  /// True if there is anything.
  explicit operator bool() const { return is_given(x) || is_given(y) || batches; }
};

/// How many samples there are.
std::int64_t count_of(const Tensors& samples);
/// The samples from `start` on.
Tensors rows_of(const Tensors& samples, std::int64_t start, std::int64_t count);
/// True if the samples of both have the same shapes.
bool same_samples(const Tensors& a, const Tensors& b);

/// An error unless all of them are the same number of samples, at least one, and the size of a batch is positive.
void check_samples(const char* call, const Tensors& x, const Tensors& y, std::int64_t batch_size,
                   std::source_location where);

/// The samples to train on and those to validate with.
struct Split {
  Tensors x;                  ///< samples to train on
  Tensors y;                  ///< what belongs to them
  Tensors sample_weight;      ///< what they count; empty: all 1
  ValidationData validation;  ///< of the rest, or what was given
};
/// Keeps that share of the samples, from the end, for validation, unless data for it are given.
Split split_samples(const Tensors& x, const Tensors& y, const Tensors& sample_weight, double validation_split,
                    const ValidationData& validation_data, std::source_location where);

/// check_samples() for those to validate with; an error if they have another number of inputs or targets.
void check_validation(const Split& split, std::int64_t batch_size, std::source_location where);

}  // namespace xg::nn
