#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "tests/autograd/laws.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Check = GradcheckReport (*)(const Function&, const Inputs&, const GradcheckOptions&, std::source_location);

/// One order of derivatives: all inputs at once in every memory layout, and each alone. Returns how many checks it
/// took.
int derivatives_agree(const OpCase& op, const Inputs& sample, Check check, const char* order) {
  int checks = 0;
  const auto run = [&](const Function& function, const Inputs& inputs, const char* which) {
    const GradcheckReport report = check(function, inputs, op.options, std::source_location::current());
    ++checks;
    CHECK_MESSAGE(report.passed, title(op), ", ", which, ", ", order, " derivative: ", report);
  };
  run(op.function, leaves(sample), "plain");
  run(laid_out(op.function, Layout::transposed), leaves(bases(sample, Layout::transposed)), "transposed");
  run(laid_out(op.function, Layout::sliced), leaves(bases(sample, Layout::sliced)), "sliced");
  for (std::size_t i = 0; i < sample.size() && sample.size() > 1; ++i) {
    if (!is_floating(sample[i].dtype())) continue;
    Inputs alone = sample;
    alone[i] = Tensor(sample[i].array().clone()).set_requires_grad();
    run(op.function, alone, "one input");
  }
  return checks;
}

/// a b with rules that tests may get wrong.
template <class RuleA, class RuleB>
Function product(RuleA rule_a, RuleB rule_b) {
  return [=](const Inputs& v) {
    const Saved a(v[0]), b(v[1]);
    return record("product", (v[0].detach() * v[1].detach()).array(),
                  edge(v[0], [=](const Tensor& dy) { return rule_a(dy, a.get(), b.get()); }),
                  edge(v[1], [=](const Tensor& dy) { return rule_b(dy, a.get(), b.get()); }));
  };
}

Tensor times_b(const Tensor& dy, const Tensor&, const Tensor& b) { return dy * b; }
Tensor times_a(const Tensor& dy, const Tensor& a, const Tensor&) { return dy * a; }

Inputs two_leaves() { return leaves({uniform({2, 3}, 0.5, 2), uniform({3}, 0.5, 2)}); }

}  // namespace

std::vector<Law> xg::testing::gradient_laws() {
  return {{"the first derivative is that of differences",
           [](const OpCase& op, const Inputs& sample) { return derivatives_agree(op, sample, gradcheck, "first"); }},
          {"the second derivative is that of differences", [](const OpCase& op, const Inputs& sample) {
             return derivatives_agree(op, sample, gradgradcheck, "second");
           }}};
}

TEST_CASE("gradcheck: passes right rules, and reports how many elements it compared") {
  const GradcheckReport report = gradcheck(product(times_b, times_a), two_leaves());
  CHECK(report.passed);
  CHECK(report.elements == 9);
  CHECK(report.relative_error < 1e-8);
  CHECK(to_string(report).starts_with("passed: worst of 9 is input "));
  CHECK(gradgradcheck(product(times_b, times_a), two_leaves()).passed);
}

TEST_CASE("gradcheck: finds a wrong factor and names input and element") {
  const auto half = [](const Tensor& dy, const Tensor& a, const Tensor&) { return dy * a * 0.5; };
  const GradcheckReport report = gradcheck(product(times_b, half), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 1);
  CHECK(report.analytic == Close(report.numeric / 2, 1e-6));
  CHECK(report.relative_error == Close(0.5, 1e-6));
  CHECK(to_string(report) == concat("input 1, element ", report.element, ": analytic ", report.analytic, ", numeric ",
                                    report.numeric, ", relative error ", report.relative_error));
}

TEST_CASE("gradcheck: finds a wrong sign") {
  const auto negated = [](const Tensor& dy, const Tensor&, const Tensor& b) { return -dy * b; };
  const GradcheckReport report = gradcheck(product(negated, times_a), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 0);
  CHECK(report.analytic == Close(-report.numeric, 1e-6));
}

TEST_CASE("gradcheck: finds one wrong element") {
  const Inputs inputs = leaves({uniform({2, 3}, 0.5, 2)});
  const auto function = [](const Inputs& v) {
    return record("identity", v[0].array().clone(), edge(v[0], [](const Tensor& dy) {
                    return dy * Tensor({{1.0, 1.0, 1.0}, {1.0, 1.1, 1.0}}, float64);
                  }));
  };
  const GradcheckReport report = gradcheck(function, inputs);
  CHECK_FALSE(report.passed);
  CHECK(report.input == 0);
  CHECK(report.element == 4);
}

TEST_CASE("gradcheck: finds a gradient that forgets a broadcast") {
  // Each row gets the average of what it should get in all: right only if the weights were even.
  const auto first_row = [](const Tensor& dy, const Tensor& a, const Tensor&) { return mean(dy * a, {.axis = 0}); };
  const GradcheckReport report = gradcheck(product(times_b, first_row), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 1);
}

