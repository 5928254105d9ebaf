#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <memory>

#include "pipeline/cost.h"
#include "pipeline/model.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct InfoArguments {
  std::string model = "compact";
  bool json = false;
};

nlohmann::ordered_json parameters(const ModelFile& file) {
  nlohmann::ordered_json counts;
  counts["total"] = file.parameters();
  counts["daclip"] = file.parameters("daclip.");
  if (file.config.clip) {
    const int64_t image = file.parameters("daclip.clip.visual."), control = file.parameters("daclip.visual_control.");
    counts["image_tower"] = image;
    if (file.config.controller) counts["controller"] = control;
    if (file.config.text_tower) counts["text_tower"] = file.parameters("daclip.") - image - control;
    // What the paper's "+125.2M" counts, see ModelFile.
    if (file.config.controller) counts["image_tower_and_controller_by_layers"] = file.parameters_of_layers();
  }
  counts["restorer"] = file.parameters("restorer.");
  return counts;
}

nlohmann::ordered_json describe(const ModelFile& file) {
  nlohmann::ordered_json info;
  info["file"] = file.path.string();
  info["bytes"] = std::filesystem::file_size(file.path);
  info["configuration"] = nlohmann::ordered_json::parse(to_json(file.config));
  info["parameters"] = parameters(file);
  const ModelCost cost = model_cost(file.config);
  if (file.config.clip) info["multiply_adds"]["daclip_per_photo"] = int64_t(cost.daclip);
  if (cost.restorer_per_pixel > 0)
    info["multiply_adds"][file.config.unet ? "restorer_per_pixel_and_step" : "restorer_per_pixel"] =
        std::round(cost.restorer_per_pixel * 10) / 10;
  return info;
}

void print(const nlohmann::ordered_json& json, const std::string& indent) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_object()) {
      std::cout << indent << key << ":\n";
      print(value, indent + "  ");
    } else {
      std::cout << indent << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
    }
  }
}

int run_info(const InfoArguments& arguments) {
  const nlohmann::ordered_json info = describe(read_model_file(find_model(arguments.model)));
  if (arguments.json)
    std::cout << info.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  else
    print(info, "");
  std::cout.flush();
  return kAllDone;
}

}  // namespace

void add_info(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<InfoArguments>();
  CLI::App& verb =
      *program.add_subcommand("info", "Describe a model: configuration, parameters, multiply-adds per pixel");
  verb.add_option("MODEL", arguments->model, "A model's name or file")->type_name("NAME|FILE")->capture_default_str();
  verb.add_flag("--json", arguments->json, "Print JSON");
  verb.callback([arguments, &run] { run = [arguments] { return run_info(*arguments); }; });
}

}  // namespace daclip::app
