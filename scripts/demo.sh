#!/usr/bin/env bash
# Degrades the clean photos in examples/, restores them and the really blurred one, and writes a page with before and
# after.
#   scripts/demo.sh PROGRAM [OUT]
set -eu
cd "$(dirname "$0")/.."
program=$1
out=${2:-results/demo}
damaged=$out/before
rm -rf "$out"
mkdir -p "$damaged"

damage() {  # PHOTO KIND SEED
  "$program" degrade "examples/$1.jpg" -o "$damaged/$1-$2.png" --kind "$2" --seed "$3"
}
damage astronaut noisy 1
damage chelsea jpeg-compressed 2
damage rocket hazy 3
damage coffee low-light 4
damage chelsea rainy 5
damage rocket snowy 6
damage coffee shadowed 7
damage astronaut uncompleted 8
damage coffee raindrop 9
damage chelsea motion-blurry 10
cp examples/clock.png "$damaged/clock-real-blur.png"
cp examples/astronaut.jpg "$damaged/astronaut-good.jpg"

note="The blur of clock-real-blur is real, and astronaut-good is an undamaged photo. daclip degrade produced the \
damage of all others."
"$program" restore "$damaged" -o "$out/after" --model compact --report "$out/index.html" --report-note "$note"
echo "Restored photos: $out/after"
echo "Before and after: $out/index.html"
