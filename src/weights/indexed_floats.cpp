#include "weights/indexed_floats.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

constexpr size_t kMaxIndex = 1 << 20;  // bytes of the index
constexpr size_t kMaxDimensions = 8;

// Removes the text up to `separator` (inclusive) from the front of `rest`, and returns it without the separator.
std::string_view next_part(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

class IndexReader {
 public:
  IndexReader(const SharedBytes& floats, const std::string& where) : floats_(floats), where_(where) {}

  NamedArrays read(std::string_view index) {
    if (index.size() > kMaxIndex)
      throw LimitError(cat(where_, ": an index of ", index.size(), " bytes, expected at most ", kMaxIndex));
    if (floats_.bytes.size() % sizeof(float) != 0)
      throw FormatError(cat(where_, ": ", floats_.bytes.size(), " bytes are not a whole number of floats"));
    while (!index.empty()) {
      std::string_view line = next_part(index, '\n');
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty() && !line.starts_with('#')) add(line);
    }
    if (result_.arrays.empty()) throw FormatError(cat(where_, ": the index lists no tensor"));
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw FormatError(cat(where_, ": line ", line_, " of the index: ", problem));
  }

  uint64_t number(std::string_view text, const char* what) const {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      fail(cat(what, " is \"", printable(text), "\", expected a number"));
    return value;
  }

  void add(std::string_view line) {
    const std::string_view name = next_part(line, ' ');
    std::string_view shape_text = next_part(line, ' ');
    const uint64_t offset = number(next_part(line, ' '), "the offset"), count = number(line, "the count");
    if (name.empty()) fail("a tensor has no name");
    const uint64_t stored = floats_.bytes.size() / sizeof(float);
    uint64_t values = 1;
    NamedArray array;
    for (bool more = true; more;) {
      more = shape_text.find('x') != std::string_view::npos;
      const uint64_t length = number(next_part(shape_text, 'x'), "a dimension");
      if (length == 0 || length > stored / values || array.shape.size() == kMaxDimensions)
        fail(cat(printable(name), " has a shape larger than the file's ", stored, " values"));
      values *= length;
      array.shape.push_back(int64_t(length));
    }
    if (values != count) fail(cat(printable(name), " has ", count, " values, but its shape needs ", values));
    if (offset > stored - count)
      fail(cat(printable(name), ": ", count, " values at offset ", offset, " exceed the ", stored,
               " values of the file"));
    array.bytes = floats_.bytes.subspan(size_t(offset) * sizeof(float), size_t(count) * sizeof(float));
    array.owner = floats_.owner;
    if (!result_.arrays.emplace(name, std::move(array)).second) fail(cat("duplicate tensor ", printable(name)));
  }

  const SharedBytes& floats_;
  const std::string& where_;
  size_t line_ = 0;
  NamedArrays result_;
};

}  // namespace

NamedArrays parse_indexed_floats(std::string_view index, const SharedBytes& floats, const std::string& where) {
  return IndexReader(floats, where).read(index);
}

NamedArrays read_indexed_floats(const std::filesystem::path& path) {
  std::filesystem::path index_path = path;
  index_path.replace_extension(".index.txt");
  const SharedBytes index = map_file(index_path);
  const std::string_view text(reinterpret_cast<const char*>(index.bytes.data()), index.bytes.size());
  return parse_indexed_floats(text, map_file(path), path.string());
}

}  // namespace daclip
