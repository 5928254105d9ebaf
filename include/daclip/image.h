/// @file
/// Pictures in memory, and reading and writing them.
///
/// All functions are safe to call from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/error.h"
#include "daclip/export.h"

namespace daclip {

/// What the file that a picture was read from is like beyond its pixels.
struct SourceFile {
  int pages = 1;        ///< pictures that it holds: pages, frames of an animation, views
  int quality = 0;      ///< of a JPEG, 1 to 100, estimated; 100 of a lossless WebP; 0 if it is not known
  int subsampling = 0;  ///< of a JPEG's chroma: 444, 422, 420, 440, 411; 0 if there is none or it is another
};

/// Pixels per inch.
struct Resolution {
  double x = 0;  ///< horizontal; 0 if unknown
  double y = 0;  ///< vertical; 0 if unknown

  /// Whether both are given.
  bool known() const { return x > 0 && y > 0; }
};

/// A named text beside a picture, such as PNG's "Copyright". JPEG's comments are named "Comment".
struct TextEntry {
  std::string keyword;  ///< UTF-8
  std::string text;     ///< UTF-8
};

/// What a file says about its picture, apart from the colour profile. Blocks are as files hold them, without the
/// wrapping of the format. Empty members are absent.
struct Metadata {
  std::vector<uint8_t> exif;    ///< TIFF-structured block without the "Exif\0\0" prefix
  std::vector<uint8_t> xmp;     ///< XMP packet, UTF-8
  std::vector<uint8_t> iptc;    ///< IPTC-IIM records
  std::vector<TextEntry> text;  ///< texts of PNG and JPEG
  Resolution resolution;        ///< for printing
};

/// A picture as stored in a file: 8 or 16 bit samples, 1 to 4 channels, colour profile and metadata.
struct Image {
  int width = 0;              ///< pixels
  int height = 0;             ///< pixels
  int channels = 0;           ///< 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight, not premultiplied
  int bits = 8;               ///< per sample: 8 or 16
  std::vector<uint8_t> data;  ///< samples (height, width, channels); 16-bit samples in native byte order
  std::vector<uint8_t> icc;   ///< embedded colour profile; empty if absent
  Metadata metadata;          ///< EXIF, XMP, IPTC, texts and resolution
  SourceFile source;          ///< of a picture that was read; writers take no notice of it

  /// Number of channels without alpha: 1 or 3.
  int colour_channels() const { return channels >= 3 ? 3 : 1; }
  /// Whether the last channel is alpha.
  bool has_alpha() const { return channels == 2 || channels == 4; }
  /// width * height.
  size_t pixels() const { return size_t(width) * size_t(height); }
  /// width * height * channels.
  size_t samples() const { return size_t(width) * size_t(height) * size_t(channels); }
  /// The samples of a 16-bit picture.
  const uint16_t* data16() const { return reinterpret_cast<const uint16_t*>(data.data()); }
  /// The samples of a 16-bit picture.
  uint16_t* data16() { return reinterpret_cast<uint16_t*>(data.data()); }
};

/// Limits that protect against hostile or damaged files.
struct DecodeLimits {
  uint64_t max_pixels = 400'000'000;  ///< larger pictures are rejected from their header, before memory is allocated
  int page = 0;                       ///< which of several pictures of the file is read, from 0
};

/// Encoding parameters.
struct EncodeOptions {
  int quality = 95;     ///< JPEG and WebP, 1 to 100 (WebP: 100 is lossless); PNG and TIFF are always lossless
  int subsampling = 0;  ///< of a JPEG's chroma, as in SourceFile; 0: 444 from quality 90 on, 420 below
};

/// Decodes one picture and detects its format from the content. Applies the EXIF orientation and resets it to 1.
/// Thumbnails, which show the picture before restoring, are removed from the metadata. Converts CMYK to RGB, through
/// the embedded profile if there is one, and drops that profile. Palettes and 1-bit pictures become grey or RGB; 16-bit
/// samples stay 16 bit.
/// @param bytes  the file's content
/// @param where  name of the input in error messages
/// @param limits  larger pictures are rejected
/// @throws FormatError for data that is not a picture or is truncated; LimitError for a picture above the limits
DACLIP_API Image decode_image(std::span<const uint8_t> bytes, std::string_view where = "picture",
                              const DecodeLimits& limits = {});

/// Reads a file and decodes it like decode_image(). Also throws IoError if the file cannot be read.
DACLIP_API Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// Encodes a picture. JPEG and WebP reduce 16 bit to 8; JPEG blends alpha onto white. Sizes in the metadata become the
/// picture's. Metadata that the format cannot hold is converted: IPTC and texts to XMP, the resolution to EXIF.
/// @param image  the picture
/// @param format  one of writable_formats(), for example "png"
/// @param options  quality
/// @throws UsageError for a format that cannot be written, ShapeError for an image with inconsistent fields
DACLIP_API std::vector<uint8_t> encode_image(const Image& image, std::string_view format,
                                             const EncodeOptions& options = {});

/// Encodes a picture in the format of the path's extension and replaces the file atomically.
/// @throws IoError naming the path, whose old content is then unchanged; UsageError for an unknown extension
DACLIP_API void write_image(const std::filesystem::path& path, const Image& image, const EncodeOptions& options = {});

/// Removes the place where a photo was taken: the GPS tags of EXIF, and those of XMP.
DACLIP_API void remove_gps(Metadata& metadata);

/// Names of the formats that encode_image() accepts.
DACLIP_API std::vector<std::string> writable_formats();

}  // namespace daclip
