#!/usr/bin/env bash
# Imports random checkpoints of the published sizes (DA-CLIP ViT-B/32, the universal U-Net) and checks the parameter
# counts that `daclip info` prints. Restores a 256x256 picture with the default sampler, and a 1024x1024 picture untiled
# with two steps, because its memory does not depend on the number of steps. Prints seconds and peak memory of each.
#   scripts/check-real-size.sh BUILD [OUTPUT.png]
# Needs python3-torch and python3-numpy (scripts/packages.sh bench), and for some minutes 3 GB of disk and of memory.
set -eu
build=$(realpath "$1") output=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

measured() {  # WHAT COMMAND...
  /usr/bin/python3 - "$@" <<'PYTHON'
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[2:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"-- {sys.argv[1]}: {time.monotonic() - start:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor time, "
      f"peak memory {used.ru_maxrss / 1024:.0f} MB", flush=True)
PYTHON
}

measured "making the checkpoints" /usr/bin/python3 tests/real_size/make_checkpoints.py "$work"
daclip=$build/bin/daclip model=$work/model.safetensors
measured import "$daclip" import "$work/daclip_ViT-B-32.pt" "$work/universal-ir.pth" -o "$model"
rm "$work"/*.pt "$work"/*.pth
"$daclip" info "$model" --json > "$work/info.json"
/usr/bin/python3 - "$work/info.json" <<'PYTHON'
import json, sys
expected = {"image_tower": 87849216, "controller": 94936320, "text_tower": 63428098, "restorer": 48975747,
            "image_tower_and_controller_by_layers": 125223936}
found = json.load(open(sys.argv[1]))["parameters"]
wrong = [f"{name}: {found.get(name)}, expected {count}" for name, count in expected.items() if found.get(name) != count]
if wrong:
    sys.exit("check-real-size.sh: daclip info counts " + "; ".join(wrong))
print("-- info: " + ", ".join(f"{name} {count}" for name, count in expected.items()))
PYTHON
measured "restore, 256x256, default sampler" \
  "$daclip" restore "$work/photo.bmp" -o "$work/restored.png" --model "$model"
"$daclip" compare "$work/photo.bmp" "$work/restored.png"
precisions=(f32)
grep -q avx512_bf16 /proc/cpuinfo && precisions+=(bf16)
for precision in "${precisions[@]}"; do
  measured "restore, 1024x1024 untiled, 2 steps, $precision" "$daclip" restore "$work/large.bmp" -o "$work/large.png" \
    --model "$model" --tile 1024 --steps 2 --precision "$precision"
done
[ -z "$output" ] || cp "$work/restored.png" "$output"
