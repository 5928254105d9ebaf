// JPEG 2000 through OpenJPEG: JP2 files and bare code streams.
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/plugins.h"

namespace daclip {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint64_t kMostPixelsPerByte = 1 << 16;  // empty areas cost next to nothing

// The library's codec and stream are both void.
template <auto free>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free(p);
  }
};
using Codec = std::unique_ptr<opj_codec_t, Free<opj_destroy_codec>>;
using Stream = std::unique_ptr<opj_stream_t, Free<opj_stream_destroy>>;
using Samples = std::unique_ptr<opj_image_t, Free<opj_image_destroy>>;

struct Source {
  Bytes bytes;
  size_t at = 0;
};

Stream stream_of(Source& source) {
  Stream stream(opj_stream_default_create(OPJ_TRUE));
  if (!stream) throw std::bad_alloc();
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  opj_stream_set_read_function(stream.get(), [](void* to, OPJ_SIZE_T count, void* data) {
    auto& from = *static_cast<Source*>(data);
    const size_t n = std::min<size_t>(count, from.bytes.size() - from.at);
    if (n == 0) return OPJ_SIZE_T(-1);
    std::memcpy(to, from.bytes.data() + from.at, n);
    from.at += n;
    return OPJ_SIZE_T(n);
  });
  opj_stream_set_skip_function(stream.get(), [](OPJ_OFF_T count, void* data) {
    auto& from = *static_cast<Source*>(data);
    if (count < 0 || size_t(count) > from.bytes.size() - from.at) return OPJ_OFF_T(-1);
    from.at += size_t(count);
    return count;
  });
  opj_stream_set_seek_function(stream.get(), [](OPJ_OFF_T to, void* data) {
    auto& from = *static_cast<Source*>(data);
    if (to < 0 || size_t(to) > from.bytes.size()) return OPJ_FALSE;
    from.at = size_t(to);
    return OPJ_TRUE;
  });
  return stream;
}

// A component's samples on the picture's grid, as 8 or 16 bit of the full range.
struct Plane {
  const opj_image_comp_t& component;
  uint32_t bits;

  uint32_t at(uint32_t x, uint32_t y) const {
    const uint32_t column = std::min(x / component.dx, component.w - 1),
                   row = std::min(y / component.dy, component.h - 1);
    const int64_t top = (int64_t(1) << component.prec) - 1;
    int64_t value = component.data[size_t(row) * component.w + column];
    if (component.sgnd) value += int64_t(1) << (component.prec - 1);
    return uint32_t((std::clamp<int64_t>(value, 0, top) * ((int64_t(1) << bits) - 1) + top / 2) / top);
  }
};

// The payload of the first box "uuid" of this number, in the boxes of a JP2 file.
std::vector<uint8_t> uuid_box(Bytes jp2, const std::array<uint8_t, 16>& number) {
  for (size_t at = 0; at + 8 <= jp2.size();) {
    const size_t rest = jp2.size() - at, stored = big_endian(jp2, at), size = stored == 0 ? rest : stored;
    if (size < 8 || size > rest) break;  // code streams, and boxes above 4 GB
    const Bytes box = jp2.subspan(at, size);
    if (size >= 24 && std::memcmp(box.data() + 4, "uuid", 4) == 0 && std::equal(number.begin(), number.end(), &box[8]))
      return {box.begin() + 24, box.end()};
    at += size;
  }
  return {};
}

void read_metadata(Bytes bytes, Metadata& metadata) {
  constexpr std::array<uint8_t, 16> kExif = {'J', 'p', 'g', 'T', 'i', 'f', 'f', 'E',
                                             'x', 'i', 'f', '-', '>', 'J', 'P', '2'};
  constexpr std::array<uint8_t, 16> kXmp = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                            0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};
  metadata.exif = uuid_box(bytes, kExif);
  metadata.xmp = uuid_box(bytes, kXmp);
}

// Luma and chroma of ITU-R BT.601, full range, to RGB.
void convert_sycc(Image& image) {
  const size_t channels = size_t(image.channels);
  const float top = image.bits == 16 ? 65535 : 255, half = float(int(top / 2) + 1);
  const auto convert = [&](auto* samples) {
    using Sample = std::remove_reference_t<decltype(*samples)>;
    const auto stored = [&](float value) { return Sample(std::clamp(value + 0.5f, 0.f, top)); };
    for (size_t i = 0; i < image.pixels(); ++i, samples += channels) {
      const float y = float(samples[0]), cb = float(samples[1]) - half, cr = float(samples[2]) - half;
      samples[0] = stored(y + 1.402f * cr);
      samples[1] = stored(y - 0.344136f * cb - 0.714136f * cr);
      samples[2] = stored(y + 1.772f * cb);
    }
  };
  if (image.bits == 16)
    convert(image.data16());
  else
    convert(image.data.data());
}

