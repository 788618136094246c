#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "lib/kernels/update.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"

using namespace xg;

namespace {

/// A parameter, its gradient and three arrays of state; all change in place.
struct Arrays {
  Array w, g, first, second, third;
  double squares = 0;

  Arrays(std::int64_t size, DType dtype)
      : w(Generator(1).normal({size}, 0, 1, dtype)),
        g(Generator(2).normal({size}, 0, 1, dtype)),
        first(Generator(3).normal({size}, 0, 1, dtype)),
        second(Generator(4).uniform({size}, 0, 1, dtype)),
        third(Generator(5).uniform({size}, 0, 0.01, dtype)) {}
};

/// The numbers at one place.
struct Element {
  double w, g, first, second, third;
};

struct Update {
  const char* name;
  std::function<void(Arrays&)> run;
  /// The formula, for one element in double.
  std::function<void(Element& e)> element;
  bool sums_squares = false;
};

std::vector<double> room(const Array& w) { return std::vector<double>(kernels::decay_room(w.size())); }

void move_moments(Element& e) {
  e.first = 0.9 * e.first + (1 - 0.9) * e.g;
  e.second = 0.99 * e.second + (1 - 0.99) * e.g * e.g;
}

Update rmsprop(const char* name, bool centered, bool heavy) {
  const auto run = [=](Arrays& a) {
    kernels::rmsprop(a.w, a.g, a.second, centered ? &a.third : nullptr, heavy ? &a.first : nullptr,
                     {0.01, 0.99, 1e-2, 0.7});
  };
  const auto element = [=](Element& e) {
    e.second = 0.99 * e.second + (1 - 0.99) * e.g * e.g;
    if (centered) e.third = 0.99 * e.third + (1 - 0.99) * e.g;
    const double variance = centered ? std::max(0.0, e.second - e.third * e.third) : e.second;
    const double change = 0.01 * e.g / (std::sqrt(variance) + 1e-2);
    if (heavy) e.first = 0.7 * e.first + change;
    e.w -= heavy ? e.first : change;
  };
  return {name, run, element};
}

const std::vector<Update>& updates() {
  static const std::vector<Update> table{
      {"sgd", [](Arrays& a) { kernels::sgd(a.w, a.g, 0.1); }, [](Element& e) { e.w -= 0.1 * e.g; }},
      {"sgd_decayed", [](Arrays& a) { a.squares = kernels::sgd_decayed(a.w, a.g, 0.1, 0.5, room(a.w).data()); },
       [](Element& e) { e.w -= 0.1 * (e.g + 0.5 * e.w); }, true},
      {"decayed_gradient", [](Arrays& a) { a.squares = kernels::decayed_gradient(a.w, a.g, 0.5, room(a.w).data()); },
       [](Element& e) { e.w = e.g + 0.5 * e.w; }, true},
      {"sgd_momentum", [](Arrays& a) { kernels::sgd_momentum(a.w, a.g, a.first, 0.1, 0.9, false); },
       [](Element& e) {
         e.first = 0.9 * e.first - 0.1 * e.g;
         e.w += e.first;
       }},
      {"sgd_momentum, Nesterov's", [](Arrays& a) { kernels::sgd_momentum(a.w, a.g, a.first, 0.1, 0.9, true); },
       [](Element& e) {
         e.first = 0.9 * e.first - 0.1 * e.g;
         e.w += 0.9 * e.first - 0.1 * e.g;
       }},
      {"adam",
       [](Arrays& a) {
         kernels::adam(a.w, a.g, a.first, a.second, {0.01, 0.9, 0.99, 1e-3});
       },
       [](Element& e) {
         move_moments(e);
         e.w -= 0.01 * e.first / (std::sqrt(e.second) + 1e-3);
       }},
      {"adam with decay",
       [](Arrays& a) {
         kernels::adam(a.w, a.g, a.first, a.second, {0.01, 0.9, 0.99, 1e-3, 0.25});
       },
       [](Element& e) {
         move_moments(e);
         e.w -= 0.25 * e.w + 0.01 * e.first / (std::sqrt(e.second) + 1e-3);
       }},
      {"amsgrad",
       [](Arrays& a) {
         kernels::amsgrad(a.w, a.g, a.first, a.third, a.second, {0.01, 0.9, 0.99, 1e-3, 0.25});
       },
       [](Element& e) {
         e.first = 0.9 * e.first + (1 - 0.9) * e.g;
         e.third = 0.99 * e.third + (1 - 0.99) * e.g * e.g;
         e.second = std::max(e.second, e.third);
         e.w -= 0.25 * e.w + 0.01 * e.first / (std::sqrt(e.second) + 1e-3);
       }},
      {"adamax",
       [](Arrays& a) {
         kernels::adamax(a.w, a.g, a.first, a.second, {0.01, 0.9, 0.99, 1e-3});
       },
       [](Element& e) {
         e.first = 0.9 * e.first + (1 - 0.9) * e.g;
         e.second = std::max(0.99 * e.second, std::abs(e.g));
         e.w -= 0.01 * e.first / (e.second + 1e-3);
       }},
      {"nadam",
       [](Arrays& a) {
         kernels::nadam(a.w, a.g, a.first, a.second, {0.01, 0.9, 0.99, 1e-3}, 0.02, 1.5);
       },
       [](Element& e) {
         move_moments(e);
         e.w -= (0.02 * e.g + 0.01 * e.first) / (std::sqrt(1.5 * e.second) + 1e-3);
       }},
      {"lion",
       [](Arrays& a) {
         kernels::lion(a.w, a.g, a.first, {0.01, 0.9, 0.99, 0.25});
       },
       [](Element& e) {
         const double mixed = 0.9 * e.first + (1 - 0.9) * e.g;
         e.w -= 0.25 * e.w + (mixed > 0 ? 0.01 : -0.01);
         e.first = 0.99 * e.first + (1 - 0.99) * e.g;
       }},
      rmsprop("rmsprop", false, false),
      rmsprop("rmsprop, centered", true, false),
      rmsprop("rmsprop with momentum", false, true),
      rmsprop("rmsprop, centered, with momentum", true, true),
      {"adagrad", [](Arrays& a) { kernels::adagrad(a.w, a.g, a.second, 0.01, 1e-3); },
       [](Element& e) {
         e.second += e.g * e.g;
         e.w -= 0.01 * e.g / (std::sqrt(e.second) + 1e-3);
       }},
      {"adadelta", [](Arrays& a) { kernels::adadelta(a.w, a.g, a.second, a.third, 0.1, 0.9, 1e-3); },
       [](Element& e) {
         e.second = 0.9 * e.second + (1 - 0.9) * e.g * e.g;
         const double change = e.g * std::sqrt((e.third + 1e-3) / (e.second + 1e-3));
         e.w -= 0.1 * change;
         e.third = 0.9 * e.third + (1 - 0.9) * change * change;
       }},
  };
  return table;
}

bool same_bits(const Array& a, const Array& b) { return std::memcmp(a.raw(), b.raw(), a.bytes()) == 0; }

}  // namespace

