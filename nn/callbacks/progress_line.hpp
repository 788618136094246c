#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// Where and how progress is shown; tests put their own clock and stream.
struct XG_API Display {
  std::ostream* out = nullptr;         ///< std::cout if null
  std::function<double()> clock = {};  ///< seconds from any start; a steady clock if empty
  int terminal = -1;  ///< 1: redraw in place, 0: a new line each time, -1: ask whether out is a terminal

  /// With every default filled in.
  Display resolved() const;
};

/// A line that grows from " 0/100 [....]" to "100/100 [====] - 0s 2ms/step - loss: 0.2539", as Keras 2.2.4 draws it.
class XG_API ProgressLine {
 public:
  /// For so many samples or batches; -1 if that is not known: then it reads "     12/Unknown - 3s 250ms/step".
  ProgressLine(std::int64_t target, const Display& display);

  /// Draws `current` of the target with the figures; at most every 0.05 s, but always at the target.
  void update(std::int64_t current, const Logs& logs);
  /// Draws the end, which is where it has come to if the target is not known.
  void finish(std::int64_t current, const Logs& logs);
  /// " - 6s": whole seconds since the start.
  std::string elapsed() const;

 private:
  std::string bar(std::int64_t current) const;
  std::string timing(std::int64_t current, double now) const;

  bool unknown_;
  std::int64_t target_;
  Display display_;
  double start_;
  double last_draw_;
  std::size_t width_ = 0;
};

/// " - loss: 0.2539 - acc: 0.9235": four decimals, small values in scientific notation.
XG_API std::string figures(const Logs& logs);

}  // namespace xg::nn
