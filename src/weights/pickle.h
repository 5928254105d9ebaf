// Python's pickles, read without making anything of them: the result describes what the pickle would build, calls
// included, as plain values. No class is looked up and nothing is executed.
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
  using Ref = uint32_t;  // index of a value; values may share parts and even contain themselves

  enum class Kind {
    none,
    boolean,     // number
    integer,     // number
    large,       // text: an integer beyond 64 bits, little-endian
    real,        // real
    text,        // text: characters or bytes
    list,        // items
    tuple,       // items
    dict,        // items: key, value, key, value...
    global,      // module, text: a class or function, by name only
    call,        // items: what is called, its arguments (a tuple), then key, value... that were put into the result
    persistent,  // items: one value, what the writer keeps outside of the pickle
  };

  struct Value {
    Kind kind = Kind::none;
    int64_t number = 0;
    double real = 0;
    std::string_view text, module;  // they lie in the pickle's bytes
    std::vector<Ref> items;
    Ref state = 0;  // of a call: what it is given as its state; 0 (no value of a pickle's own): none
  };

  // Whether a class or function may be named at all.
  using Allowed = std::function<bool(std::string_view module, std::string_view name)>;

  // Reads one pickle (protocol 2 to 5) from the front of `bytes`, which must outlive it. Throws FormatError naming the
  // operation or class that is refused, LimitError for one that is too large.
  Pickle(std::span<const uint8_t> bytes, const std::string& where, const Allowed& allowed);

  const Value& at(Ref ref) const { return values_.at(ref); }
  Ref root() const { return root_; }
  size_t count() const { return values_.size(); }  // values are numbered from 1
  size_t size() const { return size_; }            // bytes that it took

 private:
  friend class PickleMachine;
  std::vector<Value> values_;
  Ref root_ = 0;
  size_t size_ = 0;
};

}  // namespace daclip
