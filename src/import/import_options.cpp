#include "import/import_options.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace daclip {
namespace {

using Json = nlohmann::json;

class ConfigFile {
 public:
  explicit ConfigFile(const std::filesystem::path& path) : where_(path.string()) {
    const std::vector<uint8_t> bytes = read_file(path);
    root_ = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!root_.is_object()) throw FormatError(cat(where_, ": expected a JSON object"));
  }

  // The object at parent[name], or null. A null `parent` means the root.
  const Json* part(const Json* parent, const char* name) const {
    if (!parent) parent = &root_;
    const auto it = parent->find(name);
    return it != parent->end() && it->is_object() ? &*it : nullptr;
  }

  const Json& root() const { return root_; }

  template <class T>
  void take(const Json* part, const char* name, std::optional<T>& value) const {
    if (!part || value || !part->contains(name)) return;
    const Json& entry = (*part)[name];
    const bool fits = std::is_same_v<T, bool>          ? entry.is_boolean()
                      : std::is_same_v<T, std::string> ? entry.is_string()
                      : std::is_floating_point_v<T>    ? entry.is_number()
                                                       : entry.is_number_integer();
    if (!fits) throw FormatError(cat(where_, ": ", name, " has the wrong type: ", entry.dump()));
    if constexpr (std::is_same_v<T, int>) {
      const int64_t number = entry.get<int64_t>();
      if (number < 0 || number > 100'000'000) throw FormatError(cat(where_, ": ", name, " is out of range: ", number));
      value = int(number);
    } else {
      value = entry.get<T>();
    }
  }

  const std::string& where() const { return where_; }

 private:
  std::string where_;
  Json root_;
};

void take_clip(const ConfigFile& file, ImportOptions& options, ConfigFacts& facts) {
  const Json* model = file.part(nullptr, "model_cfg");
  if (!model && file.root().contains("vision_cfg")) model = &file.root();
  if (!model) return;
  const Json *vision = file.part(model, "vision_cfg"), *text = file.part(model, "text_cfg");
  file.take(model, "quick_gelu", options.quick_gelu);
  file.take(model, "embed_dim", facts.embedding);
  file.take(vision, "head_width", options.head_width);
  file.take(vision, "image_size", facts.image_size);
  file.take(vision, "patch_size", facts.patch);
  file.take(vision, "width", facts.vision_width);
  file.take(vision, "layers", facts.vision_layers);
  file.take(text, "heads", options.text_heads);
  file.take(text, "context_length", facts.context);
  file.take(text, "vocab_size", facts.vocab);
  file.take(text, "width", facts.text_width);
  file.take(text, "layers", facts.text_layers);
}

void take_sde(const ConfigFile& file, ImportOptions& options) {
  const Json* sde = file.part(nullptr, "sde");
  if (!sde)
    if (const Json* step = file.part(nullptr, "train_step")) sde = file.part(step, "sde");
  std::optional<std::string> schedule;
  file.take(sde, "max_sigma", options.max_sigma);
  file.take(sde, "T", options.timesteps);
  file.take(sde, "eps", options.eps);
  file.take(sde, "schedule", schedule);
  if (schedule && !options.schedule) options.schedule = schedule_from_name(*schedule);
}

}  // namespace

ConfigFacts apply_configs(ImportOptions& options) {
  ConfigFacts facts;
  for (const std::filesystem::path& path : options.configs) {
    const ConfigFile file(path);
    take_clip(file, options, facts);
    take_sde(file, options);
    std::optional<std::string> order;
    file.take(&file.root(), "control_order", order);
    if (order && *order != "reversed" && *order != "forward")
      throw FormatError(cat(file.where(), ": control_order: expected reversed or forward"));
    if (order && !options.control_order)
      options.control_order = *order == "reversed" ? ControlOrder::reversed : ControlOrder::forward;
  }
  return facts;
}

void check_facts(const ConfigFacts& facts, const ClipConfig& found, const std::string& where) {
  std::string problems;
  const auto compare = [&](const char* what, const std::optional<int>& told, int detected) {
    if (told && *told != detected)
      problems += cat(problems.empty() ? "" : ", ", what, " ", detected, " (configuration: ", *told, ")");
  };
  compare("embed_dim", facts.embedding, found.embedding);
  compare("image_size", facts.image_size, found.vision.image_size);
  compare("patch_size", facts.patch, found.vision.patch);
  compare("vision width", facts.vision_width, found.vision.width);
  compare("vision layers", facts.vision_layers, found.vision.layers);
  compare("context_length", facts.context, found.text.context);
  compare("vocab_size", facts.vocab, found.text.vocab);
  compare("text width", facts.text_width, found.text.width);
  compare("text layers", facts.text_layers, found.text.layers);
  if (!problems.empty()) throw WeightsError(cat(where, ": the file has ", problems));
}

}  // namespace daclip
