// A small writer of SVG pictures with shapes and styled text, without scripts or external resources.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

// Colours that are distinguishable with any kind of colour vision (Okabe & Ito 2008) and dark enough on white. They
// repeat after the last one.
std::string_view series_colour(size_t index);

namespace ink {
inline constexpr std::string_view kText = "#1f2328";
inline constexpr std::string_view kMuted = "#59636e";
inline constexpr std::string_view kGrid = "#dfe3e8";
inline constexpr std::string_view kAxis = "#8c959f";
}  // namespace ink

struct Point {
  double x = 0, y = 0;
};

struct TextStyle {
  double size = 12;                   // pixels
  std::string_view anchor = "start";  // "start", "middle", "end"
  std::string_view colour = ink::kText;
  bool bold = false;
  double rotation = 0;  // degrees, clockwise around the point
};

struct LineStyle {
  std::string_view colour = ink::kAxis;
  double width = 1;
  std::string_view dashes = "";  // for example "4 3"
  double opacity = 1;
};

// A picture with its own white background, so that it reads the same on light and dark pages.
class Svg {
 public:
  // `title` and `description` are for screen readers.
  Svg(double width, double height, std::string_view title, std::string_view description);

  void line(Point a, Point b, const LineStyle& style = {});
  // Draws through the given points, at least one; a single point draws nothing.
  void polyline(const std::vector<Point>& points, const LineStyle& style);
  void polygon(const std::vector<Point>& points, std::string_view fill, double fill_opacity, const LineStyle& style);
  void rectangle(Point corner, double width, double height, std::string_view fill, double opacity = 1,
                 double radius = 0);
  void frame(Point corner, double width, double height, const LineStyle& style);
  void circle(Point centre, double radius, std::string_view fill, std::string_view edge = "none");
  // A symbol by index (circle, square, diamond, triangle ...), so that series differ by more than colour.
  void mark(Point centre, size_t index, double radius);
  // at.y is the baseline.
  void text(Point at, std::string_view words, const TextStyle& style = {});
  // Everything drawn until close() shows the tooltip `words`.
  void open(std::string_view words);
  void close();

  // The complete file, or only the element for embedding in a page.
  std::string file() const;
  std::string element() const;

 private:
  double width_, height_;
  std::string head_, body_;
};

// Approximate width in pixels in a sans-serif font.
double text_width(std::string_view words, double size);

// `words` shortened with "…" to at most `width`.
std::string shortened(std::string_view words, double size, double width);

// About `count` round numbers (1, 2, 2.5 or 5 times a power of ten) that span [low, high].
std::vector<double> ticks(double low, double high, int count);

// Prints as many decimals as the step needs.
std::string tick_text(double value, double step);

}  // namespace daclip
