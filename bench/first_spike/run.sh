#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# examples/s2stdp_ncg.snn on features as large as those of MNIST (4608 inputs, 1500 events a sample, 50 neurons):
# samples per second in training and testing, how training divides into the event loop and the update, and the events per
# second of testing beside those of a loop that only touches the row of weights of each event. All in one run, medians.
#
#   bench/first_spike/run.sh
#
#   FEATURES      folder of trainset.npz, valset.npz, testset.npz   (default: drawn, in the work folder)
#   SNNC, EVENTS  the compiler and the program of events.c           (default: those of the build folder)
#   WORK          work folder, kept                                  (default: a folder under TMPDIR)
#   REPEATS       runs behind each median                            (default 5)

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
snnc=${SNNC:-$root/build/snnc}
events=${EVENTS:-$root/build/bench/first_spike/events}
work=${WORK:-${TMPDIR:-/tmp}/snnc-bench-first_spike}
features=${FEATURES:-$work/features}
repeats=${REPEATS:-5}

for program in "$snnc" "$events"; do
    [ -x "$program" ] || { echo "run.sh: there is no $program: make bench/first_spike/events, or set SNNC and EVENTS" >&2; exit 1; }
done
mkdir -p "$work"
rm -rf "$work"/runs "$work"/*.tsv
[ -e "$features/testset.npz" ] || "$events" make "$features"
"$snnc" "$root/examples/s2stdp_ncg.snn" -o "$work/s2stdp_ncg"

# median of the numbers on standard input
median() { sort -g | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

# rate FOLDER TASK: samples per second of the first loop over samples in the task
rate() {
    python3 - "$1" "$2" <<'PYTHON'
import glob, json, sys
for name in glob.glob(sys.argv[1] + "/*/*/timing.json"):
    loops = [loop for loop in json.load(open(name))["loops"] if loop["task"] == sys.argv[2]]
    print(loops[0]["samples_per_second"])
PYTHON
}

for k in $(seq "$repeats"); do
    for threads in 1 2; do
        out=$work/runs/$k-$threads
        "$work/s2stdp_ncg" dir="$features" epochs=1 patience=0 --threads $threads --out "$out" --quiet > /dev/null
        rate "$out" train >> "$work/train$threads.tsv"
        rate "$out" test >> "$work/test$threads.tsv"
        "$events" limit "$features" 50 $threads > "$work/limit"
        awk '$1 == "events_per_second" { print $3 }' "$work/limit" >> "$work/limit$threads.tsv"
    done
done
a_sample=$(awk '$1 == "events_per_sample" { print $3 }' "$work/limit")

for threads in 1 2; do
    echo "$(median < "$work/train$threads.tsv") $(median < "$work/test$threads.tsv") $(median < "$work/limit$threads.tsv")"
done | awk -v events="$a_sample" '
    { train[NR] = $1; test[NR] = $2; limit[NR] = $3 }
    END {
        printf "| threads | training, samples/s | testing, samples/s | testing, events/s | rows alone, events/s | share |\n"
        printf "|---|---|---|---|---|---|\n"
        for (k = 1; k <= NR; k++)
            printf "| %d | %.0f | %.0f | %.1f M | %.1f M | %.2f |\n", k, train[k], test[k], test[k] * events / 1e6,
                limit[k] / 1e6, test[k] * events / limit[k]
        printf "\nTesting scales %.2f times from one thread to two. ", test[2] / test[1]
        printf "Of the time of training %.0f %% are the event loop, %.0f %% the update.\n", 100 * train[1] / test[1],
            100 - 100 * train[1] / test[1]
    }'
