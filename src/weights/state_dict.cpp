#include "weights/state_dict.h"

#include <string_view>

#include "core/checked.h"
#include "core/error.h"
#include "weights/printable.h"
#include "weights/safetensors.h"
#include "weights/tfjs.h"
#include "weights/torch_file.h"

namespace daclip {
namespace {

using Kind = Pickle::Kind;
using Ref = Pickle::Ref;

constexpr std::string_view kNested[] = {"state_dict", "params_ema", "params", "model"};
constexpr int kMaxNesting = 4;       // dicts that contain the state dict
constexpr int kMaxModuleDepth = 32;  // nesting of modules in a torch.jit archive
constexpr size_t kMaxTensors = 100'000, kMaxVisits = 1'000'000;
constexpr std::string_view kModule = "module.";

class Reader {
 public:
  Reader(const SharedBytes& file, const std::string& where)
      : where_(where), limit_(4 * uint64_t(file.bytes.size())), file_(file, where) {}

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
  // The dict that holds tensors: the root or an entry with one of the usual names.
  Ref find_dict() {
    Ref dict = file_.root();
    for (int level = 0; level < kMaxNesting; ++level) {
      if (holds_tensors(dict)) return dict;
      Ref inner = 0;
      for (const std::string_view name : kNested)
        if (inner == 0 && (inner = entry(dict, name)) != 0) result_.origin += cat(", entry ", name);
      if (inner == 0) break;
      dict = inner;
    }
    std::string found;
    const auto entries = file_.entries(dict);
    for (size_t i = 0; i + 1 < entries.size() && found.size() < 200; i += 2)
      found += (i ? ", " : "") + printable(file_.value(entries[i]).text);
    throw FormatError(cat(where_,
                          ": no weights at top level or under state_dict, params_ema, params or "
                          "model; found ",
                          found.empty() ? "no named entries" : found));
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
    if (name.starts_with(kModule)) name.remove_prefix(kModule.size());
    NamedArray array = file_.tensor(ref, std::string(name));
    total_ += array.bytes.size();
    // Only a hostile file expands to many times its size.
    if (total_ > limit_ || result_.arrays.arrays.size() == kMaxTensors)
      throw LimitError(cat(where_, ": the tensors share storage and expand to more than four times the file's size"));
    if (!result_.arrays.arrays.emplace(name, std::move(array)).second)
      throw FormatError(cat(where_, ": duplicate tensor ", printable(name)));
  }

  std::string where_;
  uint64_t limit_;
  TorchFile file_;
  StateDict result_;
  uint64_t total_ = 0;
  size_t visits_ = 0;
};

}  // namespace

StateDict parse_state_dict(const SharedBytes& file, const std::string& where) {
  if (TorchFile::starts_like_one(file.bytes)) return Reader(file, where).read();
  // Read as safetensors, a pickle from another program would fail with an absurd header length; name the real problem.
  if (file.bytes.size() >= 9 && file.bytes[0] == 0x80 && file.bytes[1] <= 5 && file.bytes[8] != '{')
    throw FormatError(cat(where, ": a bare pickle, expected a torch.save or safetensors file"));
  StateDict result;
  result.origin = "safetensors";
  NamedArrays stored = parse_safetensors(file, where);
  for (auto& [name, array] : stored.arrays) {
    const std::string_view bare = name.starts_with(kModule) ? std::string_view(name).substr(kModule.size()) : name;
    if (!result.arrays.arrays.emplace(bare, std::move(array)).second)
      throw FormatError(cat(where, ": duplicate tensor ", printable(bare)));
  }
  result.arrays.metadata = std::move(stored.metadata);
  return result;
}

StateDict read_state_dict(const std::filesystem::path& path) {
  return is_tfjs(path) ? read_tfjs(path) : parse_state_dict(map_file(path), path.string());
}

}  // namespace daclip
