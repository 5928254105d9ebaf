// Writes files in the forms of torch.save and torch.jit.save, well-formed or malicious.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace daclip::test {

inline std::string little_endian(uint64_t value, size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = i < 8 ? char(value >> (8 * i)) : '\0';
  return text;
}

inline std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Building blocks of protocol 2 pickles.
namespace pickled {

inline std::string text(std::string_view value) { return cat("X", little_endian(value.size(), 4), value); }
inline std::string number(int64_t value) { return cat("\x8a\x08", little_endian(uint64_t(value), 8)); }
inline std::string global(std::string_view module, std::string_view name) { return cat("c", module, "\n", name, "\n"); }
inline std::string tuple(std::initializer_list<std::string> items) {
  std::string result = "(";
  for (const std::string& item : items) result += item;
  return result + "t";
}
inline std::string numbers(const std::vector<int64_t>& values) {
  std::string result = "(";
  for (const int64_t value : values) result += number(value);
  return result + "t";
}
inline std::string call(const std::string& function, const std::string& arguments) {
  return cat(function, arguments, "R");
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string result = "}(";
  for (const auto& [key, value] : entries) result += text(key) + value;
  return result + "u";
}
inline std::string ordered_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string result = cat(call(global("collections", "OrderedDict"), ")"), "(");
  for (const auto& [key, value] : entries) result += text(key) + value;
  return result + "u";
}
// A torch.jit module: its class by name, created without arguments, then its attributes.
inline std::string module(std::string_view name, const std::vector<std::pair<std::string, std::string>>& attributes) {
  return cat(global("__torch__.net", name), ")\x81", dict(attributes), "b");
}
inline std::string whole(const std::string& value) { return cat("\x80\x02", value, "."); }

// The older format has a sixth item, None.
inline std::string storage(std::string_view type, std::string_view key, int64_t count, bool legacy = false) {
  return cat("(", text("storage"), global("torch", type), text(key), text("cpu"), number(count), legacy ? "NtQ" : "tQ");
}
inline std::string tensor(const std::string& storage, int64_t offset, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              tuple({storage, number(offset), numbers(shape), numbers(strides), "\x89",
                     call(global("collections", "OrderedDict"), ")")}));
}
inline std::string parameter(const std::string& tensor) {
  return call(global("torch._utils", "_rebuild_parameter"),
              tuple({tensor, "\x88", call(global("collections", "OrderedDict"), ")")}));
}

}  // namespace pickled

struct ZipFile {
  std::string name = {}, data = {};
  uint16_t method = 0;     // 0: stored
  uint16_t flags = 0;      // 1: encrypted
  int64_t size_error = 0;  // added to the uncompressed size in the directory
  int64_t both_error = 0;  // added to both sizes in the directory
  int64_t offset_error = 0;
};

// zip64: sizes and offsets are in the directory's 64-bit fields, as in archives beyond 4 GB.
inline std::vector<uint8_t> zip(const std::vector<ZipFile>& files, bool zip64 = false) {
  std::string bytes, directory;
  for (const ZipFile& file : files) {
    const uint64_t offset = bytes.size() + uint64_t(file.offset_error);
    const uint64_t stored = file.data.size() + uint64_t(file.both_error), size = stored + uint64_t(file.size_error);
    const std::string padding(3, '\0');  // PyTorch aligns data by an extra field in the local header only
    bytes += cat("PK\x03\x04", little_endian(20, 2), little_endian(file.flags, 2), little_endian(file.method, 2),
                 little_endian(0, 8), little_endian(file.data.size(), 4), little_endian(file.data.size(), 4),
                 little_endian(file.name.size(), 2), little_endian(padding.size(), 2), file.name, padding, file.data);
    const std::string extra = zip64 ? cat(little_endian(1, 2), little_endian(24, 2), little_endian(size, 8),
                                          little_endian(stored, 8), little_endian(offset, 8))
                                    : "";
    const auto field = [&](uint64_t value) { return little_endian(zip64 ? 0xffffffff : value, 4); };
    directory += cat("PK\x01\x02", little_endian(20, 2), little_endian(20, 2), little_endian(file.flags, 2),
                     little_endian(file.method, 2), little_endian(0, 8), field(stored), field(size),
                     little_endian(file.name.size(), 2), little_endian(extra.size(), 2), little_endian(0, 10),
                     field(offset), file.name, extra);
  }
  const uint64_t start = bytes.size();
  bytes += directory;
  if (zip64) {
    const uint64_t record = bytes.size();
    bytes += cat("PK\x06\x06", little_endian(44, 8), little_endian(45, 2), little_endian(45, 2), little_endian(0, 8),
                 little_endian(files.size(), 8), little_endian(files.size(), 8), little_endian(directory.size(), 8),
                 little_endian(start, 8));
    bytes += cat("PK\x06\x07", little_endian(0, 4), little_endian(record, 8), little_endian(1, 4));
  }
  const uint64_t count = zip64 ? 0xffff : files.size();
  bytes += cat("PK\x05\x06", little_endian(0, 4), little_endian(count, 2), little_endian(count, 2),
               little_endian(zip64 ? 0xffffffff : directory.size(), 4), little_endian(zip64 ? 0xffffffff : start, 4),
               little_endian(0, 2));
  return {bytes.begin(), bytes.end()};
}

// A torch.save archive around one pickled value; storages[i] is the entry data/i.
inline std::vector<uint8_t> torch_zip(const std::string& value, const std::vector<std::string>& storages) {
  std::vector<ZipFile> files = {{"archive/data.pkl", pickled::whole(value)}};
  for (size_t i = 0; i < storages.size(); ++i) files.push_back({cat("archive/data/", i), storages[i]});
  files.push_back({"archive/version", "3\n"});
  return zip(files);
}

// The older format. `element`: bytes per element, the same for all storages.
inline std::vector<uint8_t> torch_legacy(const std::string& value, const std::vector<std::string>& storages,
                                         size_t element = 4) {
  std::string bytes = std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  bytes += pickled::whole(pickled::number(1001));
  bytes += pickled::whole(pickled::dict({{"protocol_version", pickled::number(1001)}, {"little_endian", "\x88"}}));
  bytes += pickled::whole(value);
  std::string keys = "](";
  for (size_t i = 0; i < storages.size(); ++i) keys += pickled::text(std::to_string(i));
  bytes += pickled::whole(cat(keys, "e"));
  for (const std::string& storage : storages) bytes += cat(little_endian(storage.size() / element, 8), storage);
  return {bytes.begin(), bytes.end()};
}

}  // namespace daclip::test
