// Every pair of formats times every kind of metadata. exiftool, which shares no code with this project, writes the
// inputs and reads the outputs.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>

#include "core/files.h"
#include "core/text.h"
#include "image/formats.h"
#include "pictures.h"
#include "pipeline/temp_folder.h"

namespace daclip {
namespace {

using test::TempFolder;

// What a program prints, in one string.
std::string output_of(const std::string& command) {
  std::string text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) return text;
  for (int c; (c = std::fgetc(pipe.get())) != EOF;) text += char(c);
  return text;
}

bool has_exiftool() { return !output_of("exiftool -ver 2>/dev/null").empty(); }

std::string quoted(const std::string& text) { return "'" + text + "'"; }

// "Group:Tag" to its value, of all that exiftool finds.
std::map<std::string, std::string> tags_of(const std::filesystem::path& path) {
  std::map<std::string, std::string> tags;
  const std::string text = output_of("exiftool -a -G1 -s -n " + quoted(path.string()));
  for (size_t at = 0; at < text.size();) {  // "[IFD0]          Make                            : Camera"
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const size_t close = line.find(']'), colon = line.find(": ");
    if (line.starts_with('[') && close < colon && colon != line.npos) {
      const size_t name = line.find_first_not_of(' ', close + 1);
      tags[line.substr(1, close - 1) + ":" + line.substr(name, line.find(' ', name) - name)] = line.substr(colon + 2);
    }
    at = end + 1;
  }
  return tags;
}

struct Kind {
  std::string name;
  std::map<std::string, std::string> written;  // to the input: format ("" for all), exiftool's arguments
  std::map<std::string, std::string> kept;     // in the output: format ("" for all others), "Group:Tag=value"
};

const std::vector<Kind> kKinds = {
    {"camera", {{"", "-IFD0:Make=Camera"}}, {{"", "IFD0:Make=Camera"}}},
    {"date",
     {{"", "-ExifIFD:DateTimeOriginal='2019:05:04 10:11:12'"}},
     {{"", "ExifIFD:DateTimeOriginal=2019:05:04 10:11:12"}}},
    {"place", {{"", "-GPS:GPSLatitude=48.5 -GPS:GPSLatitudeRef=N"}}, {{"", "GPS:GPSLatitude=48.5"}}},
    {"title", {{"", "-XMP-dc:Title=Launch"}}, {{"", "XMP-dc:Title=Launch"}}},
    {"rating", {{"", "-XMP-xmp:Rating=4"}}, {{"", "XMP-xmp:Rating=4"}}},
    {"panorama",
     {{"", "-XMP-GPano:ProjectionType=equirectangular"}},
     {{"", "XMP-GPano:ProjectionType=equirectangular"}}},
    {"keywords",
     {{"jpg", "-IPTC:Keywords=holiday"}, {"png", "-IPTC:Keywords=holiday"}, {"tiff", "-IPTC:Keywords=holiday"}},
     {{"", "IPTC:Keywords=holiday"}, {"webp", "XMP-dc:Subject=holiday"}}},
    {"caption",
     {{"jpg", "-IPTC:Caption-Abstract=Sea"},
      {"png", "-IPTC:Caption-Abstract=Sea"},
      {"tiff", "-IPTC:Caption-Abstract=Sea"}},
     {{"", "IPTC:Caption-Abstract=Sea"}, {"webp", "XMP-dc:Description=Sea"}}},
    {"text", {{"png", "-PNG:Copyright=Somebody"}}, {{"", "XMP-dc:Rights=Somebody"}, {"png", "PNG:Copyright=Somebody"}}},
    {"comment",
     {{"jpg", "-File:Comment=hello"}, {"png", "-PNG:Comment=hello"}},
     {{"", "XMP-exif:UserComment=hello"}, {"jpg", "File:Comment=hello"}, {"png", "PNG:Comment=hello"}}},
    {"resolution",
     {{"jpg", "-JFIF:XResolution=300 -JFIF:YResolution=300 -JFIF:ResolutionUnit=1"},
      {"png", "-PNG-pHYs:PixelsPerUnitX=11811 -PNG-pHYs:PixelsPerUnitY=11811 -PNG-pHYs:PixelUnits=1"},
      {"webp", "-IFD0:XResolution=300 -IFD0:YResolution=300 -IFD0:ResolutionUnit=2"},
      {"tiff", "-IFD0:XResolution=300 -IFD0:YResolution=300 -IFD0:ResolutionUnit=2"}},
     {{"", "IFD0:XResolution=300"}, {"jpg", "JFIF:XResolution=300"}, {"png", "PNG-pHYs:PixelsPerUnitX=11811"}}},
};

// The formats of the written files and of the outputs; the outputs AVIF and JPEG XL hold what WebP holds.
const std::string* for_format(const std::map<std::string, std::string>& values, const std::string& format) {
  auto found = values.find(format == "avif" || format == "jxl" ? "webp" : format);
  if (found == values.end()) found = values.find("");
  return found == values.end() ? nullptr : &found->second;
}

class MetadataTable : public testing::TestWithParam<const char*> {};

TEST_P(MetadataTable, every_kind_survives_into_every_format) {
  if (!has_exiftool()) GTEST_SKIP() << "exiftool is not installed";
  const std::string from = GetParam();
  const TempFolder folder;
  const auto input = folder / ("in." + from);
  write_image(input, make_picture(40, 24, 3));
  std::string command = "exiftool -q -overwrite_original -n ";
  for (const Kind& kind : kKinds)
    if (const std::string* arguments = for_format(kind.written, from)) command += *arguments + " ";
  output_of(command + quoted(input.string()) + " 2>&1");
  const Image image = read_image(input);
  std::printf("%-14s", "");
  for (const Kind& kind : kKinds) std::printf(" %s", kind.name.c_str());
  for (const std::string to : {"jpg", "png", "webp", "tiff", "avif", "jxl"}) {
    if (!image_format(to).encode) continue;
    std::printf("\n%-14s", (from + " to " + to).c_str());
    const auto output = folder / ("out." + to);
    write_image(output, image);
    const auto tags = tags_of(output);
    for (const Kind& kind : kKinds) {
      if (!for_format(kind.written, from)) {
        std::printf(" %-*s", int(kind.name.size()), "-");
        continue;
      }
      const std::string& kept = *for_format(kind.kept, to);
      const size_t equals = kept.find('=');
      const auto found = tags.find(kept.substr(0, equals));
      const bool same_kind = kept == *for_format(kind.kept, from);
      std::printf(" %-*s", int(kind.name.size()), found == tags.end() ? "lost" : same_kind ? "kept" : "conv");
      EXPECT_EQ(found == tags.end() ? "nothing" : found->second, kept.substr(equals + 1))
          << kind.name << ", " << from << " to " << to << ": " << kept.substr(0, equals);
    }
    EXPECT_FALSE(tags.contains("ExifTool:Warning")) << from << " to " << to << ": " << tags.at("ExifTool:Warning");
  }
  std::printf("\n");
}

INSTANTIATE_TEST_SUITE_P(From, MetadataTable, testing::Values("jpg", "png", "webp", "tiff"));

}  // namespace
}  // namespace daclip
