// libtorch's side of the benchmarks: what its user would write.
#include <torch/torch.h>

#include <memory>
#include <string>
#include <tuple>

#include "bench/images.hpp"
#include "bench/side.hpp"

namespace {

namespace nn = torch::nn;
using bench::Work;
using torch::Tensor;

Tensor uniform(at::IntArrayRef shape) { return torch::rand(shape) * 2 - 1; }

/// Images in [0, 1] and class numbers.
struct TrainingSet {
  Tensor x, y;

  /// The first `count` of the 60000.
  static TrainingSet load(std::int64_t count = 60000) {
    const auto images = bench::load_images();
    const auto tensor = [](const std::vector<std::uint8_t>& values, std::vector<std::int64_t> shape) {
      return torch::from_blob(const_cast<std::uint8_t*>(values.data()), shape, torch::kUInt8);
    };
    return {tensor(images.pixels, {count, 784}).to(torch::kFloat) / 255,
            tensor(images.labels, {count}).to(torch::kLong)};
  }
};

/// So many repetitions in one run that it can be timed.
Work repeat(int times, double units, std::function<void()> once) {
  return {[=] {
            for (int i = 0; i < times; ++i) once();
          },
          units * times};
}

/// A network, its optimizer and what its loss adds.
struct Trainer {
  nn::Sequential model;
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  std::vector<nn::Linear> decayed = {};
  double total = 0;
  std::int64_t correct = 0;

  void step(const Tensor& x, const Tensor& y) {
    const Tensor logits = model->forward(x);
    Tensor loss = nn::functional::cross_entropy(logits, y);
    for (auto& layer : decayed) loss = loss + 3e-4 * layer->weight.square().sum();
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
    total += loss.item<double>() * static_cast<double>(x.size(0));
    correct += (logits.argmax(1) == y).sum().item<std::int64_t>();
  }

  void epoch(const TrainingSet& set, std::int64_t batch_size) {
    const Tensor order = torch::randperm(set.x.size(0));
    for (const Tensor& rows : order.split(batch_size)) step(set.x.index_select(0, rows), set.y.index_select(0, rows));
  }
};

Trainer tutorial(const std::string& form) {
  nn::Linear first(784, 200), second(200, 100), last(100, 10);
  for (auto& layer : {first, second, last}) {
    nn::init::xavier_uniform_(layer->weight);
    nn::init::zeros_(layer->bias);
  }
  Trainer trainer;
  trainer.model = form == "dropout"
                      ? nn::Sequential(first, nn::Tanh(), nn::Dropout(0.4), second, nn::Tanh(), nn::Dropout(0.4), last)
                      : nn::Sequential(first, nn::Tanh(), second, nn::Tanh(), last);
  trainer.optimizer = std::make_shared<torch::optim::SGD>(trainer.model->parameters(), 0.2);
  if (form == "l2") trainer.decayed = {first, second, last};
  return trainer;
}

Work mlp(const std::string& form, std::int64_t batch_size) {
  const auto trainer = std::make_shared<Trainer>(tutorial(form));
  const TrainingSet set = TrainingSet::load();
  return {[=] { trainer->epoch(set, batch_size); }, static_cast<double>(set.x.size(0))};
}

Work mlp_adam() {
  const auto trainer = std::make_shared<Trainer>();
  trainer->model =
      nn::Sequential(nn::Linear(784, 1024), nn::ReLU(), nn::Linear(1024, 1024), nn::ReLU(), nn::Linear(1024, 10));
  trainer->optimizer = std::make_shared<torch::optim::Adam>(trainer->model->parameters());
  const TrainingSet set = TrainingSet::load(20 * 256);
  return {[=] { trainer->epoch(set, 256); }, 20};
}

Work cnn() {
  const auto trainer = std::make_shared<Trainer>();
  trainer->model = nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 32, 3)), nn::ReLU(),
                                  nn::Conv2d(nn::Conv2dOptions(32, 64, 3)), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                                  nn::Linear(9216, 128), nn::ReLU(), nn::Linear(128, 10));
  trainer->optimizer = std::make_shared<torch::optim::SGD>(trainer->model->parameters(), 0.05);
  const TrainingSet set = TrainingSet::load(64);
  const Tensor images = set.x.reshape({64, 1, 28, 28});
  return repeat(4, 1, [=] { trainer->step(images, set.y); });
}

/// A chain of operations on 16 elements.
Work small_graph(int depth, int times) {
  const Tensor x = uniform({16});
  const std::vector<Tensor> leaves{uniform({16}), uniform({16}), uniform({16})};
  for (const Tensor& leaf : leaves) leaf.set_requires_grad(true);
  return repeat(times, depth, [=] {
    Tensor y = x;
    for (int i = 0; i < depth; i += 4) y = torch::tanh(y * leaves[0] + leaves[1]) - leaves[2];
    y.sum().backward();
    for (const Tensor& leaf : leaves) leaf.mutable_grad() = Tensor();
  });
}

Work forward_backward(int times, const Tensor& x, std::function<Tensor(const Tensor&)> f) {
  x.set_requires_grad(true);
  return repeat(times, 1, [=] {
    f(x).sum().backward();
    x.mutable_grad() = Tensor();
  });
}

Work elementwise() {
  return forward_backward(4, uniform({1000000}), [](const Tensor& x) {
    return torch::tanh(x) * torch::sigmoid(x) + torch::exp(-torch::square(x));
  });
}

