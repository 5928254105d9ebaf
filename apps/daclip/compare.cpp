#include <nlohmann/json.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "core/error.h"
#include "inputs.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct CompareArguments {
  std::string a, b;
  int crop = 0;
  bool json = false;
};

struct Scores {
  double psnr = 0, psnr_y = 0;  // dB
  double ssim = 0, ssim_y = 0;  // NaN where the picture is smaller than SSIM's window
};

struct Pair {
  Input a, b;
};

Scores score(const Pair& pair, int crop) {
  const FloatImage a = to_rgb(read_input(pair.a)), b = to_rgb(read_input(pair.b));
  if (!a.same_size(b))
    throw ShapeError(cat(pair.a.path.string(), " is ", a.width, "x", a.height, " pixels, ", pair.b.path.string(),
                         " is ", b.width, "x", b.height));
  if (a.width <= 2 * crop || a.height <= 2 * crop)
    throw UsageError(cat("--crop ", crop, " leaves nothing of ", a.width, "x", a.height, " pixels"));
  const int smallest = 11 + 2 * crop;  // SSIM's window
  const bool has_ssim = a.width >= smallest && a.height >= smallest;
  return {psnr(a, b, crop), psnr_y(a, b, crop), has_ssim ? ssim(a, b, crop) : std::nan(""),
          has_ssim ? ssim_y(a, b, crop) : std::nan("")};
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
      std::cerr << "daclip: " << a.path.string() << ": no picture of that name in " << arguments.b << std::endl;
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
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value << unit;
  return out.str();
}

nlohmann::ordered_json as_json(const Scores& s) {
  // JSON has no infinity and no NaN: they become null.
  return {{"psnr", s.psnr},
          {"psnr_y", s.psnr_y},
          {"ssim", s.ssim},
          {"ssim_y", s.ssim_y},
          {"identical", std::isinf(s.psnr)}};
}

void print_one(const Scores& s) {
  std::cout << "PSNR RGB  " << text(s.psnr, 2, " dB") << "\nPSNR Y    " << text(s.psnr_y, 2, " dB") << "\nSSIM RGB  "
            << text(s.ssim, 4, "") << "\nSSIM Y    " << text(s.ssim_y, 4, "") << std::endl;
}

// Equal pictures have no finite PSNR: they are counted apart and left out of the means.
struct Means {
  Scores sum;
  double lowest = INFINITY;
  int count = 0, identical = 0;

  void add(const Scores& s) {
    if (std::isinf(s.psnr)) {
      ++identical;
      return;
    }
    sum.psnr += s.psnr, sum.psnr_y += s.psnr_y, sum.ssim += s.ssim, sum.ssim_y += s.ssim_y;
    lowest = std::min(lowest, s.psnr);
    ++count;
  }
  Scores mean() const {
    const double n = count;
    return count ? Scores{sum.psnr / n, sum.psnr_y / n, sum.ssim / n, sum.ssim_y / n}
                 : Scores{INFINITY, INFINITY, 1, 1};
  }
};

int run_compare(const CompareArguments& arguments) {
  size_t failed = 0;
  const std::vector<Pair> pairs = find_pairs(arguments, failed);
  const bool folders = std::filesystem::is_directory(arguments.a);
  Means means;
  auto images = nlohmann::ordered_json::array();
  for (const Pair& pair : pairs) {
    Scores s;
    try {
      s = score(pair, arguments.crop);
    } catch (const Error& error) {
      if (!folders && !dynamic_cast<const IoError*>(&error) && !dynamic_cast<const FormatError*>(&error) &&
          !dynamic_cast<const LimitError*>(&error))
        throw UsageError(error.what());
      std::cerr << "daclip: " << error.what() << std::endl;
      ++failed;
      continue;
    }
    means.add(s);
    if (arguments.json && folders) {
      nlohmann::ordered_json entry = {{"name", pair.a.relative.string()}};
      entry.update(as_json(s));
      images.push_back(entry);
    } else if (arguments.json) {
      std::cout << as_json(s).dump(2) << std::endl;
    } else if (folders) {
      std::cout << pair.a.relative.string() << "  PSNR " << text(s.psnr, 2, " dB") << ", Y " << text(s.psnr_y, 2, " dB")
                << "; SSIM " << text(s.ssim, 4, "") << std::endl;
    } else {
      print_one(s);
    }
  }
  if (folders && arguments.json) {
    nlohmann::ordered_json mean = as_json(means.mean());
    mean.erase("identical");
    mean["lowest_psnr"] = means.lowest;
    mean["different"] = means.count;
    mean["identical_count"] = means.identical;
    std::cout << nlohmann::ordered_json{{"mean", mean}, {"images", images}}.dump(2) << std::endl;
  } else if (folders) {
    std::cout << "Mean of " << means.count << " that differ (" << means.identical << " equal):\n";
    print_one(means.mean());
  }
  return failed ? kSomeFailed : kAllDone;
}

}  // namespace

void add_compare(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App& verb = *program.add_subcommand("compare", "Measure how alike pictures are: PSNR and SSIM, on RGB and on Y");
  verb.add_option("A", arguments->a, "A picture, or a folder of pictures")->type_name("FILE|FOLDER")->required();
  verb.add_option("B", arguments->b,
                  "A picture of the same size, or a folder with pictures of the same names (whatever their endings)")
      ->type_name("FILE|FOLDER")
      ->required();
  verb.add_option("--crop", arguments->crop, "Leave out so many pixels at each border (the published tables: 4)")
      ->check(CLI::Range(0, 1 << 20))->capture_default_str();
  verb.add_flag("--json", arguments->json, "Print JSON");
  verb.callback([arguments, &run] { run = [arguments] { return run_compare(*arguments); }; });
}

}  // namespace daclip::app
