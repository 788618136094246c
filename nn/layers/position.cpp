#include "nn/layers/position.hpp"

#include <cmath>
#include <utility>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/index.hpp"
#include "nn/mask.hpp"

namespace xg::nn {

Tensor sinusoidal_positions(std::int64_t tokens, std::int64_t features, const SinusoidalOptions& options,
                            std::source_location where) {
  if (tokens < 0 || features < 0)
    throw ValueError(concat("sinusoidal_positions: extents must not be negative, got ", tokens, " tokens and ",
                            features, " features"),
                     where);
  if (!(options.period > 0))
    throw ValueError(concat("sinusoidal_positions: the period must be greater than 0, got ", options.period), where);
  const Array result = Array::empty({tokens, features}, float64, where);
  double* to = result.data<double>();
  for (std::int64_t p = 0; p < tokens; ++p)
    for (std::int64_t c = 0; c < features; ++c) {
      const double power = static_cast<double>(c / 2 * 2) / static_cast<double>(features);
      const double angle =
          (static_cast<double>(options.first) + static_cast<double>(p)) / std::pow(options.period, power);
      *to++ = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  return result.astype(options.dtype, where);
}

PositionEmbedding::PositionEmbedding(PositionEmbeddingOptions options, std::source_location where)
    : options_(std::move(options)) {
  if (options_.sequence_length < 1) refuse(where, "sequence_length must be at least 1, got ", options_.sequence_length);
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

void PositionEmbedding::build(const Shape& sample) {
  if (sample.rank() != 2)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (tokens, features) is expected"),
                     std::source_location::current());
  embeddings_ =
      add_weight("embeddings", {options_.sequence_length, sample[1]}, options_.initializer, {}, {}, options_.dtype);
}

Tensor PositionEmbedding::operator()(const Tensor& x, std::int64_t first, std::source_location where) const {
  return (*this)(Tensors({{"x", x}, {"first", full({}, first, int64)}}), where).only();
}

Tensors PositionEmbedding::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  const bool from_start = !given.contains("first");
  Tensors result = from_start ? added(given.only(), 0) : added(given[0], given["first"].item<std::int64_t>());
  if (const Tensor mask = mask_for(type(), inputs, given[0]); mask.defined()) result.push_back({"mask", mask});
  return result;
}

Tensor PositionEmbedding::added(const Tensor& x, std::int64_t first) const {
  check_input(x, 2, "tokens, features", options_.dtype);
  const std::int64_t tokens = x.shape()[1], most = options_.sequence_length;
  if (x.shape()[2] != embeddings_.shape()[1])
    throw ShapeError(concat(type(), ": the input of shape ", x.shape(), " has ", x.shape()[2],
                            " features, the embeddings were made for ", embeddings_.shape()[1]),
                     std::source_location::current());
  if (first < 0 || tokens > most || first > most - tokens)
    throw ShapeError(
        concat(type(), ": ", tokens, " tokens from position ", first, " on do not fit a sequence_length of ", most),
        std::source_location::current());
  return x + slice(embeddings_, 0, {.start = first, .stop = first + tokens});
}

template class ClonedLayer<PositionEmbedding>;

}  // namespace xg::nn
