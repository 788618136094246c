#include "lib/io/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>

#include "lib/io/atomic_file.hpp"
#include "lib/io/json.hpp"
#include "lib/io/mapped_file.hpp"

static_assert(std::endian::native == std::endian::little, "the numbers in these files begin with their lowest byte");

namespace xg {
namespace {

constexpr std::size_t most_header = 100'000'000, length_bytes = 8, alignment = 8;
constexpr std::size_t most_empty = std::size_t{1} << 40;

/// A dtype of the format: how it is written, how many bytes an element takes, and what it becomes.
struct Stored {
  const char* name;
  std::size_t bytes;
  DType dtype;
};
constexpr Stored stored_dtypes[] = {{"F64", 8, float64},  {"F32", 4, float32}, {"F16", 2, float32},
                                    {"BF16", 2, float32}, {"I64", 8, int64},   {"I32", 4, int32},
                                    {"I16", 2, int32},    {"I8", 1, int32},    {"U32", 4, int64},
                                    {"U16", 2, int32},    {"U8", 1, uint8},    {"BOOL", 1, boolean}};

const Stored* stored_as(const std::string& name) {
  const auto found = std::find_if(std::begin(stored_dtypes), std::end(stored_dtypes),
                                  [&](const Stored& each) { return each.name == name; });
  return found == std::end(stored_dtypes) ? nullptr : found;
}

const char* name_in_file(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return "F64";
    case DType::float32:
      return "F32";
    case DType::int64:
      return "I64";
    case DType::int32:
      return "I32";
    case DType::uint8:
      return "U8";
    case DType::boolean:
      return "BOOL";
  }
  return "";
}

/// Half precision (IEEE 754, binary16): every one is a float.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31, exponent = half >> 10 & 31, digits = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | digits << 13);
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | digits << 13);
  const float size = static_cast<float>(digits) * 0x1p-24F;
  return sign ? -size : size;
}

float from_bfloat(std::uint16_t half) { return std::bit_cast<float>(std::uint32_t{half} << 16); }

/// Calls f with each element, as the type that is in the file, and its place.
template <class InFile, class F>
void each_element(const std::byte* from, std::int64_t count, F f) {
  for (std::int64_t i = 0; i < count; ++i) {
    InFile element;
    std::memcpy(&element, from + static_cast<std::size_t>(i) * sizeof element, sizeof element);
    f(i, element);
  }
}

/// Converts elements of the file into those that they become.
void unpack(const std::string& stored, const std::byte* from, const Array& to) {
  const std::int64_t count = to.size();
  const auto into = [&]<class InFile, class T>(InFile, T* out, auto convert) {
    each_element<InFile>(from, count, [&](std::int64_t i, InFile element) { out[i] = convert(element); });
  };
  const auto whole = [](auto element) { return element; };
  if (stored == "F16") return into(std::uint16_t{}, to.data<float>(), from_half);
  if (stored == "BF16") return into(std::uint16_t{}, to.data<float>(), from_bfloat);
  if (stored == "I16") return into(std::int16_t{}, to.data<std::int32_t>(), whole);
  if (stored == "I8") return into(std::int8_t{}, to.data<std::int32_t>(), whole);
  if (stored == "U16") return into(std::uint16_t{}, to.data<std::int32_t>(), whole);
  if (stored == "U32") return into(std::uint32_t{}, to.data<std::int64_t>(), whole);
  if (stored == "BOOL") return into(std::uint8_t{}, to.data<bool>(), [](std::uint8_t byte) { return byte != 0; });
  if (count > 0) std::memcpy(to.raw(), from, to.bytes());
}

/// Reads and checks a header.
class Header {
 public:
  Header(const MappedFile& file, const std::string& path, std::source_location where)
      : file_(file), path_(path), where_(where), length_(checked_length()) {}

