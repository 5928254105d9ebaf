#include <nlohmann/json.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
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

int run_compare(const CompareArguments& arguments) {
  const InputList list = list_inputs({arguments.a, arguments.b}, false);
  if (list.inputs.size() != 2 || !list.problems.empty()) throw UsageError("compare takes two pictures, not folders");
  FloatImage a, b;
  try {
    a = to_rgb(read_input(list.inputs[0]));
    b = to_rgb(read_input(list.inputs[1]));
  } catch (const Error& error) {
    std::cerr << "daclip: " << error.what() << std::endl;
    return kSomeFailed;
  }
  if (!a.same_size(b))
    throw UsageError(cat(arguments.a, " is ", a.width, "x", a.height, " pixels, ", arguments.b, " is ", b.width, "x", b.height));
  const int smallest = 11 + 2 * arguments.crop;  // SSIM's window
  const bool has_ssim = a.width >= smallest && a.height >= smallest;
  if (a.width <= 2 * arguments.crop || a.height <= 2 * arguments.crop)
    throw UsageError(cat("--crop ", arguments.crop, " leaves nothing of ", a.width, "x", a.height, " pixels"));

  nlohmann::ordered_json result;
  result["psnr"] = psnr(a, b, arguments.crop);
  result["psnr_y"] = psnr_y(a, b, arguments.crop);
  result["ssim"] = has_ssim ? ssim(a, b, arguments.crop) : std::nan("");
  result["ssim_y"] = has_ssim ? ssim_y(a, b, arguments.crop) : std::nan("");
  if (arguments.json) {
    result["identical"] = std::isinf(result["psnr"].get<double>());
    std::cout << result.dump(2) << std::endl;  // JSON has no infinity and no NaN: they become null
    return kAllDone;
  }
  const auto text = [](double value, int digits, const char* unit) {
    if (std::isnan(value)) return std::string("undefined (the picture is smaller than its window)");
    if (std::isinf(value)) return std::string("infinite (the pictures are equal)");
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value << unit;
    return out.str();
  };
  std::cout << "PSNR RGB  " << text(result["psnr"], 2, " dB") << "\nPSNR Y    " << text(result["psnr_y"], 2, " dB")
            << "\nSSIM RGB  " << text(result["ssim"], 4, "") << "\nSSIM Y    " << text(result["ssim_y"], 4, "") << std::endl;
  return kAllDone;
}

}  // namespace

void add_compare(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App& verb = *program.add_subcommand("compare", "Measure how alike two pictures are: PSNR and SSIM, on RGB and on Y");
  verb.add_option("A", arguments->a, "A picture")->required();
  verb.add_option("B", arguments->b, "A picture of the same size")->required();
  verb.add_option("--crop", arguments->crop, "Leave out so many pixels at each border (the published tables: 4)")
      ->check(CLI::Range(0, 1 << 20))->capture_default_str();
  verb.add_flag("--json", arguments->json, "Print JSON");
  verb.callback([arguments, &run] { run = [arguments] { return run_compare(*arguments); }; });
}

}  // namespace daclip::app
