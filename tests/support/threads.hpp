#pragma once

#include "lib/parallel.hpp"

namespace xg::testing {

/// So many threads while it lives.
class Threads {
 public:
  explicit Threads(int count) { set_num_threads(count); }
  ~Threads() { set_num_threads(0); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
};

}  // namespace xg::testing
