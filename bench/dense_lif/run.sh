#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Samples per second that one matrix of weights and leaky neurons learn from, and their memory, beside snnTorch and
# SpikingJelly in the same run on as many threads: 16 samples of 500 steps, as in the Open Neuromorphic benchmark. First for
# several sizes at one density of input spikes, then for several densities at one size.
#
#   bench/dense_lif/run.sh [sizes...]      default: 512 1024 2048 4096; variables: bench/peers.sh, and
#   DENSITY       of the input spikes       (default 0.05)
#   DENSITIES     for 1024 neurons (default: 0.01 0.03 0.1 0.3 1; "" leaves this out)
#
# Where all inputs spike (density 1), the products of a sample, 500 x 1024 x 1024 forward and for the weights, are compared
# with what sgemm reaches.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../peers.sh"
begin dense_lif
sizes=${*:-512 1024 2048 4096}
density=${DENSITY:-0.05}
"$snnc" "$here/dense_lif.snn" -o "$work/dense_lif"

# one N DENSITY SUFFIX
one() {
    local folder=$work/$1-$2 start all memory
    mkdir -p "$folder"
    [ -s "$folder/events.npz" ] || "${python:-python3}" "$here/events.py" "$folder/events.npz" "$1" "$2"
    measure "$here/peer.py" "$3" "$1" --density "$2" --runs 2
    read -r start memory < <(cd "$folder" && timed "$work/dense_lif" "n=$1" rounds=1 --threads "$threads" --quiet)
    read -r all memory < <(cd "$folder" && timed "$work/dense_lif" "n=$1" rounds=6 --threads "$threads" --quiet)
    keep snnc "train$3" "$(awk -v start="$start" -v all="$all" 'BEGIN { print 5 * 16 / (all - start) }')"
    keep snnc "memory$3" "$memory"
}

for ((k = 0; k < repeats; k++)); do
    for n in $sizes; do one "$n" "$density" "-$n"; done
    for d in ${DENSITIES-0.01 0.03 0.1 0.3 1}; do one 1024 "$d" "-1024-$d"; done
done
for n in $sizes; do table "train-$n" samples/s; table "memory-$n" MB; done
for d in ${DENSITIES-0.01 0.03 0.1 0.3 1}; do table "train-1024-$d" samples/s; done
case " ${DENSITIES-1} " in
*" 1 "*)
    [ -n "$peers" ] || exit 0
    "$python" "$here/sgemm.py" 1024 --threads "$threads" > "$work/out"
    awk -v own="$(median snnc train-1024-1)" -v peak="$(value sgemm)" 'BEGIN {
        gflops = own * 2 * 2 * 500 * 1024^2 / 1e9
        printf "products: %.1f GFLOP/s, sgemm: %.1f GFLOP/s, %.2f times\n", gflops, peak, gflops / peak }'
    ;;
esac
