#include "weights/torch_file.h"

#include <algorithm>
#include <cstring>

#include "core/checked.h"
#include "core/error.h"
#include "weights/printable.h"
#include "weights/zip_archive.h"

namespace daclip {
namespace {

using Kind = Pickle::Kind;
using Ref = Pickle::Ref;

constexpr size_t kMaxRank = 16;
constexpr int kMaxWrappers = 4;  // nesting of parameters and of tensors with attributes around a tensor

struct ClassName {
  std::string_view module, name;
};

// Classes that torch.save and torch.jit.save write around tensors, and NumPy's scalars, which occur as learning rates
// in the optimiser state of published checkpoints. They are recognised by name and never called.
constexpr ClassName kClasses[] = {{"collections", "OrderedDict"},
                                  {"torch._utils", "_rebuild_tensor_v2"},
                                  {"torch._utils", "_rebuild_tensor"},
                                  {"torch._utils", "_rebuild_parameter"},
                                  {"torch._tensor", "_rebuild_from_type_v2"},
                                  {"torch", "Tensor"},
                                  {"torch", "Size"},
                                  {"torch", "device"},
                                  {"torch.nn.parameter", "Parameter"},
                                  {"torch.jit._pickle", "restore_type_tag"},
                                  {"torch.jit._pickle", "build_intlist"},
                                  {"torch.jit._pickle", "build_doublelist"},
                                  {"torch.jit._pickle", "build_boollist"},
                                  {"torch.jit._pickle", "build_tensorlist"},
                                  {"numpy", "dtype"},
                                  {"numpy.core.multiarray", "scalar"},
                                  {"numpy._core.multiarray", "scalar"},
                                  {"_codecs", "encode"},
                                  // What training leaves beside the weights: settings, milestones of schedules.
                                  {"argparse", "Namespace"},
                                  {"collections", "Counter"},
                                  {"collections", "defaultdict"}};

// Number formats, which some programs store beside the weights.
constexpr std::string_view kDtypes[] = {"float32", "float64", "float16", "bfloat16", "float",     "double",
                                        "half",    "uint8",   "int8",    "int16",    "int32",     "int64",
                                        "bool",    "long",    "int",     "short",    "complex64", "complex128"};

struct StorageClass {
  std::string_view name;  // within the module torch
  size_t element;         // size in bytes
  std::optional<ArrayType> type;
};
constexpr StorageClass kStorages[] = {{"HalfStorage", 2, ArrayType::f16},
                                      {"BFloat16Storage", 2, ArrayType::bf16},
                                      {"FloatStorage", 4, ArrayType::f32},
                                      {"DoubleStorage", 8, ArrayType::f64},
                                      {"IntStorage", 4, ArrayType::i32},
                                      {"LongStorage", 8, ArrayType::i64},
                                      {"ByteStorage", 1, ArrayType::u8},
                                      {"CharStorage", 1, {}},
                                      {"ShortStorage", 2, {}},
                                      {"BoolStorage", 1, {}}};

const StorageClass* storage_class(std::string_view module, std::string_view name) {
  const auto known = std::find_if(std::begin(kStorages), std::end(kStorages),
                                  [&](const StorageClass& candidate) { return candidate.name == name; });
  return module == "torch" && known != std::end(kStorages) ? known : nullptr;
}

bool of_torchscript(std::string_view module) { return module == "__torch__" || module.starts_with("__torch__."); }

bool allowed(std::string_view module, std::string_view name) {
  if (of_torchscript(module) || storage_class(module, name)) return true;
  if (module == "torch" && std::ranges::find(kDtypes, name) != std::end(kDtypes)) return true;
  return std::any_of(std::begin(kClasses), std::end(kClasses),
                     [&](const ClassName& known) { return known.module == module && known.name == name; });
}

// The pickled magic number at the start of the older format.
constexpr uint8_t kLegacyStart[] = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

void swap_bytes(std::span<uint8_t> bytes, size_t element) {
  for (size_t i = 0; i + element <= bytes.size(); i += element)
    std::reverse(bytes.begin() + std::ptrdiff_t(i), bytes.begin() + std::ptrdiff_t(i + element));
}

bool row_major(std::span<const int64_t> shape, std::span<const int64_t> strides) {
  uint64_t expected = 1;  // product of the checked dimensions after this one
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && uint64_t(strides[i]) != expected) return false;
    expected *= uint64_t(shape[i]);
  }
  return true;
}

}  // namespace

