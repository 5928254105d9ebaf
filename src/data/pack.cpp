#include "data/pack.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/checked.h"
#include "core/error.h"
#include "core/files.h"
#include "core/labels.h"
#include "core/threads.h"
#include "data/lossless.h"

namespace daclip {
namespace {

constexpr char kMagic[] = "DACLIPK1";
constexpr uint64_t kHeaderSize = 24;

using Json = nlohmann::json;

uint64_t read_u64(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8) | bytes[size_t(i)];
  return value;
}

void write_u64(std::ostream& out, uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = char(value >> (8 * i));
  out.write(bytes, 8);
}

// The bytes at an index entry's [offset, size].
std::span<const uint8_t> blob(std::span<const uint8_t> file, const Json& place, const std::string& where) {
  const auto offset = place.at(0).get<uint64_t>();
  const auto size = place.at(1).get<uint64_t>();
  if (checked_add(offset, size, "pack entry") > file.size())
    throw FormatError(cat(where, ": its picture lies outside the file"));
  return file.subspan(offset, size);
}

PackPhoto parse_photo(std::span<const uint8_t> file, const Json& entry, const std::string& pack) {
  PackPhoto photo;
  photo.name = entry.at("name").get<std::string>();
  const std::string where = pack + ": " + photo.name;
  photo.kind = entry.at("kind").get<std::string>();
  if (label_index(photo.kind) < 0) throw FormatError(cat(where, ": unknown kind '", photo.kind, "'"));
  photo.width = entry.at("width").get<int>();
  photo.height = entry.at("height").get<int>();
  if (entry.contains("captions")) photo.captions = entry.at("captions").get<std::vector<std::string>>();
  photo.gt = decode_lossless(blob(file, entry.at("gt"), where), photo.width, photo.height, where);
  if (entry.contains("lq"))
    photo.lq = decode_lossless(blob(file, entry.at("lq"), where), photo.width, photo.height, where);
  return photo;
}

}  // namespace

struct PackWriter::State {
  std::filesystem::path path;
  UnfinishedFile unfinished;
  std::ofstream file;
  Json index = Json::array();

  explicit State(std::filesystem::path p) : path(std::move(p)), unfinished(path) {}

  Json append(std::span<const uint8_t> bytes) {
    const uint64_t offset = uint64_t(file.tellp());
    file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    if (!file) throw IoError(cat(path.string(), ": cannot write"));
    return Json::array({offset, uint64_t(bytes.size())});
  }
};

PackWriter::PackWriter(std::filesystem::path path) : state_(std::make_unique<State>(std::move(path))) {
  state_->file.open(state_->unfinished.temporary(), std::ios::binary | std::ios::trunc);
  if (!state_->file) throw IoError(cat(state_->path.string(), ": cannot be written"));
  state_->file.write(kMagic, 8);
  write_u64(state_->file, 0);
  write_u64(state_->file, 0);
}

PackWriter::~PackWriter() = default;

void PackWriter::add(const PackPhoto& photo) {
  if (label_index(photo.kind) < 0) throw UsageError(cat(photo.name, ": unknown kind '", photo.kind, "'"));
  Json entry = {{"name", photo.name}, {"kind", photo.kind}, {"width", photo.width}, {"height", photo.height}};
  if (!photo.captions.empty()) entry["captions"] = photo.captions;
  entry["gt"] = state_->append(encode_lossless(photo.gt, photo.width, photo.height));
  if (!photo.lq.empty()) entry["lq"] = state_->append(encode_lossless(photo.lq, photo.width, photo.height));
  state_->index.push_back(std::move(entry));
}

void PackWriter::finish() {
  const std::string index = state_->index.dump(-1, ' ', false, Json::error_handler_t::replace);
  const Json place = state_->append({reinterpret_cast<const uint8_t*>(index.data()), index.size()});
  state_->file.seekp(8);
  write_u64(state_->file, place[0].get<uint64_t>());
  write_u64(state_->file, place[1].get<uint64_t>());
  state_->file.close();
  if (!state_->file) throw IoError(cat(state_->path.string(), ": cannot write"));
  state_->unfinished.finish();
}

std::vector<PackPhoto> parse_pack(std::span<const uint8_t> bytes, const std::string& where, int threads) {
  if (bytes.size() < kHeaderSize || std::memcmp(bytes.data(), kMagic, 8) != 0)
    throw FormatError(cat(where, ": not a pack of photos"));
  Json index;
  try {
    const Json place = Json::array({read_u64(bytes.subspan(8)), read_u64(bytes.subspan(16))});
    const auto text = blob(bytes, place, where);
    index = Json::parse(text.begin(), text.end());
  } catch (const Json::exception&) {
    throw FormatError(cat(where, ": the index is not JSON"));
  }
  if (!index.is_array()) throw FormatError(cat(where, ": the index is not a list"));

  std::vector<PackPhoto> photos(index.size());
  for_each_index(photos.size(), threads, [&](size_t i) {
    try {
      photos[i] = parse_photo(bytes, index[i], where);
    } catch (const Json::exception&) {
      throw FormatError(cat(where, ": entry ", i, " of the index is incomplete or has wrong types"));
    }
  });
  return photos;
}

std::vector<PackPhoto> read_pack(const std::filesystem::path& path, int threads) {
  return parse_pack(read_file(path), path.string(), threads);
}

FloatImage to_float_image(std::span<const uint8_t> rgb, int width, int height) {
  FloatImage image(width, height, 3);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = float(rgb[i]) / 255.f;
  return image;
}

std::vector<uint8_t> to_bytes(const FloatImage& rgb) {
  std::vector<uint8_t> bytes(rgb.data.size());
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = uint8_t(std::clamp(rgb.data[i], 0.f, 1.f) * 255.f + 0.5f);
  return bytes;
}

}  // namespace daclip
