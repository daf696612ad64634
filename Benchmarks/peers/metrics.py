"""Times InsightFace's own aggregation and comparison, then scikit-learn's ROC, at IJB-C's size.

    python metrics.py generate FOLDER [--scale 1]       writes .npy files and pairs.txt (961 MB + 0.6 GB at full scale)
    python metrics.py run FOLDER --script eval_ijbc.py  one JSON line: seconds of each stage, peak memory, TAR

`--script` is recognition/arcface_torch/eval_ijbc.py of deepinsight/insightface: its functions `image2template_feature` and
`verification` are taken from that file as they stand (the rest of it, which runs at import, is not executed). Generate and
run in two processes, so that the peak is the run's.
"""

import timing  # first

import argparse
import ast
import contextlib
import io
import json
import time
from pathlib import Path

import numpy as np

IMAGES, TEMPLATES, SUBJECTS, PAIRS, GENUINE, WIDTH = 469_375, 23_124, 3_531, 15_658_489, 19_557, 512


def generate(folder, scale):
    """As IJB-C: the first templates are enrolled, one a subject; the others are probes, compared with their own subject (but
    for a few) and with other subjects at random. Embeddings: a subject's direction plus noise, lengths about 20."""
    random = np.random.default_rng(20)
    count = lambda full: max(int(full * scale), 8)
    images, templates, subjects = count(IMAGES), count(TEMPLATES), count(SUBJECTS)
    probes = templates - subjects
    genuine, pairs = min(count(GENUINE), probes), count(PAIRS)
    per_probe = np.full(probes, (pairs - genuine) // probes)
    per_probe[: (pairs - genuine) % probes] += 1
    subject = np.concatenate([np.arange(subjects), random.integers(0, subjects, probes)])

    sizes = random.geometric(0.3, templates).astype(float) ** 2
    sizes = np.maximum(1, (sizes * images / sizes.sum()).astype(int))
    order = np.argsort(-sizes)
    excess = images - int(sizes.sum())
    sizes[order[: abs(excess)]] += np.sign(excess)
    assert sizes.sum() == images and sizes.min() >= 1
    template = np.repeat(np.arange(templates), sizes)
    media = np.where(random.random(images) < 0.3, np.arange(images), images + template * 4 + random.integers(0, 4, images))

    centres = random.standard_normal((subjects, WIDTH), np.float32)
    embeddings = np.lib.format.open_memmap(folder / "embeddings.npy", "w+", np.float32, (images, WIDTH))
    for start in range(0, images, 16_384):
        part = slice(start, min(start + 16_384, images))
        noise = random.standard_normal((part.stop - start, WIDTH), np.float32)
        embeddings[part] = (centres[subject[template[part]]] + 2.5 * noise) * np.float32(0.35)
    embeddings.flush()

    probe = np.repeat(np.arange(probes), per_probe)
    enrolled = (subject[subjects + probe] + random.integers(1, subjects, len(probe))) % subjects  # never the own subject
    left = np.concatenate([subject[subjects : subjects + genuine], enrolled])
    right = subjects + np.concatenate([np.arange(genuine), probe])
    label = np.concatenate([np.ones(genuine, int), np.zeros(len(probe), int)])
    shuffled = np.argsort(right, kind="stable")
    arrays = {"templates": template + 1, "media": media + 1, "detector": random.random(images).astype(np.float32) * 0.5 + 0.5,
              "left": left[shuffled] + 1, "right": right[shuffled] + 1, "labels": label[shuffled]}  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    with open(folder / "pairs.txt", "w") as file:
        for start in range(0, pairs, 1 << 20):
            rows = zip(*(arrays[n][start : start + (1 << 20)].tolist() for n in ("left", "right", "labels")))
            file.write("".join(f"{a} {b} {c}\n" for a, b, c in rows))


def functions(script, names):
    import sklearn.preprocessing

    tree = ast.parse(Path(script).read_text(encoding="utf-8"))
    kept = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    assert len(kept) == len(names), f"{script} lacks one of {names}"
    space = {"np": np, "sklearn": sklearn}
    exec(compile(ast.Module(kept, []), script, "exec"), space)
    return [space[name] for name in names]


def run(folder, script):
    from sklearn.metrics import roc_curve

    aggregate, compare = functions(script, ["image2template_feature", "verification"])
    load = lambda name: np.load(folder / f"{name}.npy")
    seconds, start = {}, time.perf_counter()
    embeddings, detector = load("embeddings"), load("detector")
    templates, media, left, right, labels = map(load, ("templates", "media", "left", "right", "labels"))

    def lap(name):
        nonlocal start
        seconds[name], start = round(time.perf_counter() - start, 2), time.perf_counter()

    lap("load")
    with contextlib.redirect_stdout(io.StringIO()):
        features, unique = aggregate(embeddings * detector[:, np.newaxis], templates, media)
        lap("aggregate")
        scores = compare(features, unique, left, right)
        lap("compare")
    far, tar, _ = roc_curve(labels, scores)
    points = {f"{target:g}": round(float(tar[::-1][np.abs(far[::-1] - target).argmin()]) * 100, 3) for target in (1e-6, 1e-5, 1e-4)}
    lap("roc")
    total = round(sum(v for k, v in seconds.items() if k != "load"), 2)
    sizes = {"images": len(templates), "templates": len(unique), "comparisons": len(labels)}
    print(json.dumps({"peer": "insightface", **sizes, "seconds": seconds, "total_seconds": total,
                      "peak_megabytes": timing.peak_megabytes(), "threads": timing.THREADS, "tar_percent": points}))  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["generate", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--script", help="eval_ijbc.py of InsightFace")
    asked = parser.parse_args()
    if asked.action == "generate":
        asked.folder.mkdir(parents=True, exist_ok=True)
        generate(asked.folder, asked.scale)
    elif asked.script is None:
        parser.error("run needs --script")
    else:
        run(asked.folder, asked.script)
