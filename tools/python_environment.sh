#!/usr/bin/env bash
# Makes or updates a virtual environment with what the Python tests need, and installs Tilefold's wheel into it:
# tools/python_environment.sh FOLDER. PYTHON names the interpreter (default python3). Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: tools/python_environment.sh FOLDER}
stamp=$folder/requirements.sha256
wanted=$(sha256sum tools/python_requirements.txt | cut -d' ' -f1)
if [ ! -x "$folder/bin/python" ] || [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  echo "Installing the packages of tools/python_requirements.txt into $folder (a few minutes the first time)"
  "${PYTHON:-python3}" -m venv "$folder"
  # torch first: the plain requirement of other packages could bring in a build for GPUs.
  "$folder/bin/pip" install --quiet "$(grep '^torch==' tools/python_requirements.txt)"
  "$folder/bin/pip" install --quiet -r tools/python_requirements.txt
  echo "$wanted" >"$stamp"
fi

echo "Building and installing the wheel"
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
"$folder/bin/pip" install --quiet --no-build-isolation --no-deps --force-reinstall .
