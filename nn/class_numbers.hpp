#pragma once

#include <algorithm>
#include <cstdint>
#include <source_location>

#include "lib/array.hpp"
#include "lib/error.hpp"

namespace xg::nn {

/// A number (int64) outside [0, classes) is a ValueError that names it and `call`.
inline void check_class_numbers(const char* call, const Array& numbers, std::int64_t classes,
                                std::source_location where) {
  const Array all = numbers.contiguous();
  const std::int64_t *begin = all.data<std::int64_t>(), *end = begin + all.size();
  const auto bad = std::find_if(begin, end, [=](std::int64_t number) { return number < 0 || number >= classes; });
  if (bad != end)
    throw ValueError(concat(call, ": ", *bad, " is none of the ", classes, " classes, which count from 0"), where);
}

}  // namespace xg::nn
