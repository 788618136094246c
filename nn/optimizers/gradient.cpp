#include "nn/optimizers/gradient.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/kernels/update.hpp"

namespace xg::nn {

const Array& Gradient::value() {
  if (decay_ == 0) return gradient_;
  Array sum = parameter().clone();
  std::vector<double, pool::Allocator<double>> room(kernels::decay_room(sum.size()));
  squares_ = kernels::decayed_gradient(sum, gradient_, decay_, room.data());
  decay_ = 0;
  return gradient_ = sum;
}

void Gradient::set(const Array& gradient, std::source_location where) {
  if (gradient.shape() != parameter().shape() || gradient.dtype() != parameter().dtype())
    throw ShapeError(
        concat("gradient: that of '", name(), "' is a ", parameter().dtype(), " tensor of shape ", parameter().shape(),
               ", it cannot become a ", gradient.dtype(), " tensor of shape ", gradient.shape()),
        where);
  value();  // what is replaced includes the decay
  // The update changes the parameter's elements while it reads these.
  gradient_ = gradient.shares_storage(parameter()) ? gradient.clone() : gradient.contiguous();
}

void Gradients::add(const Tensor& leaf, const Array& gradient) {
  for (std::size_t i = 0; i < parameters_->size(); ++i) {
    const NamedTensor& parameter = (*parameters_)[i];
    if (parameter.value.node() == leaf.node() && leaf.requires_grad()) emplace_back(i, parameter, gradient);
  }
}

namespace {

void check_limit(const char* name, double limit, std::source_location where) {
  if (!(limit > 0) || std::isinf(limit))
    throw ValueError(concat(name, ": the limit must be a positive number, got ", limit), where);
}

double norm_squared(Gradient& gradient) { return sum_squares(astype(Tensor(gradient.value()), float64)).item(); }

void scale_down(Gradient& gradient, double norm, double limit) {
  if (!(norm <= limit)) gradient.set((Tensor(gradient.value()) * (limit / norm)).array());
}

/// The step works on a copy, which goes if it fails. Sums of gradients, by their parameters' places in the graph.
class Accumulation {
 public:
  explicit Accumulation(int steps) : steps_(steps) {}

  bool operator()(Gradients& gradients) {
    const NoGrad values_only;
    const bool is_last = seen_ + 1 == steps_;
    for (Gradient& gradient : gradients) {
      // The decay of the last step stands for all: the parameter does not change between them.
      const Tensor share = Tensor(gradient.without_decay()) / static_cast<double>(steps_);
      auto& [leaf, sum] = sums_[gradient.leaf().node().get()];
      const bool fits = sum.defined() && sum.shape() == share.shape() && sum.dtype() == share.dtype();
      sum = (fits ? Tensor(sum) + share : share).array();
      leaf = gradient.leaf();
    }
    seen_ = is_last ? 0 : seen_ + 1;
    if (is_last) give(std::exchange(sums_, {}), gradients);
    return is_last;
  }

 private:
  struct Sum {
    Tensor leaf;  ///< as long as it lives, no other lies in its place
    Array gradient;
  };
  using Sums = std::map<const Node*, Sum>;

  /// The sums in the place of the gradients; those of parameters that have none in the last step too.
  static void give(Sums sums, Gradients& gradients) {
    for (Gradient& gradient : gradients) {
      const double decay = gradient.decay();
      gradient.set_decay(0);
      gradient.set(sums[gradient.leaf().node().get()].gradient);
      gradient.set_decay(decay);
      sums.erase(gradient.leaf().node().get());
    }
    for (const auto& [node, sum] : sums) gradients.add(sum.leaf, sum.gradient);
  }

  int steps_;
  int seen_ = 0;
  Sums sums_;
};

}  // namespace

GradientTransform clip_by_value(double limit, std::source_location where) {
  check_limit("clip_by_value", limit, where);
  return {"clip_by_value", [limit](Gradients& gradients) {
            const NoGrad values_only;
            for (Gradient& each : gradients) each.set(clip(Tensor(each.value()), -limit, limit).array());
            return true;
          }};
}

GradientTransform clip_by_norm(double limit, std::source_location where) {
  check_limit("clip_by_norm", limit, where);
  return {"clip_by_norm", [limit](Gradients& gradients) {
            const NoGrad values_only;
            for (Gradient& each : gradients) scale_down(each, std::sqrt(norm_squared(each)), limit);
            return true;
          }};
}

GradientTransform clip_by_global_norm(double limit, std::source_location where) {
  check_limit("clip_by_global_norm", limit, where);
  return {"clip_by_global_norm", [limit](Gradients& gradients) {
            const NoGrad values_only;
            double squares = 0;
            for (Gradient& each : gradients) squares += norm_squared(each);
            for (Gradient& each : gradients) scale_down(each, std::sqrt(squares), limit);
            return true;
          }};
}

GradientTransform accumulate(int steps, std::source_location where) {
  if (steps < 1) throw ValueError(concat("accumulate: at least one step is needed, got ", steps), where);
  return {"accumulate", Accumulation(steps)};
}

}  // namespace xg::nn