TEST_CASE("update: every pass is its formula, for parameter and state") {
  for (const Update& update : updates())
    for (const DType dtype : {float32, float64})
      for (const std::int64_t size : {0, 1, 15, 16, 63, 64, 65, 127, 4095, 4096, 4097, 10'000}) {
        CAPTURE(update.name);
        CAPTURE(size);
        Arrays arrays(size, dtype);
        auto w = arrays.w.to_vector<double>(), first = arrays.first.to_vector<double>(),
             second = arrays.second.to_vector<double>(), third = arrays.third.to_vector<double>();
        const auto g = arrays.g.to_vector<double>();
        update.run(arrays);
        const double tolerance = dtype == float32 ? 1e-6 : 1e-14;
        double squares = 0, worst = 0;
        const auto compare = [&](const Array& found, const std::vector<double>& expected) {
          const auto values = found.to_vector<double>();
          for (std::size_t i = 0; i < values.size(); ++i)
            worst = std::max(worst, std::abs(values[i] - expected[i]) / (1 + std::abs(expected[i])));
        };
        for (std::size_t i = 0; i < w.size(); ++i) {
          squares += w[i] * w[i];
          Element e{w[i], g[i], first[i], second[i], third[i]};
          update.element(e);
          w[i] = e.w, first[i] = e.first, second[i] = e.second, third[i] = e.third;
        }
        compare(arrays.w, w);
        compare(arrays.first, first);
        compare(arrays.second, second);
        compare(arrays.third, third);
        CHECK(worst < tolerance);
        CHECK(std::abs(arrays.squares - (update.sums_squares ? squares : 0)) <= tolerance * squares);
        CHECK(arrays.g.to_vector<double>() == g);
      }
}

TEST_CASE("update: every pass gives the same bits for any number of threads") {
  const std::int64_t size = 2'000'003;
  for (const Update& update : updates()) {
    CAPTURE(update.name);
    const auto run = [&](int threads) {
      set_num_threads(threads);
      Arrays arrays(size, float32);
      update.run(arrays);
      set_num_threads(0);
      return arrays;
    };
    const Arrays one = run(1);
    for (const int threads : {2, 3}) {
      const Arrays several = run(threads);
      CHECK(same_bits(several.w, one.w));
      CHECK(same_bits(several.first, one.first));
      CHECK(same_bits(several.second, one.second));
      CHECK(same_bits(several.third, one.third));
      CHECK(several.squares == one.squares);
    }
  }
}

namespace {

constexpr kernels::LambStep lamb_step{{0.01, 0.9, 0.99, 1e-3, 0.25}, 2, 1.5};

void run_lamb(Arrays& a) {
  std::vector<double> sums(2 * kernels::decay_room(a.w.size()));
  kernels::lamb(a.w, a.g, a.first, a.second, lamb_step, sums.data());
}

}  // namespace

TEST_CASE("update: LAMB's two walks are its formula") {
  for (const DType dtype : {float32, float64})
    for (const std::int64_t size : {0, 1, 31, 32, 33, 4095, 4096, 4097, 10'000}) {
      CAPTURE(size);
      Arrays arrays(size, dtype);
      auto w = arrays.w.to_vector<double>(), first = arrays.first.to_vector<double>(),
           second = arrays.second.to_vector<double>();
      const auto g = arrays.g.to_vector<double>();
      run_lamb(arrays);
      double weights = 0, directions = 0, worst = 0;
      std::vector<double> direction(w.size());
      for (std::size_t i = 0; i < w.size(); ++i) {
        Element e{w[i], g[i], first[i], second[i], 0};
        move_moments(e);
        direction[i] = 2 * e.first / (std::sqrt(1.5 * e.second) + 1e-3) + 0.25 * e.w;
        weights += e.w * e.w;
        directions += direction[i] * direction[i];
      }
      const auto found = arrays.w.to_vector<double>();
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double expected = w[i] - 0.01 * std::sqrt(weights / directions) * direction[i];
        worst = std::max(worst, std::abs(found[i] - expected) / (1 + std::abs(expected)));
      }
      CHECK(worst < (dtype == float32 ? 1e-6 : 1e-14));
    }
}

TEST_CASE("update: LAMB's rate is not scaled where a norm is 0") {
  Arrays arrays(5, float64);
  arrays.w = Array::zeros({5}, float64);
  run_lamb(arrays);
  const auto w = arrays.w.to_vector<double>(), m = arrays.first.to_vector<double>(),
             v = arrays.second.to_vector<double>();
  for (std::size_t i = 0; i < 5; ++i) CHECK(std::abs(w[i] + 0.01 * 2 * m[i] / (std::sqrt(1.5 * v[i]) + 1e-3)) < 1e-15);
}

TEST_CASE("update: LAMB gives the same bits for any number of threads") {
  const auto run = [](int threads) {
    set_num_threads(threads);
    Arrays arrays(2'000'003, float32);
    run_lamb(arrays);
    set_num_threads(0);
    return arrays;
  };
  const Arrays one = run(1);
  for (const int threads : {2, 3}) {
    const Arrays several = run(threads);
    CHECK(same_bits(several.w, one.w));
    CHECK(same_bits(several.first, one.first));
    CHECK(same_bits(several.second, one.second));
  }
}

TEST_CASE("update: a gradient that is NaN shows in the weight") {
  Arrays arrays(3, float32);
  arrays.g = Array::full({3}, std::nan(""));
  kernels::lion(arrays.w, arrays.g, arrays.first, {0.01, 0.9, 0.99, 0});
  for (const double w : arrays.w.to_vector<double>()) CHECK(std::isnan(w));
}

TEST_CASE("update: a variance that rounding makes negative is 0") {
  Arrays arrays(3, float32);
  arrays.g = arrays.second = Array::zeros({3});
  const auto before = arrays.w.to_vector<double>();
  kernels::rmsprop(arrays.w, arrays.g, arrays.second, &arrays.third, nullptr, {0.01, 0.9, 1e-3, 0});
  CHECK(arrays.w.to_vector<double>() == before);
}
