#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "lib/philox.hpp"
#include "lib/random.hpp"
#include "tests/support/close.hpp"
#include "tests/support/message.hpp"
#include "tests/support/statistics.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Reals = std::vector<double>;
using Integers = std::vector<std::int64_t>;

/// Every kind of draw, `count` elements of it.
const std::map<std::string, std::function<Array(Generator&, std::int64_t)>>& draws() {
  static const std::map<std::string, std::function<Array(Generator&, std::int64_t)>> table{
      {"uniform float32", [](Generator& g, std::int64_t count) { return g.uniform({count}); }},
      {"uniform float64", [](Generator& g, std::int64_t count) { return g.uniform({count}, -1, 3, float64); }},
      {"normal float32", [](Generator& g, std::int64_t count) { return g.normal({count}); }},
      {"normal float64", [](Generator& g, std::int64_t count) { return g.normal({count}, 1, 2, float64); }},
      {"truncated_normal", [](Generator& g, std::int64_t count) { return g.truncated_normal({count}); }},
      {"bernoulli", [](Generator& g, std::int64_t count) { return g.bernoulli({count}, 0.5); }},
      {"dropout_mask", [](Generator& g, std::int64_t count) { return g.dropout_mask({count}, 0.5); }},
      {"integers", [](Generator& g, std::int64_t count) { return g.integers({count}, 0, 1000); }},
  };
  return table;
}

Reals values(const Array& array) { return array.to_vector<double>(); }

/// How unevenly numbers in [0, range) fall: chi-squares of their thirds, which a remainder of words favours, and of
/// what remains of them by three, which a product's high word favours. Two degrees of freedom each: 13.8 once in a
/// thousand.
struct Unevenness {
  double thirds, remainders;
};

Unevenness unevenness(const std::vector<std::uint64_t>& numbers, std::uint64_t range) {
  Integers thirds(3), remainders(3);
  for (const std::uint64_t number : numbers) {
    ++thirds[std::min<std::size_t>(number / (range / 3), 2)];
    ++remainders[number % 3];
  }
  return {chi_square(thirds), chi_square(remainders)};
}

}  // namespace

