#include "image/exif.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "image/containers.h"
#include "image/tiff_tags.h"

namespace daclip {
namespace {

using namespace std::string_view_literals;

constexpr uint32_t kInch = 2, kCentimetre = 3;
constexpr double kCentimetresPerInch = 2.54;

// The bytes of the thumbnail of the directory after the first: a JPEG, or one strip of samples.
std::pair<size_t, size_t> thumbnail_range(const TiffTags& tags, std::span<const uint8_t> exif, uint32_t directory) {
  const size_t jpeg = tags.integer(tags.find(directory, tag::thumbnail));
  const size_t jpeg_size = tags.integer(tags.find(directory, tag::thumbnail_size));
  // Only what is a JPEG is overwritten: an offset that lies must not cost other data.
  if (jpeg > 0 && jpeg < exif.size() && starts_with(exif.subspan(jpeg), "\xff\xd8"sv)) return {jpeg, jpeg_size};
  const size_t strip = tags.integer(tags.find(directory, tag::strip_offsets));
  const size_t strip_size = tags.integer(tags.find(directory, tag::strip_sizes));
  // Samples have no mark, but they lie behind the directories.
  const uint32_t photo = tags.pointer(tags.first(), tag::exif);
  const size_t directories = std::max({tags.end_of(tags.first()), tags.end_of(directory), tags.end_of(photo)});
  if (strip < directories || strip_size > exif.size() - std::min(strip, exif.size())) return {0, 0};
  return {strip, strip_size};
}

void remove_thumbnail(std::vector<uint8_t>& exif) {
  const TiffTags tags(exif);
  const uint32_t first = tags.first(), second = tags.next(first);
  if (second == 0) return;
  const auto [at, size] = thumbnail_range(tags, exif, second);
  const size_t second_end = tags.end_of(second) + 4;
  TiffEditor editor(exif);
  editor.set_number(tags.end_of(first), 4, 0);
  if (second > first && second_end <= exif.size()) editor.zero(second, second_end - second);
  if (at <= 8 || at >= exif.size()) return;
  editor.zero(at, size);
  if (size >= exif.size() - at) exif.resize(at);
}

// Tags of a TIFF that tell of the photo and not of how its samples are stored.
bool descriptive(uint16_t id) {
  switch (id) {
    case tag::description:
    case tag::make:
    case tag::model:
    case tag::software:
    case tag::date:
    case tag::artist:
    case tag::host:
    case tag::rating:
    case tag::rating_percent:
    case tag::copyright: return true;
    default: return id >= tag::windows_title && id <= tag::windows_subject;
  }
}

// Maker notes whose offsets count from their own start.
bool movable(std::span<const uint8_t> note) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"Nikon\0\2"sv, "OLYMPUS\0"sv, "OM SYSTEM\0"sv,
                                                                     "FUJIFILM"sv, "Apple iOS\0"sv, "PENTAX \0"sv},
                             [&](std::string_view start) { return starts_with(note, start); });
}

// Copies the descriptive part of a TIFF file into a block of its own.
class BlockBuilder {
 public:
  explicit BlockBuilder(const TiffTags& file) : file_(file), block_(TiffEditor::empty_block(file.big_endian())) {}

  std::vector<uint8_t> build() {
    const uint32_t first = file_.first(), photo = file_.pointer(first, tag::exif);
    place_maker_note(file_.find(photo, tag::maker_note));
    TiffEditor editor(block_);
    std::vector<TiffTag> entries;
    for (const TiffTag& tag : file_.directory(first))
      if (descriptive(tag.id)) copy(tag, entries);
    for (const auto& [id, directory] : {std::pair{tag::exif, photo}, {tag::gps, file_.pointer(first, tag::gps)}}) {
      const std::vector<TiffTag> copied = directory ? copied_directory(directory) : std::vector<TiffTag>();
      if (!copied.empty()) entries.push_back(editor.make_long(id, editor.append(copied)));
    }
    if (entries.empty()) return {};
    editor.set_first(editor.append(entries));
    return std::move(block_);
  }

 private:
  static constexpr size_t kLargestBlock = 4 << 20;      // hostile files let many tags share their data
  static constexpr uint32_t kFarthestNote = 60 * 1024;  // so that the block still fits into a JPEG

