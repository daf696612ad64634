"""Goldens for VerificationMetrics from scikit-learn, SciPy and NumPy.

Writes Fixtures/VerificationMetrics/{score_sets,closed_forms,folds}.json. Needs numpy, scipy, scikit-learn
(made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6). Run from anywhere:

    python3 Scripts/oracles/metrics.py
"""

import json
import pathlib
from fractions import Fraction

import numpy as np
from scipy import stats
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import KFold

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "VerificationMetrics"
TARGETS = ["1e-6", "1e-4", "1e-3", "0.0125", "1e-2", "0.05", "1e-1", "0.25", "0.5", "0.9", "1"]


def at_most(genuine, impostor, target):
    """The at-most rule, literally, in exact arithmetic."""
    allowed = int(Fraction(target) * len(impostor))
    ranked = sorted(impostor, reverse=True)
    boundary = ranked[allowed] if allowed < len(ranked) else -np.inf
    return {
        "target": target,
        "allowed": allowed,
        "acceptedImpostors": sum(s > boundary for s in impostor),
        "acceptedGenuine": sum(s > boundary for s in genuine),
    }


def nearest(labels, scores, target):
    """What InsightFace's eval_ijbc.py prints, and the threshold that belongs to it."""
    fpr, tpr, thresholds = roc_curve(labels, scores)
    fpr, tpr, thresholds = np.flipud(fpr), np.flipud(tpr), np.flipud(thresholds)
    _, index = min(list(zip(abs(fpr - float(target)), range(len(fpr)))))
    threshold = float(thresholds[index])
    return {
        "target": target,
        "tar": float(tpr[index]),
        "far": float(fpr[index]),
        "threshold": None if np.isinf(threshold) else threshold,
    }


def score_set(name, scores, labels):
    scores = np.asarray(scores)
    labels = np.asarray(labels)
    genuine, impostor = scores[labels == 1].tolist(), scores[labels == 0].tolist()
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=True)
    whole_fpr, whole_tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    statistic = stats.mannwhitneyu(genuine, impostor).statistic
    area = statistic / len(genuine) / len(impostor)
    assert abs(area - roc_auc_score(labels, scores)) < 1e-12
    spread = np.sqrt((np.var(genuine, ddof=1) + np.var(impostor, ddof=1)) / 2) if min(len(genuine), len(impostor)) > 1 else 0
    return {
        "name": name,
        "double": scores.dtype == np.float64,
        "scores": scores.astype(float).tolist(),
        "labels": labels.tolist(),
        "atMost": [at_most(genuine, impostor, target) for target in TARGETS],
        "nearest": [nearest(labels, scores, target) for target in TARGETS],
        "corners": [[round(f * len(impostor)), round(t * len(genuine))] for f, t in zip(fpr, tpr)],
        "wholeCurvePoints": len(whole_fpr),
        "area": area,
        "equalErrorRate": brentq(lambda x: 1 - x - interp1d(whole_fpr, whole_tpr)(x), 0, 1, xtol=1e-15),
        "dPrime": float((np.mean(genuine, dtype=float) - np.mean(impostor, dtype=float)) / spread) if spread > 0 else None,
    }


