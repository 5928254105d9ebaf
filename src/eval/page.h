// Self-contained HTML pages, and their before/after slider.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace daclip {

// A complete page. `body` is HTML.
std::string html_page(std::string_view title, const std::string& body);

struct Slider {
  std::string name;           // the photo's name, for screen readers
  std::string before, after;  // URLs: relative paths from url_of(), or data URLs
  int width = 0, height = 0;  // size of both pictures in pixels
  std::string before_label = "before", after_label = "after";
};

// Two pictures on top of each other, with a range input that moves the border between them (also by keyboard).
std::string slider_html(const Slider& slider);

// A relative path as URL: characters with a special meaning are written as %XX.
std::string url_of(const std::filesystem::path& relative);

}  // namespace daclip
