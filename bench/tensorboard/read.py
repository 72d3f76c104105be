# SPDX-License-Identifier: MIT
#
# read.py RUN: what TensorBoard finds in the folder of a run is what metrics.jsonl has there.
import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(run), size_guidance={"scalars": 0, "histograms": 0})
events.Reload()

expected = {}
for line in (run / "metrics.jsonl").read_text().splitlines():
    entry = json.loads(line)
    if not isinstance(entry["value"], list):
        expected.setdefault(f"{entry['task']}/{entry['name']}", []).append(entry["value"])

assert sorted(events.Tags()["scalars"]) == sorted(expected), events.Tags()["scalars"]
for tag, values in expected.items():
    found = events.Scalars(tag)
    assert [scalar.step for scalar in found] == list(range(1, len(values) + 1)), tag
    for scalar, value in zip(found, values):
        assert abs(scalar.value - value) <= 1e-6 * abs(value), (tag, scalar, value)
for tag in events.Tags()["histograms"]:
    for event in events.Histograms(tag):
        value = event.histogram_value
        assert sum(value.bucket) == value.num > 0 and value.min <= value.max, (tag, value)
        assert len(value.bucket) == len(value.bucket_limit) == 30, tag
print(f"{len(expected)} names, {sum(map(len, expected.values()))} numbers, "
      f"{len(events.Tags()['histograms'])} histograms: as in metrics.jsonl")
