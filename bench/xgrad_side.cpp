// xgrad's side of the benchmarks: what a user of the library would write.
#include <xgrad.hpp>

#include <memory>
#include <string>
#include <vector>

#include "bench/side.hpp"

namespace {

namespace nn = xg::nn;
namespace data = xg::data;
using bench::Work;
using xg::Tensor;

Tensor uniform(const xg::Shape& shape, double low, double high) {
  return xg::default_generator().uniform(shape, low, high);
}

/// Images in [0, 1] and one-hot labels.
struct TrainingSet {
  Tensor x, y;

  /// The first `count` of the 60000, of the images that every side works on.
  static TrainingSet load(std::int64_t count = 60000) {
    const auto train = (data::find_mnist() ? data::load_mnist() : data::load_fashion_mnist()).train;
    const auto first = [=](const Tensor& x) { return x.array().slice(0, 0, count, 1); };
    return {data::scale(data::flatten(first(train.images))), data::to_categorical(first(train.labels), 10)};
  }
};

/// So many repetitions in one run that it can be timed.
Work repeat(int times, double units, std::function<void()> once) {
  return {[=] {
            for (int i = 0; i < times; ++i) once();
          },
          units * times};
}

nn::Sequential tutorial_model(const std::string& form) {
  const nn::Regularizer penalty = form == "l2" ? nn::l2(0.0003) : nn::Regularizer();
  const double rate = form == "dropout" ? 0.4 : 0;
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

Work fit_epoch(const std::shared_ptr<nn::Sequential>& model, const TrainingSet& set, std::int64_t batch_size) {
  return {[=] { model->fit(set.x, set.y, {.batch_size = batch_size, .verbose = 0}); },
          static_cast<double>(set.x.shape()[0])};
}

Work mlp(const std::string& form, std::int64_t batch_size) {
  return fit_epoch(std::make_shared<nn::Sequential>(tutorial_model(form)), TrainingSet::load(), batch_size);
}

Work mlp_adam() {
  const auto model = std::make_shared<nn::Sequential>(nn::Sequential{
      nn::Dense({.units = 1024, .input_dim = 784, .activation = "relu"}),
      nn::Dense({.units = 1024, .activation = "relu"}),
      nn::Dense({.units = 10, .activation = "softmax"}),
  });
  model->compile({.optimizer = "adam", .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
  Work work = fit_epoch(model, TrainingSet::load(20 * 256), 256);
  work.units = 20;
  return work;
}

/// Two convolutions and two dense layers, written with operations.
struct Cnn : nn::Model {
  nn::Parameter kernel_1 = parameter("kernel_1", uniform({3, 3, 1, 32}, -0.3, 0.3));
  nn::Parameter bias_1 = parameter("bias_1", xg::zeros({32}));
  nn::Parameter kernel_2 = parameter("kernel_2", uniform({3, 3, 32, 64}, -0.05, 0.05));
  nn::Parameter bias_2 = parameter("bias_2", xg::zeros({64}));
  nn::Dense& hidden = add(nn::Dense({.units = 128, .input_dim = 12 * 12 * 64, .activation = "relu"}));
  nn::Dense& output = add(nn::Dense({.units = 10, .activation = "softmax"}));

  Tensor forward(const Tensor& x) override {
    const Tensor first = relu(conv2d(x, kernel_1, {.bias = bias_1}));
    const Tensor second = relu(conv2d(first, kernel_2, {.bias = bias_2}));
    return output(hidden(flatten(max_pool2d(second), 1)));
  }
};

Work cnn() {
  const auto model = std::make_shared<Cnn>();
  model->compile({.optimizer = nn::SGD({.learning_rate = 0.05}), .loss = "categorical_crossentropy"});
  const TrainingSet batch = TrainingSet::load(64);
  const Tensor images = reshape(batch.x, {64, 28, 28, 1});
  return repeat(4, 1, [=] { model->train_on_batch(images, batch.y); });
}

/// A chain of operations on 16 elements.
Work small_graph(int depth, int times) {
  const Tensor x = uniform({16}, -1, 1);
  Tensor w = uniform({16}, -1, 1), b = uniform({16}, -1, 1), c = uniform({16}, -1, 1);
  for (Tensor* leaf : {&w, &b, &c}) leaf->set_requires_grad();
  return repeat(times, depth, [=]() mutable {
    Tensor y = x;
    for (int i = 0; i < depth; i += 4) y = tanh(y * w + b) - c;
    sum(y).backward();
    for (Tensor* leaf : {&w, &b, &c}) leaf->zero_grad();
  });
}

Work forward_backward(int times, Tensor x, std::function<Tensor(const Tensor&)> f) {
  x.set_requires_grad();
  return repeat(times, 1, [=]() mutable {
    sum(f(x)).backward();
    x.zero_grad();
  });
}

Work elementwise() {
  return forward_backward(4, uniform({1000000}, -1, 1),
                          [](const Tensor& x) { return tanh(x) * sigmoid(x) + exp(-square(x)); });
}

Work softmax_rows() {
  const Tensor w = uniform({1024, 1024}, -1, 1);
  return forward_backward(10, uniform({1024, 1024}, -1, 1), [=](const Tensor& x) { return softmax(x) * w; });
}

Work layer_norm() {
  const Tensor w = uniform({1024, 1024}, -1, 1);
  Tensor gamma = uniform({1024}, -1, 1), beta = uniform({1024}, -1, 1);
  gamma.set_requires_grad();
  beta.set_requires_grad();
  return forward_backward(10, uniform({1024, 1024}, -1, 1), [=](const Tensor& x) mutable {
    gamma.zero_grad();
    beta.zero_grad();
    return xg::layer_norm(x, gamma, beta) * w;
  });
}

/// As a layer after a convolution.
Work batch_norm() {
  const Tensor w = uniform({64, 28, 28, 64}, -1, 1);
  Tensor gamma = uniform({64}, -1, 1), beta = uniform({64}, -1, 1);
  gamma.set_requires_grad();
  beta.set_requires_grad();
  return forward_backward(4, uniform({64, 28, 28, 64}, -1, 1), [=](const Tensor& x) mutable {
    gamma.zero_grad();
    beta.zero_grad();
    return xg::batch_norm_training(x, gamma, beta).y * w;
  });
}

/// A recurrent layer written by its formula (Hochreiter and Schmidhuber, 1997): all steps' products with the input at
/// once, then step by step.
Work lstm_slices() {
  const std::int64_t steps = 100, batch = 64, units = 128;
  Tensor w = uniform({units, 4 * units}, -0.1, 0.1), u = uniform({units, 4 * units}, -0.1, 0.1);
  Tensor bias = xg::zeros({4 * units});
  for (Tensor* leaf : {&w, &u, &bias}) leaf->set_requires_grad();
  return forward_backward(1, uniform({steps, batch, units}, -1, 1), [=](const Tensor& x) mutable {
    for (Tensor* leaf : {&w, &u, &bias}) leaf->zero_grad();
    const Tensor inputs = linear(x, w, bias);
    Tensor h = xg::zeros({batch, units}), c = h;
    std::vector<Tensor> outputs;
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::vector<Tensor> gates = chunk(inputs[t] + matmul(h, u), 4, 1);
      c = sigmoid(gates[0]) * c + sigmoid(gates[1]) * tanh(gates[2]);
      h = sigmoid(gates[3]) * tanh(c);
      outputs.push_back(h);
    }
    return stack(outputs);
  });
}

Work lstm() {
  const auto layer = std::make_shared<nn::LSTM>(nn::RecurrentOptions{.units = 128, .return_sequences = true});
  return forward_backward(1, uniform({64, 100, 128}, -1, 1), [=](const Tensor& x) {
    for (const auto& each : layer->parameters()) Tensor(each.value).zero_grad();
    return (*layer)(x);
  });
}

Work attention() {
  std::vector<Tensor> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(uniform({2, 8, 1024, 64}, -1, 1).set_requires_grad());
  return repeat(1, 1, [=]() mutable {
    sum(scaled_dot_product_attention(inputs[0], inputs[1], inputs[2])).backward();
    for (Tensor& each : inputs) each.zero_grad();
  });
}

/// An encoder of four layers, and a step with AdamW.
struct Encoder : nn::Model {
  std::vector<nn::TransformerBlock*> blocks;

  Encoder() {
    for (int i = 0; i < 4; ++i)
      blocks.push_back(&add(nn::TransformerBlock({.num_heads = 4, .intermediate_dim = 1024})));
  }
  Tensor forward(const Tensor& x) override {
    Tensor y = x;
    for (const auto* block : blocks) y = (*block)(y);
    return y;
  }
};

Work transformer() {
  const auto model = std::make_shared<Encoder>();
  const Tensor x = uniform({8, 128, 256}, -1, 1);
  (*model)(x);
  const auto optimizer = std::make_shared<nn::AdamW>(model->parameters());
  return repeat(1, 1, [=] {
    optimizer->zero_grad();
    mean(square((*model)(x))).backward();
    optimizer->step();
  });
}

/// A lookup of a table's rows, and the gradient of the table.
Work embedding() {
  Tensor table = uniform({30000, 256}, -1, 1).set_requires_grad();
  const Tensor chosen = astype(uniform({64, 128}, 0, 30000), xg::int64);
  const Tensor dy = uniform({64, 128, 256}, -1, 1);
  return repeat(4, 1, [=]() mutable {
    xg::embedding(table, chosen).backward({.gradient = dy});
    table.zero_grad();
  });
}

/// What a server does for each question.
Work predict_one() {
  const auto model = std::make_shared<nn::Sequential>(tutorial_model("plain"));
  const Tensor x = uniform({1, 784}, 0, 1);
  return repeat(1000, 1, [=] { model->predict(x); });
}

Work on_matrix(const std::function<void(const Tensor&)>& f) {
  const Tensor x = uniform({2048, 2048}, -1, 1);
  return repeat(10, 1, [=] { f(x); });
}

Work first_step() {
  const TrainingSet batch = TrainingSet::load(32);
  return repeat(10, 1, [=] { tutorial_model("plain").train_on_batch(batch.x, batch.y); });
}

Work samples(std::int64_t count) {
  const auto model = std::make_shared<nn::Sequential>(nn::Sequential{
      nn::Dense({.units = 32, .input_dim = 64, .activation = "tanh"}),
      nn::Dense({.units = 10, .activation = "softmax"}),
  });
  model->compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const TrainingSet set{uniform({count, 64}, -1, 1), xg::zeros({count}, xg::uint8)};
  const Work epoch = fit_epoch(model, set, 32);
  return repeat(static_cast<int>(1000000 / count), epoch.units, epoch.run);
}

bench::Rows all_rows() {
  bench::Rows rows;
  for (const char* form : {"plain", "dropout", "l2"})
    for (const int size : {32, 256, 2048})
      rows.emplace_back("mlp_" + std::string(form) + '_' + std::to_string(size), [=](int) { return mlp(form, size); });
  const auto add = [&](const std::string& name, const std::function<Work()>& make) {
    rows.emplace_back(name, [=](int) { return make(); });
  };
  add("mlp_adam_256", mlp_adam);
  add("cnn_64", cnn);
  add("small_graph", [] { return small_graph(1000, 20); });
  add("elementwise_1m", elementwise);
  add("softmax", softmax_rows);
  add("layer_norm", layer_norm);
  add("batch_norm", batch_norm);
  add("lstm_slices", lstm_slices);
  add("lstm", lstm);
  add("attention", attention);
  add("transformer", transformer);
  add("embedding", embedding);
  add("predict_1", predict_one);
  add("sum_axis_0", [] { return on_matrix([](const Tensor& x) { sum(x, {.axis = 0}); }); });
  add("sum_axis_1", [] { return on_matrix([](const Tensor& x) { sum(x, {.axis = 1}); }); });
  add("max_axis_1", [] { return on_matrix([](const Tensor& x) { max(x, {.axis = 1}); }); });
  add("strided_copy", [] { return on_matrix([](const Tensor& x) { x.array().transposed().contiguous(); }); });
  add("data_loading", [] { return Work{[] { TrainingSet::load(); }, 1}; });
  add("model_build", [] { return repeat(20, 1, [] { tutorial_model("plain"); }); });
  add("first_step", first_step);
  add("samples_1000", [] { return samples(1000); });
  add("samples_1000000", [] { return samples(1000000); });
  add("depth_10", [] { return small_graph(12, 2000); });
  add("depth_10000", [] { return small_graph(10000, 2); });
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Rows rows = all_rows();
  for (auto& [name, make] : rows)
    make = [make = make](int threads) {
      xg::set_num_threads(threads);
      xg::manual_seed(1);
      return make(threads);
    };
  return bench::serve(argc, argv, rows);
}
