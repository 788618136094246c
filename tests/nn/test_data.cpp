#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <numeric>
#include <optional>

#include "autograd/creation.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/random.hpp"
#include "nn/data/batches.hpp"
#include "nn/data/mnist.hpp"
#include "nn/data/transform.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

using Integers = std::vector<std::int64_t>;

/// An environment variable that is what it was when the object goes.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (old_)
      setenv(name_, old_->c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

std::string idx(const std::vector<std::uint32_t>& extents, std::size_t bytes) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const auto extent : extents)
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(extent >> shift);
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(i % 10);
  return text;
}

/// A folder with a small data set, three images to train and two to test, that goes with the object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "xgrad-data-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed");
    path_ = name;
    write(train_images, idx({3, 2, 4}, 24));
    write(train_labels, idx({3}, 3));
    write(test_images, idx({2, 2, 4}, 16));
    write(test_labels, idx({2}, 2));
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
  }
  void write_packed(const std::string& name, const std::string& content) const {
    gzFile file = gzopen(path(name + ".gz").c_str(), "wb");
    REQUIRE(file != nullptr);
    CHECK(gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
    gzclose(file);
  }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }

  static constexpr const char *train_images = "train-images-idx3-ubyte", *train_labels = "train-labels-idx1-ubyte",
                              *test_images = "t10k-images-idx3-ubyte", *test_labels = "t10k-labels-idx1-ubyte";

 private:
  std::filesystem::path path_;
};

void check_small_set(const data::Mnist& set) {
  CHECK(set.train.images.shape() == Shape{3, 2, 4});
  CHECK(set.train.images.dtype() == uint8);
  CHECK(set.train.labels.to_vector<int>() == std::vector<int>{0, 1, 2});
  CHECK(set.test.images.shape() == Shape{2, 2, 4});
  CHECK(set.test.labels.dtype() == uint8);
  CHECK(set.test.images.to_vector<int>() == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5});
}

/// What load_mnist says about a folder, without the place, which it must name.
std::string complaint(const Folder& folder) {
  const unsigned line = __LINE__ + 1;
  const std::string message = message_of<IOError>([&] { data::load_mnist({.dir = folder.path()}); });
  const std::string end = at_line("", __FILE__, line);
  REQUIRE(message.ends_with(end));
  return message.substr(0, message.size() - end.size());
}

/// The samples of a walk, batch by batch, for samples that are their own number.
std::vector<Integers> walk(data::Batches& batches) {
  std::vector<Integers> seen;
  for (const auto [x, y] : batches) {
    CHECK(x.to_vector<std::int64_t>() == y.to_vector<std::int64_t>());
    seen.push_back(x.to_vector<std::int64_t>());
  }
  return seen;
}

Integers joined(const std::vector<Integers>& batches) {
  Integers all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

Integers counted(std::int64_t count) {
  Integers numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace

TEST_CASE("flatten: each sample becomes a row") {
  const Tensor x = Array::from(Integers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {2, 2, 3});
  CHECK(data::flatten(x).shape() == Shape{2, 6});
  CHECK(data::flatten(x).to_vector<std::int64_t>() == counted(12));
  CHECK(data::flatten(x).dtype() == int64);
  CHECK(data::flatten(zeros({5})).shape() == Shape{5, 1});
  CHECK(data::flatten(zeros({5, 4})).shape() == Shape{5, 4});
  CHECK(data::flatten(zeros({0, 4, 3})).shape() == Shape{0, 12});
  CHECK(data::flatten(zeros({2, 0, 3})).shape() == Shape{2, 0});
}

TEST_CASE("scale: every pixel is the float nearest to its quotient by 255") {
  std::vector<std::uint8_t> values(256);
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  const Tensor scaled = data::scale(Array::from(values, {16, 16}));
  CHECK(scaled.dtype() == float32);
  CHECK(scaled.shape() == Shape{16, 16});
  const auto found = scaled.to_vector<float>();
  int as_product = 0;
  for (std::size_t v = 0; v < 256; ++v) {
    CHECK(found[v] == static_cast<float>(v) / 255.0f);
    as_product += found[v] == static_cast<float>(v) * (1.0f / 255);
  }
  CHECK(256 - as_product == 126);
  const Tensor turned = data::scale(transpose(Tensor(Array::from(values, {16, 16}))));
  CHECK(turned.to_vector<float>()[1] == 16 / 255.0f);
  CHECK(data::scale(zeros({0, 3}, uint8)).shape() == Shape{0, 3});
}

TEST_CASE("to_categorical: one-hot rows of float32") {
  const Numbers expected{0, 0, 1, 1, 0, 0};
  for (const DType dtype : {uint8, int32, int64, float32}) {
    const Tensor one_hot = data::to_categorical(Tensor({2, 0}, dtype), 3);
    CHECK(one_hot.shape() == Shape{2, 3});
    CHECK(one_hot.dtype() == float32);
    CHECK(numbers(one_hot) == expected);
  }
  CHECK(numbers(data::to_categorical(Tensor{2, 0})) == expected);
  CHECK(numbers(data::to_categorical(Tensor{{2}, {0}})) == expected);
  CHECK(data::to_categorical(Tensor{2, 0}, 10).shape() == Shape{2, 10});
  CHECK(data::to_categorical(zeros({0}, uint8), 10).shape() == Shape{0, 10});
}

TEST_CASE("transforms: what they cannot work with") {
  const Tensor undefined;
  CHECK_ERROR(ValueError, data::flatten(undefined), "data::flatten: the samples are an undefined tensor");
  CHECK_ERROR(ValueError, data::scale(undefined), "data::scale: the pixels are an undefined tensor");
  CHECK_ERROR(ValueError, data::to_categorical(undefined), "to_categorical: the labels are an undefined tensor");
  CHECK_ERROR(ShapeError, data::flatten(Tensor(1.0)), "data::flatten: the samples need a first axis");
  CHECK_ERROR(DTypeError, data::scale(zeros({2, 3})),
              "data::scale: uint8 pixels are expected, got float32 of shape (2, 3)");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{3, 10}, 10),
              "to_categorical: 10 is none of the 10 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{3, -1}),
              "to_categorical: -1 is none of the 4 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{3, 1}, -2),
              "to_categorical: classes must not be negative, got -2");
}

