#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "lib/kernels/factorize.hpp"
#include "tests/support/message.hpp"

// A program of its own: it limits the address space, and is the first to call LAPACK.

using namespace xg;

namespace {

/// While the object lives, the address space may grow by 100 MB: less than one of OpenBLAS's buffers.
class SmallAddressSpace {
 public:
  SmallAddressSpace() {
    getrlimit(RLIMIT_AS, &outer_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit small = outer_;
    small.rlim_cur = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{100} << 20);
    REQUIRE(setrlimit(RLIMIT_AS, &small) == 0);
  }
  ~SmallAddressSpace() { setrlimit(RLIMIT_AS, &outer_); }
  SmallAddressSpace(const SmallAddressSpace&) = delete;
  SmallAddressSpace& operator=(const SmallAddressSpace&) = delete;

 private:
  rlimit outer_{};
};

Array of_one(double value) {
  const Array a = Array::empty({1, 1}, float64);
  a.data<double>()[0] = value;
  return a;
}

double root() { return kernels::cholesky("cholesky", of_one(16)).data<double>()[0]; }

}  // namespace

TEST_CASE("lapack: where OpenBLAS cannot have its buffers, a factorization is an error instead of an endless loop") {
  {
    const SmallAddressSpace limit;
    const std::string message = message_of<MemoryError>(root);
    CHECK(message.substr(0, 31) == "LAPACK: libopenblas.so.0 needs ");
    CHECK(message.find(" MB of address space for its buffers, which the system refuses: raise the limit") <
          message.size());
    CHECK(kernels::triangular_solve("triangular_solve", of_one(4), of_one(8), true).data<double>()[0] == 2);
  }
  CHECK(root() == 4);  // the failure is not remembered

  const SmallAddressSpace limit;
  CHECK(root() == 4);  // the buffers are there now
}
