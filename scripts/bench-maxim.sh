#!/usr/bin/env bash
# Compares MAXIM in this engine with TensorFlow running the published graphs: largest difference in float32, PSNR of
# bfloat16, and times. Fetches what it needs: TensorFlow from pip into build/tensorflow (1.5 GB), the packages by npm.
# Needs an idle machine.
#   scripts/bench-maxim.sh PICTURE...      ten pictures or so
# Environment: THREADS (2), DACLIP (build/release/bin/daclip), TASKS (all six), BENCH_ROUNDS (5;
# 0: no times).
set -euo pipefail
cd "$(dirname "$0")/.."
program=${DACLIP:-build/release/bin/daclip} threads=${THREADS:-2} venv=build/tensorflow
[ $# -gt 0 ] || { echo "usage: scripts/bench-maxim.sh PICTURE..." >&2; exit 2; }
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet tensorflow-cpu
fi
export OMP_NUM_THREADS=$threads
echo "| network | f32: largest difference | bf16: PSNR to TensorFlow's | 256²: TensorFlow s | daclip f32 |\
 daclip bf16 | 512²: TensorFlow s | daclip f32 | daclip bf16 |"
echo "|---|---|---|---|---|---|---|---|---|"
for task in ${TASKS:-denoising deblurring deraining dehazing-indoor dehazing-outdoor enhancement}; do
  package=build/maxim/$task
  if [ ! -e "$package/package/models/model.json" ]; then
    mkdir -p "$package"
    archive=$(cd build/maxim && npm pack --silent "@upscalerjs/maxim-$task@0.1.0")
    tar -xzf "build/maxim/$archive" -C "$package"
    rm "build/maxim/$archive"
  fi
  [ -e "build/maxim/maxim-$task/model.safetensors" ] ||
    "$program" import "$package/package/models" -o "build/maxim/maxim-$task" >/dev/null
  "$venv/bin/python" bench/maxim_tensorflow.py "$package/package/models/model.json" "build/maxim/maxim-$task" \
    "$program" "$threads" "$@" 2>/dev/null
done
