/// @file
/// How diffusion models draw their samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/export.h"

namespace daclip {

/// How a diffusion model draws its sample. Models that restore in one evaluation accept the defaults only.
struct SamplerOptions {
  std::string sampler;           ///< a name of sampler_names(); empty: the default
  int steps = 0;                 ///< network evaluations; 0: as many as the sampler is meant for
  std::optional<uint64_t> seed;  ///< the same seed gives the same picture, whatever its tiles are; absent: 0
};

/// Names of the samplers: the paper's ("sde", "ode", "posterior") and MaRS (arXiv 2502.07856; "mars-ode-2", ...).
DACLIP_API std::vector<std::string_view> sampler_names();

/// The sampler of an empty SamplerOptions::sampler.
DACLIP_API std::string_view default_sampler();

/// Evaluations that the MaRS samplers are meant for; the others take all that the model was trained with.
inline constexpr int kFewSteps = 10;

}  // namespace daclip
