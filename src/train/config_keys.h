// Walks the keys of a training configuration: reading, checking, writing and comparing are one line of work for each
// key.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config_visitor.h"

namespace daclip {

// A visitor that also takes the types which the configurations of networks do not have.
class TrainVisitor : public ConfigVisitor {
 public:
  using ConfigVisitor::field;
  virtual void field(const char* name, int64_t& value, const Range& range) = 0;
  virtual void field(const char* name, uint64_t& value, const Range& range) = 0;
  virtual void field(const char* name, std::vector<double>& values, const Range& range_of_each) = 0;
  virtual void field(const char* name, std::string& text) = 0;                // any text
  virtual void field(const char* name, std::vector<std::string>& texts) = 0;  // any texts
};

struct Key {
  std::string section, name;
  std::string text() const { return section + "." + name; }
};

using Choices = std::span<const std::string_view>;
struct Anything {};  // the rule of a key without one

// Calls work(key, value, rule) for every field; rule is a Range, Choices or Anything.
template <class Work>
class EachKey final : public TrainVisitor {
 public:
  explicit EachKey(const Work& work) : work_(work) {}

  void field(const char* name, int& value, const Range& range, Presence) override { work_(key(name), value, range); }
  void field(const char* name, double& value, const Range& range, Presence) override { work_(key(name), value, range); }
  void field(const char* name, bool& value, Presence) override { work_(key(name), value, Anything{}); }
  void field(const char* name, std::vector<int>& values, const Range& range, Presence) override {
    work_(key(name), values, range);
  }
  void field(const char* name, std::string& value, Choices choices, Presence) override {
    work_(key(name), value, choices);
  }
  void field(const char* name, int64_t& value, const Range& range) override { work_(key(name), value, range); }
  void field(const char* name, uint64_t& value, const Range& range) override { work_(key(name), value, range); }
  void field(const char* name, std::vector<double>& values, const Range& range) override {
    work_(key(name), values, range);
  }
  void field(const char* name, std::string& text) override { work_(key(name), text, Anything{}); }
  void field(const char* name, std::vector<std::string>& texts) override { work_(key(name), texts, Anything{}); }

 protected:
  void begin_section(const char* name) override { sections_.emplace_back(name); }
  void end_section() override { sections_.pop_back(); }

 private:
  Key key(const char* name) const { return {sections_.back(), name}; }

  const Work& work_;
  std::vector<std::string> sections_;
};

}  // namespace daclip
