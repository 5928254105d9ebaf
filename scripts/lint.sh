#!/usr/bin/env bash
# Checks style, and changes nothing:
#   scripts/lint.sh [format|text|tidy|quick]...     format, text and tidy without arguments
# format: clang-format over every C++ file.
# text: lines of at most 120 columns, no trailing blanks, and public headers only in programs that are clients.
# tidy: the checks of .clang-tidy over every source that the preset clang compiles.
# quick: tidy without tests, programs that measure and the one slow check; a third of the time.
# Needs scripts/packages.sh lint. The environment's JOBS is the number of clang-tidy processes.
set -eu
cd "$(dirname "$0")/.."

# Programs that use the library as any other client would: of daclip they include only <daclip/...>.
clients=(apps/daclip/restore.cpp apps/daclip/classify.cpp)

check_format() {
  git ls-files '*.cpp' '*.h' '*.cu' '*.cuh' | xargs clang-format-14 --dry-run --Werror
}

# Without precompiled headers clang-tidy needs nothing that is built, so this is configured apart from build/clang.
run_tidy() {  # FOLDERS [OPTION...]
  local folders=$1 log=build/lint.log
  shift
  cmake --preset clang -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON > "$log" || { cat "$log"; return 1; }
  run-clang-tidy-14 -quiet -p build/lint -j "${JOBS:-$(nproc)}" "$@" "^$PWD/($folders)/" > "$log" 2>&1 && return
  grep -E -A 4 '(warning|error):' "$log" || cat "$log"
  return 1
}

check_tidy() { run_tidy 'apps|bench|fuzz|src|tests'; }
check_quick() { run_tidy 'apps|fuzz|src' -checks=-performance-unnecessary-value-param; }

text_files() {
  git ls-files | grep -vE '\.(csv|inc|json|jsonl|svg|tex|tsv)$|^docs/results/' | xargs grep -Il ''
}

# Tables of Markdown and the targets of links cannot be wrapped.
long_lines() {
  local file table
  while read -r file; do
    if [[ $file == *.md ]]; then table='^ *\|.*'; else table='^$'; fi
    sed -E "s/$table//; s/\]\([^)]*\)/]/g; s#https?://[^ ]*##g" "$file" |
      LC_ALL=C.UTF-8 grep -nE '^.{121,}$' | sed -E "s|^([0-9]+):.*|$file:\1: longer than 120 columns|"
  done
}

check_text() {
  local findings
  findings=$(
    text_files | long_lines
    text_files | xargs grep -nE '[[:blank:]]+$' | sed -E 's|^([^:]*:[0-9]+):.*|\1: trailing blanks|'
    [ ${#clients[@]} -eq 0 ] || grep -nHE '^#include "(\.\./|[^"]*/)' "${clients[@]}" | grep -v '"daclip/' |
      sed 's|$|: a header that is not public|'
  ) || true
  [ -z "$findings" ] || { echo "$findings"; return 1; }
}

mkdir -p build
failed=()
[ $# -gt 0 ] || set -- format text tidy
for check; do
  "check_$check" || failed+=("$check")
done
[ ${#failed[@]} -eq 0 ] || { echo "lint.sh: findings of ${failed[*]}" >&2; exit 1; }