Work softmax_rows() {
  const Tensor w = uniform({1024, 1024});
  return forward_backward(10, uniform({1024, 1024}), [=](const Tensor& x) { return torch::softmax(x, 1) * w; });
}

Work layer_norm() {
  const Tensor w = uniform({1024, 1024}), gamma = uniform({1024}), beta = uniform({1024});
  gamma.set_requires_grad(true);
  beta.set_requires_grad(true);
  return forward_backward(10, uniform({1024, 1024}), [=](const Tensor& x) {
    gamma.mutable_grad() = beta.mutable_grad() = Tensor();
    return torch::layer_norm(x, {1024}, gamma, beta) * w;
  });
}

/// As a layer after a convolution.
Work batch_norm() {
  const Tensor w = uniform({64, 64, 28, 28});
  nn::BatchNorm2d layer(64);
  return forward_backward(4, uniform({64, 64, 28, 28}), [=](const Tensor& x) mutable {
    layer->zero_grad();
    return layer->forward(x) * w;
  });
}

Work lstm() {
  nn::LSTM layer(128, 128);
  return forward_backward(1, uniform({100, 64, 128}), [=](const Tensor& x) mutable {
    layer->zero_grad();
    return std::get<0>(layer->forward(x));
  });
}

/// softmax(q k^T / sqrt(d)) v: libtorch 1.13 has no function for it.
Work attention() {
  std::vector<Tensor> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(uniform({2, 8, 1024, 64}).set_requires_grad(true));
  return repeat(1, 1, [=] {
    const Tensor scores = torch::matmul(inputs[0] / 8, inputs[1].transpose(-2, -1));
    torch::matmul(torch::softmax(scores, -1), inputs[2]).sum().backward();
    for (const Tensor& each : inputs) each.mutable_grad() = Tensor();
  });
}

/// An encoder of four layers, and a step with AdamW.
Work transformer() {
  nn::TransformerEncoder model(nn::TransformerEncoderOptions(
      nn::TransformerEncoderLayerOptions(256, 4).dim_feedforward(1024).dropout(0).activation(torch::kGELU), 4));
  const auto optimizer = std::make_shared<torch::optim::AdamW>(model->parameters());
  const Tensor x = uniform({128, 8, 256});
  return repeat(1, 1, [=]() mutable {
    optimizer->zero_grad();
    model->forward(x).square().mean().backward();
    optimizer->step();
  });
}

/// A lookup of a table's rows, and the gradient of the table.
Work embedding() {
  const Tensor table = uniform({30000, 256}).set_requires_grad(true);
  const Tensor chosen = torch::randint(30000, {64, 128});
  const Tensor dy = uniform({64, 128, 256});
  return repeat(4, 1, [=] {
    torch::embedding(table, chosen).backward(dy);
    table.mutable_grad() = Tensor();
  });
}

/// What a server does for each question.
Work predict_one() {
  const auto trainer = std::make_shared<Trainer>(tutorial("plain"));
  trainer->model->eval();
  const Tensor x = torch::rand({1, 784});
  return repeat(1000, 1, [=] {
    const torch::InferenceMode values_only;
    torch::softmax(trainer->model->forward(x), 1);
  });
}

Work on_matrix(const std::function<void(const Tensor&)>& f) {
  const Tensor x = uniform({2048, 2048});
  return repeat(10, 1, [=] {
    const torch::NoGradGuard values_only;
    f(x);
  });
}

Work first_step() {
  const TrainingSet batch = TrainingSet::load(32);
  return repeat(10, 1, [=] { tutorial("plain").step(batch.x, batch.y); });
}

bench::Rows all_rows() {
  bench::Rows rows;
  const auto add = [&](const std::string& name, const std::function<Work()>& make) {
    rows.emplace_back(name, [=](int threads) {
      torch::set_num_threads(threads);
      torch::manual_seed(0);
      return make();
    });
  };
  for (const char* form : {"plain", "dropout", "l2"})
    for (const int size : {32, 256, 2048})
      add("mlp_" + std::string(form) + '_' + std::to_string(size), [=] { return mlp(form, size); });
  add("mlp_adam_256", mlp_adam);
  add("cnn_64", cnn);
  add("small_graph", [] { return small_graph(1000, 20); });
  add("elementwise_1m", elementwise);
  add("softmax", softmax_rows);
  add("layer_norm", layer_norm);
  add("batch_norm", batch_norm);
  add("lstm_slices", lstm);
  add("lstm", lstm);
  add("attention", attention);
  add("transformer", transformer);
  add("embedding", embedding);
  add("predict_1", predict_one);
  add("sum_axis_0", [] { return on_matrix([](const Tensor& x) { x.sum(0); }); });
  add("sum_axis_1", [] { return on_matrix([](const Tensor& x) { x.sum(1); }); });
  add("max_axis_1", [] { return on_matrix([](const Tensor& x) { x.amax(1); }); });
  add("strided_copy", [] { return on_matrix([](const Tensor& x) { x.t().contiguous(); }); });
  add("model_build", [] { return repeat(20, 1, [] { tutorial("plain"); }); });
  add("first_step", first_step);
  return rows;
}

}  // namespace

int main(int argc, char** argv) { return bench::serve(argc, argv, all_rows()); }
