#include "lib/io/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

#include "lib/error.hpp"

namespace xg {
namespace {

constexpr int deepest = 64;
constexpr std::size_t most_values = 250000;  // a hostile text has three bytes for each, and each takes 60

void append_utf8(std::string& to, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& source, std::source_location where)
      : text_(text), source_(source), where_(where) {}

  Json whole() {
    Json made = value(0);
    skip_spaces();
    if (at_ != text_.size()) fail("nothing more is expected behind the value");
    return made;
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw IOError(concat(source_, ": byte ", at_, ": ", parts...), where_);
  }

  bool ended() const { return at_ == text_.size(); }
  char peek() const { return ended() ? '\0' : text_[at_]; }
  void skip_spaces() {
    while (!ended() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) ++at_;
  }
  bool take(char wanted) {
    skip_spaces();
    if (ended() || peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail('\'', wanted, "' is expected");
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Json value(int depth) {
    if (depth > deepest) fail("values are nested more than ", deepest, " deep");
    if (++values_ > most_values) fail("there are more than ", most_values, " values");
    skip_spaces();
    if (peek() == '{') return object(depth);
    if (peek() == '[') return list(depth);
    if (peek() == '"') return Json(text());
    if (take_word("null")) return Json();
    if (take_word("true")) return Json(true);
    if (take_word("false")) return Json(false);
    return number();
  }

  Json object(int depth) {
    expect('{');
    Json::Object entries;
    if (!take('}')) {
      do {
        skip_spaces();
        std::string name = text();
        expect(':');
        entries.emplace_back(std::move(name), value(depth + 1));
      } while (take(','));
      expect('}');
      check_names(entries);
    }
    return Json(std::move(entries));
  }

  /// By sorting: an object may have a million names.
  void check_names(const Json::Object& entries) {
    std::vector<std::string_view> names;
    for (const auto& [name, held] : entries) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      fail("the name '", *twice, "' is written twice in an object that ends here");
  }

  Json list(int depth) {
    expect('[');
    Json::List values;
    if (!take(']')) {
      do values.push_back(value(depth + 1));
      while (take(','));
      expect(']');
    }
    return Json(std::move(values));
  }

  Json number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ - first;
    };
    if (peek() == '-') ++at_;
    const bool leading_zero = peek() == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) fail("a value is expected");
    bool is_whole = true;
    if (peek() == '.') {
      ++at_;
      is_whole = false;
      if (digits() == 0) fail("a digit is expected");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      is_whole = false;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) fail("a digit is expected");
    }
    const char *const from = text_.data() + begin, *const to = text_.data() + at_;
    if (std::int64_t number = 0; is_whole && std::from_chars(from, to, number).ec == std::errc()) return Json(number);
    double number = 0;
    if (std::from_chars(from, to, number).ec != std::errc()) fail("the number is out of the range of double");
    return Json(number);
  }

  std::string text() {
    if (peek() != '"') fail("a text in quotes is expected");
    ++at_;
    std::string made;
    while (peek() != '"') {
      if (ended()) fail("the text does not end");
      const auto byte = static_cast<unsigned char>(peek());
      if (byte < 0x20) fail("a control character in a text is to be escaped");
      if (byte == '\\')
        escape(made);
      else
        character(made);
    }
    ++at_;
    return made;
  }

  void escape(std::string& to) {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    const char letter = peek();
    if (const auto known = letters.find(letter); !ended() && known != std::string_view::npos) {
      to += meanings[known];
      ++at_;
      return;
    }
    if (letter != 'u') fail("no such escape");
    std::uint32_t code = code_unit();
    if (code >= 0xD800 && code < 0xDC00) {
      if (peek() != '\\') fail("the second half of a character is expected");
      ++at_;
      const std::uint32_t low = peek() == 'u' ? code_unit() : 0;
      if (low < 0xDC00 || low > 0xDFFF) fail("the second half of a character is expected");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      fail("half of a character");
    }
    append_utf8(to, code);
  }

  /// u and four digits.
  std::uint32_t code_unit() {
    ++at_;
    std::uint32_t code = 0;
    const char *const from = text_.data() + at_, *const to = from + std::min<std::size_t>(4, text_.size() - at_);
    const auto [end, error] = std::from_chars(from, to, code, 16);
    if (error != std::errc() || end != from + 4) fail("four hexadecimal digits are expected");
    at_ += 4;
    return code;
  }

  /// One character of UTF-8, by the table of RFC 3629.
  void character(std::string& to) {
    const auto byte = [&](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const unsigned first = byte(0), second = byte(1);
    std::size_t length = 1;
    bool fits = first < 0x80;
    if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
      fits = true;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      fits = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      fits = !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
    }
    for (std::size_t i = 1; i < length; ++i) fits = fits && (byte(i) & 0xC0) == 0x80;
    if (!fits) fail("the text is not UTF-8");
    to += text_.substr(at_, length);
    at_ += length;
  }

  std::string_view text_;
  const std::string& source_;
  std::source_location where_;
  std::size_t at_ = 0, values_ = 0;
};

class Writer {
 public:
  explicit Writer(std::source_location where) : where_(where) {}

  void operator()(std::nullptr_t) { out += "null"; }
  void operator()(bool value) { out += value ? "true" : "false"; }
  void operator()(std::int64_t number) { out += std::to_string(number); }
  void operator()(double number) {
    if (!std::isfinite(number)) throw ValueError(concat("JSON has no ", number), where_);
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string_view written(digits, static_cast<std::size_t>(end - digits));
    out += written;
    if (written.find_first_of(".e") == std::string_view::npos) out += ".0";  // to be read as what it is
  }
  void operator()(const std::string& text) {
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (byte < 0x20) {
        out += "\\u00";
        out += hexadecimal[byte >> 4];
        out += hexadecimal[byte & 15];
      } else {
        out += c;
      }
    }
    out += '"';
  }
  void operator()(const Json::List& values) {
    out += '[';
    for (const Json& value : values) {
      if (&value != &values.front()) out += ',';
      std::visit(*this, value.get());
    }
    out += ']';
  }
  void operator()(const Json::Object& entries) {
    out += '{';
    for (const auto& entry : entries) {
      if (&entry != &entries.front()) out += ',';
      (*this)(entry.first);
      out += ':';
      std::visit(*this, entry.second.get());
    }
    out += '}';
  }

  std::string out;

 private:
  std::source_location where_;
};

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto* const entries = as<Object>();
  if (!entries) return nullptr;
  const auto found =
      std::find_if(entries->begin(), entries->end(), [&](const auto& each) { return each.first == name; });
  return found == entries->end() ? nullptr : &found->second;
}

Json parse_json(std::string_view text, const std::string& source, std::source_location where) {
  return Parser(text, source, where).whole();
}

std::string to_string(const Json& value, std::source_location where) {
  Writer writer(where);
  std::visit(writer, value.get());
  return std::move(writer.out);
}

}  // namespace xg
