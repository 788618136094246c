#include "autograd/ops/check.hpp"

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

}  // namespace

void align(const char* op, Operand& a, Operand& b) {
  if (a.is_number() && !b.is_number()) a.adapt_to(b.dtype());
  if (b.is_number()) b.adapt_to(a.dtype());
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

}  // namespace xg
