#!/usr/bin/env bash
# The Python package: its tests, and models/repository against what the package makes of the data and of a new training.
set -euo pipefail
# The environment of .ci/check_interop.py, because torch is large.
venv=$CI_WORK/interop/base
mkdir -p "$CI_WORK/interop"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check './models[test]'
cd models
"$venv/bin/python" -m pytest -q -p no:cacheprovider tests
exec "$venv/bin/python" ../.ci/models_again.py "$CI_WORK/models-again"
