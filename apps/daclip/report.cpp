#include "report.h"

#include <daclip/version.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "eval/page.h"
#include "eval/text.h"
#include "image/io.h"
#include "image/pixels.h"
#include "image/resize.h"
#include "runtime.h"
#include "text.h"

namespace daclip::app {
namespace {

std::string base64(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t group =
        uint32_t(bytes[i]) << 16 | (left > 1 ? uint32_t(bytes[i + 1]) << 8 : 0) | (left > 2 ? bytes[i + 2] : 0u);
    text += kDigits[group >> 18];
    text += kDigits[group >> 12 & 63];
    text += left > 1 ? kDigits[group >> 6 & 63] : '=';
    text += left > 2 ? kDigits[group & 63] : '=';
  }
  return text;
}

Image thumbnail(const Image& image, int largest_side) {
  const int longer = std::max(image.width, image.height);
  FloatImage rgb = box_reduced(image, std::max(1, longer / (2 * largest_side)));
  if (longer > largest_side) {
    const double scale = double(largest_side) / longer;
    rgb = resize(rgb, std::max(1, int(image.width * scale)), std::max(1, int(image.height * scale)));
  }
  Image small = from_rgb(rgb);
  // Photos with a profile of their own look wrong without it; the large ones would weigh more than the picture.
  constexpr size_t kLargestProfile = 4096;
  if (image.colour_channels() == 3 && image.icc.size() <= kLargestProfile) small.icc = image.icc;
  return small;
}

std::string data_uri(const Image& image) {
  EncodeOptions options;
  options.quality = 88;
  return "data:image/jpeg;base64," + base64(encode_image(image, image_format("jpeg"), options));
}

std::string probability_row(const Prediction& p) {
  return cat("<div class=\"row\"><span>", escape_xml(p.label),
             "</span><div class=\"bar\"><div style=\"width:", number_text(100.0 * p.probability, 1),
             "%\"></div></div><span>", percent(p.probability), "</span></div>\n");
}

}  // namespace

Report::Report(std::string model, size_t photos, std::string note)
    : model_(std::move(model)), note_(std::move(note)), largest_side_(photos <= 40    ? 800
                                                                      : photos <= 200 ? 480
                                                                                      : 320) {}

void Report::add(const Entry& entry, const Image& before, const Image& after) {
  const Image small_before = thumbnail(before, largest_side_), small_after = thumbnail(after, largest_side_);
  body_ += cat("<figure>\n", slider_html({.name = entry.name,
                                          .before = data_uri(small_before),
                                          .after = data_uri(small_after),
                                          .width = small_before.width,
                                          .height = small_before.height}));
  body_ += cat("<figcaption><strong>", escape_xml(entry.name), "</strong> <small>", before.width, " × ", before.height,
               ", ", number_text(entry.seconds, 2), " s", entry.cost.empty() ? "" : ", " + entry.cost, "</small>\n");
  for (const Prediction& p : entry.predictions) body_ += probability_row(p);
  if (entry.unsure) body_ += "<small>Recognition is unsure: this may have been taken for something else.</small>\n";
  if (!entry.left.empty()) body_ += cat("<small>", escape_xml(entry.left), "</small>\n");
  if (entry.chosen) body_ += cat("<small>Restored as ", escape_xml(entry.degradation), ", as asked.</small>\n");
  body_ += "</figcaption>\n</figure>\n";
  ++count_;
}

void Report::write(const std::filesystem::path& path) const {
  const std::string title = "Before and after";
  std::string header = cat("<header>\n<h1>", title, "</h1>\n<p>", count_, count_ == 1 ? " photo" : " photos",
                           " restored by daclip " DACLIP_VERSION " with the model ", escape_xml(model_),
                           ". Drag across a photo to compare; the bars say what was recognised.</p>\n");
  if (!note_.empty()) header += cat("<p>", escape_xml(note_), "</p>\n");
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
  }
  write_text(path, html_page(title, cat(header, "</header>\n<main class=\"photos\">\n", body_, "</main>\n")));
}

}  // namespace daclip::app