TEST_CASE("batches: consecutive samples, the last batch may be short") {
  const Tensor x = arange(10);
  data::Batches batches = data::batches(x, x, {.size = 4});
  CHECK(batches.samples() == 10);
  CHECK(batches.count() == 3);
  CHECK(walk(batches) == std::vector<Integers>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}});
  CHECK(walk(batches) == std::vector<Integers>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}});
  CHECK(batches[2].x.to_vector<std::int64_t>() == Integers{8, 9});
  data::Batches whole = data::batches(x, x, {.size = 4, .drop_last = true});
  CHECK(whole.count() == 2);
  CHECK(walk(whole) == std::vector<Integers>{{0, 1, 2, 3}, {4, 5, 6, 7}});
  data::Batches one = data::batches(x, x);
  CHECK(walk(one) == std::vector<Integers>{counted(10)});
  data::Batches none = data::batches(arange(0), arange(0));
  CHECK(none.count() == 0);
  CHECK(walk(none).empty());
  data::Batches too_few = data::batches(x, x, {.size = 11, .drop_last = true});
  CHECK(walk(too_few).empty());
}

TEST_CASE("batches: the largest size there is makes one batch of all samples") {
  const Tensor x = arange(10);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  data::Batches all = data::batches(x, x, {.size = most});
  CHECK(all.count() == 1);
  CHECK(walk(all) == std::vector<Integers>{counted(10)});
  CHECK(data::batches(x, x, {.size = most - 5}).count() == 1);
  CHECK(data::batches(x, x, {.size = most, .drop_last = true}).count() == 0);
}

TEST_CASE("to_categorical: what is no whole number is no class") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, nan}, 3),
              "to_categorical: NaN is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, -0.5}),
              "to_categorical: -0.5 is none of the 2 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, 0.5}, 3),
              "to_categorical: 0.5 is none of the 3 classes, which count from 0");
  const Tensor largest{std::numeric_limits<std::int64_t>::max()};
  CHECK_ERROR(ShapeError, data::to_categorical(largest),
              "to_categorical: 9223372036854775807 + 1 is too large for an extent");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{-5}),
              "to_categorical: -5 is none of the 1 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1, -1}, 3),
              "to_categorical: -1 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{{0.0}, {2.5}}),
              "to_categorical: 2.5 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{nan, 4.0}),
              "to_categorical: NaN is none of the 5 classes, which count from 0");
  // What no number of classes could make one does not count when they are counted.
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, infinity}),
              "to_categorical: inf is none of the 2 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, -infinity}),
              "to_categorical: -inf is none of the 2 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{1.0, 1e30}),
              "to_categorical: 1e+30 is none of the 2 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor{infinity}, 3),
              "to_categorical: inf is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, data::to_categorical(Tensor({1.0, 0x1p63}, float32), 3),
              "to_categorical: 9.22337e+18 is none of the 3 classes, which count from 0");
  // The last class is one in float32 too, where its number plus 1 is the same number.
  CHECK(data::to_categorical(Tensor({0x1p24}, float32)).shape() == Shape{1, 16777217});
}

