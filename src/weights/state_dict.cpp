#include "weights/state_dict.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/checked.h"
#include "core/error.h"
#include "core/text.h"
#include "weights/other_files.h"
#include "weights/printable.h"
#include "weights/safetensors.h"
#include "weights/tfjs.h"
#include "weights/torch_file.h"

namespace daclip {
namespace {

using Kind = Pickle::Kind;
using Ref = Pickle::Ref;

// Entries that hold the weights, in order of preference. The averaged ones come first: they restore better.
constexpr std::string_view kAveraged[] = {"params_ema", "ema_state_dict", "state_dict_ema", "model_ema", "ema_model",
                                          "net_ema",    "g_ema",          "ema_params",     "ema",       "averaged"};
constexpr std::string_view kNested[] = {"state_dict",     "params",  "model_state_dict", "model_state", "model",
                                        "net_state_dict", "net",     "network",          "netG",        "generator",
                                        "module",         "weights", "model_dict",       "state"};
// What wrappers put before all names.
constexpr std::string_view kWrappers[] = {"module",   "_orig_mod",    "net",       "model",
                                          "network",  "netG",         "generator", "restorer",
                                          "denoiser", "online_model", "ema_model", "backbone"};
constexpr int kMaxNesting = 4;       // dicts that contain the state dict
constexpr int kMaxModuleDepth = 32;  // nesting of modules in a torch.jit archive
constexpr size_t kMaxTensors = 100'000, kMaxVisits = 1'000'000;
constexpr std::string_view kModule = "module.", kCompiled = "_orig_mod.";

bool averaged(std::string_view name) { return std::ranges::find(kAveraged, name) != std::end(kAveraged); }

// Names without what DataParallel and torch.compile put into them.
std::string plain_name(std::string_view stored) {
  std::string name(stored);
  for (size_t at; (at = name.find(kCompiled)) != name.npos;) name.erase(at, kCompiled.size());
  return name.starts_with(kModule) ? name.substr(kModule.size()) : name;
}

// "net" of "net.intro.weight".
std::string_view first_part(std::string_view name) { return name.substr(0, name.find('.')); }

// Removes what wrappers put before the names of tensors.
class Unwrapper {
 public:
  Unwrapper(StateDict& dict, const std::string& where) : dict_(dict), where_(where) {}

  void run(const std::string& entry) {
    rename([](const std::string& name) { return plain_name(name); });
    dict_.arrays.arrays.erase("n_averaged");  // of torch.optim.swa_utils
    if (!entry.empty() && !dict_.entry_found && groups().contains(entry)) {
      take(entry);
      dict_.entry_found = true;
    }
    for (int level = 0; level < kMaxNesting; ++level) {
      const std::map<std::string, std::set<std::string>> parts = groups();
      const auto wrapper = std::ranges::find_if(kWrappers, [&](std::string_view name) {
        return parts.size() == 1 && parts.begin()->first == name && !parts.begin()->second.contains("");
      });
      const std::string copy = dict_.entry_found ? "" : averaged_copy(parts);
      if (!copy.empty())
        take(copy);
      else if (wrapper != std::end(kWrappers))
        take(std::string(*wrapper));
      else
        return;
    }
  }

 private:
  // The names after their first part, by that part; "" for a name of one part.
  std::map<std::string, std::set<std::string>> groups() const {
    std::map<std::string, std::set<std::string>> parts;
    for (const auto& [name, array] : dict_.arrays.arrays) {
      const std::string_view part = first_part(name);
      parts[std::string(part)].insert(part.size() < name.size() ? name.substr(part.size() + 1) : "");
    }
    return parts;
  }

  // The part whose tensors are those of another part once more, averaged.
  static std::string averaged_copy(const std::map<std::string, std::set<std::string>>& parts) {
    for (const auto& [part, names] : parts)
      if (averaged(part))
        for (const auto& [other, others] : parts)
          if (other != part && others == names) return part;
    return "";
  }

