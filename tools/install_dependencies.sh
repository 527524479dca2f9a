#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, if any is missing: tools/install_dependencies.sh [--tests]
#   --tests   also programs that no build needs but some tests run (mmseqs2)
# Safe to run again.
set -euo pipefail

packages=(
  build-essential g++ cmake ninja-build ccache git
  llvm-19-dev clang-19 libclang-rt-19-dev lld-19 clang-format-19
  libtbb-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev libeigen3-dev
  zlib1g-dev libzstd-dev libcurl4-openssl-dev gemmi-dev tao-pegtl-dev libgtest-dev libgmock-dev libbenchmark-dev
  librdkit-dev libboost-dev
  python3 python3-venv
)
case "${1:-}" in
  "") ;;
  --tests) packages+=(mmseqs2) ;;
  *)
    echo "error: unknown option '$1'; expected nothing or --tests" >&2
    exit 2
    ;;
esac

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All ${#packages[@]} needed packages are installed."
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "error: these packages are missing and there is no apt-get to install them: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "error: missing packages: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "Installed."
