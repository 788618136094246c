#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "lib/io/safetensors.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/recurrent.hpp"
#include "nn/saving/weights.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/models.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/folder.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

nn::Sequential network(std::uint64_t seed, bool built = true) {
  manual_seed(seed);
  nn::Sequential model{nn::Dense({.units = 3, .activation = "tanh"}), nn::BatchNormalization(),
                       nn::Dense({.units = 2})};
  if (built) model.build_for({4});
  return model;
}

const Tensor x = Generator(9).normal({5, 4});

}  // namespace

TEST_CASE("weights in files: another model with them computes the same, bit for bit") {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  auto model = network(1), other = network(2);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.train_on_batch(x, ones({5, 2}));  // moves the statistics
  CHECK(numbers(other.predict(x)) != numbers(model.predict(x)));
  model.save_weights(path);
  const nn::LoadReport report = other.load_weights(path);
  CHECK(report.missing.empty());
  CHECK(numbers(other.predict(x)) == numbers(model.predict(x)));
  CHECK(read_safetensors(path).arrays.size() == 8);
}

TEST_CASE("weights in files: what does not fit is told at once, and nothing changes") {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  write_safetensors(path, {.arrays = {{"dense_1.kernel", Array::zeros({4, 3})},
                                      {"dense_1.bias", Array::zeros({4})},
                                      {"dense_2.bias", Array::zeros({2}, int64)},
                                      {"head.bias", Array::zeros({2})}}});
  auto model = network(1);
  const auto before = weights(model);
  CHECK_ERROR(
      ValueError, model.load_weights(path),
      concat("load_weights: ", path,
             " does not fit the model:\n"
             "  5 missing in the file: batch_normalization_1.gamma, batch_normalization_1.beta, dense_2.kernel, "
             "batch_normalization_1.moving_mean, batch_normalization_1.moving_variance\n"
             "  1 unexpected in the file: head.bias\n"
             "  2 of another shape or dtype: dense_1.bias (float32 (4,) in the file, float32 (3,) here), "
             "dense_2.bias (int64 (2,) in the file, float32 (2,) here)\n"
             "  rename maps the names of the file, strict = false loads what fits"));
  CHECK(same_weights(weights(model), before));
  const nn::LoadReport report = model.load_weights(path, {.strict = false});
  CHECK(report.missing.size() == 5);
  CHECK(report.unexpected == std::vector<std::string>{"head.bias"});
  CHECK(report.mismatched.size() == 2);
  CHECK(numbers(model["dense_1.kernel"]) == Numbers(12, 0));
  CHECK(numbers(model["dense_2.kernel"]) == numbers(network(1)["dense_2.kernel"]));
}

TEST_CASE("weights in files: names are mapped, floats converted") {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  write_safetensors(path, {.arrays = {{"fc.weight", Array::full({2, 1}, 0.5, float64)},
                                      {"fc.bias", Array::full({1}, 2)},
                                      {"optimizer", Array::zeros({1})}}});
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 2})};
  const auto rename = [](const std::string& name) {
    return name == "fc.weight" ? "dense_1.kernel" : name == "fc.bias" ? "dense_1.bias" : "";
  };
  model.load_weights(path, {.rename = rename});
  CHECK(model.predict(Tensor{{2.0f, 4.0f}}).item() == 5);
  CHECK_ERROR(ValueError, model.load_weights(path, {.rename = [](const std::string&) { return "dense_1.bias"; }}),
              concat("load_weights: ", path, ": 'fc.weight' and 'fc.bias' in the file both became 'dense_1.bias'"));
}

TEST_CASE("weights in files: whole numbers stay whole") {
  struct Counter : nn::Model {
    nn::Buffer count;
    explicit Counter(std::int64_t start) : count(buffer("count", xg::full({1}, start, int64))) {}
    Tensor forward(const Tensor& t) override { return t; }
  };
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  Counter one(std::int64_t{1} << 60), other(0);
  one.save_weights(path);
  other.load_weights(path);
  CHECK(other.count.item<std::int64_t>() == std::int64_t{1} << 60);
}

TEST_CASE("weights in files: a state of another batch comes over") {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  const auto make = [] {
    manual_seed(3);
    return nn::Sequential{nn::SimpleRNN({.units = 2, .stateful = true})};
  };
  auto model = make(), other = make();
  const Tensor steps = Generator(1).normal({3, 2, 4});
  model(steps);
  other.build_for({2, 4});
  model.save_weights(path);
  other.load_weights(path);
  CHECK(numbers(other(steps)) == numbers(model(steps)));
}

TEST_CASE("weights in files: misuse") {
  const Folder folder;
  const std::string path = folder.path("w.safetensors");
  auto open = network(1, false), model = network(1);
  CHECK_ERROR(ValueError, open.save_weights(path),
              concat("save_weights: ", path,
                     ": the Sequential has no weights yet: build_for() with the shape of a "
                     "sample, or a first pass, makes them"));
  CHECK_ERROR(ValueError, model.save_weights(folder.path("w.h5")),
              concat("save_weights: '", folder.path("w.h5"), "' does not end in .safetensors, the format of weights"));
  CHECK_ERROR(IOError, model.load_weights(path),
              concat("read_safetensors: ", path, ": cannot open the file: No such file or directory"));
  model.save_weights(path);
  const std::string message = message_of<ValueError>([&] { open.load_weights(path); });
  CHECK(message.find("'dense_1' is not built yet: build_for() with the shape of a sample comes first") !=
        std::string::npos);
}
