#include "nn/callbacks/progress_line.hpp"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <iostream>
#include <limits>

#include "nn/figure_name.hpp"

namespace xg::nn {
namespace {

constexpr std::int64_t bar_width = 30;
constexpr double redraw_seconds = 0.05;

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
  char text[128];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof text, pattern, values);
  va_end(values);
  return text;
}

std::string remaining(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (seconds > 3600) return format("%lld:%02lld:%02lld", whole / 3600, whole % 3600 / 60, whole % 60);
  if (seconds > 60) return format("%lld:%02lld", whole / 60, whole % 60);
  return format("%llds", whole);
}

}  // namespace

Display Display::resolved() const {
  Display full = *this;
  if (!full.out) full.out = &std::cout;
  if (full.terminal < 0) full.terminal = full.out == &std::cout && isatty(STDOUT_FILENO);
  if (!full.clock)
    full.clock = [] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    };
  return full;
}

ProgressLine::ProgressLine(std::int64_t target, const Display& display)
    : unknown_(target < 0),
      target_(unknown_ ? std::numeric_limits<std::int64_t>::max() : target),
      display_(display.resolved()),
      start_(display_.clock()),
      last_draw_(-std::numeric_limits<double>::infinity()) {}

std::string ProgressLine::elapsed() const { return format(" - %.0fs", display_.clock() - start_); }

std::string ProgressLine::bar(std::int64_t current) const {
  if (unknown_) return format("%7lld/Unknown", static_cast<long long>(current));
  const std::string target = std::to_string(target_);
  std::string text =
      format("%*lld/%s [", static_cast<int>(target.size()), static_cast<long long>(current), target.c_str());
  const std::int64_t done = target_ == 0 ? bar_width : bar_width * current / target_;
  if (done > 0) text += std::string(static_cast<std::size_t>(done - 1), '=') + (current < target_ ? '>' : '=');
  return text + std::string(static_cast<std::size_t>(bar_width - done), '.') + ']';
}

std::string ProgressLine::timing(std::int64_t current, double now) const {
  const double per_sample = current > 0 ? (now - start_) / static_cast<double>(current) : 0;
  if (!unknown_ && current < target_)
    return " - ETA: " + remaining(per_sample * static_cast<double>(target_ - current));
  const std::string total = format(" - %.0fs", now - start_);
  if (per_sample >= 1) return total + format(" %.0fs/step", per_sample);
  if (per_sample >= 1e-3) return total + format(" %.0fms/step", per_sample * 1e3);
  return total + format(" %.0fus/step", per_sample * 1e6);
}

void ProgressLine::finish(std::int64_t current, const Logs& logs) {
  target_ = unknown_ ? current : target_;
  update(target_, logs);
}

void ProgressLine::update(std::int64_t current, const Logs& logs) {
  const double now = display_.clock();
  if (now - last_draw_ < redraw_seconds && current < target_) return;
  std::string line = bar(current) + timing(current, now) + figures(logs);
  const std::size_t width = line.size();
  if (width < width_) line.append(width_ - width, ' ');
  if (current >= target_) line += '\n';
  *display_.out << (display_.terminal ? std::string(width_, '\b') + '\r' : "\n") << line << std::flush;
  width_ = width;
  last_draw_ = now;
}

std::string figures(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs)
    text += concat(" - ", short_name(name)) + format(std::abs(value) > 1e-3 ? ": %.4f" : ": %.4e", value);
  return text;
}

}  // namespace xg::nn
