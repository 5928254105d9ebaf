#include "image/png_colour.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "image/codec.h"
#include "image/icc.h"

namespace daclip {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kMostProfile = 64 << 20;  // a chunk of a few bytes can hold gigabytes of zeros

// The first chunk of this name before the pixels; empty if there is none.
Bytes chunk_of(Bytes png, std::string_view name) {
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t size = big_endian(png, at);
    if (size > png.size() - at - 12) return {};
    const auto* type = reinterpret_cast<const char*>(png.data() + at + 4);
    if (std::string_view(type, 4) == name) return png.subspan(at + 8, size);
    if (std::string_view(type, 4) == "IDAT") return {};
    at += 12 + size;
  }
  return {};
}

// Of a chunk that starts with a name, a zero and the method of compression.
std::vector<uint8_t> inflated_profile(Bytes chunk) {
  const auto end_of_name = std::find(chunk.begin(), chunk.end(), 0);
  if (chunk.end() - end_of_name < 3 || end_of_name[1] != 0) return {};
  z_stream stream{};
  stream.next_in = const_cast<uint8_t*>(&*end_of_name + 2);
  stream.avail_in = uInt(chunk.end() - end_of_name - 2);
  if (inflateInit(&stream) != Z_OK) return {};
  std::vector<uint8_t> profile;
  int status = Z_OK;
  while (status == Z_OK && profile.size() < kMostProfile) {
    const size_t used = profile.size();
    profile.resize(used + (1 << 16));
    stream.next_out = profile.data() + used;
    stream.avail_out = 1 << 16;
    status = inflate(&stream, Z_NO_FLUSH);
    profile.resize(profile.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END ? profile : std::vector<uint8_t>();
}

Chromaticities chromaticities_of(Bytes chunk) {
  Chromaticities result;
  if (chunk.size() != 32) return result;
  double* const to[] = {result.white, result.red, result.green, result.blue};
  for (size_t i = 0; i < 8; ++i) to[i / 2][i % 2] = big_endian(chunk, 4 * i) / 100000.0;
  return result;
}

}  // namespace

std::vector<uint8_t> profile_of_png(Bytes png, int colours) {
  if (const Bytes cicp = chunk_of(png, "cICP"); cicp.size() == 4 && cicp[2] == 0 && colours == 3)
    return icc_of_cicp({cicp[0], cicp[1], cicp[3] != 0});
  if (const Bytes iccp = chunk_of(png, "iCCP"); !iccp.empty()) return inflated_profile(iccp);
  if (!chunk_of(png, "sRGB").empty()) return {};
  const Bytes gama = chunk_of(png, "gAMA"), chrm = chunk_of(png, "cHRM");
  constexpr uint32_t kSrgbGamma = 45455;
  const uint32_t gamma = gama.size() == 4 ? big_endian(gama, 0) : kSrgbGamma;
  // Every PNG of an sRGB picture used to say so in these words.
  const Chromaticities c = chromaticities_of(chrm), srgb;
  const auto near = [](const double(&a)[2], const double(&b)[2]) {
    return std::abs(a[0] - b[0]) < 0.002 && std::abs(a[1] - b[1]) < 0.002;
  };
  const bool srgb_colours =
      near(c.white, srgb.white) && near(c.red, srgb.red) && near(c.green, srgb.green) && near(c.blue, srgb.blue);
  if (gamma == 0 || (gamma > kSrgbGamma - 500 && gamma < kSrgbGamma + 500 && srgb_colours)) return {};
  return icc_of_gamma(100000.0 / gamma, c, colours);
}

int frames_of_png(Bytes png) {
  const Bytes control = chunk_of(png, "acTL");
  return control.size() == 8 ? int(std::clamp(big_endian(control, 0), 1u, 1'000'000u)) : 1;
}

std::vector<uint8_t> iccp_chunk(const Image& image) {
  if (image.icc.empty()) return {};
  const std::vector<uint8_t> profile = mended_profile(fitting_profile(image.icc, image.colour_channels()));
  constexpr std::string_view kName("ICC profile\0\0", 13);
  std::vector<uint8_t> chunk(kName.begin(), kName.end());
  uLongf size = compressBound(uLong(profile.size()));
  chunk.resize(kName.size() + size);
  if (compress2(chunk.data() + kName.size(), &size, profile.data(), uLong(profile.size()), Z_BEST_COMPRESSION) != Z_OK)
    throw std::bad_alloc();
  chunk.resize(kName.size() + size);
  return chunk;
}

std::vector<uint8_t> cicp_chunk(const Image& image) {
  if (image.icc.empty() || image.colour_channels() != 3) return {};
  const std::optional<Cicp> cicp = cicp_of_icc(image.icc);
  if (!cicp) return {};
  return {cicp->primaries, cicp->transfer, 0, uint8_t(cicp->full_range)};
}

std::vector<uint8_t> gama_chunk(const Image& image) {
  const double gamma = gamma_of_icc(image.icc);
  if (gamma <= 0) return {};
  const auto value = uint32_t(std::lround(100000 / gamma));
  return {uint8_t(value >> 24), uint8_t(value >> 16), uint8_t(value >> 8), uint8_t(value)};
}

}  // namespace daclip
