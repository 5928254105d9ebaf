// The tensors in files written by torch.save (zip archive or the older sequence of pickles) and torch.jit.save. Nothing
// in a file is executed: the reader understands only the few pickled classes that hold tensors.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"
#include "weights/pickle.h"

namespace daclip {

class TorchFile {
 public:
  // Throws FormatError (what is damaged, or which class or operation is refused), LimitError.
  TorchFile(const SharedBytes& file, const std::string& where);

  static bool starts_like_one(std::span<const uint8_t> bytes);

  // Whether this is a torch.jit archive. Its code is ignored; the attributes of its modules are read as objects.
  bool torchscript() const { return torchscript_; }

  const Pickle::Value& value(Pickle::Ref ref) const { return pickle_->at(ref); }
  Pickle::Ref root() const { return pickle_->root(); }

  // The key, value... of a dict or OrderedDict, or of an object's attributes; empty for other values.
  std::span<const Pickle::Ref> entries(Pickle::Ref ref) const;

  bool is_tensor(Pickle::Ref ref) const;

  // A tensor in row-major order: a view of the file if the storage has that order, else a copy. `name` is for messages.
  // Throws FormatError for types other than f16, bf16, f32, f64, i32, i64, u8, and for elements outside the storage;
  // LimitError for sizes that overflow and for tensors larger than their storage.
  NamedArray tensor(Pickle::Ref ref, const std::string& name);

 private:
  struct View {
    std::span<const uint8_t> storage;
    ArrayType type = ArrayType::f32;
    uint64_t offset = 0;  // in elements, like the strides
    std::vector<int64_t> shape, strides;
  };

  void open_archive(const std::string& where);
  void open_legacy(const std::string& where);
  const Pickle::Value* call_to(Pickle::Ref ref, std::string_view module, std::string_view name) const;
  std::optional<std::span<const Pickle::Ref>> tensor_arguments(Pickle::Ref ref) const;
  View view_of(std::span<const Pickle::Ref> arguments, const std::string& what) const;
  std::span<const uint8_t> storage(Pickle::Ref ref, ArrayType& type, const std::string& what) const;
  std::vector<int64_t> whole_numbers(Pickle::Ref ref, const std::string& what) const;
  NamedArray gathered(const View& view, const std::string& what);

  SharedBytes file_;
  std::string where_;
  std::optional<Pickle> pickle_;
  std::map<std::string, std::span<const uint8_t>, std::less<>> storages_;  // by key
  bool torchscript_ = false;
  bool big_endian_ = false;
  uint64_t copied_ = 0;  // bytes of tensors that had to be copied
};

}  // namespace daclip
