#!/bin/bash
# Trains the compact model from photos to model file: packs, CLIP, controller, damage network, instruction network,
# restorer, export.
#
#   scripts/train-compact.sh DATA [OUT]      DATA has train/ and captions/, OUT defaults to
#   models/compact/model.safetensors
#
# REAL names a folder of real pictures that scripts/split-real-data.sh made; without it there is no damage network.
# configs/compact-damage.toml names the folder with the weights of SqueezeNet that it starts from (docs/metrics.md).
# Completed stages are skipped, and an interrupted stage resumes from its last checkpoint. DACLIP_BUILD (default
# build/release) contains the programs. DACLIP_TRAIN_FLAGS is passed to every stage (e.g. --threads 8, --device cuda
# --precision tf32).
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:?usage: scripts/train-compact.sh DATA [OUT]}
out=${2:-models/compact/model.safetensors}
bin=${DACLIP_BUILD:-build/release}/bin
packs=build/packs
train=build/train
read -r -a flags <<< "${DACLIP_TRAIN_FLAGS:-}"

mkdir -p "$packs" "$train"
if [ ! -e "$packs/train.pack" ]; then
  "$bin/daclip" dataset pack --clean "$data/train/clean" --pairs "hazy=$data/train/paired/hazy" --max-size 512 \
    -o "$packs/train.pack"
fi
if [ ! -e "$packs/captions.pack" ]; then
  "$bin/daclip" dataset pack --captions "$data/captions/flickr8k.tsv" --captions "$data/captions/class_names.tsv" \
    --root "$data" --max-size 320 -o "$packs/captions.pack"
fi

if [ ! -e "$packs/recognition.pack" ]; then
  "$bin/daclip" dataset pack --clean "$data/train/clean" --clean "$data/captions/flickr8k_images" \
    --pairs "hazy=$data/train/paired/hazy" --labels configs/found-damaged.tsv --root "$data" --max-size 512 \
    -o "$packs/recognition.pack"
fi

if [ -n "${REAL:-}" ] && [ ! -e "$packs/real.pack" ]; then
  "$bin/daclip" dataset pack --clean "$data/train/clean" --clean "$data/captions/flickr8k_images" \
    --pairs "hazy=$data/train/paired/hazy" --labels configs/found-damaged.tsv --root "$data" --max-size 640 \
    -o "$packs/web.pack"
  real=()
  for folder in "$REAL/train/"*/*; do
    kind=$(basename "$(dirname "$folder")")
    if [ "$kind" = clean ]; then real+=(--clean "$folder")
    elif [ -d "$folder/LQ" ]; then real+=(--pairs "$kind=$folder")
    else real+=(--damaged "$kind=$folder"); fi
  done
  "$bin/daclip" dataset pack "${real[@]}" --max-size 1024 -o "$packs/real.pack"
fi

# stage CONFIG FOLDER VERB: trains or resumes. An interrupted stage exits with code 3, which ends this script before the
# file `done` is written.
stage() {
  local config=$1 folder=$train/$2 verb=$3 resume=()
  [ -e "$folder/done" ] && return
  [ -e "$folder/latest.safetensors" ] && resume=(--resume)
  "$bin/daclip-train" "$verb" "configs/$config.toml" "${resume[@]}" "${flags[@]}"
  touch "$folder/done"
}

stage compact-clip clip clip
stage compact-controller controller controller
stage compact-controller-real controller-real controller
stage compact-instruction instruction instruction
damage=()
if [ -n "${REAL:-}" ]; then
  stage compact-damage damage damage
  damage=(--damage "$train/damage/latest.safetensors" --controller-weight 0.5)
fi
stage compact-restorer restorer restorer
stage compact-restorer-fine restorer-fine restorer

mkdir -p "$(dirname "$out")"
"$bin/daclip-train" export --daclip "$train/controller-real/latest.safetensors" \
  --earlier "$train/controller/latest.safetensors" --earlier-share 0.3 \
  "${damage[@]}" --instruction "$train/instruction/latest.safetensors" \
  --restorer "$train/restorer-fine/latest.safetensors" -o "$out"
