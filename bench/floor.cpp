// Needs -ffast-math: only with it does the compiler vectorise tanh and the sums.
#include "bench/floor.hpp"

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>

namespace bench {

namespace {

constexpr int pixels = 784, classes = 10;
constexpr float learning_rate = 0.2f, l2 = 3e-4f, keep = 0.6f;

std::size_t area(int rows, int columns) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }

// A row-major matrix as CBLAS takes it.
struct Matrix {
  const float* data;
  int columns;
  CBLAS_TRANSPOSE transpose = CblasNoTrans;
};

Matrix transposed(const float* data, int columns) { return {data, columns, CblasTrans}; }

// out (rows x columns) = a b + beta out
void multiply(Matrix a, Matrix b, int rows, int columns, int depth, float beta, float* out) {
  cblas_sgemm(CblasRowMajor, a.transpose, b.transpose, rows, columns, depth, 1, a.data, a.columns, b.data, b.columns,
              beta, out, columns);
}

// MurmurHash3's finalizer: as a counter-based generator it vectorises, which an engine with a state does not.
std::uint32_t hash(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

void draw_mask(float* mask, int count, std::uint32_t key) {
  constexpr auto threshold = static_cast<std::uint32_t>(keep * 4294967296.0);
  for (int i = 0; i < count; ++i) mask[i] = hash(key + static_cast<std::uint32_t>(i)) < threshold ? 1 / keep : 0.f;
}

void activate(float* z, int count) {
  for (int i = 0; i < count; ++i) z[i] = std::tanh(z[i]);
}

void activate_dropped(float* z, const float* mask, int count) {
  for (int i = 0; i < count; ++i) z[i] = std::tanh(z[i]) * mask[i];
}

// delta holds the gradient of the output y = tanh(z) and becomes that of z.
void pull_back(float* delta, const float* y, int count) {
  for (int i = 0; i < count; ++i) delta[i] *= 1 - y[i] * y[i];
}

// As pull_back for y = tanh(z) m: where m is not zero, y keep is the tanh again.
void pull_back_dropped(float* delta, const float* y, const float* mask, int count) {
  for (int i = 0; i < count; ++i) {
    const float t = y[i] * keep;
    delta[i] *= mask[i] * (1 - t * t);
  }
}

void descend(float* weights, const float* gradient, int count) {
  for (int i = 0; i < count; ++i) weights[i] -= learning_rate * gradient[i];
}

// As descend, with the penalty's gradient; returns the penalty before the update.
double descend_decayed(float* weights, const float* gradient, int count) {
  float squares = 0;
  for (int i = 0; i < count; ++i) {
    const float w = weights[i];
    squares += w * w;
    weights[i] = w - learning_rate * (gradient[i] + 2 * l2 * w);
  }
  return static_cast<double>(l2) * static_cast<double>(squares);
}

void descend_bias(float* bias, const float* delta, int rows, int columns) {
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) bias[j] -= learning_rate * delta[i * columns + j];
}

}  // namespace

Floor::Layer::Layer(int fan_in, int fan_out, int batch_size, std::mt19937& engine)
    : inputs(fan_in),
      outputs(fan_out),
      kernel(area(fan_in, fan_out)),
      bias(area(1, fan_out)),
      kernel_gradient(kernel.size()),
      mask(area(batch_size, fan_out)),
      output(mask.size()),
      delta(mask.size()) {
  const float limit = std::sqrt(6.f / static_cast<float>(fan_in + fan_out));
  std::uniform_real_distribution<float> glorot(-limit, limit);
  for (float& weight : kernel) weight = glorot(engine);
}

Floor::Floor(Job job, int batch_size, std::span<const float> images, std::span<const std::uint8_t> labels,
             unsigned seed)
    : job_(job),
      batch_size_(batch_size > 0 ? area(batch_size, 1) : throw std::invalid_argument("Floor: no batch size")),
      images_(images),
      labels_(labels),
      engine_(seed),
      layers_{Layer(pixels, 200, batch_size, engine_), Layer(200, 100, batch_size, engine_),
              Layer(100, classes, batch_size, engine_)},
      order_(labels.size()),
      batch_images_(area(batch_size, pixels)),
      batch_labels_(batch_size_) {
  if (images.size() != labels.size() * pixels) throw std::invalid_argument("Floor: images and labels differ in number");
  if (std::ranges::any_of(labels, [](int label) { return label >= classes; }))
    throw std::invalid_argument("Floor: a label is not a digit");
  std::iota(order_.begin(), order_.end(), 0);
}