TEST_CASE("philox: the known answers of Random123") {
  using philox::Block;
  CHECK(philox::block({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox::block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox: a group is its sixteen blocks") {
  for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{0x123456789ABCDEF0}}) {
    const philox::Stream stream{{0xa4093822, 0x299f31d0}, step};
    for (const std::uint64_t index : {0ULL, 1ULL, (1ULL << 28) - 1, 1ULL << 28, (1ULL << 44) - 1}) {
      const philox::Group group = philox::group(stream, index);
      for (std::size_t i = 0; i < philox::group_blocks; ++i) {
        const auto block = philox::block(stream.counter(index * philox::group_blocks + i), stream.key);
        CHECK(group[i] == (block[0] | std::uint64_t{block[1]} << 32));
        CHECK(group[philox::group_blocks + i] == (block[2] | std::uint64_t{block[3]} << 32));
      }
    }
  }
}

TEST_CASE("philox: counters of other steps, blocks and attempts are others") {
  std::set<philox::Block> counters;
  for (const std::uint64_t step : {0ULL, 1ULL, 1ULL << 32, 1ULL << 48})
    for (const std::uint64_t index : {0ULL, 1ULL, 1ULL << 32, (1ULL << 48) - 1})
      for (const auto attempt : std::initializer_list<std::uint16_t>{0, 1, 65535})
        counters.insert(philox::Stream{{}, step}.counter(index, attempt));
  CHECK(counters.size() == 4 * 4 * 3);
}

TEST_CASE("random: the bits of a seed never change") {
  // Computed by another program from the definition.
  Generator generator(7, 3);
  CHECK(values(generator.integers({4}, 0, 1000000)) == Reals{172876, 557785, 247486, 847255});
  CHECK(values(generator.uniform({4}, 0, 1 << 24)) == Reals{4269654, 4129209, 13544463, 7084});
  CHECK(values(generator.dropout_mask({8}, 0.5)) == Reals{0, 0, 0, 0, 2, 2, 2, 2});
  CHECK(values(generator.permutation(8)) == Reals{3, 4, 5, 7, 6, 0, 1, 2});
}

TEST_CASE("random: the same seed, consumer and step give the same bits") {
  for (const auto& [name, draw] : draws()) {
    CAPTURE(name);
    Generator first(5, 2), second(5, 2);
    const auto a = values(draw(first, 100)), b = values(draw(first, 100));
    CHECK(a != b);
    CHECK(values(draw(second, 100)) == a);
    CHECK(second.step() == 1);
    CHECK(values(draw(second, 100)) == b);
    second.set_step(0);
    CHECK(values(draw(second, 100)) == a);
    Generator resumed(first.seed(), first.consumer());
    resumed.set_step(1);
    CHECK(values(draw(resumed, 100)) == b);
  }
}

TEST_CASE("random: an element depends on its index alone, not on the number of elements") {
  for (const auto& [name, draw] : draws()) {
    CAPTURE(name);
    Generator generator(11);
    const auto all = values(draw(generator, 300));
    for (const std::int64_t count : {0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 200}) {
      generator.set_step(0);
      CHECK(values(draw(generator, count)) == Reals(all.begin(), all.begin() + count));
    }
  }
}

TEST_CASE("random: shapes") {
  Generator generator(1);
  const Array array = generator.normal({3, 4, 5});
  CHECK(array.shape() == Shape{3, 4, 5});
  CHECK(array.dtype() == float32);
  CHECK(array.is_contiguous());
  CHECK(generator.uniform({}).size() == 1);
  CHECK(generator.uniform({2, 0}).shape() == Shape{2, 0});
  CHECK(generator.step() == 3);
  generator.set_step(0);
  CHECK(values(generator.normal({60})) == values(array));
}

TEST_CASE("random: other seeds, consumers and steps are independent") {
  const auto sample = [](std::uint64_t seed, std::uint64_t consumer, std::uint64_t step) {
    Generator generator(seed, consumer);
    generator.set_step(step);
    return values(generator.uniform({4000}, 0, 1, float64));
  };
  const auto base = sample(1, 1, 1);
  const double bound = 4 / std::sqrt(4000);
  CHECK(std::abs(correlation(base, sample(2, 1, 1))) < bound);
  CHECK(std::abs(correlation(base, sample(1, 2, 1))) < bound);
  CHECK(std::abs(correlation(base, sample(1, 1, 2))) < bound);
  CHECK(std::abs(correlation(base, sample(2, 0, 1))) < bound);
  CHECK(std::abs(correlation(base, sample(1, 1, 1ULL << 32))) < bound);
  CHECK(std::abs(correlation(base, sample(1ULL << 32, 1, 1))) < bound);
  CHECK(std::abs(correlation(base, sample(1, 1ULL << 32, 1))) < bound);
  CHECK(std::abs(correlation(Reals(base.begin(), base.end() - 1), Reals(base.begin() + 1, base.end()))) < bound);
  CHECK(std::abs(correlation(Reals(base.begin(), base.end() - 16), Reals(base.begin() + 16, base.end()))) < bound);
}

TEST_CASE("random: streams of neighbouring seeds and consumers have no first word in common") {
  std::set<double> first;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    for (std::uint64_t consumer = 0; consumer < 40; ++consumer)
      first.insert(Generator(seed, consumer).uniform({}, 0, 1, float64).item<double>());
  CHECK(first.size() == 40 * 40);
}

TEST_CASE("uniform: the law") {
  for (const DType dtype : {float32, float64}) {
    Generator generator(3);
    const auto sample = values(generator.uniform({20000}, -2, 3, dtype));
    CHECK(kolmogorov_smirnov(sample, [](double x) { return (x + 2) / 5; }) < 1.95);
    CHECK(mean(sample) == Close(0.5, 0.05));
    CHECK(moment(sample, 2) == Close(25.0 / 12, 0.03));
    const auto [smallest, largest] = std::minmax_element(sample.begin(), sample.end());
    CHECK(*smallest >= -2);
    CHECK(*smallest < -1.99);
    CHECK(*largest > 2.99);
    CHECK(*largest < 3);
  }
}

TEST_CASE("uniform: float32 has 24 random bits, float64 53") {
  Generator generator(4);
  for (const auto& [dtype, bits] : {std::pair{float32, 24}, std::pair{float64, 53}}) {
    bool odd = false;
    for (const double value : values(generator.uniform({1000}, 0, 1, dtype))) {
      const double multiple = std::ldexp(value, bits);
      REQUIRE(multiple == std::floor(multiple));
      odd = odd || std::fmod(multiple, 2) == 1;
    }
    CHECK(odd);
  }
}

TEST_CASE("uniform: never the upper bound, however narrow or wide the interval") {
  Generator generator(5);
  const auto check = [&](double low, double high, DType dtype) {
    CAPTURE(low);
    CAPTURE(high);
    for (const double value : values(generator.uniform({1000}, low, high, dtype))) {
      REQUIRE(value >= low);
      REQUIRE(value < high);
    }
  };
  check(1, 1 + 0x1p-23, float32);
  check(1, 1 + 0x1p-22, float32);
  check(1, 1 + 0x1p-52, float64);
  check(0, 0x1p-149, float32);
  check(16777216, 16777217, float32);
  check(0.1, 0.2, float32);
  check(-0.3, -0.1, float32);
  check(1e6, 1e6 + 1, float32);
  check(-3e38, 3e38, float32);
  check(-1.7e308, 1.7e308, float64);
  CHECK(values(generator.uniform({3}, 0.5, 0.5)) == Reals{0.5, 0.5, 0.5});
}

TEST_CASE("normal: the law") {
  for (const DType dtype : {float32, float64}) {
    Generator generator(6);
    const auto sample = values(generator.normal({40000}, 0, 1, dtype));
    CHECK(kolmogorov_smirnov(sample, [](double x) { return normal_distribution(x); }) < 1.95);
    CHECK(std::abs(mean(sample)) < 0.02);
    CHECK(moment(sample, 2) == Close(1, 0.03));
    CHECK(std::abs(moment(sample, 3)) < 0.05);
    CHECK(moment(sample, 4) == Close(3, 0.05));
  }
  Generator generator(6);
  const auto shifted = values(generator.normal({20000}, -4, 0.5));
  CHECK(mean(shifted) == Close(-4, 0.01));
  CHECK(std::sqrt(moment(shifted, 2)) == Close(0.5, 0.02));
  CHECK(kolmogorov_smirnov(shifted, [](double x) { return normal_distribution(x, -4, 0.5); }) < 1.95);
  CHECK(values(generator.normal({3}, 2, 0)) == Reals{2, 2, 2});
}

TEST_CASE("normal: the two numbers of a pair are independent") {
  Generator generator(7);
  Reals first, second;
  const auto sample = values(generator.normal({32000}));
  for (std::size_t i = 0; i < sample.size(); ++i) (i % 32 < 16 ? first : second).push_back(sample[i]);
  CHECK(std::abs(correlation(first, second)) < 4 / std::sqrt(16000));
}

TEST_CASE("truncated_normal: the law, within two standard deviations") {
  Generator generator(8);
  for (const DType dtype : {float32, float64}) {
    const auto sample = values(generator.truncated_normal({40000}, 0, 1, dtype));
    CHECK(kolmogorov_smirnov(sample, [](double x) { return truncated_distribution(x); }) < 1.95);
    CHECK(std::all_of(sample.begin(), sample.end(), [](double x) { return std::abs(x) <= 2; }));
    CHECK(std::abs(mean(sample)) < 0.0132);  // three standard deviations
    CHECK(moment(sample, 2) == Close(truncated_variance, 0.02));
  }
  const auto narrow = values(generator.truncated_normal({20000}, 1, 0.05, float64));
  CHECK(kolmogorov_smirnov(narrow, [](double x) { return truncated_distribution(x, 1, 0.05); }) < 1.95);
  CHECK(std::all_of(narrow.begin(), narrow.end(), [](double x) { return std::abs(x - 1) <= 0.1; }));
  CHECK(moment(narrow, 2) == Close(0.0025 * truncated_variance, 0.03));
  const Array small = generator.truncated_normal({20000}, 1, 0.05F);
  for (const float value : small.to_vector<float>()) REQUIRE(std::abs(value - 1) <= 0.1000001F);
}

TEST_CASE("truncated_normal: what is not drawn again is the normal draw of the same step") {
  Generator first(9), second(9);
  const auto plain = values(first.normal({1000})), truncated = values(second.truncated_normal({1000}));
  std::size_t redrawn = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (std::abs(plain[i]) <= 2)
      CHECK(truncated[i] == plain[i]);
    else
      ++redrawn;
  }
  CHECK(redrawn > 20);
  CHECK(redrawn < 80);
}

