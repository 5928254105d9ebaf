#include "text.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace daclip::app {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (const size_t colon = line.find(": "); line.starts_with("model name") && colon != std::string::npos)
      return line.substr(colon + 2);
  return "unknown processor";
}

std::string shown(std::string line, int descriptor) {
  // Below space, delete, and the second set of controls: U+0080 to U+009F, in UTF-8 or as single bytes.
  const auto control = [](uint8_t c, uint8_t before) {
    return c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2));
  };
  if (!::isatty(descriptor)) return line;
  std::string result;
  uint8_t before = 0;
  for (const char c : line) {
    char code[5];
    std::snprintf(code, sizeof code, "\\x%02x", uint8_t(c));
    if (control(uint8_t(c), before))
      result += code;
    else
      result += c;
    before = uint8_t(c);
  }
  return result;
}

void complain(const std::string& message) {
  std::fprintf(stderr, "%s\n", shown("daclip: " + message, STDERR_FILENO).c_str());
}

std::string percent(float probability) {
  const int value = std::min(int(std::lround(100 * double(probability))), probability < 1 ? 99 : 100);
  return cat(value, " %");
}

std::string unsure_note(size_t photos) {
  return cat("daclip: unsure of ", photos, photos == 1 ? " photo" : " photos",
             ": such a label is often wrong; use restore --degradation NAME to override");
}

}  // namespace daclip::app
