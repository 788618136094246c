#include "tests/autograd/reference.hpp"

#include <algorithm>
#include <cmath>

namespace xg::testing {

double Values::at(const Index& index) const {
  const std::size_t lead = index.size() - shape.rank();
  std::int64_t position = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    position = position * shape[axis] + (shape[axis] == 1 ? 0 : index[lead + axis]);
  return numbers.at(static_cast<std::size_t>(position));
}

Values generate(const Shape& shape, const std::function<double(const Index&)>& at) {
  Values result(shape, {});
  Index index(shape.rank(), 0);
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    result.numbers.push_back(at(index));
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

Values map(const Values& x, const std::function<double(double)>& f) {
  return generate(x.shape, [&](const Index& i) { return f(x.at(i)); });
}

Values zip(const Values& a, const Values& b, const std::function<double(double, double)>& f) {
  return generate(broadcast(a.shape, b.shape), [&](const Index& i) { return f(a.at(i), b.at(i)); });
}

Values fold(const Values& x, std::vector<int> axes, bool keepdims,
            const std::function<double(const std::vector<double>&)>& f) {
  const int rank = static_cast<int>(x.shape.rank());
  std::vector<bool> folded(x.shape.rank(), axes.empty());
  for (const int axis : axes) folded[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  Shape kept, result;
  for (std::size_t axis = 0; axis < folded.size(); ++axis) {
    kept.push_back(folded[axis] ? 1 : x.shape[axis]);
    if (!folded[axis] || keepdims) result.push_back(kept[axis]);
  }
  Values out = generate(kept, [&](const Index& place) {
    std::vector<double> group;
    generate(x.shape, [&](const Index& i) {
      bool here = true;
      for (std::size_t axis = 0; axis < folded.size(); ++axis) here = here && (folded[axis] || i[axis] == place[axis]);
      if (here) group.push_back(x.at(i));
      return 0;
    });
    return f(group);
  });
  out.shape = result;
  return out;
}

Values log_shares(const Values& x, int axis) {
  const Values top = fold(x, {axis}, true, [](const auto& row) { return *std::max_element(row.begin(), row.end()); });
  const Values shifted = zip(x, top, std::minus<>());
  const Values total = fold(shifted, {axis}, true, [](const auto& row) {
    double sum = 0;
    for (const double element : row) sum += std::exp(element);
    return sum;
  });
  return zip(shifted, total, [](double s, double t) { return s - std::log(t); });
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result;
  const std::size_t rank = std::max(a.rank(), b.rank());
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t m = axis + a.rank() < rank ? 1 : a[axis + a.rank() - rank];
    const std::int64_t n = axis + b.rank() < rank ? 1 : b[axis + b.rank() - rank];
    result.push_back(m == 1 ? n : m);
  }
  return result;
}

}  // namespace xg::testing
