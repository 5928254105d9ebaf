#pragma once

namespace daclip {

// Luma of ITU-R BT.601, on the scale of the gamma-encoded values it is given.
template <class Value>
constexpr Value bt601_luma(Value red, Value green, Value blue) {
  return Value(0.299) * red + Value(0.587) * green + Value(0.114) * blue;
}

}  // namespace daclip
