#!/usr/bin/env bash
# Builds the Debian package and the tar archive, with the compact model, into build/packages. Needs
# scripts/packages.sh package; scripts/check-package.sh tries both out.
set -eu
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null || date +%s)  # the same sources make the same packages
export SOURCE_DATE_EPOCH
cmake --preset package > /dev/null
cmake --build --preset package -j "${JOBS:-$(nproc)}"
rm -rf build/packages
cpack --config build/package/CPackConfig.cmake -G 'DEB;TGZ' -B build/packages > build/package/cpack.log 2>&1 || {
  cat build/package/cpack.log
  exit 1
}
rm -rf build/packages/_CPack_Packages
ls -l build/packages
