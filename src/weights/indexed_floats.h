// Weights as one file of float32 values with a text beside it that says where each tensor lies: NAME.f32 and
// NAME.index.txt. A line of the index is "name shape offset count", the shape as 64x3x11x11, offset and count in floats;
// lines that begin with # are comments.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

// `path` is the .f32 file, which is mapped. Throws IoError for either file, FormatError, LimitError.
NamedArrays read_indexed_floats(const std::filesystem::path& path);

// The same from memory: every tensor must lie inside `floats` (little-endian) and have as many values as its shape says.
// `where` names the input in errors.
NamedArrays parse_indexed_floats(std::string_view index, const SharedBytes& floats, const std::string& where);

}  // namespace daclip
