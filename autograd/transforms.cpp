#include "autograd/transforms.hpp"

#include "autograd/alias.hpp"
#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"

namespace xg {
namespace {

/// What f is called with: if the result is to be differentiated again, connected to the given tensors.
Tensor own_input(const char* op, const Tensor& x, const TransformOptions& options, std::source_location where) {
  if (!x.defined()) throw ValueError(concat(op, ": an input is an undefined tensor"), where);
  if (!is_floating(x.dtype()))
    throw DTypeError(concat(op, ": an input of shape ", x.shape(), " is ", x.dtype(), ": gradients need float32 or ",
                            "float64: convert with astype"),
                     where);
  if (options.create_graph && x.requires_grad()) return alias(Operand(x, where));
  return Tensor(x.array()).set_requires_grad(true, where);
}

std::vector<Tensor> own_inputs(const char* op, const std::vector<Tensor>& x, const TransformOptions& options,
                               std::source_location where) {
  std::vector<Tensor> own;
  for (const Tensor& each : x) own.push_back(own_input(op, each, options, where));
  return own;
}

/// The gradients of y weighted with v; zeros where y does not depend on an input.
std::vector<Tensor> gradients(const Tensor& y, const Tensor& v, const std::vector<Tensor>& x, bool create_graph,
                              bool retain_graph, std::source_location where) {
  std::vector<Tensor> result(x.size());
  if (y.requires_grad())
    result = grad({y}, x,
                  {.gradients = {v}, .retain_graph = retain_graph, .create_graph = create_graph, .allow_unused = true},
                  where);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!result[i].defined()) result[i] = zeros_like(x[i]);
  return result;
}

void check_shape(const char* op, const char* what, const Tensor& got, const Shape& expected,
                 std::source_location where) {
  if (got.shape() != expected)
    throw ShapeError(concat(op, ": ", what, " of shape ", got.shape(), " where ", expected, " is expected"), where);
}

void check_single(const char* op, const Tensor& y, std::source_location where) {
  if (y.size() != 1)
    throw ShapeError(concat(op, ": the function gives shape ", y.shape(), ", and only one element has a gradient: ",
                            "reduce it with sum() or mean(), or ask for jacobian"),
                     where);
}

Tensor result_of(const Tensor& value, const TransformOptions& options) {
  return options.create_graph ? value : value.detach();
}

/// Row i is what derivative(one_hot(i)) gives; the result has the shapes of both one behind the other.
template <class F>
Tensor row_by_row(const Shape& rows, DType dtype, const Shape& columns, F derivative) {
  const std::int64_t count = rows.elements();
  Shape shape = rows;
  for (const auto extent : columns) shape.push_back(extent);
  if (count == 0) return Array::zeros(shape, dtype);
  std::vector<Tensor> found;
  for (std::int64_t i = 0; i < count; ++i) {
    const Array chosen = Array::zeros(rows, dtype);
    dispatch_floating(dtype, [&]<class T>() { chosen.data<T>()[i] = 1; });
    found.push_back(derivative(Tensor(chosen)));
  }
  return reshape(stack(found), shape);
}

}  // namespace

ValueAndGradients vjp(const Function& f, const std::vector<Tensor>& x, const Tensor& v, const TransformOptions& options,
                      std::source_location where) {
  check_given("vjp", "function", f, where);
  const WithGrad recording;
  const std::vector<Tensor> own = own_inputs("vjp", x, options, where);
  const Tensor y = f(own);
  check_shape("vjp", "a vector", v, y.shape(), where);
  return {result_of(y, options), gradients(y, v, own, options.create_graph, false, where)};
}

ValueAndGradients value_and_grad(const Function& f, const std::vector<Tensor>& x, const TransformOptions& options,
                                 std::source_location where) {
  check_given("value_and_grad", "function", f, where);
  const WithGrad recording;
  const std::vector<Tensor> own = own_inputs("value_and_grad", x, options, where);
  const Tensor y = f(own);
  check_single("value_and_grad", y, where);
  return {result_of(y, options), gradients(y, Tensor(), own, options.create_graph, false, where)};
}

