// Converts configurations to JSON and back.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "core/config_visitor.h"

namespace daclip {

// Location of a visited section in the JSON.
enum class Sections {
  nested,  // inside the object of the surrounding fields: clip.vision
  beside,  // beside that object: restorer, sde
};

class JsonWriter : public ConfigVisitor {
 public:
  using Json = nlohmann::ordered_json;

  // Writes to root[name]. Keeps a reference to `root`.
  JsonWriter(Json& root, const char* name, Sections sections) : root_(root), sections_(sections), path_{name} {}

  void field(const char* name, int& value, const Range&, Presence) override { object()[name] = value; }
  void field(const char* name, double& value, const Range&, Presence) override { object()[name] = value; }
  void field(const char* name, bool& value, Presence) override { object()[name] = value; }
  void field(const char* name, std::vector<int>& values, const Range&, Presence) override { object()[name] = values; }
  void field(const char* name, std::string& value, std::span<const std::string_view>, Presence) override {
    object()[name] = value;
  }

 protected:
  void begin_section(const char* name) override { path_.emplace_back(name); }
  void end_section() override { path_.pop_back(); }

 private:
  Json& object() {
    if (sections_ == Sections::beside) return root_[path_.back()];
    Json* at = &root_;
    for (const std::string& name : path_) at = &(*at)[name];
    return *at;
  }

  Json& root_;
  Sections sections_;
  std::vector<std::string> path_;
};

// Throws FormatError "model configuration: WHERE.FIELD is missing" or "... has the wrong type: VALUE".
class JsonReader : public ConfigVisitor {
 public:
  using Json = nlohmann::ordered_json;

  // Reads root[name]. Keeps a reference to `root`.
  JsonReader(const Json& root, const char* name, Sections sections) : root_(root), sections_(sections) {
    begin_section(name);
  }

  void field(const char* name, int& value, const Range&, Presence presence) override { read(name, value, presence); }
  void field(const char* name, double& value, const Range&, Presence presence) override { read(name, value, presence); }
  void field(const char* name, bool& value, Presence presence) override { read(name, value, presence); }
  void field(const char* name, std::vector<int>& values, const Range&, Presence presence) override {
    read(name, values, presence);
  }
  void field(const char* name, std::string& value, std::span<const std::string_view> choices,
             Presence presence) override {
    read(name, value, presence);
    if (std::ranges::find(choices, value) == choices.end())
      fail(name, cat("is \"", value, "\": expected one of ", joined(choices)));
  }

  // Reads a field that visit() does not list.
  template <class T>
  void read(const char* name, T& value, Presence presence = Presence::required) const {
    const Json& object = *objects_.back().second;
    const auto it = object.find(name);
    if (it == object.end() && presence == Presence::optional) return;
    if (it == object.end()) fail(name, "is missing");
    try {
      value = it->template get<T>();
    } catch (const nlohmann::json::exception&) {
      fail(name, "has the wrong type: " + it->dump());
    }
  }

 protected:
  void begin_section(const char* name) override {
    const Json& around = objects_.empty() || sections_ == Sections::beside ? root_ : *objects_.back().second;
    const auto it = around.find(name);
    if (it == around.end() || !it->is_object()) throw FormatError(cat("model configuration: ", name, " is missing"));
    objects_.emplace_back(name, &*it);
  }
  void end_section() override { objects_.pop_back(); }

 private:
  [[noreturn]] void fail(const char* name, const std::string& what) const {
    std::string path = sections_ == Sections::beside ? objects_.back().first + "." : "";
    if (sections_ == Sections::nested)
      for (const auto& [section, object] : objects_) path += section + ".";
    throw FormatError(cat("model configuration: ", path, name, " ", what));
  }

  const Json& root_;
  Sections sections_;
  std::vector<std::pair<std::string, const Json*>> objects_;
};

}  // namespace daclip
