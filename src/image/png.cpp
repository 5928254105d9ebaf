// PNG through libpng.
#include <png.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "image/codec.h"
#include "image/containers.h"
#include "image/metadata.h"
#include "image/png_colour.h"

namespace daclip {
namespace {

// Deflate makes at most 1032 bytes of one; a file too short for its header's size is refused before taking memory.
constexpr uint64_t kDeflateRatio = 1032;

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto* error = static_cast<LibraryError*>(png_get_error_ptr(png));
  std::snprintf(error->text, sizeof error->text, "%s", text);
  std::longjmp(error->jump, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, size_t n) {
  auto* rest = static_cast<std::span<const uint8_t>*>(png_get_io_ptr(png));
  if (n > rest->size()) png_error(png, "the file ends too early");
  std::memcpy(to, rest->data(), n);
  *rest = rest->subspan(n);
}

void write_bytes(png_structp png, png_bytep from, size_t n) {
  auto* bytes = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(png));
  bytes->insert(bytes->end(), from, from + n);
}

constexpr double kInch = 0.0254;  // metres

// Whole numbers per inch come back as they were before they were rounded to pixels per metre.
double per_inch(png_uint_32 per_metre) {
  const double exact = per_metre * kInch, whole = std::round(exact);
  return png_uint_32(std::lround(whole / kInch)) == per_metre ? whole : exact;
}

png_uint_32 per_metre(double per_inch) { return png_uint_32(std::lround(std::min(per_inch, 1e6) / kInch)); }

class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_, on_error, on_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Each returns false when the library failed; text() says why.
  bool read_header() {
    if (setjmp(error_.jump)) return false;
    png_set_read_fn(png_, &rest_, read_bytes);
    png_set_user_limits(png_, INT_MAX, INT_MAX);
    png_read_info(png_, info_);
    png_set_expand(png_);
    if (png_get_bit_depth(png_, info_) == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
    passes_ = png_set_interlace_handling(png_);
    return true;
  }

  bool start_rows() {
    if (setjmp(error_.jump)) return false;
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_rows(Image& image) {
    if (setjmp(error_.jump)) return false;
    const size_t row = png_get_rowbytes(png_, info_);
    for (int pass = 0; pass < passes_; ++pass)
      for (int y = 0; y < image.height; ++y) {
        if (pass == 0) image.data.resize(size_t(y + 1) * row);
        png_read_row(png_, image.data.data() + size_t(y) * row, nullptr);
      }
    png_read_end(png_, info_);
    return true;
  }

  uint64_t width() const { return png_get_image_width(png_, info_); }
  uint64_t height() const { return png_get_image_height(png_, info_); }
  int channels() const { return png_get_channels(png_, info_); }
  int bits() const { return png_get_bit_depth(png_, info_); }
  uint64_t stored_bytes() const { return png_get_rowbytes(png_, info_) * height(); }
  const char* text() const { return error_.text; }

  Metadata metadata() const {
    Metadata metadata;
    png_bytep block;
    png_uint_32 size;
    if (png_get_eXIf_1(png_, info_, &size, &block)) metadata.exif.assign(block, block + size);
    png_textp texts;
    int count;
    png_get_text(png_, info_, &texts, &count);
    for (const png_text& text : std::span(texts, size_t(std::max(count, 0)))) {
      const bool utf8 = text.compression >= PNG_ITXT_COMPRESSION_NONE;
      const std::string_view value(text.text, utf8 ? text.itxt_length : text.text_length);
      add_png_text(metadata, as_utf8(text.key), as_utf8(value));
    }
    png_uint_32 x, y;
    int unit;
    if (png_get_pHYs(png_, info_, &x, &y, &unit) && unit == PNG_RESOLUTION_METER)
      metadata.resolution = {per_inch(x), per_inch(y)};
    return metadata;
  }

 private:
  std::span<const uint8_t> rest_;
  LibraryError error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

struct ColourChunks {
  std::vector<uint8_t> cicp, iccp, gama;
};

class Encoder {
 public:
  Encoder() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &error_, on_error, on_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) {
      png_destroy_write_struct(&png_, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Encoder() { png_destroy_write_struct(&png_, &info_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool write(const Image& image, const Metadata& metadata, std::span<png_text> texts, const ColourChunks& colour) {
    static constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                     PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(error_.jump)) return false;
    png_set_write_fn(png_, &bytes_, write_bytes, nullptr);
    png_set_user_limits(png_, INT_MAX, INT_MAX);
    png_set_IHDR(png_, info_, png_uint_32(image.width), png_uint_32(image.height), image.bits,
                 kTypes[image.channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (const Resolution& resolution = metadata.resolution; resolution.known())
      png_set_pHYs(png_, info_, per_metre(resolution.x), per_metre(resolution.y), PNG_RESOLUTION_METER);
    if (!texts.empty()) png_set_text(png_, info_, texts.data(), int(texts.size()));
    png_write_info(png_, info_);
    write_chunk("cICP", colour.cicp);
    write_chunk("iCCP", colour.iccp);
    write_chunk("gAMA", colour.gama);
    write_chunk("eXIf", metadata.exif);  // libpng would write it after the picture, where some readers do not look
    if (image.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
    const size_t row = image.data.size() / size_t(image.height);
    for (int y = 0; y < image.height; ++y) png_write_row(png_, image.data.data() + size_t(y) * row);
    png_write_end(png_, info_);
    return true;
  }

  const char* text() const { return error_.text; }
  std::vector<uint8_t> take_bytes() { return std::move(bytes_); }

 private:
  void write_chunk(const char* name, const std::vector<uint8_t>& data) {
    if (!data.empty()) png_write_chunk(png_, reinterpret_cast<png_const_bytep>(name), data.data(), data.size());
  }

  std::vector<uint8_t> bytes_;
  LibraryError error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

// XMP and IPTC are texts in PNG.
std::vector<TextEntry> stored_texts(const Metadata& metadata) {
  std::vector<TextEntry> texts = metadata.text;
  // libpng refuses a picture with a keyword that has no printable character.
  const auto printable = [](char c) { return uint8_t(c) > 0x20 && (uint8_t(c) < 0x7f || uint8_t(c) > 0xa0); };
  for (TextEntry& text : texts)
    if (std::ranges::none_of(text.keyword, printable)) text.keyword = kCommentKeyword;
  if (!metadata.xmp.empty())
    texts.push_back({std::string(kXmpKeyword), std::string(metadata.xmp.begin(), metadata.xmp.end())});
  if (!metadata.iptc.empty())
    texts.push_back({"Raw profile type iptc", raw_profile("iptc", photoshop_of_iptc(metadata.iptc))});
  return texts;
}

png_text chunk_of(TextEntry& entry) {
  const auto ascii = [](char c) { return uint8_t(c) < 0x80; };
  const bool unicode = entry.keyword == kXmpKeyword || !std::ranges::all_of(entry.text, ascii);
  png_text chunk{};
  chunk.compression = unicode                                         ? PNG_ITXT_COMPRESSION_NONE
                      : entry.keyword.starts_with("Raw profile type") ? PNG_TEXT_COMPRESSION_zTXt
                                                                      : PNG_TEXT_COMPRESSION_NONE;
  chunk.key = entry.keyword.data();
  chunk.text = entry.text.data();
  (unicode ? chunk.itxt_length : chunk.text_length) = entry.text.size();
  return chunk;
}

}  // namespace

Image decode_png(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  Decoder decoder(bytes);
  if (!decoder.read_header()) fail_decoding(where, "PNG", decoder.text());
  check_size(where, decoder.width(), decoder.height(), limits);
  if (decoder.stored_bytes() > kDeflateRatio * bytes.size())
    fail_decoding(where, "PNG", cat("the file is too short for ", decoder.width(), "x", decoder.height(), " pixels"));
  if (!decoder.start_rows()) fail_decoding(where, "PNG", decoder.text());
  Image image = start_image(decoder.width(), decoder.height(), decoder.channels(), decoder.bits());
  if (!decoder.read_rows(image)) fail_decoding(where, "PNG", decoder.text());
  image.icc = profile_of_png(bytes, image.colour_channels());
  image.source.pages = frames_of_png(bytes);
  image.metadata = decoder.metadata();
  return image;
}

std::vector<uint8_t> encode_png(const Image& image, const EncodeOptions&) {
  const Metadata metadata = metadata_to_write(image, {.iptc = true, .resolution = true, .text = true});
  std::vector<TextEntry> entries = stored_texts(metadata);
  std::vector<png_text> texts;
  for (TextEntry& entry : entries) texts.push_back(chunk_of(entry));
  Encoder encoder;
  const ColourChunks colour = {cicp_chunk(image), iccp_chunk(image), gama_chunk(image)};
  if (!encoder.write(image, metadata, texts, colour))
    throw FormatError(cat("cannot be written as PNG: ", encoder.text()));
  return encoder.take_bytes();
}

}  // namespace daclip
