#include "lib/kernels/lapack.hpp"

#include <dlfcn.h>
#include <omp.h>
#include <sys/mman.h>

#include <xflens/cxxlapack/netlib/netlib.h>
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <mutex>

#include "lib/error.hpp"

namespace xg::kernels::lapack {
namespace {

constexpr const char* library_name = "libopenblas.so.0";
constexpr std::size_t buffer_bytes = std::size_t{128} << 20;

/// A MemoryError unless that much memory can be had in one piece now.
void check_room(std::size_t bytes) {
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED)
    throw MemoryError(
        concat("LAPACK: ", library_name, " needs ", bytes >> 20,
               " MB of address space for its buffers, which the system refuses: raise the limit (ulimit -v), or "
               "let OPENBLAS_NUM_THREADS be 1"));
  munmap(block, bytes);
}

/// How many threads OpenBLAS starts with.
int blas_threads() {
  const int processors = omp_get_num_procs();
  for (const char* name : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}) {
    const char* given = std::getenv(name);
    if (const int asked = given ? std::atoi(given) : 0; asked > 0) return std::min(asked, processors);
  }
  return processors;
}

struct Routines {
  decltype(&cxxlapack::dgetrf_) getrf;
  decltype(&cxxlapack::dgetrs_) getrs;
  decltype(&cxxlapack::dpotrf_) potrf;
  decltype(&cxxlapack::dgeqrf_) geqrf;
  decltype(&cxxlapack::dorgqr_) orgqr;
  decltype(&cxxlapack::dgesdd_) gesdd;
  decltype(&cxxlapack::dsyevd_) syevd;
};

Routines load() {
  // Loaded by the program already, it has its buffers.
  void* library = dlopen(library_name, RTLD_NOW | RTLD_NOLOAD);
  if (!library) {
    check_room((static_cast<std::size_t>(blas_threads()) + 1) * buffer_bytes);
    library = dlopen(library_name, RTLD_NOW);
  }
  if (!library) throw Error(concat("LAPACK: ", dlerror(), ": Debian's package libopenblas0-openmp has it"));
  const auto find = [&]<class Routine>(Routine*& routine, const char* name) {
    routine = reinterpret_cast<Routine*>(dlsym(library, name));
    if (!routine) throw Error(concat("LAPACK: ", library_name, " has no ", name));
  };
  Routines routines{};
  find(routines.getrf, "dgetrf_");
  find(routines.getrs, "dgetrs_");
  find(routines.potrf, "dpotrf_");
  find(routines.geqrf, "dgeqrf_");
  find(routines.orgqr, "dorgqr_");
  find(routines.gesdd, "dgesdd_");
  find(routines.syevd, "dsyevd_");
  return routines;
}

const Routines& routines() {
  static const Routines loaded = load();
  return loaded;
}

/// One call. OpenBLAS keeps the buffers of the most calls that ran at a time: only one more needs room. A call's bits
/// depend on how many threads share it, so it has the calling thread alone; the setting is OpenMP's for this thread,
/// and the program's own is put back.
class Call {
 public:
  Call() : routines_(routines()), outer_threads_(omp_get_max_threads()) {
    {
      const std::lock_guard lock(guard_);
      if (running_ == buffers_) {
        check_room(buffer_bytes);
        ++buffers_;
      }
      ++running_;
    }
    if (outer_threads_ != 1) omp_set_num_threads(1);
  }
  ~Call() {
    if (outer_threads_ != 1) omp_set_num_threads(outer_threads_);
    const std::lock_guard lock(guard_);
    --running_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  const Routines* operator->() const { return &routines_; }

 private:
  static inline std::mutex guard_;
  static inline int running_ = 0, buffers_ = 0;

  const Routines& routines_;
  int outer_threads_;
};

}  // namespace

Count getrf(Count rows, Count columns, double* a, Count a_step, Count* pivots) {
  const Call call;
  Count info = 0;
  call->getrf(&rows, &columns, a, &a_step, pivots, &info);
  return info;
}

Count getrs(Count n, Count columns, const double* factors, Count factors_step, const Count* pivots, double* b,
            Count b_step) {
  const Call call;
  Count info = 0;
  call->getrs("N", &n, &columns, factors, &factors_step, pivots, b, &b_step, &info);
  return info;
}

Count potrf(Count n, double* a, Count a_step) {
  const Call call;
  Count info = 0;
  call->potrf("L", &n, a, &a_step, &info);
  return info;
}

Count geqrf(Count rows, Count columns, double* a, Count a_step, double* scales, double* work, Count work_size) {
  const Call call;
  Count info = 0;
  call->geqrf(&rows, &columns, a, &a_step, scales, work, &work_size, &info);
  return info;
}

Count orgqr(Count rows, Count columns, Count reflectors, double* a, Count a_step, const double* scales, double* work,
            Count work_size) {
  const Call call;
  Count info = 0;
  call->orgqr(&rows, &columns, &reflectors, a, &a_step, scales, work, &work_size, &info);
  return info;
}

Count gesdd(Count rows, Count columns, double* a, Count a_step, double* s, double* u, Count u_step, double* v,
            Count v_step, double* work, Count work_size, Count* whole_work) {
  const Call call;
  Count info = 0;
  call->gesdd("S", &rows, &columns, a, &a_step, s, u, &u_step, v, &v_step, work, &work_size, whole_work, &info);
  return info;
}

Count syevd(Count n, double* a, Count a_step, double* w, double* work, Count work_size, Count* whole_work,
            Count whole_size) {
  const Call call;
  Count info = 0;
  call->syevd("V", "L", &n, a, &a_step, w, work, &work_size, whole_work, &whole_size, &info);
  return info;
}

}  // namespace xg::kernels::lapack
