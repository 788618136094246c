#include "autograd/ops/conv.hpp"

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// What a convolution is called with, as its reference needs it: numbers for one, two or three spatial axes.
struct Setting {
  const char* variant;
  Shape x, w;
  std::vector<std::int64_t> stride, dilation, before, out;
  std::int64_t groups = 1;
};

/// The sum over every element of the window, by its definition.
Values convolution(const Values& x, const Values& w, const Setting& s) {
  const std::size_t axes = s.out.size();
  Shape shape{x.shape[0]};
  for (const std::int64_t extent : s.out) shape.push_back(extent);
  shape.push_back(w.shape.back());
  const std::int64_t channels = w.shape[axes], features = w.shape.back() / s.groups;
  return generate(shape, [&](const Index& o) {
    double sum = 0;
    Shape window = w.shape;
    window[axes + 1] = 1;
    generate(window, [&](Index k) {
      Index place{o[0]};
      for (std::size_t a = 0; a < axes; ++a) {
        const std::int64_t at = o[1 + a] * s.stride[a] + k[a] * s.dilation[a] - s.before[a];
        if (at < 0 || at >= x.shape[1 + a]) return 0;
        place.push_back(at);
      }
      place.push_back(o.back() / features * channels + k[axes]);
      k[axes + 1] = o.back();
      sum += x.at(place) * w.at(k);
      return 0;
    });
    return sum;
  });
}

/// Its transpose: every element of x times the kernel, added up where the convolution would have read it.
Values transposed(const Values& x, const Values& w, const Setting& s) {
  const std::size_t axes = s.out.size();
  const std::int64_t features = w.shape[axes], channels = w.shape.back() / s.groups;
  Shape shape{x.shape[0]};
  for (const std::int64_t extent : s.out) shape.push_back(extent);
  shape.push_back(features * s.groups);
  return generate(shape, [&](const Index& o) {
    double sum = 0;
    generate(x.shape, [&](const Index& i) {
      if (i[0] != o[0] || i.back() / channels != o.back() / features) return 0;
      Index k;
      for (std::size_t a = 0; a < axes; ++a) {
        const std::int64_t distance = o[1 + a] + s.before[a] - i[1 + a] * s.stride[a];
        if (distance % s.dilation[a] != 0 || distance < 0 || distance / s.dilation[a] >= w.shape[a]) return 0;
        k.push_back(distance / s.dilation[a]);
      }
      k.push_back(o.back() % features);
      k.push_back(i.back());
      sum += x.at(i) * w.at(k);
      return 0;
    });
    return sum;
  });
}

using Function2 = std::function<Tensor(const Tensor&, const Tensor&)>;

OpCase conv_case(const char* name, const Setting& s, Function2 op,
                 Values (*reference)(const Values&, const Values&, const Setting&)) {
  return {.name = name,
          .variant = s.variant,
          .function = [=](const Inputs& v) { return op(v[0], v[1]); },
          .samples = {{uniform(s.x, 0.5, 2), uniform(s.w, 0.5, 2)}},
          .reference = [=](const Inputs& v) { return reference(Values(v[0]), Values(v[1]), s); }};
}

OpCase with_bias(const char* name, const Setting& s, std::function<Tensor(const Inputs&)> op) {
  return {
      .name = name,
      .variant = concat(s.variant, ", bias"),
      .function = std::move(op),
      .samples = {{uniform(s.x, 0.5, 2), uniform(s.w, 0.5, 2), uniform({s.w.back()}, 0.5, 2)}},
      .reference =
          [=](const Inputs& v) { return zip(convolution(Values(v[0]), Values(v[1]), s), Values(v[2]), std::plus<>()); },
      .optional = 1};
}

