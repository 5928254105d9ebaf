#!/usr/bin/env bash
# Tries the packages in build/packages out, each on a minimal Debian 12 of its own: the Debian package is installed with
# what it depends on, the tar archive only unpacked. There `daclip` prints its version and restores a photo. Then the
# package is removed and must leave nothing. Needs root and scripts/packages.sh package.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
system=build/packages-debian.tar  # made once

[ -e "$system" ] || mmdebstrap --quiet --variant=minbase bookworm "$system"
deb=$(ls build/packages/*.deb) archive=$(ls build/packages/*.tar.gz)
version=$(sed -n 's/^project(daclip VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)

fresh_system() {  # ROOT
  mkdir "$1"
  tar -xf "$system" -C "$1"
  cp examples/clock.png "$1/tmp/"
}

try_out() {  # ROOT PROGRAM
  chroot "$1" "$2" --version | tee "$1/tmp/version"
  grep -qx "daclip $version" "$1/tmp/version"
  chroot "$1" "$2" restore /tmp/clock.png -o /tmp/restored.png
  [ -s "$1/tmp/restored.png" ]
}

echo "== $archive"
fresh_system "$work/archive"
mkdir "$work/archive/somewhere"
tar -xzf "$archive" -C "$work/archive/somewhere" --strip-components=1
try_out "$work/archive" /somewhere/bin/daclip

echo "== $deb"
fresh_system "$work/deb"
cp "$deb" "$work/deb/tmp/daclip.deb"
cp /etc/resolv.conf "$work/deb/etc/" 2> /dev/null || true
chroot "$work/deb" apt-get update -qq
chroot "$work/deb" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/daclip.deb \
  > "$work/apt.log" 2>&1 || { cat "$work/apt.log"; exit 1; }
try_out "$work/deb" daclip
chroot "$work/deb" apt-get purge -y -qq daclip > /dev/null
[ ! -e "$work/deb/usr/share/daclip" ]
cmp "$work/deb/tmp/restored.png" "$work/archive/tmp/restored.png"
echo "both packages work"
