// WebP through libwebp; profile, EXIF and XMP through its mux and demux libraries.
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/icc.h"
#include "image/metadata.h"

namespace daclip {
namespace {

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteAnimation {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};
struct DeleteMux {
  void operator()(WebPMux* mux) const { WebPMuxDelete(mux); }
};

std::vector<uint8_t> chunk_of(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator iterator;
  std::vector<uint8_t> chunk;
  if (WebPDemuxGetChunk(demuxer, name, 1, &iterator))
    chunk.assign(iterator.chunk.bytes, iterator.chunk.bytes + iterator.chunk.size);
  WebPDemuxReleaseChunkIterator(&iterator);
  return chunk;
}

// The frame on the whole canvas.
void decode_animation(std::span<const uint8_t> bytes, std::string_view where, int frame, Image& image) {
  const WebPData data{bytes.data(), bytes.size()};
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) fail_decoding(where, "WebP", "the library's version does not fit");
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, DeleteAnimation> decoder(WebPAnimDecoderNew(&data, &options));
  uint8_t* canvas = nullptr;
  int timestamp = 0;
  for (int i = 0; i <= frame; ++i)
    if (!decoder || !WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp))
      fail_decoding(where, "WebP", cat("frame ", i + 1, " of the animation is missing or damaged"));
  image.channels = 4;
  image.data.assign(canvas, canvas + image.samples());
}

void check(bool ok, const char* what) {
  if (!ok) throw FormatError(cat("cannot be written as WebP: ", what));
}

std::vector<uint8_t> rgb_rows(const Image& image) {
  if (image.channels >= 3) return image.data;
  const size_t to_channels = image.has_alpha() ? 4 : 3;
  std::vector<uint8_t> rows(image.pixels() * to_channels);
  for (size_t i = 0; i < image.pixels(); ++i) {
    const uint8_t* from = image.data.data() + i * size_t(image.channels);
    for (size_t c = 0; c < 3; ++c) rows[i * to_channels + c] = from[0];
    if (image.has_alpha()) rows[i * to_channels + 3] = from[1];
  }
  return rows;
}

struct Picture {
  WebPPicture picture;
  WebPMemoryWriter writer;

  Picture() {
    WebPMemoryWriterInit(&writer);
    check(WebPPictureInit(&picture), "the library's version does not fit");
  }
  ~Picture() {
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
};

std::vector<uint8_t> with_metadata(const Picture& encoded, const Image& image) {
  const WebPMemoryWriter& writer = encoded.writer;
  const std::vector<uint8_t> profile = fitting_profile(image.icc, 3);  // WebP holds RGB only
  const Metadata metadata = metadata_to_write(image, {});
  if (profile.empty() && metadata.exif.empty() && metadata.xmp.empty()) return {writer.mem, writer.mem + writer.size};
  const std::unique_ptr<WebPMux, DeleteMux> mux(WebPMuxNew());
  if (!mux) throw std::bad_alloc();
  const WebPData picture{writer.mem, writer.size};
  check(WebPMuxSetImage(mux.get(), &picture, 0) == WEBP_MUX_OK, "the container refused the picture");
  const auto set = [&](const char* name, const std::vector<uint8_t>& bytes) {
    const WebPData chunk{bytes.data(), bytes.size()};
    check(WebPMuxSetChunk(mux.get(), name, &chunk, 0) == WEBP_MUX_OK, "the profile, EXIF or XMP was refused");
  };
  if (!profile.empty()) set("ICCP", profile);
  if (!metadata.exif.empty()) set("EXIF", metadata.exif);
  if (!metadata.xmp.empty()) set("XMP ", metadata.xmp);
  WebPData file{nullptr, 0};
  const bool assembled = WebPMuxAssemble(mux.get(), &file) == WEBP_MUX_OK;
  std::vector<uint8_t> bytes(file.bytes, file.bytes + file.size);
  WebPDataClear(&file);
  check(assembled, "the container could not be assembled");
  return bytes;
}

}  // namespace

Image decode_webp(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK)
    fail_decoding(where, "WebP", "the header is damaged or the file ends too early");
  check_size(where, uint64_t(features.width), uint64_t(features.height), limits);
  // The demuxer refuses a file that is shorter than its chunks say.
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  if (!demuxer) fail_decoding(where, "WebP", "the file ends too early or its chunks are damaged");
  Image image = start_image(uint64_t(features.width), uint64_t(features.height), features.has_alpha ? 4 : 3, 8);
  if (features.has_animation) {
    decode_animation(bytes, where, limits.page, image);
    image.source.pages = int(WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT));
  } else {
    image.data.resize(image.samples());
    const auto decode = features.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
    if (!decode(bytes.data(), bytes.size(), image.data.data(), image.data.size(), features.width * image.channels))
      fail_decoding(where, "WebP", "the picture's data is damaged or ends too early");
  }
  drop_opaque_alpha(image);
  constexpr int kLossless = 2;
  if (features.format == kLossless) image.source.quality = 100;
  image.icc = chunk_of(demuxer.get(), "ICCP");
  image.metadata.exif = chunk_of(demuxer.get(), "EXIF");
  image.metadata.xmp = chunk_of(demuxer.get(), "XMP ");
  return image;
}

std::vector<uint8_t> encode_webp(const Image& image, const EncodeOptions& options) {
  if (image.width > WEBP_MAX_DIMENSION || image.height > WEBP_MAX_DIMENSION)
    throw LimitError(
        cat("WebP holds at most ", WEBP_MAX_DIMENSION, " pixels a side, not ", image.width, "x", image.height));
  const bool lossless = options.quality == 100;
  WebPConfig config;
  check(WebPConfigInit(&config), "the library's version does not fit");
  config.lossless = lossless;
  config.exact = lossless;                                    // keeps the colours under full transparency
  config.quality = lossless ? 75.f : float(options.quality);  // effort where it is lossless
  config.use_sharp_yuv = options.quality >= 90;
  const std::vector<uint8_t> rows = rgb_rows(image);
  Picture encoded;
  WebPPicture& picture = encoded.picture;
  picture.use_argb = lossless || config.use_sharp_yuv;
  picture.width = image.width;
  picture.height = image.height;
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &encoded.writer;
  const int stride = image.width * (image.has_alpha() ? 4 : 3);
  const auto import = image.has_alpha() ? WebPPictureImportRGBA : WebPPictureImportRGB;
  check(import(&picture, rows.data(), stride), "not enough memory");
  if (!WebPEncode(&config, &picture))
    throw FormatError(cat("cannot be written as WebP: error ", int(picture.error_code)));
  return with_metadata(encoded, image);
}

}  // namespace daclip
