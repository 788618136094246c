#include "lib/random.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>
#include <new>
#include <numbers>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/philox.hpp"

namespace xg {
namespace {

using Place = std::source_location;

template <class... Parts>
void require(bool valid, Place where, const Parts&... parts) {
  if (!valid) throw ValueError(concat(parts...), where);
}

void require_shape(const char* op, const Shape& shape, Place where) {
  for (const auto size : shape) require(size >= 0, where, op, ": negative extent ", size, " in shape ", shape);
}

void require_floating(const char* op, DType dtype, Place where) {
  if (!is_floating(dtype)) throw DTypeError(concat(op, ": float32 or float64 expected, got ", dtype), where);
}

void require_moments(const char* op, double mean, double stddev, Place where) {
  require(std::isfinite(mean), where, op, ": a finite mean expected, got ", mean);
  require(stddev >= 0 && std::isfinite(stddev), where, op, ": a standard deviation of 0 or more expected, got ",
          stddev);
}

/// A bijection of 64 bits in which every bit of the input changes half of the output (the finaliser of SplitMix64), so
/// that neighbouring seeds have no consumer in common.
std::uint64_t mixed(std::uint64_t bits) {
  bits += 0x9E3779B97F4A7C15;
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
  return bits ^ bits >> 31;
}

/// Uniform in [0, 1): multiples of 2^-53 and 2^-24.
double unit(std::uint64_t word) { return static_cast<double>(word >> 11) * 0x1p-53; }
float unit(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

/// Element i becomes convert(word i). Whole groups are converted even at the end, so that the same instructions make
/// all elements and vector and scalar code need not round alike.
template <class Word, class T, class Convert>
void fill(philox::Stream stream, Array& result, Convert convert) {
  constexpr std::int64_t group_size = sizeof(philox::Group) / sizeof(Word);
  T* out = result.data<T>();
  std::array<T, group_size> last;
  for (std::int64_t start = 0; start < result.size(); start += group_size) {
    const auto words = std::bit_cast<std::array<Word, group_size>>(
        philox::group(stream, static_cast<std::uint64_t>(start / group_size)));
    const std::int64_t count = std::min(result.size() - start, group_size);
    T* to = count == group_size ? out + start : last.data();
    for (std::size_t i = 0; i < group_size; ++i) to[i] = convert(words[i]);
    if (count < group_size) std::copy_n(to, count, out + start);
  }
}

/// `below` where a word of 32 bits is smaller than `probability` of them all, else `above`.
Array choose(philox::Stream stream, Array result, double probability, double below, double above) {
  const auto threshold = static_cast<std::uint64_t>(std::nearbyint(probability * 0x1p32));
  dispatch(result.dtype(), [&]<class T>() {
    const auto smaller = static_cast<T>(below);
    const auto other = threshold >> 32 ? smaller : static_cast<T>(above);
    const auto limit = static_cast<std::uint32_t>(threshold);
    fill<std::uint32_t, T>(stream, result, [=](std::uint32_t word) { return word < limit ? smaller : other; });
  });
  return result;
}

template <class T>
void fill_uniform(philox::Stream stream, Array& result, double low, double high) {
  using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const T from = static_cast<T>(low), to = static_cast<T>(high), infinity = std::numeric_limits<T>::infinity();
  T smallest = from < low ? std::nextafter(from, infinity) : from;
  T largest = to < high ? to : std::nextafter(to, -infinity);
  if (smallest > largest) smallest = largest = from;
  fill<Word, T>(stream, result, [=](Word word) {
    const T share = unit(word);
    const T value = from * (1 - share) + to * share;  // not from + share * (to - from), which may overflow
    return std::min(std::max(value, smallest), largest);
  });
}

/// Two independent standard normal numbers from two words.
std::pair<double, double> box_muller(std::uint64_t word_0, std::uint64_t word_1) {
  const double radius = std::sqrt(-2 * std::log(unit(word_0) + 0x1p-53));
  const double angle = 2 * std::numbers::pi * unit(word_1);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

constexpr std::size_t normals_per_group = 2 * philox::group_blocks;
using Normals = std::array<double, normals_per_group>;

Normals normals(philox::Stream stream, std::uint64_t group) {
  const philox::Group words = philox::group(stream, group);
  Normals result;
  for (std::size_t i = 0; i < philox::group_blocks; ++i)
    std::tie(result[i], result[i + philox::group_blocks]) = box_muller(words[i], words[i + philox::group_blocks]);
  return result;
}

/// Replaces what lies outside two standard deviations.
void truncate(philox::Stream stream, std::uint64_t group, Normals& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::uint16_t attempt = 1; std::abs(values[i]) > 2; ++attempt) {
      const std::uint64_t index = group * philox::group_blocks + i % philox::group_blocks;
      const auto words =
          std::bit_cast<std::array<std::uint64_t, 2>>(philox::block(stream.counter(index, attempt), stream.key));
      const auto [first, second] = box_muller(words[0], words[1]);
      values[i] = i < philox::group_blocks ? first : second;
    }
  }
}

Array fill_normal(philox::Stream stream, Array result, double mean, double stddev, bool truncated) {
  dispatch_floating(result.dtype(), [&]<class T>() {
    T* out = result.data<T>();
    const auto size = static_cast<std::size_t>(result.size());
    for (std::size_t start = 0; start < size; start += normals_per_group) {
      const std::uint64_t group = start / normals_per_group;
      Normals values = normals(stream, group);
      if (truncated) truncate(stream, group, values);
      const std::size_t count = std::min(size - start, normals_per_group);
      for (std::size_t i = 0; i < count; ++i) out[start + i] = static_cast<T>(mean + stddev * values[i]);
    }
  });
  return result;
}

/// The 64-bit words of a stream by their number.
class Words {
 public:
  explicit Words(philox::Stream stream) : stream_(stream) {}

