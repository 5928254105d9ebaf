#include "report.h"

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "core/files.h"
#include "image/io.h"
#include "image/resize.h"
#include "pipeline/pixels.h"
#include "runtime.h"

namespace daclip::app {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#f6f6f4;color:#222;font:16px/1.5 system-ui,sans-serif}
header,main{max-width:1400px;margin:0 auto;padding:16px}
h1{font-size:1.5rem;margin:.5em 0 .2em}
header p{margin:.2em 0;max-width:48em}
main{display:grid;gap:20px;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));align-items:start}
figure{margin:0;background:#fff;border:1px solid #ddd;border-radius:8px;overflow:hidden}
.pair{position:relative;--x:50%;background:#ccc}
.pair img{display:block;width:100%;height:auto}
.pair .after{position:absolute;inset:0;clip-path:inset(0 0 0 var(--x))}
.pair i{position:absolute;top:0;bottom:0;left:var(--x);width:2px;margin-left:-1px;background:#fff;
  box-shadow:0 0 3px #000;pointer-events:none}
.pair i::after{content:"\2194";position:absolute;top:50%;left:-15px;width:32px;height:32px;
  margin-top:-16px;border-radius:50%;background:#fff;color:#222;
  font:20px/30px sans-serif;text-align:center;box-shadow:0 0 3px #000}
.pair b{position:absolute;bottom:6px;padding:0 6px;border-radius:4px;background:#000a;
  color:#fff;font-size:.75rem;font-weight:400;pointer-events:none}
.pair input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:ew-resize;touch-action:pan-y}
.pair input:focus-visible+i{background:#06c;width:4px;margin-left:-2px}
figcaption{padding:10px 14px}
figcaption strong{overflow-wrap:anywhere}
.row{display:grid;grid-template-columns:9em 1fr 4em;gap:8px;align-items:center;font-size:.875rem}
.row span:last-child{text-align:right}
.bar{height:8px;border-radius:4px;background:#e4e4e0}
.bar div{height:100%;border-radius:4px;background:#2a7}
small{color:#555}
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  return result;
}

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
  return "data:image/jpeg;base64," + base64(encode_image(image, ImageFormat::jpeg, options));
}

std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string probability_row(const Prediction& p) {
  return cat("<div class=\"row\"><span>", escaped(p.label), "</span><div class=\"bar\"><div style=\"width:",
             fixed(100.0 * p.probability, 1), "%\"></div></div><span>", percent(p.probability), "</span></div>\n");
}

}  // namespace

Report::Report(std::string model, size_t photos, std::string note)
    : model_(std::move(model)), note_(std::move(note)), largest_side_(photos <= 40 ? 800 : photos <= 200 ? 480 : 320) {}

void Report::add(const Entry& entry, const Image& before, const Image& after) {
  const Image small_before = thumbnail(before, largest_side_), small_after = thumbnail(after, largest_side_);
  const std::string size = cat("width=\"", small_before.width, "\" height=\"", small_before.height, "\"");
  body_ += cat(
      "<figure>\n<div class=\"pair\"><img ", size, " alt=\"before\" src=\"", data_uri(small_before), "\">",
      "<img class=\"after\" ", size, " alt=\"after\" src=\"", data_uri(small_after), "\">",
      "<b style=\"left:6px\">before</b><b style=\"right:6px\">after</b>",
      "<input type=\"range\" min=\"0\" max=\"100\" value=\"50\" step=\"0.1\" aria-label=\"before and after of ",
      escaped(entry.name), "\" oninput=\"this.parentNode.style.setProperty('--x',this.value+'%')\"><i></i></div>\n");
  body_ += cat("<figcaption><strong>", escaped(entry.name), "</strong> <small>", before.width, " × ", before.height,
               ", ", fixed(entry.seconds, 2), " s", entry.cost.empty() ? "" : ", " + entry.cost, "</small>\n");
  for (const Prediction& p : entry.predictions) body_ += probability_row(p);
  if (entry.unsure) body_ += "<small>Recognition is unsure: this may have been taken for something else.</small>\n";
  if (entry.untouched) body_ += "<small>Recognised as clean: left as it is.</small>\n";
  if (entry.chosen) body_ += cat("<small>Restored as ", escaped(entry.degradation), ", as asked.</small>\n");
  body_ += "</figcaption>\n</figure>\n";
  ++count_;
}

void Report::write(const std::filesystem::path& path) const {
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<title>Before and after</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>";
  page += cat(kStyle, "</style>\n</head>\n<body>\n<header>\n<h1>Before and after</h1>\n");
  page +=
      cat("<p>", count_, count_ == 1 ? " photo" : " photos", " restored by daclip " DACLIP_VERSION " with the model ",
          escaped(model_), ". Drag across a photo to compare; the bars say what was recognised.</p>\n");
  if (!note_.empty()) page += cat("<p>", escaped(note_), "</p>\n");
  page += cat("</header>\n<main>\n", body_, "</main>\n</body>\n</html>\n");
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
  }
  write_file_atomically(path, std::span(reinterpret_cast<const uint8_t*>(page.data()), page.size()));
}

}  // namespace daclip::app
