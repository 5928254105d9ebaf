/// @file
/// Sampling options of diffusion models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/export.h"

namespace daclip {

/// Sampling options of a diffusion model. Models that restore in one evaluation accept only the defaults.
struct SamplerOptions {
  std::string sampler;           ///< one of sampler_names(); empty: the default
  int steps = 0;                 ///< network evaluations; 0: the sampler's default
  std::optional<uint64_t> seed;  ///< the same seed draws the same noise, for any tile size; absent: 0
};

/// Names of the samplers: the paper's "sde", "ode" and "posterior", and MaRS's (arXiv 2502.07856; "mars-ode-2", ...).
DACLIP_API std::vector<std::string_view> sampler_names();

/// The sampler used for an empty SamplerOptions::sampler.
DACLIP_API std::string_view default_sampler();

/// Default evaluations of the MaRS samplers. The others default to all steps of the training schedule.
inline constexpr int kFewSteps = 10;

}  // namespace daclip
