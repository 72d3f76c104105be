#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Pictures per second that examples/csnn.snn learns from, and its memory, beside snnTorch and SpikingJelly in the same run on
# as many threads: 50 steps, batches of 128. The program is timed without its test after each epoch, as the peers are.
#
#   bench/csnn/run.sh             variables: bench/peers.sh, and
#   SNN_DATA      folder of the MNIST files     (default ../shared/data/mnist beside the project)

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../peers.sh"
data=$(cd "${SNN_DATA:-$root/../shared/data/mnist}" 2>/dev/null && pwd || true)
if [ -z "$data" ]; then
    echo "run.sh: no MNIST files: set SNN_DATA to the folder of the four IDX files; nothing measured"
    exit 0
fi
begin csnn
grep -v 'log accuracy' "$root/examples/csnn.snn" > "$work/csnn.snn"
"$snnc" "$work/csnn.snn" -o "$work/csnn"

train() { (cd "$work" && SNN_DATA=$data timed ./csnn train "epochs=$1" subset=20 --threads "$threads" --quiet); }

for ((k = 0; k < repeats; k++)); do
    measure "$here/peer.py" "" 4 --data "$data"
    read -r start memory < <(train 2)
    read -r all memory < <(train 5)
    keep snnc train "$(awk -v start="$start" -v all="$all" 'BEGIN { print 3 * 3000 / (all - start) }')"
    keep snnc memory "$memory"
done
table train pictures/s
table memory MB
