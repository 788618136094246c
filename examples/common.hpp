#pragma once

#include <xgrad.hpp>

#include <cstdint>
#include <string>

#include "examples/ending.hpp"

/// What the programs that train share: their command line and the file they write.
namespace example {

/// What a program trains on, which is what --data means: a folder of images, a text file, or nothing, as it makes its
/// data itself.
enum class Data { mnist, fashion_mnist, text, none };

struct Options {
  int epochs = 10;
  std::int64_t batch_size = 32;
  std::uint64_t seed = 0;
  std::string data = {};  ///< folder of the images, or a file; empty: looked for
  int threads = 0;        ///< 0: as many as the machine has
  int verbose = 1;
  std::int64_t samples = 0;  ///< of load_mnist(); 0: all
  std::string history = {};  ///< where to write the JSON file; empty: nowhere
  Data kind = Data::mnist;   ///< what the program trains on
};

/// Reads the command line over the defaults, sets the seed and the number of threads. Without --data, the folder is
/// where the images are on this machine; where MNIST is not found, it is Fashion-MNIST's, if that is there, and stderr
/// says so. Ends the program after --help or a wrong argument. A history file that cannot be written, or a closed
/// stdout, is an IOError.
Options parse(int argc, char** argv, const std::string& description, Options defaults = {});

/// The images in the folder of the options; of those for training and of those for testing so many as these say.
xg::data::Mnist load_mnist(const Options& options);

/// Writes the figures of a training run as JSON, if a file was named: those of the history, and those of the scores
/// with "test_" and "train_" before their names. Until they are written in full, what the file held stays in it.
void save_history(const Options& options, const xg::nn::History& history, const xg::nn::Score& test,
                  const xg::nn::Score& train);

}  // namespace example
