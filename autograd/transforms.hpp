#pragma once

#include <functional>
#include <source_location>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/tensor.hpp"

namespace xg {

// Functions of functions. Each calls the function with tensors of its own that have the values of the given ones, and
// leaves every stored gradient as it is. A function must be made of operations; what it captures is held constant. A
// null function is a ValueError.
// With create_graph the results can be differentiated again, with respect to the given tensors too.

/// A function of one tensor.
using UnaryFunction = std::function<Tensor(const Tensor& x)>;

/// The options of all transforms.
struct TransformOptions {
  bool create_graph = false;  ///< record the derivatives, so that they can be differentiated
};

/// What vjp and value_and_grad return: f(x), and a gradient in the shape and dtype of each x (zeros for one that does
/// not matter).
struct ValueAndGradients {
  Tensor value;                   ///< f(x)
  std::vector<Tensor> gradients;  ///< one for each x
};
/// What jvp returns: f(x) and its derivative along the tangent, in the shape of f(x).
struct ValueAndTangent {
  Tensor value;    ///< f(x)
  Tensor tangent;  ///< its derivative
};

/// f(x) and its gradients. f must give one element, else it is a ShapeError.
/// ```cpp
/// auto [loss, gradients] = value_and_grad([&](const auto& v) { return mean(square(v[0] - target)); }, {w});
/// ```
XG_API ValueAndGradients value_and_grad(const Function& f, const std::vector<Tensor>& x,
                                        const TransformOptions& options = {},
                                        std::source_location where = std::source_location::current());

/// The vector-Jacobian product v^T J for v in the shape of f(x): one backward pass.
/// ```cpp
/// auto [y, gradients] = vjp([](const auto& v) { return matmul(v[0], v[1]); }, {a, b}, ones({3, 2}));
/// ```
XG_API ValueAndGradients vjp(const Function& f, const std::vector<Tensor>& x, const Tensor& v,
                             const TransformOptions& options = {},
                             std::source_location where = std::source_location::current());

/// The Jacobian-vector product J t for a tangent in the shape of each x: the derivative of f along it. Computed as the
/// derivative of v^T J, which is linear in v, in two backward passes (Townsend, A new trick for calculating Jacobian
/// vector products, 2017), so that every operation with a gradient has it.
/// ```cpp
/// auto [y, slope] = jvp([](const auto& v) { return sin(v[0]); }, {x}, {ones({3})});
/// ```
XG_API ValueAndTangent jvp(const Function& f, const std::vector<Tensor>& x, const std::vector<Tensor>& tangents,
                           const TransformOptions& options = {},
                           std::source_location where = std::source_location::current());

/// The derivative of every element of f(x) by every element of x: the shape of f(x) followed by that of x. One
/// backward pass for each element of f(x).
/// ```cpp
/// Tensor j = jacobian([](const Tensor& x) { return square(x); }, x);  // diagonal, 2 x
/// ```
XG_API Tensor jacobian(const UnaryFunction& f, const Tensor& x, const TransformOptions& options = {},
                       std::source_location where = std::source_location::current());

/// The second derivatives of a function that gives one element: x's shape twice. One backward pass for each element of
/// x, after the first.
/// ```cpp
/// Tensor h = hessian([](const Tensor& x) { return sum(x * x * x); }, x);  // diagonal, 6 x
/// ```
XG_API Tensor hessian(const UnaryFunction& f, const Tensor& x, const TransformOptions& options = {},
                      std::source_location where = std::source_location::current());

/// The hessian times v (x's shape), in two backward passes and without the hessian.
/// ```cpp
/// Tensor curvature = sum(hvp(loss, x, direction) * direction);
/// ```
XG_API Tensor hvp(const UnaryFunction& f, const Tensor& x, const Tensor& v, const TransformOptions& options = {},
                  std::source_location where = std::source_location::current());

/// The gradients of each sample's loss: for every parameter a tensor with a first axis of extent `count`. `loss` gives
/// one element for the sample of an index, and depends on the parameters, which must require a gradient. One backward
/// pass for each sample.
/// ```cpp
/// auto g = per_sample_gradients([&](auto i) { return loss(net(slice(x, 0, {.start = i, .stop = i + 1}))); }, n, {w});
/// ```
XG_API std::vector<Tensor> per_sample_gradients(const std::function<Tensor(std::int64_t sample)>& loss,
                                                std::int64_t count, const std::vector<Tensor>& parameters,
                                                std::source_location where = std::source_location::current());

}  // namespace xg