  // A note that may hold offsets from the file's start keeps its place.
  void place_maker_note(const TiffTag& tag) {
    const std::span<const uint8_t> note = file_.data(tag);
    const size_t at = file_.data_at(tag);
    if (note.size() <= 4 || movable(note) || at < block_.size() || at + note.size() > kFarthestNote) return;
    block_.resize(at);
    block_.insert(block_.end(), note.begin(), note.end());
    note_at_ = tag.at;
  }

  std::vector<TiffTag> copied_directory(uint32_t directory) {
    std::vector<TiffTag> entries;
    for (const TiffTag& tag : file_.directory(directory)) {
      if (tag.id == tag::interoperability) {
        const uint32_t inner = file_.pointer(directory, tag.id);
        std::vector<TiffTag> copied;
        for (const TiffTag& related : file_.directory(inner)) copy(related, copied);
        TiffEditor editor(block_);
        if (!copied.empty()) entries.push_back(editor.make_long(tag.id, editor.append(copied)));
      } else {
        copy(tag, entries);
      }
    }
    return entries;
  }

  void copy(const TiffTag& tag, std::vector<TiffTag>& entries) {
    const std::span<const uint8_t> data = file_.data(tag);
    const bool note = tag.id == tag::maker_note;
    if (note && tag.at == note_at_) {
      entries.push_back(tag);
    } else if (!data.empty() && block_.size() + data.size() <= kLargestBlock && (!note || movable(data))) {
      entries.push_back(TiffEditor(block_).make(tag.id, tag.type, tag.count, data));
    }
  }

  const TiffTags& file_;
  std::vector<uint8_t> block_;
  size_t note_at_ = 0;
};

}  // namespace

void tidy_exif(std::vector<uint8_t>& exif) {
  if (starts_with(exif, kExifPrefix)) exif.erase(exif.begin(), exif.begin() + kExifPrefix.size());
  if (TiffTags(exif).valid()) remove_thumbnail(exif);
  if (!TiffTags(exif).valid()) exif.clear();
}

int take_orientation(std::vector<uint8_t>& exif) {
  const TiffTags tags(exif);
  if (!tags.valid()) return 1;
  const TiffTag tag = tags.find(tags.first(), tag::orientation);
  const uint32_t orientation = tags.integer(tag);
  TiffEditor(exif).set_integer(tag, 1);
  return orientation >= 1 && orientation <= 8 ? int(orientation) : 1;
}

void set_exif_size(std::vector<uint8_t>& exif, int width, int height) {
  const TiffTags tags(exif);
  if (!tags.valid()) return;
  const uint32_t first = tags.first(), photo = tags.pointer(first, tag::exif);
  const uint32_t related = tags.pointer(photo, tag::interoperability);
  TiffEditor editor(exif);
  for (const auto& [directory, id, size] : {std::tuple{first, tag::width, width},
                                            {first, tag::height, height},
                                            {photo, tag::pixel_width, width},
                                            {photo, tag::pixel_height, height},
                                            {related, tag::related_width, width},
                                            {related, tag::related_height, height}})
    editor.set_integer(tags.find(directory, id), uint32_t(size));
}

Resolution exif_resolution(std::span<const uint8_t> exif) {
  const TiffTags tags(exif);
  if (!tags.valid()) return {};
  const uint32_t first = tags.first();
  const TiffTag unit = tags.find(first, tag::resolution_unit);
  const uint32_t stored = unit.at == 0 ? kInch : tags.integer(unit);
  const double scale = stored == kInch ? 1 : stored == kCentimetre ? kCentimetresPerInch : 0;
  return {tags.rational(tags.find(first, tag::x_resolution)) * scale,
          tags.rational(tags.find(first, tag::y_resolution)) * scale};
}

void turn_exif_resolution(std::vector<uint8_t>& exif) {
  const TiffTags tags(exif);
  if (!tags.valid()) return;
  const TiffTag x = tags.find(tags.first(), tag::x_resolution), y = tags.find(tags.first(), tag::y_resolution);
  if (x.at == 0 || y.at == 0) return;
  for (size_t i = 2; i < 12; ++i) std::swap(exif[x.at + i], exif[y.at + i]);
}

