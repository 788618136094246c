#pragma once

#include <xgrad.hpp>

#include <cstdint>
#include <exception>
#include <string>

/// What the example programs share: their command line and the file they write.
namespace example {

struct Options {
  int epochs = 10;
  std::int64_t batch_size = 32;
  std::uint64_t seed = 0;
  std::string data = {};  ///< folder of the MNIST files; empty: looked for
  int threads = 0;        ///< 0: as many as the machine has
  int verbose = 1;
  std::string history = {};  ///< where to write the JSON file; empty: nowhere
};

/// Reads the command line over the defaults, sets the seed and the number of threads. Ends the program after --help or
/// a wrong argument.
Options parse(int argc, char** argv, const std::string& description, Options defaults = {});

/// Writes the figures of a training run as JSON, if a file was named.
void save_history(const Options& options, const xg::nn::History& history, const xg::nn::Score& test,
                  const xg::nn::Score& train);

/// Prints what went wrong; the exit code for main.
int fail(const std::exception& error);

}  // namespace example