TEST_CASE("bernoulli: 1 with the probability, in any dtype") {
  Generator generator(10);
  const auto sample = values(generator.bernoulli({40000}, 0.3));
  CHECK(std::all_of(sample.begin(), sample.end(), [](double x) { return x == 0 || x == 1; }));
  CHECK(mean(sample) == Close(0.3, 0.03));
  CHECK(moment(sample, 2) == Close(0.3 * 0.7, 0.03));
  for (const std::size_t distance : {1, 2, 16, 32, 1000}) CHECK(chi_square_of_pairs(sample, distance, 0.7) < 16.3);
  for (const DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    const Array draw = generator.bernoulli({2000}, 0.5, dtype);
    CHECK(draw.dtype() == dtype);
    CHECK(mean(values(draw)) == Close(0.5, 0.1));
    CHECK(values(generator.bernoulli({100}, 0, dtype)) == Reals(100, 0));
    CHECK(values(generator.bernoulli({100}, 1, dtype)) == Reals(100, 1));
  }
}

TEST_CASE("dropout_mask: 0 at the rate, else what keeps the expectation") {
  Generator generator(11);
  for (const DType dtype : {float32, float64}) {
    const auto mask = values(generator.dropout_mask({200, 200}, 0.4, dtype));
    const double kept = dtype == float32 ? double{1 / 0.6F} : 1 / (1 - 0.4);
    CHECK(std::all_of(mask.begin(), mask.end(), [&](double x) { return x == 0 || x == Close(kept, 1e-15); }));
    CHECK(static_cast<double>(std::count(mask.begin(), mask.end(), 0)) == Close(16000, 0.02));
    CHECK(mean(mask) == Close(1, 0.02));
    CHECK(moment(mask, 2) == Close(0.4 / 0.6, 0.02));
    for (const std::size_t distance : {1, 2, 16, 32, 200}) CHECK(chi_square_of_pairs(mask, distance, 0.4) < 16.3);
  }
  CHECK(values(generator.dropout_mask({100}, 0)) == Reals(100, 1));
  CHECK(values(generator.dropout_mask({100}, 1)) == Reals(100, 0));
  CHECK(values(generator.dropout_mask({100}, std::nextafter(1, 0))) == Reals(100, 0));
}

