#include "image/metadata.h"

#include <exiv2/exiv2.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "core/error.h"
#include "image/containers.h"
#include "image/exif.h"

namespace daclip {
namespace {

constexpr const char* kExtensionSchema = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
constexpr const char* kExtensionPrefix = "Iptc4xmpExt";  // IPTC's own, where Exiv2 has "iptcExt"
constexpr const char* kSourceKey = "Xmp.Iptc4xmpExt.DigitalSourceType";
constexpr std::string_view kSourceTypes = "http://cv.iptc.org/newscodes/digitalsourcetype/";

// PNG's predefined keywords, and what they are in XMP.
struct TextProperty {
  std::string_view keyword;
  const char* key;
};
constexpr TextProperty kTextProperties[] = {
    {"Title", "Xmp.dc.title"},      {"Author", "Xmp.dc.creator"},        {"Description", "Xmp.dc.description"},
    {"Copyright", "Xmp.dc.rights"}, {"Software", "Xmp.xmp.CreatorTool"}, {"Source", "Xmp.dc.source"},
};
constexpr const char* kOtherTexts = "Xmp.exif.UserComment";
constexpr const char* kExtensionKey = "Xmp.xmpNote.HasExtendedXMP";

void prepare_exiv2() {
  static std::once_flag once;
  std::call_once(once, [] {
    Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
    Exiv2::XmpParser::initialize();
    Exiv2::XmpProperties::registerNs(kExtensionSchema, kExtensionPrefix);
    Exiv2::XmpProperties::registerNs("http://ns.adobe.com/xmp/note/", "xmpNote");
  });
}

// Exiv2's XMP parser holds state that only one thread at a time may use.
std::mutex xmp_mutex;

// Changes a packet. One that cannot be parsed stays as it is.
template <class Edit>
void edit_xmp(std::vector<uint8_t>& packet, Edit edit) {
  const std::lock_guard lock(xmp_mutex);
  prepare_exiv2();
  try {
    Exiv2::XmpData data;
    std::string text(packet.begin(), packet.end());
    if (Exiv2::XmpParser::decode(data, text) != 0) return;
    edit(data);
    if (data.empty()) {
      packet.clear();
    } else if (Exiv2::XmpParser::encode(text, data) == 0) {
      packet.assign(text.begin(), text.end());
    }
  } catch (const std::exception&) {
    return;
  }
}

bool holds(const std::vector<uint8_t>& packet, std::string_view text) {
  return std::search(packet.begin(), packet.end(), text.begin(), text.end()) != packet.end();
}

bool has(const Exiv2::XmpData& data, const char* key) {
  return std::ranges::any_of(data, [&](const Exiv2::Xmpdatum& datum) { return datum.key() == key; });
}

template <class Chosen>
void erase_where(Exiv2::XmpData& data, Chosen chosen) {
  for (auto it = data.begin(); it != data.end();) it = chosen(it->key()) ? data.erase(it) : std::next(it);
}

// A property that is not there yet.
void add(Exiv2::XmpData& data, const char* key, const std::string& text) {
  if (!has(data, key)) data[key] = text;
}

void set_if_there(Exiv2::XmpData& data, const char* key, const std::string& text) {
  if (has(data, key)) data[key] = text;
}

// "Xmp.xmpMM.History" of "Xmp.xmpMM.History[1]/stEvt:action".
std::string property_of(const std::string& key) { return key.substr(0, key.find_first_of("[/")); }

// Two hashes (FNV-1a) as 32 hexadecimal digits: readers only compare them.
std::string digest_of(const std::vector<uint8_t>& bytes) {
  uint64_t hashes[] = {0xcbf29ce484222325, 0x84222325cbf29ce4};
  for (const uint8_t byte : bytes)
    for (uint64_t& hash : hashes) hash = (hash ^ byte) * 0x100000001b3;
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llX%016llX", static_cast<unsigned long long>(hashes[0]),
                static_cast<unsigned long long>(hashes[1]));
  return digits;
}

// The same values as XMP properties, where XMP does not hold them yet.
void iptc_into_xmp(Metadata& metadata) {
  edit_xmp(metadata.xmp, [&](Exiv2::XmpData& data) {
    Exiv2::IptcData iptc;
    if (Exiv2::IptcParser::decode(iptc, metadata.iptc.data(), uint32_t(metadata.iptc.size())) != 0) return;
    Exiv2::XmpData converted;
    Exiv2::copyIptcToXmp(iptc, converted);
    for (const Exiv2::Xmpdatum& datum : converted)
      if (!has(data, datum.key().c_str())) data.add(datum);
  });
  metadata.iptc.clear();
}

void text_into_xmp(Metadata& metadata, const std::vector<TextEntry>& entries) {
  edit_xmp(metadata.xmp, [&](Exiv2::XmpData& data) {
    std::string others;
    for (const TextEntry& entry : entries) {
      const auto* property = std::ranges::find(kTextProperties, entry.keyword, &TextProperty::keyword);
      if (property != std::end(kTextProperties)) {
        add(data, property->key, entry.text);
      } else if (!entry.keyword.starts_with("Raw profile type")) {
        if (!others.empty()) others += '\n';
        others += entry.keyword == kCommentKeyword ? entry.text : cat(entry.keyword, ": ", entry.text);
      }
    }
    if (!others.empty()) add(data, kOtherTexts, others);
  });
}

void set_xmp_size(std::vector<uint8_t>& packet, int width, int height) {
  if (!holds(packet, "PixelXDimension") && !holds(packet, "ImageWidth")) return;
  edit_xmp(packet, [&](Exiv2::XmpData& data) {
    for (const char* key : {"Xmp.exif.PixelXDimension", "Xmp.tiff.ImageWidth"}) set_if_there(data, key, cat(width));
    for (const char* key : {"Xmp.exif.PixelYDimension", "Xmp.tiff.ImageLength"}) set_if_there(data, key, cat(height));
  });
}

}  // namespace

