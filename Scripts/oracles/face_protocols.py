"""Writes Fixtures/FaceProtocols: small protocols in InsightFace's layout, what pandas, numpy and scipy read in them, and
numbers with their float32 bits.

Run with a Python that has numpy, pandas and scipy: python Scripts/oracles/face_protocols.py
"""

import json
import pathlib
import struct

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "FaceProtocols"

# Written by hand: four subjects, template ids out of order, a video (medium 7) of three frames in template 30, a medium
# (9) in templates of two subjects, templates with a single image.
TINY_IMAGES = """\
1.jpg 30 7
2.jpg 30 7
3.jpg 30 7
4.jpg 30 8
5.jpg 2 9
6.jpg 100 9
7.jpg 100 11
sub/8.png 50 12
9.jpg 7 13
10.jpg 7 14
11.jpg 8 15
"""
TINY_PAIRS = """\
30 2 1
30 100 0
30 50 0
30 7 0
2 100 0
2 50 0
100 50 0
100 8 1
7 2 0
7 50 0
7 8 0
"""
TINY_SUBJECTS = "template,subject\n2,ann\n7,cid\n8,bob\n30,ann\n50,dee\n100,bob\n"


def landmark_lines(names, points, rng):
    """Upright faces: eyes above the mouth, left before right; three decimals and a score with four."""
    lines = []
    for name in names:
        if points == 5:
            base = np.array([[40, 50], [75, 50], [57, 70], [42, 92], [72, 92]], dtype=float)
        else:
            base = rng.uniform(20, 100, (68, 2))
        xy = base + rng.normal(0, 1.5, base.shape)
        numbers = " ".join("%.3f" % value for value in xy.reshape(-1))
        lines.append("%s %s %.4f\n" % (name, numbers, rng.uniform(0.5, 1)))
    return "".join(lines)


def expected(folder, points):
    """What independent readers find in a folder."""
    images = pd.read_csv(folder / "meta/ijbc_face_tid_mid.txt", sep=" ", header=None)
    pairs = pd.read_csv(folder / "meta/ijbc_template_pair_label.txt", sep=" ", header=None).values
    ids, dense = np.unique(images[1].values, return_inverse=True)
    media, dense_media = np.unique(images[2].values, return_inverse=True)
    first, second = np.searchsorted(ids, pairs[:, 0]), np.searchsorted(ids, pairs[:, 1])
    genuine = pairs[:, 2] == 1
    graph = coo_matrix((np.ones(genuine.sum()), (first[genuine], second[genuine])), shape=(len(ids), len(ids)))
    component_count, component = connected_components(graph, directed=False)
    landmarks, scores = [], []
    for line in (folder / "meta/ijbc_name_5pts_score.txt").read_text().splitlines():
        fields = line.split(" ")
        landmarks.append(np.array([float(x) for x in fields[1:-1]], dtype=np.float32))
        scores.append(np.float32(float(fields[-1])))
    per_template = images.groupby(1).size().values
    per_pair = images.groupby([1, 2]).size()
    video_media = {medium for (_, medium), count in per_pair.items() if count > 1}
    return {
        "paths": images[0].tolist(),
        "templateIDs": ids.tolist(),
        "imageTemplates": dense.tolist(),
        "mediumIDs": media.tolist(),
        "imageMedia": dense_media.tolist(),
        "landmarksPerFace": points,
        "landmarkBits": [bits for row in landmarks for bits in row.view(np.uint32).tolist()],
        "scoreBits": np.array(scores, dtype=np.float32).view(np.uint32).tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "labels": pairs[:, 2].tolist(),
        "components": component.tolist(),
        "componentCount": int(component_count),
        "imagesPerTemplate": per_template.tolist(),
        "videos": len(video_media),
        "videoFrames": int(per_pair[per_pair > 1].sum()),
    }