TEST_CASE("integers: every number equally often") {
  Generator generator(12);
  Integers counts(10);
  for (const auto value : generator.integers({20000}, -3, 7).to_vector<std::int64_t>()) {
    REQUIRE(value >= -3);
    REQUIRE(value < 7);
    ++counts[static_cast<std::size_t>(value + 3)];
  }
  CHECK(chi_square(counts) < 27.9);  // 9 degrees of freedom, p = 0.001
  CHECK(values(generator.integers({3}, 5, 6)) == Reals{5, 5, 5});
}

TEST_CASE("integers: ranges beyond 63 bits, where words are often drawn again") {
  using Limits = std::numeric_limits<std::int64_t>;
  Generator generator(13);
  const auto whole = generator.integers({4000}, Limits::min(), Limits::max());
  CHECK(kolmogorov_smirnov(values(whole), [](double x) { return uniform_distribution(x, -0x1p63, 0x1p63); }) < 1.95);
  CHECK(std::abs(mean(values(whole))) < 0.03 * 0x1p63);
  CHECK(moment(values(whole), 2) == Close(0x1p126 / 3, 0.05));
  Integers counts(8);
  for (const auto value : generator.integers({8000}, Limits::min(), 3).to_vector<std::int64_t>()) {
    REQUIRE(value < 3);
    ++counts[static_cast<std::size_t>((value - 3 - Limits::min()) >> 60)];
  }
  CHECK(chi_square(counts) < 24.3);  // 7 degrees of freedom, p = 0.001
}

TEST_CASE("integers: no bias in ranges up to 3 x 2^62, where a word's remainder or product would show one") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t count = 6000;
  Generator generator(26);
  for (const std::uint64_t range : {std::uint64_t{3}, std::uint64_t{3} << 30, std::uint64_t{3} << 31,
                                    std::uint64_t{3} << 61, std::uint64_t{3} << 62}) {
    CAPTURE(range);
    std::vector<std::uint64_t> numbers;
    const auto high = static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + range);
    for (const auto number : generator.integers({count}, least, high).to_vector<std::int64_t>()) {
      numbers.push_back(static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(least));
      REQUIRE(numbers.back() < range);
    }
    const Unevenness fair = unevenness(numbers, range);
    CHECK(fair.thirds < 13.8);
    CHECK(fair.remainders < 13.8);
  }
  // The same figures of generators that draw no word again.
  constexpr std::uint64_t range = std::uint64_t{3} << 62;
  std::vector<std::uint64_t> rests, products;
  for (std::int64_t i = 0; i < count; i += 2) {
    const auto words = philox::block({static_cast<std::uint32_t>(i), 0, 0, 0}, {26, 0});
    for (const std::uint64_t word :
         {words[0] | std::uint64_t{words[1]} << 32, words[2] | std::uint64_t{words[3]} << 32}) {
      rests.push_back(word % range);
      products.push_back(word - word / 4 - (word % 4 != 0));  // the high word of range * word: 3/4 of it
    }
  }
  CHECK(unevenness(rests, range).thirds > 100);
  CHECK(unevenness(products, range).remainders > 100);
}

