#include "eval/gallery.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "eval/page.h"
#include "eval/summary.h"
#include "eval/text.h"
#include "image/io.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

constexpr int kCropSide = 208;

// The value by which a set's images are ordered: gain, else PSNR, else (without truth) confidence.
double value_to_order(const std::vector<const Result*>& set, const Result& result) {
  const auto any = [&](Column column) {
    return std::any_of(set.begin(), set.end(), [&](const Result* r) { return !std::isnan(value_of(*r, column)); });
  };
  if (any(Column::gain)) return value_of(result, Column::gain);
  if (any(Column::psnr)) return value_of(result, Column::psnr);
  return result.error.empty() ? result.confidence : NAN;
}

struct Chosen {
  const Result* result;
  bool worst;
};

// Worst ones first, then the best, best first; by the set's first method.
std::vector<Chosen> choose(const std::vector<const Result*>& set, int each) {
  std::vector<std::pair<double, const Result*>> order;
  for (const Result* r : set)
    if (const double value = value_to_order(set, *r); !std::isnan(value)) order.push_back({value, r});
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t n = order.size(), worst = std::min(size_t(std::max(0, each)), (n + 1) / 2);
  const size_t best = std::min(size_t(std::max(0, each)), n - worst);
  std::vector<Chosen> chosen;
  for (size_t i = 0; i < worst; ++i) chosen.push_back({order[i].second, true});
  for (size_t i = 0; i < best; ++i) chosen.push_back({order[n - 1 - i].second, false});
  return chosen;
}

struct SetResults {
  std::string dataset;
  std::vector<const Result*> first_method;
};

std::vector<SetResults> sets_of(const std::vector<Result>& results) {
  std::vector<SetResults> sets;
  std::map<std::string, size_t> known;
  for (const Result& r : results) {
    const auto [found, is_new] = known.try_emplace(r.dataset, sets.size());
    if (is_new) sets.push_back({r.dataset, {}});
    SetResults& set = sets[found->second];
    if (set.first_method.empty() || set.first_method.front()->method == r.method) set.first_method.push_back(&r);
  }
  return sets;
}

std::string figures_of(const Result& r) {
  std::string text;
  const auto add = [&](const char* name, double value, int digits) {
    if (!std::isnan(value)) text += cat(text.empty() ? "" : "<br>", name, " ", number_text(value, digits));
  };
  if (const double gain = value_of(r, Column::gain); !std::isnan(gain))
    text = cat("PSNR ", number_text(*r.psnr, 2), " (", signed_text(gain, 2), ")");
  else
    add("PSNR", value_of(r, Column::psnr), 2);
  add("SSIM", value_of(r, Column::ssim), 3);
  add("LPIPS", value_of(r, Column::lpips), 3);
  add("BRISQUE", value_of(r, Column::brisque), 1);
  return text;
}

std::string input_figures(const Result& r) {
  std::string text;
  if (r.psnr_input) text += cat("PSNR ", number_text(*r.psnr_input, 2));
  if (r.ssim_input) text += cat("<br>SSIM ", number_text(*r.ssim_input, 3));
  if (r.lpips_input) text += cat("<br>LPIPS ", number_text(*r.lpips_input, 3));
  if (r.brisque_input) text += cat("<br>BRISQUE ", number_text(*r.brisque_input, 1));
  return text;
}

// One picture of a figure: its owner, its URL, the text below its crop.
struct Shown {
  std::string who, url, figures;
};

class Figure {
 public:
  Figure(const fs::path& folder, const Chosen& chosen, std::vector<const Result*> methods)
      : folder_(folder), chosen_(chosen), methods_(std::move(methods)) {}

  std::string html() {
    const Result& r = *chosen_.result;
    const std::optional<Image> input = read("input"), output = read(r.method);
    if (!input || !output || !same_size(*input, *output)) return "";
    const std::optional<Image> truth = read("truth");
    // Crop location: for the worst images where the output is wrong, for the best where it changed the input most.
    const bool wrong = chosen_.worst && truth && same_size(*truth, *output);
    place_ = most_different(wrong ? *truth : *input, *output, kCropSide);
    width_ = input->width, height_ = input->height;
    std::vector<Shown> shown = {{"input", url("input"), input_figures(r)}};
    for (const Result* method : methods_)
      if (fs::exists(path(method->method))) shown.push_back({method->method, url(method->method), figures_of(*method)});
    if (truth) shown.push_back({"truth", url("truth"), ""});
    std::string text =
        "<figure>\n" + slider_html({r.image, shown[0].url, url(r.method), width_, height_, "input", r.method});
    if (shown.size() > 2) text += buttons(shown);
    text += caption() + "<div class=\"crops\">\n";
    for (const Shown& one : shown) text += crop(one);
    return text + "</div>\n</figure>\n";
  }

 private:
  static bool same_size(const Image& a, const Image& b) { return a.width == b.width && a.height == b.height; }

  fs::path path(const std::string& who) const {
    return picture_path(folder_, chosen_.result->dataset, chosen_.result->image, who);
  }
  std::string url(const std::string& who) const { return url_of(path(who).lexically_relative(folder_)); }

  std::optional<Image> read(const std::string& who) const {
    try {
      if (fs::exists(path(who))) return read_image(path(who));
    } catch (const Error&) {
    }
    return std::nullopt;
  }

