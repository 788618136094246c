#pragma once

#include <cstdint>
#include <source_location>

#include "nn/tensors.hpp"

namespace xg::nn {

/// Samples and targets; none if undefined.
struct ValidationData {
  Tensors x = {};  ///< samples
  Tensors y = {};  ///< what belongs to them
};

/// True if any tensor was given.
bool is_given(const Tensors& samples);
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
  ValidationData validation;  ///< none if both are undefined
};
/// Keeps that share of the samples, from the end, for validation, unless data for it are given.
Split split_samples(const Tensors& x, const Tensors& y, double validation_split, const ValidationData& validation_data,
                    std::source_location where);

/// check_samples() for those to validate with; an error if they have another number of inputs or targets.
void check_validation(const Split& split, std::int64_t batch_size, std::source_location where);

}  // namespace xg::nn
