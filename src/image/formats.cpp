#include "image/formats.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "image/codec.h"
#include "image/mpo.h"
#include "image/plugins.h"
#include "image/raw_tiff.h"

namespace daclip {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const uint8_t>;

bool has(Bytes bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

// An ISO media file of one of these brands: its first, or any of its compatible ones.
bool has_brand(Bytes bytes, std::initializer_list<std::string_view> brands, bool compatible = false) {
  if (!has(bytes, "ftyp"sv, 4)) return false;
  constexpr size_t kMostBytes = 128;
  const size_t size = std::min<size_t>({bytes.size(), size_t(bytes[2] << 8 | bytes[3]), kMostBytes});
  for (const std::string_view brand : brands)
    for (size_t at = 8; at + 4 <= std::max<size_t>(size, 12); at += at == 8 ? 8 : 4)
      if ((at == 8 || compatible) && has(bytes, brand, at)) return true;
  return false;
}

bool is_avif(Bytes bytes) {
  return has_brand(bytes, {"avif"sv, "avis"sv}) ||
         (has_brand(bytes, {"mif1"sv, "msf1"sv}) && has_brand(bytes, {"avif"sv, "avis"sv}, true));
}

bool is_heic(Bytes bytes) {
  return has_brand(bytes, {"heic"sv, "heix"sv, "hevc"sv, "hevx"sv, "heim"sv, "heis"sv, "mif1"sv, "msf1"sv}) &&
         !is_avif(bytes);
}

bool is_raw(Bytes bytes) {
  return has(bytes, "CR\2"sv, 8) || has_brand(bytes, {"crx "sv}) || has(bytes, "FUJIFILMCCD-RAW"sv) ||
         has(bytes, "IIRO"sv) || has(bytes, "IIRS"sv) || has(bytes, "MMOR"sv) || has(bytes, "IIU\0"sv) ||
         has(bytes, "FOVb"sv) || has(bytes, "\0MRM"sv) || is_raw_tiff(bytes);
}

bool is_jpeg(Bytes bytes) { return has(bytes, "\xff\xd8\xff"sv); }

bool is_pnm(Bytes bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
         (bytes[2] == '\n' || bytes[2] == ' ' || bytes[2] == '\r' || bytes[2] == '\t');
}

template <class Chosen>
std::vector<const ImageFormat*> formats_where(Chosen chosen) {
  std::vector<const ImageFormat*> formats;
  for (const ImageFormat& format : image_formats())
    if (chosen(format)) formats.push_back(&format);
  return formats;
}

// DACLIP_HEIF and the others are 0 where the build lacks the library.
constexpr ImageReader* kHeifReader = DACLIP_HEIF ? decode_heif : nullptr;
constexpr ImageReader* kJxlReader = DACLIP_JXL ? decode_jxl : nullptr;
constexpr ImageReader* kRawReader = DACLIP_RAW ? decode_raw : nullptr;
constexpr ImageReader* kGifReader = DACLIP_GIF ? decode_gif : nullptr;
constexpr ImageReader* kJp2Reader = DACLIP_JP2 ? decode_jp2 : nullptr;
constexpr ImageWriter* kAvifWriter = DACLIP_HEIF ? encode_avif : nullptr;
constexpr ImageWriter* kJxlWriter = DACLIP_JXL ? encode_jxl : nullptr;

const ImageFormat* format_of_ending(std::string_view ending) {
  for (const ImageFormat& format : image_formats())
    if (std::ranges::count(format.endings, ending)) return &format;
  return nullptr;
}

}  // namespace

std::span<const ImageFormat> image_formats() {
  static const ImageFormat formats[] = {
      {.name = "jpeg",
       .title = "JPEG",
       .endings = {".jpg", ".jpeg", ".jpe", ".jfif", ".jif"},
       .matches = [](Bytes bytes) { return is_jpeg(bytes) && !is_mpo(bytes); },
       .decode = decode_jpeg,
       .encode = encode_jpeg,
       .profile = true,
       .exif = true,
       .loss = Loss::always},
      {.name = "png",
       .title = "PNG",
       .endings = {".png"},
       .matches = [](Bytes bytes) { return has(bytes, "\x89PNG\r\n\x1a\n"sv); },
       .decode = decode_png,
       .encode = encode_png,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true},
      {.name = "webp",
       .title = "WebP",
       .endings = {".webp"},
       .matches = [](Bytes bytes) { return has(bytes, "RIFF"sv) && has(bytes, "WEBP"sv, 8); },
       .decode = decode_webp,
       .encode = encode_webp,
       .alpha = true,
       .profile = true,
       .exif = true,
       .pages = true,
       .loss = Loss::below_100},
      // Before TIFF, which most of them are.
      {.name = "raw",
       .title = "RAW",
       .endings = {".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".srf", ".sr2",
                   ".raf", ".orf", ".rw2", ".raw", ".rwl", ".pef", ".srw", ".x3f", ".mrw",
                   ".erf", ".kdc", ".dcr", ".3fr", ".fff", ".iiq", ".mef", ".mos"},
       .matches = is_raw,
       .decode = kRawReader,
       .written_as = "tiff",
       .orients = true,
       .bits16 = true,
       .exif = true},
      {.name = "tiff",
       .title = "TIFF",
       .endings = {".tiff", ".tif"},
       .matches =
           [](Bytes bytes) {
             return has(bytes, "II*\0"sv) || has(bytes, "MM\0*"sv) || has(bytes, "II+\0"sv) || has(bytes, "MM\0+"sv);
           },
       .decode = decode_tiff,
       .encode = encode_tiff,
       .orients = true,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true,
       .pages = true},
      {.name = "bmp",
       .title = "BMP",
       .endings = {".bmp"},
       .matches = [](Bytes bytes) { return has(bytes, "BM"sv); },
       .decode = decode_bmp,
       .alpha = true,
       .profile = true},
      {.name = "gif",
       .title = "GIF",
       .endings = {".gif"},
       .matches = [](Bytes bytes) { return has(bytes, "GIF87a"sv) || has(bytes, "GIF89a"sv); },
       .decode = kGifReader,
       .alpha = true,
       .pages = true},
      {.name = "mpo",
       .title = "MPO",
       .endings = {".mpo"},
       .matches = [](Bytes bytes) { return is_jpeg(bytes) && is_mpo(bytes); },
       .decode = decode_mpo,
       .written_as = "jpeg",
       .is_variant = true,
       .profile = true,
       .exif = true,
       .pages = true,
       .loss = Loss::always},
      {.name = "heic",
       .title = "HEIC",
       .endings = {".heic", ".heif", ".hif"},
       .matches = is_heic,
       .decode = kHeifReader,
       .orients = true,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true,
       .pages = true,
       .loss = Loss::always},
      {.name = "avif",
       .title = "AVIF",
       .endings = {".avif", ".avifs"},
       .matches = is_avif,
       .decode = kHeifReader,
       .encode = kAvifWriter,
       .orients = true,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true,
       .pages = true,
       .loss = Loss::always},
      {.name = "jxl",
       .title = "JPEG XL",
       .endings = {".jxl"},
       .matches = [](Bytes bytes) { return has(bytes, "\xff\x0a"sv) || has(bytes, "\0\0\0\x0cJXL \r\n\x87\n"sv); },
       .decode = kJxlReader,
       .encode = kJxlWriter,
       .orients = true,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true,
       .loss = Loss::below_100},
      {.name = "jp2",
       .title = "JPEG 2000",
       .endings = {".jp2", ".j2k", ".jpf", ".jpx", ".j2c"},
       .matches =
           [](Bytes bytes) { return has(bytes, "\0\0\0\x0cjP  \r\n\x87\n"sv) || has(bytes, "\xff\x4f\xff\x51"sv); },
       .decode = kJp2Reader,
       .bits16 = true,
       .alpha = true,
       .profile = true,
       .exif = true,
       .loss = Loss::below_100},
      // Known by name, so that people learn why such a file is left out.
      {.name = "psd",
       .title = "Photoshop",
       .endings = {".psd", ".psb"},
       .matches = [](Bytes bytes) { return has(bytes, "8BPS"sv); }},
      {.name = "exr",
       .title = "OpenEXR",
       .endings = {".exr"},
       .matches = [](Bytes bytes) { return has(bytes, "v/1\x01"sv); }},
      {.name = "hdr",
       .title = "Radiance HDR",
       .endings = {".hdr"},
       .matches = [](Bytes bytes) { return has(bytes, "#?RADIANCE"sv) || has(bytes, "#?RGBE"sv); }},
      {.name = "pnm", .title = "PNM", .endings = {".ppm", ".pgm", ".pbm", ".pnm", ".pam"}, .matches = is_pnm},
  };
  return formats;
}

std::vector<const ImageFormat*> formats_read() {
  return formats_where([](const ImageFormat& format) { return format.decode != nullptr; });
}

std::vector<const ImageFormat*> formats_written() {
  return formats_where([](const ImageFormat& format) { return format.encode != nullptr; });
}

std::string_view short_name(const ImageFormat& format) { return format.endings.front().substr(1); }

std::string readable_titles(std::string_view last) {
  std::vector<std::string_view> titles;
  for (const ImageFormat* format : formats_read()) titles.push_back(format->title);
  return joined(titles, ", ", last);
}

bool is_also(const ImageFormat& format, const ImageFormat& other) {
  return &format == &other || (format.is_variant && format.written_as == other.name);
}

std::string not_written(const ImageFormat& format) {
  std::vector<std::string_view> names;
  for (const ImageFormat* other : formats_written()) names.push_back(short_name(*other));
  return cat(format.title, " is not written; choose ", joined(names, ", ", " or "));
}

const ImageFormat* detect_format(std::span<const uint8_t> bytes) {
  for (const ImageFormat& format : image_formats())
    if (format.matches(bytes)) return &format;
  return nullptr;
}

const ImageFormat* format_of_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return format_of_ending(ending);
}

bool has_readable_name(const std::filesystem::path& path) {
  const ImageFormat* format = format_of_name(path);
  return format && format->decode;
}

const ImageFormat& image_format(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ImageFormat& format : image_formats()) {
    if (format.name == name) return format;
    if (format.decode) names.push_back(format.name);
  }
  if (const ImageFormat* format = format_of_ending(cat(".", name))) return *format;
  throw UsageError(cat("picture format ", name, ": expected ", joined(names, ", ", " or ")));
}

}  // namespace daclip
