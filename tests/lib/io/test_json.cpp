#include "lib/io/json.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// What is written for what was read.
std::string again(const std::string& text) { return to_string(parse_json(text, "text")); }

std::string refused(const std::string& text) {
  const std::string message = message_of<IOError>([&] { static_cast<void>(parse_json(text, "text")); });
  return message.substr(0, message.find('\n'));
}

}  // namespace

TEST_CASE("json: what is read is written again") {
  for (const char* text : {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.1",
                           "1e+300", "5e-324", "2.0", "\"\"", "[]", "{}", "[1,[2,[]],{}]",
                           "{\"b\":1,\"a\":[null,\"x\"]}", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""})
    CHECK(again(text) == text);
  CHECK(again(" { \"a\" :\t[ 1 ,\r\n2 ] } ") == "{\"a\":[1,2]}");
  CHECK(again("\"\\u00e4\\u20AC\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\"\\\\\"") ==
        "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80/\\u0008\\u000c\\u000a\\u000d\\u0009\\\"\\\\\"");
  CHECK(again("9223372036854775808") == "9223372036854775808.0");
  CHECK(again("-0") == "0");
  CHECK(again("1E2") == "100.0");
}

TEST_CASE("json: values by name") {
  const Json value = parse_json("{\"a\":{\"b\":[1,2.5,\"x\",true,null]}}", "text");
  REQUIRE(value.find("a"));
  const auto* const list = value.find("a")->find("b")->as<Json::List>();
  REQUIRE(list->size() == 5);
  CHECK(*(*list)[0].as<std::int64_t>() == 1);
  CHECK(*(*list)[1].as<double>() == 2.5);
  CHECK(*(*list)[2].as<std::string>() == "x");
  CHECK(*(*list)[3].as<bool>());
  CHECK((*list)[4] == Json());
  CHECK(!value.find("b"));
  CHECK(!(*list)[0].find("a"));
  CHECK(!(*list)[0].as<double>());
}

TEST_CASE("json: what is no JSON is told with its byte") {
  CHECK(refused("") == "text: byte 0: a value is expected");
  CHECK(refused("nul") == "text: byte 0: a value is expected");
  CHECK(refused("[1,]") == "text: byte 3: a value is expected");
  CHECK(refused("[1 2]") == "text: byte 3: ']' is expected");
  CHECK(refused("{\"a\" 1}") == "text: byte 5: ':' is expected");
  CHECK(refused("{a:1}") == "text: byte 1: a text in quotes is expected");
  CHECK(refused("1 2") == "text: byte 2: nothing more is expected behind the value");
  CHECK(refused("01") == "text: byte 2: a value is expected");
  CHECK(refused("1.") == "text: byte 2: a digit is expected");
  CHECK(refused("1e") == "text: byte 2: a digit is expected");
  CHECK(refused("1e999") == "text: byte 5: the number is out of the range of double");
  CHECK(refused("NaN") == "text: byte 0: a value is expected");
  CHECK(refused("\"a") == "text: byte 2: the text does not end");
  CHECK(refused("\"\n\"") == "text: byte 1: a control character in a text is to be escaped");
  CHECK(refused("\"\\x\"") == "text: byte 2: no such escape");
  CHECK(refused("\"\\u12\"") == "text: byte 3: four hexadecimal digits are expected");
  CHECK(refused("\"\\ud83d\"") == "text: byte 7: the second half of a character is expected");
  CHECK(refused("\"\\ud83d\\u0041\"") == "text: byte 13: the second half of a character is expected");
  CHECK(refused("\"\\ude00\"") == "text: byte 7: half of a character");
  CHECK(refused("{\"a\":1,\"b\":2,\"a\":3}") ==
        "text: byte 19: the name 'a' is written twice in an object that ends here");
  for (const char* text :
       {"\"\x80\"", "\"\xC0\x80\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xC3\""})
    CHECK(refused(text) == "text: byte 1: the text is not UTF-8");
  CHECK(refused(std::string(66, '[')) == "text: byte 65: values are nested more than 64 deep");
  std::string many = "[0";
  for (int i = 0; i < 250000; ++i) many += ",0";
  CHECK(refused(many + "]").ends_with(": there are more than 250000 values"));
}

TEST_CASE("json: what JSON cannot write") {
  CHECK_ERROR(ValueError, to_string(Json(std::nan(""))), "JSON has no NaN");
  CHECK_ERROR(ValueError, to_string(Json(std::numeric_limits<double>::infinity())), "JSON has no inf");
}
