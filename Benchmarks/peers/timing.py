"""What the peers' scripts share. Import it first: it limits the threads before any library starts its own."""

import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

THREADS = int(os.environ.get("PEER_THREADS", "2"))
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Scripts" / "oracles"))  # networks.py


def rates(step, images, seconds, runs, finish=lambda: None):
    """Images per second of `runs` spells of about `seconds`; `step` handles or starts `images` images, `finish` waits for
    what was started. One step and a fifth of a spell warm up."""
    step()
    finish()
    rate(step, images, seconds / 5, finish)
    return [rate(step, images, seconds, finish) for _ in range(runs)]


def rate(step, images, seconds, finish):
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()
        count += images
    finish()
    return count / (time.perf_counter() - start)


def report(runs, unit="images_per_second", digits=2, **fields):
    line = fields | {"threads": THREADS, unit: round(statistics.median(runs), digits), "runs": [round(r, digits) for r in runs]}
    print(json.dumps(line), flush=True)
    return line


def peak_megabytes():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
