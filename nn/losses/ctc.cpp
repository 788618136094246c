#include "nn/losses/ctc.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

/// ln 0, but finite: sums and differences of it are no NaN.
constexpr double never = -1e30;

/// Class numbers and lengths, checked.
struct Labels {
  std::int64_t samples, steps, classes, most, blank;
  std::vector<std::int64_t> numbers, lengths, steps_of;

  Labels(const Tensor& labels, const Tensor& logits, const CTCOptions& options, std::source_location where);

  std::int64_t at(std::int64_t sample, std::int64_t place) const {
    return numbers[static_cast<std::size_t>(sample * most + place)];
  }
  /// How many states there are: a blank before, between and behind the labels.
  std::int64_t states() const { return 2 * most + 1; }
  /// The class of each state, (N, states).
  Array state_classes() const;
  /// Where a state may follow the one two before it: where a label follows another one.
  Array skips() const;
};

std::vector<std::int64_t> lengths_from(const char* what, const Tensor& given, std::int64_t samples, std::int64_t limit,
                                       std::source_location where) {
  if (given.shape() != Shape{samples})
    throw ShapeError(concat("ctc_loss: ", what, " has shape ", given.shape(), " for ", samples, " samples"), where);
  for (const double length : given.to_vector<double>())
    if (!(length >= 0 && length <= static_cast<double>(limit) && length == static_cast<double>(std::int64_t(length))))
      throw ValueError(concat("ctc_loss: ", what, " holds ", length, ": whole numbers up to ", limit, " are expected"),
                       where);
  return given.to_vector<std::int64_t>();
}

Labels::Labels(const Tensor& labels, const Tensor& logits, const CTCOptions& options, std::source_location where) {
  if (labels.rank() != 2 || logits.rank() != 3 || labels.shape()[0] != logits.shape()[0] || logits.shape()[1] == 0)
    throw ShapeError(concat("ctc_loss: labels have shape ", labels.shape(), ", logits ", logits.shape(),
                            ": (samples, labels) and (samples, steps, classes) are expected"),
                     where);
  samples = labels.shape()[0];
  most = labels.shape()[1];
  steps = logits.shape()[1];
  classes = logits.shape()[2];
  blank = options.blank < 0 ? options.blank + classes : options.blank;
  if (blank < 0 || blank >= classes)
    throw ValueError(concat("ctc_loss: the blank is ", options.blank, ", of ", classes, " classes"), where);
  for (const double number : labels.to_vector<double>())
    if (number != std::floor(number))  // NaN too
      throw ValueError(concat("ctc_loss: labels are class numbers, got ", number), where);
  numbers = labels.to_vector<std::int64_t>();
  steps_of = options.input_lengths.defined()
                 ? lengths_from("input_lengths", options.input_lengths, samples, steps, where)
                 : std::vector<std::int64_t>(static_cast<std::size_t>(samples), steps);
  if (options.label_lengths.defined())
    lengths = lengths_from("label_lengths", options.label_lengths, samples, most, where);
  else
    for (std::int64_t i = 0; i < samples; ++i) {
      std::int64_t length = 0;
      while (length < most && at(i, length) != -1 && at(i, length) != blank) ++length;
      lengths.push_back(length);
    }
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t k = 0; k < lengths[static_cast<std::size_t>(i)]; ++k)
      if (at(i, k) < 0 || at(i, k) >= classes || at(i, k) == blank)
        throw ValueError(
            concat("ctc_loss: label ", at(i, k), " of sample ", i, ", of ", classes, " classes with the blank ", blank),
            where);
}

Array Labels::state_classes() const {
  Array result = Array::full({samples, states()}, static_cast<double>(blank), int64);
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t k = 0; k < lengths[static_cast<std::size_t>(i)]; ++k)
      result.data<std::int64_t>()[i * states() + 2 * k + 1] = at(i, k);
  return result;
}

Array Labels::skips() const {
  std::vector<double> allowed(static_cast<std::size_t>(samples * states()));
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t k = 1; k < lengths[static_cast<std::size_t>(i)]; ++k)
      allowed[static_cast<std::size_t>(i * states() + 2 * k + 1)] = at(i, k) != at(i, k - 1);
  return Array::from(allowed, {samples, states()}).astype(boolean);
}

/// x (N, states) moved to the right by so many states.
Tensor moved(const Tensor& x, std::int64_t by) {
  const std::int64_t states = x.shape()[1];
  const Tensor before = Array::full({x.shape()[0], std::min(by, states)}, never, x.dtype());
  return by >= states ? before : concatenate({before, slice(x, 1, {.stop = states - by})}, 1);
}

}  // namespace

namespace unreduced {

Tensor ctc_loss(const Tensor& labels, const Tensor& logits, const CTCOptions& options, std::source_location where) {
  const CallerScope scope(where);
  const Labels known(labels, logits, options, where);
  const std::int64_t samples = known.samples, states = known.states();
  const Tensor wanted = broadcast_to(expand_dims(Tensor(known.state_classes()), 1), {samples, known.steps, states});
  const Tensor emitted = gather(log_softmax(logits), wanted, 2);
  const Tensor skips = known.skips();
  const Tensor steps_of = Array::from(known.steps_of, {samples, 1});
  // ln of the probability of all ways to each state: at first a blank, or the first label.
  const Tensor number = astype(expand_dims(arange(states), 0), int64);
  Tensor ways = xg::where(number < 2, select(emitted, 0, 1), never);
  for (std::int64_t step = 1; step < known.steps; ++step) {
    const Tensor skipped = xg::where(skips, moved(ways, 2), never);
    const Tensor next = logaddexp(logaddexp(ways, moved(ways, 1)), skipped) + select(emitted, step, 1);
    ways = xg::where(steps_of > step, next, ways);
  }
  // They end in the last label, or the blank behind it.
  const Tensor last = 2 * Tensor(Array::from(known.lengths, {samples, 1}));
  const Tensor ends =
      xg::where(logical_and(steps_of > 0, logical_or(equal(number, last), equal(number, last - 1))), ways, never);
  const Tensor total = logsumexp(ends, {.axis = 1});
  const Tensor nothing = select(logical_and(equal(steps_of, 0), equal(last, 0)), 0, 1);  // of no steps: certain
  return xg::where(nothing, 0.0, xg::where(total < never / 2, std::numeric_limits<double>::infinity(), -total));
}

}  // namespace unreduced

Tensor ctc_loss(const Tensor& labels, const Tensor& logits, const CTCOptions& options, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::ctc_loss(labels, logits, options, where));
}

CTC::CTC(std::int64_t blank, std::source_location where)
    : Loss(
          [blank](const Tensor& y_true, const Tensor& y_pred) {
            return unreduced::ctc_loss(y_true, y_pred, {.blank = blank}, caller(std::source_location::current()));
          },
          where) {}

}  // namespace xg::nn
