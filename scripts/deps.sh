#!/usr/bin/env bash
# deps.sh build|test: installs the Debian packages that building, or testing, needs. Says what and why
# first; does nothing when all are there. As root or with sudo.
set -euo pipefail

build=(
  "gcc:the compiler" "libc6-dev:C library headers" "make:this Makefile" "cmake:the build" "ninja-build:the build"
  "pkg-config:finds the libraries"
  "libuv1-dev:event loops" "libpq-dev:PostgreSQL client" "postgresql:the private database"
  "libjansson-dev:JSON" "libsodium-dev:X25519, Ed25519, sealing" "libssl-dev:TLS, AES, HMAC"
  "libprotobuf-c-dev:protobuf" "protobuf-c-compiler:protobuf" "protobuf-compiler:protobuf"
  "libwslay-dev:WebSocket frames" "libcurl4-openssl-dev:media uploads" "zlib1g-dev:compressed frames"
  "libmicrohttpd-dev:the HTTP API"
  "libinih-dev:settings file" "libqrencode-dev:QR codes" "libreadline-dev:wactl's shell"
  "libutf8proc-dev:text widths" "libncurses-dev:the console's screen" "ca-certificates:trust of the real network" "python3:scripts of the demo"
)
test_only=(
  "openssl:certificates of tests"
  "libcmocka-dev:unit tests" "libsignal-protocol-c-dev:oracle of the ratchet" "clang:libFuzzer"
  "clang-format:formatting" "libclang-rt-14-dev:sanitizers of clang" "git:lints read the file list"
  "tmux:terminal tests" "strace:shows what is not opened" "zsh:completion tests" "fish:completion tests" "zbar-tools:reads QR codes back" "mandoc:checks the manual pages" "binutils:lints"
)

wanted=("${build[@]}")
[ "${1:-build}" = test ] && wanted+=("${test_only[@]}")

command -v dpkg-query >/dev/null ||
  { echo "deps: not a Debian system: install by hand what stands at the top of scripts/deps.sh" >&2; exit 1; }
missing=()
why=()
for entry in "${wanted[@]}"; do
  package=${entry%%:*}
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing+=("$package")
    why+=("  $package (${entry#*:})")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "deps: these Debian packages are missing and will be installed:"
printf '%s\n' "${why[@]}"

sudo=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: not root and no sudo: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
# the package would start a cluster of its own, which wad does not use
if [ ! -e /etc/postgresql-common/createcluster.conf ] && [[ " ${missing[*]} " == *" postgresql "* ]]; then
  $sudo mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
echo "deps: installed"
