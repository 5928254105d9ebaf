#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <memory>

#include "formats.h"
#include "model/complexity.h"
#include "model/model.h"
#include "runtime.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct InfoArguments {
  RuntimeOptions runtime;
  bool json = false, complexity = false, published = false, formats = false;
  std::vector<int> size = {256, 256};  // height, width
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
  if (file.config.damage) counts["damage_network"] = file.parameters("damage.");
  if (file.config.instruction) counts["instruction_network"] = file.parameters("instruction.");
  counts["restorer"] = file.parameters("restorer.");
  return counts;
}

nlohmann::ordered_json describe(const ModelFile& file) {
  nlohmann::ordered_json info;
  info["file"] = file.path.string();
  info["bytes"] = std::filesystem::file_size(file.path);
  info["configuration"] = nlohmann::ordered_json::parse(to_json(file.config));
  if (!file.config.words.empty()) info["configuration"]["words"] = file.config.words.size();  // too many to read
  info["parameters"] = parameters(file);
  for (const auto& [label, expert] : file.experts)
    info["experts"][label][expert->config.name] = {{"file", expert->path.string()},
                                                   {"parameters", expert->parameters("restorer.")}};
  constexpr int kSide = 512;
  for (const Network& network : networks_of(file.config, kSide, kSide)) {
    if (network.restores)
      info["multiply_adds"][network.evaluations > 1 ? "restorer_per_pixel_and_step" : "restorer_per_pixel"] =
          std::round(count(network).multiply_adds / (kSide * kSide) * 10) / 10;
    else if (network.width > 0)
      info["multiply_adds"]["daclip_per_photo"] = int64_t(count(network).multiply_adds);
  }
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

// "67.89 M", "65.1 G".
std::string with_unit(double value) {
  if (value >= 1e9) return fixed(value / 1e9, value >= 1e10 ? 1 : 2) + " G";
  return fixed(value / 1e6, value >= 1e7 ? 1 : 2) + " M";
}

// A Markdown row, or an entry of the JSON.
void tell(const Network& network, const NetworkCost& cost, bool json, nlohmann::ordered_json& list) {
  const std::string size = network.width > 0 ? cat(network.width, "x", network.height) : "a text";
  if (json) {
    list.push_back({{"network", network.name},
                    {"input", size},
                    {"parameters", cost.parameters},
                    {"multiply_adds", int64_t(cost.multiply_adds)},
                    {"evaluations", network.evaluations},
                    {"seconds_per_evaluation", cost.seconds},
                    {"seconds", cost.seconds * network.evaluations},
                    {"peak_bytes", cost.peak_bytes}});
    return;
  }
  std::cout << "| " << network.name << " | " << size << " | " << with_unit(double(cost.parameters)) << " | "
            << with_unit(cost.multiply_adds) << " | " << network.evaluations << " | "
            << (cost.peak_bytes > 0 ? fixed(double(cost.peak_bytes) / (1 << 20), 0) + " MB" : "unknown") << " | "
            << fixed(cost.seconds * network.evaluations, 3) << " s |" << std::endl;
}

int run_complexity(const InfoArguments& arguments) {
  const int height = arguments.size[0], width = arguments.size[1];
  const std::vector<Network> networks =
      arguments.published ? published_networks(height, width)
                          : networks_of(read_model_file(find_model(arguments.runtime.model)).config, height, width);
  const auto backend = [&] { return make_backend(backend_options(arguments.runtime)); };
  nlohmann::ordered_json info;
  {
    const std::unique_ptr<Backend> first = backend();
    info = {{"processor", processor_name()},
            {"threads", first->threads()},
            {"precision", dtype_name(first->compute_dtype())},
            {"networks", nlohmann::ordered_json::array()}};
  }
  if (!arguments.json)
    std::cout << info["processor"].get<std::string>() << ", threads: " << info["threads"]
              << ", precision: " << info["precision"].get<std::string>()
              << "\n\n| network | input | parameters | multiply-adds each | evaluations | peak memory | runtime |\n"
                 "|---|---|---|---|---|---|---|"
              << std::endl;
  for (const Network& network : networks) tell(network, measure(network, backend), arguments.json, info["networks"]);
  if (arguments.json) std::cout << info.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return kAllDone;
}

int run_info(const InfoArguments& arguments) {
  if (arguments.formats) return list_formats(arguments.json);
  if (arguments.complexity) return run_complexity(arguments);
  const nlohmann::ordered_json info = describe(read_model_file(find_model(arguments.runtime.model)));
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
  CLI::App& verb = *program.add_subcommand(
      "info", "Describe a model: configuration, parameters, multiply-adds, what it costs to run");
  verb.add_option("MODEL", arguments->runtime.model, "A model's name or file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  verb.add_flag("--json", arguments->json, "Print JSON");
  CLI::Option* complexity = verb.add_flag("--complexity", arguments->complexity,
                                          "Run each network: a table of multiply-adds, peak memory and runtime");
  verb.add_option("--size", arguments->size, "With --complexity: height and width of the photo")
      ->type_name("HxW")
      ->expected(2)
      ->delimiter('x')
      ->check(CLI::Range(1, 1 << 14))
      ->needs(complexity)
      ->capture_default_str();
  verb.add_flag("--published", arguments->published,
                "With --complexity: the paper's networks at full size instead of the model's")
      ->needs(complexity);
  verb.add_flag("--formats", arguments->formats, "List the picture formats of this build instead of a model")
      ->excludes(complexity);
  add_speed_options(verb, arguments->runtime);
  verb.callback([arguments, &run] { run = [arguments] { return run_info(*arguments); }; });
}

}  // namespace daclip::app
