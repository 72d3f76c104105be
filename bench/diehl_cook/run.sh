#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Images per second of one network in one run: BindsNET, the hand-written C program
# with gcc and with clang, and what snnc compiles from examples/diehl_cook.snn.
# Prints medians and ratios. Nothing is installed outside the work folder.
#
#   bench/diehl_cook/run.sh [sizes...]        default sizes: 100 400 1600
#
#   SNN_DATA      folder of the MNIST files     (default ../shared/data/mnist beside the project)
#   SNNC          the compiler                  (default: snnc of the project or its build folder)
#   WORK          work folder, kept             (default: a folder under TMPDIR)
#   REPEATS       runs behind each median       (default 5)
#   PEER=no       leaves BindsNET out (it is a download of several GB)

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
data=$(cd "${SNN_DATA:-$root/../shared/data/mnist}" 2>/dev/null && pwd || true)
work=${WORK:-${TMPDIR:-/tmp}/snnc-bench-diehl_cook}
repeats=${REPEATS:-5}
sizes=${*:-100 400 1600}

if [ -z "$data" ]; then
    echo "run.sh: no MNIST files: set SNN_DATA to the folder of the four IDX files; nothing measured"
    exit 0
fi
mkdir -p "$work"
results=$work/results.tsv
: > "$results"

note() { echo "-- $*" >&2; }

# median of the numbers on standard input
median() { sort -g | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

# value NAME FILE...: the median of the lines `NAME = number ...`
value() { local name=$1; shift; awk -v name="$name" '$1 == name { print $3 }' "$@" | median; }

# result WHO SIZE QUANTITY NUMBER
result() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >> "$results"; }

# How many images a run of the given size is timed on: about a second of work.
images() { awk -v n="$1" 'BEGIN { k = 2400000 / n; print int(k < 2000 ? 2000 : k > 24000 ? 24000 : k) }'; }

# ---- the peer ----------------------------------------------------------------

prepare_peer() {
    [ "${PEER:-yes}" = no ] && return 1
    python=$work/venv/bin/python
    if [ ! -x "$python" ]; then
        note "making a virtual environment in $work/venv"
        python3 -m venv "$work/venv" || return 1
    fi
    "$python" -c 'import bindsnet' 2>/dev/null && return 0
    note "installing BindsNET from PyPI"
    "$work/venv/bin/pip" install --quiet bindsnet >&2 && return 0
    "$python" -c 'import torch, numpy' 2>/dev/null && return 0
    note "BindsNET cannot be installed here: plain PyTorch instead"
    "$work/venv/bin/pip" install --quiet torch numpy >&2
}

measure_peer() {
    local n=$1 count=$((n > 400 ? 4 : 20)) threads out=$work/peer
    for threads in 1 2; do
        "$python" "$here/bindsnet_peer.py" --n "$n" --images $count --repeats 3 --threads $threads \
            --data "$data" > "$out"
        peer_name=$(sed -n 's/^model = //p' "$out")
        result peer "$n" "train$threads" "$(value train_rate "$out")"
        result peer "$n" "test$threads" "$(value test_rate "$out")"
        result peer "$n" memory "$(value memory "$out")"
    done
}

# ---- the hand-written program ------------------------------------------------

build_reference() {
    local flags="-std=gnu11 -O3 -march=native"
    reference_compilers=
    if command -v gcc > /dev/null; then
        # without the flag gcc turns the loop over spikes into scalar code
        gcc $flags -fno-loop-unroll-and-jam -o "$work/reference-gcc" "$here/reference.c" -lm -lz -lpthread
        reference_compilers+=" gcc"
    fi
    for clang in clang clang-19 clang-16 clang-14; do
        command -v $clang > /dev/null || continue
        $clang $flags -o "$work/reference-clang" "$here/reference.c" -lm -lz -lpthread
        reference_compilers+=" clang"
        break
    done
}

run_reference() {
    local compiler=$1 n=$2 k=$3 count
    count=$(images "$n")
    for threads in 1 2; do
        "$work/reference-$compiler" n="$n" train="$count" test=$((count > 10000 ? 10000 : count)) \
            threads=$threads data="$data" > "$work/$compiler-$n-$threads-$k"
    done
}

collect_reference() {
    local compiler=$1 n=$2 one="$work/$1-$2-1-" two="$work/$1-$2-2-"
    result "$compiler" "$n" train1 "$(value train_rate "$one"*)"
    result "$compiler" "$n" test1 "$(value test_rate "$one"*)"
    result "$compiler" "$n" test2 "$(value test_rate "$two"*)"
    result "$compiler" "$n" memory "$(value memory "$one"*)"
}

# ---- the compiled program ----------------------------------------------------

# The compiled program is timed from outside, on data sets cut to three sizes: a
# small one, one with more training images, one with more test images. Differences
# of whole runs leave start-up and reading out.
cut_data() {
    local folder=$1 train=$2 test=$3
    mkdir -p "$folder"
    python3 - "$data" "$folder" "$train" "$test" <<'PYTHON'
import gzip, os, struct, sys
source, target, train, test = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for part, count in (("train", train), ("t10k", test)):
    for kind, head, item in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
        name = os.path.join(source, f"{part}-{kind}-ubyte")
        with gzip.open(name + ".gz") if os.path.exists(name + ".gz") else open(name, "rb") as file:
            start, items = file.read(head), file.read(item * count)
        with open(os.path.join(target, f"{part}-{kind}-ubyte"), "wb") as file:
            file.write(start[:4] + struct.pack(">I", count) + start[8:] + items)
PYTHON
}

