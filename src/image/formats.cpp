#include "image/formats.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "image/codec.h"

namespace daclip {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const uint8_t>;

bool has(Bytes bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

template <class Chosen>
std::vector<const ImageFormat*> formats_where(Chosen chosen) {
  std::vector<const ImageFormat*> formats;
  for (const ImageFormat& format : image_formats())
    if (chosen(format)) formats.push_back(&format);
  return formats;
}

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
       .matches = [](Bytes bytes) { return has(bytes, "\xff\xd8\xff"sv); },
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
       .loss = Loss::below_100},
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
       .exif = true},
      {.name = "bmp",
       .title = "BMP",
       .endings = {".bmp"},
       .matches = [](Bytes bytes) { return has(bytes, "BM"sv); },
       .decode = decode_bmp,
       .alpha = true},
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

const ImageFormat& image_format(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ImageFormat& format : image_formats()) {
    if (format.name == name) return format;
    names.push_back(format.name);
  }
  if (const ImageFormat* format = format_of_ending(cat(".", name))) return *format;
  throw UsageError(cat("picture format ", name, ": expected ", joined(names, ", ", " or ")));
}

}  // namespace daclip
