// Times model.fit() against the same job written by hand, epoch by epoch in turn, and prints a table of the ratios.
#include <xgrad.hpp>

#include <omp.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "bench/floor.hpp"
#include "bench/machine.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

namespace {

struct Row {
  std::string name;
  bench::Job job;
  int batch_size;
};

const std::vector<Row> rows{
    {"mlp_plain_32", bench::Job::plain, 32},     {"mlp_plain_256", bench::Job::plain, 256},
    {"mlp_dropout_32", bench::Job::dropout, 32}, {"mlp_dropout_256", bench::Job::dropout, 256},
    {"mlp_l2_32", bench::Job::l2, 32},           {"mlp_l2_256", bench::Job::l2, 256},
};

/// The training images as both sides take them.
struct TrainingSet {
  xg::Tensor x, y, labels;

  static TrainingSet load(const std::string& dir) {
    const auto train = data::load_mnist({.dir = dir}).train;
    return {data::scale(data::flatten(train.images)), data::to_categorical(train.labels, 10), train.labels};
  }
};

nn::Sequential make_model(bench::Job job) {
  const nn::Regularizer penalty = job == bench::Job::l2 ? nn::l2(0.0003) : nn::Regularizer();
  const double rate = job == bench::Job::dropout ? 0.4 : 0;
  nn::Sequential model{
      nn::Dense({.units = 200, .input_dim = 784, .activation = "tanh", .kernel_regularizer = penalty}),
      nn::Dropout(rate),
      nn::Dense({.units = 100, .activation = "tanh", .kernel_regularizer = penalty}),
      nn::Dropout(rate),
      nn::Dense({.units = 10, .activation = "softmax", .kernel_regularizer = penalty}),
  };
  model.compile(
      {.optimizer = nn::SGD({.learning_rate = 0.2}), .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
  return model;
}

double fit_epoch(nn::Sequential& model, const TrainingSet& set, int batch_size) {
  const auto start = std::chrono::steady_clock::now();
  model.fit(set.x, set.y, {.batch_size = batch_size, .verbose = 0});
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

nlohmann::ordered_json measure(const Row& row, const TrainingSet& set, int epochs) {
  const auto samples = static_cast<std::size_t>(set.x.shape()[0]);
  bench::Floor floor(row.job, row.batch_size, {set.x.array().data<float>(), samples * 784},
                     {set.labels.array().data<std::uint8_t>(), samples}, 1);
  nn::Sequential model = make_model(row.job);
  std::vector<double> ours, floors;
  // The first epoch of each warms caches and pools up, and is not counted.
  for (int epoch = 0; epoch <= epochs; ++epoch) {
    const double by_hand = floor.run_epoch().seconds, by_fit = fit_epoch(model, set, row.batch_size);
    if (epoch == 0) continue;
    floors.push_back(by_hand / static_cast<double>(samples) * 1e6);
    ours.push_back(by_fit / static_cast<double>(samples) * 1e6);
  }
  return {{"xgrad", median(ours)}, {"floor", median(floors)}, {"ratio_floor", median(ours) / median(floors)}};
}

}  // namespace

int main(int argc, char** argv) try {
  std::string json_path, dir, only;
  int epochs = 7;
  CLI::App app("Times training steps against the same job by hand on CBLAS, on one thread");
  app.add_option("--json", json_path, "file to write the figures to");
  app.add_option("--data", dir, "folder of the MNIST files");
  app.add_option("--epochs", epochs, "timed epochs of each side, in turn")->check(CLI::Range(5, 1000));
  app.add_option("--only", only, "measure only the rows whose names contain this");
  CLI11_PARSE(app, argc, argv);

  xg::set_num_threads(1);
  omp_set_num_threads(1);  // the floor calls BLAS itself
  const TrainingSet set = TrainingSet::load(dir);
  std::cout << bench::machine() << "\none thread, us a sample, medians of " << epochs << " epochs in turn\n\n"
            << "row                 xgrad    floor    ratio\n"
            << std::fixed << std::setprecision(2);
  nlohmann::ordered_json results;
  for (const Row& row : rows) {
    if (row.name.find(only) == std::string::npos) continue;
    const auto figures = results[row.name] = measure(row, set, epochs);
    std::cout << std::left << std::setw(16) << row.name << std::right << std::setw(9) << figures["xgrad"].get<double>()
              << std::setw(9) << figures["floor"].get<double>() << std::setw(9) << figures["ratio_floor"].get<double>()
              << std::endl;
  }
  if (json_path.empty()) return 0;
  std::ofstream file(json_path);
  file << results.dump(2) << std::endl;
  if (!file) throw xg::IOError("cannot write " + json_path);
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << '\n';
  return 1;
}
