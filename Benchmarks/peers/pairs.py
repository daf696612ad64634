"""Times pandas reading a template pair file (`tid1 tid2 0|1` a line), as InsightFace's script does.

    python pairs.py FILE [--runs 5]        metrics.py generate writes one of IJB-C's size
"""

import timing  # first

import argparse
import time
from pathlib import Path

import pandas

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    seconds = []
    for _ in range(asked.runs):
        start = time.perf_counter()
        table = pandas.read_csv(asked.file, sep=" ", header=None).values
        left, right, labels = table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2].astype(int)
        seconds.append(time.perf_counter() - start)
    fields = {"peer": "pandas", "pairs": len(labels), "genuine": int(labels.sum()), "peak_megabytes": timing.peak_megabytes()}
    timing.report(seconds, "seconds", 3, **fields, bytes=asked.file.stat().st_size)