bool TorchFile::starts_like_one(std::span<const uint8_t> bytes) {
  return ZipArchive::starts_like_one(bytes) ||
         (bytes.size() >= sizeof kLegacyStart && std::memcmp(bytes.data(), kLegacyStart, sizeof kLegacyStart) == 0);
}

TorchFile::TorchFile(const SharedBytes& file, const std::string& where) : file_(file), where_(where) {
  if (ZipArchive::starts_like_one(file.bytes))
    open_archive(where);
  else if (starts_like_one(file.bytes))
    open_legacy(where);
  else
    throw FormatError(cat(where, ": not a torch.save file"));
}

// Entries: <name>/data.pkl, <name>/data/<key>..., and for torch.jit also code and constants.
void TorchFile::open_archive(const std::string& where) {
  const ZipArchive zip(file_.bytes, where);
  constexpr std::string_view kPickle = "data.pkl";
  std::optional<std::string> root;
  for (const auto& [name, entry] : zip.entries()) {
    if (!name.ends_with(kPickle)) continue;
    const std::string folder = name.substr(0, name.size() - kPickle.size());
    if (std::count(folder.begin(), folder.end(), '/') != 1 || !folder.ends_with('/')) continue;
    if (root) throw FormatError(cat(where, ": zip archive with two ", kPickle));
    root = folder;
  }
  if (!root) throw FormatError(cat(where, ": zip archive without ", kPickle, ": not a torch.save file"));
  if (zip.has(*root + "byteorder")) {
    const std::span<const uint8_t> order = zip.at(*root + "byteorder");
    const std::string_view text(reinterpret_cast<const char*>(order.data()), order.size());
    if (text != "little" && text != "big")
      throw FormatError(cat(where, ": byte order ", printable(text), ", expected little or big"));
    big_endian_ = text == "big";
  }
  torchscript_ = zip.has(*root + "constants.pkl");
  pickle_.emplace(zip.at(*root + std::string(kPickle)), where, allowed);
  const std::string data = *root + "data/";
  for (const auto& [name, entry] : zip.entries())
    if (name.starts_with(data) && entry.stored) storages_.emplace(name.substr(data.size()), entry.data);
}

// The older format is a sequence of pickles: magic number, version, facts about the writing machine, the object, the
// keys of its storages. For each key follow the number of elements and the elements.
void TorchFile::open_legacy(const std::string& where) {
  std::span<const uint8_t> rest = file_.bytes.subspan(sizeof kLegacyStart);
  const auto next = [&] {
    Pickle pickle(rest, where, allowed);
    rest = rest.subspan(pickle.size());
    return pickle;
  };
  const Pickle version = next();
  const Pickle::Value& number = version.at(version.root());
  if (number.kind != Kind::integer || number.number != 1001)
    throw FormatError(cat(where, ": torch.save stream of an unknown version, expected 1001"));
  const Pickle machine = next();
  const std::vector<Ref>& facts = machine.at(machine.root()).items;
  if (machine.at(machine.root()).kind == Kind::dict)
    for (size_t i = 0; i + 1 < facts.size(); i += 2)
      if (machine.at(facts[i]).text == "little_endian") big_endian_ = machine.at(facts[i + 1]).number == 0;
  pickle_.emplace(next());
  const Pickle keys = next();
  if (keys.at(keys.root()).kind != Kind::list) throw FormatError(cat(where, ": torch.save stream without storages"));

  // Only the object says how long an element of each storage is.
  std::map<std::string_view, size_t> elements;
  for (Ref ref = 1; ref < pickle_->count(); ++ref) {
    if (value(ref).kind != Kind::persistent) continue;
    const std::vector<Ref>& id = value(value(ref).items[0]).items;
    if (id.size() < 5) continue;
    const Pickle::Value& type = value(id[1]);
    if (const StorageClass* known = storage_class(type.module, type.text))
      elements.emplace(value(id[2]).text, known->element);
  }
  for (const Ref ref : keys.at(keys.root()).items) {
    const std::string_view key = keys.at(ref).text;
    const auto element = elements.find(key);
    if (keys.at(ref).kind != Kind::text || element == elements.end())
      throw FormatError(cat(where, ": storage ", printable(key), " is not used by any tensor"));
    uint64_t count = 0;
    if (rest.size() < sizeof count) throw FormatError(cat(where, ": truncated before storage ", printable(key)));
    std::memcpy(&count, rest.data(), sizeof count);
    if (big_endian_) count = __builtin_bswap64(count);
    rest = rest.subspan(sizeof count);
    const uint64_t size = checked_mul(count, element->second, cat(where, ": storage").c_str());
    if (size > rest.size())
      throw FormatError(cat(where, ": storage ", printable(key), " needs ", size, " bytes, but only ", rest.size(),
                            " are left in the file"));
    if (!storages_.emplace(key, rest.first(size_t(size))).second)
      throw FormatError(cat(where, ": duplicate storage ", printable(key)));
    rest = rest.subspan(size_t(size));
  }
}

