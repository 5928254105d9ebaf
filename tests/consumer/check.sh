#!/usr/bin/env bash
# Builds and runs somebody else's programs, in C++ and C, against daclip:
#   tests/consumer/check.sh install BUILD    installed into an empty prefix, found by CMake's package and by pkg-config
#   tests/consumer/check.sh deb BUILD        the same from the Debian package
#   tests/consumer/check.sh tree BUILD       as a part of the other project's tree; configured only, since it builds all
# From the source folder. The environment's CXX and CC are the compilers.
set -eu
mode=$1 build=$(realpath "$2") source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@" >"$work/log" 2>&1 || { echo "failed: $*" >&2; tail -n 20 "$work/log" >&2; exit 1; }; }

# Only what is public may be installed. The model is found beside the library.
check_prefix() {  # PREFIX
  local unexpected folder
  unexpected=$(find "$1" -name '*.h' -not -path '*/include/daclip/*'; find "$1" -name '*.a')
  [ -z "$unexpected" ] || { echo "installed, but not public: $unexpected" >&2; exit 1; }

  run cmake -S tests/consumer -B "$work/cmake" -DCMAKE_PREFIX_PATH="$1"
  run cmake --build "$work/cmake"

  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(dirname "$(find "$1" -name daclip.pc)")
  mkdir "$work/pkg"
  local flags rpath
  flags=$(pkg-config --cflags --libs daclip)
  rpath=-Wl,-rpath,$(pkg-config --variable=libdir daclip)
  run "${CXX:-c++}" -std=c++20 tests/consumer/consumer.cpp $flags "$rpath" -o "$work/pkg/consumer"
  run "${CC:-cc}" -std=c11 tests/consumer/consumer.c $flags "$rpath" -o "$work/pkg/consumer_c"

  for folder in cmake pkg; do
    run "$work/$folder/consumer" examples/clock.png "$work/$folder/out.png"
    [ -s "$work/$folder/out.png" ] || { echo "$folder: no picture was written" >&2; exit 1; }
    run "$work/$folder/consumer_c"
  done
}

case $mode in
  install)
    run cmake --install "$build" --prefix "$work/prefix"
    check_prefix "$work/prefix"
    ;;
  deb)
    run cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work/packages"
    run dpkg-deb -x "$work"/packages/*.deb "$work/unpacked"
    check_prefix "$work/unpacked/usr"
    ;;
  tree)
    mkdir "$work/parent"
    cat >"$work/parent/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES C CXX)
add_subdirectory($source daclip)
add_executable(consumer $source/tests/consumer/consumer.cpp)
target_link_libraries(consumer PRIVATE daclip::daclip)
EOF
    run cmake -S "$work/parent" -B "$work/tree"
    ;;
esac
