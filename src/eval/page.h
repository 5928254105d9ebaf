// HTML pages that need nothing from elsewhere, and the before/after slider in them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace daclip {

// A whole page; `body` is HTML.
std::string html_page(std::string_view title, const std::string& body);

struct Slider {
  std::string name;           // of the photo, for readers that do not see it
  std::string before, after;  // addresses: relative paths as url_of() writes them, or data
  int width = 0, height = 0;  // of both, pixels
  std::string before_label = "before", after_label = "after";
};

// Two pictures above one another, and a range input (so the keyboard works too) that moves the border between them.
std::string slider_html(const Slider& slider);

// A relative path as an address: what has a meaning in addresses is written as %XX.
std::string url_of(const std::filesystem::path& relative);

}  // namespace daclip
