#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>

#include "backend/make_backend.h"
#include "core/error.h"
#include "inputs.h"
#include "metrics/brisque.h"
#include "metrics/lpips.h"
#include "metrics/metric.h"
#include "metrics/metric_weights.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct CompareArguments {
  std::string a, b;
  int crop = 0;
  std::vector<std::string> metrics = {"psnr", "ssim"};
  std::string metric_weights;
  int threads = 0;
  bool json = false;
};

struct Pair {
  Input a, b;
};

// One figure of a pair. NaN where the picture is too small for it.
struct Figure {
  std::string key, title;  // in JSON and in text
  int digits;
  const char* unit;
  std::function<double(const Image&, const Image&)> measure;
};

// The networks of LPIPS, and BRISQUE, hold a picture and what they make of it whole.
constexpr size_t kLargestWhole = 64'000'000;  // pixels

FloatImage whole(const Image& image) {
  if (image.pixels() > kLargestWhole)
    throw LimitError(cat(image.width, "x", image.height, " pixels: LPIPS and BRISQUE take at most ",
                         kLargestWhole / 1'000'000, " megapixels; leave them out of --metrics"));
  return to_rgb(image);
}

#ifdef DACLIP_BRISQUE
constexpr bool kHasBrisque = true;
#else
constexpr bool kHasBrisque = false;
#endif

// Those that measure a picture or a pair of them, and that this build has.
std::vector<std::string> offered_metrics() {
  std::vector<std::string> names;
  for (const Metric& metric : metrics())
    if (!metric.of_sets() && (kHasBrisque || metric.kind != Metric::Kind::brisque)) names.emplace_back(metric.name);
  return names;
}

// The figures that --metrics asks for, and the networks behind them.
class Figures {
 public:
  explicit Figures(const CompareArguments& arguments) : arguments_(arguments) {
    for (const std::string& name : arguments.metrics) add_metric(metric_by_name(name));
  }

  const std::vector<Figure>& list() const { return figures_; }

 private:
  int crop() const { return arguments_.crop; }
  void add(Figure figure) { figures_.push_back(std::move(figure)); }

  void add_metric(const Metric& metric) {
    switch (metric.kind) {
      case Metric::Kind::psnr:
        add({"psnr", "PSNR RGB", 2, " dB", [this](const auto& a, const auto& b) { return psnr(a, b, crop()); }});
        add({"psnr_y", "PSNR Y", 2, " dB", [this](const auto& a, const auto& b) { return psnr_y(a, b, crop()); }});
        break;
      case Metric::Kind::ssim:
        add({"ssim", "SSIM RGB", 4, "", [this](const auto& a, const auto& b) { return ssim(a, b, crop()); }});
        add({"ssim_y", "SSIM Y", 4, "", [this](const auto& a, const auto& b) { return ssim_y(a, b, crop()); }});
        break;
      case Metric::Kind::lpips: add_lpips(metric); break;
      case Metric::Kind::brisque: add_brisque(); break;
      case Metric::Kind::frechet_alex:
      case Metric::Kind::fid: throw UsageError(cat("metric ", metric.name, ": of sets of pictures only, see eval"));
    }
  }

  void add_lpips(const Metric& metric) {
    if (!backend_) backend_ = make_backend({"cpu", arguments_.threads, Precision::f32});
    const auto lpips = std::make_shared<Lpips>(*backend_, metric_weights_folder(arguments_.metric_weights), metric.net);
    std::string key(metric.name);
    std::replace(key.begin(), key.end(), '-', '_');
    add({key, std::string(metric.title), 4, "",
         [lpips](const auto& a, const auto& b) { return lpips->distance(whole(a), whole(b)); }});
  }

  void add_brisque() {
#ifdef DACLIP_BRISQUE
    const auto brisque = std::make_shared<Brisque>();
    add({"brisque_a", "BRISQUE of A", 2, "",
         [brisque](const auto& a, const auto&) { return brisque->score(whole(a)); }});
    add({"brisque_b", "BRISQUE of B", 2, "",
         [brisque](const auto&, const auto& b) { return brisque->score(whole(b)); }});
#endif
  }

  const CompareArguments& arguments_;
  std::unique_ptr<Backend> backend_;
  std::vector<Figure> figures_;
};

struct Scores {
  std::vector<double> values;  // of each figure
  double psnr = 0;             // whether it is asked for or not: infinite for equal pictures
};

Scores score(const Pair& pair, const Figures& figures, int crop) {
  const Image a = read_input(pair.a), b = read_input(pair.b);
  if (a.width != b.width || a.height != b.height)
    throw ShapeError(cat(pair.a.path.string(), " is ", a.width, "x", a.height, " pixels, ", pair.b.path.string(),
                         " is ", b.width, "x", b.height));
  if (a.width <= 2 * crop || a.height <= 2 * crop)
    throw UsageError(cat("--crop ", crop, " leaves nothing of ", a.width, "x", a.height, " pixels"));
  Scores scores{{}, psnr(a, b, crop)};
  for (const Figure& figure : figures.list()) {
    try {
      scores.values.push_back(figure.measure(a, b));
    } catch (const ShapeError&) {  // of one size and in RGB, so it is too small
      scores.values.push_back(std::nan(""));
    }
  }
  return scores;
}

