#include "image/icc.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "image/codec.h"
#include "image/lcms.h"

namespace daclip {
namespace {

constexpr int kTableSize = 4096;

std::vector<uint8_t> saved(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  if (!profile || !cmsSaveProfileToMem(profile, nullptr, &size)) return {};
  std::vector<uint8_t> bytes(size);
  return cmsSaveProfileToMem(profile, bytes.data(), &size) ? bytes : std::vector<uint8_t>();
}

LcmsCurve sampled(const std::function<double(double)>& linear) {
  std::vector<uint16_t> table(kTableSize);
  for (int i = 0; i < kTableSize; ++i)
    table[size_t(i)] = uint16_t(std::lround(std::clamp(linear(double(i) / (kTableSize - 1)), 0.0, 1.0) * 65535));
  return LcmsCurve(cmsBuildTabulatedToneCurve16(nullptr, kTableSize, table.data()));
}

// Linear light of a signal, 1 at the reference white.
double linear_of_pq(double v) {
  constexpr double m1 = 2610.0 / 16384, m2 = 2523.0 / 32, c1 = 3424.0 / 4096, c2 = 2413.0 / 128, c3 = 2392.0 / 128;
  constexpr double kWhite = 203.0 / 10000;
  const double p = std::pow(v, 1 / m2);
  return std::pow(std::max(p - c1, 0.0) / (c2 - c3 * p), 1 / m1) / kWhite;
}

double linear_of_hlg(double v) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
  const auto scene = [](double s) { return s <= 0.5 ? s * s / 3 : (std::exp((s - c) / a) + b) / 12; };
  return scene(v) / scene(0.75);
}

double linear_of_srgb(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }
double linear_of_bt709(double v) { return v < 0.081 ? v / 4.5 : std::pow((v + 0.099) / 1.099, 1 / 0.45); }

LcmsCurve curve_of(uint8_t transfer, bool full_range) {
  std::function<double(double)> linear = linear_of_srgb;
  switch (transfer) {
    case 1:
    case 6:
    case 14:
    case 15: linear = linear_of_bt709; break;
    case 4: linear = [](double v) { return std::pow(v, 2.2); }; break;
    case 5: linear = [](double v) { return std::pow(v, 2.8); }; break;
    case 8: linear = [](double v) { return v; }; break;
    case kPqTransfer: linear = linear_of_pq; break;
    case 17: linear = [](double v) { return std::pow(v, 2.6); }; break;
    case kHlgTransfer: linear = linear_of_hlg; break;
    default: break;
  }
  if (full_range) return sampled(linear);
  return sampled([&](double v) { return linear(std::clamp((v * 255 - 16) / 219, 0.0, 1.0)); });
}

Chromaticities primaries_of(uint8_t primaries) {
  constexpr double kD65[] = {0.3127, 0.3290}, kC[] = {0.310, 0.316};
  const auto made = [](const double* white, double rx, double ry, double gx, double gy, double bx, double by) {
    return Chromaticities{{white[0], white[1]}, {rx, ry}, {gx, gy}, {bx, by}};
  };
  constexpr double kCinema[] = {0.314, 0.351};
  switch (primaries) {
    case 4: return made(kC, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08);
    case 5: return made(kD65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06);
    case 6:
    case 7: return made(kD65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070);
    case 8: return made(kC, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049);
    case 9: return made(kD65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046);
    case 11: return made(kCinema, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060);
    case 12: return made(kD65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060);
    default: return {};
  }
}

LcmsProfile rgb_profile(const Chromaticities& c, cmsToneCurve* curve) {
  const cmsCIExyY white = {c.white[0], c.white[1], 1};
  const cmsCIExyYTRIPLE primaries = {{c.red[0], c.red[1], 1}, {c.green[0], c.green[1], 1}, {c.blue[0], c.blue[1], 1}};
  cmsToneCurve* curves[] = {curve, curve, curve};
  return LcmsProfile(cmsCreateRGBProfile(&white, &primaries, curves));
}

// The luminance of neutral samples in an RGB profile.
LcmsCurve tones_of_rgb(cmsHPROFILE profile) {
  const LcmsProfile xyz(cmsCreateXYZProfile());
  const LcmsTransform transform(cmsCreateTransform(profile, TYPE_RGB_DBL, xyz.get(), TYPE_XYZ_DBL,
                                                   INTENT_RELATIVE_COLORIMETRIC,
                                                   cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE));
  if (!transform) return nullptr;
  return sampled([&](double v) {
    const double rgb[] = {v, v, v};
    cmsCIEXYZ result{};
    cmsDoTransform(transform.get(), rgb, &result, 1);
    return result.Y;
  });
}

bool plausible(const double (&xy)[2]) { return xy[0] >= 0 && xy[1] > 0.01 && xy[0] + xy[1] <= 1; }

}  // namespace

