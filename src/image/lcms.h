// Little CMS's handles as owners. Internal to image/.
#pragma once

#include <lcms2.h>

#include <memory>
#include <vector>

namespace daclip {

struct FreeLcms {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
using LcmsProfile = std::unique_ptr<void, FreeLcms>;
using LcmsCurve = std::unique_ptr<cmsToneCurve, FreeLcms>;

struct DeleteTransform {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using LcmsTransform = std::unique_ptr<void, DeleteTransform>;

inline LcmsProfile open_profile(const std::vector<uint8_t>& icc) {
  return LcmsProfile(icc.empty() ? nullptr : cmsOpenProfileFromMem(icc.data(), cmsUInt32Number(icc.size())));
}

}  // namespace daclip
