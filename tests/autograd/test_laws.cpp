#include <doctest/doctest.h>

#include <iostream>
#include <set>
#include <string>

#include "tests/autograd/laws.hpp"

using namespace xg::testing;

namespace {

std::vector<Law> all_laws() {
  std::vector<Law> laws;
  for (const auto& more : {value_laws(), gradient_laws(), dtype_laws(), engine_laws()})
    laws.insert(laws.end(), more.begin(), more.end());
  return laws;
}

/// Which operations a law was held against, and by how many checks.
struct Tally {
  std::set<std::string> ops;
  int checks = 0;

  void add(const Law& law, const OpCase& op) {
    if (!law.applies(op)) return;
    ops.insert(op.name);
    for (const Inputs& sample : op.samples) checks += law.hold(op, sample);
  }
};

/// The operations that every law was held against.
std::set<std::string> through_all(const std::vector<Tally>& tallies) {
  std::set<std::string> common = tallies.front().ops;
  for (const Tally& tally : tallies)
    std::erase_if(common, [&](const std::string& op) { return !tally.ops.contains(op); });
  return common;
}

}  // namespace

TEST_CASE("laws: every operation keeps every law") {
  const std::vector<Law> laws = all_laws();
  std::vector<Tally> tallies;
  int checks = 0;
  for (const Law& law : laws) {
    INFO("law: ", std::string(law.name));
    Tally tally;
    for (const OpCase& op : op_cases()) tally.add(law, op);
    checks += tally.checks;
    tallies.push_back(tally);
  }
  const std::size_t ops = through_all(tallies).size(), first = value_laws().size();
  std::cout << "gradients: " << tallies[first].ops.size() << " ops, "
            << tallies[first].checks + tallies[first + 1].checks << " checks\n"
            << "laws: " << ops << " ops x " << laws.size() << " laws, " << checks << " checks" << std::endl;
  CHECK(ops >= 150);
  CHECK(laws.size() >= 8);
}