Cases convolutions() {
  const Setting line{"valid", {2, 6, 2}, {3, 2, 4}, {1}, {1}, {0}, {4}};
  const Setting plane{"valid", {2, 4, 5, 2}, {2, 3, 2, 3}, {1, 1}, {1, 1}, {0, 0}, {3, 3}};
  const Setting space{"valid", {1, 3, 3, 4, 2}, {2, 2, 2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {2, 2, 3}};
  return {
      conv_case(
          "conv1d", line, [](auto& x, auto& w) { return conv1d(x, w); }, convolution),
      conv_case(
          "conv1d", {"stride, dilation, padding", {2, 7, 2}, {3, 2, 3}, {2}, {2}, {3}, {5}},
          [](auto& x, auto& w) { return conv1d(x, w, {.stride = 2, .padding = 3, .dilation = 2}); }, convolution),
      conv_case(
          "conv2d", plane, [](auto& x, auto& w) { return conv2d(x, w); }, convolution),
      conv_case(
          "conv2d", {"same", {1, 4, 5, 2}, {3, 2, 2, 3}, {1, 1}, {1, 1}, {1, 0}, {4, 5}},
          [](auto& x, auto& w) { return conv2d(x, w, {.padding = "same"}); }, convolution),
      conv_case(
          "conv2d", {"same, strides", {1, 5, 6, 1}, {3, 3, 1, 2}, {2, 2}, {1, 1}, {1, 0}, {3, 3}},
          [](auto& x, auto& w) { return conv2d(x, w, {.stride = 2, .padding = "same"}); }, convolution),
      conv_case(
          "conv2d", {"one number for each axis", {1, 5, 7, 1}, {2, 2, 1, 2}, {2, 3}, {2, 1}, {1, 2}, {3, 4}},
          [](auto& x, auto& w) {
            return conv2d(x, w, {.stride = {2, 3}, .padding = {1, 2}, .dilation = {2, 1}});
          },
          convolution),
      conv_case(
          "conv2d", {"groups", {2, 3, 3, 4}, {2, 2, 2, 6}, {1, 1}, {1, 1}, {0, 0}, {2, 2}, 2},
          [](auto& x, auto& w) { return conv2d(x, w, {.groups = 2}); }, convolution),
      conv_case(
          "conv2d", {"depthwise", {1, 3, 4, 3}, {2, 2, 1, 3}, {1, 1}, {1, 1}, {0, 0}, {2, 3}, 3},
          [](auto& x, auto& w) { return conv2d(x, w, {.groups = 3}); }, convolution),
      conv_case(
          "conv2d", {"padding beyond the kernel", {1, 2, 2, 1}, {1, 1, 1, 2}, {1, 1}, {1, 1}, {1, 1}, {4, 4}},
          [](auto& x, auto& w) { return conv2d(x, w, {.padding = 1}); }, convolution),
      conv_case(
          "conv2d", {"no image", {0, 3, 3, 2}, {2, 2, 2, 3}, {1, 1}, {1, 1}, {0, 0}, {2, 2}},
          [](auto& x, auto& w) { return conv2d(x, w); }, convolution),
      conv_case(
          "conv3d", space, [](auto& x, auto& w) { return conv3d(x, w); }, convolution),
      with_bias("conv1d", line, [](const Inputs& v) { return conv1d(v[0], v[1], {.bias = v[2]}); }),
      with_bias("conv2d", plane, [](const Inputs& v) { return conv2d(v[0], v[1], {.bias = v[2]}); }),
      with_bias("conv3d", space, [](const Inputs& v) { return conv3d(v[0], v[1], {.bias = v[2]}); }),
  };
}

Cases transposed_convolutions() {
  return {
      conv_case(
          "conv1d_transpose", {"valid, stride", {2, 3, 4}, {3, 2, 4}, {2}, {1}, {0}, {7}},
          [](auto& x, auto& w) { return conv1d_transpose(x, w, {.stride = 2}); }, transposed),
      conv_case(
          "conv2d_transpose", {"valid", {1, 2, 3, 2}, {2, 2, 3, 2}, {1, 1}, {1, 1}, {0, 0}, {3, 4}},
          [](auto& x, auto& w) { return conv2d_transpose(x, w); }, transposed),
      conv_case(
          "conv2d_transpose", {"same, stride", {1, 2, 3, 2}, {3, 3, 1, 2}, {2, 2}, {1, 1}, {0, 0}, {4, 6}},
          [](auto& x, auto& w) { return conv2d_transpose(x, w, {.stride = 2, .padding = "same"}); }, transposed),
      conv_case(
          "conv2d_transpose",
          {"padding, dilation, groups", {1, 3, 3, 4}, {2, 2, 1, 4}, {1, 1}, {2, 2}, {1, 1}, {3, 3}, 2},
          [](auto& x, auto& w) { return conv2d_transpose(x, w, {.padding = 1, .dilation = 2, .groups = 2}); },
          transposed),
      conv_case(
          "conv3d_transpose", {"valid", {1, 2, 1, 2, 2}, {1, 2, 2, 1, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {2, 2, 3}},
          [](auto& x, auto& w) { return conv3d_transpose(x, w); }, transposed),
  };
}

Cases windows() {
  const UnfoldOptions options{.window = {2, 3}, .stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}};
  const Shape image{2, 3, 6, 2}, patches{2, 2, 2, 12};
  const auto source = [](const Index& o, std::int64_t element) {
    const std::int64_t kh = element / 6, kw = element / 2 % 3, c = element % 2;
    return Index{o[0], o[1] * 2 + kh - 1, o[2] + kw * 2, c};
  };
  return {
      {.name = "unfold",
       .function = [=](const Inputs& v) { return unfold(v[0], options); },
       .samples = {{uniform(image)}},
       .reference =
           [=](const Inputs& v) {
             return generate(patches, [&, x = Values(v[0])](const Index& o) {
               const Index at = source(o, o[3]);
               return at[1] < 0 || at[1] >= 3 ? 0 : x.at(at);
             });
           }},
      {.name = "fold",
       .function = [=](const Inputs& v) { return fold(v[0], image, options); },
       .samples = {{uniform(patches, 0.5, 2)}},
       .reference =
           [=](const Inputs& v) {
             return generate(image, [&, x = Values(v[0])](const Index& i) {
               double sum = 0;
               generate(patches, [&](const Index& o) {
                 if (source(o, o[3]) == i) sum += x.at(o);
                 return 0;
               });
               return sum;
             });
           }},
  };
}

}  // namespace

Cases conv_cases() {
  Cases cases = convolutions();
  for (Cases& more : std::vector<Cases>{transposed_convolutions(), windows()})
    for (OpCase& op : more) cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
