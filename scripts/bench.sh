#!/usr/bin/env bash
# Times the paper's networks at 256x256 (DA-CLIP at 224x224): daclip's engine beside the same networks written plainly in
# PyTorch (Debian's), with the same weights and after checking that both agree.
#   scripts/bench.sh BUILD [SIDE]
set -eu
cd "$(dirname "$0")/.."
build=$1 side=${2:-256} threads=$(nproc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lines() {
  for network in nafnet unet daclip; do
    "$build/bin/network_bench" "$network" f32 "$side" "$threads" "$work/$network.safetensors"
    if grep -q avx512_bf16 /proc/cpuinfo; then
      "$build/bin/network_bench" "$network" bf16 "$side" "$threads"
    fi
    OMP_NUM_THREADS=$threads /usr/bin/python3 bench/plain_pytorch.py "$work/$network.safetensors" "$threads"
    rm "$work/$network.safetensors"
  done
}
lines > "$work/lines"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(date +%F), ${side}x${side}"
grep -q avx512_bf16 /proc/cpuinfo || echo "This processor has no bfloat16: its rows are left out."
echo
/usr/bin/python3 bench/table.py < "$work/lines"