std::vector<uint8_t> icc_of_cicp(const Cicp& cicp) {
  const bool srgb_primaries = cicp.primaries == 1 || cicp.primaries == 2;
  if (srgb_primaries && (cicp.transfer == 13 || cicp.transfer == 2) && cicp.full_range) return {};
  const LcmsCurve curve = curve_of(cicp.transfer, cicp.full_range);
  const LcmsProfile profile = rgb_profile(primaries_of(cicp.primaries), curve.get());
  if (!profile) return {};
  cmsSetProfileVersion(profile.get(), 4.4);
  cmsVideoSignalType signal = {cicp.primaries, cicp.transfer, 0, cicp.full_range};
  cmsWriteTag(profile.get(), cmsSigcicpTag, &signal);
  return saved(profile.get());
}

std::optional<Cicp> cicp_of_icc(const std::vector<uint8_t>& icc) {
  const LcmsProfile profile = open_profile(icc);
  if (!profile || !cmsIsTag(profile.get(), cmsSigcicpTag)) return {};
  const auto* signal = static_cast<const cmsVideoSignalType*>(cmsReadTag(profile.get(), cmsSigcicpTag));
  if (!signal) return {};
  return Cicp{uint8_t(signal->ColourPrimaries), uint8_t(signal->TransferCharacteristics),
              signal->VideoFullRangeFlag != 0};
}

double gamma_of_icc(const std::vector<uint8_t>& icc) {
  const LcmsProfile profile = open_profile(icc);
  if (!profile) return 0;
  const bool grey = cmsGetColorSpace(profile.get()) == cmsSigGrayData;
  const cmsTagSignature tag = grey ? cmsSigGrayTRCTag : cmsSigGreenTRCTag;
  const auto* tones = static_cast<const cmsToneCurve*>(cmsReadTag(profile.get(), tag));
  constexpr int kPower = 1;
  return tones && cmsGetToneCurveParametricType(tones) == kPower ? cmsEstimateGamma(tones, 0.01) : 0;
}

std::vector<uint8_t> icc_of_gamma(double gamma, const Chromaticities& c, int colours) {
  if (!(gamma > 0.1 && gamma < 10) || !plausible(c.white) || !plausible(c.red) || !plausible(c.green) ||
      !plausible(c.blue))
    return {};
  const LcmsCurve curve(cmsBuildGamma(nullptr, gamma));
  if (colours == 3) return saved(rgb_profile(c, curve.get()).get());
  const cmsCIExyY white = {c.white[0], c.white[1], 1};
  return saved(LcmsProfile(cmsCreateGrayProfile(&white, curve.get())).get());
}

std::vector<uint8_t> fitting_profile(const std::vector<uint8_t>& icc, int colours) {
  const LcmsProfile profile = open_profile(icc);
  if (!profile) return icc;
  const cmsColorSpaceSignature space = cmsGetColorSpace(profile.get());
  if (colours == 3 && space == cmsSigGrayData) {
    auto* tones = static_cast<cmsToneCurve*>(cmsReadTag(profile.get(), cmsSigGrayTRCTag));
    return tones ? saved(rgb_profile({}, tones).get()) : icc;
  }
  if (colours == 1 && space == cmsSigRgbData) {
    const LcmsCurve tones = tones_of_rgb(profile.get());
    return tones ? saved(LcmsProfile(cmsCreateGrayProfile(cmsD50_xyY(), tones.get())).get()) : icc;
  }
  return icc;
}

bool is_profile_of(const std::vector<uint8_t>& icc, int colours) {
  const LcmsProfile profile = open_profile(icc);
  return profile && cmsGetColorSpace(profile.get()) == (colours == 1 ? cmsSigGrayData : cmsSigRgbData);
}

std::vector<uint8_t> mended_profile(const std::vector<uint8_t>& icc) {
  constexpr size_t kHeader = 132, kIntent = 64, kIlluminant = 68;
  if (icc.size() < kHeader) return icc;
  const cmsUInt32Number d50[] = {0xf6d6, 0x10000, 0xd32d};
  bool sound = big_endian(icc, 0) == icc.size() && icc.size() % 4 == 0 && big_endian(icc, kIntent) <= 3;
  for (size_t i = 0; i < 3; ++i) sound = sound && big_endian(icc, kIlluminant + 4 * i) == d50[i];
  if (sound) return icc;
  const LcmsProfile profile = open_profile(icc);
  if (!profile) return icc;
  if (cmsGetHeaderRenderingIntent(profile.get()) > 3) cmsSetHeaderRenderingIntent(profile.get(), INTENT_PERCEPTUAL);
  std::vector<uint8_t> mended = saved(profile.get());
  mended.resize((mended.size() + 3) / 4 * 4);
  if (mended.size() < kHeader) return icc;
  for (int i = 0; i < 4; ++i) mended[size_t(i)] = uint8_t(mended.size() >> (24 - 8 * i));
  return mended;
}

}  // namespace daclip