const Pickle::Value* TorchFile::call_to(Ref ref, std::string_view module, std::string_view name) const {
  const Pickle::Value& call = value(ref);
  if (call.kind != Kind::call) return nullptr;
  const Pickle::Value& function = value(call.items[0]);
  return function.module == module && function.text == name ? &call : nullptr;
}

std::span<const Ref> TorchFile::entries(Ref ref) const {
  const Pickle::Value& found = value(ref);
  if (found.kind == Kind::dict) return found.items;
  if (found.kind != Kind::call) return {};
  if (of_torchscript(value(found.items[0]).module)) {
    const Pickle::Value& state = value(found.state);
    return state.kind == Kind::dict ? std::span<const Ref>(state.items) : std::span<const Ref>();
  }
  if (call_to(ref, "collections", "OrderedDict")) return std::span(found.items).subspan(2);
  return {};
}

// The arguments of _rebuild_tensor or _rebuild_tensor_v2, found inside any wrappers.
std::optional<std::span<const Ref>> TorchFile::tensor_arguments(Ref ref) const {
  for (int wrapper = 0; wrapper <= kMaxWrappers; ++wrapper) {
    const Pickle::Value& call = value(ref);
    if (call.kind != Kind::call) return std::nullopt;
    const std::vector<Ref>& arguments = value(call.items[1]).items;
    if (call_to(ref, "torch._utils", "_rebuild_tensor_v2") || call_to(ref, "torch._utils", "_rebuild_tensor"))
      return arguments;
    if (call_to(ref, "torch._utils", "_rebuild_parameter") && !arguments.empty()) {
      ref = arguments[0];
    } else if (call_to(ref, "torch._tensor", "_rebuild_from_type_v2") && arguments.size() >= 3) {
      const Pickle::Value& function = value(arguments[0]);
      if (function.module == "torch._utils" && function.text.starts_with("_rebuild_tensor"))
        return value(arguments[2]).items;
      return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool TorchFile::is_tensor(Ref ref) const { return tensor_arguments(ref).has_value(); }

std::vector<int64_t> TorchFile::whole_numbers(Ref ref, const std::string& what) const {
  const Pickle::Value& list = value(ref);
  if (list.kind == Kind::call && call_to(ref, "torch", "Size") && value(list.items[1]).items.size() == 1)
    return whole_numbers(value(list.items[1]).items[0], what);
  if ((list.kind != Kind::tuple && list.kind != Kind::list) || list.items.size() > kMaxRank)
    throw FormatError(cat(what, ": expected at most ", kMaxRank, " whole numbers as shape and strides"));
  std::vector<int64_t> numbers;
  for (const Ref item : list.items) {
    if (value(item).kind != Kind::integer || value(item).number < 0)
      throw FormatError(cat(what, ": shape and strides must be whole numbers of 0 or more"));
    numbers.push_back(value(item).number);
  }
  return numbers;
}

// Reads the persistent id ('storage', class, key, place, elements[, None]).
std::span<const uint8_t> TorchFile::storage(Ref ref, ArrayType& type, const std::string& what) const {
  const auto expected = [&](bool condition) {
    if (!condition) throw FormatError(cat(what, ": its storage is not in torch.save's form"));
  };
  expected(value(ref).kind == Kind::persistent);
  const Pickle::Value& id = value(value(ref).items[0]);
  expected(id.kind == Kind::tuple && (id.items.size() == 5 || id.items.size() == 6));
  expected(value(id.items[0]).text == "storage" && value(id.items[2]).kind == Kind::text);
  const Pickle::Value& class_name = value(id.items[1]);
  const StorageClass* known =
      class_name.kind == Kind::global ? storage_class(class_name.module, class_name.text) : nullptr;
  expected(known != nullptr);
  if (!known->type)
    throw FormatError(cat(what, ": type ", known->name, " is not one of f16, bf16, f32, f64, i32, i64, u8"));
  type = *known->type;
  const Pickle::Value& count = value(id.items[4]);
  expected(count.kind == Kind::integer && count.number >= 0);
  if (id.items.size() == 6 && value(id.items[5]).kind != Kind::none)
    throw FormatError(cat(what, ": its storage is part of another storage, which only PyTorch before 0.4 wrote"));
  const std::string_view key = value(id.items[2]).text;
  const auto it = storages_.find(key);
  if (it == storages_.end()) throw FormatError(cat(what, ": storage ", printable(key), " is not in the file"));
  const uint64_t size = checked_mul(uint64_t(count.number), known->element, what.c_str());
  if (size != it->second.size())
    throw FormatError(cat(what, ": storage ", printable(key), " holds ", it->second.size(), " bytes, expected ", size));
  return it->second;
}

TorchFile::View TorchFile::view_of(std::span<const Ref> arguments, const std::string& what) const {
  if (arguments.size() < 4) throw FormatError(cat(what, ": expected storage, offset, shape and strides"));
  View view;
  view.storage = storage(arguments[0], view.type, what);
  if (value(arguments[1]).kind != Kind::integer || value(arguments[1]).number < 0)
    throw FormatError(cat(what, ": expected an offset of 0 or more"));
  view.offset = uint64_t(value(arguments[1]).number);
  view.shape = whole_numbers(arguments[2], what);
  view.strides = whole_numbers(arguments[3], what);
  if (view.shape.size() != view.strides.size())
    throw FormatError(cat(what, ": ", view.shape.size(), " dimensions and ", view.strides.size(), " strides"));

  const uint64_t count = checked_numel(view.shape, what.c_str());
  const uint64_t available = view.storage.size() / element_size(view.type);
  if (count > available)
    throw LimitError(cat(what, ": ", count, " elements exceed the ", available, " elements of the storage"));
  uint64_t last = view.offset;
  for (size_t i = 0; i < view.shape.size() && count > 0; ++i)
    last = checked_add(last, checked_mul(uint64_t(view.shape[i] - 1), uint64_t(view.strides[i]), what.c_str()),
                       what.c_str());
  if (count > 0 && last >= available)
    throw FormatError(cat(what, ": reaches element ", last, " of the storage's ", available));
  return view;
}

// Copies the elements into row-major order and this machine's byte order.
NamedArray TorchFile::gathered(const View& view, const std::string& what) {
  const size_t element = element_size(view.type), count = size_t(checked_numel(view.shape, what.c_str()));
  copied_ += count * element;
  if (copied_ > 2 * uint64_t(file_.bytes.size()))
    throw LimitError(cat(what, ": tensors that share storage expand to more than twice the file's size"));
  std::vector<uint8_t> bytes(count * element);
  std::vector<int64_t> index(view.shape.size(), 0);
  uint64_t from = view.offset;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(bytes.data() + i * element, view.storage.data() + from * element, element);
    for (size_t d = index.size(); d-- > 0;) {
      from += uint64_t(view.strides[d]);
      if (++index[d] < view.shape[d]) break;
      from -= uint64_t(view.strides[d]) * uint64_t(view.shape[d]);
      index[d] = 0;
    }
  }
  if (big_endian_) swap_bytes(bytes, element);
  const SharedBytes shared = share(std::move(bytes));
  return {view.type, view.shape, shared.bytes, shared.owner};
}

NamedArray TorchFile::tensor(Ref ref, const std::string& name) {
  const std::string what = cat(where_, ": tensor ", printable(name));
  const auto arguments = tensor_arguments(ref);
  if (!arguments) throw FormatError(cat(what, ": expected a tensor"));
  const View view = view_of(*arguments, what);
  if (big_endian_ || !row_major(view.shape, view.strides)) return gathered(view, what);
  const size_t element = element_size(view.type), count = size_t(checked_numel(view.shape, what.c_str()));
  const size_t begin = count > 0 ? size_t(view.offset) * element : 0;
  return {view.type, view.shape, view.storage.subspan(begin, count * element), file_.owner};
}

}  // namespace daclip
