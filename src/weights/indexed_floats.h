// Weights as a raw file of float32 values, NAME.f32, with a text index, NAME.index.txt. A line of the index is "name
// shape offset count": the shape is written as 64x3x11x11, offset and count are in floats. Lines beginning with # are
// comments.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

// Maps the .f32 file `path`. Throws IoError for either file, FormatError, LimitError.
NamedArrays read_indexed_floats(const std::filesystem::path& path);

// Same, from memory. Every tensor must lie inside `floats` (little-endian) and have the number of values that its shape
// implies. `where` names the input in errors.
NamedArrays parse_indexed_floats(std::string_view index, const SharedBytes& floats, const std::string& where);

}  // namespace daclip
