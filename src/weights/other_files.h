// What people pass as a checkpoint by mistake.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace daclip {

// Throws FormatError that names the file's true kind: a web page, a git-lfs pointer, an index of shards, text, or
// another program's format. Returns for what may be a checkpoint.
void refuse_other_files(std::span<const uint8_t> bytes, const std::string& where);

// Throws FormatError for JSON that is the index of a checkpoint in shards.
void refuse_index(std::span<const uint8_t> bytes, const std::string& where);

// Throws FormatError for the name of one shard of several, such as "model-00001-of-00003.safetensors".
void refuse_shards(const std::string& name);

}  // namespace daclip
