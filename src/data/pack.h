// Training photos in one file, losslessly, so that training needs no codec library.
//
// Format: the 8 bytes "DACLIPK1", the index's offset and size (64-bit little-endian each), the pictures as
// data/lossless.h codes them, and the index: JSON, a list of
//   {"name", "kind", "width", "height", "captions": [...], "gt": [offset, size], "lq": [offset, size] (optional)}
// with offsets from the file's begin.
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
  std::string kind =
      "clean";  // "clean", or the label of the degradation that `lq` has, or `gt` where there is no `lq`:
                // a photo found damaged, whose truth nobody knows
  int width = 0, height = 0;
  std::vector<std::string> captions;
  std::vector<uint8_t> gt;  // (height, width, 3), 8-bit RGB
  std::vector<uint8_t> lq;  // as gt; empty where there is none
};

// Writes photo by photo; the file appears under its name only when finish() has succeeded.
class PackWriter {
 public:
  explicit PackWriter(std::filesystem::path path);  // throws IoError
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  void add(const PackPhoto& photo);  // throws UsageError for an unknown kind, ShapeError for a wrong size
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads and decodes every photo (`threads` at a time). Throws IoError, FormatError, LimitError; `where` names the file.
std::vector<PackPhoto> read_pack(const std::filesystem::path& path, int threads = 1);
std::vector<PackPhoto> parse_pack(std::span<const uint8_t> bytes, const std::string& where, int threads = 1);

// 8-bit RGB pixels as floats k/255.
FloatImage to_float_image(std::span<const uint8_t> rgb, int width, int height);

// Rounded to 8 bit, as a file would hold it.
std::vector<uint8_t> to_bytes(const FloatImage& rgb);

}  // namespace daclip
