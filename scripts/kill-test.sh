#!/usr/bin/env bash
# Kills programs at random moments (SIGKILL): folder runs, imports, packs and training in turn.
#   scripts/kill-test.sh [KILLS [BIN]]    100 kills of the programs in build/release/bin
# After each kill, every file under a final name must be whole: the same bytes as without a kill. The next run must
# complete, give the same, and leave no temporary file. Needs python3. SEED=N repeats the moments of a run.
set -u
cd "$(dirname "$0")/.."
kills=${1:-100} bin=${2:-build/release/bin}
RANDOM=${SEED:-$$}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# A NAFNet of 60 MB: the small one of the tests with every width times 32.
python3 - tests/nets/data/nafnet_small/weights.safetensors "$work/nafnet.safetensors" << 'PYTHON'
import json, struct, sys
source = open(sys.argv[1], "rb")
header = json.loads(source.read(struct.unpack("<Q", source.read(8))[0]))
header.pop("__metadata__", None)
width, at = header["intro.weight"]["shape"][0], 0
for tensor in header.values():
    tensor["shape"] = [n * 32 if n % width == 0 else n for n in tensor["shape"]]
    count = 1
    for n in tensor["shape"]: count *= n
    tensor["dtype"], tensor["data_offsets"], at = "F32", [at, at + 4 * count], at + 4 * count
text = json.dumps(header).encode()
with open(sys.argv[2], "wb") as out:
    out.write(struct.pack("<Q", len(text)) + text + b"\x3c" * at)
PYTHON
"$bin/daclip" degrade examples -o "$work/photos" --kind noisy --format png 2> /dev/null || exit 2

# Each run_NAME writes into its folder $1, which may hold what a killed run left; its files are then $1/*.
run_folder() { "$bin/daclip" restore "$work/photos" -o "$1" --degradation noisy --threads 1 --skip-existing; }
run_import() { "$bin/daclip" import "$work/nafnet.safetensors" -o "$1/model.safetensors" --name kept; }
run_pack() { "$bin/daclip" dataset pack --clean "$work/photos" -o "$1/photos.pack"; }
run_training() {
  printf '%s\n' '[run]' 'steps = 30' 'threads = 1' 'log_interval = 1' 'checkpoint_interval = 1' \
    'validate_interval = 0' "out = \"$1\"" '[data]' 'batch = 2' 'crop = 32' 'holdout = 0' \
    "packs = [\"$work/photos.pack\"]" '[restorer]' 'width = 8' 'encoder_blocks = [1]' 'middle_blocks = 1' \
    'decoder_blocks = [1]' > "$1.toml"
  if [ -e "$1/latest.safetensors" ]; then "$bin/daclip-train" restorer "$1.toml" --resume
  else "$bin/daclip-train" restorer "$1.toml"; fi
}

# What an uninterrupted run gives, to compare with. Of training: the loss of the last step; a killed run's checkpoint
# is whole if the next run continues from it to the same loss.
result_of() {
  if [ "$1" = training ]; then grep -o '"loss":[^,]*' "$2/log.jsonl" | tail -1
  else (cd "$2" && find . -type f ! -name '.daclip-*' | sort | xargs -r sha256sum); fi
}

complain() { echo "kill-test.sh: $*" >&2; failed=$((failed + 1)); }

run_pack "$work" > /dev/null 2>&1 || exit 2
declare -A expected milliseconds finished
names=(folder import pack training)
[ -x "$bin/daclip-train" ] || names=(folder import pack)
for name in "${names[@]}"; do
  mkdir "$work/$name"
  start=$(date +%s%N)
  "run_$name" "$work/$name" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
  milliseconds[$name]=$((($(date +%s%N) - start) / 1000000))
  expected[$name]=$(result_of "$name" "$work/$name")
  finished[$name]=0
done

left=0
for ((kill = 0; kill < kills; kill++)); do
  name=${names[$((kill % ${#names[@]}))]} out=$work/killed-$kill
  mkdir "$out"
  moment=$((RANDOM * milliseconds[$name] / 32768))
  (trap - EXIT; "run_$name" "$out" > /dev/null 2>&1) & shell=$!
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  program=$(pgrep -P "$shell" daclip)
  { [ -n "$program" ] && kill -KILL "$program" 2> /dev/null; } || finished[$name]=$((finished[$name] + 1))
  wait "$shell" 2> /dev/null
  left=$((left + $(find "$out" -name '.daclip-*' | wc -l)))
  if [ "$name" != training ]; then
    comm -13 <(echo "${expected[$name]}" | sort) <(result_of "$name" "$out" | sort) |
      while read -r line; do echo "  $line"; done > "$work/broken"
    [ ! -s "$work/broken" ] || complain "$name, killed after $moment ms, left broken files: $(cat "$work/broken")"
  fi
  "run_$name" "$out" > "$work/log" 2>&1 ||
    complain "$name, killed after $moment ms: the next run failed: $(cat "$work/log")"
  [ "$(result_of "$name" "$out")" = "${expected[$name]}" ] ||
    complain "$name, killed after $moment ms: the next run gives another result"
  rest=$(find "$out" -name '.daclip-*' -o -name '*.part')
  [ -z "$rest" ] || complain "$name, killed after $moment ms: the next run leaves $rest"
  rm -rf "$out" "$out.toml"
done
for name in "${names[@]}"; do
  echo "$name: a run takes ${milliseconds[$name]} ms; ${finished[$name]} were done before their moment"
done
echo "$kills kills, $left temporary files left by them and removed by the next run, $failed failures"
[ "$failed" -eq 0 ]
