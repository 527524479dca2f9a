#!/usr/bin/env bash
# Makes or updates a virtual environment with what the Python tests need (tools/python_requirements.txt):
# tools/python_environment.sh FOLDER. PYTHON names the interpreter (default python3). Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: tools/python_environment.sh FOLDER}
stamp=$folder/requirements.sha256
wanted=$(sha256sum tools/python_requirements.txt | cut -d' ' -f1)
if [ -x "$folder/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
  echo "The packages of tools/python_requirements.txt are installed in $folder."
  exit 0
fi
echo "Installing the packages of tools/python_requirements.txt into $folder (a few minutes the first time)"
"${PYTHON:-python3}" -m venv "$folder"
# torch first: the plain requirement of other packages could bring in a build for GPUs.
"$folder/bin/pip" install --quiet "$(grep '^torch==' tools/python_requirements.txt)"
"$folder/bin/pip" install --quiet -r tools/python_requirements.txt
echo "$wanted" >"$stamp"
