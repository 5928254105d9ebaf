#include "data/pages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"

namespace daclip {
namespace {

using Colour = std::array<float, 3>;

constexpr int kSupersampling = 2;

Colour draw_colour(Random& random) {
  return {float(random.uniform()), float(random.uniform()), float(random.uniform())};
}

Colour draw_paper(Random& random) {
  if (random.chance(0.6)) return {1, 1, 1};
  if (random.chance(0.25)) return draw_colour(random);  // of a screen or a poster
  const float light = float(random.uniform(0.85, 1)), warm = float(random.uniform(0, 0.08));
  return {light, light - 0.4f * warm, light - warm};
}

Colour draw_ink(Random& random) {
  if (random.chance(0.3)) return draw_colour(random);
  const auto grey = float(random.uniform(0, 0.35));
  return {grey, grey, grey};
}

// Positions are in pixels of the canvas; what lies outside is ignored.
class Canvas {
 public:
  Canvas(int width, int height, const Colour& paper) : image_(width, height, 3) {
    for (size_t i = 0; i < image_.data.size(); ++i) image_.data[i] = paper[i % 3];
  }

  int width() const { return image_.width; }
  int height() const { return image_.height; }
  int size() const { return std::min(image_.width, image_.height); }
  FloatImage& image() { return image_; }

  void put(int x, int y, const Colour& colour) {
    if (x >= 0 && y >= 0 && x < image_.width && y < image_.height)
      std::copy(colour.begin(), colour.end(), &image_.at(x, y, 0));
  }

  void rectangle(int left, int top, int width, int height, const Colour& colour) {
    for (int y = top; y < top + height; ++y)
      for (int x = left; x < left + width; ++x) put(x, y, colour);
  }

  void ellipse(double x0, double y0, double rx, double ry, const Colour& colour) {
    for (int y = int(y0 - ry); y <= int(y0 + ry); ++y)
      for (int x = int(x0 - rx); x <= int(x0 + rx); ++x) {
        const double u = (x - x0) / rx, v = (y - y0) / ry;
        if (u * u + v * v <= 1) put(x, y, colour);
      }
  }

  void line(double x0, double y0, double x1, double y1, double thickness, const Colour& colour) {
    const int side = std::max(1, int(std::lround(thickness)));
    const int steps = std::max(1, int(std::max(std::abs(x1 - x0), std::abs(y1 - y0))));
    for (int i = 0; i <= steps; ++i) {
      const double t = double(i) / steps;
      rectangle(int(x0 + t * (x1 - x0)), int(y0 + t * (y1 - y0)), side, side, colour);
    }
  }

 private:
  FloatImage image_;
};

// A row of glyphs, each of a few strokes within its box, with spaces between the words.
void write_row(Canvas& canvas, double x, double y, double length, double size, const Colour& ink, Random& random) {
  const double weight = size * random.uniform(0.09, 0.18);
  for (double left = x; left + 0.5 * size < x + length; left += 0.62 * size) {
    if (random.chance(0.16)) continue;
    const double height = size * (random.chance(0.6) ? 0.65 : 1), width = 0.42 * size, top = y + size - height;
    for (int64_t stroke = 1 + random.below(3); stroke > 0; --stroke) {
      if (random.chance(0.4))
        canvas.line(left + width * random.uniform(), top, left + width * random.uniform(), top + height, weight, ink);
      else
        canvas.line(left, top + height * random.uniform(), left + width, top + height * random.uniform(), weight, ink);
    }
  }
}

void write_block(Canvas& canvas, int left, int top, int width, int height, Random& random) {
  const double size = std::max(2.0, canvas.size() * random.uniform(0.018, 0.06)), pitch = size * random.uniform(1.3, 2);
  const Colour ink = draw_ink(random);
  for (double y = top; y + size < top + height; y += pitch)
    write_row(canvas, left, y, width * (random.chance(0.15) ? random.uniform(0.3, 1) : 1), size, ink, random);
}

// The photo, enlarged to the canvas's resolution, in a rectangle.
void paste(Canvas& canvas, const FloatImage& photo, int left, int top, int width, int height) {
  const int x0 = std::max(0, (photo.width * kSupersampling - width) / 2);
  const int y0 = std::max(0, (photo.height * kSupersampling - height) / 2);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int u = std::min((x0 + x) / kSupersampling, photo.width - 1);
      const int v = std::min((y0 + y) / kSupersampling, photo.height - 1);
      canvas.put(left + x, top + y, {photo.at(u, v, 0), photo.at(u, v, 1), photo.at(u, v, 2)});
    }
}

void print_with_border(Canvas& canvas, const FloatImage& photo, Random& random) {
  const double border = canvas.size() * random.uniform(0.02, 0.2), below = border * random.uniform(1, 2.5);
  paste(canvas, photo, int(border), int(border), canvas.width() - int(2 * border),
        canvas.height() - int(border + below));
  if (random.chance(0.3))
    write_row(canvas, border, canvas.height() - 0.7 * below, canvas.width() * 0.5, 0.4 * below, draw_ink(random),
              random);
}

// A part of the photo with a smooth outline on the paper, with or without a shadow below it.
void product_shot(Canvas& canvas, const FloatImage& photo, Random& random) {
  const double cx = canvas.width() * random.uniform(0.4, 0.6), cy = canvas.height() * random.uniform(0.4, 0.6);
  const double radius = canvas.size() * random.uniform(0.2, 0.4), ratio = random.uniform(0.6, 1.6);
  const double waves = double(2 + random.below(5)), depth = random.uniform(0, 0.3), turn = random.uniform(0, 6.3);
  const bool shadow = random.chance(0.4);
  const auto outline = [&](double x, double y) {
    const double u = (x - cx) / ratio, v = y - cy;
    return std::sqrt(u * u + v * v) / (radius * (1 + depth * std::sin(waves * std::atan2(v, u) + turn)));
  };
  FloatImage& image = canvas.image();
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      if (shadow) {
        const float dark = 0.3f * (1 - smoothstep(0.7f, 1.3f, float(outline(x - 0.06 * radius, y - 0.12 * radius))));
        for (int c = 0; c < 3; ++c) image.at(x, y, c) *= 1 - dark;
      }
      if (outline(x, y) > 1) continue;
      const int u = std::min(x / kSupersampling, photo.width - 1), v = std::min(y / kSupersampling, photo.height - 1);
      for (int c = 0; c < 3; ++c) image.at(x, y, c) = photo.at(u, v, c);
    }
}

