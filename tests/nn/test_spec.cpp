#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "nn/arguments.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using nn::Spec;
using nn::SpecValue;

namespace {

std::string printed(const SpecValue& value) { return concat(value); }

}  // namespace

TEST_CASE("spec: how values are printed") {
  CHECK(printed(0.0003) == "0.0003");
  CHECK(printed(1e-7) == "1e-07");
  CHECK(printed(1.0) == "1");
  CHECK(printed(123456.75) == "123456.75");
  CHECK(printed(0.1 + 0.2) == "0.30000000000000004");
  CHECK(printed(0.1f) == "0.10000000149011612");
  CHECK(printed(-std::numeric_limits<double>::denorm_min()) == "-5e-324");
  CHECK(printed(-std::numeric_limits<double>::max()) == "-1.7976931348623157e+308");
  CHECK(printed(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(printed(-std::nan("")) == "NaN");
  CHECK(printed(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(printed(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(printed(Scalar(3)) == "3");
  CHECK(printed(true) == "true");
  CHECK(printed(false) == "false");
  CHECK(printed("val_loss") == "\"val_loss\"");
  CHECK(printed(std::string(R"(a "b" \c)")) == R"("a \"b\" \\c")");
  CHECK(printed(SpecValue::List{1, "two", SpecValue::List{0.5, true}, SpecValue::List{}}) ==
        "[1, \"two\", [0.5, true], []]");
}

TEST_CASE("spec: how specs are printed") {
  CHECK(to_string(Spec{}) == "none");
  CHECK(to_string(Spec{"relu"}) == "relu");
  std::ostringstream out;
  out << Spec{"l1_l2", {{"l1", 0.1}, {"l2", 0}}};
  CHECK(out.str() == "l1_l2(l1=0.1, l2=0)");
}

TEST_CASE("spec: which values are equal") {
  CHECK(SpecValue(1) == SpecValue(1.0));
  CHECK(SpecValue(1) != SpecValue(true));
  CHECK(SpecValue(0) != SpecValue(false));
  CHECK(SpecValue(true) == SpecValue(true));
  CHECK(SpecValue(std::nan("")) == SpecValue(std::nan("")));
  CHECK(SpecValue(std::nan("")) != SpecValue(1));
  CHECK(SpecValue((std::int64_t(1) << 53) + 1) != SpecValue(9007199254740992.0));
  CHECK(SpecValue("1") != SpecValue(1));
  CHECK(SpecValue("a") == SpecValue(std::string("a")));
  CHECK(SpecValue(SpecValue::List{1, "a"}) == SpecValue(SpecValue::List{1.0, "a"}));
  CHECK(SpecValue(SpecValue::List{1}) != SpecValue(1));
  CHECK_ERROR(ValueError, SpecValue(static_cast<const char*>(nullptr)), "spec: a null text was given");
}

TEST_CASE("spec: which specs are equal, and what they have") {
  const Spec spec{"l1_l2", {{"l1", 0.1}, {"l2", 0.2}}};
  CHECK(spec == Spec{"l1_l2", {{"l1", 0.1}, {"l2", 0.2}}});
  CHECK(spec != Spec{"l1_l2", {{"l2", 0.2}, {"l1", 0.1}}});
  CHECK(spec != Spec{"l1_l2", {{"l1", 0.1}}});
  CHECK(spec != Spec{"l1_l2", {{"l1", 0.1}, {"l2", 0.3}}});
  CHECK(spec != Spec{"l1", {{"l1", 0.1}, {"l2", 0.2}}});
  CHECK(*spec.find("l2") == 0.2);
  CHECK(spec.find("l3") == nullptr);
}

TEST_CASE("arguments: what is given is read, and all is written down") {
  double number = 1;
  int small = 2;
  std::int64_t large = 3;
  bool truth = false;
  Scalar scalar = 4;
  std::string text = "a", shown, hidden = "b";
  std::vector<double> list{5, 6};
  const auto visit = [&](nn::Arguments& arguments) {
    arguments("number", number)("small", small)("large", large)("truth", truth)("scalar", scalar)("text", text);
    arguments("list", list).optional("shown", shown).optional("hidden", hidden);
    arguments.check_all_named();
    return Spec{"all", arguments.written()};
  };
  nn::Arguments none;
  CHECK(to_string(visit(none)) == "all(number=1, small=2, large=3, truth=false, scalar=4, text=\"a\", list=[5, 6])");
  const Spec given{"all",
                   {{"shown", "c"},
                    {"number", 1.5},
                    {"small", -2},
                    {"large", std::int64_t(1) << 40},
                    {"truth", true},
                    {"scalar", true},
                    {"text", ""},
                    {"list", SpecValue::List{}}}};
  nn::Arguments arguments(given);
  CHECK(to_string(visit(arguments)) ==
        "all(number=1.5, small=-2, large=1099511627776, truth=true, scalar=true, text=\"\", list=[], shown=\"c\")");
  CHECK(number == 1.5);
  CHECK(small == -2);
  CHECK(large == std::int64_t(1) << 40);
  CHECK(truth);
  CHECK(scalar == Scalar(true));
  CHECK(text.empty());
  CHECK(list.empty());
  CHECK(shown == "c");
  CHECK(hidden == "b");
}
