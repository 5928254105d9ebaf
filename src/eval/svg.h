// A small writer of SVG pictures: shapes and text with styles, nothing that runs and nothing from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

// Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008), dark enough on white; repeats after
// the last one.
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
  double rotation = 0;  // degrees, clockwise about the point
};

struct LineStyle {
  std::string_view colour = ink::kAxis;
  double width = 1;
  std::string_view dashes = "";  // as "4 3"
  double opacity = 1;
};

// The picture brings its own white ground, so that it reads the same on light and dark pages.
class Svg {
 public:
  // `title` and `description` are for readers that do not see the picture.
  Svg(double width, double height, std::string_view title, std::string_view description);

  void line(Point a, Point b, const LineStyle& style = {});
  // Through at least one point; one alone is not drawn.
  void polyline(const std::vector<Point>& points, const LineStyle& style);
  void polygon(const std::vector<Point>& points, std::string_view fill, double fill_opacity, const LineStyle& style);
  void rectangle(Point corner, double width, double height, std::string_view fill, double opacity = 1,
                 double radius = 0);
  void frame(Point corner, double width, double height, const LineStyle& style);
  void circle(Point centre, double radius, std::string_view fill, std::string_view edge = "none");
  // A sign for a series: circle, square, diamond, triangle ... by index, so that colour alone tells nothing apart.
  void mark(Point centre, size_t index, double radius);
  // y: the base line.
  void text(Point at, std::string_view words, const TextStyle& style = {});
  // What is drawn until close() shows `words` when it is pointed at.
  void open(std::string_view words);
  void close();

  // The whole file, or the element alone to be put into a page.
  std::string file() const;
  std::string element() const;

 private:
  double width_, height_;
  std::string head_, body_;
};

// Roughly how wide a sans-serif font sets it, in pixels.
double text_width(std::string_view words, double size);

// `words` cut with "…" so that it is no wider than `width`.
std::string shortened(std::string_view words, double size, double width);

// About `count` round numbers (1, 2, 2.5 or 5 times a power of ten) that span [low, high].
std::vector<double> ticks(double low, double high, int count);

// With as many decimals as the step needs.
std::string tick_text(double value, double step);

}  // namespace daclip
