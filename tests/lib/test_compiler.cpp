#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace {

/// The numbers that stand in front of the zeros of a list.
template <class T>
std::size_t leading(const std::vector<T>& list) {
  std::size_t count = 0;
  while (count < list.size() && list[count] != T{}) ++count;
  for (std::size_t i = count; i < list.size(); ++i) CHECK(list[i] == T{});
  return count;
}

}  // namespace

TEST_CASE("compiler: constants that end in zeros keep them") {
  CHECK(leading<double>({1, 1, 0, 0}) == 2);
  CHECK(leading<double>({1, 1, 1, 0}) == 3);
  CHECK(leading<double>({3, 3, 0, 0, 0, 0, 0, 0}) == 2);
  CHECK(leading<std::int64_t>({7, 7, 0, 0}) == 2);
  CHECK(leading<std::int64_t>({7, 7, 7, 7, 0, 0, 0, 0}) == 4);
  CHECK(leading<float>({1, 1, 1, 1, 0, 0, 0, 0}) == 4);
  CHECK(leading<std::uint8_t>(std::vector<std::uint8_t>(
            {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) == 16);
}
