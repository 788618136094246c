#include "nn/layer.hpp"

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/pass.hpp"

namespace xg::nn {

bool Layer::reports_caller() const { return true; }

Shape Layer::shape_by_trial(const Shape& sample, DType dtype) const {
  Pass scratch(*this, Pass::Mode::evaluation);
  scratch.rehearse();
  const NoGrad values_only;
  Shape batch = sample;
  batch.insert(0, 0);
  Shape result = const_cast<Layer&>(*this).forward(zeros(batch, dtype)).shape();
  result.erase(0);
  return result;
}

void Layer::check_input(const Tensor& x, std::size_t sample_rank, const char* axes) const {
  if (x.rank() != sample_rank + 1)
    throw ShapeError(concat(type(), ": the input has shape ", x.shape(), ", (batch, ", axes, ") is expected"),
                     std::source_location::current());
}

void Layer::check_input(const Tensor& x, std::size_t sample_rank, const char* axes, DType dtype) const {
  check_input(x, sample_rank, axes);
  check_dtype(x, dtype);
}

void Layer::check_dtype(const Tensor& x, DType dtype) const {
  if (x.dtype() != dtype)
    throw DTypeError(concat(type(), ": the input is ", x.dtype(), ", the parameters are ", dtype, ": astype(x, ", dtype,
                            ") converts it, the option dtype makes other parameters"),
                     std::source_location::current());
}

Tensor Layer::regularized(Tensor y, const Regularizer& regularizer, bool mean) {
  if (!regularizer) return y;
  const Tensor term = regularizer(y);
  const auto batch = static_cast<double>(y.rank() > 0 ? y.shape()[0] : 1);
  add_penalty(mean ? term / batch : term);
  return y;
}

}  // namespace xg::nn
