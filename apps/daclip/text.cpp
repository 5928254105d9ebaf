#include "text.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace daclip::app {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (const size_t colon = line.find(": "); line.starts_with("model name") && colon != std::string::npos)
      return line.substr(colon + 2);
  return "unknown processor";
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
