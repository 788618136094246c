#include "autograd/ops/spatial.hpp"

#include <string_view>

namespace xg {

std::array<std::int64_t, 3> PerAxis::resolve(const char* op, const char* what, std::size_t axes, std::int64_t least,
                                             std::source_location where) const {
  if (numbers_.rank() != 1 && numbers_.rank() != axes)
    throw ValueError(concat(op, ": ", what, " has ", numbers_.rank(), " numbers for ", axes, " spatial axes"), where);
  std::array<std::int64_t, 3> result{};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t number = numbers_[numbers_.rank() == 1 ? 0 : axis];
    if (number < least) throw ValueError(concat(op, ": ", what, " must be at least ", least, ", got ", number), where);
    result[3 - axes + axis] = number;
  }
  return result;
}

Padding::Padding(const char* name, std::source_location where) {
  check_given("padding", "name", name, where);
  const std::string_view text = name;
  if (text != "valid" && text != "same" && text != "causal")
    throw ValueError(concat("unknown padding '", text, "': it is \"valid\", \"same\", \"causal\" or numbers"), where);
  same_ = text == "same";
  causal_ = text == "causal";
}

}  // namespace xg
