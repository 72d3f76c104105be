# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# What the benchmarks beside snnTorch and SpikingJelly share: run by `. peers.sh`, it finds the compiler and the peers, keeps
# figures and prints tables of medians and ratios.
#
#   SNNC          the compiler                     (default: snnc of the project or its build folder)
#   WORK          work folder, kept                (default: a folder under TMPDIR)
#   REPEATS       runs behind each median          (default 3)
#   THREADS       of all of them                   (default 2)
#   PEERS         which                            (default: "snntorch spikingjelly"; "" leaves them out)
#   PEER_PYTHON   a Python that has them           (default: a virtual environment in WORK, a download of several GB)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repeats=${REPEATS:-3}
threads=${THREADS:-2}
peers=${PEERS-snntorch spikingjelly}

note() { echo "-- $*" >&2; }

find_compiler() {
    local candidate
    for candidate in "${SNNC:-}" "$root/build/snnc" "$root/snnc"; do
        [ -n "$candidate" ] && [ -x "$candidate" ] && snnc=$(cd "$(dirname "$candidate")" && pwd)/$(basename "$candidate") && return
    done
    echo "run.sh: no snnc found: build the project first, or set SNNC" >&2
    exit 1
}

find_peers() {
    [ -z "$peers" ] && return
    python=${PEER_PYTHON:-$work/venv/bin/python}
    if [ ! -x "$python" ]; then
        note "installing snnTorch and SpikingJelly from PyPI in $work/venv"
        python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet snntorch spikingjelly >&2 || true
    fi
    for peer in $peers; do
        "$python" -c "import $peer" > /dev/null 2>&1 || { note "$peer cannot be had here"; peers=${peers/$peer/}; }
    done
}

# begin NAME: a work folder, the compiler, the peers
begin() {
    work=${WORK:-${TMPDIR:-/tmp}/snnc-bench-$1}
    mkdir -p "$work"
    results=$work/results.tsv
    : > "$results"
    find_compiler
    find_peers
}

# keep WHO QUANTITY NUMBER
keep() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >> "$results"; }

# value NAME: what a peer printed
value() { awk -v name="$1" '$1 == name { print $3 }' "$work/out"; }

# measure PEER.py QUANTITY-SUFFIX ARGUMENTS...: one run of each peer
measure() {
    local program=$1 suffix=$2 peer
    shift 2
    for peer in $peers; do
        "$python" "$program" "$peer" "$@" --threads "$threads" > "$work/out" 2> "$work/err" || { note "$peer failed: $(tail -1 "$work/err")"; continue; }
        keep "$peer" "train$suffix" "$(value train)"
        keep "$peer" "memory$suffix" "$(value memory)"
    done
}

# timed COMMAND...: its seconds and the most memory (MB) that was resident
timed() {
    /usr/bin/time -f '%e %M' -o "$work/time" "$@" > /dev/null 2> "$work/err" || { cat "$work/err" >&2; return 1; }
    awk '{ print $1, $2 / 1024 }' "$work/time"
}

# median WHO QUANTITY
median() {
    awk -F'\t' -v who="$1" -v what="$2" '$1 == who && $2 == what { print $3 }' "$results" | sort -g |
        awk '{ a[NR] = $1 } END { if (NR) print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'
}

# table QUANTITY UNIT: medians, and those of snnc over those of the peers
table() {
    local who own
    own=$(median snnc "$1")
    for who in $peers snnc; do
        awk -v who="$who" -v what="$1" -v unit="$2" -v number="$(median "$who" "$1")" -v own="$own" \
            'BEGIN { printf "%-14s %-14s %10.1f %s", what, who, number, unit; if (who != "snnc" && number > 0) printf "   snnc: %.2f times", own / number; print "" }'
    done
}
