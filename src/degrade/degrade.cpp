#include "degrade/degrade.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

struct Kind {
  std::string_view name;  // of kLabels
  DegradeFunction run;
  const std::vector<DegradeParam>& (*params)();
};

constexpr std::array<Kind, kDegradationCount> kKinds = {{
    {"motion-blurry", motion_blur, motion_blur_params},
    {"hazy", haze, haze_params},
    {"jpeg-compressed", jpeg, jpeg_params},
    {"low-light", low_light, low_light_params},
    {"noisy", noise, noise_params},
    {"raindrop", raindrop, raindrop_params},
    {"rainy", rain, rain_params},
    {"shadowed", shadow, shadow_params},
    {"snowy", snow, snow_params},
    {"uncompleted", inpainting, inpainting_params},
}};

const Kind& find_kind(std::string_view name) {
  std::string allowed;
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
    allowed += cat(allowed.empty() ? "" : ", ", kind.name);
  }
  throw UsageError(cat("degradation '", name, "': unknown kind, expected one of ", allowed));
}

const DegradeParam& find_param(std::string_view kind, std::string_view name) {
  std::string allowed;
  for (const DegradeParam& param : degrade_params(kind)) {
    if (param.name == name) return param;
    allowed += cat(allowed.empty() ? "" : ", ", param.name);
  }
  throw UsageError(cat("degradation '", kind, "': unknown parameter '", name, "', expected one of ", allowed));
}

void check_value(std::string_view kind, const DegradeParam& param, double value) {
  if (!(value >= param.minimum && value <= param.maximum))
    throw UsageError(cat("degradation '", kind, "': ", param.name, "=", value, " is out of range, expected ",
                         param.minimum, " to ", param.maximum, param.unit.empty() ? "" : " ", param.unit));
}

// Parses one `param=value` into the spec.
void parse_param(DegradeSpec& spec, std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    throw UsageError(cat("degradation '", spec.kind, "': '", text, "' is not a parameter, expected param=value"));
  const DegradeParam& param = find_param(spec.kind, text.substr(0, equals));
  const std::string_view number = text.substr(equals + 1);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(value))
    throw UsageError(cat("degradation '", spec.kind, "': ", param.name, "='", number, "' is not a number, expected ",
                         param.minimum, " to ", param.maximum, param.unit.empty() ? "" : " ", param.unit));
  check_value(spec.kind, param, value);
  if (!spec.params.emplace(param.name, value).second)
    throw UsageError(cat("degradation '", spec.kind, "': ", param.name, " is given more than once"));
}

}  // namespace

const std::vector<DegradeParam>& degrade_params(std::string_view kind) { return find_kind(kind).params(); }

DegradeSpec parse_degrade_spec(std::string_view text) {
  const size_t colon = text.find(':');
  DegradeSpec spec;
  spec.kind = text.substr(0, colon);
  find_kind(spec.kind);
  if (colon == std::string_view::npos) return spec;
  for (std::string_view rest = text.substr(colon + 1);;) {
    const size_t comma = rest.find(',');
    parse_param(spec, rest.substr(0, comma));
    if (comma == std::string_view::npos) return spec;
    rest = rest.substr(comma + 1);
  }
}

FloatImage degrade(const FloatImage& gt, const DegradeSpec& spec, uint64_t seed, Severity severity) {
  if (gt.channels != 3 || gt.width < 1 || gt.height < 1)
    throw ShapeError(cat("degrade: image of ", gt.width, "x", gt.height, " with ", gt.channels,
                         " channels, expected RGB of at least 1x1"));
  const Kind& kind = find_kind(spec.kind);
  for (const auto& [name, value] : spec.params) check_value(spec.kind, find_param(spec.kind, name), value);
  Random random(seed);
  FloatImage result = kind.run(gt, Params(spec.params), random, severity);
  result.clamp();
  return result;
}

}  // namespace daclip
