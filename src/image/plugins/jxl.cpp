// JPEG XL through libjxl, which turns as the file says.
#include <jxl/decode_cxx.h>
#include <jxl/encode_cxx.h>

#include <cstring>

#include "core/error.h"
#include "image/codec.h"
#include "image/icc.h"
#include "image/plugins.h"

namespace daclip {
namespace {

constexpr size_t kMostMetadata = 16 << 20;

class Decoder {
 public:
  Decoder(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits)
      : where_(where), limits_(limits), decoder_(JxlDecoderMake(nullptr)) {
    if (!decoder_) throw std::bad_alloc();
    check(JxlDecoderSubscribeEvents(
        get(), JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_FRAME | JXL_DEC_FULL_IMAGE | JXL_DEC_BOX));
    JxlDecoderSetDecompressBoxes(get(), JXL_TRUE);
    check(JxlDecoderSetInput(get(), bytes.data(), bytes.size()));
  }

  Image read() {
    for (;;) {
      const JxlDecoderStatus status = JxlDecoderProcessInput(get());
      if (status != JXL_DEC_BOX && status != JXL_DEC_BOX_NEED_MORE_OUTPUT) finish_box();
      switch (status) {
        case JXL_DEC_BASIC_INFO: start(); break;
        case JXL_DEC_COLOR_ENCODING: read_profile(); break;
        case JXL_DEC_FRAME:
          if (frames_++ > 0) check(JxlDecoderSkipCurrentFrame(get()));
          break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
          image_.data.resize(image_.samples() * size_t(image_.bits / 8));
          check(JxlDecoderSetImageOutBuffer(get(), &format_, image_.data.data(), image_.data.size()));
          break;
        case JXL_DEC_BOX: start_box(); break;
        case JXL_DEC_BOX_NEED_MORE_OUTPUT: grow_box(); break;
        case JXL_DEC_FULL_IMAGE: whole_ = true; break;
        // The input is never closed, since libjxl then prints to standard error where it is cut: it asks for more even
        // after the last box.
        case JXL_DEC_NEED_MORE_INPUT:
        case JXL_DEC_SUCCESS:
          if (!whole_) fail("the file ends too early");
          image_.metadata = std::move(metadata_);
          image_.source.pages = std::max(frames_, 1);
          return std::move(image_);
        default: fail("the file is damaged");
      }
    }
  }

 private:
  JxlDecoder* get() const { return decoder_.get(); }
  [[noreturn]] void fail(std::string_view text) const { fail_decoding(where_, "JPEG XL", text); }
  void check(JxlDecoderStatus status) const {
    if (status != JXL_DEC_SUCCESS) fail("the file is damaged");
  }