TEST_CASE("batches: any shapes and dtypes, cut along the first axes") {
  const Tensor x = Array::from(Numbers{0, 1, 2, 3, 4, 5}, {3, 2, 1}), y = Tensor({7, 8, 9}, uint8);
  for (const bool shuffle : {false, true}) {
    auto batches = data::batches(x, y, {.size = 2, .shuffle = shuffle});
    for (const auto [some, labels] : batches) {
      CHECK(some.shape().rank() == 3);
      CHECK(some.dtype() == float64);
      CHECK(labels.dtype() == uint8);
      for (std::int64_t i = 0; i < labels.size(); ++i)
        CHECK(numbers(some)[std::size_t(2 * i)] == 2 * (numbers(labels)[std::size_t(i)] - 7));
    }
  }
  // Without shuffling nothing is copied.
  CHECK(data::batches(x, y, {.size = 2})[1].x.array().shares_storage(x.array()));
}

TEST_CASE("batches: of rows that do not lie one behind the other") {
  const Tensor x = transpose(Tensor(Array::from(Integers{0, 10, 20, 1, 11, 21}, {2, 3})));
  for (const auto [some, same] : data::batches(x, x, {.size = 3}))
    CHECK(some.to_vector<std::int64_t>() == Integers{0, 1, 10, 11, 20, 21});
}

