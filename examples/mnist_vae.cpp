// A variational autoencoder (Kingma and Welling, Auto-encoding variational Bayes, 2014): learns to draw digits, and
// writes a grid of new ones to digits.png. Test loss, the bound on -log p(x) in nats: 104 after 10 epochs.
#include <png.h>

#include <iostream>

#include "examples/common.hpp"

namespace nn = xg::nn;
namespace data = xg::data;

constexpr std::int64_t latent = 20;

struct Vae : nn::Model {
  nn::Dense& seen = add(nn::Dense({.units = 400, .activation = "relu"}));
  nn::Dense& mean = add(nn::Dense({.units = latent}), "mean");
  nn::Dense& log_variance = add(nn::Dense({.units = latent}), "log_variance");
  nn::Dense& drawn = add(nn::Dense({.units = 400, .activation = "relu"}));
  nn::Dense& pixels = add(nn::Dense({.units = 784, .activation = "sigmoid"}), "pixels");
  xg::Generator generator = xg::new_generator();

  xg::Tensor decode(const xg::Tensor& z) const { return pixels(drawn(z)); }

  xg::Tensor forward(const xg::Tensor& x) override {
    const auto h = seen(x), m = mean(h), v = log_variance(h);
    const auto batch = x.shape()[0];
    // How far the codes are from a standard normal distribution counts for the loss.
    add_penalty(-0.5 * sum(1.0 + v - square(m) - exp(v)) / batch);
    const xg::Tensor noise = Module::drawn(generator).normal({batch, latent});
    return decode(m + exp(0.5 * v) * noise);
  }
};

// Images (n, 784) in [0, 1] side by side, so many in a row.
void write_png(const std::string& file, const xg::Tensor& images, std::int64_t columns) {
  const auto rows = images.shape()[0] / columns;
  const auto grid = reshape(permute(reshape(images, {rows, columns, 28, 28}), {0, 2, 1, 3}), {rows * 28, columns * 28});
  const auto bytes = astype(round(grid * 255.0), xg::uint8).to_vector<std::uint8_t>();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(columns * 28);
  image.height = static_cast<png_uint_32>(rows * 28);
  image.format = PNG_FORMAT_GRAY;
  if (!png_image_write_to_file(&image, file.c_str(), 0, bytes.data(), 0, nullptr))
    throw xg::IOError("cannot write " + file + ": " + image.message);
}

int main(int argc, char** argv) try {
  const auto options = example::parse(argc, argv, "Trains a variational autoencoder on MNIST and draws new digits",
                                      {.epochs = 10, .batch_size = 128});
  auto [train, test] = example::load_mnist(options);
  const auto x_train = data::scale(data::flatten(train.images)), x_test = data::scale(data::flatten(test.images));

  Vae model;
  const auto nats = [](const xg::Tensor& x, const xg::Tensor& p) { return 784.0 * nn::binary_crossentropy(x, p); };
  model.compile({.optimizer = "adam", .loss = nats});
  auto history = model.fit(x_train, x_train,
                           {.batch_size = options.batch_size, .epochs = options.epochs, .verbose = options.verbose});
  model.summary();

  auto test_score = model.evaluate(x_test, x_test, {.verbose = options.verbose});
  auto train_score = model.evaluate(x_train, x_train, {.verbose = options.verbose});
  std::cout << "\ntest loss " << test_score.loss << "\ntrain loss " << train_score.loss << '\n';
  const xg::NoGrad values_only;
  write_png("digits.png", model.decode(xg::new_generator().normal({100, latent})), 10);
  std::cout << "a hundred new digits are in digits.png\n";
  example::save_history(options, history, test_score, train_score);
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