TEST_CASE("permutation: every number once") {
  Generator generator(14);
  for (const std::int64_t count : {0, 1, 2, 31, 32, 33, 1000}) {
    auto order = generator.permutation(count).to_vector<std::int64_t>();
    std::sort(order.begin(), order.end());
    REQUIRE(static_cast<std::int64_t>(order.size()) == count);
    for (std::int64_t i = 0; i < count; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("permutation: every order equally often") {
  Generator generator(15);
  std::map<Integers, std::int64_t> seen;
  for (int i = 0; i < 12000; ++i) ++seen[generator.permutation(4).to_vector<std::int64_t>()];
  Integers counts;
  for (const auto& entry : seen) counts.push_back(entry.second);
  CHECK(counts.size() == 24);
  CHECK(chi_square(counts) < 49.8);  // 23 degrees of freedom, p = 0.001
}

TEST_CASE("shuffle: in place, any stride, and the version tells") {
  Generator generator(16);
  const Integers numbers{3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  Array array = Array::from(numbers, {10});
  generator.shuffle(array);
  CHECK(array.version() == 1);
  auto shuffled = array.to_vector<std::int64_t>();
  CHECK(shuffled != numbers);
  CHECK(std::is_permutation(shuffled.begin(), shuffled.end(), numbers.begin()));

  Array table = Array::from(numbers, {5, 2});
  Array column = table.slice(1, 1, 1, 1).squeeze(1);
  generator.shuffle(column);
  CHECK(table.slice(1, 0, 1, 1).to_vector<int>() == std::vector<int>{3, 4, 5, 2, 5});
  auto second = column.to_vector<std::int64_t>();
  std::sort(second.begin(), second.end());
  CHECK(second == Integers{1, 1, 3, 6, 9});
}

TEST_CASE("shuffle: puts 0 to n - 1 into the order of permutation") {
  Generator first(17), second(17);
  Integers numbers(100);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  Array array = Array::from(numbers, {100});
  first.shuffle(array);
  CHECK(values(array) == values(second.permutation(100)));
}

TEST_CASE("random: wrong arguments say what was wrong, and where, and use no step") {
  Generator g(18);
  const auto check = [&](const std::string& expected, auto draw) {
    const auto where = std::source_location::current();
    CHECK(message_of<ValueError>([&] { draw(where); }) == at_line(expected, __FILE__, where.line()));
  };
  const double nan = std::nan("");
  check("uniform: low <= high expected, got 2 and 1", [&](auto at) { g.uniform({3}, 2, 1, float32, at); });
  check("uniform: low <= high expected, got NaN and 1", [&](auto at) { g.uniform({3}, nan, 1, float32, at); });
  check("uniform: bounds that float32 can hold expected, got 0 and 1e+300",
        [&](auto at) { g.uniform({3}, 0, 1e300, float32, at); });
  check("uniform: negative extent -1 in shape (2, -1)", [&](auto at) { g.uniform({2, -1}, 0, 1, float32, at); });
  check("normal: a standard deviation of 0 or more expected, got -1",
        [&](auto at) { g.normal({3}, 0, -1, float32, at); });
  check("normal: a finite mean expected, got NaN", [&](auto at) { g.normal({3}, nan, 1, float32, at); });
  check("truncated_normal: a standard deviation of 0 or more expected, got NaN",
        [&](auto at) { g.truncated_normal({3}, 0, nan, float32, at); });
  check("bernoulli: a probability in [0, 1] expected, got 1.5", [&](auto at) { g.bernoulli({3}, 1.5, float32, at); });
  check("bernoulli: a probability in [0, 1] expected, got NaN", [&](auto at) { g.bernoulli({3}, nan, float32, at); });
  check("dropout_mask: a rate in [0, 1] expected, got -0.1", [&](auto at) { g.dropout_mask({3}, -0.1, float32, at); });
  check("integers: low < high expected, got 4 and 4", [&](auto at) { g.integers({3}, 4, 4, at); });
  check("permutation: a count of 0 or more expected, got -5", [&](auto at) { g.permutation(-5, at); });
  CHECK(message_of<ValueError>([&] { g.permutation(-1); }) ==
        at_line("permutation: a count of 0 or more expected, got -1", __FILE__, __LINE__ - 1));
  CHECK(g.step() == 0);
}

TEST_CASE("random: wrong dtypes and shapes") {
  Generator g(19);
  const auto line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  CHECK(line(message_of<DTypeError>([&] { g.uniform({2}, 0, 1, int64); })) ==
        "uniform: float32 or float64 expected, got int64");
  CHECK(line(message_of<DTypeError>([&] { g.dropout_mask({2}, 0.5, uint8); })) ==
        "dropout_mask: float32 or float64 expected, got uint8");
  Array table = Array::zeros({2, 2}, int64), reals = Array::zeros({2});
  CHECK(line(message_of<ShapeError>([&] { g.shuffle(table); })) == "shuffle: one axis expected, got shape (2, 2)");
  CHECK(line(message_of<DTypeError>([&] { g.shuffle(reals); })) == "shuffle: int64 expected, got float32");
  CHECK(reals.version() == 0);
  CHECK(g.step() == 0);
}

TEST_CASE("random: a copy goes on by itself") {
  Generator generator(20, 5);
  generator.uniform({1});
  Generator copy = generator;
  CHECK(copy.seed() == 20);
  CHECK(copy.consumer() == 5);
  CHECK(copy.step() == 1);
  CHECK(values(copy.uniform({5})) == values(generator.uniform({5})));
  generator = Generator(1);
  CHECK(generator.seed() == 1);
  CHECK(generator.step() == 0);
}

TEST_CASE("random: spare generators are numbered apart") {
  const auto first_numbers = [](int spares) {
    manual_seed(3);
    Array drawn = Array::full({1}, 0, float64);
    for (int i = 0; i < spares; ++i) drawn = new_spare_generator().uniform({4}, 0, 1, float64);
    return std::pair(drawn, new_generator().uniform({4}, 0, 1, float64));
  };
  const auto [none, alone] = first_numbers(0);
  const auto [first, behind_one] = first_numbers(1);
  const auto [second, behind_two] = first_numbers(2);
  const auto [again, same] = first_numbers(2);
  const auto values = [](const Array& x) { return std::vector<double>(x.data<double>(), x.data<double>() + x.size()); };
  CHECK(values(behind_one) == values(alone));
  CHECK(values(behind_two) == values(alone));
  CHECK(values(again) == values(second));
  CHECK(values(first) != values(second));
  CHECK(values(first) != values(alone));
  manual_seed(0);
}

TEST_CASE("random: manual_seed makes what follows repeatable") {
  const auto run = [] {
    Generator first = new_generator(), second = new_generator();
    CHECK(first.consumer() == 1);
    CHECK(second.consumer() == 2);
    Reals numbers = values(default_generator().uniform({5}));
    for (Generator* generator : {&first, &second, &default_generator()}) {
      const auto more = values(generator->normal({5}));
      numbers.insert(numbers.end(), more.begin(), more.end());
    }
    return numbers;
  };
  manual_seed(42);
  CHECK(default_generator().seed() == 42);
  CHECK(default_generator().consumer() == 0);
  const auto numbers = run();
  manual_seed(42);
  CHECK(run() == numbers);
  manual_seed(43);
  CHECK(run() != numbers);
  manual_seed(0);
}

TEST_CASE("random: threads that share the default generator take every step once") {
  constexpr int threads = 4, each = 50;
  manual_seed(5);
  std::vector<Reals> drawn(threads);
  std::vector<std::thread> running;
  for (auto& numbers : drawn) {
    running.emplace_back([&numbers] {
      for (int i = 0; i < each; ++i) numbers.push_back(default_generator().uniform({}, 0, 1, float64).item<double>());
    });
  }
  for (auto& thread : running) thread.join();
  Reals together;
  for (const auto& numbers : drawn) together.insert(together.end(), numbers.begin(), numbers.end());
  manual_seed(5);
  Reals expected;
  for (int i = 0; i < threads * each; ++i)
    expected.push_back(default_generator().uniform({}, 0, 1, float64).item<double>());
  std::sort(together.begin(), together.end());
  std::sort(expected.begin(), expected.end());
  CHECK(together == expected);
  manual_seed(0);
}
