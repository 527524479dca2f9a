#!/usr/bin/env bash
# Configures and builds a preset: tools/build.sh PRESET [TARGET...]. Installs nothing.
# TILEFOLD_PYTHON=PYTHON (an interpreter that has nanobind) also builds the Python extension for it; then
# PYTHONPATH=build/PRESET/python PYTHON can import tilefold, ttnn and ttnn_jit.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?usage: tools/build.sh PRESET [TARGET...]}
shift
cmake_program=/usr/bin/cmake
[ -x "$cmake_program" ] || cmake_program=cmake
settings=()
if [ -n "${TILEFOLD_PYTHON:-}" ]; then
  settings=(-DTILEFOLD_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$TILEFOLD_PYTHON")
fi
"$cmake_program" --preset "$preset" "${settings[@]}" >"/dev/null" || {
  echo "error: configuring preset '$preset' failed; see the messages above" >&2
  exit 1
}
# One cache for all checkouts: paths below the root are hashed relative to it.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
# What ccache needs to know about precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros
jobs=$(nproc)
if [ $# -gt 0 ]; then
  ninja -C "build/$preset" -j "$jobs" "$@"
else
  ninja -C "build/$preset" -j "$jobs"
fi