TEST_CASE("gradcheck: finds an input whose edge is missing, and NaN") {
  const auto forgotten = [](const Inputs& v) {
    return record("product", (v[0].detach() * v[1].detach()).array(),
                  edge(v[0], [b = Saved(v[1])](const Tensor& dy) { return dy * b; }));
  };
  const GradcheckReport missing = gradcheck(forgotten, two_leaves());
  CHECK_FALSE(missing.passed);
  CHECK(missing.input == 1);
  CHECK(missing.analytic == 0);
  const auto undefined = [](const Tensor& dy, const Tensor&, const Tensor&) { return log(-dy); };
  CHECK_FALSE(gradcheck(product(undefined, times_a), two_leaves()).passed);
}

TEST_CASE("gradcheck: NaN in one element is the worst, whatever comes after it") {
  const auto nan_first = [](const Tensor& dy, const Tensor&, const Tensor& b) {
    const Tensor flaw({{std::nan(""), 1.0, 1.0}, {1.0, 1.0, 1.0}}, float64);
    return dy * b * flaw * 1.5;
  };
  const GradcheckReport report = gradcheck(product(nan_first, times_a), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 0);
  CHECK(report.element == 0);
  CHECK(std::isnan(report.analytic));
  CHECK(std::isinf(report.relative_error));
}

TEST_CASE("gradgradcheck: finds a rule whose own derivative is wrong though the first is right") {
  const auto constant = [](const Tensor& dy, const Tensor& a, const Tensor&) { return dy * a.detach(); };
  CHECK(gradcheck(product(times_b, constant), two_leaves()).passed);
  const GradcheckReport report = gradgradcheck(product(times_b, constant), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 0);
  CHECK(report.failure.empty());
}

TEST_CASE("gradgradcheck: finds a rule that ignores that the gradient it gets can vary") {
  const auto frozen = [](const Tensor& dy, const Tensor&, const Tensor& b) { return dy.detach() * b; };
  CHECK(gradcheck(product(frozen, times_a), two_leaves()).passed);
  const GradcheckReport report = gradgradcheck(product(frozen, times_a), two_leaves());
  CHECK_FALSE(report.passed);
  CHECK(report.input == 2);
}

TEST_CASE("gradcheck: refuses inputs it cannot check") {
  const auto twice = [](const Inputs& v) { return v[0] * 2.0; };
  CHECK_ERROR(DTypeError, gradcheck(twice, {ones({2}), ones({2}).set_requires_grad()}),
              "gradcheck: input 1 is float32: differences need float64");
  CHECK_ERROR(DTypeError, gradgradcheck(twice, {ones({2}).set_requires_grad()}),
              "gradgradcheck: input 0 is float32: differences need float64");
  CHECK_ERROR(GraphError, gradcheck(twice, {ones({2}, float64)}), "gradcheck: no input requires a gradient");
  CHECK_ERROR(GraphError, gradgradcheck(twice, {ones({2}, float64)}), "gradgradcheck: no input requires a gradient");
}

TEST_CASE("gradcheck: an output that depends on no input fails the check") {
  const Inputs inputs = leaves({uniform({2})});
  const GradcheckReport report = gradcheck([](const Inputs& v) { return v[0].detach(); }, inputs);
  CHECK_FALSE(report.passed);
  CHECK(to_string(report) == "the output does not depend on any input that requires a gradient");
}

TEST_CASE("gradcheck: leaves its inputs as they were") {
  const Inputs inputs = two_leaves();
  const std::vector<double> before = inputs[0].to_vector<double>();
  const std::uint64_t version = inputs[0].array().version();
  CHECK(gradcheck(product(times_b, times_a), inputs).passed);
  CHECK(gradgradcheck(product(times_b, times_a), inputs).passed);
  CHECK(inputs[0].to_vector<double>() == before);
  CHECK(inputs[0].array().version() == version);
  CHECK_FALSE(inputs[0].grad().defined());
}

TEST_CASE("gradcheck: works inside NoGrad") {
  const NoGrad outer;
  CHECK(gradcheck(product(times_b, times_a), two_leaves()).passed);
  CHECK(gradgradcheck(product(times_b, times_a), two_leaves()).passed);
}

TEST_CASE("gradients: the third derivative of tanh") {
  Tensor x = uniform({7});
  x.set_requires_grad();
  Tensor y = tanh(x);
  for (int order = 0; order < 3; ++order) y = grad(sum(y), x, {.create_graph = true});
  const std::vector<double> points = x.to_vector<double>(), third = y.to_vector<double>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double t = std::tanh(points[i]), slope = 1 - t * t;
    CHECK(third[i] == Close(slope * (6 * t * t - 2), 1e-12));
  }
}

TEST_CASE("gradients: the third derivative of x e^x") {
  Tensor x = uniform({7});
  x.set_requires_grad();
  Tensor y = exp(x) * x;
  for (int order = 0; order < 3; ++order) y = grad(sum(y), x, {.create_graph = true});
  const std::vector<double> points = x.to_vector<double>(), third = y.to_vector<double>();
  for (std::size_t i = 0; i < points.size(); ++i)
    CHECK(third[i] == Close((points[i] + 3) * std::exp(points[i]), 1e-12));
}