  // Buttons that choose the picture on the slider's right side.
  std::string buttons(const std::vector<Shown>& shown) const {
    std::string text = "<div class=\"pick\" role=\"group\" aria-label=\"compare the input with\">";
    for (size_t i = 1; i < shown.size(); ++i)
      text += cat("<button type=\"button\" aria-pressed=\"", shown[i].who == chosen_.result->method ? "true" : "false",
                  "\" data-src=\"", escape_xml(shown[i].url), "\">", escape_xml(shown[i].who), "</button> ");
    return text + "</div>\n";
  }

  std::string caption() const {
    const Result& r = *chosen_.result;
    std::string text = cat("<figcaption><span class=\"tag", chosen_.worst ? " worst\">worst" : "\">best",
                           "</span> <strong>", escape_xml(r.image), "</strong> <small>", width_, " × ", height_);
    if (!r.degradation.empty()) text += cat(", ", escape_xml(r.degradation));
    if (!r.predicted.empty())
      text += cat(", recognised as ", escape_xml(r.predicted), " (", number_text(100 * r.confidence, 0), " %)");
    return text + "</small></figcaption>\n";
  }

  std::string crop(const Shown& one) const {
    return cat("<div><span class=\"crop\" style=\"width:", place_.width, "px;height:", place_.height,
               "px\"><img loading=\"lazy\" alt=\"part of ", escape_xml(one.who), "\" width=\"", width_, "\" height=\"",
               height_, "\" style=\"left:", -place_.left, "px;top:", -place_.top, "px\" src=\"", escape_xml(one.url),
               "\"></span><strong>", escape_xml(one.who), "</strong><br>", one.figures, "</div>\n");
  }

  const fs::path& folder_;
  const Chosen& chosen_;
  std::vector<const Result*> methods_;
  CropPlace place_;
  int width_ = 0, height_ = 0;
};

constexpr const char* kScript = R"(<script>
document.addEventListener('click', function (event) {
  const button = event.target.closest('.pick button');
  if (!button) return;
  const figure = button.closest('figure');
  figure.querySelectorAll('.pick button').forEach(function (b) { b.setAttribute('aria-pressed', b === button); });
  figure.querySelector('.after').src = button.dataset.src;
  figure.querySelector('.name').textContent = button.textContent;
});
</script>
)";

}  // namespace

CropPlace most_different(const Image& a, const Image& b, int side) {
  const FloatImage x = to_rgb(a), y = to_rgb(b);
  const int width = x.width, height = x.height;
  CropPlace place{0, 0, std::min(side, width), std::min(side, height)};
  // Sums over all rectangles that start at the corner: (height+1, width+1).
  std::vector<double> sums(size_t(width + 1) * size_t(height + 1));
  const auto sum = [&](int row, int column) -> double& {
    return sums[size_t(row) * size_t(width + 1) + size_t(column)];
  };
  for (int r = 0; r < height; ++r)
    for (int c = 0; c < width; ++c) {
      double difference = 0;
      for (int k = 0; k < 3; ++k) difference += std::abs(x.at(c, r, k) - y.at(c, r, k));
      sum(r + 1, c + 1) = difference + sum(r, c + 1) + sum(r + 1, c) - sum(r, c);
    }
  double most = -1;
  constexpr int kStep = 8;
  for (int top = 0; top <= height - place.height; top += kStep)
    for (int left = 0; left <= width - place.width; left += kStep) {
      const int bottom = top + place.height, right = left + place.width;
      const double inside = sum(bottom, right) - sum(top, right) - sum(bottom, left) + sum(top, left);
      if (inside > most * (1 + 1e-9)) most = inside, place.left = left, place.top = top;
    }
  return place;
}

std::vector<std::pair<std::string, std::string>> gallery_images(const std::vector<Result>& results, int each) {
  std::vector<std::pair<std::string, std::string>> images;
  for (const SetResults& set : sets_of(results))
    for (const Chosen& chosen : choose(set.first_method, each)) images.push_back({set.dataset, chosen.result->image});
  return images;
}

std::string gallery_page(const fs::path& folder, const std::vector<Result>& results, const ReportOptions& options) {
  std::map<std::pair<std::string, std::string>, std::vector<const Result*>> of_image;
  for (const Result& r : results) of_image[{r.dataset, r.image}].push_back(&r);
  std::string sections, contents;
  for (const SetResults& set : sets_of(results)) {
    std::string figures;
    for (const Chosen& chosen : choose(set.first_method, options.gallery_each))
      figures += Figure(folder, chosen, of_image[{set.dataset, chosen.result->image}]).html();
    if (figures.empty()) continue;
    const std::string id = plain_name(set.dataset);
    contents += cat(contents.empty() ? "" : " · ", "<a href=\"#", id, "\">", escape_xml(set.dataset), "</a>");
    sections +=
        cat("<h2 id=\"", id, "\">", escape_xml(set.dataset), "</h2>\n<div class=\"shown\">\n", figures, "</div>\n");
  }
  if (sections.empty()) return "";
  return html_page(
      "Gallery: " + options.title,
      cat("<header>\n<h1>", escape_xml(options.title),
          ": worst and best images</h1>\n<p>The worst and best images of each set by their gain over "
          "the input. Drag across a picture, or use the arrow keys, to compare. The crops show original "
          "pixels: of the worst where the error is largest, of the best where the change is largest.</p>\n<p>",
          contents, "</p>\n<p><a href=\"report.html\">Tables and charts</a></p>\n</header>\n<main>\n", sections,
          "</main>\n", kScript));
}

}  // namespace daclip
