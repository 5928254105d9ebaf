// The damage network: how probable and how severe each kind of damage in a photo is, each for itself, so that a photo
// may show several kinds or none. It looks at the whole photo, where weather, light and shadows show, and at tiles of
// native resolution, where noise, blur and compression show. Both are seen by SqueezeNet 1.1 (Iandola et al. 2016),
// whose training on ImageNet lets few photos suffice.
#pragma once

#include <string>
#include <vector>

#include "core/config_visitor.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"

namespace daclip {

struct DamageConfig {
  int view = 224;     // side in pixels of the whole photo's view
  int tile = 96;      // side of a native tile
  int grid = 3;       // grid x grid tiles
  int features = 96;  // of a tile
  int hidden = 192;   // of the head
  int kinds = 10;     // the labels before "clean"
  // Of the controller's log odds against "clean" that are added to each kind's: two recognisers that err differently.
  double controller_weight = 0;
};

// visit() lists the fields with their ranges. validate() throws FormatError "damage.FIELD: VALUE: expected RANGE".
void visit(ConfigVisitor& visitor, DamageConfig& config);
void validate(const DamageConfig& config);

// view (N, view, view, 3) and tiles (N*grid*grid, tile, tile, 3), both as LPIPS normalises RGB ->
// (N, 2*kinds): the log odds of each kind, then the log odds of its severity. Throws ShapeError for other shapes.
Tensor damage_logits(Backend& backend, const DamageConfig& config, const Scope& weights, const Tensor& view,
                     const Tensor& tiles);

// All weights in a fixed order: "view." and "tiles." as torchvision names SqueezeNet's, "tile", "norm.*", "head.*".
std::vector<WeightSpec> damage_weights(const DamageConfig& config);

}  // namespace daclip
