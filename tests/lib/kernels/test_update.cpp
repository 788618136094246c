#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "lib/kernels/update.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"

using namespace xg;

namespace {

/// A parameter, its gradient and two arrays of state; all change in place.
struct Arrays {
  Array w, g, first, second;
  double squares = 0;

  Arrays(std::int64_t size, DType dtype)
      : w(Generator(1).normal({size}, 0, 1, dtype)),
        g(Generator(2).normal({size}, 0, 1, dtype)),
        first(Generator(3).normal({size}, 0, 1, dtype)),
        second(Generator(4).uniform({size}, 0, 1, dtype)) {}
};

struct Update {
  const char* name;
  std::function<void(Arrays&)> run;
  /// The formula, for one element in double.
  std::function<void(double& w, double g, double& first, double& second)> element;
  bool sums_squares = false;
};

std::vector<double> room(const Array& w) { return std::vector<double>(kernels::decay_room(w.size())); }

const std::vector<Update>& updates() {
  static const std::vector<Update> table{
      {"sgd", [](Arrays& a) { kernels::sgd(a.w, a.g, 0.1); },
       [](double& w, double g, double&, double&) { w -= 0.1 * g; }},
      {"sgd_decayed", [](Arrays& a) { a.squares = kernels::sgd_decayed(a.w, a.g, 0.1, 0.5, room(a.w).data()); },
       [](double& w, double g, double&, double&) { w -= 0.1 * (g + 0.5 * w); }, true},
      {"decayed_gradient", [](Arrays& a) { a.squares = kernels::decayed_gradient(a.w, a.g, 0.5, room(a.w).data()); },
       [](double& w, double g, double&, double&) { w = g + 0.5 * w; }, true},
      {"sgd_momentum", [](Arrays& a) { kernels::sgd_momentum(a.w, a.g, a.first, 0.1, 0.9, false); },
       [](double& w, double g, double& v, double&) {
         v = 0.9 * v - 0.1 * g;
         w += v;
       }},
      {"sgd_momentum, Nesterov's", [](Arrays& a) { kernels::sgd_momentum(a.w, a.g, a.first, 0.1, 0.9, true); },
       [](double& w, double g, double& v, double&) {
         v = 0.9 * v - 0.1 * g;
         w += 0.9 * v - 0.1 * g;
       }},
      {"adam",
       [](Arrays& a) {
         kernels::adam(a.w, a.g, a.first, a.second, {0.01, 0.9, 0.99, 1e-3});
       },
       [](double& w, double g, double& m, double& v) {
         m = 0.9 * m + (1 - 0.9) * g;
         v = 0.99 * v + (1 - 0.99) * g * g;
         w -= 0.01 * m / (std::sqrt(v) + 1e-3);
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
             second = arrays.second.to_vector<double>();
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
          update.element(w[i], g[i], first[i], second[i]);
        }
        compare(arrays.w, w);
        compare(arrays.first, first);
        compare(arrays.second, second);
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
      CHECK(several.squares == one.squares);
    }
  }
}
