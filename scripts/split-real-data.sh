#!/usr/bin/env bash
# Divides real pictures (a folder KIND/SOURCE/, pairs with LQ/ and GT/ in it) by source, as links:
#   scripts/split-real-data.sh REAL OUT
# OUT/train/    pictures that the compact model was trained on
# OUT/choice/   pictures that thresholds were chosen by
# OUT/test/     pictures that were looked at for the figures of the model card only (configs/datasets/real.toml)
# A source is never in two of them; of the PolyU pairs, which are the only ones with real noise, a camera is a source.
set -euo pipefail
real=$(realpath "${1:?usage: scripts/split-real-data.sh REAL OUT}")
out=${2:?usage: scripts/split-real-data.sh REAL OUT}

give() {  # ROLE SOURCE...
  local role=$1 source
  shift
  for source in "$@"; do
    [ -d "$real/$source" ] || { echo "split-real-data: $real/$source is missing" >&2; exit 1; }
    mkdir -p "$out/$role/$(dirname "$source")"
    ln -sfn "$real/$source" "$out/$role/$source"
  done
}

by_camera() {  # ROLE PATTERN: pairs of PolyU whose names match
  local part half file name
  mkdir -p "$out/$1/noisy/polyu/LQ" "$out/$1/noisy/polyu/GT"
  for part in polyu_crops polyu_full; do
    for half in LQ GT; do
      for file in "$real/noisy/$part/$half"/*; do
        name=$(basename "$file")
        [[ $name =~ $2 ]] && ln -sfn "$file" "$out/$1/noisy/polyu/$half/${part}_$name"
      done
    done
  done
  return 0
}

give train clean/{sice_well_exposed,urban100,mwd_sky,receipts} hazy/{dawn_fog,sots_indoor_train_scenes} \
  low-light/{sice_series,zerodce_pp_real} motion-blurry/{receipts,levin_gray} rainy/mwd_rain raindrop/mixed_glass \
  shadowed/{gong_series,gong_single} snowy/mixed_falling
give choice clean/{roads_wet,roads_snow_lying} low-light/dicm_lime noisy/nc12
give test clean/exif_cameras hazy/multiclass_foggy motion-blurry/koehler noisy/scunet_real rainy/sirr_real \
  shadowed/uiuc_guo
by_camera train '^Canon'
by_camera test '^(Nikon|Sony)'
