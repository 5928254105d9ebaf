#include "nets/weight_check.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace daclip {
namespace {

// "3 missing (a, b, c)", with at most eight names.
std::string listed(const std::vector<std::string>& names, const char* what) {
  constexpr size_t kShown = 8;
  std::string text = cat(names.size(), " ", what, " (");
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += cat(" and ", names.size() - kShown, " more");
  return text + ")";
}

}  // namespace

void check_tensors(const std::vector<WeightSpec>& expected, const NamedArrays& arrays, const std::string& where) {
  std::vector<std::string> missing, unexpected, mismatched;
  std::set<std::string_view> known;
  for (const WeightSpec& spec : expected) {
    known.insert(spec.name);
    const auto it = arrays.arrays.find(spec.name);
    if (it == arrays.arrays.end())
      missing.push_back(spec.name);
    else if (it->second.shape != spec.shape)
      mismatched.push_back(cat(spec.name, " is ", to_string(it->second.shape), ", expected ", to_string(spec.shape)));
  }
  for (const auto& [name, array] : arrays.arrays)
    if (!known.contains(name)) unexpected.push_back(name);
  std::string problems;
  const auto add = [&](const std::vector<std::string>& names, const char* what) {
    if (!names.empty()) problems += (problems.empty() ? "" : "; ") + listed(names, what);
  };
  add(missing, "missing");
  add(unexpected, "unexpected");
  add(mismatched, "mismatched");
  if (!problems.empty()) throw WeightsError(cat(where, ": tensors do not fit the configuration: ", problems));
}

}  // namespace daclip