  void read(std::vector<SafetensorsFile::Entry>& entries,
            std::vector<std::pair<std::string, std::string>>& metadata) const {
    const Json header =
        parse_json(file_.text(length_bytes, length_), concat("read_safetensors: ", path_, ": header"), where_);
    const auto* const names = header.as<Json::Object>();
    if (!names) fail("the header is no object");
    for (const auto& [name, value] : *names)
      if (name == "__metadata__")
        metadata = texts(value);
      else
        entries.push_back(entry(name, value));
    check_bytes(entries);
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw IOError(concat("read_safetensors: ", path_, ": ", parts...), where_);
  }

  std::size_t checked_length() const {
    if (file_.size() < length_bytes) fail("the file has ", file_.size(), " bytes, its first 8 are the header's length");
    std::uint64_t length = 0;
    std::memcpy(&length, file_.data(), length_bytes);
    if (length > most_header) fail("a header of ", length, " bytes, ", most_header, " at most");
    if (length > file_.size() - length_bytes) fail("a header of ", length, " bytes, in a file of ", file_.size());
    if (length == 0 || file_.text(length_bytes, 1) != "{") fail("the header does not begin with '{'");
    return static_cast<std::size_t>(length);
  }

  std::vector<std::pair<std::string, std::string>> texts(const Json& value) const {
    std::vector<std::pair<std::string, std::string>> found;
    const auto* const names = value.as<Json::Object>();
    if (!names) fail("__metadata__ is no object");
    for (const auto& [name, text] : *names) {
      const auto* const held = text.as<std::string>();
      if (!held) fail("__metadata__: '", name, "' is no text");
      found.emplace_back(name, *held);
    }
    return found;
  }

  std::int64_t whole_number(const std::string& name, const Json& value, const char* what) const {
    const auto* const number = value.as<std::int64_t>();
    if (!number || *number < 0) fail("'", name, "': ", what, " holds something else than whole numbers from 0 on");
    return *number;
  }

  const Json::List& list(const std::string& name, const Json& value, const char* what) const {
    const Json* const found = value.find(what);
    const auto* const numbers = found ? found->as<Json::List>() : nullptr;
    if (!numbers) fail("'", name, "' has no list ", what);
    return *numbers;
  }

  SafetensorsFile::Entry entry(const std::string& name, const Json& value) const {
    const auto* const fields = value.as<Json::Object>();
    if (!fields || fields->size() != 3) fail("'", name, "' is to have dtype, shape and data_offsets, and nothing else");
    const Json* const dtype = value.find("dtype");
    const auto* const dtype_name = dtype ? dtype->as<std::string>() : nullptr;
    if (!dtype_name) fail("'", name, "' has no text dtype");
    const Stored* const stored = stored_as(*dtype_name);
    if (!stored) fail("'", name, "' is ", *dtype_name, ", which no dtype here holds");
    const Json::List& extents = list(name, value, "shape");
    if (extents.size() > Shape::max_rank)
      fail("'", name, "' has ", extents.size(), " axes, ", Shape::max_rank, " at most");
    Shape shape;
    std::size_t bytes = stored->bytes;
    bool is_empty = false, fits = true;
    for (const Json& extent : extents) {
      shape.push_back(whole_number(name, extent, "shape"));
      is_empty = is_empty || shape.back() == 0;
      fits = fits &&
             !__builtin_mul_overflow(bytes, static_cast<std::size_t>(std::max<std::int64_t>(shape.back(), 1)), &bytes);
    }
    // Strides count what the other axes would take.
    if (is_empty && (!fits || bytes > most_empty)) fail("'", name, "' has shape ", shape, ", which no array has");
    if (is_empty) bytes = 0;
    const Json::List& offsets = list(name, value, "data_offsets");
    if (offsets.size() != 2) fail("'", name, "': data_offsets are two numbers");
    const auto begin = static_cast<std::size_t>(whole_number(name, offsets[0], "data_offsets"));
    const auto end = static_cast<std::size_t>(whole_number(name, offsets[1], "data_offsets"));
    if (end < begin) fail("'", name, "' ends at ", end, ", before it begins at ", begin);
    if (!fits || end - begin != bytes)
      fail("'", name, "' has ", end - begin, " bytes, ", *dtype_name, ' ', shape, " takes ",
           fits ? concat(bytes) : "more");
    return {name, shape, stored->dtype, stored->name, begin, bytes};
  }

