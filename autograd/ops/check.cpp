#include "autograd/ops/check.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

namespace xg {
namespace {

/// Which axis keeps two shapes from broadcasting.
std::string broadcast_problem(const Shape& a, const Shape& b) {
  for (std::size_t back = 1; back <= std::min(a.rank(), b.rank()); ++back) {
    const std::int64_t m = a[a.rank() - back], n = b[b.rank() - back];
    if (m != n && m != 1 && n != 1) return concat("axis -", back, " has extents ", m, " and ", n);
  }
  return "their axes differ";
}

/// What the tensors among operands promote to; of numbers alone, what they do.
DType common_dtype(std::initializer_list<Operand*> operands) {
  DType tensors = boolean, numbers = boolean;
  bool any = false;
  for (const Operand* operand : operands) {
    if (operand->is_number())
      numbers = promote(numbers, operand->number().dtype());
    else
      tensors = promote(tensors, operand->dtype());
    any = any || !operand->is_number();
  }
  return any ? tensors : numbers;
}

void adapt_to_common(const char* op, std::initializer_list<Operand*> operands, DType common) {
  for (Operand* operand : operands) operand->adapt_to(op, common);
}

}  // namespace

void adapt_numbers(const char* op, std::initializer_list<Operand*> operands) {
  adapt_to_common(op, operands, common_dtype(operands));
}

void align(const char* op, Operand& a, Operand& b) {
  if (a.is_number() || b.is_number()) adapt_numbers(op, {&a, &b});
  check_broadcast(op, a, b);
}

void align_floating(const char* op, Operand& a, Operand& b) {
  if (a.is_number() || b.is_number()) {
    const DType common = common_dtype({&a, &b});
    adapt_to_common(op, {&a, &b}, common == boolean || is_floating(common) ? common : float32);
  }
  check_broadcast(op, a, b);
}

void check_broadcast(const char* op, const Operand& a, const Operand& b) {
  if (a.shape() == b.shape() || broadcast_shapes(a.shape(), b.shape())) return;
  throw ShapeError(concat(op, ": shapes ", a.shape(), " and ", b.shape(),
                          " do not broadcast: ", broadcast_problem(a.shape(), b.shape()), ", and neither is 1"),
                   a.where());
}

void check_floating(const char* op, const Operand& x) {
  if (!is_floating(x.dtype()))
    throw DTypeError(concat(op, ": a float32 or float64 tensor expected, got ", x.dtype(), " of shape ", x.shape(),
                            ": convert with astype"),
                     x.where());
}

void check_class_numbers(const char* op, const Tensor& labels, std::int64_t classes, std::source_location where) {
  const Array all = labels.array().contiguous();
  dispatch(all.dtype(), [&]<class T>() {
    const T *begin = all.data<T>(), *end = begin + all.size();
    const T* const bad = std::find_if(begin, end, [=](T label) {
      if constexpr (std::is_floating_point_v<T>)
        return !(label >= 0 && label < T{0x1p63} && label == std::trunc(label)) ||
               static_cast<std::int64_t>(label) >= classes;
      else
        return !std::in_range<std::uint64_t>(+label) || static_cast<std::int64_t>(label) >= classes;
    });
    if (bad != end)
      throw ValueError(concat(op, ": ", +*bad, " is none of the ", classes, " classes, which count from 0"), where);
  });
}

}  // namespace xg
