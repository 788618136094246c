#pragma once

#include <omp.h>

namespace xg::kernels {

/// A product's bits depend on how many threads share it, so every call to BLAS runs on the calling thread alone. The
/// setting is OpenMP's for this thread; the program's own is put back.
class OneThread {
 public:
  OneThread() : outer_(omp_get_max_threads()) {
    if (outer_ != 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (outer_ != 1) omp_set_num_threads(outer_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int outer_;
};

}  // namespace xg::kernels
