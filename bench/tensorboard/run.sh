#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Reads the event file of a run with TensorBoard itself (from PyPI, in an environment of its own) and compares it with what
# the run's metrics.jsonl says.
#
#     bench/tensorboard/run.sh [SNNC]         # the compiler; build/snnc if not given
set -eu
here=$(cd "$(dirname "$0")" && pwd)
snnc=$(realpath "${1:-$here/../../build/snnc}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip --quiet install 'tensorboard>=2.15' 'setuptools<80'
"$snnc" -o gradient "$here/../../tests/resume/gradient.snn"
./gradient --data digits=builtin --quiet >/dev/null
venv/bin/python "$here/read.py" runs/gradient/2*
