#pragma once

#include <cstdint>
#include <source_location>
#include <vector>

#include "lib/array.hpp"

namespace xg {

namespace philox {
struct Stream;
}

/// A source of random arrays whose bits are fixed by three numbers: the seed, the consumer (who draws: each layer, each
/// shuffled data set has its own), and the step, which counts the draws of that consumer. Element i of a draw depends
/// on nothing else, so the same three numbers give the same bits for any number of threads, and a program that is
/// resumed goes on with the same numbers after set_step().
///
/// The words come from Philox4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy
/// as 1, 2, 3" (SC 2011). A generator may be used from several threads at once; which of them gets which step is then
/// open.
///
/// Every draw uses one step. A draw that throws uses none.
class XG_API Generator {
 public:
  /// The user's line.
  using Place = std::source_location;

  /// At step 0.
  explicit Generator(std::uint64_t seed, std::uint64_t consumer = 0);
  /// One that draws the same from here on.
  Generator(const Generator& other);
  /// Draws the same as the other from here on.
  Generator& operator=(const Generator& other);

  /// The first of the three numbers.
  std::uint64_t seed() const;
  /// The second.
  std::uint64_t consumer() const;
  /// The step of the next draw.
  std::uint64_t step() const;
  /// Makes the next draw that of another step.
  void set_step(std::uint64_t step);

  /// Uniform in [low, high): multiples of 2^-24 (float32) or 2^-53 (float64) of the interval's length, never `high`
  /// itself. All `low` if both are equal.
  Array uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = float32,
                Place where = Place::current());
  /// Normal, by the transform of Box and Muller (1958) in double precision.
  Array normal(const Shape& shape, double mean = 0, double stddev = 1, DType dtype = float32,
               Place where = Place::current());
  /// Normal, with what falls outside two standard deviations drawn again: the result's own standard deviation is 0.8796
  /// times `stddev`.
  Array truncated_normal(const Shape& shape, double mean = 0, double stddev = 1, DType dtype = float32,
                         Place where = Place::current());
  /// 1 with that probability (to the nearest multiple of 2^-32), else 0.
  Array bernoulli(const Shape& shape, double probability, DType dtype = float32, Place where = Place::current());
  /// 0 with probability `rate` (to the nearest multiple of 2^-32), else 1 / (1 - rate): what dropout multiplies by, of
  /// expectation 1. All 0 at rate 1.
  Array dropout_mask(const Shape& shape, double rate, DType dtype = float32, Place where = Place::current());
  /// int64, uniform in [low, high), without bias.
  Array integers(const Shape& shape, std::int64_t low, std::int64_t high, Place where = Place::current());
  /// int64: 0 to count - 1 in random order, every order with the same probability (Fisher and Yates).
  Array permutation(std::int64_t count, Place where = Place::current());
  /// Puts the elements of a one-dimensional int64 array into random order, in place.
  void shuffle(Array& values, Place where = Place::current());

 private:
  struct State {
    std::uint64_t seed, consumer, step;
  };
  State state() const;
  philox::Stream next();
  std::uint64_t take_step();

  State state_;
};

namespace detail {

/// One draw: the three numbers that fix its bits.
struct Draw {
  std::uint64_t seed, consumer, step;
};

/// A DrawLog's Record or Replay on this thread. A draw goes outwards to the first Replay and is noted on the way.
class XG_API DrawScope {
 public:
  DrawScope(const DrawScope&) = delete;
  DrawScope& operator=(const DrawScope&) = delete;

  /// Fills in the step, if that is its business.
  virtual bool draw(Draw& wanted) = 0;
  virtual void note(const Draw& made) = 0;

  DrawScope* outer() const { return outer_; }

 protected:
  DrawScope();
  virtual ~DrawScope();

 private:
  DrawScope* outer_;
};

}  // namespace detail

/// Which draws a computation made, so that it can be repeated with the same numbers. While a Record lives, every draw
/// on this thread is noted; while a Replay lives, the draws are those again, in the same order, and the generators' own
/// steps do not change. Another draw than the noted one is a ValueError.
class XG_API DrawLog {
 public:
  /// Notes draws while it lives.
  class XG_API Record final : detail::DrawScope {
   public:
    /// Notes them in that log, which must live as long.
    explicit Record(DrawLog& log) : log_(log) {}

   private:
    bool draw(detail::Draw&) override { return false; }
    void note(const detail::Draw& made) override { log_.draws_.push_back(made); }
    DrawLog& log_;
  };
  /// Repeats draws while it lives.
  class XG_API Replay final : detail::DrawScope {
   public:
    /// Repeats those of that log, which must live as long.
    explicit Replay(const DrawLog& log) : log_(log) {}

   private:
    bool draw(detail::Draw& wanted) override;
    void note(const detail::Draw&) override {}
    const DrawLog& log_;
    std::size_t next_ = 0;
  };

 private:
  std::vector<detail::Draw> draws_;
};

/// Sets the seed of default_generator(), new_generator() and new_spare_generator() (0 if it is never called) and starts
/// the numbering of consumers again, so that a program that calls it first draws the same numbers in every run.
/// Generators that exist already keep their seed.
XG_API void manual_seed(std::uint64_t seed);
/// A generator of the default seed for the next consumer: 1, 2, ... in the order of the calls.
XG_API Generator new_generator();
/// One for a consumer that may never draw, of a numbering of its own: making it changes no other's numbers.
XG_API Generator new_spare_generator();
/// Consumer 0 of the default seed, shared by all threads.
XG_API Generator& default_generator();

}  // namespace xg
