#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <span>
#include <vector>

namespace bench {

enum class Job { plain, dropout, l2 };

// Starts at a cache line, since vector loads that straddle two cost a few percent of an epoch.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <class U>
  LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* elements, std::size_t) { ::operator delete(elements, line); }
  bool operator==(const LineAllocator&) const = default;
};

using Floats = std::vector<float, LineAllocator<float>>;

// Trains the MNIST perceptron 784-200-100-10 (tanh, tanh, softmax; cross-entropy; SGD) by hand on CBLAS, no framework:
// the floor that a framework's training step is measured against. Images and labels are the caller's and outlive it.
class Floor {
 public:
  struct Epoch {
    double seconds, loss, accuracy;
  };

  Floor(Job job, int batch_size, std::span<const float> images, std::span<const std::uint8_t> labels, unsigned seed);

  Epoch run_epoch();

 private:
  struct Layer {
    Layer(int fan_in, int fan_out, int batch_size, std::mt19937& engine);

    int inputs, outputs;
    Floats kernel, bias;
    Floats kernel_gradient;
    Floats mask;  // dropout's factors, 0 or 1 / (1 - rate)
    Floats output;
    Floats delta;  // the loss's gradient with respect to the sum before the activation
  };

  struct Score {
    double loss = 0;
    int correct = 0;
  };

  Score step(std::span<const int> samples);
  void gather(std::span<const int> samples);
  void forward(int rows);
  Score score(int rows);
  double backward(int rows);
  void propagate(const Layer& layer, Layer& below, int rows);
  double update(Layer& layer);

  Job job_;
  std::size_t batch_size_;
  std::span<const float> images_;
  std::span<const std::uint8_t> labels_;
  std::mt19937 engine_;
  std::array<Layer, 3> layers_;
  std::vector<int> order_;
  Floats batch_images_;
  std::vector<std::uint8_t> batch_labels_;
};

}  // namespace bench
