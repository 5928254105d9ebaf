// TIFF through libtiff, from and to memory. 8 and 16-bit grey, RGB, CMYK and Lab samples are read as stored, floats of
// 32 bit as 16; palettes, YCbCr and 1-bit pictures go through libtiff's own conversion to 8-bit RGBA.
#include <tiffio.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/exif.h"
#include "image/metadata.h"
#include "image/orientation.h"

namespace daclip {
namespace {

constexpr uint64_t kMaxTileBytes = 256 << 20, kMaxRowBytes = 256 << 20;
constexpr uint64_t kClassicLimit = 4'000'000'000;  // beyond it the file needs BigTIFF's 64-bit offsets

struct Messages {
  char error[256] = "";
  bool truncated = false;
};

struct Memory {
  std::span<const uint8_t> input;  // what is read, or
  std::vector<uint8_t> output;     // what is written
  uint64_t at = 0;
  Messages messages;

  uint64_t size() const { return output.empty() ? input.size() : output.size(); }
  const uint8_t* data() const { return output.empty() ? input.data() : output.data(); }
};

tmsize_t read_memory(thandle_t handle, void* to, tmsize_t n) {
  auto* memory = static_cast<Memory*>(handle);
  if (n <= 0 || memory->at >= memory->size()) return 0;
  const uint64_t count = std::min(uint64_t(n), memory->size() - memory->at);
  std::memcpy(to, memory->data() + memory->at, count);
  memory->at += count;
  return tmsize_t(count);
}

tmsize_t write_memory(thandle_t handle, void* from, tmsize_t n) {
  auto* memory = static_cast<Memory*>(handle);
  if (n <= 0) return 0;
  if (memory->output.size() < memory->at + uint64_t(n)) memory->output.resize(memory->at + uint64_t(n));
  std::memcpy(memory->output.data() + memory->at, from, size_t(n));
  memory->at += uint64_t(n);
  return n;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto* memory = static_cast<Memory*>(handle);
  const uint64_t base = whence == SEEK_CUR ? memory->at : whence == SEEK_END ? memory->size() : 0;
  return memory->at = base + offset;
}

toff_t size_of_memory(thandle_t handle) { return static_cast<Memory*>(handle)->size(); }
int close_memory(thandle_t) { return 0; }

int map_memory(thandle_t handle, void** base, toff_t* size) {
  const auto* memory = static_cast<Memory*>(handle);
  *base = const_cast<uint8_t*>(memory->input.data());
  *size = memory->input.size();
  return 1;
}

void unmap_memory(thandle_t, void*, toff_t) {}

int on_error(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  auto* messages = static_cast<Messages*>(data);
  if (!*messages->error) std::vsnprintf(messages->error, sizeof messages->error, format, arguments);
  return 1;
}

// A tag whose data lies beyond the end is only a warning to libtiff, but the file is not whole.
int on_warning(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (std::strstr(text, "IO error")) static_cast<Messages*>(data)->truncated = true;
  return 1;
}

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

TiffFile open_tiff(Memory& memory, const char* mode) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &memory.messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, &memory.messages);
  const bool reading = *mode == 'r';
  TIFF* tiff =
      TIFFClientOpenExt("picture", mode, &memory, read_memory, write_memory, seek_memory, close_memory, size_of_memory,
                        reading ? map_memory : nullptr, reading ? unmap_memory : nullptr, options);
  TIFFOpenOptionsFree(options);
  return TiffFile(tiff);
}

