#!/usr/bin/env bash
# Fetches MAXIM's published weights from the npm registry and makes models of them: maxim-denoising, -deblurring,
# -deraining, -dehazing-indoor, -dehazing-outdoor, -enhancement, and `experts`, which uses them behind the compact
# model's recognition (docs/experts.md).
#
#   scripts/get-maxim.sh [FOLDER]      FOLDER defaults to models/, where --model finds them by name
#
# Needs npm. The packages (@upscalerjs/maxim-*, version 0.1.0, 400 MB) say MIT; the weights were published by Google
# under Apache 2.0. A model that exists is not fetched again. DACLIP names the program (default: that of the build).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-models}
version=0.1.0
tasks=(denoising deblurring deraining dehazing-indoor dehazing-outdoor enhancement)
command -v npm >/dev/null || { echo "get-maxim.sh: needs npm (Debian: apt-get install npm)" >&2; exit 1; }
program=${DACLIP:-}
for build in build/demo build/release; do
  [ -z "$program" ] && [ -x "$build/bin/daclip" ] && program=$build/bin/daclip
done
[ -n "$program" ] || { echo "get-maxim.sh: no program found: run make demo first, or set DACLIP" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder/experts"
for task in "${tasks[@]}"; do
  model=$folder/maxim-$task
  if [ -e "$model/model.safetensors" ]; then
    echo "$model: is there already"
    continue
  fi
  echo "@upscalerjs/maxim-$task@$version: fetching"
  archive=$(cd "$work" && npm pack --silent "@upscalerjs/maxim-$task@$version")
  mkdir "$work/$task"
  tar -xzf "$work/$archive" -C "$work/$task"
  "$program" import "$work/$task/package/models" -o "$model" --name "maxim-$task"
  rm -r "$work/$task" "${work:?}/$archive"
done
cp configs/experts.toml "$folder/experts/experts.toml"
echo "$folder/experts/experts.toml: written; daclip restore PHOTO --model experts uses it"