prepare_compiled() {
    local candidate
    rm -f "$work/diehl_cook"
    for candidate in "${SNNC:-}" "$root/build/snnc" "$root/snnc" "$root/build/compiler/snnc"; do
        [ -n "$candidate" ] && [ -x "$candidate" ] || continue
        note "compiling examples/diehl_cook.snn with $candidate"
        "$candidate" "$root/examples/diehl_cook.snn" -o "$work/diehl_cook" >&2 || true
        cut_data "$work/trial" 10 10
        [ -x "$work/diehl_cook" ] && timed "$work/trial" 20 1 > /dev/null && return 0
        note "no working program came out of it: leaving snnc out"
        return 1
    done
    note "no snnc found: build the project first, or set SNNC"
    return 1
}

# timed FOLDER N THREADS: seconds and peak memory (MB) of one run
timed() {
    local folder=$1 n=$2 threads=$3
    python3 - "$work/diehl_cook" "$folder" "$n" "$threads" "$work/runs" <<'PYTHON'
import resource, subprocess, sys, time
program, folder, n, threads, out = sys.argv[1:]
command = [program, "train", "test", f"n={n}", "--quiet", "--threads", threads,
           "--data", f"digits={folder}", "--out", out]
start = time.perf_counter()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
PYTHON
}

run_compiled() {
    local n=$1 k=$2 count threads small more_train more_test
    count=$(images "$n")
    local more=$((count > 9500 ? 9500 : count))
    if [ "$k" = 1 ]; then
        cut_data "$work/small-$n" 500 500
        cut_data "$work/train-$n" $((500 + count)) 500
        cut_data "$work/test-$n" 500 $((500 + more))
    fi
    for threads in 1 2; do
        read -r small _ < <(timed "$work/small-$n" "$n" $threads)
        read -r more_train memory < <(timed "$work/train-$n" "$n" $threads)
        read -r more_test _ < <(timed "$work/test-$n" "$n" $threads)
        awk -v s="$small" -v a="$more_train" -v b="$more_test" -v m="$memory" -v c="$count" -v d="$more" 'BEGIN {
            printf "train_rate = %.1f\ntest_rate = %.1f\nmemory = %.1f\n", c / (a - s), d / (b - s), m
        }' > "$work/snnc-$n-$threads-$k"
    done
}

collect_compiled() {
    local n=$1 threads
    for threads in 1 2; do
        result snnc "$n" train$threads "$(value train_rate "$work/snnc-$n-$threads-"*)"
        result snnc "$n" test$threads "$(value test_rate "$work/snnc-$n-$threads-"*)"
    done
    result snnc "$n" memory "$(value memory "$work/snnc-$n-1-"*)"
}

# ---- all of it ---------------------------------------------------------------

# Repeats go round the programs, so that a disturbance of the machine meets all alike.
measure_native() {
    local n=$1 k compiler
    rm -f "$work"/{gcc,clang,snnc}-"$n"-*
    for k in $(seq "$repeats"); do
        for compiler in $reference_compilers; do
            run_reference $compiler "$n" "$k"
        done
        if $has_compiled; then
            run_compiled "$n" "$k"
        fi
    done
    for compiler in $reference_compilers; do
        collect_reference $compiler "$n"
    done
    if $has_compiled; then
        collect_compiled "$n"
    fi
}

print_table() {
    awk -F'\t' -v sizes="$sizes" -v peer="${peer_name:-}" '
        { v[$1, $2, $3] = $4; seen[$1] = 1 }
        function cell(who, n, what) { return (who, n, what) in v ? sprintf("%.*f", who == "peer" && what != "memory" ? 1 : 0, v[who, n, what]) : "-" }
        function ratio(a, b) { return a > 0 && b > 0 ? sprintf("%.2f", a / b) : "-" }
        function best(n, what) { return v["gcc", n, what] > v["clang", n, what] ? v["gcc", n, what] : v["clang", n, what] }
        BEGIN { name["peer"] = peer; name["gcc"] = "C by hand, gcc"; name["clang"] = "C by hand, clang"; name["snnc"] = "snnc" }
        END {
            split("peer gcc clang snnc", order, " "); count = split(sizes, size, " ")
            format = "%5s  %-44s %10s %10s %10s %8s %9s %9s %9s\n"
            printf format, "n", "images per second", "train", "test", "test, 2 thr", "MB", "train/C", "test/C", "train/peer"
            for (i = 1; i <= count; i++) for (k = 1; k <= 4; k++) {
                who = order[k]; n = size[i]
                if (!(who in seen)) continue
                printf format, n, name[who], cell(who, n, "train1"), cell(who, n, "test1"), cell(who, n, "test2"), cell(who, n, "memory"),
                    ratio(v[who, n, "train1"], best(n, "train1")), ratio(v[who, n, "test1"], best(n, "test1")), ratio(v[who, n, "train1"], v["peer", n, "train1"])
            }
        }' "$results"
}

build_reference
has_compiled=false
if prepare_compiled; then has_compiled=true; fi
has_peer=false
if prepare_peer; then has_peer=true; fi
for n in $sizes; do
    note "n = $n"
    if $has_peer; then measure_peer "$n"; fi
    measure_native "$n"
done
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores; medians of $repeats runs"
print_table
