#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "autograd/observer.hpp"

namespace xg {

/// While one lives, every operation of this thread is timed, forward and backward. A forward time is that
/// of the operation's kernel; a backward time holds what its rules computed.
/// ```cpp
/// xg::Profiler profiler;
/// loss(net(x)).backward();
/// std::cout << profiler.table();
/// profiler.write_trace("step.json");  // opens in chrome://tracing and in Perfetto
/// ```
class XG_API Profiler final : private detail::Observer {
 public:
  /// What one kind of operation took.
  struct Row {
    std::int64_t forward_calls = 0;   ///< how often it was called
    std::int64_t backward_calls = 0;  ///< how often its rules were
    double forward_seconds = 0;       ///< what the calls took in all
    double backward_seconds = 0;      ///< what the rules took
    std::int64_t bytes = 0;           ///< of all results, those of the rules included
  };

  Profiler();

  /// By the operation's name.
  const std::map<std::string, Row>& rows() const { return rows_; }
  /// The rows as text, the longest time first.
  std::string table() const;
  /// The calls, up to a million of them, in the JSON of Chrome's trace viewer. A file that cannot be written is an
  /// IOError.
  void write_trace(const std::filesystem::path& path,
                   std::source_location where = std::source_location::current()) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Event {
    const char* op;
    bool backward;
    Clock::time_point begin, end;
    Shape shape;
    std::source_location where;
  };

  void start() override { started_.push_back(Clock::now()); }
  void finish() override { started_.pop_back(); }
  void output(const char* op, std::source_location where, const Array& value, Node* node) override;
  void operand(const Array&) override {}
  void enter_backward(const Node& node, const Tensor& output_gradient) override;
  void leave_backward(const Node& node) override;
  void gradient(const Node&, std::size_t, const Tensor&) override {}
  void keep(const Event& event);

  std::map<std::string, Row> rows_;
  std::vector<Event> events_;
  std::vector<Clock::time_point> started_;  ///< of the kernels that run now
  Clock::time_point created_, entered_;
  std::int64_t inner_bytes_ = 0;
  int backward_depth_ = 0;
};

}  // namespace xg