Floor::Epoch Floor::run_epoch() {
  const auto start = std::chrono::steady_clock::now();
  std::shuffle(order_.begin(), order_.end(), engine_);
  Score total;
  for (std::span<const int> rest = order_; !rest.empty();) {
    const std::size_t rows = std::min(rest.size(), batch_size_);
    const Score batch = step(rest.first(rows));
    total.loss += batch.loss;
    total.correct += batch.correct;
    rest = rest.subspan(rows);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const double count = static_cast<double>(order_.size());
  return {elapsed.count(), total.loss / count, total.correct / count};
}

// Returns the losses' sum over the samples, as the last batch may be short.
Floor::Score Floor::step(std::span<const int> samples) {
  const int rows = static_cast<int>(samples.size());
  gather(samples);
  forward(rows);
  Score batch = score(rows);
  batch.loss += backward(rows) * rows;
  return batch;
}

void Floor::gather(std::span<const int> samples) {
  float* image = batch_images_.data();
  std::uint8_t* label = batch_labels_.data();
  for (const int sample : samples) {
    image = std::copy_n(&images_[area(sample, pixels)], pixels, image);
    *label++ = labels_[static_cast<std::size_t>(sample)];
  }
}

void Floor::forward(int rows) {
  const float* x = batch_images_.data();
  for (Layer& layer : layers_) {
    float* z = layer.output.data();
    for (int i = 0; i < rows; ++i) std::ranges::copy(layer.bias, z + i * layer.outputs);
    multiply({x, layer.inputs}, {layer.kernel.data(), layer.outputs}, rows, layer.outputs, layer.inputs, 1, z);
    if (&layer == &layers_.back()) break;
    if (job_ == Job::dropout) {
      draw_mask(layer.mask.data(), rows * layer.outputs, static_cast<std::uint32_t>(engine_()));
      activate_dropped(z, layer.mask.data(), rows * layer.outputs);
    } else {
      activate(z, rows * layer.outputs);
    }
    x = z;
  }
}

// Softmax and cross-entropy in one: the loss's gradient is (probability - target) / rows.
Floor::Score Floor::score(int rows) {
  Score batch;
  for (int i = 0; i < rows; ++i) {
    const float* logits = layers_.back().output.data() + i * classes;
    float* delta = layers_.back().delta.data() + i * classes;
    const int label = batch_labels_[static_cast<std::size_t>(i)];
    const float* top = std::max_element(logits, logits + classes);
    float sum = 0;
    for (int j = 0; j < classes; ++j) {
      delta[j] = std::exp(logits[j] - *top);
      sum += delta[j];
    }
    const float share = 1 / (sum * static_cast<float>(rows));
    for (int j = 0; j < classes; ++j) delta[j] *= share;
    delta[label] -= 1 / static_cast<float>(rows);
    batch.loss += static_cast<double>(std::log(sum) + *top - logits[label]);
    batch.correct += top - logits == label;
  }
  return batch;
}

// Updates each layer as soon as its weights have served; returns the penalty.
double Floor::backward(int rows) {
  double penalty = 0;
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    const float* x = l > 0 ? layers_[l - 1].output.data() : batch_images_.data();
    const float* dz = layer.delta.data();
    if (l > 0) propagate(layer, layers_[l - 1], rows);
    multiply(transposed(x, layer.inputs), {dz, layer.outputs}, layer.inputs, layer.outputs, rows, 0,
             layer.kernel_gradient.data());
    descend_bias(layer.bias.data(), dz, rows, layer.outputs);
    penalty += update(layer);
  }
  return penalty;
}

void Floor::propagate(const Layer& layer, Layer& below, int rows) {
  const int count = rows * below.outputs;
  float* delta = below.delta.data();
  multiply({layer.delta.data(), layer.outputs}, transposed(layer.kernel.data(), layer.outputs), rows, layer.inputs,
           layer.outputs, 0, delta);
  if (job_ == Job::dropout)
    pull_back_dropped(delta, below.output.data(), below.mask.data(), count);
  else
    pull_back(delta, below.output.data(), count);
}

double Floor::update(Layer& layer) {
  const int count = layer.inputs * layer.outputs;
  if (job_ == Job::l2) return descend_decayed(layer.kernel.data(), layer.kernel_gradient.data(), count);
  descend(layer.kernel.data(), layer.kernel_gradient.data(), count);
  return 0;
}

}  // namespace bench
