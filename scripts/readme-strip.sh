#!/usr/bin/env bash
# Makes the README's picture, docs/images/demo.jpg: damaged photos of the demo above, restored ones below. Needs
# ImageMagick (imagemagick) and the output of `make demo`.
#   scripts/readme-strip.sh [DEMO] [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
demo=${1:-results/demo}
out=${2:-docs/images/demo.jpg}
pairs=(astronaut-noisy chelsea-rainy rocket-hazy coffee-low-light astronaut-uncompleted)
side=236 gap=2  # pixels; five pictures with their borders are 1200 wide

tiles=$(mktemp -d)
trap 'rm -rf "$tiles"' EXIT
for row in before after; do
  for i in "${!pairs[@]}"; do
    convert "$demo/$row/${pairs[$i]}.png" -resize "${side}x${side}^" -gravity center -extent "${side}x${side}" \
      "$tiles/$row-$i.png"
  done
  convert "$tiles/$row"-?.png -bordercolor white -border "$gap" +append "$tiles/$row.png"
done
mkdir -p "$(dirname "$out")"
convert "$tiles/before.png" "$tiles/after.png" -append -strip -interlace JPEG -sampling-factor 4:2:0 -quality 85 "$out"
