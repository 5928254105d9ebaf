#include "degrade/chain.h"

#include <charconv>
#include <set>

#include "core/error.h"
#include "core/labels.h"
#include "core/random.h"

namespace daclip {
namespace {

constexpr size_t kMostSteps = 8;

// Position of the next '+' that separates steps and is not part of a number such as 1e+2.
size_t find_separator(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '+' && !(i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9')) return i;
  return std::string_view::npos;
}

}  // namespace

Chain parse_chain(std::string_view text) {
  Chain chain;
  for (std::string_view rest = text;;) {
    const size_t plus = find_separator(rest);
    const std::string_view step = rest.substr(0, plus);
    if (step.empty()) throw UsageError(cat("degradation '", text, "': missing kind, expected KIND or KIND+KIND"));
    if (chain.steps.size() == kMostSteps)
      throw UsageError(cat("degradation '", text, "': too many kinds, expected at most ", kMostSteps));
    chain.steps.push_back(parse_degrade_spec(step));
    if (plus == std::string_view::npos) return chain;
    rest = rest.substr(plus + 1);
  }
}

std::string to_text(const Chain& chain) {
  std::string text;
  for (const DegradeSpec& step : chain.steps) {
    text += (text.empty() ? "" : "+") + step.kind;
    char separator = ':';
    for (const auto& [name, value] : step.params) {
      char number[32];
      const auto end = std::to_chars(number, number + sizeof number, value).ptr;
      text += separator + name + "=" + std::string(number, end);
      separator = ',';
    }
  }
  return text;
}

std::vector<int> chain_labels(const Chain& chain) {
  std::set<int> labels;
  for (const DegradeSpec& step : chain.steps) labels.insert(label_index(step.kind));
  return {labels.begin(), labels.end()};
}

FloatImage degrade(const FloatImage& gt, const Chain& chain, uint64_t seed, Severity severity, const FloatImage* mask) {
  if (chain.steps.empty()) throw UsageError("degrade: a chain without steps");
  FloatImage image = gt;
  for (size_t i = 0; i < chain.steps.size(); ++i) {
    if (mask && chain.steps[i].kind == "uncompleted")
      image = apply_mask(image, *mask);
    else
      image = degrade(image, chain.steps[i], i == 0 ? seed : mix_seed(seed, i), severity);
  }
  return image;
}

}  // namespace daclip
