#include "nn/layers/embedding.hpp"

#include <utility>

#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/normalization.hpp"

namespace xg::nn {
namespace {

/// The whole numbers in x, which are looked up.
Array whole_numbers(const Tensor& x, std::int64_t entries) {
  const Array given = x.array().contiguous(), numbers = given.astype(int64).contiguous();
  const auto check = [&]<class T>() {
    for (std::int64_t i = 0; i < given.size(); ++i) {
      const T number = given.data<T>()[i];
      if (number >= T{0} && static_cast<double>(number) < static_cast<double>(entries) &&
          static_cast<T>(numbers.data<std::int64_t>()[i]) == number)
        continue;
      throw ValueError(concat("Embedding: ", +number, " is none of the ", entries, " entries, which count from 0"),
                       std::source_location::current());
    }
  };
  dispatch(given.dtype(), check);
  return numbers;
}

}  // namespace

Embedding::Embedding(EmbeddingOptions options, std::source_location where) : options_(std::move(options)) {
  if (options_.input_dim < 1) refuse(where, "input_dim must be at least 1, got ", options_.input_dim);
  if (options_.output_dim < 1) refuse(where, "output_dim must be at least 1, got ", options_.output_dim);
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

void Embedding::build(const Shape&) {
  embeddings_ = add_weight("embeddings", {options_.input_dim, options_.output_dim}, options_.embeddings_initializer,
                           options_.embeddings_regularizer, options_.embeddings_constraint, options_.dtype);
}

std::optional<Shape> Embedding::output_shape(const Shape& sample) const {
  Shape result = sample;
  result.push_back(options_.output_dim);
  return result;
}

Tensor Embedding::forward(const Tensor& x) {
  return regularized(embedding(embeddings_, whole_numbers(x, options_.input_dim)), options_.activity_regularizer,
                     options_.activity_mean);
}

Tensors Embedding::forward_many(const Tensors& inputs) {
  if (!options_.mask_zero) return {};
  const Tensors given = without_mask(inputs);
  const Tensor& x = given.only();
  const Tensor earlier = mask_for(type(), inputs, x), mask = not_equal(x, 0);
  return {forward(x), {"mask", earlier.defined() ? logical_and(mask, earlier) : mask}};
}

template class ClonedLayer<Embedding>;

}  // namespace xg::nn
