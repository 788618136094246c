#include "nn/training/samples.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "nn/training/weights.hpp"

namespace xg::nn {
namespace {

std::string title(const char* role, const Tensors& samples, const std::string& name) {
  if (samples.size() == 1 && name.empty()) return role;
  return concat(role, name.empty() ? "" : " '", name, name.empty() ? "" : "'");
}

std::string shape_text(const Tensors& samples) {
  return samples.size() == 1 ? to_string(samples[0].shape()) : shapes_of(samples);
}

}  // namespace

bool is_given(const Tensors& samples) {
  return std::any_of(samples.begin(), samples.end(), [](const auto& entry) { return entry.value.defined(); });
}

std::int64_t count_of(const Tensors& samples) { return samples[0].shape()[0]; }

Tensors rows_of(const Tensors& samples, std::int64_t start, std::int64_t count) {
  Tensors rows;
  for (const auto& [name, value] : samples)
    rows.push_back({name, value.defined() ? Tensor(value.array().slice(0, start, count, 1)) : value});
  return rows;
}

bool same_samples(const Tensors& a, const Tensors& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    const Shape &s = one.value.shape(), &t = other.value.shape();
    return std::equal(s.begin() + 1, s.end(), t.begin() + 1, t.end());
  });
}

void check_samples(const char* call, const Tensors& x, const Tensors& y, std::int64_t batch_size,
                   std::source_location where) {
  for (const auto& [role, samples] : {std::pair("x", &x), std::pair("y", &y)}) {
    if (samples->empty()) throw ValueError(concat(call, ": ", role, " is an undefined tensor"), where);
    for (const auto& [name, value] : *samples) {
      if (!value.defined())
        throw ValueError(concat(call, ": ", title(role, *samples, name), " is an undefined tensor"), where);
      if (value.rank() == 0)
        throw ShapeError(
            concat(call, ": ", title(role, *samples, name), " is a single number: its first axis must be the samples"),
            where);
    }
  }
  for (const Tensors* samples : {&x, &y})
    for (const auto& [name, value] : *samples)
      if (value.shape()[0] != count_of(x))
        throw ShapeError(concat(call, ": x has shape ", shape_text(x), ", y ", shape_text(y),
                                ": their first axes, the samples, must agree"),
                         where);
  if (count_of(x) == 0) throw ShapeError(concat(call, ": x has shape ", shape_text(x), ": no samples"), where);
  if (batch_size < 1) throw ValueError(concat(call, ": batch_size must be at least 1, got ", batch_size), where);
}

Split split_samples(const Tensors& x, const Tensors& y, const Tensors& sample_weight, double validation_split,
                    const ValidationData& validation_data, std::source_location where) {
  if (!(validation_split >= 0 && validation_split < 1))
    throw ValueError(concat("fit: validation_split must lie in [0, 1), got ", validation_split), where);
  if (validation_data || validation_split == 0) return {x, y, sample_weight, validation_data};
  const std::int64_t samples = count_of(x);
  const auto kept = static_cast<std::int64_t>(static_cast<double>(samples) * (1 - validation_split));
  if (kept == 0)
    throw ValueError(concat("fit: validation_split leaves none of ", samples, " samples to train on"), where);
  const auto first = [&](const Tensors& all) { return rows_of(all, 0, kept); };
  const auto rest = [&](const Tensors& all) { return rows_of(all, kept, samples - kept); };
  return {first(x), first(y), first(sample_weight), {rest(x), rest(y), rest(sample_weight)}};
}

void check_validation(const Split& split, std::int64_t batch_size, std::source_location where) {
  const Tensors &x = split.validation.x, &y = split.validation.y;
  check_samples("fit: validation_data", x, y, batch_size, where);
  for (const auto& [role, given, wanted] : {std::tuple("x", &x, &split.x), std::tuple("y", &y, &split.y)})
    if (given->size() != wanted->size())
      throw ValueError(concat("fit: validation_data: ", role, " holds ", given->size(), ": ", shapes_of(*given),
                              ", that to train on holds ", wanted->size(), ": ", shapes_of(*wanted)),
                       where);
  if (is_given(split.validation.sample_weight))
    check_weights("fit: validation_data", split.validation.sample_weight, y, where);
}

}  // namespace xg::nn
