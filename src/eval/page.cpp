#include "eval/page.h"

#include "core/error.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#f6f6f4;color:#222;font:16px/1.5 system-ui,sans-serif}
header,main{max-width:1400px;margin:0 auto;padding:16px}
h1{font-size:1.5rem;margin:.5em 0 .2em}
h2{font-size:1.25rem;margin:2em 0 .5em}
header p{margin:.2em 0;max-width:60em}
a{color:#0550ae}
small,.muted{color:#555}
figure{margin:0 0 20px;background:#fff;border:1px solid #ddd;border-radius:8px}
figcaption{padding:10px 14px}
figcaption strong{overflow-wrap:anywhere}
.charts{display:grid;gap:20px;grid-template-columns:repeat(auto-fill,minmax(min(100%,600px),1fr));align-items:start}
.charts figure{margin:0}
.chart{max-width:1100px}
.charts svg,.chart svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto;padding:0 14px 12px}
table{border-collapse:collapse;font-size:.875rem;white-space:nowrap}
th,td{padding:4px 10px;text-align:left;border-bottom:1px solid #e6e6e2}
th{border-bottom:2px solid #999}
.n{text-align:right;font-variant-numeric:tabular-nums}
tbody tr:hover{background:#f4f7fb}
tr.summary td{background:#f0f0ec}
tr:not(.summary)+tr.summary td{border-top:2px solid #999}
.pair{position:relative;--x:50%;background:#ccc;overflow:hidden}
.pair img{display:block;width:100%;height:auto}
.pair .after{position:absolute;inset:0;height:100%;clip-path:inset(0 0 0 var(--x))}
.pair i{position:absolute;top:0;bottom:0;left:var(--x);width:2px;margin-left:-1px;background:#fff;
  box-shadow:0 0 3px #000;pointer-events:none}
.pair i::after{content:"\2194";position:absolute;top:50%;left:-15px;width:32px;height:32px;
  margin-top:-16px;border-radius:50%;background:#fff;color:#222;
  font:20px/30px sans-serif;text-align:center;box-shadow:0 0 3px #000}
.pair b{position:absolute;bottom:6px;padding:0 6px;border-radius:4px;background:#000a;
  color:#fff;font-size:.75rem;font-weight:400;pointer-events:none}
.pair input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:ew-resize;touch-action:pan-y}
.pair input:focus-visible+i{background:#06c;width:4px;margin-left:-2px}
.shown{display:grid;gap:20px;grid-template-columns:repeat(auto-fill,minmax(min(100%,560px),1fr));align-items:start}
.shown figure{overflow:hidden}
.photos{display:grid;gap:20px;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));align-items:start}
.photos figure{margin:0;overflow:hidden}
.row{display:grid;grid-template-columns:9em 1fr 4em;gap:8px;align-items:center;font-size:.875rem}
.row span:last-child{text-align:right}
.bar{height:8px;border-radius:4px;background:#e4e4e0}
.bar div{height:100%;border-radius:4px;background:#2a7}
.crops{display:flex;flex-wrap:wrap;gap:10px;padding:0 14px 14px}
.crops div{font-size:.8125rem;line-height:1.35}
.crop{display:block;position:relative;overflow:hidden;background:#ccc;margin-bottom:4px}
.crop img{position:absolute;max-width:none}
.tag{display:inline-block;padding:0 8px;border-radius:10px;font-size:.8125rem;background:#e8eef5}
.tag.worst{background:#fbe3d5}
.pick{padding:8px 14px 0}
.pick button{font:inherit;font-size:.875rem;padding:2px 10px;border:1px solid #bbb;border-radius:14px;background:#fff;
  cursor:pointer}
.pick button[aria-pressed=true]{background:#0072b2;border-color:#0072b2;color:#fff}
)";

}  // namespace

std::string html_page(std::string_view title, const std::string& body) {
  return cat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
      escape_xml(title), "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>", kStyle,
      "</style>\n</head>\n<body>\n", body, "</body>\n</html>\n");
}

std::string slider_html(const Slider& s) {
  const std::string size = cat("width=\"", s.width, "\" height=\"", s.height, "\" loading=\"lazy\"");
  return cat("<div class=\"pair\"><img ", size, " alt=\"", escape_xml(s.before_label), "\" src=\"",
             escape_xml(s.before), "\"><img class=\"after\" ", size, " alt=\"", escape_xml(s.after_label), "\" src=\"",
             escape_xml(s.after), "\"><b style=\"left:6px\">", escape_xml(s.before_label),
             "</b><b class=\"name\" style=\"right:6px\">", escape_xml(s.after_label),
             "</b><input type=\"range\" min=\"0\" max=\"100\" value=\"50\" step=\"0.1\" "
             "aria-label=\"border between the two pictures of ",
             escape_xml(s.name),
             "\" oninput=\"this.parentNode.style.setProperty('--x',this.value+'%')\"><i></i></div>\n");
}

std::string url_of(const std::filesystem::path& relative) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string url;
  for (const char c : relative.generic_string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/._-+").find(c) != std::string_view::npos;
    if (plain)
      url += c;
    else
      url += {'%', kHex[uint8_t(c) >> 4], kHex[uint8_t(c) & 15]};
  }
  return url;
}

}  // namespace daclip
