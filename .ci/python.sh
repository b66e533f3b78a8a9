#!/usr/bin/env bash
# The Python environment of the checks, and the tests of the scripts themselves.
set -euo pipefail
venv=$CI_WORK/venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "python3: $(python3 --version) (expected: 3.11 or newer)"
  exit 1
}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -r .ci/requirements.txt
"$venv/bin/python" -c 'import grpc, numpy, onnxruntime; print(f"grpcio {grpc.__version__}, numpy {numpy.__version__}, onnxruntime {onnxruntime.__version__}")'
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider .ci/tests