  /// Sorts them by their bytes, which must fill what is behind the header.
  void check_bytes(std::vector<SafetensorsFile::Entry>& entries) const {
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.begin, a.bytes) < std::pair(b.begin, b.bytes);
    });
    const std::size_t before = length_bytes + length_, room = file_.size() - before;
    std::size_t at = 0;
    for (auto& entry : entries) {
      if (entry.begin != at)
        fail("'", entry.name, "' begins at byte ", entry.begin, " of the data, ", at,
             " is expected: no holes, no overlap");
      if (entry.bytes > room - at)
        fail("'", entry.name, "' ends at byte ", at + entry.bytes, " of the data, which has ", room);
      at += entry.bytes;
      entry.begin += before;
    }
    if (at != room) fail("the arrays end at byte ", at, " of the data, which has ", room);
  }

  const MappedFile& file_;
  const std::string& path_;
  std::source_location where_;
  std::size_t length_;
};

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path, std::source_location where)
    : file_(std::make_unique<MappedFile>("read_safetensors", path, where)) {
  Header(*file_, path, where).read(entries_, metadata_);
}

SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;

Array SafetensorsFile::read(const Entry& entry, std::source_location where) const {
  Array made = Array::empty(entry.shape, entry.dtype, where);
  unpack(entry.stored, file_->data() + entry.begin, made);
  return made;
}

void SafetensorsFile::read_into(const Entry& entry, Array& to, std::source_location where) const {
  if (to.dtype() == entry.dtype && to.is_contiguous() && to.shape() == entry.shape) {
    unpack(entry.stored, file_->data() + entry.begin, to);
    return to.bump_version();
  }
  to.assign(read(entry, where).astype(to.dtype(), where), where);
}

NamedArrays read_safetensors(const std::string& path, std::source_location where) {
  const SafetensorsFile file(path, where);
  NamedArrays content;
  content.metadata = file.metadata();
  for (const auto& entry : file.entries()) content.arrays.emplace_back(entry.name, file.read(entry, where));
  return content;
}

void write_safetensors(const std::string& path, const NamedArrays& content, std::source_location where) {
  std::set<std::string> names{"__metadata__"};
  std::vector<const std::pair<std::string, Array>*> order;
  for (const auto& each : content.arrays) {
    if (!each.second.defined())
      throw ValueError(concat("write_safetensors: '", each.first, "' is an undefined array"), where);
    if (!names.insert(each.first).second)
      throw ValueError(concat("write_safetensors: the name '", each.first, "' cannot be used, or is there twice"),
                       where);
    order.push_back(&each);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return size_of(a->second.dtype()) > size_of(b->second.dtype());
  });
  Json::Object header;
  if (!content.metadata.empty()) {
    Json::Object texts;
    for (const auto& [name, text] : content.metadata) texts.emplace_back(name, Json(text));
    header.emplace_back("__metadata__", Json(std::move(texts)));
  }
  std::int64_t at = 0;
  for (const auto* each : order) {
    Json::List shape;
    for (const std::int64_t extent : each->second.shape()) shape.emplace_back(extent);
    const std::int64_t end = at + static_cast<std::int64_t>(each->second.bytes());
    header.emplace_back(each->first, Json(Json::Object{{"dtype", Json(std::string(name_in_file(each->second.dtype())))},
                                                       {"shape", Json(std::move(shape))},
                                                       {"data_offsets", Json(Json::List{Json(at), Json(end)})}}));
    at = end;
  }
  std::string text = to_string(Json(std::move(header)), where);
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  if (text.size() > most_header)
    throw ValueError(
        concat("write_safetensors: ", path, ": a header of ", text.size(), " bytes, ", most_header, " at most"), where);
  AtomicFile file("write_safetensors", path, where);
  const std::uint64_t length = text.size();
  file.write(&length, length_bytes);
  file.write(text.data(), text.size());
  for (const auto* each : order) {
    const Array elements = each->second.contiguous(where);
    file.write(elements.raw(), elements.bytes());
  }
  file.commit();
}

}  // namespace xg
