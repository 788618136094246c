#include "autograd/profiler.hpp"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "autograd/node.hpp"

namespace xg {
namespace {

constexpr std::size_t most_events = 1'000'000;

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// A string as JSON writes it.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

Profiler::Profiler() : created_(Clock::now()), entered_(created_) {}

void Profiler::keep(const Event& event) {
  if (events_.size() < most_events) events_.push_back(event);
}

void Profiler::output(const char* op, std::source_location where, const Array& value, Node*) {
  const auto now = Clock::now();
  const auto bytes = static_cast<std::int64_t>(value.bytes());
  if (backward_depth_ > 0) {
    inner_bytes_ += bytes;
  } else {
    Row& row = rows_[op];
    ++row.forward_calls;
    row.forward_seconds += seconds(now - started_.back());
    row.bytes += bytes;
    keep({op, false, started_.back(), now, value.shape(), caller(where)});
  }
}

void Profiler::enter_backward(const Node&, const Tensor&) {
  if (backward_depth_++ > 0) return;
  entered_ = Clock::now();
  inner_bytes_ = 0;
}

void Profiler::leave_backward(const Node& node) {
  if (--backward_depth_ > 0) return;
  const auto now = Clock::now();
  Row& row = rows_[node.op()];
  ++row.backward_calls;
  row.backward_seconds += seconds(now - entered_);
  row.bytes += inner_bytes_;
  keep({node.op(), true, entered_, now, node.shape(), node.where()});
}

std::string Profiler::table() const {
  std::vector<std::pair<std::string, Row>> sorted(rows_.begin(), rows_.end());
  const auto total = [](const Row& row) { return row.forward_seconds + row.backward_seconds; };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return total(a.second) > total(b.second); });
  std::ostringstream out;
  out << std::left << std::setw(22) << "operation" << std::right << std::setw(9) << "forward" << std::setw(11) << "ms"
      << std::setw(10) << "backward" << std::setw(11) << "ms" << std::setw(11) << "MB" << '\n';
  out << std::fixed << std::setprecision(3);
  for (const auto& [op, row] : sorted)
    out << std::left << std::setw(22) << op << std::right << std::setw(9) << row.forward_calls << std::setw(11)
        << row.forward_seconds * 1e3 << std::setw(10) << row.backward_calls << std::setw(11)
        << row.backward_seconds * 1e3 << std::setw(11) << static_cast<double>(row.bytes) / 1e6 << '\n';
  return out.str();
}

void Profiler::write_trace(const std::filesystem::path& path, std::source_location where) const {
  std::ofstream out(path);
  out << std::fixed << std::setprecision(3) << "{\"traceEvents\": [";
  const char* separator = "\n";
  for (const Event& event : events_) {
    out << separator << "{\"name\": " << quoted(event.op) << ", \"cat\": \""
        << (event.backward ? "backward" : "forward")
        << "\", \"ph\": \"X\", \"pid\": 1, \"tid\": 1, \"ts\": " << seconds(event.begin - created_) * 1e6
        << ", \"dur\": " << seconds(event.end - event.begin) * 1e6
        << ", \"args\": {\"shape\": " << quoted(to_string(event.shape))
        << ", \"line\": " << quoted(to_string(event.where)) << "}}";
    separator = ",\n";
  }
  out << "\n]}\n";
  out.close();
  if (!out) throw IOError(concat("write_trace: cannot write ", path.string()), where);
}

}  // namespace xg
