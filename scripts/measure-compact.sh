#!/usr/bin/env bash
# Measures a model on the test photos and prints one Markdown row a set: PSNR of the input, of the result, the gain.
#   scripts/measure-compact.sh PROGRAM DATA [MODEL [WORK]]
# DATA holds test/ and real/ (docs/training.md describes the folder). Pictures are kept in WORK (default results/measure).
set -eu
program=$1 data=$2 model=${3:-compact} work=${4:-results/measure}
rm -rf "$work"
mkdir -p "$work"

# One number of the means that `daclip compare FOLDER FOLDER --json` prints.
mean() { "$program" compare "$2" "$3" --json | tr -d '\n ' | sed 's/.*"mean":{\([^}]*\)}.*/\1/; s/.*"'"$1"'":\([^,]*\).*/\1/'; }

row() {  # NAME LQ GT [restore options...]
  local name=$1 lq=$2 gt=$3
  shift 3
  "$program" restore "$lq" -o "$work/$name/restored" --model "$model" "$@" 2>>"$work/log"
  local before after
  before=$(mean psnr "$lq" "$gt")
  after=$(mean psnr "$work/$name/restored" "$gt")
  awk -v n="$name" -v b="$before" -v a="$after" 'BEGIN {printf "| %s | %.2f | %.2f | %+.2f |\n", n, b, a, a - b}'
}

echo "| set | input PSNR | restored | gain |"
echo "|---|---|---|---|"
photos=$data/test/noisy_CBSD68/GT
for kind in motion-blurry hazy jpeg-compressed low-light noisy raindrop rainy shadowed snowy uncompleted; do
  "$program" degrade "$photos" -o "$work/CBSD68-$kind/LQ" --kind "$kind" --seed 0
  row "CBSD68-$kind" "$work/CBSD68-$kind/LQ" "$photos"
done
"$program" degrade "$data/test/jpeg_LIVE1/GT" -o "$work/LIVE1-jpeg/LQ" --kind jpeg-compressed --seed 0
row LIVE1-jpeg "$work/LIVE1-jpeg/LQ" "$data/test/jpeg_LIVE1/GT"
"$program" degrade "$data/test/inpainting_CelebA-HQ256/GT" -o "$work/faces-thin-masks/LQ" --kind uncompleted --seed 0
row faces-thin-masks "$work/faces-thin-masks/LQ" "$data/test/inpainting_CelebA-HQ256/GT"
for set in rainy_Rain100H rainy_SIRR hazy_RESIDE_SOTS-indoor hazy_RESIDE_SOTS-outdoor lowlight_LOL raindrop_RainDrop \
           blurry_synthetic-leftthomas; do
  row "$set" "$data/test/$set/LQ" "$data/test/$set/GT"
done
"$program" restore "$photos" -o "$work/CBSD68-clean/restored" --model "$model" 2>>"$work/log"
clean=$work/CBSD68-clean/restored
echo
printf "Good photos (CBSD68): %s returned as they were; the others %.1f dB on average, %.1f dB at worst.\n" \
  "$(mean identical_count "$clean" "$photos")" "$(mean psnr "$clean" "$photos")" "$(mean lowest_psnr "$clean" "$photos")"

echo
echo "| photos | label expected | recognised as it |"
echo "|---|---|---|"
accuracy() {  # NAME FOLDER LABEL
  "$program" classify "$2" --model "$model" --top 1 |
    awk -v n="$1" -v l="$3" '{total++; if ($(NF - 2) == l) right++}
      END {printf "| %s | %s | %d of %d (%.1f %%) |\n", n, l, right, total, 100 * right / total}'
}
for kind in motion-blurry hazy jpeg-compressed low-light noisy raindrop rainy shadowed snowy uncompleted; do
  accuracy "CBSD68-$kind" "$work/CBSD68-$kind/LQ" "$kind"
done
accuracy CBSD68-clean "$photos" clean
accuracy LIVE1-jpeg "$work/LIVE1-jpeg/LQ" jpeg-compressed
accuracy LIVE1-clean "$data/test/jpeg_LIVE1/GT" clean
accuracy faces-thin-masks "$work/faces-thin-masks/LQ" uncompleted
accuracy faces-clean "$data/test/inpainting_CelebA-HQ256/GT" clean
for pair in rainy_Rain100H:rainy rainy_SIRR:rainy hazy_RESIDE_SOTS-indoor:hazy hazy_RESIDE_SOTS-outdoor:hazy lowlight_LOL:low-light \
            raindrop_RainDrop:raindrop blurry_synthetic-leftthomas:motion-blurry; do
  accuracy "${pair%%:*}" "$data/test/${pair%%:*}/LQ" "${pair##*:}"
done
for folder in hazy jpeg-compressed low-light motion-blurry noisy raindrop rainy shadowed snowy; do
  accuracy "real/$folder" "$data/real/$folder" "$folder"
done
accuracy real/low-light_LOL-eval15-LQ-only "$data/real/low-light_LOL-eval15-LQ-only" low-light
