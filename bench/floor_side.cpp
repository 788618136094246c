// The floor's side of the benchmarks: the tutorial's jobs by hand on CBLAS. `machine` tells what they run on.
#include <omp.h>

#include <iostream>
#include <memory>

#include "bench/floor.hpp"
#include "bench/images.hpp"
#include "bench/machine.hpp"
#include "bench/side.hpp"

namespace {

using namespace bench;

Work mlp(Job job, int batch_size, int threads) {
  omp_set_num_threads(threads);
  const auto images = std::make_shared<Images>(load_images());
  const auto x = std::make_shared<Floats>(images->pixels.size());
  for (std::size_t i = 0; i < x->size(); ++i) (*x)[i] = static_cast<float>(images->pixels[i]) / 255;
  const auto floor = std::make_shared<Floor>(job, batch_size, *x, images->labels, 1);
  return {[=, keep = std::pair(images, x)] { floor->run_epoch(); }, static_cast<double>(images->count())};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string("machine")) {
    std::cout << machine() << '\n';
    return 0;
  }
  Rows rows;
  for (const auto& [name, job] : {std::pair("plain", Job::plain), {"dropout", Job::dropout}, {"l2", Job::l2}})
    for (const int batch_size : {32, 256, 2048})
      rows.emplace_back("mlp_" + std::string(name) + '_' + std::to_string(batch_size),
                        [=, job = job](int threads) { return mlp(job, batch_size, threads); });
  return serve(argc, argv, rows);
}