TEST_CASE("batches: of a labelled set") {
  const data::LabelledImages set{zeros({5, 2, 2}, uint8), Tensor({0, 1, 2, 3, 4}, uint8)};
  std::vector<int> labels;
  for (const auto [x, y] : data::batches(set, {.size = 2})) {
    CHECK(x.shape()[1] == 2);
    for (const int label : y.to_vector<int>()) labels.push_back(label);
  }
  CHECK(labels == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("batches: shuffled, every sample once, with what belongs to it, in a new order each walk") {
  manual_seed(1);
  const Tensor x = arange(100);
  data::Batches batches = data::batches(x, x, {.size = 32, .shuffle = true});
  std::vector<Integers> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    const auto seen = walk(batches);
    CHECK(seen.size() == 4);
    CHECK(seen.back().size() == 4);
    Integers order = joined(seen);
    for (const auto& other : orders) CHECK(order != other);
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    CHECK(order == counted(100));
  }
  CHECK(orders[0] != counted(100));
}

TEST_CASE("batches: the order of the last walk is shuffled again, by the set's own generator") {
  const Tensor x = arange(50);
  manual_seed(6);
  data::Batches batches = data::batches(x, x, {.size = 7, .shuffle = true});
  // As many draws as walks: what others draw from other generators does not matter.
  const Integers first = joined(walk(batches));
  default_generator().uniform({10});
  const Integers second = joined(walk(batches));
  manual_seed(6);
  Generator generator = new_generator();
  Array order = Array::from(counted(50), {50});
  generator.shuffle(order);
  CHECK(order.to_vector<std::int64_t>() == first);
  generator.shuffle(order);
  CHECK(order.to_vector<std::int64_t>() == second);
}

TEST_CASE("batches: the same seed gives the same order, another seed or set another one") {
  const Tensor x = arange(50);
  const auto orders = [&](std::uint64_t seed) {
    manual_seed(seed);
    data::Batches first = data::batches(x, x, {.shuffle = true}), second = data::batches(x, x, {.shuffle = true});
    return std::vector<Integers>{joined(walk(first)), joined(walk(second))};
  };
  const auto drawn = orders(1);
  CHECK(drawn[0] != drawn[1]);
  CHECK(orders(1) == drawn);
  CHECK(orders(2)[0] != drawn[0]);
}

TEST_CASE("batches: what they cannot be made of, or asked for") {
  const Tensor x = zeros({4, 3});
  CHECK_ERROR(ShapeError, data::batches(x, zeros({5})),
              "batches: x has shape (4, 3), y (5,): their first axes, the samples, must agree");
  CHECK_ERROR(ShapeError, data::batches(Tensor(1.0), Tensor(1.0)),
              "batches: x has shape (), y (): their first axes, the samples, must agree");
  CHECK_ERROR(ShapeError, data::batches({x, zeros({3})}, {.size = 2}),
              "batches: x has shape (4, 3), y (3,): their first axes, the samples, must agree");
  CHECK_ERROR(ValueError, data::batches(x, x, {.size = 0}), "batches: the size must be at least 1, got 0");
  CHECK_ERROR(ValueError, data::batches(Tensor(), x), "batches: x is an undefined tensor");
  CHECK_ERROR(ValueError, data::batches(x, Tensor()), "batches: y is an undefined tensor");
  CHECK_ERROR(ValueError, data::batches({x, Tensor()}, {.size = 2}), "batches: y is an undefined tensor");
  data::Batches batches = data::batches(x, x, {.size = 3});
  CHECK_ERROR(ValueError, batches[2], "batches: there is no batch 2: there are 2, counted from 0");
  CHECK_ERROR(ValueError, batches[-1], "batches: there is no batch -1: there are 2, counted from 0");
}

TEST_CASE("load_mnist: raw and gzipped files") {
  const Folder folder;
  check_small_set(data::load_mnist({.dir = folder.path()}));
  folder.remove(Folder::train_images);
  folder.write_packed(Folder::train_images, idx({3, 2, 4}, 24));
  folder.remove(Folder::test_labels);
  folder.write_packed(Folder::test_labels, idx({2}, 2));
  check_small_set(data::load_mnist({.dir = folder.path()}));
  check_small_set(data::load_fashion_mnist({.dir = folder.path()}));
}

TEST_CASE("load_mnist: where it looks, in order") {
  const Folder first, second, third;
  second.write(Folder::train_labels, idx({3}, 3).replace(8, 3, "\x07\x07\x07"));
  const auto cache_file = [](const char* name) { return std::string("xgrad/mnist/") + name; };
  third.write(cache_file(Folder::train_images), idx({1, 5, 5}, 25));
  third.write(cache_file(Folder::train_labels), idx({1}, 1));
  third.write(cache_file(Folder::test_images), idx({1, 5, 5}, 25));
  third.write(cache_file(Folder::test_labels), idx({1}, 1));
  const Variable cache("XDG_CACHE_HOME", third.path());
  {
    const Variable dir("XGRAD_MNIST", second.path());
    check_small_set(data::load_mnist({.dir = first.path()}));
    CHECK(data::load_mnist().train.labels.to_vector<int>() == std::vector<int>{7, 7, 7});
    CHECK(data::find_mnist() == second.path());
  }
  const Variable dir("XGRAD_MNIST", "");
  CHECK(data::load_mnist().train.images.shape() == Shape{1, 5, 5});
  CHECK(data::find_mnist() == third.path("xgrad/mnist"));
  {
    const Folder home;
    home.write(std::string(".cache/xgrad/mnist/") + Folder::train_images, "");
    const Variable no_cache("XDG_CACHE_HOME", ""), user("HOME", home.path());
    const std::string message = message_of<IOError>([] { data::load_mnist(); });
    CHECK(message.starts_with("read_idx: " + home.path(".cache/xgrad/mnist/train-images-idx3-ubyte") + ": "));
    CHECK(data::find_mnist() == home.path(".cache/xgrad/mnist"));
  }
  // A folder that was named is not left for another one.
  const Variable missing("XGRAD_MNIST", first.path("missing"));
  CHECK(message_of<IOError>([] { data::load_mnist(); }).starts_with("MNIST: neither " + first.path("missing")));
  CHECK(data::find_mnist() == first.path("missing"));
}

TEST_CASE("load_mnist: found nowhere, it says where it looked and how to get it") {
  const Folder empty;
  const Variable dir("XGRAD_MNIST", ""), cache("XDG_CACHE_HOME", empty.path());
  CHECK_FALSE(data::find_mnist());
  CHECK_ERROR(IOError, data::load_mnist(),
              "MNIST: not found: the option .dir was not given, $XGRAD_MNIST is not set, and " +
                  empty.path("xgrad/mnist") +
                  " has none of its files: './run mnist', in xgrad's sources, downloads them there and checks their "
                  "SHA-256; or name the folder that has them by .dir or $XGRAD_MNIST");
}

TEST_CASE("load_mnist: files that are missing") {
  const Folder folder;
  for (const char* name : {Folder::train_images, Folder::train_labels, Folder::test_images, Folder::test_labels}) {
    const Folder lacking;
    lacking.remove(name);
    CHECK(complaint(lacking) == concat("MNIST: neither ", lacking.path(name), " nor ", name, ".gz is there"));
  }
  const std::string nowhere = folder.path("nowhere");
  const unsigned line = __LINE__ + 1;
  const std::string message = message_of<IOError>([&] { data::load_mnist({.dir = nowhere}); });
  CHECK(message ==
        at_line("MNIST: neither " + nowhere + "/train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there",
                __FILE__, line));
}

TEST_CASE("load_mnist: files that are damaged, or something else") {
  const auto after = [](const char* name, const std::string& content) {
    const Folder folder;
    folder.write(name, content);
    std::string text = complaint(folder);
    for (std::size_t at; (at = text.find(folder.path())) != std::string::npos;)
      text.replace(at, folder.path().size(), "DIR");
    return text;
  };
  CHECK(
      after(Folder::train_images, idx({3, 2, 4}, 23)) ==
      "read_idx: DIR/train-images-idx3-ubyte: byte 16: 24 bytes of data announced for (3, 2, 4) of uint8, but only 23 "
      "follow");
  CHECK(after(Folder::test_images, idx({2, 2, 4}, 17)) ==
        "read_idx: DIR/t10k-images-idx3-ubyte: byte 32: the end expected after 16 bytes of data announced for (2, 2, "
        "4) of "
        "uint8, but more follow");
  CHECK(after(Folder::test_labels, "<html>404</html>") ==
        "read_idx: DIR/t10k-labels-idx1-ubyte: byte 0: the bytes 00 00 that begin an IDX file expected, got 3c 68");
  CHECK(after(Folder::train_labels, "") ==
        "read_idx: DIR/train-labels-idx1-ubyte: byte 0: a header of 4 bytes expected, but the file ends here");
  CHECK(after(Folder::train_images, idx({3, 8}, 24)) ==
        "MNIST: DIR/train-images-idx3-ubyte holds uint8 (3, 8), but uint8 with 3 axes are expected");
  CHECK(after(Folder::test_labels, idx({2, 1}, 2)) ==
        "MNIST: DIR/t10k-labels-idx1-ubyte holds uint8 (2, 1), but uint8 with 1 axis is expected");
  std::string integers = idx({3}, 12);
  integers[2] = '\x0C';
  CHECK(after(Folder::train_labels, integers) ==
        "MNIST: DIR/train-labels-idx1-ubyte holds int32 (3,), but uint8 with 1 axis is expected");
}

TEST_CASE("load_mnist: files that do not belong together") {
  const Folder labels, images, sizes;
  labels.write(Folder::train_labels, idx({4}, 4));
  CHECK(complaint(labels) == "MNIST: " + labels.path(Folder::train_images) + " has 3 images, but " +
                                 labels.path(Folder::train_labels) + " has 4 labels");
  images.remove(Folder::test_images);
  images.write_packed(Folder::test_images, idx({5, 2, 4}, 40));
  CHECK(complaint(images) == "MNIST: " + images.path(Folder::test_images) + ".gz has 5 images, but " +
                                 images.path(Folder::test_labels) + " has 2 labels");
  sizes.write(Folder::test_images, idx({2, 4, 2}, 16));
  CHECK(complaint(sizes) == "MNIST: " + sizes.path(Folder::train_images) + " has images of 2 x 4, but " +
                                sizes.path(Folder::test_images) + " of 4 x 2");
  sizes.write(Folder::test_images, idx({2, 2, 5}, 20));
  CHECK(complaint(sizes).ends_with(" has images of 2 x 4, but " + sizes.path(Folder::test_images) + " of 2 x 5"));
}

TEST_CASE("load_fashion_mnist: Debian's package") {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")) {
    CHECK_FALSE(data::find_fashion_mnist());
    CHECK_ERROR(IOError, data::load_fashion_mnist(),
                "Fashion-MNIST is not in /usr/share/datasets/fashion-mnist: install Debian's package "
                "dataset-fashion-mnist, or set the option .dir");
    MESSAGE("skipped: Debian's package dataset-fashion-mnist is not installed");
    std::cout << "skipped: load_fashion_mnist: Debian's package dataset-fashion-mnist is not installed\n";
    return;
  }
  CHECK(data::find_fashion_mnist() == "/usr/share/datasets/fashion-mnist");
  const auto [train, test] = data::load_fashion_mnist();
  CHECK(train.images.shape() == Shape{60000, 28, 28});
  CHECK(test.images.shape() == Shape{10000, 28, 28});
  const auto check_labels = [](const Tensor& labels, const std::vector<int>& first, std::ptrdiff_t each) {
    const auto all = labels.to_vector<int>();
    CHECK(std::vector<int>(all.begin(), all.begin() + 10) == first);
    for (int label = 0; label < 10; ++label) CHECK(std::count(all.begin(), all.end(), label) == each);
  };
  check_labels(train.labels, {9, 0, 0, 3, 0, 2, 7, 2, 5, 5}, 6000);
  check_labels(test.labels, {9, 2, 1, 1, 6, 1, 4, 6, 5, 7}, 1000);
}
