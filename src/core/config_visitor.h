// A configuration lists its fields once, with their ranges, in a function visit(ConfigVisitor&, Config&). Whatever is
// done to a configuration (writing it, reading it, checking it, replacing single values) is a visitor.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/range.h"
#include "core/text.h"

namespace daclip {

// Files made before a field existed lack it; its default then stays.
enum class Presence { required, optional };

class ConfigVisitor {
 public:
  virtual ~ConfigVisitor() = default;

  virtual void field(const char* name, int& value, const Range& range, Presence presence = Presence::required) = 0;
  virtual void field(const char* name, double& value, const Range& range, Presence presence = Presence::required) = 0;
  virtual void field(const char* name, bool& value, Presence presence = Presence::required) = 0;
  virtual void field(const char* name, std::vector<int>& values, const Range& range_of_each,
                     Presence presence = Presence::required) = 0;
  // One of `choices`.
  virtual void field(const char* name, std::string& value, std::span<const std::string_view> choices,
                     Presence presence = Presence::required) = 0;

  // The fields that follow in `visit` belong to the section `name`, until it returns.
  template <class Visit>
  void section(const char* name, const Visit& visit) {
    begin_section(name);
    visit();
    end_section();
  }

 protected:
  virtual void begin_section(const char* name) = 0;
  virtual void end_section() = 0;
};

// An enumeration as a field of text. `names` holds (value, name) pairs.
template <class Enum, size_t N>
void enum_field(ConfigVisitor& visitor, const char* field, Enum& value,
                const std::pair<Enum, std::string_view> (&names)[N], Presence presence = Presence::required) {
  std::string name;
  std::string_view choices[N];
  for (size_t i = 0; i < N; ++i) {
    choices[i] = names[i].second;
    if (names[i].first == value) name = names[i].second;
  }
  visitor.field(field, name, choices, presence);
  for (const auto& [known, text] : names)
    if (text == name) value = known;
}

// "1,1,1,28", as descriptions show a list.
inline std::string joined(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += cat(text.empty() ? "" : ",", value);
  return text;
}

// Checks every field against its range. Throws FormatError "PREFIX.SECTION.FIELD: VALUE: expected RANGE".
class RangeCheck : public ConfigVisitor {
 public:
  explicit RangeCheck(std::string prefix) : prefix_(std::move(prefix)) {}

  void field(const char* name, int& value, const Range& range, Presence) override { check(name, value, range); }
  void field(const char* name, double& value, const Range& range, Presence) override { check(name, value, range); }
  void field(const char*, bool&, Presence) override {}
  void field(const char* name, std::vector<int>& values, const Range& range, Presence) override {
    for (const int value : values) check(name, value, range);
  }
  void field(const char* name, std::string& value, std::span<const std::string_view> choices, Presence) override {
    if (std::ranges::find(choices, value) == choices.end())
      throw FormatError(cat(key(name), ": \"", value, "\": expected one of ", joined(choices)));
  }

 protected:
  void begin_section(const char* name) override { sections_.emplace_back(name); }
  void end_section() override { sections_.pop_back(); }

 private:
  std::string key(const char* name) const { return cat(sections_.empty() ? prefix_ : sections_.back(), ".", name); }
  void check(const char* name, double value, const Range& range) const {
    if (!range.contains(value)) throw FormatError(cat(key(name), ": ", value, ": expected ", range_text(range)));
  }

  std::string prefix_;
  std::vector<std::string> sections_;
};

}  // namespace daclip
