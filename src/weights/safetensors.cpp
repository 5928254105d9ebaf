#include "weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>

#include <nlohmann/json.hpp>

#include "core/checked.h"
#include "core/error.h"
#include "core/files.h"

namespace daclip {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;  // the limit of the format's reference implementation
constexpr size_t kMaxRank = 16;
constexpr int kMaxDepth = 4;  // header { tensor { shape [ number ] } }

struct TypeName {
  ArrayType type;
  const char* name;
};
constexpr TypeName kTypeNames[] = {{ArrayType::f16, "F16"}, {ArrayType::bf16, "BF16"}, {ArrayType::f32, "F32"},
                                   {ArrayType::f64, "F64"}, {ArrayType::i32, "I32"},   {ArrayType::i64, "I64"},
                                   {ArrayType::u8, "U8"}};

struct Entry {
  std::string name;
  ArrayType type;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

// Parses JSON with limited nesting and refuses duplicate keys, which the JSON library would silently drop.
Json parse_header(const char* begin, const char* end, const std::string& where) {
  bool too_deep = false;
  std::optional<std::string> twice;
  std::vector<std::vector<std::string>> keys;  // of the objects currently open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) too_deep = true;
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::key && !keys.empty()) keys.back().push_back(parsed.get<std::string>());
    if (event == Json::parse_event_t::object_end && !keys.empty()) {
      std::vector<std::string>& names = keys.back();
      std::sort(names.begin(), names.end());
      const auto same = std::adjacent_find(names.begin(), names.end());
      if (same != names.end()) twice = *same;
      keys.pop_back();
    }
    return !too_deep;  // false makes the parser discard the value, so a hostile tree is never built
  };
  const Json header = Json::parse(begin, end, watch, false);
  if (too_deep) throw FormatError(cat(where, ": safetensors header nested deeper than ", kMaxDepth));
  if (twice) throw FormatError(cat(where, ": safetensors header has the duplicate key \"", *twice, "\""));
  if (!header.is_object()) throw FormatError(cat(where, ": safetensors header is not a JSON object"));
  return header;
}

uint64_t unsigned_number(const Json& value, const std::string& what) {
  if (!value.is_number_unsigned()) throw FormatError(cat(what, ": expected a whole number of 0 or more"));
  return value.get<uint64_t>();
}

Entry parse_entry(const std::string& name, const Json& value, uint64_t data_size, const std::string& where) {
  const std::string what = cat(where, ": tensor ", name);
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets"))
    throw FormatError(cat(what, ": expected dtype, shape and data_offsets"));
  Entry entry;
  entry.name = name;
  const Json& type = value["dtype"];
  const auto known = std::find_if(std::begin(kTypeNames), std::end(kTypeNames), [&](const TypeName& candidate) {
    return type.is_string() && type.get_ref<const std::string&>() == candidate.name;
  });
  if (known == std::end(kTypeNames))
    throw FormatError(cat(what, ": dtype ", type.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40),
                          " is not one of F16, BF16, F32, F64, I32, I64, U8"));
  entry.type = known->type;
  const Json& shape = value["shape"];
  if (!shape.is_array() || shape.size() > kMaxRank)
    throw FormatError(cat(what, ": expected a shape of at most ", kMaxRank, " dimensions"));
  for (const Json& d : shape) {
    const uint64_t length = unsigned_number(d, what + " shape");
    if (length > uint64_t(INT64_MAX)) throw LimitError(cat(what, ": dimension ", length, " is too large"));
    entry.shape.push_back(int64_t(length));
  }
  const Json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2) throw FormatError(cat(what, ": expected data_offsets [begin, end]"));
  entry.begin = unsigned_number(offsets[0], what + " data_offsets");
  entry.end = unsigned_number(offsets[1], what + " data_offsets");
  if (entry.begin > entry.end || entry.end > data_size)
    throw FormatError(
        cat(what, ": data_offsets ", entry.begin, "..", entry.end, " exceed the ", data_size, " bytes of data"));
  const uint64_t bytes = checked_mul(checked_numel(entry.shape, what.c_str()), element_size(entry.type), what.c_str());
  if (bytes != entry.end - entry.begin)
    throw FormatError(cat(what, ": shape needs ", bytes, " bytes, data_offsets span ", entry.end - entry.begin));
  return entry;
}

