#!/usr/bin/env bash
# How often the recognised label stays when a photo is halved, doubled, or saved again as JPEG 90:
#   scripts/label-stability.sh PHOTOS [options of daclip classify...]
# DACLIP is the program (default build/release/bin/daclip). Needs ImageMagick and python3.
set -euo pipefail
photos=${1:?usage: scripts/label-stability.sh PHOTOS [options of daclip classify...]}
shift
program=${DACLIP:-build/release/bin/daclip}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work"/{same,half,double,jpeg90}

number=0
for photo in "$photos"/*; do
  number=$((number + 1))
  name=$(printf '%06d' "$number")
  convert -quiet "$photo[0]" -auto-orient -strip "$work/same/$name.png" 2> "$work/problem" || continue
  convert -quiet "$work/same/$name.png" -resize 50% "$work/half/$name.png"
  convert -quiet "$work/same/$name.png" -resize 200% "$work/double/$name.png"
  convert -quiet "$work/same/$name.png" -quality 90 "$work/jpeg90/$name.jpg"
done
for variant in same half double jpeg90; do
  "$program" classify "$work/$variant" --json --top 1 "$@" > "$work/$variant.json"
done
python3 - "$work" <<'PYTHON'
import json, sys
def labels(variant):
    return [photo["labels"][0]["label"] for photo in json.load(open(f"{sys.argv[1]}/{variant}.json"))]
same = labels("same")
print(f"{len(same)} photos; the label stays:")
for variant in ("half", "double", "jpeg90"):
    stays = sum(a == b for a, b in zip(same, labels(variant)))
    print(f"  {variant:7} {stays:4} ({100 * stays / len(same):.0f} %)")
PYTHON