  // Leaves the tensors under this part, without it.
  void take(const std::string& part) {
    const std::string start = part + ".";
    std::erase_if(dict_.arrays.arrays, [&](const auto& named) { return !named.first.starts_with(start); });
    rename([&](const std::string& name) { return plain_name(std::string_view(name).substr(start.size())); });
    dict_.origin += cat(", names without ", printable(start));
  }

  template <class NewName>
  void rename(const NewName& new_name) {
    std::map<std::string, NamedArray, std::less<>> renamed;
    for (auto& [name, array] : dict_.arrays.arrays) {
      const std::string bare = new_name(name);
      if (!renamed.emplace(bare, std::move(array)).second)
        throw FormatError(cat(where_, ": duplicate tensor ", printable(bare)));
    }
    dict_.arrays.arrays = std::move(renamed);
  }

  StateDict& dict_;
  const std::string& where_;
};

class Reader {
 public:
  Reader(const SharedBytes& file, const std::string& where, const std::string& entry)
      : where_(where), wanted_(entry), limit_(4 * uint64_t(file.bytes.size())), file_(file, where) {}

  StateDict read() {
    result_.torchscript = file_.torchscript();
    if (file_.torchscript()) {
      result_.origin = "torch.jit archive";
      add_modules(file_.root(), "", 0);
    } else {
      result_.origin = "torch.save file";
      add_all(find_dict());
    }
    if (result_.arrays.arrays.empty()) throw FormatError(cat(where_, ": ", result_.origin, " without tensors"));
    return std::move(result_);
  }

 private:
  // The dict that holds tensors: the root or an entry of it.
  Ref find_dict() {
    Ref root = file_.root();
    if (const Ref chosen = wanted_.empty() ? 0 : entry(root, wanted_); chosen != 0) {
      result_.entry_found = true;
      result_.origin += cat(", entry ", printable(wanted_));
      root = chosen;
    }
    if (const Ref dict = find_below(root, 0)) return dict;
    std::string found;
    const auto entries = file_.entries(root);
    for (size_t i = 0; i + 1 < entries.size() && found.size() < 200; i += 2)
      found += (i ? ", " : "") + printable(file_.value(entries[i]).text);
    throw FormatError(cat(where_,
                          ": no weights at top level or under a usual name such as state_dict or params; found ",
                          found.empty() ? "no named entries" : found, "; --entry NAME chooses one of them"));
  }

  // Depth first, each dict once. 0 where no tensors are found.
  Ref find_below(Ref dict, int level) {
    if (level > kMaxNesting || !seen_.insert(dict).second) return 0;
    std::vector<std::string> names;
    const auto consider = [&](std::string_view name) {
      if (entry(dict, name) != 0 && leads_to_tensors(entry(dict, name))) names.emplace_back(name);
    };
    std::ranges::for_each(kAveraged, consider);
    std::ranges::for_each(kNested, consider);
    if (names.empty() && holds_tensors(dict)) return dict;
    if (names.empty()) names = only_entry(dict);
    const std::string before = result_.origin;
    for (const std::string& name : names) {
      result_.origin = cat(before, ", entry ", printable(name), averaged(name) ? " (averaged weights)" : "");
      if (const Ref found = find_below(entry(dict, name), level + 1)) {
        if (names.size() > 1) {
          result_.choice = {name};
          std::ranges::copy_if(names, std::back_inserter(result_.choice),
                               [&](const auto& other) { return other != name; });
        }
        return found;
      }
    }
    result_.origin = before;
    return 0;
  }

  // Tensors, or entries that may lead to them; not None, which stands where no average was kept.
  bool leads_to_tensors(Ref ref) const { return !file_.entries(ref).empty(); }

  // The one entry that holds tensors, whatever its name; nothing where there are several.
  std::vector<std::string> only_entry(Ref dict) const {
    std::vector<std::string> names;
    const auto entries = file_.entries(dict);
    for (size_t i = 0; i + 1 < entries.size(); i += 2)
      if (file_.value(entries[i]).kind == Kind::text && holds_tensors(entries[i + 1]))
        names.emplace_back(file_.value(entries[i]).text);
    if (names.size() > 1) names.clear();
    return names;
  }

