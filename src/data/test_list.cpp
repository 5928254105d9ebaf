#include "data/test_list.h"

#include <set>

#include "core/error.h"
#include "core/labels.h"
#include "core/toml_file.h"
#include "data/tables.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

// One table of the list. Keys that were never read are reported as unknown.
class Entry {
 public:
  Entry(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string text(const char* key) {
    const toml::node* node = find(key);
    if (!node) return {};
    if (!node->is_string() || node->as_string()->get().empty()) fail(*node, key, "a text");
    return node->as_string()->get();
  }
  int64_t number(const char* key, int64_t absent) {
    const toml::node* node = find(key);
    if (!node) return absent;
    if (!node->is_integer() || node->as_integer()->get() < 0) fail(*node, key, "a whole number from 0");
    return node->as_integer()->get();
  }
  std::vector<int> labels(const char* key) {
    const toml::node* node = find(key);
    if (!node) return {};
    if (!node->is_array() || node->as_array()->empty()) fail(*node, key, "a list of labels");
    std::set<int> labels;
    for (const toml::node& item : *node->as_array()) {
      const int label = item.is_string() ? label_index(item.as_string()->get()) : -1;
      if (label < 0) fail(item, key, "labels: the ten degradations or clean");
      labels.insert(label);
    }
    return {labels.begin(), labels.end()};
  }
  void refuse_others() const {
    for (const auto& [key, node] : table_)
      if (!known_.contains(std::string(key.str())))
        throw UsageError(cat(place(node), ": unknown key '", key.str(), "'"));
  }
  std::string place() const { return place(table_); }

 private:
  const toml::node* find(const char* key) {
    known_.insert(key);
    return table_.get(key);
  }
  std::string place(const toml::node& node) const { return cat(where_, ":", node.source().begin.line); }
  [[noreturn]] void fail(const toml::node& node, const char* key, const char* expected) const {
    throw FormatError(cat(place(node), ": ", key, ": expected ", expected));
  }

  const toml::table& table_;
  std::string where_;
  std::set<std::string> known_;
};

// Assigns the masks to the photos in turn, starting again at the first if there are fewer masks.
void add_masks(TestSet& set, const fs::path& folder) {
  const std::vector<fs::path> masks = pictures_by_name(folder, set.problems);
  for (size_t i = 0; i < set.images.size() && !masks.empty(); ++i) set.images[i].mask = masks[i % masks.size()];
}

TestSet read_entry(Entry entry, const fs::path& root) {
  TestSet set;
  set.name = entry.text("name");
  if (set.name.empty()) throw UsageError(cat(entry.place(), ": missing the set's name"));
  const std::string lq = entry.text("lq"), gt = entry.text("gt"), recipe = entry.text("recipe");
  const std::string masks = entry.text("masks");
  set.labels = entry.labels("labels");
  set.group = entry.text("group");
  set.paper = entry.text("paper");
  set.seed = uint64_t(entry.number("seed", 0));
  const auto limit = size_t(entry.number("limit", 0));
  entry.refuse_others();
  if (lq.empty() && gt.empty()) throw UsageError(cat(entry.place(), ": ", set.name, ": expected lq, gt or both"));
  if (!lq.empty() && !recipe.empty())
    throw UsageError(cat(entry.place(), ": ", set.name, ": lq and recipe exclude each other"));
  if (!recipe.empty()) {
    try {
      set.recipe = parse_chain(recipe);
    } catch (const UsageError& error) {
      throw UsageError(cat(entry.place(), ": ", set.name, ": ", error.what()));
    }
    if (set.labels.empty()) set.labels = chain_labels(*set.recipe);
  }
  if (!lq.empty() && !gt.empty()) {
    add_pairs(set, root / lq, root / gt);
  } else {
    for (const fs::path& path : pictures_by_name(root / (lq.empty() ? gt : lq), set.problems))
      set.images.push_back({path.stem().string(), gt.empty() ? fs::path() : path, set.recipe ? fs::path() : path, {}});
  }
  if (limit > 0 && set.images.size() > limit) set.images.resize(limit);
  if (!masks.empty()) add_masks(set, root / masks);
  return set;
}

}  // namespace

std::vector<TestSet> read_test_list(const fs::path& list, const fs::path& root) {
  const toml::table table = read_toml(list);
  const std::string where = list.string();
  Entry top(table, where);
  const std::string own_root = top.text("root");
  const fs::path start = !root.empty() ? root : list.parent_path() / own_root;
  std::vector<TestSet> sets;
  std::set<std::string> names;
  const toml::node* entries = table.get("set");
  if (!entries || !entries->is_array() || entries->as_array()->empty())
    throw UsageError(cat(where, ": no [[set]] in this list"));
  for (const auto& [key, node] : table)
    if (key != "root" && key != "set")
      throw UsageError(cat(where, ":", node.source().begin.line, ": unknown key '", key.str(), "'"));
  for (const toml::node& node : *entries->as_array()) {
    if (!node.is_table()) throw FormatError(cat(where, ":", node.source().begin.line, ": expected [[set]]"));
    sets.push_back(read_entry(Entry(*node.as_table(), where), start));
    if (!names.insert(sets.back().name).second)
      throw UsageError(cat(where, ":", node.source().begin.line, ": duplicate set name ", sets.back().name));
  }
  return sets;
}

}  // namespace daclip
