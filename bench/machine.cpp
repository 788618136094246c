#include "bench/machine.hpp"

#include <cblas.h>
#include <omp.h>

#include <fstream>

namespace bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

}  // namespace

std::string machine() {
  return processor() + ", " + std::to_string(omp_get_num_procs()) +
         " cores, OpenBLAS kernels: " + openblas_get_corename();
}

}  // namespace bench
