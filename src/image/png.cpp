// PNG through libpng.
#include <png.h>

#include <bit>
#include <climits>
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "image/codec.h"
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

  std::vector<uint8_t> exif() const {
    png_bytep block;
    png_uint_32 size;
    if (!png_get_eXIf_1(png_, info_, &size, &block)) return {};
    return {block, block + size};
  }

 private:
  std::span<const uint8_t> rest_;
  LibraryError error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

constexpr png_byte kCicp[] = {'c', 'I', 'C', 'P', 0}, kIccp[] = {'i', 'C', 'C', 'P', 0},
                   kGama[] = {'g', 'A', 'M', 'A', 0};

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

  bool write(const Image& image, const std::vector<uint8_t>& cicp, const std::vector<uint8_t>& iccp,
             const std::vector<uint8_t>& gama) {
    static constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                     PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(error_.jump)) return false;
    png_set_write_fn(png_, &bytes_, write_bytes, nullptr);
    png_set_user_limits(png_, INT_MAX, INT_MAX);
    png_set_IHDR(png_, info_, png_uint_32(image.width), png_uint_32(image.height), image.bits,
                 kTypes[image.channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!image.exif.empty())
      png_set_eXIf_1(png_, info_, png_uint_32(image.exif.size()), const_cast<png_bytep>(image.exif.data()));
    png_write_info(png_, info_);
    if (!cicp.empty()) png_write_chunk(png_, kCicp, cicp.data(), cicp.size());
    if (!iccp.empty()) png_write_chunk(png_, kIccp, iccp.data(), iccp.size());
    if (!gama.empty()) png_write_chunk(png_, kGama, gama.data(), gama.size());
    if (image.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
    const size_t row = image.data.size() / size_t(image.height);
    for (int y = 0; y < image.height; ++y) png_write_row(png_, image.data.data() + size_t(y) * row);
    png_write_end(png_, info_);
    return true;
  }

  const char* text() const { return error_.text; }
  std::vector<uint8_t> take_bytes() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
  LibraryError error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

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
  image.exif = decoder.exif();
  return image;
}

std::vector<uint8_t> encode_png(const Image& image, const EncodeOptions&) {
  Encoder encoder;
  if (!encoder.write(image, cicp_chunk(image), iccp_chunk(image), gama_chunk(image)))
    throw FormatError(cat("cannot be written as PNG: ", encoder.text()));
  return encoder.take_bytes();
}

}  // namespace daclip
