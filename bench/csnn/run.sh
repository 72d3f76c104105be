#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Pictures per second that examples/csnn.snn learns from, and its memory, beside snnTorch and SpikingJelly in the same run on
# as many threads: 50 steps, batches of 128. The program is timed without its test after each epoch, as the peers are. Then the
# same with a batch normalisation behind each convolution.
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
sed 's/|> max_pool/|> batch_norm() |> max_pool/' "$work/csnn.snn" > "$work/norm.snn"
for name in csnn norm; do "$snnc" "$work/$name.snn" -o "$work/$name"; done

# train NAME EPOCHS
train() { (cd "$work" && SNN_DATA=$data timed "./$1" train "epochs=$2" subset=20 --threads "$threads" --quiet); }

# one NAME SUFFIX EPOCHS PEER-OPTIONS...
one() {
    local name=$1 suffix=$2 epochs=$3 start all memory
    shift 3
    measure "$here/peer.py" "$suffix" 4 --data "$data" "$@"
    read -r start memory < <(train "$name" 1)
    read -r all memory < <(train "$name" $((epochs + 1)))
    keep snnc "train$suffix" "$(awk -v start="$start" -v all="$all" -v epochs="$epochs" 'BEGIN { print epochs * 3000 / (all - start) }')"
    keep snnc "memory$suffix" "$memory"
}

for ((k = 0; k < repeats; k++)); do
    one csnn "" 3
    one norm -norm 1 --norm
done
for suffix in "" -norm; do
    table "train$suffix" pictures/s
    table "memory$suffix" MB
done