int settle_metadata(Metadata& metadata) {
  tidy_exif(metadata.exif);
  if (holds(metadata.xmp, "Thumbnails"))
    edit_xmp(metadata.xmp, [](Exiv2::XmpData& data) {
      erase_where(data, [](const std::string& key) { return key.starts_with("Xmp.xmp.Thumbnails"); });
    });
  if (holds(metadata.xmp, "HasExtendedXMP"))  // which was not found
    edit_xmp(metadata.xmp,
             [](Exiv2::XmpData& data) { erase_where(data, [](const auto& key) { return key == kExtensionKey; }); });
  if (!metadata.resolution.known()) metadata.resolution = exif_resolution(metadata.exif);
  return take_orientation(metadata.exif);
}

void turn_metadata(Metadata& metadata, int orientation) {
  if (orientation <= 1 || orientation > 8) return;
  if (orientation >= 5) {
    std::swap(metadata.resolution.x, metadata.resolution.y);
    turn_exif_resolution(metadata.exif);
  }
  if (holds(metadata.xmp, "Orientation"))
    edit_xmp(metadata.xmp, [](Exiv2::XmpData& data) { set_if_there(data, "Xmp.tiff.Orientation", "1"); });
}

Metadata metadata_to_write(const Image& image, const MetadataForm& form) {
  Metadata metadata = image.metadata;
  set_exif_size(metadata.exif, image.width, image.height);
  set_xmp_size(metadata.xmp, image.width, image.height);
  if (!form.resolution) set_exif_resolution(metadata.exif, metadata.resolution);
  if (!form.iptc && !metadata.iptc.empty()) iptc_into_xmp(metadata);
  if (form.text) return metadata;
  const auto kept = std::stable_partition(metadata.text.begin(), metadata.text.end(), [&](const TextEntry& entry) {
    return form.comment && entry.keyword == kCommentKeyword;
  });
  const std::vector<TextEntry> others(kept, metadata.text.end());
  metadata.text.erase(kept, metadata.text.end());
  if (!others.empty()) text_into_xmp(metadata, others);
  return metadata;
}

SplitXmp split_xmp(const std::vector<uint8_t>& packet, size_t limit) {
  if (packet.size() <= limit) return {packet, {}, ""};
  SplitXmp split{packet, packet, ""};
  // Properties with all that is below them, the largest first.
  std::map<std::string, size_t> sizes;
  edit_xmp(split.packet, [&](Exiv2::XmpData& data) {
    for (const Exiv2::Xmpdatum& datum : data) sizes[property_of(datum.key())] += datum.key().size() + datum.size();
  });
  std::vector<std::pair<size_t, std::string>> largest;
  for (const auto& [name, size] : sizes) largest.emplace_back(size, name);
  std::ranges::sort(largest, std::greater());
  std::set<std::string> moved;
  size_t left = packet.size();
  for (const auto& [size, name] : largest)
    if (left > limit / 2) moved.insert(name), left -= std::min(left, size);
  const auto is_moved = [&](const std::string& key) { return moved.contains(property_of(key)); };
  edit_xmp(split.extension, [&](Exiv2::XmpData& data) { erase_where(data, std::not_fn(is_moved)); });
  split.digest = digest_of(split.extension);
  edit_xmp(split.packet, [&](Exiv2::XmpData& data) {
    erase_where(data, is_moved);
    data[kExtensionKey] = split.digest;
  });
  return split.packet.size() <= limit ? split : SplitXmp();
}

void merge_xmp(std::vector<uint8_t>& packet, const std::vector<uint8_t>& extension) {
  Exiv2::XmpData further;
  std::vector<uint8_t> copy = extension;
  edit_xmp(copy, [&](Exiv2::XmpData& data) { further = data; });
  edit_xmp(packet, [&](Exiv2::XmpData& data) {
    erase_where(data, [](const auto& key) { return key == kExtensionKey; });
    for (const Exiv2::Xmpdatum& datum : further)
      if (!has(data, datum.key().c_str())) data.add(datum);
  });
}

void mark_digital_source(Metadata& metadata, bool painted) {
  edit_xmp(metadata.xmp, [&](Exiv2::XmpData& data) {
    const auto found = data.findKey(Exiv2::XmpKey(kSourceKey));
    const std::string known = found == data.end() ? "" : found->toString();
    if (known.ends_with("/trainedAlgorithmicMedia") || known.ends_with("/compositeWithTrainedAlgorithmicMedia")) return;
    data[kSourceKey] = cat(kSourceTypes, painted ? "compositeWithTrainedAlgorithmicMedia" : "algorithmicallyEnhanced");
  });
}

void remove_gps(Metadata& metadata) {
  remove_exif_gps(metadata.exif);
  if (metadata.xmp.empty()) return;
  edit_xmp(metadata.xmp, [](Exiv2::XmpData& data) {
    // exif:GPSLatitude, drone-dji:GpsLatitude, drone-dji:AbsoluteAltitude
    erase_where(data, [](const std::string& key) {
      return std::ranges::any_of(std::array{"GPS", "Gps", "Latitude", "Longitude", "Altitude"},
                                 [&](const char* part) { return key.find(part) != key.npos; });
    });
  });
}

}  // namespace daclip
