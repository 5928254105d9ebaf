#!/bin/sh
# Measures the difference between tiled and untiled restoration of photos, for each kind of degradation:
#   scripts/compare-tiles.sh BUILD/bin/daclip TILE PHOTO...
# PHOTO are clean photos larger than a tile. The script degrades them with `daclip degrade --seed 3`.
set -eu
daclip=$1 tile=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for kind in noisy raindrop low-light hazy shadowed; do
  for photo in "$@"; do
    "$daclip" degrade "$photo" -o "$work/lq.png" --kind "$kind" --seed 3 >/dev/null
    for side in "$tile" 65536; do
      "$daclip" restore "$work/lq.png" -o "$work/$side.png" --degradation "$kind" --tile "$side" --precision f32 \
        >/dev/null 2>&1
    done
    psnr=$("$daclip" compare "$work/$tile.png" "$work/65536.png" | sed -n 's/^PSNR RGB *//p')
    echo "$kind $(basename "$photo"): $psnr"
  done
done
