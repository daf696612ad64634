"""Runs Verifar and its peers in turn on an idle machine and prints medians and ratios as a Markdown table.

    swift build -c release            # in this folder, first
    python compare.py forward [--rounds 3] [--seconds 2] [--models mbf iresnet50 iresnet100]
    python compare.py training [--rounds 3] [--seconds 2] [--layouts contiguous channels_last]
    python compare.py decode FOLDER [--rounds 3]                  FOLDER: loose_crop/ and meta/ in the IJB-C layout
    python compare.py metrics FOLDER [--script eval_ijbc.py]      FOLDER: room for a generated protocol of IJB-C's size

Python is that of a virtual environment with peers/requirements.txt. A ratio is formed within a round, so that a machine
that changes its speed changes both sides of it; the median of the rounds' ratios is printed.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / ".build" / "release"
MODELS = {"mbf": ("mbf", 400), "iresnet50": ("r50", 96), "iresnet100": ("r100", 48)}  # name there and faces per round


def lines(command):
    text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def table(rows, unit):
    print(f"| work | peer | peer, {unit} | Verifar, {unit} | ratio |\n|---|---|---|---|---|")
    for (work, peer), pairs in rows.items():
        theirs, ours = (statistics.median(side) for side in zip(*pairs))
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"| {work} | {peer} | {theirs:.1f} | {ours:.1f} | {ratio:.2f} |")


def forward(asked):
    """Each peer at its best batch and layout; Verifar has one setting for any number of faces. Both use all cores."""
    rows = {}
    for _ in range(asked.rounds):
        for model, precision in ((m, p) for m in asked.models for p in ("fp32", "bf16")):
            name, faces = MODELS[model]
            ours = lines([BUILT / "Forward", name, precision, 2, faces, 3])[0]["images_per_second"]
            peers = ["openvino"] + (["torch", "onnxruntime"] if precision == "fp32" else [])
            found = lines(
                [sys.executable, HERE / "peers/forward.py", "--models", model, "--precisions", precision, "--peers", *peers,
                 "--batches", 1, 4, 16, "--seconds", asked.seconds, "--runs", 3]
            )  # fmt: skip
            for best in (line for line in found if line.get("best")):
                rows.setdefault((f"{model} {precision}", best["peer"]), []).append((best["images_per_second"], ours))
    table(rows, "img/s")


def training(asked):
    """PyTorch at its better layout; both sides run a process per batch size, whose peak memory is printed."""
    rows, memory = {}, {}
    for _ in range(asked.rounds):
        for batch in (32, 128):
            ours = lines([BUILT / "Training", "mbf", batch, 2, asked.seconds, 1])[0]
            found = lines(
                [sys.executable, HERE / "peers/training.py", "--batches", batch, "--seconds", asked.seconds, "--runs", 1]
                + ["--layouts", *asked.layouts]
            )
            best = max(found, key=lambda line: line["images_per_second"])
            work = f"mbf + ArcFace step, batch {batch}"
            rows.setdefault((work, "torch"), []).append((best["images_per_second"], ours["images_per_second"]))
            memory.setdefault(work, []).append((min(line["peak_megabytes"] for line in found), ours["peak_megabytes"]))
    table(rows, "img/s")
    for work, pairs in memory.items():
        theirs, mine = (statistics.median(side) for side in zip(*pairs))
        print(f"peak memory, {work}: torch {theirs:.0f} MB, Verifar {mine:.0f} MB")


def microseconds(command):
    """`name 48.7 us/face, …` lines, as both sides print them."""
    text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in text.splitlines() if " us/face" in line]
    return {line[0]: float(line[1]) for line in fields}


def decode(asked):
    rows = {}
    for _ in range(asked.rounds):
        ours = microseconds([BUILT / "DecodeAlign", asked.folder, 5])
        theirs = microseconds([sys.executable, HERE / "peers/decode_align.py", asked.folder, 5])
        for work in sorted(ours.keys() & theirs.keys()):
            rows.setdefault((work, "cv2 + skimage"), []).append((1e6 / theirs[work], 1e6 / ours[work]))
    table(rows, "img/s per core")


def metrics(asked):
    for line in lines([BUILT / "MetricStage", asked.folder, asked.rounds]):
        print(json.dumps(line))
    if asked.script:
        peer = [sys.executable, HERE / "peers/metrics.py"]
        folder = Path(asked.folder) / "peer"
        subprocess.run([*map(str, peer), "generate", str(folder)], check=True)
        for line in lines([*peer, "run", folder, "--script", asked.script]):
            print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["forward", "training", "decode", "metrics"])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--models", nargs="+", default=["mbf", "iresnet50"], choices=list(MODELS))
    parser.add_argument("--layouts", nargs="+", default=["contiguous", "channels_last"])
    parser.add_argument("--script")
    asked = parser.parse_args()
    {"forward": forward, "training": training, "decode": decode, "metrics": metrics}[asked.what](asked)


if __name__ == "__main__":
    main()