  bool holds_tensors(Ref dict) const {
    const auto entries = file_.entries(dict);
    for (size_t i = 0; i + 1 < entries.size(); i += 2)
      if (file_.is_tensor(entries[i + 1])) return true;
    return false;
  }

  Ref entry(Ref dict, std::string_view name) const {
    const auto entries = file_.entries(dict);
    for (size_t i = 0; i + 1 < entries.size(); i += 2)
      if (file_.value(entries[i]).kind == Kind::text && file_.value(entries[i]).text == name) return entries[i + 1];
    return 0;
  }

  void add_all(Ref dict) {
    const auto entries = file_.entries(dict);
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
      if (!file_.is_tensor(entries[i + 1])) continue;
      if (file_.value(entries[i]).kind != Kind::text) throw FormatError(cat(where_, ": a tensor has no name"));
      add(file_.value(entries[i]).text, entries[i + 1]);
    }
  }

  // Collects tensors from the attributes of nested modules; names are joined by dots.
  void add_modules(Ref object, const std::string& prefix, int depth) {
    const auto entries = file_.entries(object);
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
      if (depth > kMaxModuleDepth || ++visits_ > kMaxVisits)
        throw LimitError(cat(where_, ": modules nested deeper than ", kMaxModuleDepth, " or too many"));
      if (file_.value(entries[i]).kind != Kind::text) continue;
      const std::string name = prefix + std::string(file_.value(entries[i]).text);
      if (file_.is_tensor(entries[i + 1]))
        add(name, entries[i + 1]);
      else if (file_.value(entries[i + 1]).kind == Kind::call)
        add_modules(entries[i + 1], name + ".", depth + 1);
    }
  }

  void add(std::string_view name, Ref ref) {
    NamedArray array = file_.tensor(ref, std::string(name));
    total_ += array.bytes.size();
    // Only a hostile file expands to many times its size.
    if (total_ > limit_ || result_.arrays.arrays.size() == kMaxTensors)
      throw LimitError(cat(where_, ": the tensors share storage and expand to more than four times the file's size"));
    if (!result_.arrays.arrays.emplace(name, std::move(array)).second)
      throw FormatError(cat(where_, ": duplicate tensor ", printable(name)));
  }

  std::string where_, wanted_;
  uint64_t limit_;
  TorchFile file_;
  StateDict result_;
  uint64_t total_ = 0;
  size_t visits_ = 0;
  std::set<Ref> seen_;
};

StateDict stored_dict(const SharedBytes& file, const std::string& where, const std::string& entry) {
  if (TorchFile::starts_like_one(file.bytes)) return Reader(file, where, entry).read();
  refuse_other_files(file.bytes, where);
  // Read as safetensors, a pickle from another program would fail with an absurd header length; name the real problem.
  if (file.bytes.size() >= 9 && file.bytes[0] == 0x80 && file.bytes[1] <= 5 && file.bytes[8] != '{')
    throw FormatError(cat(where, ": a bare pickle, expected a torch.save or safetensors file"));
  StateDict result;
  result.origin = "safetensors";
  result.arrays = parse_safetensors(file, where);
  return result;
}

}  // namespace

StateDict parse_state_dict(const SharedBytes& file, const std::string& where, const std::string& entry) {
  StateDict dict = stored_dict(file, where, entry);
  Unwrapper(dict, where).run(entry);
  return dict;
}

StateDict read_state_dict(const std::filesystem::path& path, const std::string& entry) {
  if (is_tfjs(path)) {
    if (std::filesystem::is_regular_file(path)) refuse_index(map_file(path).bytes, path.string());
    return read_tfjs(path);
  }
  refuse_shards(path.filename().string());
  return parse_state_dict(map_file(path), path.string(), entry);
}

}  // namespace daclip
