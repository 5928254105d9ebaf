#!/usr/bin/env bash
# Installs a build into an empty prefix, then builds and runs other programs against it: by CMake's package, by
# pkg-config, and, as far as configuring, by add_subdirectory.
#   tests/consumer/check.sh BUILD [CXX [CC]]     from the source folder
set -eu
build=$(realpath "$1") cxx=${2:-c++} cc=${3:-cc} source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@" >"$work/log" 2>&1 || { echo "failed: $*" >&2; tail -n 20 "$work/log" >&2; exit 1; }; }

run cmake --install "$build" --prefix "$work/prefix"
unexpected=$(find "$work/prefix" -name '*.h' -not -path '*/include/daclip/*'; find "$work/prefix" -name '*.a')
[ -z "$unexpected" ] || { echo "installed, but not public: $unexpected" >&2; exit 1; }

# In C++ and C, each linked two ways. The model is found beside the library.
run cmake -S "$source/tests/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="$cc"
run cmake --build "$work/cmake"
export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig:$(echo "$work"/prefix/lib/*/pkgconfig)
flags=$(pkg-config --cflags --libs daclip)
libraries=$(pkg-config --variable=libdir daclip)
mkdir "$work/pkg"
run "$cxx" -std=c++20 "$source/tests/consumer/consumer.cpp" $flags -Wl,-rpath,"$libraries" -o "$work/pkg/consumer"
run "$cc" -std=c11 "$source/tests/consumer/consumer.c" $flags -Wl,-rpath,"$libraries" -o "$work/pkg/consumer_c"
for folder in cmake pkg; do
  run "$work/$folder/consumer" examples/clock.png "$work/out.png"
  [ -s "$work/out.png" ] || { echo "$folder: no picture was written" >&2; exit 1; }
  run "$work/$folder/consumer_c"
done

# As a part of another project's tree.
cat >"$work/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES C CXX)
add_subdirectory($source daclip)
add_executable(consumer $source/tests/consumer/consumer.cpp)
target_link_libraries(consumer PRIVATE daclip::daclip)
EOF
run cmake -S "$work" -B "$work/tree" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="$cc"
echo "installed, linked and run by CMake and pkg-config; configured by add_subdirectory"
