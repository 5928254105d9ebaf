#include "model/experts.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/labels.h"
#include "core/toml_file.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class Table {
 public:
  explicit Table(const fs::path& path) : path_(path), table_(read_toml(path)) {}

  ModelFile read() {
    ModelFile model;
    const toml::table* experts = nullptr;
    std::string base;
    for (const auto& [key, value] : table_) {
      if (key == "base" && value.is_string())
        base = **value.as_string();
      else if (key == "experts" && value.is_table())
        experts = value.as_table();
      else
        fail(value, key, "expected base = \"MODEL\" and a table [experts]");
    }
    if (base.empty() || !experts || experts->empty())
      throw FormatError(cat(path_.string(), ": expected base = \"MODEL\" and a table [experts] of at least one label"));
    model = read_model_file(find(base));
    if (!model.config.clip || !model.config.restorer)
      throw FormatError(cat(path_.string(), ": base ", base, ": expected a model that recognises and restores"));
    model.path = path_;
    model.config.name = fs::absolute(path_).parent_path().filename().string();
    for (const auto& [key, value] : *experts) add(model, std::string(key.str()), value);
    return model;
  }

 private:
  [[noreturn]] void fail(const toml::node& node, std::string_view key, const std::string& expected) const {
    throw FormatError(cat(path_.string(), ":", node.source().begin.line, ": ", key, ": ", expected));
  }

  void add(ModelFile& model, const std::string& label, const toml::node& value) const {
    const std::vector<std::string>& labels = model.config.labels;
    if (label == kCleanLabel || std::ranges::find(labels, label) == labels.end())
      fail(value, label, cat("expected a kind of damage that ", model.config.name, " knows"));
    const toml::array one{value.is_string() ? value.as_string()->get() : ""};
    const toml::array& names = value.is_array() ? *value.as_array() : one;
    if (names.empty() || !names.is_homogeneous(toml::node_type::string) || names[0].as_string()->get().empty())
      fail(value, label, "expected a model or a list of models");
    for (const toml::node& name : names) add_expert(model, label, value, name.as_string()->get());
  }

  void add_expert(ModelFile& model, const std::string& label, const toml::node& place, const std::string& name) const {
    auto expert = std::make_shared<ModelFile>(read_model_file(find(name)));
    if (!expert->config.restorer) fail(place, label, cat(name, " restores nothing"));
    const ContextDims dims = expert->config.restorer->context_dims();
    if (dims.content > 0 || dims.degradation > 0)
      fail(place, label, cat(name, " takes embeddings, expected a network without"));
    model.experts.emplace_back(label, std::move(expert));
  }

  // A model beside the table's folder, else by its name.
  fs::path find(const std::string& name) const {
    const fs::path beside = fs::absolute(path_).parent_path().parent_path() / name;
    std::error_code error;
    for (const fs::path& file : {beside, beside / "model.safetensors"})
      if (fs::is_regular_file(file, error)) return single(file);
    try {
      return single(find_model(name));
    } catch (const IoError& failed) {
      throw IoError(cat(path_.string(), ": ", failed.what()));
    }
  }

  fs::path single(const fs::path& file) const {
    if (is_expert_table(file)) throw FormatError(cat(path_.string(), ": ", file.string(), " is a table itself"));
    return file;
  }

  fs::path path_;
  toml::table table_;
};

}  // namespace

bool is_expert_table(const fs::path& path) { return path.extension() == ".toml"; }

ModelFile read_expert_table(const fs::path& path) { return Table(path).read(); }

const Weights& Expert::weights(Backend& backend) const {
  const std::lock_guard lock(mutex_);
  if (weights_.empty()) weights_ = load_weights(backend, *file_, "restorer.");
  return weights_;
}

}  // namespace daclip
