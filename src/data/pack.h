// Training photos in one file, stored losslessly, so that training needs no codec library.
//
// Format: the 8 bytes "DACLIPK1", the index's offset and size (64-bit little-endian each), the pictures encoded by
// data/lossless.h, and the index, a JSON list of
//   {"name", "kind", "width", "height", "captions": [...], "gt": [offset, size], "lq": [offset, size] (optional)}
// with offsets from the beginning of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "image/float_image.h"

namespace daclip {

struct PackPhoto {
  std::string name;
  // "clean", or the label of the degradation of `lq`. Without `lq` it is the degradation of `gt`: a photo that was
  // found damaged, without a known clean version.
  std::string kind = "clean";
  int width = 0, height = 0;
  std::vector<std::string> captions;
  std::vector<uint8_t> gt;  // (height, width, 3), 8-bit RGB
  std::vector<uint8_t> lq;  // like gt; empty if absent
};

// Writes photo by photo. The file gets its final name only after finish() succeeded.
class PackWriter {
 public:
  explicit PackWriter(std::filesystem::path path);  // throws IoError
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  void add(const PackPhoto& photo);  // throws UsageError for an unknown kind, ShapeError for a size that does not match
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads and decodes all photos on `threads` threads. Throws IoError, FormatError, LimitError; `where` names the file.
std::vector<PackPhoto> read_pack(const std::filesystem::path& path, int threads = 1);
std::vector<PackPhoto> parse_pack(std::span<const uint8_t> bytes, const std::string& where, int threads = 1);

// 8-bit RGB pixels as floats in multiples of 1/255.
FloatImage to_float_image(std::span<const uint8_t> rgb, int width, int height);

// Rounds to 8 bits.
std::vector<uint8_t> to_bytes(const FloatImage& rgb);

}  // namespace daclip
