#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// Work that is set up once and then run again and again. Valid C++17, as libtorch wants it.
struct Work {
  std::function<void()> run;  ///< one run, timed as a whole
  double units;               ///< how many samples, steps or operations a run holds
};

/// The rows one side of the comparison can run, by name.
using Rows = std::vector<std::pair<std::string, std::function<Work(int threads)>>>;

/// What a side's program does: `SIDE list` names its rows; `SIDE ROW THREADS` sets one up, prints "ready" and its
/// units, then for each line it reads runs it once and prints the seconds; at the end of the input, the process's peak
/// memory in bytes. So bench.py can let several sides take turns, each in a process of its own.
int serve(int argc, char** argv, const Rows& rows);

}  // namespace bench
