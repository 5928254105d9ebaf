#!/usr/bin/env bash
# Installs the Debian packages that daclip needs; does nothing when all are there. Works as root and with sudo.
#   scripts/packages.sh run       to build and run the daclip program
#   scripts/packages.sh test      all of it: training (LibTorch), tests, fuzz targets
#   scripts/packages.sh clang     what the preset clang builds: run and the tests, with clang instead of GCC
#   scripts/packages.sh tsan      what the preset tsan builds: clang's sanitizer, and the OpenMP that it can see
#   scripts/packages.sh format    clang-format
#   scripts/packages.sh lint      clang, clang-format and clang-tidy
#   scripts/packages.sh fuzz      libFuzzer
#   scripts/packages.sh coverage  test without training, and gcovr
#   scripts/packages.sh docs      run and Doxygen
#   scripts/packages.sh package   run, and what makes and checks packages
#   scripts/packages.sh bench     run, and the PyTorch that the engine is measured against
#   scripts/packages.sh peers     bench, and what installing and compiling with other programs from pip needs
set -eu

run=(cmake ninja-build g++ pkg-config libdnnl-dev libhwy-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev
     libeigen3-dev libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libexiv2-dev liblcms2-dev
     zlib1g-dev libutf8proc-dev libheif-dev libjxl-dev libraw-dev libgif-dev libopenjp2-7-dev)
test=("${run[@]}" dpkg-dev file libtorch-dev libopenblas0-openmp libgtest-dev python3-torchvision
      libimage-exiftool-perl)
clang=("${run[@]}" libgtest-dev clang-14 libomp-14-dev)
tsan=("${clang[@]}" libclang-rt-14-dev libimage-exiftool-perl)
format=(git clang-format-14)
lint=("${clang[@]}" "${format[@]}" clang-tidy-14)
fuzz=("${run[@]}" clang-14 libclang-rt-14-dev libfuzzer-14-dev)
coverage=("${run[@]}" libgtest-dev gcovr)
docs=("${run[@]}" doxygen)
package=("${run[@]}" dpkg-dev file mmdebstrap)
bench=("${run[@]}" python3-torch python3-numpy libopenblas0-openmp)
peers=("${bench[@]}" python3-venv python3-dev)

case "${1:-}" in
  run | test | clang | tsan | format | lint | fuzz | coverage | docs | package | bench | peers) declare -n wanted=$1 ;;
  *)
    echo "usage: scripts/packages.sh run|test|clang|tsan|format|lint|fuzz|coverage|docs|package|bench|peers" >&2
    exit 2
    ;;
esac

missing=()
for name in "${wanted[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "packages.sh: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
