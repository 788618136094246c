#include "autograd/gradcheck.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"

namespace xg {
namespace {

/// Fresh leaves with the inputs' elements, which the check may change.
std::vector<Tensor> own_leaves(const char* call, const std::vector<Tensor>& inputs, std::source_location where) {
  std::vector<Tensor> leaves;
  bool any = false;
  for (const Tensor& input : inputs) {
    leaves.emplace_back(input.array().clone());
    if (!input.requires_grad()) continue;
    if (input.dtype() != float64)
      throw DTypeError(concat(call, ": input ", leaves.size() - 1, " is ", input.dtype(), ": differences need float64"),
                       where);
    leaves.back().set_requires_grad();
    any = true;
  }
  if (!any) throw GraphError(concat(call, ": no input requires a gradient"), where);
  return leaves;
}

/// The outputs' elements weighted and added up.
Tensor contract(const Tensor& output, const GradcheckOptions& options) {
  return sum(output * Tensor(Generator(options.seed, 1).uniform(output.shape(), 0.5, 1.5, output.dtype())));
}

double value_at(const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  return contract(function(inputs), options).item<double>();
}

void compare(GradcheckReport& report, double analytic, double numeric, std::size_t input, std::int64_t element) {
  ++report.elements;
  const double scale = std::max({1.0, std::abs(analytic), std::abs(numeric)});
  const double error = std::abs(analytic - numeric) / scale;
  if (error <= report.relative_error) return;  // false for NaN, which is an error of its own
  report.relative_error = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
  report.input = input;
  report.element = element;
  report.analytic = analytic;
  report.numeric = numeric;
}

}  // namespace

GradcheckReport gradcheck(const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options,
                          std::source_location where) {
  check_given("gradcheck", "function", function, where);
  const std::vector<Tensor> leaves = own_leaves("gradcheck", inputs, where);
  std::vector<Tensor> wanted;
  for (const Tensor& leaf : leaves)
    if (leaf.requires_grad()) wanted.push_back(leaf);
  const WithGrad recording;
  const Tensor output = function(leaves);
  GradcheckReport report;
  if (!output.requires_grad()) {
    report.passed = false;
    report.failure = "the output does not depend on any input that requires a gradient";
    return report;
  }
  const std::vector<Tensor> gradients = grad({contract(output, options)}, wanted, {.allow_unused = true}, where);
  for (std::size_t i = 0, next = 0; i < leaves.size(); ++i) {
    if (!leaves[i].requires_grad()) continue;
    const Tensor& gradient = gradients[next++];
    const std::vector<double> analytic = gradient.defined()
                                             ? gradient.to_vector<double>()
                                             : std::vector<double>(static_cast<std::size_t>(leaves[i].size()));
    double* x = leaves[i].array().data<double>();
    for (std::int64_t e = 0; e < leaves[i].size(); ++e) {
      const double saved = x[e], step = options.step * std::max(1.0, std::abs(saved));
      x[e] = saved + step;
      const double above = value_at(function, leaves, options), up = x[e] - saved;
      x[e] = saved - step;
      const double below = value_at(function, leaves, options), down = saved - x[e];
      x[e] = saved;
      compare(report, analytic[static_cast<std::size_t>(e)], (above - below) / (up + down), i, e);
    }
  }
  report.passed = report.relative_error <= options.relative_tolerance;
  return report;
}

GradcheckReport gradgradcheck(const Function& function, const std::vector<Tensor>& inputs,
                              const GradcheckOptions& options, std::source_location where) {
  check_given("gradgradcheck", "function", function, where);
  const std::vector<Tensor> leaves = own_leaves("gradgradcheck", inputs, where);
  const Tensor sample = function(leaves);
  // The gradient is linear in dy, so any fixed dy that is not symmetric will do.
  Tensor dy = Generator(options.seed, 2).uniform(sample.shape(), 0.5, 1.5, sample.dtype());
  std::vector<Tensor> extended = leaves;
  extended.push_back(dy.set_requires_grad());
  const Function gradient = [&](const std::vector<Tensor>& all) {
    const std::vector<Tensor> xs(all.begin(), all.end() - 1);
    std::vector<Tensor> wanted;
    for (const Tensor& x : xs)
      if (x.requires_grad()) wanted.push_back(x);
    const auto results =
        grad({function(xs)}, wanted, {.gradients = {all.back()}, .create_graph = true, .allow_unused = true}, where);
    Tensor total = Array::zeros({}, float64);
    for (std::size_t i = 0; i < results.size(); ++i)
      if (results[i].defined()) {
        GradcheckOptions uneven = options;
        uneven.seed += i + 1;
        total += contract(results[i], uneven);
      }
    return total;
  };
  return gradcheck(gradient, extended, options, where);
}

std::string to_string(const GradcheckReport& report) {
  if (!report.failure.empty()) return report.failure;
  return concat(report.passed ? "passed: worst of " + std::to_string(report.elements) + " is " : "", "input ",
                report.input, ", element ", report.element, ": analytic ", report.analytic, ", numeric ",
                report.numeric, ", relative error ", report.relative_error);
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) { return out << to_string(report); }

}  // namespace xg
