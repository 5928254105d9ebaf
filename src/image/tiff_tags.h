// Directories of tags: what EXIF blocks and TIFF files are made of. Editing never moves data, because maker notes hold
// offsets that only their makers know: values are changed in place, and directories that grow are appended. Internal to
// image/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace daclip {

struct TiffTag {
  uint16_t id = 0, type = 0;
  uint32_t count = 0;
  uint32_t value = 0;  // the four bytes as they are stored: data that fits, else the offset of the data
  size_t at = 0;       // where the entry lies
};

// The numbers of the tags that this project reads or writes.
namespace tag {
inline constexpr uint16_t width = 0x100, height = 0x101, description = 0x10e, make = 0x10f, model = 0x110,
                          strip_offsets = 0x111, orientation = 0x112, strip_sizes = 0x117, x_resolution = 0x11a,
                          y_resolution = 0x11b, resolution_unit = 0x128, software = 0x131, date = 0x132, artist = 0x13b,
                          host = 0x13c, thumbnail = 0x201, thumbnail_size = 0x202, xmp = 0x2bc, related_width = 0x1001,
                          related_height = 0x1002, rating = 0x4746, rating_percent = 0x4749, copyright = 0x8298,
                          iptc = 0x83bb, photoshop = 0x8649, exif = 0x8769, gps = 0x8825, maker_note = 0x927c,
                          windows_title = 0x9c9b, windows_subject = 0x9c9f, pixel_width = 0xa002, pixel_height = 0xa003,
                          interoperability = 0xa005;
}

// Reads a block. Everything outside its bytes reads as zero or empty.
class TiffTags {
 public:
  explicit TiffTags(std::span<const uint8_t> block);

  // A classic TIFF header whose first directory lies inside.
  bool valid() const { return valid_; }
  bool big_endian() const { return big_; }

  uint32_t first() const { return number(4, 4); }
  // The whole entries of the directory at this offset, in stored order; 0 is no directory.
  std::vector<TiffTag> directory(uint32_t at) const;
  // Where the directory after the one at `at` lies; 0 for none.
  uint32_t next(uint32_t at) const { return number(end_of(at), 4); }
  // The entry of that number; a type of 0 where there is none.
  TiffTag find(uint32_t directory, uint16_t id) const;
  // The directory that a tag points to; 0 for none.
  uint32_t pointer(uint32_t directory, uint16_t id) const;

  // Empty for a type that does not exist, and for data beyond the end of the block.
  std::span<const uint8_t> data(const TiffTag& tag) const;
  // Where data() lies in the block.
  size_t data_at(const TiffTag& tag) const;
  // The BYTE, SHORT or LONG of a tag with one value; 0 for others.
  uint32_t integer(const TiffTag& tag) const;
  // The first RATIONAL of a tag; 0 for others and for a denominator of 0.
  double rational(const TiffTag& tag) const;
  uint32_t number(size_t at, size_t bytes) const;

  // After the last entry of a directory, where the offset of the next one lies.
  size_t end_of(uint32_t directory) const { return size_t(directory) + 2 + 12 * size_t(number(directory, 2)); }

 private:
  std::span<const uint8_t> block_;
  bool big_ = false, valid_ = false;
};

// Changes a block that TiffTags finds valid.
class TiffEditor {
 public:
  explicit TiffEditor(std::vector<uint8_t>& block) : block_(block), big_(TiffTags(block).big_endian()) {}

  TiffTags tags() const { return TiffTags(block_); }
  void set_number(size_t at, size_t bytes, uint32_t value);
  // What integer() reads; a BYTE or SHORT that is too small for the value becomes a LONG.
  void set_integer(const TiffTag& tag, uint32_t value);
  // Takes the entry out of its directory. Its data stays.
  void remove(uint32_t directory, uint16_t id);
  // Overwrites bytes behind the header.
  void zero(size_t at, size_t bytes);

  // An entry for append(); data of more than four bytes is appended to the block.
  TiffTag make(uint16_t id, uint16_t type, uint32_t count, std::span<const uint8_t> data);
  TiffTag make_short(uint16_t id, uint16_t value);
  TiffTag make_long(uint16_t id, uint32_t value);
  TiffTag make_rational(uint16_t id, double value);
  // Appends a directory with these entries, sorted by their numbers, and returns its offset.
  uint32_t append(std::vector<TiffTag> entries, uint32_t next = 0);
  // Makes the directory at this offset the first one.
  void set_first(uint32_t directory) { set_number(4, 4, directory); }

  // A block with an empty directory.
  static std::vector<uint8_t> empty_block(bool big_endian = false);

 private:
  void align();

  std::vector<uint8_t>& block_;
  bool big_;
};

}  // namespace daclip
