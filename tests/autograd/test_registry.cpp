#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/autograd/op_cases.hpp"

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, "cannot read ", path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The names of the functions that a header exports.
void collect(const std::filesystem::path& header, std::set<std::string>& names) {
  static const std::regex declaration(R"(XG_API [\w:<>]+ (\w+)\()");
  const std::string text = text_of(header);
  for (std::sregex_iterator match(text.begin(), text.end(), declaration), end; match != end; ++match)
    names.insert((*match)[1]);
}

std::set<std::string> declared() {
  const std::filesystem::path folder = std::filesystem::path(XG_SOURCE_ROOT) / "autograd";
  std::set<std::string> names;
  collect(folder / "creation.hpp", names);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "ops"))
    if (entry.path().extension() == ".hpp") collect(entry.path(), names);
  return names;
}

}  // namespace

TEST_CASE("registry: every declared operation has a case, and every case an operation") {
  const std::set<std::string> names = declared();
  CHECK(names.size() > 50);
  std::set<std::string> tested;
  for (const auto& op : xg::testing::op_cases()) tested.insert(op.name);
  for (const std::string& name : names)
    CHECK_MESSAGE(tested.contains(name), "no case in tests/autograd/ops for ", name);
  for (const std::string& name : tested)
    CHECK_MESSAGE(names.contains(name), "a case for ", name, ", which no header declares");
}

TEST_CASE("registry: every case has a sample and its own title, and every sample is float64 where it is floating") {
  std::set<std::string> titles;
  for (const auto& op : xg::testing::op_cases()) {
    CHECK_MESSAGE(titles.insert(title(op)).second, "two cases are called ", title(op));
    CHECK_MESSAGE(!op.samples.empty(), title(op), " has no sample");
    for (const auto& sample : op.samples)
      for (const auto& input : sample) CHECK(input.dtype() != xg::float32);
  }
}