def score_sets():
    random = np.random.default_rng(20261)
    sets = []

    def add(name, genuine, impostor, dtype=np.float32):
        scores = np.concatenate([genuine, impostor]).astype(dtype)
        labels = np.concatenate([np.ones(len(genuine), int), np.zeros(len(impostor), int)])
        order = random.permutation(len(scores))
        sets.append(score_set(name, scores[order], labels[order]))

    add("continuous", random.normal(1.5, 1, 60), random.normal(0, 1, 300))
    add("double precision", random.normal(1, 1, 50), random.normal(0, 1, 250), np.float64)
    add("apart only in double precision", 0.5 + 1e-12 * random.integers(0, 40, 40), 0.5 + 1e-12 * random.integers(0, 40, 160), np.float64)
    add("quantised to 1/16", np.round(random.normal(1, 1, 80) * 16) / 16, np.round(random.normal(0, 1, 320) * 16) / 16)
    add("five levels", random.integers(0, 5, 40), random.integers(0, 5, 200))
    add("two levels", random.integers(0, 2, 30), random.integers(0, 2, 100))
    add("all equal", np.zeros(10), np.zeros(50))
    add("separated", random.uniform(2, 3, 20), random.uniform(0, 1, 100))
    add("reversed", random.uniform(0, 1, 20), random.uniform(2, 3, 100))
    add("collinear runs", np.arange(0, 90, 3), np.concatenate([np.arange(1, 90, 3), np.arange(2, 90, 3)]))
    add("long plateaus", np.repeat(np.arange(6), 5), np.repeat(np.arange(0, 6, 2), 40))
    add("one of each", [0.7], [0.2])
    add("one of each, tied", [0.5], [0.5])
    add("one impostor", random.normal(0, 1, 30), [0.1])
    add("one genuine", [0.3], random.normal(0, 1, 200))
    add("signed zeros and tiny numbers", [0.0, -0.0, 1e-45, -1e-45, 1e-38], [0.0, -0.0, -0.0, 1e-45, -1e-38, -1e-45, 3e-45])
    add("many genuine", np.round(random.normal(1, 1, 300), 1), np.round(random.normal(0, 1, 60), 1))
    return sets


def closed_forms():
    probabilities = [1e-300, 1e-16, 1e-9, 1e-6, 1e-4, 0.001, 0.02425, 0.05, 0.074, 0.076, 0.3, 0.5, 0.6, 0.925, 0.975, 0.999, 1 - 1e-10]
    random = np.random.default_rng(7)
    floors = []
    for _ in range(60):
        digits = int(random.integers(1, 10 ** int(random.integers(1, 18))))
        places = len(str(digits)) + int(random.integers(0, 9))
        count = int(random.integers(1, 2 ** int(random.integers(1, 41))))
        floors.append([f"{digits}e-{places}", count, int(Fraction(digits, 10**places) * count)])
    for text, count in [("1e-3", 688788), ("1e-6", 688788), ("1e-1", 2**40), ("0.29", 100), ("0.57", 100), ("1e-5", 15638932), ("1", 2**40), ("0.07", 100), ("1e-4", 10**12)]:
        floors.append([text, count, int(Fraction(text) * count)])
    wilson = []
    for successes, trials in [(0, 10), (1, 10), (5, 10), (10, 10), (953, 954), (19000, 19557), (0, 1), (1, 1)]:
        for level in (0.9, 0.95, 0.99):
            interval = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
            wilson.append([successes, trials, level, float(interval.low), float(interval.high)])
    return {
        "normalDeviates": [[p, float(stats.norm.ppf(p))] for p in probabilities],
        "floors": floors,
        "wilson": wilson,
    }


def folds():
    """Ten-fold accuracy as InsightFace's recognition/arcface_torch/eval/verification.py defines it."""
    random = np.random.default_rng(11)
    cases = []
    for pairs in (600, 703):
        labels = (np.arange(pairs) // 30) % 2
        scores = np.where(labels == 1, random.normal(0.45, 0.2, pairs), random.normal(0.0, 0.15, pairs))
        scores = np.clip(scores, -1, 1)
        distances = 2 - 2 * scores
        grid = np.arange(0, 4, 0.01)
        thresholds, accuracies, sizes = [], [], []
        for train, test in KFold(n_splits=10, shuffle=False).split(np.arange(pairs)):
            correct = [np.mean((distances[train] < t) == (labels[train] == 1)) for t in grid]
            best = grid[np.argmax(correct)]
            thresholds.append(float(1 - best / 2))
            accuracies.append(float(np.mean((distances[test] < best) == (labels[test] == 1))))
            sizes.append(len(test))
        cases.append(
            {
                "scores": scores.tolist(),
                "labels": labels.tolist(),
                "sizes": sizes,
                "thresholds": thresholds,
                "accuracies": accuracies,
                "mean": float(np.mean(accuracies)),
                "standardDeviation": float(np.std(accuracies)),
            }
        )
    return cases


def write(name, value):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    write("score_sets.json", score_sets())
    write("closed_forms.json", closed_forms())
    write("folds.json", folds())
