#include "formats.h"

#include <nlohmann/json.hpp>

#include <iostream>

#include "image/formats.h"
#include "text.h"

namespace daclip::app {
namespace {

// "Quality of JPEG and WebP; 100 makes WebP lossless".
std::string quality_help() {
  std::vector<std::string_view> lossy, lossless_at_100;
  for (const ImageFormat* format : formats_written()) {
    if (format->loss != Loss::never) lossy.push_back(format->title);
    if (format->loss == Loss::below_100) lossless_at_100.push_back(format->title);
  }
  return cat("Quality of ", joined(lossy, ", ", " and "), "; 100 makes ", joined(lossless_at_100, ", ", " and "),
             " lossless");
}

const char* yes(bool value) { return value ? "yes" : "no"; }

std::string compression(const ImageFormat& format) {
  switch (format.loss) {
    case Loss::never: return "lossless";
    case Loss::below_100: return "lossy, lossless at quality 100";
    case Loss::always: return "lossy";
  }
  return "";
}

std::string markdown_row(const ImageFormat& format) {
  const std::string name = format.encode ? cat("`", short_name(format), "`") : "";
  return cat("| ", format.title, " | ", name, " | `", joined(format.endings, "` `"), "` | ", yes(format.decode), " | ",
             yes(format.encode), " | ", yes(format.bits16), " | ", yes(format.alpha), " | ", yes(format.profile), " | ",
             yes(format.exif), " | ", compression(format), " |\n");
}

}  // namespace

void add_format_options(CLI::App& verb, std::string& format, int& quality, const std::string& help,
                        const std::string& default_quality) {
  std::vector<std::string> names;
  for (const ImageFormat* known : formats_written()) names.emplace_back(short_name(*known));
  verb.add_option("--format", format, help)->check(CLI::IsMember(names))->capture_default_str();
  verb.add_option("--quality", quality, quality_help() + " (default " + default_quality + ")")
      ->check(CLI::Range(1, 100));
}

std::string inputs_help() { return cat("Photos (", readable_titles(", "), "), folders, or - for standard input"); }

int list_formats(bool json) {
  if (!json) {
    std::cout << "| format | `--format` | endings | read | written | 16 bit | alpha | colour profile | EXIF | "
                 "compression |\n|---|---|---|---|---|---|---|---|---|---|\n";
    for (const ImageFormat& format : image_formats()) std::cout << markdown_row(format);
    std::cout.flush();
    return kAllDone;
  }
  auto list = nlohmann::ordered_json::array();
  for (const ImageFormat& format : image_formats())
    list.push_back({{"name", format.name},
                    {"title", format.title},
                    {"endings", format.endings},
                    {"read", format.decode != nullptr},
                    {"written", format.encode != nullptr},
                    {"16_bit", format.bits16},
                    {"alpha", format.alpha},
                    {"colour_profile", format.profile},
                    {"exif", format.exif},
                    {"compression", compression(format)}});
  std::cout << list.dump(2) << std::endl;
  return kAllDone;
}

}  // namespace daclip::app
