#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "nn/lookup.hpp"
#include "nn/tensors.hpp"

namespace xg::nn {

/// A batch of a data set: samples, what belongs to them, and what they count (undefined: all 1).
struct WeightedBatch {
  Tensors x = {};              ///< samples
  Tensors y = {};              ///< what belongs to them
  Tensors sample_weight = {};  ///< what they count
};

namespace detail {

template <class B>
concept IsSamples = std::convertible_to<const B&, Tensors>;
template <class B>
concept HasMembers = requires(const B& batch) {
  { batch.x } -> std::convertible_to<Tensors>;
  { batch.y } -> std::convertible_to<Tensors>;
};
template <class B>
concept IsTuple = !HasMembers<B> && !IsSamples<B> && requires(const B& batch) {
  std::tuple_size<B>::value;
  { std::get<0>(batch) } -> std::convertible_to<Tensors>;
  { std::get<1>(batch) } -> std::convertible_to<Tensors>;
};
/// What is a batch: it has x and y, or is a pair or tuple of them, with the weights behind, or has samples alone.
template <class B>
concept IsBatch = HasMembers<B> || IsTuple<B> || IsSamples<B>;

template <IsBatch B>
WeightedBatch batch_from(B batch) {
  if constexpr (std::is_same_v<B, WeightedBatch>) {
    return batch;
  } else if constexpr (HasMembers<B>) {
    if constexpr (requires { batch.sample_weight; })
      return {batch.x, batch.y, batch.sample_weight};
    else
      return {batch.x, batch.y};
  } else if constexpr (IsTuple<B>) {
    if constexpr (std::tuple_size_v < B >> 2)
      return {std::get<0>(batch), std::get<1>(batch), std::get<2>(batch)};
    else
      return {std::get<0>(batch), std::get<1>(batch)};
  } else {
    return {batch};
  }
}

/// What gives the next batch, or none.
template <class F>
concept GivesBatches = requires(F& next) {
  {static_cast<bool>(next())};
  requires IsBatch<std::remove_cvref_t<decltype(*next())>>;
};
/// What is walked for batches.
template <class R>
concept HoldsBatches = !IsSamples<std::remove_cvref_t<R>> && requires(R & range) {
  { range.begin() != range.end() } -> std::convertible_to<bool>;
  requires IsBatch<std::remove_cvref_t<decltype(*range.begin())>>;
};

}  // namespace detail

/// A data set that is walked batch by batch: data::batches(), any range of the user's, or a function that gives the
/// next batch, and none at the end of a walk (then it is called again for the next one). A batch has members x and y
/// and perhaps sample_weight, or is a pair or a tuple of them; for predict() samples alone are enough.
/// ```cpp
/// model.fit(data::batches(x, y, {.size = 32, .shuffle = true}), {.epochs = 5});
/// model.fit([&]() -> std::optional<std::pair<Tensor, Tensor>> { return read(file); }, {.steps_per_epoch = 100});
/// ```
/// A range that has a name is referred to, and must live as long.
class XG_API BatchSource {
 public:
  /// Gives the next batch of a walk, or none.
  using Next = std::function<std::optional<WeightedBatch>()>;

  /// None.
  BatchSource() = default;
  /// A range; every walk begins it anew. One that has no name is kept, another one is referred to.
  template <class Range>
  requires detail::HoldsBatches<Range> BatchSource(Range&& range) {
    if constexpr (requires { range.count(); })
      batches_ = static_cast<std::int64_t>(range.count());
    else if constexpr (requires { range.size(); })
      batches_ = static_cast<std::int64_t>(range.size());
    // Those that leave out samples say how many batches there are, but not how many samples they hold.
    if constexpr (requires { range.walked(); }) samples_ = static_cast<std::int64_t>(range.walked());
    if constexpr (std::is_lvalue_reference_v<Range>)
      walk_ = [&range] { return walk_of(range); };
    else
      walk_ = [kept = std::make_shared<Range>(std::move(range))] { return walk_of(*kept); };
  }
  /// A function. Null is a ValueError.
  template <class F>
  requires(detail::GivesBatches<F> && !detail::HoldsBatches<F>)
      BatchSource(F function, std::source_location where = std::source_location::current()) {
    if constexpr (std::is_constructible_v<bool, const F&>) check_given("data set", "function", function, where);
    walk_ = [next = std::make_shared<F>(std::move(function))]() -> Next {
      return [next]() -> std::optional<WeightedBatch> {
        if (auto batch = (*next)()) return detail::batch_from(*batch);
        return std::nullopt;
      };
    };
  }

  /// False for none.
  explicit operator bool() const { return static_cast<bool>(walk_); }
  /// Begins a walk.
  Next walk() const { return walk_(); }
  /// How many batches a walk has; -1 if that is not known.
  std::int64_t batches() const { return batches_; }
  /// How many samples a walk has; -1 if that is not known.
  std::int64_t samples() const { return samples_; }

 private:
  template <class Range>
  static Next walk_of(Range& range) {
    return [place = range.begin(), end = range.end(), first = true]() mutable -> std::optional<WeightedBatch> {
      if (!std::exchange(first, false) && place != end) ++place;
      if (!(place != end)) return std::nullopt;
      return detail::batch_from<std::remove_cvref_t<decltype(*place)>>(*place);
    };
  }

  std::function<Next()> walk_;
  std::int64_t batches_ = -1, samples_ = -1;
};

}  // namespace xg::nn
