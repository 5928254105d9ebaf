#include "eval/svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "core/error.h"
#include "core/text.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr std::array<std::string_view, 8> kSeries = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                     "#8a6a00", "#56b4e9", "#4d4d4d", "#e69f00"};

// A coordinate with two decimals, without trailing zeros.
std::string n(double value) {
  std::string result = fixed(std::isfinite(value) ? value : 0, 2);
  while (result.back() == '0') result.pop_back();
  if (result.back() == '.') result.pop_back();
  return result == "-0" ? "0" : result;
}

std::string stroke(const LineStyle& style) {
  std::string text = cat(" stroke=\"", style.colour, "\" stroke-width=\"", n(style.width), "\"");
  if (!style.dashes.empty()) text += cat(" stroke-dasharray=\"", style.dashes, "\"");
  if (style.opacity < 1) text += cat(" stroke-opacity=\"", n(style.opacity), "\"");
  return text;
}

std::string list(const std::vector<Point>& points) {
  std::string text;
  for (const Point& p : points) text += cat(text.empty() ? "" : " ", n(p.x), ",", n(p.y));
  return text;
}

// A regular polygon; `turn` is in units of corners.
std::vector<Point> corners(Point centre, int count, double radius, double turn) {
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * std::numbers::pi * (i + turn) / count - std::numbers::pi / 2;
    points.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  return points;
}

}  // namespace

std::string_view series_colour(size_t index) { return kSeries[index % kSeries.size()]; }

Svg::Svg(double width, double height, std::string_view title, std::string_view description)
    : width_(width), height_(height) {
  head_ = cat(" viewBox=\"0 0 ", n(width), " ", n(height), "\" width=\"", n(width), "\" height=\"", n(height),
              "\" role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, "
              "'DejaVu Sans', sans-serif\">\n<title>",
              escape_xml(title), "</title>\n<desc>", escape_xml(description), "</desc>\n");
  rectangle({0, 0}, width, height, "#ffffff", 1, 6);
}

void Svg::line(Point a, Point b, const LineStyle& style) {
  body_ += cat("<line x1=\"", n(a.x), "\" y1=\"", n(a.y), "\" x2=\"", n(b.x), "\" y2=\"", n(b.y), "\"", stroke(style),
               "/>\n");
}

void Svg::polyline(const std::vector<Point>& points, const LineStyle& style) {
  if (points.size() < 2) return;
  body_ += cat("<polyline points=\"", list(points),
               "\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"", stroke(style), "/>\n");
}

void Svg::polygon(const std::vector<Point>& points, std::string_view fill, double fill_opacity,
                  const LineStyle& style) {
  body_ += cat("<polygon points=\"", list(points), "\" fill=\"", fill, "\" fill-opacity=\"", n(fill_opacity),
               "\" stroke-linejoin=\"round\"", stroke(style), "/>\n");
}

void Svg::rectangle(Point corner, double width, double height, std::string_view fill, double opacity, double radius) {
  body_ += cat("<rect x=\"", n(corner.x), "\" y=\"", n(corner.y), "\" width=\"", n(std::max(0.0, width)),
               "\" height=\"", n(std::max(0.0, height)), "\" fill=\"", fill, "\"");
  if (opacity < 1) body_ += cat(" fill-opacity=\"", n(opacity), "\"");
  if (radius > 0) body_ += cat(" rx=\"", n(radius), "\"");
  body_ += "/>\n";
}

void Svg::frame(Point corner, double width, double height, const LineStyle& style) {
  body_ += cat("<rect x=\"", n(corner.x), "\" y=\"", n(corner.y), "\" width=\"", n(width), "\" height=\"", n(height),
               "\" fill=\"none\"", stroke(style), "/>\n");
}

void Svg::circle(Point centre, double radius, std::string_view fill, std::string_view edge) {
  body_ += cat("<circle cx=\"", n(centre.x), "\" cy=\"", n(centre.y), "\" r=\"", n(radius), "\" fill=\"", fill,
               "\" stroke=\"", edge, "\"/>\n");
}

void Svg::mark(Point centre, size_t index, double radius) {
  const std::string_view colour = series_colour(index);
  const LineStyle edge{"#ffffff", 0.75};
  switch (index % 4) {
    case 0: circle(centre, radius, colour, "#ffffff"); break;
    case 1: polygon(corners(centre, 4, radius * 1.25, 0.5), colour, 1, edge); break;
    case 2: polygon(corners(centre, 3, radius * 1.35, 0), colour, 1, edge); break;
    default: polygon(corners(centre, 4, radius * 1.35, 0), colour, 1, edge);
  }
}

void Svg::text(Point at, std::string_view words, const TextStyle& style) {
  body_ += cat("<text x=\"", n(at.x), "\" y=\"", n(at.y), "\" font-size=\"", n(style.size), "\" fill=\"", style.colour,
               "\"");
  if (style.anchor != "start") body_ += cat(" text-anchor=\"", style.anchor, "\"");
  if (style.bold) body_ += " font-weight=\"600\"";
  if (style.rotation != 0) body_ += cat(" transform=\"rotate(", n(style.rotation), " ", n(at.x), " ", n(at.y), ")\"");
  body_ += cat(">", escape_xml(words), "</text>\n");
}

void Svg::open(std::string_view words) { body_ += cat("<g><title>", escape_xml(words), "</title>\n"); }

void Svg::close() { body_ += "</g>\n"; }

std::string Svg::element() const { return cat("<svg xmlns=\"http://www.w3.org/2000/svg\"", head_, body_, "</svg>\n"); }

std::string Svg::file() const { return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element(); }

double text_width(std::string_view words, double size) {
  double em = 0;
  for (const char c : words) {
    if ((uint8_t(c) & 0xc0) == 0x80) continue;  // UTF-8 continuation byte
    if (std::string_view("iIjl|!.,:;'").find(c) != std::string_view::npos)
      em += 0.29;
    else if (std::string_view("frt()[]{} -/\"").find(c) != std::string_view::npos)
      em += 0.36;
    else if (std::string_view("mwMW%@").find(c) != std::string_view::npos)
      em += 0.88;
    else if (c >= 'A' && c <= 'Z')
      em += 0.67;
    else
      em += 0.57;
  }
  return em * size;
}

std::string shortened(std::string_view words, double size, double width) {
  if (text_width(words, size) <= width) return std::string(words);
  size_t length = words.size();
  while (length > 0 && text_width(words.substr(0, length), size) + 0.8 * size > width) {
    --length;
    while (length > 0 && (uint8_t(words[length]) & 0xc0) == 0x80) --length;
  }
  return std::string(words.substr(0, length)) + "…";
}

std::vector<double> ticks(double low, double high, int count) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (!(high > low)) {
    const double half = std::max(std::abs(low), 1.0) * 0.1;
    low -= half, high += half;
  }
  const double rough = (high - low) / std::max(1, count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0})
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  std::vector<double> values;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) values.push_back(i * step);
  return values;
}

std::string tick_text(double value, double step) {
  if (value == 0) return "0";
  if ((std::abs(value) < 1e-4 && step < 1e-4) || std::abs(value) >= 1e6) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  int digits = 0;
  while (digits < 6 && std::abs(step - std::round(step * std::pow(10, digits)) / std::pow(10, digits)) > 1e-9) ++digits;
  return number_text(value, digits);
}

}  // namespace daclip
