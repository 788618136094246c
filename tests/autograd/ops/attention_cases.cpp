#include "autograd/ops/attention.hpp"

#include <cmath>
#include <numeric>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

using Numbers = std::vector<double>;

/// softmax(scale q k^T + more) v by loops, for q (batch, queries, d); `more` is added to a score, minus infinity where
/// the key is not seen.
template <class F>
Values attention(const Inputs& v, double scale, F more) {
  const Values q(v[0]), k(v[1]), value(v[2]);
  const std::int64_t d = q.shape[-1], keys = k.shape[-2];
  const auto of = [](const Values& x, std::int64_t batch, std::int64_t row, std::int64_t column) {
    return x.shape.rank() == 2 ? x.at({row, column}) : x.at({x.shape[0] == 1 ? 0 : batch, row, column});
  };
  Shape shape = q.shape;
  for (const Values* x : {&k, &value})
    if (x->shape.rank() == 3 && x->shape[0] != 1) shape = {x->shape[0], q.shape[-2], 0};
  shape[-1] = value.shape[-1];
  return generate(shape, [&](const Index& i) {
    const std::int64_t batch = i.size() == 3 ? i[0] : 0, query = i[i.size() - 2];
    Numbers weights;
    for (std::int64_t j = 0; j < keys; ++j) {
      double score = more(query, j);
      for (std::int64_t c = 0; c < d; ++c) score += scale * of(q, batch, query, c) * of(k, batch, j, c);
      weights.push_back(std::exp(score));
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double result = 0;
    for (std::int64_t j = 0; j < keys && total > 0; ++j)
      result += weights[static_cast<std::size_t>(j)] / total * of(value, batch, j, i.back());
    return result;
  });
}

double unless(bool seen) { return seen ? 0 : -INFINITY; }

OpCase named(const char* variant, const AttentionOptions& options, double scale,
             std::function<double(std::int64_t, std::int64_t)> more) {
  return {.name = "scaled_dot_product_attention",
          .variant = variant,
          .function = [=](const Inputs& v) { return scaled_dot_product_attention(v[0], v[1], v[2], options); },
          .samples = {{uniform({3, 2}), uniform({4, 2}), uniform({4, 3})}},
          .reference = [=](const Inputs& v) { return attention(v, scale, more); },
          .magnitude = 1};
}

}  // namespace

Cases attention_cases() {
  const double scale = 1 / std::sqrt(2.0);
  const Tensor mask({{true, false, true, true}, {false, false, false, false}, {false, true, true, false}}, boolean);
  const auto masked = [sees = Values(mask)](auto query, auto key) { return unless(sees.at({query, key}) != 0); };
  OpCase plain = named("", {}, scale, [](auto, auto) { return 0.0; });
  plain.samples.push_back({uniform({2, 3, 2}), uniform({2, 4, 2}), uniform({2, 4, 3})});
  plain.samples.push_back({uniform({3, 2}), uniform({1, 4, 2}), uniform({2, 4, 1})});
  Cases cases{plain,
              named("causal", {.causal = true}, scale, [](auto query, auto key) { return unless(key <= query); }),
              named("causal, with a past", {.causal = true, .past = 1, .scale = 0.3}, 0.3,
                    [](auto query, auto key) { return unless(key <= query + 1); }),
              named("masked", {.mask = mask}, scale, masked),
              named("masked and causal", {.mask = mask, .causal = true}, scale,
                    [=](auto query, auto key) { return key <= query ? masked(query, key) : unless(false); })};
  cases.push_back(
      {.name = "scaled_dot_product_attention",
       .variant = "additive mask",
       .function = [](const Inputs& v) { return scaled_dot_product_attention(v[0], v[1], v[2], {.mask = v[3]}); },
       .samples = {{uniform({3, 2}), uniform({4, 2}), uniform({4, 3}), uniform({3, 4})}},
       .reference =
           [=](const Inputs& v) {
             return attention(v, scale, [more = Values(v[3])](auto i, auto j) { return more.at({i, j}); });
           },
       .magnitude = 1,
       .optional = 1});
  return cases;
}

}  // namespace xg::testing
