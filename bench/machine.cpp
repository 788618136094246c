#include "bench/machine.hpp"

#include <cblas.h>
#include <omp.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "bench/peak.hpp"

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
  std::ostringstream text;
  text << processor() << ", " << omp_get_num_procs() << " cores; a core: " << std::lround(peak_flops() / 1e9)
       << " GF/s in float32, " << std::lround(peak_bandwidth() / 1e9)
       << " GB/s; OpenBLAS kernels: " << openblas_get_corename();
  return text.str();
}

}  // namespace bench
