#include "image/exif.h"

#include <exiv2/exiv2.hpp>

#include <array>
#include <mutex>
#include <string>

namespace daclip {
namespace {

void silence_exiv2() {
  static std::once_flag once;
  std::call_once(once, [] { Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute); });
}

// Tags of a TIFF that tell of the photo and not of how its samples are stored.
bool descriptive(const Exiv2::Exifdatum& datum) {
  static constexpr std::array kImageTags = {"ImageDescription", "Make",        "Model",         "Software",
                                            "DateTime",         "Artist",      "Copyright",     "HostComputer",
                                            "XResolution",      "YResolution", "ResolutionUnit"};
  const std::string group = datum.groupName();
  if (group == "Photo" || group == "GPSInfo" || group == "Iop") return true;
  if (group != "Image") return false;
  const std::string tag = datum.tagName();
  return std::find(kImageTags.begin(), kImageTags.end(), tag) != kImageTags.end();
}

std::vector<uint8_t> encoded(const Exiv2::ExifData& data, Exiv2::ByteOrder order) {
  Exiv2::Blob blob;
  Exiv2::ExifParser::encode(blob, order, data);
  return {blob.begin(), blob.end()};
}

}  // namespace

int take_orientation(std::vector<uint8_t>& exif) {
  if (exif.empty()) return 1;
  silence_exiv2();
  try {
    Exiv2::ExifData data;
    const Exiv2::ByteOrder order = Exiv2::ExifParser::decode(data, exif.data(), uint32_t(exif.size()));
    if (order == Exiv2::invalidByteOrder) {
      exif.clear();
      return 1;
    }
    int orientation = 1;
    const auto found = data.findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
    if (found != data.end() && found->count() > 0) orientation = int(found->toLong());
    if (orientation < 1 || orientation > 8) orientation = 1;
    if (found != data.end()) data["Exif.Image.Orientation"] = uint16_t(1);
    Exiv2::ExifThumb thumbnail(data);
    const bool has_thumbnail = *thumbnail.mimeType() != '\0';
    if (has_thumbnail) thumbnail.erase();
    if (orientation == 1 && !has_thumbnail) return 1;
    // Patches the block in place where it can, so that maker notes stay byte for byte; else gives a new one.
    Exiv2::Blob blob;
    if (Exiv2::ExifParser::encode(blob, exif.data(), uint32_t(exif.size()), order, data) == Exiv2::wmIntrusive)
      exif.assign(blob.begin(), blob.end());
    return orientation;
  } catch (const std::exception&) {
    exif.clear();
    return 1;
  }
}

std::vector<uint8_t> exif_of_tiff(std::span<const uint8_t> tiff) {
  silence_exiv2();
  try {
    Exiv2::ExifData all, kept;
    Exiv2::IptcData iptc;
    Exiv2::XmpData xmp;
    const Exiv2::ByteOrder order = Exiv2::TiffParser::decode(all, iptc, xmp, tiff.data(), uint32_t(tiff.size()));
    for (const Exiv2::Exifdatum& datum : all)
      if (descriptive(datum)) kept.add(datum);
    if (kept.empty()) return {};
    return encoded(kept, order == Exiv2::bigEndian ? order : Exiv2::littleEndian);
  } catch (const std::exception&) {
    return {};
  }
}

std::vector<uint8_t> tiff_with_exif(std::vector<uint8_t> tiff, std::span<const uint8_t> exif) {
  silence_exiv2();
  try {
    Exiv2::ExifData data;
    Exiv2::ExifParser::decode(data, exif.data(), uint32_t(exif.size()));
    const auto file = Exiv2::ImageFactory::open(tiff.data(), long(tiff.size()));
    file->readMetadata();
    for (const Exiv2::Exifdatum& datum : data)
      if (descriptive(datum)) file->exifData()[datum.key()] = datum.value();
    file->writeMetadata();
    Exiv2::BasicIo& io = file->io();
    if (io.open() != 0) return tiff;
    const Exiv2::DataBuf bytes = io.read(long(io.size()));
    io.close();
    return {bytes.pData_, bytes.pData_ + bytes.size_};
  } catch (const std::exception&) {
    return tiff;
  }
}

}  // namespace daclip
