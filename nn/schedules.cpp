#include "nn/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "nn/check_number.hpp"

namespace xg::nn {
namespace {

double real(std::int64_t number) { return static_cast<double>(number); }

void check_at_least(const std::string& what, std::int64_t least, std::int64_t number, std::source_location where) {
  if (number < least) throw ValueError(concat(what, " must be at least ", least, ", got ", number), where);
}

void check_share_of_one(const std::string& what, double share, std::source_location where) {
  if (!(share >= 0 && share <= 1)) throw ValueError(concat(what, " must lie in [0, 1], got ", share), where);
}

void check_positive(const std::string& what, double number, std::source_location where) {
  if (!(number > 0)) throw ValueError(concat(what, " must be greater than 0, got ", number), where);
  check_finite(what, number, where);
}

/// From 1 to 0, for a share of the way.
double half_wave(double done) { return 0.5 * (1 + std::cos(std::numbers::pi * done)); }

double line(double from, double to, double done) { return from + (to - from) * done; }

void check(const std::string& name, const DecayOptions& options, std::source_location where) {
  check_not_negative(name + ": learning_rate", options.learning_rate, where);
  check_at_least(name + ": decay_steps", 1, options.decay_steps, where);
  check_not_negative(name + ": decay_rate", options.decay_rate, where);
}

double decays(const DecayOptions& options, std::int64_t step) {
  const double count = real(step) / real(options.decay_steps);
  return options.staircase ? std::floor(count) : count;
}

}  // namespace

LearningRate step_decay(const StepDecayOptions& options, std::source_location where) {
  const DecayOptions as_stairs{options.learning_rate, options.decay_steps, options.decay_rate, true};
  check("step_decay", as_stairs, where);
  return exponential_decay(as_stairs, where);
}

LearningRate piecewise_constant(const PiecewiseConstantOptions& options, std::source_location where) {
  const auto& [boundaries, values] = options;
  if (values.size() != boundaries.size() + 1)
    throw ValueError(concat("piecewise_constant: there must be one value more than boundaries, got ", values.size(),
                            " values for ", boundaries.size()),
                     where);
  for (std::size_t i = 1; i < boundaries.size(); ++i)
    if (boundaries[i] <= boundaries[i - 1])
      throw ValueError(
          concat("piecewise_constant: the boundaries must rise, got ", boundaries[i], " behind ", boundaries[i - 1]),
          where);
  for (const double value : values) check_not_negative("piecewise_constant: a value", value, where);
  return [options](std::int64_t step) {
    const auto& steps = options.boundaries;
    const auto place = std::lower_bound(steps.begin(), steps.end(), step) - steps.begin();
    return options.values[static_cast<std::size_t>(place)];
  };
}

LearningRate exponential_decay(const DecayOptions& options, std::source_location where) {
  check("exponential_decay", options, where);
  return [options](std::int64_t step) {
    return options.learning_rate * std::pow(options.decay_rate, decays(options, step));
  };
}

LearningRate inverse_time_decay(const DecayOptions& options, std::source_location where) {
  check("inverse_time_decay", options, where);
  return
      [options](std::int64_t step) { return options.learning_rate / (1 + options.decay_rate * decays(options, step)); };
}

LearningRate polynomial_decay(const PolynomialDecayOptions& options, std::source_location where) {
  check_not_negative("polynomial_decay: learning_rate", options.learning_rate, where);
  check_at_least("polynomial_decay: decay_steps", 1, options.decay_steps, where);
  check_not_negative("polynomial_decay: end_learning_rate", options.end_learning_rate, where);
  check_positive("polynomial_decay: power", options.power, where);
  return [options](std::int64_t step) {
    double done = real(step) / real(options.decay_steps);
    done = options.cycle ? done / std::max(1.0, std::ceil(done)) : std::min(1.0, done);
    return line(options.end_learning_rate, options.learning_rate, std::pow(1 - done, options.power));
  };
}

LearningRate cosine_decay(const CosineDecayOptions& options, std::source_location where) {
  check_not_negative("cosine_decay: learning_rate", options.learning_rate, where);
  check_at_least("cosine_decay: decay_steps", 1, options.decay_steps, where);
  check_share_of_one("cosine_decay: alpha", options.alpha, where);
  check_at_least("cosine_decay: warmup_steps", 0, options.warmup_steps, where);
  check_not_negative("cosine_decay: warmup_learning_rate", options.warmup_learning_rate, where);
  return [options](std::int64_t step) {
    if (step < options.warmup_steps)
      return line(options.warmup_learning_rate, options.learning_rate, real(step) / real(options.warmup_steps));
    const double done = std::min(1.0, real(step - options.warmup_steps) / real(options.decay_steps));
    return options.learning_rate * line(options.alpha, 1, half_wave(done));
  };
}

LearningRate cosine_decay_restarts(const CosineDecayRestartsOptions& options, std::source_location where) {
  check_not_negative("cosine_decay_restarts: learning_rate", options.learning_rate, where);
  check_at_least("cosine_decay_restarts: first_decay_steps", 1, options.first_decay_steps, where);
  check_finite("cosine_decay_restarts: t_mul", options.t_mul, where);
  if (options.t_mul < 1)
    throw ValueError(concat("cosine_decay_restarts: t_mul must be at least 1, got ", options.t_mul), where);
  check_not_negative("cosine_decay_restarts: m_mul", options.m_mul, where);
  check_share_of_one("cosine_decay_restarts: alpha", options.alpha, where);
  return [options](std::int64_t step) {
    double periods = 0, length = real(options.first_decay_steps), rest = real(step);
    if (options.t_mul == 1) {
      periods = std::floor(rest / length);
      rest -= periods * length;
    }
    for (; rest >= length; ++periods) {
      rest -= length;
      length *= options.t_mul;
    }
    const double largest = std::pow(options.m_mul, periods);
    return options.learning_rate * ((1 - options.alpha) * largest * half_wave(rest / length) + options.alpha);
  };
}

LearningRate one_cycle(const OneCycleOptions& options, std::source_location where) {
  check_not_negative("one_cycle: max_learning_rate", options.max_learning_rate, where);
  check_at_least("one_cycle: total_steps", 1, options.total_steps, where);
  check_share_of_one("one_cycle: share_rising", options.share_rising, where);
  check_positive("one_cycle: div_factor", options.div_factor, where);
  check_positive("one_cycle: final_div_factor", options.final_div_factor, where);
  return [options](std::int64_t step) {
    const double first = options.max_learning_rate / options.div_factor, last = first / options.final_div_factor;
    const double peak = options.share_rising * real(options.total_steps) - 1, end = real(options.total_steps) - 1;
    const auto between = [&](double from, double to, double begin, double until) {
      constexpr double rounding = 1e-6;  // a rise of no steps at all may have a length by rounding
      const double done = until - begin > rounding ? std::min(1.0, (real(step) - begin) / (until - begin)) : 1;
      return line(from, to, options.linear ? done : 1 - half_wave(done));
    };
    if (real(step) <= peak) return between(first, options.max_learning_rate, 0, peak);
    return between(options.max_learning_rate, last, peak, end);
  };
}

LearningRate warmup(const WarmupOptions& options, std::source_location where) {
  check_at_least("warmup: steps", 0, options.steps, where);
  check_share_of_one("warmup: start_factor", options.start_factor, where);
  if (options.then.is_constant()) check_not_negative("warmup: the learning rate", options.then(0), where);
  return [options](std::int64_t step) {
    if (step >= options.steps) return options.then(step - options.steps);
    return options.then(0) * line(options.start_factor, 1, real(step) / real(options.steps));
  };
}

}  // namespace xg::nn