// Two pictures, or two folders' pictures of equal name without ending.
std::vector<Pair> find_pairs(const CompareArguments& arguments, size_t& problems) {
  const auto is_folder = [](const std::string& name) { return std::filesystem::is_directory(name); };
  if (is_folder(arguments.a) != is_folder(arguments.b))
    throw UsageError("compare takes two pictures or two folders, not one of each");
  const InputList list_a = list_inputs({arguments.a}, false), list_b = list_inputs({arguments.b}, false);
  if (!is_folder(arguments.a)) return {{list_a.inputs.at(0), list_b.inputs.at(0)}};
  for (const InputList* list : {&list_a, &list_b})
    for (const std::string& problem : list->problems) throw UsageError(problem);

  std::map<std::filesystem::path, Input> partners;
  for (const Input& b : list_b.inputs) partners[b.relative] = b;
  std::vector<Pair> pairs;
  for (const Input& a : list_a.inputs) {
    const auto found = partners.find(a.relative);
    if (found == partners.end()) {
      complain(cat(a.path.string(), ": no picture of that name in ", arguments.b));
      ++problems;
    } else {
      pairs.push_back({a, found->second});
    }
  }
  return pairs;
}

std::string text(double value, int digits, const char* unit) {
  if (std::isnan(value)) return "undefined (the picture is smaller than its window)";
  if (std::isinf(value)) return "infinite (the pictures are equal)";
  return fixed(value, digits) + unit;
}

nlohmann::ordered_json as_json(const Figures& figures, const std::vector<double>& values) {
  // JSON has no infinity and no NaN: they become null.
  nlohmann::ordered_json entry = nlohmann::ordered_json::object();
  for (size_t i = 0; i < values.size(); ++i) entry[figures.list()[i].key] = values[i];
  return entry;
}

void print_lines(const Figures& figures, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const Figure& figure = figures.list()[i];
    std::cout << std::left << std::setw(14) << figure.title << text(values[i], figure.digits, figure.unit) << '\n';
  }
  std::cout << std::flush;
}

void print_row(const std::string& name, const Figures& figures, const std::vector<double>& values) {
  std::cout << shown(name, STDOUT_FILENO) << ' ';
  for (size_t i = 0; i < values.size(); ++i) {
    const Figure& figure = figures.list()[i];
    std::cout << (i ? ", " : " ") << figure.title << ' ' << text(values[i], figure.digits, figure.unit);
  }
  std::cout << std::endl;
}

// Equal pictures have no finite PSNR: they are counted apart and left out of the means.
struct Means {
  std::vector<double> sums;
  double lowest = INFINITY;
  int count = 0, identical = 0;

  void add(const Scores& s) {
    if (std::isinf(s.psnr)) {
      ++identical;
      return;
    }
    sums.resize(s.values.size(), 0.0);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += s.values[i];
    lowest = std::min(lowest, s.psnr);
    ++count;
  }
  // Nothing where no pair differs.
  std::vector<double> mean() const {
    std::vector<double> values = sums;
    for (double& v : values) v /= double(count);
    return values;
  }
};

int run_compare(const CompareArguments& arguments) {
  size_t failed = 0;
  const Figures figures(arguments);
  const std::vector<Pair> pairs = find_pairs(arguments, failed);
  const bool folders = std::filesystem::is_directory(arguments.a);
  Means means;
  auto images = nlohmann::ordered_json::array();
  for (const Pair& pair : pairs) {
    Scores s;
    try {
      s = score(pair, figures, arguments.crop);
    } catch (const Error& error) {
      if (!folders && !dynamic_cast<const IoError*>(&error) && !dynamic_cast<const FormatError*>(&error) &&
          !dynamic_cast<const LimitError*>(&error))
        throw UsageError(error.what());
      complain(error.what());
      ++failed;
      continue;
    }
    means.add(s);
    if (arguments.json) {
      nlohmann::ordered_json entry;
      if (folders) entry["name"] = pair.a.relative.string();
      entry.update(as_json(figures, s.values));
      entry["identical"] = std::isinf(s.psnr);
      if (folders)
        images.push_back(entry);
      else
        std::cout << entry.dump(2) << std::endl;
    } else if (folders) {
      print_row(pair.a.relative.string(), figures, s.values);
    } else {
      print_lines(figures, s.values);
    }
  }
  if (folders && arguments.json) {
    nlohmann::ordered_json mean = as_json(figures, means.mean());
    mean["lowest_psnr"] = means.lowest;
    mean["different"] = means.count;
    mean["identical_count"] = means.identical;
    std::cout << nlohmann::ordered_json{{"mean", mean}, {"images", images}}.dump(2) << std::endl;
  } else if (folders) {
    std::cout << "Mean of " << means.count << " that differ (" << means.identical << " equal):\n";
    print_lines(figures, means.mean());
  }
  return failed ? kSomeFailed : kAllDone;
}

}  // namespace

void add_compare(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App& verb =
      *program.add_subcommand("compare", "Measure how alike pictures are: PSNR and SSIM, on RGB and on Y, and LPIPS");
  verb.add_option("A", arguments->a, "A picture, or a folder of pictures")->type_name("FILE|FOLDER")->required();
  verb.add_option("B", arguments->b,
                  "A picture of the same size, or a folder with pictures of the same names (whatever their endings)")
      ->type_name("FILE|FOLDER")
      ->required();
  verb.add_option("--crop", arguments->crop, "Leave out so many pixels at each border (the published tables: 4)")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  verb.add_option("--metrics", arguments->metrics, "Which figures, separated by commas; lpips is that on AlexNet")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(offered_metrics()))
      ->capture_default_str();
  verb.add_option("--metric-weights", arguments->metric_weights,
                  "Folder with the published files of LPIPS's networks (docs/metrics.md); else $DACLIP_METRIC_WEIGHTS")
      ->type_name("FOLDER");
  verb.add_option("--threads", arguments->threads, "Threads for LPIPS's networks; 0: one for each core")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  verb.add_flag("--json", arguments->json, "Print JSON");
  verb.callback([arguments, &run] { run = [arguments] { return run_compare(*arguments); }; });
}

}  // namespace daclip::app
