#!/usr/bin/env bash
# Times the paper's networks at 256x256 (DA-CLIP at 224x224): daclip's engine against plain PyTorch implementations
# (Debian's PyTorch) with the same weights, after checking that both results agree.
#   scripts/bench.sh [--peers] BUILD [SIDE]
# --peers adds a current PyTorch, eager and compiled, and OpenVINO, both installed by pip into the virtual environment
# build/peers.
# Environment: BENCH_ROUNDS, how often each network runs (the median is reported); NETWORKS (all).
set -eu
cd "$(dirname "$0")/.."
peers=
if [ "${1:-}" = --peers ]; then peers=build/peers; shift; fi
build=$1 side=${2:-256} threads=$(nproc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
precisions=(f32)
grep -q avx512_bf16 /proc/cpuinfo && precisions+=(bf16)

# PyPI's PyTorch would add 2.5 GB of CUDA libraries. Prefer PyTorch's index of CPU builds where it can be reached.
install_peers() {
  "$peers/bin/python" -c "import torch, openvino, numpy" 2> /dev/null && return
  rm -rf "$peers"
  /usr/bin/python3 -m venv "$peers"
  local pip=("$peers/bin/pip" install -q --disable-pip-version-check)
  "${pip[@]}" --retries 0 --timeout 20 --index-url https://download.pytorch.org/whl/cpu torch 2> /dev/null ||
    "${pip[@]}" torch
  "${pip[@]}" openvino numpy
}

declare -A names=([eager]="PyTorch eager" [compiled]="PyTorch compiled" [openvino]=OpenVINO)

# Without native instructions bfloat16 would be emulated and its time meaningless. A program that fails or disagrees
# gets no time, and the script exits with an error after printing the table.
run() {  # NETWORK PROGRAM PRECISION COMMAND...
  local note="not on this processor"
  if [[ " ${precisions[*]} " == *" $3 "* ]]; then
    OMP_NUM_THREADS=$threads "${@:4}" && return
    note=failed
    touch "$work/failed"
  fi
  echo "{\"network\": \"$1\", \"program\": \"$2\", \"precision\": \"$3\", \"threads\": $threads, \"note\": \"$note\"}"
}

lines() {
  local saved=$work/saved.safetensors
  for network in ${NETWORKS:-nafnet unet daclip restormer promptir}; do
    rm -f "$saved"
    run "$network" daclip f32 "$build/bin/network_bench" "$network" f32 "$side" "$threads" "$saved"
    run "$network" daclip bf16 "$build/bin/network_bench" "$network" bf16 "$side" "$threads"
    run "$network" "PyTorch eager" f32 /usr/bin/python3 bench/peers.py "$saved" "$threads" eager f32
    [ -z "$peers" ] && continue
    for program in eager compiled openvino; do
      for precision in f32 bf16; do
        run "$network" "${names[$program]}" "$precision" \
          "$peers/bin/python" bench/peers.py "$saved" "$threads" "$program" "$precision"
      done
    done
  done
}

if [ -n "$peers" ]; then
  export TORCHINDUCTOR_CACHE_DIR=$PWD/$peers/inductor
  install_peers
fi
lines > "$work/lines"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(date +%F), ${side}x${side}"
echo
/usr/bin/python3 bench/table.py < "$work/lines"
[ ! -e "$work/failed" ]
