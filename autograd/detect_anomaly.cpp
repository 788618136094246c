#include "autograd/detect_anomaly.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/node.hpp"

namespace xg {
namespace {

struct Census {
  double low = INFINITY, high = -INFINITY;
  std::int64_t nans = 0, infinities = 0;
  std::int64_t first_nan = -1, first_infinity = -1;
};

Census count(const Array& values) {
  Census census;
  const Array flat = values.contiguous();
  dispatch(flat.dtype(), [&]<class T>() {
    const T* x = flat.data<T>();
    for (std::int64_t i = 0; i < flat.size(); ++i) {
      const auto value = static_cast<double>(x[i]);
      if (std::isnan(value)) {
        if (census.nans++ == 0) census.first_nan = i;
        continue;
      }
      if (std::isinf(value) && census.infinities++ == 0) census.first_infinity = i;
      census.low = std::min(census.low, value);
      census.high = std::max(census.high, value);
    }
  });
  return census;
}

/// "float32 (3, 4) in [-1, 2], 1 NaN".
std::string range(const Array& values) {
  const Census census = count(values);
  std::string text = concat(values.dtype(), ' ', values.shape());
  if (census.low <= census.high) text += concat(" in [", census.low, ", ", census.high, ']');
  if (census.nans > 0) text += concat(", ", census.nans, " NaN");
  return text;
}

/// The index of an element in row-major order: "(0, 2)".
std::string place(std::int64_t element, const Shape& shape) {
  Shape index = shape;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = element % shape[axis];
    element /= shape[axis];
  }
  return to_string(index);
}

/// "2 NaN, the first at (0, 2)"; empty if there is nothing to report.
std::string anomaly(const Array& values, const DetectAnomalyOptions& options) {
  if (!is_floating(values.dtype())) return {};
  const Census census = count(values);
  if (census.nans > 0) return concat(census.nans, " NaN, the first at ", place(census.first_nan, values.shape()));
  if (options.infinities && census.infinities > 0)
    return concat(census.infinities, " infinite, the first at ", place(census.first_infinity, values.shape()));
  return {};
}

std::string numbered(const std::vector<std::string>& operands) {
  std::string text;
  for (std::size_t i = 0; i < operands.size(); ++i) text += concat("\n  operand ", i, ": ", operands[i]);
  return text;
}

}  // namespace

void DetectAnomaly::operand(const Array& value) {
  if (backward_depth_ == 0) operands_.push_back(range(value));
}

void DetectAnomaly::output(const char* op, std::source_location where, const Array& value, Node* node) {
  if (backward_depth_ > 0) return;
  const std::vector<std::string> operands = std::exchange(operands_, {});
  const std::string values = concat("\n  output: ", range(value), numbered(operands));
  if (const std::string found = anomaly(value, options_); !found.empty())
    throw AnomalyError(concat(op, ": ", found, " in the result", values), where);
  if (node) node->attach().values = values;
}

void DetectAnomaly::enter_backward(const Node& node, const Tensor& output_gradient) {
  if (backward_depth_++ > 0) return;
  output_gradient_ = range(output_gradient.array());
  if (const std::string found = anomaly(output_gradient.array(), options_); !found.empty())
    throw AnomalyError(concat("backward: ", found, " in the gradient that '", node.op(), "' got"), node.where());
}

void DetectAnomaly::leave_backward(const Node&) { --backward_depth_; }

void DetectAnomaly::gradient(const Node& node, std::size_t input, const Tensor& gradient) {
  if (backward_depth_ > 1) return;
  const std::string found = anomaly(gradient.array(), options_);
  if (found.empty()) return;
  const auto* extra = node.attachments();
  const std::string values =
      extra && !extra->values.empty() ? extra->values : concat("\n  output: ", node.dtype(), ' ', node.shape());
  throw AnomalyError(concat("backward: ", found, " in the gradient of operand ", input, " of '", node.op(),
                            "'\n  gradient of the output: ", output_gradient_, values, "\nRecorded here:"),
                     node.where());
}

}  // namespace xg