  /// Uniform in [0, range). Words beyond the last multiple of `range` are drawn again, as they would favour small
  /// results.
  std::uint64_t below(std::uint64_t range, std::uint64_t index) {
    const std::uint64_t last_start = std::numeric_limits<std::uint64_t>::max() - (range - 1);
    for (std::uint16_t attempt = 0;; ++attempt) {
      const std::uint64_t word = attempt == 0 ? first(index) : again(index, attempt);
      const std::uint64_t result = word % range;
      if (word - result <= last_start) return result;
    }
  }

 private:
  std::uint64_t first(std::uint64_t index) {
    if (index / group_.size() != group_index_) load(index / group_.size());
    return group_[index % group_.size()];
  }
  /// Kept out of line, or the compiler sets up its vectors for every single word.
  [[gnu::noinline]] void load(std::uint64_t group) {
    group_ = philox::group(stream_, group);
    group_index_ = group;
  }
  std::uint64_t again(std::uint64_t index, std::uint16_t attempt) const {
    return std::bit_cast<std::array<std::uint64_t, 2>>(philox::block(stream_.counter(index, attempt), stream_.key))[0];
  }

  philox::Stream stream_;
  philox::Group group_{};
  std::uint64_t group_index_ = std::numeric_limits<std::uint64_t>::max();
};

void fisher_yates(philox::Stream stream, Array& values) {
  Words words(stream);
  std::int64_t* data = values.data<std::int64_t>();
  const std::int64_t step = values.strides()[0];
  for (std::int64_t last = values.size() - 1; last > 0; --last) {
    const auto index = static_cast<std::uint64_t>(last);
    std::swap(data[last * step], data[static_cast<std::int64_t>(words.below(index + 1, index)) * step]);
  }
}

/// The locks of what is restarted by manual_seed() and of all generators' states, taken in this order. They are the
/// same for all, so that fork() can see to it that a child finds them free.
constinit std::mutex defaults_guard, states_guard;

/// No program counts so many consumers.
constexpr std::uint64_t first_spare = std::uint64_t{1} << 63;

/// What manual_seed() restarts.
struct Defaults {
  std::uint64_t seed = 0;
  std::uint64_t consumers = 0;
  std::uint64_t spares = first_spare;
  Generator generator{0};
};

/// Never destroyed: static objects may draw in their destructors.
Defaults& defaults() {
  alignas(Defaults) static std::byte room[sizeof(Defaults)];
  static Defaults& instance = *new (room) Defaults;
  return instance;
}

class Fork {
 public:
  Fork() noexcept {
    defaults();  // a child forked while another thread makes them would wait for ever
    pthread_atfork(lock, unlock, unlock);
  }

