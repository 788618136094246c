#include "nn/layers/lambda.hpp"

#include <utility>

#include "autograd/record.hpp"

namespace xg::nn {

Lambda::Lambda(Function function, LambdaOptions options, std::source_location where)
    : function_(std::move(function)), options_(std::move(options)) {
  if (!function_) refuse(where, "the function is null");
  if (options_.mask_use == MaskUse::makes) refuse(where, "a function of one tensor makes no mask: see Masking");
}

Tensor Lambda::forward(const Tensor& x) {
  Tensor y;
  {
    const OwnLines own;
    y = function_(x);
  }
  const auto where = std::source_location::current();
  if (!y.defined()) refuse(where, "the function gave an undefined tensor");
  if (!options_.output_shape) return y;
  Shape sample = y.shape();
  if (sample.rank() > 0) sample.erase(0);
  if (sample != *options_.output_shape)
    throw ShapeError(
        concat("Lambda: output_shape says ", *options_.output_shape, ", the function gave samples of ", sample), where);
  return y;
}

template class ClonedLayer<Lambda>;

}  // namespace xg::nn