// The format requires the tensors to cover the data without gaps or overlaps.
void check_coverage(std::vector<Entry>& entries, uint64_t data_size, const std::string& where) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin < covered)
      throw FormatError(cat(where, ": tensor ", entry.name, " overlaps another at byte ", entry.begin));
    if (entry.begin > covered)
      throw FormatError(cat(where, ": gap of ", entry.begin - covered, " bytes before tensor ", entry.name));
    covered = entry.end;
  }
  if (covered != data_size)
    throw FormatError(cat(where, ": ", data_size - covered, " unused bytes after the last tensor"));
}

std::string daclip_metadata(const Json& header) {
  const auto metadata = header.find("__metadata__");
  if (metadata == header.end() || !metadata->is_object()) return "";
  const auto ours = metadata->find("daclip");
  return ours != metadata->end() && ours->is_string() ? ours->get<std::string>() : "";
}

}  // namespace

NamedArrays parse_safetensors(const SharedBytes& file, const std::string& where) {
  const std::span<const uint8_t> bytes = file.bytes;
  if (bytes.size() < 8)
    throw FormatError(cat(where, ": ", bytes.size(), " bytes are too short for a safetensors file"));
  uint64_t header_size;
  std::memcpy(&header_size, bytes.data(), 8);
  if (header_size > kMaxHeader)
    throw FormatError(
        cat(where, ": not a safetensors file (header of ", header_size, " bytes, at most ", kMaxHeader, " accepted)"));
  if (header_size > bytes.size() - 8)
    throw FormatError(cat(where, ": safetensors header of ", header_size, " bytes in a file of ", bytes.size()));
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  const Json header = parse_header(text, text + header_size, where);
  const std::span<const uint8_t> data = bytes.subspan(8 + size_t(header_size));

  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items())
    if (name != "__metadata__") entries.push_back(parse_entry(name, value, data.size(), where));
  check_coverage(entries, data.size(), where);

  NamedArrays result;
  result.metadata = daclip_metadata(header);
  for (Entry& entry : entries)
    result.arrays.emplace(entry.name,
                          NamedArray{entry.type, std::move(entry.shape),
                                     data.subspan(size_t(entry.begin), size_t(entry.end - entry.begin)), file.owner});
  return result;
}

NamedArrays read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(map_file(path), path.string());
}

NamedArrays parse_safetensors(std::span<const uint8_t> bytes, const std::string& where) {
  return parse_safetensors(share({bytes.begin(), bytes.end()}), where);
}

void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays) {
  Json header = Json::object();
  if (!arrays.metadata.empty()) header["__metadata__"] = {{"daclip", arrays.metadata}, {"format", "pt"}};
  uint64_t offset = 0;
  for (const auto& [name, array] : arrays.arrays) {
    if (name == "__metadata__") throw UsageError("the tensor name __metadata__ is reserved");
    const uint64_t size = checked_mul(array.numel(), element_size(array.type), name.c_str());
    if (size != array.bytes.size())
      throw FormatError(cat("tensor ", name, ": shape needs ", size, " bytes, found ", array.bytes.size()));
    const auto known = std::find_if(std::begin(kTypeNames), std::end(kTypeNames),
                                    [type = array.type](const TypeName& candidate) { return candidate.type == type; });
    header[name] = {{"dtype", known->name}, {"shape", array.shape}, {"data_offsets", {offset, offset + size}}};
    offset = checked_add(offset, size, "model file");
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  // The format allows no gaps between tensors, so only the start of the data can be aligned: spaces pad the header.
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');

  std::vector<uint8_t> begin(8 + text.size());
  const uint64_t header_size = text.size();
  std::memcpy(begin.data(), &header_size, 8);
  std::memcpy(begin.data() + 8, text.data(), text.size());
  std::vector<std::span<const uint8_t>> parts = {begin};
  for (const auto& [name, array] : arrays.arrays) parts.push_back(array.bytes);
  write_parts_atomically(path, parts);
}

}  // namespace daclip
