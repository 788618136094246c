#include "autograd/ops/pool.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

using Numbers = std::vector<double>;
using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

double largest(const Numbers& x) { return *std::max_element(x.begin(), x.end()); }
double average(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size()); }

/// f of the elements in the windows that `ranges` gives for every spatial axis.
Values pooled(const Values& x, const std::vector<Ranges>& ranges, double (*f)(const Numbers&)) {
  Shape shape = x.shape;
  for (std::size_t axis = 0; axis < ranges.size(); ++axis)
    shape[1 + axis] = static_cast<std::int64_t>(ranges[axis].size());
  return generate(shape, [&](const Index& o) {
    Numbers window;
    generate(x.shape, [&](const Index& i) {
      bool inside = i[0] == o[0] && i.back() == o.back();
      for (std::size_t axis = 0; axis < ranges.size(); ++axis) {
        const auto [begin, end] = ranges[axis][static_cast<std::size_t>(o[1 + axis])];
        inside = inside && i[1 + axis] >= begin && i[1 + axis] < end;
      }
      if (inside) window.push_back(x.at(i));
      return 0;
    });
    return f(window);
  });
}

template <class Op>
OpCase pool_case(const char* name, const char* variant, const Shape& shape, const std::vector<Ranges>& ranges,
                 double (*f)(const Numbers&), Op op) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0]); },
          .samples = {{distinct(shape, 0.5)}},
          .reference = [=](const Inputs& v) { return pooled(Values(v[0]), ranges, f); }};
}

/// Samples at half numbers, interpolated along one axis after the other.
Values resampled(const Values& x, const std::vector<std::int64_t>& sizes, bool nearest) {
  Values result = x;
  for (std::size_t axis = 1; axis <= sizes.size(); ++axis) {
    const Values from = result;
    const std::int64_t extent = from.shape[axis], last = extent - 1;
    Shape shape = from.shape;
    shape[axis] = sizes[axis - 1];
    result = generate(shape, [&](Index i) {
      const double centre =
          (static_cast<double>(i[axis]) + 0.5) * static_cast<double>(extent) / static_cast<double>(shape[axis]);
      const double place = nearest ? std::floor(centre) : std::max(0.0, centre - 0.5);
      const auto below = std::min(last, static_cast<std::int64_t>(place));
      const double part = place - std::floor(place);
      i[axis] = below;
      const double low = from.at(i);
      i[axis] = std::min(last, below + 1);
      return low + (from.at(i) - low) * part;
    });
  }
  return result;
}

OpCase resizing(const char* variant, const Shape& shape, const std::vector<std::int64_t>& sizes,
                Interpolation interpolation) {
  const PerAxis size = sizes.size() == 1 ? PerAxis(sizes[0]) : PerAxis({sizes[0], sizes[1]});
  return {.name = "resize",
          .variant = variant,
          .function = [=](const Inputs& v) { return resize(v[0], size, interpolation); },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) { return resampled(Values(v[0]), sizes, interpolation == Interpolation::nearest); },
          .magnitude = 4};
}

const Ranges two_of_two{{0, 2}, {2, 4}}, three_of_two{{0, 2}, {2, 4}, {4, 6}};

}  // namespace

Cases pool_cases() {
  const PoolOptions plain{}, overlapping{.window = 3, .stride = 2, .padding = 1}, same{.window = 2, .padding = "same"};
  const Ranges overlaps{{0, 2}, {1, 4}, {3, 5}}, padded{{0, 2}, {2, 4}, {4, 5}};
  const std::vector<Ranges> plane{two_of_two, three_of_two}, space{{{0, 2}}, two_of_two, {{0, 2}}};
  const Ranges thirds{{0, 2}, {1, 4}, {3, 5}};
  return {
      pool_case("max_pool1d", "", {2, 4, 3}, {two_of_two}, largest, [=](auto& x) { return max_pool1d(x, plain); }),
      pool_case("max_pool2d", "", {2, 4, 6, 3}, plane, largest, [=](auto& x) { return max_pool2d(x, plain); }),
      pool_case("max_pool2d", "overlapping, padded", {1, 5, 5, 2}, {overlaps, overlaps}, largest,
                [=](auto& x) { return max_pool2d(x, overlapping); }),
      pool_case("max_pool2d", "same", {1, 5, 5, 2}, {padded, padded}, largest,
                [=](auto& x) { return max_pool2d(x, same); }),
      pool_case("max_pool3d", "", {1, 2, 4, 3, 2}, space, largest, [=](auto& x) { return max_pool3d(x, plain); }),
      pool_case("average_pool1d", "", {2, 4, 3}, {two_of_two}, average,
                [=](auto& x) { return average_pool1d(x, plain); }),
      pool_case("average_pool2d", "", {2, 4, 6, 3}, plane, average, [=](auto& x) { return average_pool2d(x, plain); }),
      pool_case("average_pool2d", "overlapping, padded", {1, 5, 5, 2}, {overlaps, overlaps}, average,
                [=](auto& x) { return average_pool2d(x, overlapping); }),
      pool_case("average_pool3d", "", {1, 2, 4, 3, 2}, space, average,
                [=](auto& x) { return average_pool3d(x, plain); }),
      pool_case("adaptive_max_pool", "", {1, 5, 4, 2}, {thirds, two_of_two}, largest,
                [](auto& x) {
                  return adaptive_max_pool(x, {3, 2});
                }),
      pool_case("adaptive_average_pool", "", {1, 5, 5, 2}, {thirds, thirds}, average,
                [](auto& x) { return adaptive_average_pool(x, 3); }),
      pool_case("adaptive_average_pool", "one number of each channel", {2, 5, 3}, {{{0, 5}}}, average,
                [](auto& x) { return adaptive_average_pool(x, 1); }),
      resizing("linear, larger", {1, 3, 2, 2}, {5, 4}, Interpolation::linear),
      resizing("linear, smaller", {2, 5, 1}, {2}, Interpolation::linear),
      resizing("nearest", {1, 3, 4, 1}, {5, 2}, Interpolation::nearest),
  };
}

}  // namespace xg::testing
