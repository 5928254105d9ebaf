#!/bin/bash
# Packs the sources, configurations and header-only libraries into one archive, for a machine with only a compiler,
# CMake and LibTorch 2.x (the one inside a Python installation's torch is enough).
#
#   scripts/bundle-for-gpu.sh OUT.tar.gz [PACK...]
#
# On that machine:
#         tar xzf OUT.tar.gz && cd daclip
#         cmake -S . -B build -DDACLIP_TRAIN=ON -DDACLIP_CODECS=OFF -DDACLIP_NATIVE=OFF -DDACLIP_CUDA=ON \
#               -DDACLIP_HEADERS=$PWD/headers
#         cmake --build build -j --target daclip-train
#         build/bin/daclip-train restorer configs/... --device cuda --precision bf16
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(realpath -m "${1:?usage: scripts/bundle-for-gpu.sh OUT.tar.gz [PACK...]}")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/daclip/headers" "$work/daclip/build/packs"
cp -r CMakeLists.txt cmake include src apps configs "$work/daclip/"
for library in toml++ CLI nlohmann; do
  folder=$(find /usr/include /usr/local/include -maxdepth 1 -name "$library" | head -1)
  [ -n "$folder" ] || { echo "bundle-for-gpu: the headers of $library are not installed" >&2; exit 1; }
  cp -r "$folder" "$work/daclip/headers/"
done
for pack in "$@"; do cp "$pack" "$work/daclip/build/packs/"; done
tar -czf "$out" -C "$work" daclip
echo "$out: $(du -h "$out" | cut -f1)"
