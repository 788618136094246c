#pragma once

#include <xgrad.hpp>

#include <cstdint>
#include <string>

#include "examples/ending.hpp"

/// What the programs that train on MNIST share: their command line and the file they write.
namespace example {

struct Options {
  int epochs = 10;
  std::int64_t batch_size = 32;
  std::uint64_t seed = 0;
  std::string data = {};  ///< folder of the MNIST files; empty: looked for
  int threads = 0;        ///< 0: as many as the machine has
  int verbose = 1;
  std::int64_t samples = 0;  ///< of load_mnist(); 0: all
  std::string history = {};  ///< where to write the JSON file; empty: nowhere
};

/// Reads the command line over the defaults, sets the seed and the number of threads. Where MNIST is not found and no
/// --data was given, the folder is Fashion-MNIST's, if that is there, and stderr says so. Ends the program after --help
/// or a wrong argument. A history file that cannot be written, or a closed stdout, is an IOError.
Options parse(int argc, char** argv, const std::string& description, Options defaults = {});

/// MNIST from the folder of the options; of the training images and of the test images so many as these say.
xg::data::Mnist load_mnist(const Options& options);

/// Writes the figures of a training run as JSON, if a file was named. Until they are written in full, what the file
/// held stays in it.
void save_history(const Options& options, const xg::nn::History& history, const xg::nn::Score& test,
                  const xg::nn::Score& train);

}  // namespace example
