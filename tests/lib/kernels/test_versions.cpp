#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/matmul.hpp"
#include "lib/kernels/update.hpp"
#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

TEST_CASE("versions: every optimizer's pass raises the version of the parameter, once") {
  Array w = sample({5}, float64), m = Array::zeros({5}, float64), v = Array::zeros({5}, float64);
  const Array g = sample({5}, float64, 2);
  std::uint64_t version = w.version();
  kernels::sgd(w, g, 0.1);
  CHECK(w.version() == ++version);
  double room = 0;
  kernels::sgd_decayed(w, g, 0.1, 0.2, &room);
  CHECK(w.version() == ++version);
  kernels::decayed_gradient(w, g, 0.2, &room);
  CHECK(w.version() == ++version);
  for (const bool nesterov : {false, true}) {
    kernels::sgd_momentum(w, g, v, 0.1, 0.9, nesterov);
    CHECK(w.version() == ++version);
  }
  kernels::adam(w, g, m, v, {0.1, 0.9, 0.999, 1e-7});
  CHECK(w.version() == ++version);
  CHECK(g.version() == 0);
}

TEST_CASE("versions: changes in place of arrays and draws raise them, reading does not") {
  Array x = sample({6}, int64);
  const std::uint64_t version = x.version();
  const Array copy = x.clone(), turned = x.slice(0, 5, 6, -1).contiguous(), other = x.astype(float32);
  CHECK(x.version() == version);
  x.assign(copy);
  CHECK(x.version() == version + 1);
  x.slice(0, 1, 2, 2).assign(copy.slice(0, 0, 2, 1));
  CHECK(x.version() == version + 2);
  Generator(1).shuffle(x);
  CHECK(x.version() == version + 3);
}
