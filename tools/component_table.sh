#!/usr/bin/env bash
# Prints the path of the component table (components.tfc) and makes it first if need be: tools/component_table.sh
#   TILEFOLD_COMPONENTS=FILE      a ready table: nothing is made
#   TILEFOLD_MAKER_PYTHON=PYTHON  an interpreter to make it with if it has the packages (an isolated build's, for example);
#                                 else they go into build/components/environment, which is removed afterwards (0.5 GB)
#   TILEFOLD_BUILD_CACHE=FOLDER   where tables are kept for other checkouts (default ~/.cache/tilefold-build)
# Making it takes a few minutes; the packages come from PyPI. Messages go to standard error.
set -euo pipefail
shopt -s inherit_errexit # also in $(...)
cd "$(dirname "$0")/.."

say() { echo "$*" >&2; }
fail() {
  say "error: $*"
  exit 1
}

if [ -n "${TILEFOLD_COMPONENTS:-}" ]; then
  [ -f "$TILEFOLD_COMPONENTS" ] || fail "there is no file $TILEFOLD_COMPONENTS, which TILEFOLD_COMPONENTS names"
  realpath "$TILEFOLD_COMPONENTS"
  exit 0
fi

# What the table depends on.
sources=(tools/make_components.py tools/component_maker/*.py tools/component_maker/requirements.txt)
hash=$(sha256sum "${sources[@]}" | sha256sum | cut -c1-16)
folder=$PWD/build/components
table=$folder/$hash/components.tfc
cache=${TILEFOLD_BUILD_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tilefold-build}
kept=$cache/components-$hash.tfc

# Copies under a temporary name, so that nobody sees half a file.
place() { # from, to
  cp "$1" "$2.$$" && mv "$2.$$" "$2"
}

has_packages() { # interpreter
  "$1" - tools/component_maker/requirements.txt >/dev/null 2>&1 <<'PYTHON'
import sys
from importlib.metadata import version
for line in open(sys.argv[1]):
    name, _, wanted = line.partition("==")
    if not line.startswith("#") and wanted and version(name) != wanted.strip():
        sys.exit(1)
PYTHON
}

# An interpreter that can make virtual environments and is recent enough for the packages.
base_interpreter() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  fail "making the component table needs Python 3.11 or later with venv (tools/install_dependencies.sh), or set" \
    "TILEFOLD_COMPONENTS to a ready table"
}

maker_interpreter() {
  local environment=$folder/environment base
  if [ -n "${TILEFOLD_MAKER_PYTHON:-}" ] && has_packages "$TILEFOLD_MAKER_PYTHON"; then
    echo "$TILEFOLD_MAKER_PYTHON"
    return
  fi
  if ! { [ -x "$environment/bin/python" ] && has_packages "$environment/bin/python"; }; then
    base=$(base_interpreter)
    say "Installing the packages that the component table is made with (biotite, rdkit) into $environment"
    rm -rf "$environment"
    "$base" -m venv "$environment" >&2
    "$environment/bin/pip" install -qq --disable-pip-version-check -r tools/component_maker/requirements.txt >&2 ||
      fail "these packages cannot be installed; without network set TILEFOLD_COMPONENTS to a ready table"
  fi
  echo "$environment/bin/python"
}

make_table() {
  local python
  python=$(maker_interpreter)
  say "Making the component table (once; a few minutes)"
  PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" tools/make_components.py "$table" >&2
  rm -rf "$folder/environment"
}

if [ ! -f "$table" ]; then
  mkdir -p "$folder/$hash"
  mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || kept=
  # One maker at a time, of all checkouts that share the cache folder.
  exec 9>"${kept:-$table}.lock"
  flock 9
  if [ -n "$kept" ] && [ -f "$kept" ]; then
    place "$kept" "$table"
  elif [ ! -f "$table" ]; then
    make_table
    [ -z "$kept" ] || place "$table" "$kept"
  fi
fi
echo "$table"