template <class T>
T field(TIFF* tiff, uint32_t tag, T fallback) {
  T value;
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : fallback;
}

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) : where_(where) {
    memory_.input = bytes;
    tiff_ = open_tiff(memory_, "r");
    if (!tiff_) fail();
    choose_page(limits.page);
    width_ = field<uint32_t>(tiff(), TIFFTAG_IMAGEWIDTH, 0);
    height_ = field<uint32_t>(tiff(), TIFFTAG_IMAGELENGTH, 0);
    check_size(where, width_, height_, limits);
    check_extent();
    bits_ = field<uint16_t>(tiff(), TIFFTAG_BITSPERSAMPLE, 1);
    samples_ = field<uint16_t>(tiff(), TIFFTAG_SAMPLESPERPIXEL, 1);
    planar_ = field<uint16_t>(tiff(), TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
    if (!TIFFGetField(tiff(), TIFFTAG_PHOTOMETRIC, &photometric_)) fail("it does not say what its samples mean");
  }

  Image read() {
    Image image = stored_plainly() || floats() ? read_samples() : read_converted();
    if (memory_.messages.truncated) fail("the file ends too early");
    image.source.pages = pages_;
    return image;
  }

  int orientation() const { return field<uint16_t>(tiff(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); }

 private:
  TIFF* tiff() const { return tiff_.get(); }

  // Thumbnails and masks beside a picture are no pages.
  bool is_page() const {
    constexpr uint32_t kOldReduced = 2;
    return (field<uint32_t>(tiff(), TIFFTAG_SUBFILETYPE, 0) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0 &&
           field<uint16_t>(tiff(), TIFFTAG_OSUBFILETYPE, 0) != kOldReduced;
  }

  void choose_page(int wanted) {
    constexpr tdir_t kMostPages = 4096;  // the chains of damaged files may be endless
    std::vector<tdir_t> pages;
    if (!TIFFLastDirectory(tiff()) || !is_page()) {
      tdir_t i = 0;
      do {
        if (is_page()) pages.push_back(i);
      } while (++i < kMostPages && TIFFReadDirectory(tiff()) == 1);
      memory_.messages = {};  // damage in other pages is no matter
      if (TIFFSetDirectory(tiff(), pages.empty() ? 0 : pages.front()) != 1) fail();
      if (pages.empty()) choose_larger_picture();
    }
    pages_ = int(std::max<size_t>(pages.size(), 1));
    if (wanted >= pages_) fail(cat("it has ", pages_, " pages").c_str());
    if (wanted > 0 && TIFFSetDirectory(tiff(), pages[size_t(wanted)]) != 1) fail();
  }

  // Of a thumbnail alone: the photo may be in one of its sub-directories.
  void choose_larger_picture() {
    uint16_t count = 0;
    void* offsets = nullptr;
    if (!TIFFGetField(tiff(), TIFFTAG_SUBIFD, &count, &offsets)) return;
    const auto* first = static_cast<const uint64_t*>(offsets);
    for (const uint64_t offset : std::vector<uint64_t>(first, first + count))
      if (TIFFSetSubDirectory(tiff(), offset) == 1 && is_page()) return;
    memory_.messages = {};
    if (TIFFSetDirectory(tiff(), 0) != 1) fail();
  }

  [[noreturn]] void fail(const char* text = nullptr) const {
    const char* library = memory_.messages.error;
    fail_decoding(where_, "TIFF", text ? text : *library ? library : "the file is damaged");
  }

  // Strips and tiles have to lie within the file: told before memory is taken.
  void check_extent() const {
    const bool tiled = TIFFIsTiled(tiff());
    const uint32_t count = tiled ? TIFFNumberOfTiles(tiff()) : TIFFNumberOfStrips(tiff());
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t offset = TIFFGetStrileOffset(tiff(), i), size = TIFFGetStrileByteCount(tiff(), i);
      if (size == 0 || offset == 0 || offset > memory_.input.size() || size > memory_.input.size() - offset)
        fail("the file ends too early, or its strips are damaged");
    }
    if (count == 0) fail("it holds no picture");
  }

  bool lab() const { return photometric_ == PHOTOMETRIC_CIELAB || photometric_ == PHOTOMETRIC_ICCLAB; }
  int colours() const {
    return photometric_ == PHOTOMETRIC_RGB || lab() ? 3 : photometric_ == PHOTOMETRIC_SEPARATED ? 4 : 1;
  }
  uint16_t sample_format() const { return field<uint16_t>(tiff(), TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT); }

  bool stored_plainly() const {
    if ((bits_ != 8 && bits_ != 16) || samples_ < colours()) return false;
    // Lab's own signs are part of its definition; writers differ in whether they are told twice.
    if (lab()) return true;
    if (sample_format() != SAMPLEFORMAT_UINT && sample_format() != SAMPLEFORMAT_INT) return false;
    if (photometric_ == PHOTOMETRIC_SEPARATED)
      return field<uint16_t>(tiff(), TIFFTAG_INKSET, INKSET_CMYK) == INKSET_CMYK;
    return photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_MINISWHITE ||
           photometric_ == PHOTOMETRIC_RGB;
  }

  bool floats() const {
    return bits_ == 32 && sample_format() == SAMPLEFORMAT_IEEEFP && samples_ >= colours() &&
           (photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_RGB);
  }

  // What the first extra sample is: EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNASSALPHA or 0 for no alpha.
  int alpha_kind() const {
    uint16_t count = 0;
    uint16_t* kinds = nullptr;
    if (samples_ <= colours() || !TIFFGetFieldDefaulted(tiff(), TIFFTAG_EXTRASAMPLES, &count, &kinds) || count < 1)
      return 0;
    return kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA ? kinds[0] : 0;
  }

  std::vector<uint8_t> icc() const {
    uint32_t size = 0;
    void* profile = nullptr;
    if (!TIFFGetField(tiff(), TIFFTAG_ICCPROFILE, &size, &profile)) return {};
    const auto* bytes = static_cast<const uint8_t*>(profile);
    return {bytes, bytes + size};
  }

  Image read_samples() {
    const bool cmyk = photometric_ == PHOTOMETRIC_SEPARATED;
    const int alpha = cmyk ? 0 : alpha_kind();
    Image image = start_image(width_, height_, colours() + (alpha ? 1 : 0), std::min<int>(bits_, 16));
    image.icc = icc();
    if (TIFFIsTiled(tiff()))
      read_tiles(image);
    else
      read_scanlines(image);
    // Light above white is clipped; where it is common, the numbers are none of a photo.
    if (above_white_ * 10 > image.samples())
      fail(cat("floating-point samples of 0 to 1 are read, not of up to ", largest_).c_str());
    if (image.bits == 16)
      finish_samples(image, image.data16(), alpha);
    else
      finish_samples(image, image.data.data(), alpha);
    return cmyk ? cmyk_to_rgb(image) : lab() ? lab_to_rgb(image, photometric_ == PHOTOMETRIC_CIELAB) : image;
  }

  template <class Sample>
  void finish_samples(Image& image, Sample* data, int alpha) const {
    constexpr uint32_t top = Sample(~Sample(0));
    const size_t channels = size_t(image.channels);
    if (sample_format() == SAMPLEFORMAT_INT && !lab())
      for (size_t i = 0; i < image.samples(); ++i) data[i] = Sample(data[i] ^ (top / 2 + 1));  // -top/2-1 is black
    if (photometric_ == PHOTOMETRIC_MINISWHITE)
      for (size_t i = 0; i < image.pixels(); ++i) data[i * channels] = Sample(top - data[i * channels]);
    if (alpha != EXTRASAMPLE_ASSOCALPHA) return;
    for (size_t i = 0; i < image.pixels(); ++i, data += channels) {
      const uint32_t a = data[channels - 1];
      for (size_t c = 0; c + 1 < channels; ++c)
        data[c] = a == 0 ? Sample(0) : Sample(std::min<uint64_t>(top, (uint64_t(data[c]) * top + a / 2) / a));
    }
  }

  // Copies `count` pixels of a row: all the wanted samples of interleaved data, or the one of a plane.
  void place(const uint8_t* from, uint32_t count, uint32_t plane, uint8_t* to, int channels) {
    if (bits_ == 32) return place_floats(from, count, plane, reinterpret_cast<uint16_t*>(to), channels);
    const size_t bytes = bits_ / 8, wanted = size_t(channels) * bytes;
    if (planar_) {
      for (uint32_t x = 0; x < count; ++x) std::memcpy(to + x * wanted + plane * bytes, from + x * bytes, bytes);
    } else {
      for (uint32_t x = 0; x < count; ++x) std::memcpy(to + x * wanted, from + x * samples_ * bytes, wanted);
    }
  }

  void place_floats(const uint8_t* from, uint32_t count, uint32_t plane, uint16_t* to, int channels) {
    const size_t step = planar_ ? 1 : samples_, wanted = planar_ ? 1 : size_t(channels);
    for (size_t x = 0; x < count; ++x)
      for (size_t c = 0; c < wanted; ++c) {
        float value;
        std::memcpy(&value, from + (x * step + c) * sizeof value, sizeof value);
        if (value > 1) ++above_white_, largest_ = std::max(largest_, value);
        // What is no number is black.
        to[x * size_t(channels) + plane + c] = value > 0 ? uint16_t(std::min(value, 1.f) * 65535 + 0.5f) : uint16_t(0);
      }
  }

  void read_scanlines(Image& image) {
    const uint64_t expected = uint64_t(width_) * (planar_ ? 1 : samples_) * (bits_ / 8);
    if (expected > kMaxRowBytes) throw LimitError(cat(where_, ": rows of ", expected, " bytes are too large"));
    if (TIFFScanlineSize64(tiff()) != expected) fail("its rows have an unexpected size");
    std::vector<uint8_t> line(expected);
    const size_t row = size_t(width_) * size_t(image.channels) * size_t(image.bits / 8);
    for (uint32_t plane = 0; plane < planes(image); ++plane)
      for (uint32_t y = 0; y < height_; ++y) {
        if (plane == 0) image.data.resize((y + 1) * row);
        if (TIFFReadScanline(tiff(), line.data(), y, uint16_t(plane)) != 1) fail();
        place(line.data(), width_, plane, image.data.data() + y * row, image.channels);
      }
  }

  void read_tiles(Image& image) {
    const uint32_t tile_width = field<uint32_t>(tiff(), TIFFTAG_TILEWIDTH, 0);
    const uint32_t tile_height = field<uint32_t>(tiff(), TIFFTAG_TILELENGTH, 0);
    const uint64_t tile_bytes = TIFFTileSize64(tiff()), pixel = (planar_ ? 1 : samples_) * (bits_ / 8u);
    if (tile_bytes > kMaxTileBytes) throw LimitError(cat(where_, ": tiles of ", tile_bytes, " bytes are too large"));
    if (tile_width == 0 || tile_height == 0 || tile_bytes != uint64_t(tile_width) * tile_height * pixel)
      fail("its tiles have an unexpected size");
    std::vector<uint8_t> tile(tile_bytes);
    const size_t bytes = size_t(image.bits / 8), row = size_t(width_) * size_t(image.channels) * bytes;
    for (uint32_t plane = 0; plane < planes(image); ++plane)
      for (uint32_t y = 0; y < height_; y += tile_height) {
        const uint32_t rows = std::min(tile_height, height_ - y);
        if (plane == 0) image.data.resize((y + rows) * row);
        for (uint32_t x = 0; x < width_; x += tile_width) {
          if (TIFFReadTile(tiff(), tile.data(), x, y, 0, uint16_t(plane)) < 0) fail();
          for (uint32_t i = 0; i < rows; ++i)
            place(tile.data() + i * tile_width * pixel, std::min(tile_width, width_ - x), plane,
                  image.data.data() + (y + i) * row + x * size_t(image.channels) * bytes, image.channels);
        }
      }
  }

  uint32_t planes(const Image& image) const { return planar_ ? uint32_t(image.channels) : 1; }

  Image read_converted() {
    char text[1024] = "";
    TIFFRGBAImage converter;
    if (!TIFFRGBAImageOK(tiff(), text) || !TIFFRGBAImageBegin(&converter, tiff(), 1, text)) fail(text);
    struct End {
      TIFFRGBAImage* image;
      ~End() { TIFFRGBAImageEnd(image); }
    } end{&converter};
    converter.orientation = converter.req_orientation = ORIENTATION_TOPLEFT;  // it is applied once, by upright()
    const bool grey = photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_MINISWHITE;
    const bool alpha = alpha_kind() != 0;
    const bool associated = converter.alpha == EXTRASAMPLE_ASSOCALPHA || alpha_kind() == EXTRASAMPLE_UNASSALPHA;
    std::vector<uint32_t> raster(size_t(width_) * height_);
    if (!TIFFRGBAImageGet(&converter, raster.data(), width_, height_)) fail();
    Image image = start_image(width_, height_, (grey ? 1 : 3) + (alpha ? 1 : 0), 8);
    if (!lab() && photometric_ != PHOTOMETRIC_SEPARATED) image.icc = icc();
    image.data.resize(image.samples());
    uint8_t* to = image.data.data();
    for (const uint32_t pixel : raster) {
      *to++ = uint8_t(TIFFGetR(pixel));
      if (!grey) *to++ = uint8_t(TIFFGetG(pixel));
      if (!grey) *to++ = uint8_t(TIFFGetB(pixel));
      if (alpha) *to++ = uint8_t(TIFFGetA(pixel));
    }
    // libtiff gives colours multiplied by alpha here, whichever way they were stored.
    if (alpha) finish_converted(image, associated);
    return image;
  }

  static void finish_converted(Image& image, bool associated) {
    if (!associated) return;
    const size_t channels = size_t(image.channels);
    for (uint8_t* p = image.data.data(); p != image.data.data() + image.data.size(); p += channels)
      for (size_t c = 0; c + 1 < channels; ++c) {
        const unsigned a = p[channels - 1];
        p[c] = a == 0 ? uint8_t(0) : uint8_t(std::min(255u, (p[c] * 255u + a / 2) / a));
      }
  }

  std::string_view where_;
  Memory memory_;
  TiffFile tiff_;
  uint32_t width_ = 0, height_ = 0;
  uint16_t bits_ = 0, samples_ = 0, photometric_ = 0;
  int pages_ = 1;
  bool planar_ = false;
  size_t above_white_ = 0;  // floating-point samples
  float largest_ = 1;
};

void set_fields(TIFF* tiff, const Image& image) {
  const bool colour = image.colour_channels() == 3;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, uint32_t(image.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, uint32_t(image.height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, image.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image.channels);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, colour ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
  if (image.has_alpha()) {
    const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  if (const Resolution& resolution = image.metadata.resolution; resolution.known()) {
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, resolution.x);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, resolution.y);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  }
  if (!image.icc.empty()) TIFFSetField(tiff, TIFFTAG_ICCPROFILE, uint32_t(image.icc.size()), image.icc.data());
}

bool is_big(std::span<const Image> pages) {
  uint64_t bytes = 0;
  for (const Image& page : pages) bytes += page.data.size();
  return bytes > kClassicLimit;
}

}  // namespace

