#include "bench/side.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace bench {
namespace {

double seconds_of(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

void take_turns(const Work& work) {
  std::cout.precision(9);
  std::cout << "ready " << work.units << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << seconds_of(work.run) << std::endl;
  std::cout << peak_memory() << std::endl;
}

}  // namespace

int serve(int argc, char** argv, const Rows& rows) try {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "list") {
    for (const auto& row : rows) std::cout << row.first << '\n';
    return 0;
  }
  for (const auto& row : rows)
    if (row.first == name && argc == 3) {
      take_turns(row.second(std::atoi(argv[2])));
      return 0;
    }
  std::cerr << "usage: " << argv[0] << " list | ROW THREADS\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << '\n';
  return 1;
}

}  // namespace bench
