// A reader of Python pickles that executes nothing and looks up no class. The result describes what the pickle would
// build, including calls, as plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

class Pickle {
 public:
  using Ref = uint32_t;  // index of a value; values may share parts and form cycles

  enum class Kind {
    none,
    boolean,     // value in `number`
    integer,     // value in `number`
    large,       // an integer beyond 64 bits: `text` holds its bytes, little-endian
    real,        // value in `real`
    text,        // `text` holds characters or bytes
    list,        // elements in `items`
    tuple,       // elements in `items`
    dict,        // `items` holds key, value, key, value...
    global,      // a class or function, by name only: `module`, `text`
    call,        // `items` holds the function, its arguments (a tuple), then the key, value... assigned to the result
    persistent,  // `items` holds the persistent id, a reference to data outside the pickle
  };

  struct Value {
    Kind kind = Kind::none;
    int64_t number = 0;
    double real = 0;
    std::string_view text, module;  // views into the pickle's bytes
    std::vector<Ref> items;
    Ref state = 0;  // of a call: the state given to its result; 0: none
  };

  // Whether the pickle may name this class or function.
  using Allowed = std::function<bool(std::string_view module, std::string_view name)>;

  // Reads one pickle (protocol 2 to 5) from the beginning of `bytes`, which must outlive it. Throws FormatError naming
  // a refused operation or class, LimitError for a pickle that is too large.
  Pickle(std::span<const uint8_t> bytes, const std::string& where, const Allowed& allowed);

  const Value& at(Ref ref) const { return values_.at(ref); }
  Ref root() const { return root_; }
  size_t count() const { return values_.size(); }  // values are numbered from 1
  size_t size() const { return size_; }            // length of the pickle in bytes

 private:
  friend class PickleMachine;
  std::vector<Value> values_;
  Ref root_ = 0;
  size_t size_ = 0;
};

}  // namespace daclip
