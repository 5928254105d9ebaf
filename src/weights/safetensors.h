// The safetensors file format: 8-byte header length, JSON header, raw little-endian data.
#pragma once

#include <filesystem>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

// Maps the file; arrays point into the mapping. The header's "__metadata__" entry "daclip" (a JSON text of ours) is
// `metadata`. Every size and offset is checked; overlapping, gapped, misaligned or overlong tensors are refused.
// Throws IoError (cannot be read) or FormatError (what, where, what was expected).
NamedArrays read_safetensors(const std::filesystem::path& path);

// The same from memory; a span is copied. `where` names the input in errors.
NamedArrays parse_safetensors(const SharedBytes& file, const std::string& where);
NamedArrays parse_safetensors(std::span<const uint8_t> bytes, const std::string& where);

// Writes atomically, tensors in name order; the data begins at a multiple of 64 bytes.
void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace daclip
