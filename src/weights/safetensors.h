// The safetensors file format: 8-byte header length, JSON header, raw little-endian data.
#pragma once

#include <filesystem>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

// Maps the file; arrays point into the mapping. `metadata` is the entry "daclip" of the header's "__metadata__", our
// configuration as JSON text. All sizes and offsets are checked; overlapping, gapped, misaligned or overlong tensors
// are refused. Throws IoError, FormatError (what failed, where, what was expected).
NamedArrays read_safetensors(const std::filesystem::path& path);

// Same, from memory. A plain span is copied. `where` names the input in errors.
NamedArrays parse_safetensors(const SharedBytes& file, const std::string& where);
NamedArrays parse_safetensors(std::span<const uint8_t> bytes, const std::string& where);

// Writes atomically, with tensors in name order. The data begins at a multiple of 64 bytes.
void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace daclip
