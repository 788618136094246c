#include "nn/optimizers/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <numeric>
#include <utility>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/indexed.hpp"
#include "lib/kernels/copy.hpp"

namespace xg::nn {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// a += factor b.
void add(Vector& a, double factor, const Vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

double largest(const Vector& a) {
  double most = 0;
  for (const double element : a) most = std::max(most, std::abs(element));
  return most;
}

/// A point on the line of a search: how far it is, the loss there, its slope along the line, and its gradient.
struct Point {
  double step, loss, slope;
  Vector gradient = {};
};

/// Where the cubic through two points and their slopes is smallest; the middle between them if that is not well inside.
double smallest_of_cubic(const Point& a, const Point& b) {
  const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step);
  const double square = d1 * d1 - a.slope * b.slope, width = std::abs(b.step - a.step);
  const double low = std::min(a.step, b.step) + 0.1 * width, high = std::max(a.step, b.step) - 0.1 * width;
  const double d2 = std::copysign(std::sqrt(square), b.step - a.step);
  const double best = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  return square >= 0 && best >= low && best <= high ? best : (a.step + b.step) / 2;
}

}  // namespace

LBFGS::LBFGS(const ParameterList& parameters, const LBFGSOptions& options, std::source_location where)
    : options_(options) {
  for (const auto& [what, number] :
       {std::pair("max_iterations", options.max_iterations), std::pair("history_size", options.history_size),
        std::pair("max_trials", options.max_trials)})
    if (number < 1) throw ValueError(concat("LBFGS: ", what, " must be at least 1, got ", number), where);
  for (const double tolerance : {options.gradient_tolerance, options.loss_tolerance})
    if (!(tolerance >= 0)) throw ValueError(concat("LBFGS: a tolerance must be at least 0, got ", tolerance), where);
  for (const NamedTensor& parameter : parameters) {
    if (!parameter.value.requires_grad()) continue;
    if (parameter.constraint)
      throw ValueError(concat("LBFGS: '", parameter.name,
                              "' has a constraint, which a line search cannot keep: use another optimizer"),
                       where);
    check_own_places(("LBFGS: parameter '" + parameter.name + "'").c_str(), parameter.value.array(), where);
    parameters_.push_back(parameter);
  }
  if (parameters_.empty()) throw ValueError("LBFGS: there are no parameters to change", where);
}

/// One minimization.
class LBFGS::Run {
 public:
  Run(LBFGS& owner, const Loss& loss, std::source_location where)
      : options_(owner.options_), parameters_(owner.parameters_), loss_(loss), where_(where), x_(read()), start_(x_) {}
  ~Run() {
    if (!done_) write(start_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  LBFGSResult make() {
    Point here = at(x_, Vector(x_.size()), 0);
    if (!std::isfinite(here.loss))
      throw ValueError(concat("LBFGS: the loss is ", given_, ", or its gradient is not finite, before the first step"),
                       where_);
    while (result_.iterations < options_.max_iterations && !(result_.converged = is_flat(here))) {
      Vector direction = downhill(here.gradient);
      here.slope = dot(direction, here.gradient);
      if (!(here.slope < 0)) break;
      const bool is_first = changes_.empty();
      const double trial = is_first ? std::min(1.0, 1 / std::sqrt(dot(here.gradient, here.gradient))) : 1;
      here.step = 0;
      Point next = search(here, direction, trial);
      if (!(next.loss < here.loss)) {
        if (is_first) break;
        changes_.clear();  // what is remembered leads nowhere: steepest descent, once
        continue;
      }
      remember(here, next, direction);
      add(x_, next.step, direction);
      ++result_.iterations;
      const bool stands = here.loss - next.loss <= options_.loss_tolerance * std::abs(here.loss);
      here = std::move(next);
      if ((result_.converged = stands)) break;
    }
    write(x_);
    result_.loss = here.loss;
    done_ = true;
    return result_;
  }

 private:
  /// A step, and how the gradient changed on it.
  struct Change {
    Vector x, gradient;
    double product;  ///< of both
  };

  Vector read() const {
    Vector x;
    for (const NamedTensor& parameter : parameters_) {
      const Vector part = parameter.value.to_vector<double>();
      x.insert(x.end(), part.begin(), part.end());
    }
    return x;
  }

  void write(const Vector& x) const {
    const double* next = x.data();
    for (const NamedTensor& parameter : parameters_) {
      Array elements = parameter.value.array();
      Array values = Array::empty(elements.shape(), float64);
      std::copy_n(next, values.size(), values.data<double>());
      next += values.size();
      kernels::copy(values, elements);
      elements.bump_version();
    }
  }

  /// The loss and its gradient so far from x. A loss that is no number is an infinite one: too far.
  Point at(const Vector& x, const Vector& direction, double step) {
    Vector there = x;
    add(there, step, direction);
    write(there);
    ++result_.evaluations;
    const WithGrad recording;
    const Tensor loss = [&] {
      const OwnLines own;
      return loss_();
    }();
    if (!loss.defined()) throw ValueError("LBFGS: the loss is an undefined tensor", where_);
    std::vector<Tensor> inputs;
    for (const NamedTensor& parameter : parameters_) inputs.push_back(parameter.value);
    const std::vector<Tensor> parts = grad({loss}, inputs, {.allow_unused = true}, where_);
    Vector gradient;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Vector numbers =
          parts[i].defined() ? parts[i].to_vector<double>() : Vector(static_cast<std::size_t>(inputs[i].size()));
      gradient.insert(gradient.end(), numbers.begin(), numbers.end());
    }
    given_ = loss.item();
    const double slope = dot(gradient, direction);
    const bool is_number = std::isfinite(given_) && std::isfinite(dot(gradient, gradient));
    return {step, is_number ? given_ : std::numeric_limits<double>::infinity(), slope, std::move(gradient)};
  }

  bool is_flat(const Point& point) const { return largest(point.gradient) <= options_.gradient_tolerance; }

  /// The two loops (algorithm 7.4).
  Vector downhill(const Vector& gradient) const {
    Vector direction = gradient;
    Vector shares(changes_.size());
    for (std::size_t i = changes_.size(); i-- > 0;) {
      shares[i] = dot(changes_[i].x, direction) / changes_[i].product;
      add(direction, -shares[i], changes_[i].gradient);
    }
    if (!changes_.empty()) {
      const Change& last = changes_.back();
      const double scale = last.product / dot(last.gradient, last.gradient);
      for (double& element : direction) element *= scale;
    }
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const double share = dot(changes_[i].gradient, direction) / changes_[i].product;
      add(direction, shares[i] - share, changes_[i].x);
    }
    for (double& element : direction) element = -element;
    return direction;
  }

