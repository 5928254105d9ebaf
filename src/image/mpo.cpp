#include "image/mpo.h"

#include <vector>

#include "core/error.h"
#include "image/codec.h"
#include "image/containers.h"
#include "image/tiff_tags.h"

namespace daclip {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr std::string_view kMpfPrefix("MPF\0", 4);

struct Place {
  uint64_t at, size;  // the first picture, at 0, has the whole file
};

// Where the index lies, whose offsets count from its own start; 0 where there is none.
size_t find_index(Bytes jpeg) {
  constexpr uint8_t kApp2 = 0xe2, kStartOfScan = 0xda;
  for (size_t at = 2; at + 4 <= jpeg.size() && jpeg[at] == 0xff && jpeg[at + 1] != kStartOfScan;) {
    if (jpeg[at + 1] == 0xff) {  // padding
      ++at;
      continue;
    }
    if (jpeg[at + 1] == kApp2 && starts_with(jpeg.subspan(at + 4), kMpfPrefix)) return at + 4 + kMpfPrefix.size();
    at += 2 + size_t(big_endian(jpeg, at + 2, 2));
  }
  return 0;
}

std::vector<Place> views_of(Bytes jpeg) {
  constexpr uint16_t kEntries = 0xb002;
  constexpr uint32_t kPrimary = 0x030000, kViews = 2, kEntryBytes = 16;
  std::vector<Place> views = {{0, jpeg.size()}};
  const size_t start = find_index(jpeg);
  if (start == 0) return views;
  const TiffTags tags(jpeg.subspan(start));
  if (!tags.valid()) return views;
  const TiffTag entries = tags.find(tags.first(), kEntries);
  const size_t at = tags.data_at(entries), count = tags.data(entries).size() / kEntryBytes;
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = at + i * kEntryBytes;
    const uint32_t kind = tags.number(entry, 4) & 0xffffff, size = tags.number(entry + 4, 4),
                   offset = tags.number(entry + 8, 4);
    if (offset != 0 && (kind == kPrimary || kind >> 16 == kViews)) views.push_back({start + uint64_t(offset), size});
  }
  return views;
}

}  // namespace

bool is_mpo(Bytes start) { return views_of(start).size() > 1; }

Image decode_mpo(Bytes bytes, std::string_view where, const DecodeLimits& limits) {
  std::vector<Place> views = views_of(bytes);
  std::erase_if(views, [&](const Place& view) {
    return view.at > bytes.size() || view.size > bytes.size() - view.at ||
           !starts_with(bytes.subspan(view.at), "\xff\xd8");
  });
  if (size_t(limits.page) >= views.size()) fail_decoding(where, "MPO", cat("it has ", views.size(), " pictures"));
  const Place& view = views[size_t(limits.page)];
  Image image = decode_jpeg(bytes.subspan(view.at, view.size), where, limits);
  image.source.pages = int(views.size());
  return image;
}

}  // namespace daclip
