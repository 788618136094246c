#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/decomposition.hpp"
#include "autograd/ops/einsum.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/normalization.hpp"
#include "autograd/ops/pool.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/trigonometry.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/onnx.hpp"

using namespace xg;
using namespace xg::testing;

// The published inputs and outputs of ONNX's own operator tests, from Debian's package libonnx-testdata.

namespace {

const std::filesystem::path folder = "/usr/share/libonnx-testdata/data/node";

using Op = std::function<Tensor(const Inputs&)>;

/// ONNX has channels second.
Tensor channels_last(const Tensor& x) {
  std::vector<int> order{0};
  for (std::size_t axis = 2; axis < x.rank(); ++axis) order.push_back(static_cast<int>(axis));
  order.push_back(1);
  return permute(x, order);
}

Tensor channels_second(const Tensor& x) {
  std::vector<int> order{0, static_cast<int>(x.rank()) - 1};
  for (std::size_t axis = 1; axis + 1 < x.rank(); ++axis) order.push_back(static_cast<int>(axis));
  return permute(x, order);
}

/// A kernel of ONNX: its first two axes come last, the other way round.
Tensor kernel(const Tensor& w) {
  std::vector<int> order;
  for (std::size_t axis = 2; axis < w.rank(); ++axis) order.push_back(static_cast<int>(axis));
  order.push_back(1);
  order.push_back(0);
  return permute(w, order);
}

Op spatial(std::function<Tensor(const Tensor&)> op) {
  return [op](const Inputs& v) { return channels_second(op(channels_last(v[0]))); };
}

Op convolution(Tensor (*op)(const Operand&, const Operand&, const ConvOptions&), const ConvOptions& options = {}) {
  return [=](const Inputs& v) { return channels_second(op(channels_last(v[0]), kernel(v[1]), options)); };
}

Op one(Tensor (*op)(const Operand&)) {
  return [=](const Inputs& v) { return op(v[0]); };
}

Op two(Tensor (*op)(Operand, Operand)) {
  return [=](const Inputs& v) { return op(v[0], v[1]); };
}

std::map<std::string, Op> elementwise() {
  std::map<std::string, Op> ops{
      {"erf", one(erf)},
      {"round", one(round)},
      {"relu", one(relu)},
      {"sign", one(sign)},
      {"abs", one(abs)},
      {"isnan", one(isnan)},
      {"isinf", one(isinf)},
      {"not_2d", one(logical_not)},
      {"elu", [](const Inputs& v) { return elu(v[0], 2); }},
      {"elu_default", [](const Inputs& v) { return elu(v[0]); }},
      {"leakyrelu", [](const Inputs& v) { return leaky_relu(v[0], 0.1); }},
      {"leakyrelu_default", [](const Inputs& v) { return leaky_relu(v[0]); }},
      {"selu_default", one(selu)},
      {"clip", [](const Inputs& v) { return clip(v[0], v[1].item(), v[2].item()); }},
      {"where_example", [](const Inputs& v) { return where(v[0], v[1], v[2]); }},
      {"mod_mixed_sign_int32", two(remainder)},
      {"mod_mixed_sign_int64", two(remainder)},
      {"mod_broadcast", two(remainder)},
      {"max_two_inputs", two(maximum)},
      {"min_two_inputs", two(minimum)},
      {"pow_bcast_array", two(pow)},
      {"and3d", two(logical_and)},
      {"or_bcast4v3d", two(logical_or)},
      {"xor_bcast3v1d", two(logical_xor)},
      {"greater_equal_bcast", two(greater_equal)},
      {"less_equal_bcast", two(less_equal)},
  };
  const std::map<std::string, Tensor (*)(const Operand&)> with_example{
      {"acos", acos},         {"acosh", acosh},
      {"asin", asin},         {"asinh", asinh},
      {"atan", atan},         {"atanh", atanh},
      {"ceil", ceil},         {"cos", cos},
      {"cosh", cosh},         {"exp", exp},
      {"floor", floor},       {"log", log},
      {"neg", negative},      {"reciprocal", reciprocal},
      {"sigmoid", sigmoid},   {"sin", sin},
      {"sinh", sinh},         {"softplus", softplus},
      {"softsign", softsign}, {"sqrt", sqrt},
      {"tan", tan},           {"tanh", tanh}};
  for (const auto& [name, op] : with_example) ops[name] = ops[name + "_example"] = one(op);
  const std::map<std::string, Tensor (*)(Operand, Operand)> broadcast{
      {"add", add},     {"sub", subtract}, {"mul", multiply},   {"div", divide},
      {"equal", equal}, {"less", less},    {"greater", greater}};
  for (const auto& [name, op] : broadcast) ops[name] = ops[name + "_bcast"] = two(op);
  return ops;
}

std::map<std::string, Op> reductions() {
  std::map<std::string, Op> ops{
      {"cumsum_1d", [](const Inputs& v) { return cumsum(v[0], 0); }},
      {"cumsum_2d_axis_0", [](const Inputs& v) { return cumsum(v[0], 0); }},
      {"cumsum_2d_negative_axis", [](const Inputs& v) { return cumsum(v[0], -1); }},
      {"cumsum_1d_reverse", [](const Inputs& v) { return flip(cumsum(flip(v[0]), 0)); }},
      {"top_k", [](const Inputs& v) { return topk(v[0], v[1].item<std::int64_t>(), 1).values; }},
      {"top_k_smallest", [](const Inputs& v) { return topk(v[0], v[1].item<std::int64_t>(), 1, false).values; }},
      {"softmax_large_number", [](const Inputs& v) { return softmax(v[0]); }},
      {"logsoftmax_large_number", [](const Inputs& v) { return log_softmax(v[0]); }},
  };
  for (const int axis : {0, 1, 2}) {
    ops[concat("softmax_axis_", axis)] = [=](const Inputs& v) { return softmax(v[0], axis); };
    ops[concat("logsoftmax_axis_", axis)] = [=](const Inputs& v) { return log_softmax(v[0], axis); };
  }
  using Fold = Tensor (*)(const Operand&, const Reduce&);
  const std::map<std::string, Fold> folds{{"sum", sum}, {"mean", mean}, {"max", max},
                                          {"min", min}, {"prod", prod}, {"log_sum_exp", logsumexp}};
  for (const auto& [name, fold] : folds) {
    ops["reduce_" + name + "_keepdims_random"] = [f = fold](const Inputs& v) {
      return f(v[0], {.axis = 1, .keepdims = true});
    };
    ops["reduce_" + name + "_do_not_keepdims_random"] = [f = fold](const Inputs& v) { return f(v[0], {.axis = 1}); };
    ops["reduce_" + name + "_default_axes_keepdims_random"] = [f = fold](const Inputs& v) {
      return f(v[0], {.keepdims = true});
    };
  }
  for (const double order : {1.0, 2.0}) {
    const std::string name = concat("reduce_l", order);
    ops[name + "_keep_dims_random"] = [=](const Inputs& v) {
      return norm(v[0], {.axis = 2, .keepdims = true, .order = order});
    };
    ops[name + "_default_axes_keepdims_random"] = [=](const Inputs& v) {
      return norm(v[0], {.keepdims = true, .order = order});
    };
  }
  for (const auto& [name, choice] : std::map<std::string, Fold>{{"argmax", argmax}, {"argmin", argmin}}) {
    ops[name + "_keepdims_random"] = [f = choice](const Inputs& v) { return f(v[0], {.axis = 1, .keepdims = true}); };
    ops[name + "_no_keepdims_random"] = [f = choice](const Inputs& v) { return f(v[0], {.axis = 1}); };
    ops[name + "_negative_axis_keepdims_random"] = [f = choice](const Inputs& v) {
      return f(v[0], {.axis = -1, .keepdims = true});
    };
  }
  return ops;
}

std::map<std::string, Op> indexing_and_products() {
  const auto product = [](const Inputs& v) { return matmul(v[0], v[1]); };
  const auto contracted = [](const char* spec) { return [=](const Inputs& v) { return einsum(spec, v); }; };
  const auto joined = [](int axis) { return [=](const Inputs& v) { return concatenate(v, axis); }; };
  return {
      {"gather_0", [](const Inputs& v) { return take(v[0], v[1], 0); }},
      {"gather_1", [](const Inputs& v) { return take(v[0], v[1], 1); }},
      {"gather_elements_0", [](const Inputs& v) { return gather(v[0], v[1], 1); }},
      {"gather_elements_negative_indices", [](const Inputs& v) { return gather(v[0], v[1], 0); }},
      {"scatter_elements_with_duplicate_indices", [](const Inputs& v) { return scatter_add(v[0], v[1], v[2], 1); }},
      {"concat_3d_axis_1", joined(1)},
      {"concat_3d_axis_negative_3", joined(-3)},
      {"tile", [](const Inputs& v) { return tile(v[0], v[1].to_vector<std::int64_t>()); }},
      {"tile_precomputed", [](const Inputs& v) { return tile(v[0], v[1].to_vector<std::int64_t>()); }},
      {"tril", [](const Inputs& v) { return tril(v[0]); }},
      {"triu", [](const Inputs& v) { return triu(v[0]); }},
      {"tril_neg", [](const Inputs& v) { return tril(v[0], v[1].item<std::int64_t>()); }},
      {"triu_pos", [](const Inputs& v) { return triu(v[0], v[1].item<std::int64_t>()); }},
      {"slice",
       [](const Inputs& v) {
         return v[0][{Slice(0, 3), Slice(0, 10)}];
       }},
      {"slice_neg_steps",
       [](const Inputs& v) {
         return v[0][{Slice(20, 0, -1), Slice(10, 0, -3), Slice(4, 1, -2)}];
       }},
      {"transpose_default", one([](const Operand& x) { return transpose(x); })},
      {"matmul_2d", product},
      {"matmul_3d", product},
      {"matmul_4d", product},
      {"det_2d", one(det)},
      {"det_nd", one(det)},
      {"einsum_batch_diagonal", contracted("...ii ->...i")},
      {"einsum_batch_matmul", contracted("bij, bjk -> bik")},
      {"einsum_inner_prod", contracted("i,i")},
      {"einsum_sum", contracted("ij->i")},
      {"einsum_transpose", contracted("ij->ji")},
      {"sce_mean", [](const Inputs& v) { return mean(nll_loss(log_softmax(v[0]), v[1])); }},
      {"nllloss_NC", [](const Inputs& v) { return nll_loss(v[0], v[1]); }},
      {"layer_normalization_2d_axis_negative_1", [](const Inputs& v) { return layer_norm(v[0], v[1], v[2]); }},
      {"layer_normalization_4d_axis_negative_1", [](const Inputs& v) { return layer_norm(v[0], v[1], v[2]); }},
      {"batchnorm_epsilon",
       [](const Inputs& v) { return channels_second(batch_norm(channels_last(v[0]), v[3], v[4], v[1], v[2], 1e-2)); }},
      {"batchnorm_example_training_mode",
       [](const Inputs& v) { return channels_second(batch_norm_training(channels_last(v[0]), v[1], v[2], 1e-5).y); }},
      {"batchnorm_epsilon_training_mode",
       [](const Inputs& v) { return channels_second(batch_norm_training(channels_last(v[0]), v[1], v[2], 1e-2).y); }},
  };
}

std::map<std::string, Op> images() {
  const auto largest = [](const PoolOptions& options) {
    return spatial([=](const Tensor& x) { return max_pool2d(x, options); });
  };
  const auto average = [](const PoolOptions& options) {
    return spatial([=](const Tensor& x) { return average_pool2d(x, options); });
  };
  return {
      {"basic_conv_with_padding", convolution(conv2d, {.padding = 1})},
      {"basic_conv_without_padding", convolution(conv2d)},
      {"conv_with_strides_padding", convolution(conv2d, {.stride = 2, .padding = 1})},
      {"conv_with_strides_no_padding", convolution(conv2d, {.stride = 2})},
      {"conv_with_autopad_same", convolution(conv2d, {.stride = 2, .padding = "same"})},
      {"convtranspose", convolution(conv2d_transpose)},
      {"convtranspose_1d", convolution(conv1d_transpose)},
      {"convtranspose_3d", convolution(conv3d_transpose)},
      {"convtranspose_dilations", convolution(conv2d_transpose, {.dilation = 2})},
      {"convtranspose_pads", convolution(conv2d_transpose, {.stride = {3, 2}, .padding = {1, 2}})},
      {"maxpool_1d_default", spatial([](const Tensor& x) { return max_pool1d(x, {.stride = 1}); })},
      {"maxpool_2d_default", largest({.stride = 1})},
      {"maxpool_2d_pads", largest({.window = 3, .stride = 1, .padding = 2})},
      {"maxpool_2d_strides", largest({.window = 5, .stride = 3})},
      {"maxpool_2d_same_upper", largest({.stride = 1, .padding = "same"})},
      {"maxpool_3d_default", spatial([](const Tensor& x) { return max_pool3d(x, {.stride = 1}); })},
      {"averagepool_1d_default", spatial([](const Tensor& x) { return average_pool1d(x, {.stride = 1}); })},
      {"averagepool_2d_default", average({.stride = 1})},
      {"averagepool_2d_pads", average({.window = 3, .stride = 1, .padding = 2})},
      {"averagepool_2d_strides", average({.window = 5, .stride = 3})},
      {"averagepool_2d_same_upper", average({.stride = 1, .padding = "same"})},
      {"averagepool_3d_default", spatial([](const Tensor& x) { return average_pool3d(x, {.stride = 1}); })},
      {"globalaveragepool", spatial([](const Tensor& x) { return adaptive_average_pool(x, 1); })},
      {"globalmaxpool", spatial([](const Tensor& x) { return adaptive_max_pool(x, 1); })},
      {"edge_pad",
       [](const Inputs& v) {
         return pad(v[0], {{0, 0}, {0, 0}, {1, 1}, {1, 1}}, {.mode = PadMode::edge});
       }},
      {"reflect_pad",
       [](const Inputs& v) {
         return pad(v[0], {{0, 0}, {0, 0}, {1, 1}, {1, 1}}, {.mode = PadMode::reflect});
       }},
      {"resize_upsample_scales_linear", spatial([](const Tensor& x) { return resize(x, 4); })},
  };
}

/// The published outputs were computed in float32.
bool close(double got, double want) {
  if (std::isnan(want)) return std::isnan(got);
  return got == want || std::abs(got - want) <= 1e-6 + 1e-5 * std::abs(want);
}

bool agrees(const Tensor& got, const Array& want) {
  const std::vector<double> a = got.to_vector<double>(), b = want.to_vector<double>();
  return got.shape() == want.shape() && std::equal(a.begin(), a.end(), b.begin(), b.end(), close);
}

}  // namespace

TEST_CASE("onnx: operations give the published outputs of ONNX's tests") {
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "skipped: ONNX's outputs need Debian's package libonnx-testdata" << std::endl;
    return;
  }
  int checked = 0;
  for (const auto& ops : {elementwise(), reductions(), indexing_and_products(), images()})
    for (const auto& [name, op] : ops) {
      const OnnxTest test = read_onnx_test(folder, name);
      CHECK_MESSAGE(!test.outputs.empty(), name, " is not there");
      if (test.outputs.empty()) continue;
      ++checked;
      CHECK_MESSAGE(agrees(op(Inputs(test.inputs.begin(), test.inputs.end())), test.outputs[0]), name);
    }
  CHECK(checked > 150);
}