  /// Only a change with positive curvature keeps the matrix positive definite.
  void remember(const Point& here, const Point& next, const Vector& direction) {
    Change change{direction, next.gradient, 0};
    for (double& element : change.x) element *= next.step;
    add(change.gradient, -1, here.gradient);
    change.product = dot(change.x, change.gradient);
    if (!(change.product > std::numeric_limits<double>::epsilon() * dot(change.gradient, change.gradient))) return;
    changes_.push_back(std::move(change));
    if (changes_.size() > static_cast<std::size_t>(options_.history_size)) changes_.pop_front();
  }

  bool falls_enough(const Point& start, const Point& point) const {
    return point.loss <= start.loss + 1e-4 * point.step * start.slope;
  }
  bool is_level(const Point& start, const Point& point) const { return std::abs(point.slope) <= -0.9 * start.slope; }

  /// Algorithm 3.5: a step that is long enough, or two between which one lies. Of those that were tried the best, if
  /// none will do.
  Point search(const Point& start, const Vector& direction, double trial) {
    Point last = start, best = start;
    for (int i = 0; i < options_.max_trials; ++i) {
      Point point = at(x_, direction, trial);
      if (point.loss < best.loss) best = point;
      if (!falls_enough(start, point) || (i > 0 && point.loss >= last.loss))
        return between(start, direction, last, std::move(point), std::move(best), i);
      if (is_level(start, point)) return point;
      if (point.slope >= 0) return between(start, direction, std::move(point), last, std::move(best), i);
      last = std::move(point);
      trial *= 2;
    }
    return best;
  }

  /// Algorithm 3.6: `low` is the better end.
  Point between(const Point& start, const Vector& direction, Point low, Point high, Point best, int trials) {
    for (; trials < options_.max_trials; ++trials) {
      const bool known = std::isfinite(high.loss) && std::isfinite(high.slope);
      Point point = at(x_, direction, known ? smallest_of_cubic(low, high) : (low.step + high.step) / 2);
      if (point.loss < best.loss) best = point;
      if (!falls_enough(start, point) || point.loss >= low.loss) {
        high = std::move(point);
      } else {
        if (is_level(start, point)) return point;
        if (point.slope * (high.step - low.step) >= 0) high = low;
        low = std::move(point);
      }
    }
    return best;
  }

  const LBFGSOptions& options_;
  const std::vector<NamedTensor>& parameters_;
  const Loss& loss_;
  std::source_location where_;
  Vector x_;
  const Vector start_;
  std::deque<Change> changes_;
  LBFGSResult result_;
  double given_ = 0;  ///< the loss as it was computed last
  bool done_ = false;
};

LBFGSResult LBFGS::minimize(const Loss& loss, std::source_location where) {
  check_given("LBFGS", "loss", loss, where);
  return Run(*this, loss, where).make();
}

}  // namespace xg::nn