 private:
  static void lock() {
    defaults_guard.lock();
    states_guard.lock();
  }
  static void unlock() {
    states_guard.unlock();
    defaults_guard.unlock();
  }
};
const Fork fork_watch;

/// Where draws of this thread are noted, and what they are repeated from.
constinit thread_local detail::DrawScope* innermost_scope = nullptr;

}  // namespace

Generator::Generator(std::uint64_t seed, std::uint64_t consumer) : state_{seed, consumer, 0} {}
Generator::Generator(const Generator& other) : state_(other.state()) {}

Generator& Generator::operator=(const Generator& other) {
  const State state = other.state();
  const std::lock_guard lock(states_guard);
  state_ = state;
  return *this;
}

Generator::State Generator::state() const {
  const std::lock_guard lock(states_guard);
  return state_;
}

std::uint64_t Generator::seed() const { return state().seed; }
std::uint64_t Generator::consumer() const { return state().consumer; }
std::uint64_t Generator::step() const { return state().step; }

void Generator::set_step(std::uint64_t step) {
  const std::lock_guard lock(states_guard);
  state_.step = step;
}

philox::Stream Generator::next() {
  const std::lock_guard lock(states_guard);
  const std::uint64_t key = mixed(state_.seed) + state_.consumer;
  return {{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}, take_step()};
}

std::uint64_t Generator::take_step() {
  detail::Draw draw{state_.seed, state_.consumer, state_.step};
  detail::DrawScope* source = innermost_scope;
  while (source && !source->draw(draw)) source = source->outer();
  for (auto* scope = innermost_scope; scope != source; scope = scope->outer()) scope->note(draw);
  if (!source) ++state_.step;
  return draw.step;
}

detail::DrawScope::DrawScope() : outer_(std::exchange(innermost_scope, this)) {}
detail::DrawScope::~DrawScope() { innermost_scope = outer_; }

bool DrawLog::Replay::draw(detail::Draw& wanted) {
  const std::size_t count = log_.draws_.size();
  if (next_ == count || log_.draws_[next_].seed != wanted.seed || log_.draws_[next_].consumer != wanted.consumer)
    throw ValueError(concat("draw ", next_ + 1, " of a repeated computation, from the generator of seed ", wanted.seed,
                            " and consumer ", wanted.consumer, ", was not made the first time, when there were ", count,
                            ": it must draw the same numbers in the same order"));
  wanted.step = log_.draws_[next_++].step;
  return true;
}

Array Generator::uniform(const Shape& shape, double low, double high, DType dtype, Place where) {
  require_shape("uniform", shape, where);
  require_floating("uniform", dtype, where);
  require(low <= high, where, "uniform: low <= high expected, got ", low, " and ", high);
  const double limit = dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  require(-limit <= low && high <= limit, where, "uniform: bounds that ", dtype, " can hold expected, got ", low,
          " and ", high);
  Array result = Array::empty(shape, dtype, where);
  dispatch_floating(dtype, [&]<class T>() { fill_uniform<T>(next(), result, low, high); });
  return result;
}

Array Generator::normal(const Shape& shape, double mean, double stddev, DType dtype, Place where) {
  require_shape("normal", shape, where);
  require_floating("normal", dtype, where);
  require_moments("normal", mean, stddev, where);
  Array result = Array::empty(shape, dtype, where);
  return fill_normal(next(), std::move(result), mean, stddev, false);
}

Array Generator::truncated_normal(const Shape& shape, double mean, double stddev, DType dtype, Place where) {
  require_shape("truncated_normal", shape, where);
  require_floating("truncated_normal", dtype, where);
  require_moments("truncated_normal", mean, stddev, where);
  Array result = Array::empty(shape, dtype, where);
  return fill_normal(next(), std::move(result), mean, stddev, true);
}

Array Generator::bernoulli(const Shape& shape, double probability, DType dtype, Place where) {
  require_shape("bernoulli", shape, where);
  require(probability >= 0 && probability <= 1, where, "bernoulli: a probability in [0, 1] expected, got ",
          probability);
  Array result = Array::empty(shape, dtype, where);
  return choose(next(), std::move(result), 1 - probability, 0, 1);
}

Array Generator::dropout_mask(const Shape& shape, double rate, DType dtype, Place where) {
  require_shape("dropout_mask", shape, where);
  require_floating("dropout_mask", dtype, where);
  require(rate >= 0 && rate <= 1, where, "dropout_mask: a rate in [0, 1] expected, got ", rate);
  Array result = Array::empty(shape, dtype, where);
  return choose(next(), std::move(result), rate, 0, rate == 1 ? 0 : 1 / (1 - rate));
}

Array Generator::integers(const Shape& shape, std::int64_t low, std::int64_t high, Place where) {
  require_shape("integers", shape, where);
  require(low < high, where, "integers: low < high expected, got ", low, " and ", high);
  Array result = Array::empty(shape, int64, where);
  Words words(next());
  const auto first = static_cast<std::uint64_t>(low), range = static_cast<std::uint64_t>(high) - first;
  std::int64_t* out = result.data<std::int64_t>();
  for (std::int64_t i = 0; i < result.size(); ++i)
    out[i] = static_cast<std::int64_t>(first + words.below(range, static_cast<std::uint64_t>(i)));
  return result;
}

Array Generator::permutation(std::int64_t count, Place where) {
  require(count >= 0, where, "permutation: a count of 0 or more expected, got ", count);
  Array result = Array::empty({count}, int64, where);
  std::int64_t* out = result.data<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) out[i] = i;
  fisher_yates(next(), result);
  return result;
}

void Generator::shuffle(Array& values, Place where) {
  if (values.rank() != 1) throw ShapeError(concat("shuffle: one axis expected, got shape ", values.shape()), where);
  if (values.dtype() != int64) throw DTypeError(concat("shuffle: int64 expected, got ", values.dtype()), where);
  fisher_yates(next(), values);
  values.bump_version();
}

void manual_seed(std::uint64_t seed) {
  Defaults& state = defaults();
  const std::lock_guard lock(defaults_guard);
  state.seed = seed;
  state.consumers = 0;
  state.spares = first_spare;
  state.generator = Generator(seed);
}

Generator new_generator() {
  Defaults& state = defaults();
  const std::lock_guard lock(defaults_guard);
  return Generator(state.seed, ++state.consumers);
}

Generator new_spare_generator() {
  Defaults& state = defaults();
  const std::lock_guard lock(defaults_guard);
  return Generator(state.seed, ++state.spares);
}

Generator& default_generator() { return defaults().generator; }

}  // namespace xg
