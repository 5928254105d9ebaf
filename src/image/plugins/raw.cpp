// Camera RAW through LibRaw: demosaiced with the camera's white balance and matrix, 16 bit, sRGB, upright.
#include <libraw/libraw.h>

#include <climits>
#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/plugins.h"

namespace daclip {
namespace {

constexpr uint64_t kMegabyte = 1 << 20;

Image decode(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  const auto raw = std::make_unique<LibRaw>();  // two megabytes
  const auto check = [&](int code) {
    if (code == LIBRAW_UNSUFFICIENT_MEMORY) throw std::bad_alloc();
    if (code != LIBRAW_SUCCESS) fail_decoding(where, "RAW", libraw_strerror(code));
  };
  libraw_output_params_t& parameters = raw->imgdata.params;
  parameters.use_camera_wb = 1;
  parameters.output_color = 1;  // sRGB
  parameters.output_bps = 16;
  parameters.gamm[0] = 1 / 2.4;
  parameters.gamm[1] = 12.92;
  parameters.max_raw_memory_mb = unsigned(std::min<uint64_t>(limits.max_pixels * 8 / kMegabyte + 64, INT_MAX));
  check(raw->open_buffer(const_cast<uint8_t*>(bytes.data()), bytes.size()));
  const libraw_image_sizes_t& sizes = raw->imgdata.sizes;
  check_size(where, sizes.raw_width, sizes.raw_height, limits);
  check_size(where, sizes.width, sizes.height, limits);
  check(raw->unpack());
  check(raw->dcraw_process());
  int width = 0, height = 0, colours = 0, bits = 0;
  raw->get_mem_image_format(&width, &height, &colours, &bits);
  if ((colours != 1 && colours != 3) || bits != 16) fail_decoding(where, "RAW", cat(colours, " colours are unknown"));
  check_size(where, uint64_t(std::max(width, 0)), uint64_t(std::max(height, 0)), limits);
  Image image = start_image(uint64_t(width), uint64_t(height), colours, 16);
  image.data.resize(image.samples() * 2);
  check(raw->copy_mem_image(image.data.data(), width * colours * 2, 0));
  return image;
}

}  // namespace
}  // namespace daclip

extern "C" __attribute__((visibility("default")))
const daclip::ImageCodec daclip_image_codec = {.decode = daclip::decode};