void set_exif_resolution(std::vector<uint8_t>& exif, const Resolution& resolution) {
  if (!resolution.known()) return;
  if (exif.empty()) exif = TiffEditor::empty_block();
  const TiffTags tags(exif);
  const Resolution stored = exif_resolution(exif);
  const bool same = std::abs(stored.x - resolution.x) < 0.01 && std::abs(stored.y - resolution.y) < 0.01;
  if (!tags.valid() || same) return;
  std::vector<TiffTag> entries = tags.directory(tags.first());
  const uint32_t next = tags.next(tags.first());
  std::erase_if(entries, [](const TiffTag& tag) {
    return tag.id == tag::x_resolution || tag.id == tag::y_resolution || tag.id == tag::resolution_unit;
  });
  TiffEditor editor(exif);
  entries.push_back(editor.make_rational(tag::x_resolution, resolution.x));
  entries.push_back(editor.make_rational(tag::y_resolution, resolution.y));
  entries.push_back(editor.make_short(tag::resolution_unit, kInch));
  editor.set_first(editor.append(entries, next));
}

void remove_exif_gps(std::vector<uint8_t>& exif) {
  const TiffTags tags(exif);
  if (!tags.valid()) return;
  const uint32_t gps = tags.pointer(tags.first(), tag::gps);
  TiffEditor editor(exif);
  for (const TiffTag& tag : tags.directory(gps))
    if (const std::span<const uint8_t> data = tags.data(tag); !data.empty())
      editor.zero(tags.data_at(tag), data.size());
  if (gps > 0) editor.zero(gps, tags.end_of(gps) - gps);
  editor.remove(tags.first(), tag::gps);
}

Metadata metadata_of_tiff(std::span<const uint8_t> tiff) {
  const TiffTags file(tiff);
  Metadata metadata;
  if (!file.valid()) return metadata;
  const auto bytes_of = [&](uint16_t id) {
    const std::span<const uint8_t> data = file.data(file.find(file.first(), id));
    return std::vector<uint8_t>(data.begin(), data.end());
  };
  metadata.exif = BlockBuilder(file).build();
  metadata.xmp = bytes_of(tag::xmp);
  metadata.iptc = iptc_records(bytes_of(tag::iptc));
  if (metadata.iptc.empty()) metadata.iptc = iptc_of_photoshop(bytes_of(tag::photoshop));
  metadata.resolution = exif_resolution(tiff);
  return metadata;
}

std::vector<uint8_t> tiff_start(const Metadata& metadata) {
  const bool described = TiffTags(metadata.exif).valid();
  if (!described && metadata.xmp.empty() && metadata.iptc.empty()) return {};
  std::vector<uint8_t> start = described ? metadata.exif : TiffEditor::empty_block();
  // libtiff appends the picture's directory to this one: those of the block may be damaged.
  TiffEditor editor(start);
  editor.set_first(editor.append({}));
  return start;
}

void finish_tiff(std::vector<uint8_t>& tiff, const Metadata& metadata) {
  const TiffTags tags(tiff), exif(metadata.exif);
  const uint32_t described = exif.valid() ? exif.first() : 0;
  const uint32_t first = tags.next(tags.first()), second = tags.next(first);
  std::vector<TiffTag> entries = tags.directory(first);
  for (const TiffTag& tag : exif.directory(described)) {
    const bool pointer = tag.id == tag::exif || tag.id == tag::gps;
    const bool kept = pointer ? exif.pointer(described, tag.id) != 0 : descriptive(tag.id) && !exif.data(tag).empty();
    if (kept && std::ranges::find(entries, tag.id, &TiffTag::id) == entries.end()) entries.push_back(tag);
  }
  TiffEditor editor(tiff);
  constexpr uint16_t kByte = 1, kUndefined = 7;
  if (!metadata.xmp.empty())
    entries.push_back(editor.make(tag::xmp, kByte, uint32_t(metadata.xmp.size()), metadata.xmp));
  if (!metadata.iptc.empty())
    entries.push_back(editor.make(tag::iptc, kUndefined, uint32_t(metadata.iptc.size()), metadata.iptc));
  editor.set_first(editor.append(std::move(entries), second));
}

}  // namespace daclip