  void start() {
    JxlBasicInfo info;
    check(JxlDecoderGetBasicInfo(get(), &info));
    check_size(where_, info.xsize, info.ysize, limits_);
    const uint32_t channels = info.num_color_channels + (info.alpha_bits > 0 ? 1 : 0);
    image_ = start_image(info.xsize, info.ysize, int(channels), info.bits_per_sample > 8 ? 16 : 8);
    format_ = {channels, image_.bits == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  }

  void read_profile() {
    size_t size = 0;
    if (JxlDecoderGetICCProfileSize(get(), &format_, JXL_COLOR_PROFILE_TARGET_DATA, &size) != JXL_DEC_SUCCESS) return;
    image_.icc.resize(size);
    check(JxlDecoderGetColorAsICCProfile(get(), &format_, JXL_COLOR_PROFILE_TARGET_DATA, image_.icc.data(), size));
  }

  void start_box() {
    finish_box();
    JxlBoxType type;
    if (JxlDecoderGetBoxType(get(), type, JXL_TRUE) != JXL_DEC_SUCCESS) return;
    is_exif_ = std::memcmp(type, "Exif", 4) == 0;
    if (!is_exif_ && std::memcmp(type, "xml ", 4) != 0) return;
    box_.assign(1 << 16, 0);
    in_box_ = JxlDecoderSetBoxBuffer(get(), box_.data(), box_.size()) == JXL_DEC_SUCCESS;
  }

  void grow_box() {
    const size_t used = box_.size() - JxlDecoderReleaseBoxBuffer(get());
    if (box_.size() >= kMostMetadata) fail("its metadata is too large");
    box_.resize(box_.size() * 2);
    check(JxlDecoderSetBoxBuffer(get(), box_.data() + used, box_.size() - used));
  }

  void finish_box() {
    if (!in_box_) return;
    in_box_ = false;
    box_.resize(box_.size() - JxlDecoderReleaseBoxBuffer(get()));
    constexpr ptrdiff_t kOffset = 4;  // of the block's header
    if (!is_exif_)
      metadata_.xmp = std::move(box_);
    else if (box_.size() > kOffset)
      metadata_.exif.assign(box_.begin() + kOffset, box_.end());
  }

  std::string_view where_;
  const DecodeLimits& limits_;
  JxlDecoderPtr decoder_;
  Image image_;
  JxlPixelFormat format_{};
  Metadata metadata_;
  std::vector<uint8_t> box_;
  bool in_box_ = false, is_exif_ = false, whole_ = false;
  int frames_ = 0;
};

Image decode(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  return Decoder(bytes, where, limits).read();
}

void check(JxlEncoderStatus status, const char* what) {
  if (status != JXL_ENC_SUCCESS) throw FormatError(cat("cannot be written as JPEG XL: ", what));
}

// libjxl's scale, where 0 is lossless and 1 hardly visible, for a quality as JPEG has it.
float distance(int quality) {
  const float q = float(quality);
  return quality >= 30 ? 0.1f + (100 - q) * 0.09f : 53.f / 3000 * q * q - 23.f / 20 * q + 25;
}

std::vector<uint8_t> output_of(JxlEncoder* encoder) {
  std::vector<uint8_t> bytes(1 << 16);
  uint8_t* next = bytes.data();
  size_t room = bytes.size();
  for (;;) {
    const JxlEncoderStatus status = JxlEncoderProcessOutput(encoder, &next, &room);
    const size_t used = bytes.size() - room;
    if (status == JXL_ENC_NEED_MORE_OUTPUT) {
      bytes.resize(bytes.size() * 2);
      next = bytes.data() + used;
      room = bytes.size() - used;
      continue;
    }
    check(status, "the encoder failed");
    bytes.resize(used);
    return bytes;
  }
}

void add_metadata(JxlEncoder* encoder, const Metadata& metadata) {
  if (metadata.exif.empty() && metadata.xmp.empty()) return;
  check(JxlEncoderUseBoxes(encoder), "metadata was refused");
  std::vector<uint8_t> exif(4);  // the offset of the block's header
  exif.insert(exif.end(), metadata.exif.begin(), metadata.exif.end());
  if (exif.size() > 4)
    check(JxlEncoderAddBox(encoder, "Exif", exif.data(), exif.size(), JXL_FALSE), "EXIF was refused");
  if (!metadata.xmp.empty())
    check(JxlEncoderAddBox(encoder, "xml ", metadata.xmp.data(), metadata.xmp.size(), JXL_FALSE), "XMP was refused");
}

std::vector<uint8_t> encode(const Image& image, const EncodeOptions& options) {
  const JxlEncoderPtr owned = JxlEncoderMake(nullptr);
  JxlEncoder* encoder = owned.get();
  if (!encoder) throw std::bad_alloc();
  const bool lossless = options.quality == 100;
  std::vector<uint8_t> icc = fitting_profile(image.icc, image.colour_channels());
  if (!is_profile_of(icc, image.colour_channels())) icc.clear();  // libjxl refuses it
  JxlBasicInfo info;
  JxlEncoderInitBasicInfo(&info);
  info.xsize = uint32_t(image.width);
  info.ysize = uint32_t(image.height);
  info.bits_per_sample = uint32_t(image.bits);
  info.num_color_channels = uint32_t(image.colour_channels());
  info.num_extra_channels = image.has_alpha() ? 1 : 0;
  info.alpha_bits = image.has_alpha() ? uint32_t(image.bits) : 0;
  info.uses_original_profile = lossless || !icc.empty();  // keeps the profile byte for byte
  check(JxlEncoderSetBasicInfo(encoder, &info), "the size was refused");
  JxlColorEncoding srgb;
  JxlColorEncodingSetToSRGB(&srgb, image.colour_channels() == 1);
  if (icc.empty() || JxlEncoderSetICCProfile(encoder, icc.data(), icc.size()) != JXL_ENC_SUCCESS)
    check(JxlEncoderSetColorEncoding(encoder, &srgb), "the colour space was refused");
  JxlEncoderFrameSettings* settings = JxlEncoderFrameSettingsCreate(encoder, nullptr);
  if (lossless)
    check(JxlEncoderSetFrameLossless(settings, JXL_TRUE), "lossless coding was refused");
  else
    check(JxlEncoderSetFrameDistance(settings, distance(options.quality)), "the quality was refused");
  add_metadata(encoder, image.metadata);
  const JxlPixelFormat format = {uint32_t(image.channels), image.bits == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
                                 JXL_NATIVE_ENDIAN, 0};
  check(JxlEncoderAddImageFrame(settings, &format, image.data.data(), image.data.size()), "the pixels were refused");
  JxlEncoderCloseInput(encoder);
  return output_of(encoder);
}

}  // namespace
}  // namespace daclip

extern "C" __attribute__((visibility("default")))
const daclip::ImageCodec daclip_image_codec = {.decode = daclip::decode, .encode = daclip::encode};
