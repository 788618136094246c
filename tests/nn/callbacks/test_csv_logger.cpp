#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "nn/callbacks/csv_logger.hpp"
#include "tests/nn/callbacks/scripted.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// A file of that name in a folder of its own, which goes with it.
struct Place {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("xgrad_csv_" + std::to_string(::getpid()));
  std::string file = folder / "log.csv";
  Place() { std::filesystem::create_directories(folder); }
  ~Place() { std::filesystem::remove_all(folder); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string text() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_CASE("CSVLogger: a line for each epoch, which can be read back exactly") {
  const Place place;
  Scripted model({0.1, 1.0 / 3, 1, std::nan("")});
  model.run({nn::CSVLogger(place.file)}, 2);
  CHECK(place.text() == "epoch,loss\n0,0.10000000149011612\n1,0.3333333432674408\n");
  model.run({nn::CSVLogger(place.file, {.separator = ";"})}, 1);
  CHECK(place.text() == "epoch;loss\n0;1\n");
  model.run({nn::CSVLogger(place.file, {.separator = ";", .append = true})}, 1);
  CHECK(place.text() == "epoch;loss\n0;1\n0;nan\n");
}

TEST_CASE("CSVLogger: figures in the order of their names, what is there after each epoch, and appending to nothing") {
  const Place place;
  Scripted model({2, 1, 2, 1});
  std::vector<std::string> seen;
  model.fit(ones({1, 1}), ones({1, 1}),
            {.epochs = 2,
             .verbose = 0,
             .callbacks = {nn::CSVLogger(place.file, {.append = true}),
                           [&](nn::TrainingRun&, int, const nn::Logs&) { seen.push_back(place.text()); }},
             .validation_data = {ones({1, 1}), ones({1, 1})}});
  CHECK(seen[0] == "epoch,loss,val_loss\n0,2,1\n");
  CHECK(place.text() == "epoch,loss,val_loss\n0,2,1\n1,2,1\n");
}

TEST_CASE("CSVLogger: names are sorted, whatever the order in which they are shown") {
  const Place place;
  Recorder model;
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {nn::Metric("a", [](const Tensor&, const Tensor& p) {
                                                      return double(p.shape()[0]);
                                                    })}});
  model.fit(zeros({1, 1}), zeros({1, 1}), {.verbose = 0, .callbacks = {nn::CSVLogger(place.file)}});
  CHECK(place.text() == "epoch,a,loss\n0,1,0\n");
}

TEST_CASE("CSVLogger: misuse") {
  CHECK_ERROR(ValueError, nn::CSVLogger(""), "CSVLogger: the name of the file is empty");
  Scripted model({1});
  CHECK_THROWS_WITH_AS(model.run({nn::CSVLogger("/nowhere/at/all.csv")}, 1),
                       doctest::Contains("CSVLogger: cannot write to '/nowhere/at/all.csv'"), IOError);
  const Place place;
  nn::CSVLogger logger(place.file);
  nn::TrainingRun run{model, 1, 1, 0, {}};
  CHECK_THROWS_WITH_AS(logger.on_epoch_end(run, 0, {}),
                       doctest::Contains("now: a logger that is given by std::ref serves one run of fit() at a time"),
                       ValueError);
}