ValueAndTangent jvp(const Function& f, const std::vector<Tensor>& x, const std::vector<Tensor>& tangents,
                    const TransformOptions& options, std::source_location where) {
  check_given("jvp", "function", f, where);
  const WithGrad recording;
  const CallerScope scope(where);
  const std::vector<Tensor> own = own_inputs("jvp", x, options, where);
  if (tangents.size() != x.size())
    throw ValueError(concat("jvp: ", tangents.size(), " tangents were given for ", x.size(), " inputs"), where);
  for (std::size_t i = 0; i < x.size(); ++i) check_shape("jvp", "a tangent", tangents[i], x[i].shape(), where);
  const Tensor y = [&] {
    const OwnLines lines;
    return f(own);
  }();
  // Any v will do: what counts is how v^T J t depends on it.
  const Tensor v = zeros_like(y).set_requires_grad();
  Tensor along = zeros({}, y.dtype());
  const std::vector<Tensor> products = gradients(y, v, own, true, false, where);
  for (std::size_t i = 0; i < x.size(); ++i) along += sum(products[i] * tangents[i]);
  return {result_of(y, options), gradients(along, Tensor(), {v}, options.create_graph, false, where).front()};
}

Tensor jacobian(const UnaryFunction& f, const Tensor& x, const TransformOptions& options, std::source_location where) {
  check_given("jacobian", "function", f, where);
  const WithGrad recording;
  const Tensor own = own_input("jacobian", x, options, where);
  const Tensor y = f(own);
  const CallerScope scope(where);
  return row_by_row(y.shape(), y.dtype(), x.shape(), [&](const Tensor& chosen) {
    return gradients(y, chosen, {own}, options.create_graph, true, where).front();
  });
}

Tensor hessian(const UnaryFunction& f, const Tensor& x, const TransformOptions& options, std::source_location where) {
  check_given("hessian", "function", f, where);
  const WithGrad recording;
  const Tensor own = own_input("hessian", x, options, where);
  const Tensor y = f(own);
  check_single("hessian", y, where);
  const CallerScope scope(where);
  const Tensor slope = gradients(y, Tensor(), {own}, true, true, where).front();
  return row_by_row(x.shape(), x.dtype(), x.shape(), [&](const Tensor& chosen) {
    return gradients(slope, chosen, {own}, options.create_graph, true, where).front();
  });
}

Tensor hvp(const UnaryFunction& f, const Tensor& x, const Tensor& v, const TransformOptions& options,
           std::source_location where) {
  check_given("hvp", "function", f, where);
  const WithGrad recording;
  const Tensor own = own_input("hvp", x, options, where);
  check_shape("hvp", "a vector", v, x.shape(), where);
  const Tensor y = f(own);
  check_single("hvp", y, where);
  const CallerScope scope(where);
  const Tensor slope = gradients(y, Tensor(), {own}, true, true, where).front();
  return gradients(slope, v, {own}, options.create_graph, false, where).front();
}

std::vector<Tensor> per_sample_gradients(const std::function<Tensor(std::int64_t sample)>& loss, std::int64_t count,
                                         const std::vector<Tensor>& parameters, std::source_location where) {
  check_given("per_sample_gradients", "function", loss, where);
  const WithGrad recording;
  if (count <= 0) throw ValueError(concat("per_sample_gradients: at least one sample expected, got ", count), where);
  std::vector<std::vector<Tensor>> found(parameters.size());
  for (std::int64_t sample = 0; sample < count; ++sample) {
    const Tensor y = loss(sample);
    check_single("per_sample_gradients", y, where);
    const std::vector<Tensor> of_sample = gradients(y, Tensor(), parameters, false, false, where);
    for (std::size_t i = 0; i < parameters.size(); ++i) found[i].push_back(of_sample[i]);
  }
  std::vector<Tensor> result;
  for (const std::vector<Tensor>& each : found) result.push_back(stack(each, 0, where));
  return result;
}

}  // namespace xg