void text_page(Canvas& canvas, const FloatImage& photo, Random& random) {
  const int margin = int(canvas.size() * random.uniform(0.02, 0.12));
  const int columns = random.chance(0.3) ? 2 : 1, width = (canvas.width() - (columns + 1) * margin) / columns;
  for (int column = 0; column < columns; ++column) {
    const int left = margin + column * (width + margin);
    int top = margin;
    while (top < canvas.height() - margin) {
      const int height = std::min(int(canvas.height() * random.uniform(0.1, 0.5)), canvas.height() - margin - top);
      if (random.chance(0.15))
        paste(canvas, photo, left, top, width, height);
      else
        write_block(canvas, left, top, width, height, random);
      top += height + 1 + int(canvas.size() * random.uniform(0.02, 0.08));
    }
  }
}

void drawing(Canvas& canvas, Random& random) {
  const bool coloured = random.chance(0.5);
  const double weight = canvas.size() * random.uniform(0.003, 0.02);
  const Colour ink = draw_ink(random);
  for (int64_t shapes = 2 + random.below(14); shapes > 0; --shapes) {
    const double x = canvas.width() * random.uniform(), y = canvas.height() * random.uniform();
    const double rx = canvas.size() * random.uniform(0.03, 0.3), ry = canvas.size() * random.uniform(0.03, 0.3);
    const Colour fill = coloured ? draw_colour(random) : Colour{1, 1, 1};
    const double kind = random.uniform();
    if (kind < 0.3) {
      canvas.ellipse(x, y, rx + weight, ry + weight, ink);
      canvas.ellipse(x, y, rx, ry, fill);
    } else if (kind < 0.55) {
      canvas.rectangle(int(x - rx - weight), int(y - ry - weight), int(2 * (rx + weight)), int(2 * (ry + weight)), ink);
      canvas.rectangle(int(x - rx), int(y - ry), int(2 * rx), int(2 * ry), fill);
    } else {
      double from_x = x, from_y = y, turn = random.uniform(0, 2 * std::numbers::pi);
      for (int i = 0; i < 24; ++i) {  // a curved stroke
        turn += random.uniform(-0.5, 0.5);
        const double to_x = from_x + 0.15 * rx * std::cos(turn), to_y = from_y + 0.15 * rx * std::sin(turn);
        canvas.line(from_x, from_y, to_x, to_y, weight, ink);
        from_x = to_x;
        from_y = to_y;
      }
    }
  }
  if (random.chance(0.3)) write_row(canvas, 0, 0, canvas.width() * 0.6, canvas.size() * 0.06, ink, random);
}

// Flat panels with text and pictures, as programs and web pages have them.
void screenshot(Canvas& canvas, const FloatImage& photo, Random& random) {
  for (int64_t panels = 3 + random.below(8); panels > 0; --panels) {
    const int width = int(canvas.width() * random.uniform(0.1, 0.7)),
              height = int(canvas.height() * random.uniform(0.04, 0.5));
    const int left = int((canvas.width() - width) * random.uniform()),
              top = int((canvas.height() - height) * random.uniform());
    if (random.chance(0.25)) {
      paste(canvas, photo, left, top, width, height);
      continue;
    }
    canvas.rectangle(left, top, width, height, random.chance(0.5) ? Colour{1, 1, 1} : draw_colour(random));
    if (random.chance(0.7)) write_block(canvas, left + 4, top + 4, width - 8, height - 8, random);
  }
}

}  // namespace

FloatImage made_up_page(const FloatImage& photo, Random& random) {
  Canvas canvas(photo.width * kSupersampling, photo.height * kSupersampling, draw_paper(random));
  const double kind = random.uniform();
  if (kind < 0.25)
    print_with_border(canvas, photo, random);
  else if (kind < 0.5)
    product_shot(canvas, photo, random);
  else if (kind < 0.7)
    text_page(canvas, photo, random);
  else if (kind < 0.85)
    drawing(canvas, random);
  else
    screenshot(canvas, photo, random);
  FloatImage page = box_reduce(canvas.image(), kSupersampling);
  page.clamp();
  round_to_bytes(page);
  return page;
}

}  // namespace daclip