Image decode_tiff(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  Reader reader(bytes, where, limits);
  Image image = upright(reader.read(), reader.orientation());
  image.metadata = metadata_of_tiff(bytes);
  turn_metadata(image.metadata, reader.orientation());
  return image;
}

std::vector<uint8_t> encode_tiff_pages(std::span<const Image> pages) {
  Memory memory;
  const auto check = [&](bool ok) {
    if (!ok) throw FormatError(cat("cannot be written as TIFF: ", memory.messages.error));
  };
  const bool big = is_big(pages);
  const Metadata metadata = metadata_to_write(pages.front(), {.iptc = true, .resolution = true});
  if (!big) memory.output = tiff_start(metadata);
  const bool appended = !memory.output.empty();
  TiffFile tiff = open_tiff(memory, big ? "w8" : appended ? "a" : "w");
  check(tiff != nullptr);
  for (const Image& image : pages) {
    set_fields(tiff.get(), image);
    if (pages.size() > 1) TIFFSetField(tiff.get(), TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
    const size_t row = image.data.size() / size_t(image.height);
    std::vector<uint8_t> line(row);  // the predictor works in place
    for (int y = 0; y < image.height; ++y) {
      std::memcpy(line.data(), image.data.data() + size_t(y) * row, row);
      check(TIFFWriteScanline(tiff.get(), line.data(), uint32_t(y), 0) == 1);
    }
    check(TIFFWriteDirectory(tiff.get()) == 1);
  }
  tiff.reset();
  check(!*memory.messages.error);
  if (appended) finish_tiff(memory.output, metadata);
  return std::move(memory.output);
}

std::vector<uint8_t> encode_tiff(const Image& image, const EncodeOptions&) { return encode_tiff_pages({&image, 1}); }

}  // namespace daclip