def write(name, images, pairs, subjects, points, rng):
    folder = ROOT / name
    (folder / "meta").mkdir(parents=True, exist_ok=True)
    names = [line.split(" ")[0] for line in images.splitlines()]
    (folder / "meta/ijbc_face_tid_mid.txt").write_text(images)
    (folder / "meta/ijbc_name_5pts_score.txt").write_text(landmark_lines(names, points, rng))
    (folder / "meta/ijbc_template_pair_label.txt").write_text(pairs)
    if subjects:
        (folder / "meta/subjects.csv").write_text(subjects)
    (folder / "expected.json").write_text(json.dumps(expected(folder, points)) + "\n")


def random_protocol(rng):
    """60 templates of 20 subjects with ids up to 10^12, and all pairs of them that a coin chooses."""
    ids = np.unique(rng.integers(1, 10**12, 60))
    subject = rng.integers(0, 20, len(ids))
    images, number = [], 0
    for template in ids[rng.permutation(len(ids))]:
        medium = int(rng.integers(1, 10**9))
        for _ in range(rng.integers(1, 6)):
            number += 1
            images.append("%d.jpg %d %d\n" % (number, template, medium))
            if rng.random() < 0.5:
                medium += 1
    pairs = [
        "%d %d %d\n" % (ids[a], ids[b], subject[a] == subject[b])
        for a in range(len(ids))
        for b in range(a + 1, len(ids))
        if rng.random() < 0.7
    ]
    return "".join(images), "".join(pairs[i] for i in rng.permutation(len(pairs)))


def numbers():
    """Decimal texts that are hard to round, with the bits of Python's float and of its float32."""
    texts = [
        "0", "-0", "0.0", "1", "-1.5", "+2", ".5", "5.", "1e3", "1E-3", "123.456", "0.1", "0.2", "0.3", "78.271",
        "16777217", "16777219.0", "9007199254740993", "9007199254740992.5", "1e22", "1e23", "8.5e-23", "1e-22",
        "123456789012345678901234567890", "0.000000000000000000000000000001", "1.7976931348623157e308", "1e308",
        "1.00000005960464477539", "1.00000005960464477540", "1.000000059604644775390625",
        "2.2250738585072014e-308", "4.9e-324", "2e-324", "1e-400", "3.4028235e38", "3.4028236e38", "1e39", "1e309",
        "-1e400", "1.17549435e-38", "1.4e-45", "7e-46", "0.1234567890123456789012345678901234567890",
        "nan", "NaN", "inf", "-inf", "Infinity", "-INFINITY", "1000000000000000000", "9999999999999999999",
        "99999999999999999999", "0.0000000000000000000000", "00012.5000", "1e+05", "12e0",
    ]
    rng = np.random.default_rng(7)
    texts += [repr(float(x)) for x in rng.normal(0, 100, 40)]
    texts += ["%.*f" % (int(rng.integers(0, 25)), x) for x in rng.uniform(-500, 500, 60)]
    texts += [repr(struct.unpack("<d", struct.pack("<Q", int(bits)))[0]) for bits in rng.integers(0, 2**62, 40)]
    with np.errstate(over="ignore"):
        floats = [np.float32(float(text)) for text in texts]
    return [
        {
            "text": text,
            "double": str(struct.unpack("<Q", struct.pack("<d", float(text)))[0]),
            "float": int(np.array(value, dtype=np.float32).view(np.uint32)),
            "isNaN": bool(np.isnan(value)),
        }
        for text, value in zip(texts, floats)
    ]


def main():
    rng = np.random.default_rng(20240229)
    write("tiny", TINY_IMAGES, TINY_PAIRS, TINY_SUBJECTS, 5, rng)
    write("points68", TINY_IMAGES, TINY_PAIRS, None, 68, rng)
    write("large-ids", *random_protocol(rng), None, 5, rng)
    (ROOT / "numbers.json").write_text(json.dumps(numbers()) + "\n")


if __name__ == "__main__":
    main()