class Decoder {
 public:
  Decoder(Bytes bytes, std::string_view where, const DecodeLimits& limits) : where_(where), source_{bytes} {
    const bool boxed = bytes.size() > 4 && bytes[0] == 0;
    codec_.reset(opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    if (!codec_) throw std::bad_alloc();
    const auto keep = [](const char* text, void* to) {
      auto& message = *static_cast<std::string*>(to);
      if (message.empty()) message = text;
    };
    opj_set_error_handler(codec_.get(), keep, &message_);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    stream_ = stream_of(source_);
    opj_image_t* header = nullptr;
    const bool read = opj_setup_decoder(codec_.get(), &parameters) &&
                      opj_decoder_set_strict_mode(codec_.get(), OPJ_TRUE) &&
                      opj_read_header(stream_.get(), codec_.get(), &header);
    image_.reset(header);
    if (!read) fail();
    check_size(where, uint64_t(header->x1) - header->x0, uint64_t(header->y1) - header->y0, limits);
    // The library takes memory for all samples at once.
    if (uint64_t(header->x1 - header->x0) * (header->y1 - header->y0) > kMostPixelsPerByte * bytes.size())
      fail("the file is too short for its size");
    check_components();
    if (!opj_decode(codec_.get(), stream_.get(), header) || !opj_end_decompress(codec_.get(), stream_.get())) fail();
    check_components();
    for (uint32_t c = 0; c < header->numcomps; ++c)
      if (!header->comps[c].data) fail();
  }

  Image read() {
    const opj_image_t& from = *image_;
    const bool cmyk = from.color_space == OPJ_CLRSPC_CMYK && from.numcomps >= 4;
    const uint32_t colours = cmyk ? 4 : from.numcomps >= 3 ? 3 : 1;
    const bool alpha = !cmyk && from.numcomps > colours && from.comps[colours].alpha != 0;
    uint32_t deepest = 0;
    for (uint32_t c = 0; c < colours; ++c) deepest = std::max(deepest, from.comps[c].prec);
    const int bits = deepest > 8 ? 16 : 8;
    Image image = start_image(from.x1 - from.x0, from.y1 - from.y0, int(colours + (alpha ? 1 : 0)), bits);
    image.data.resize(image.samples() * size_t(bits / 8));
    for (uint32_t c = 0; c < uint32_t(image.channels); ++c) copy(Plane{from.comps[c], uint32_t(bits)}, c, image);
    if (from.icc_profile_buf) image.icc.assign(from.icc_profile_buf, from.icc_profile_buf + from.icc_profile_len);
    if (colours == 3 && subsampled_chroma()) convert_sycc(image);
    read_metadata(source_.bytes, image.metadata);
    return cmyk ? cmyk_to_rgb(image) : image;
  }

 private:
  [[noreturn]] void fail(std::string_view text = "the file is damaged or ends too early") const {
    fail_decoding(where_, "JPEG 2000", message_.empty() ? text : message_);
  }

  void check_components() const {
    const uint32_t count = image_->numcomps;
    if (count == 0) fail("it has no samples");
    for (uint32_t c = 0; c < count; ++c) {
      const opj_image_comp_t& component = image_->comps[c];
      if (component.prec < 1 || component.prec > 16 || component.dx < 1 || component.dy < 1 || component.w < 1 ||
          component.h < 1)
        fail(cat("samples of ", component.prec, " bit are not supported"));
    }
  }

  bool subsampled_chroma() const {
    return image_->color_space == OPJ_CLRSPC_SYCC ||
           (image_->color_space != OPJ_CLRSPC_SRGB && image_->comps[0].dx == 1 && image_->comps[1].dx > 1);
  }

  static void copy(const Plane& plane, uint32_t channel, Image& image) {
    size_t i = channel;
    for (uint32_t y = 0; y < uint32_t(image.height); ++y)
      for (uint32_t x = 0; x < uint32_t(image.width); ++x, i += size_t(image.channels)) {
        const uint32_t value = plane.at(x, y);
        if (image.bits == 16)
          image.data16()[i] = uint16_t(value);
        else
          image.data[i] = uint8_t(value);
      }
  }

  std::string_view where_;
  Source source_;
  std::string message_;
  Codec codec_;
  Stream stream_;
  Samples image_;
};

Image decode(Bytes bytes, std::string_view where, const DecodeLimits& limits) {
  return Decoder(bytes, where, limits).read();
}

}  // namespace
}  // namespace daclip

extern "C" __attribute__((visibility("default")))
const daclip::ImageCodec daclip_image_codec = {.decode = daclip::decode};
