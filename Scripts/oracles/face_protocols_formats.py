"""Writes Fixtures/FaceProtocols/{nist-older,nist-newer,lfw,bins}: NIST's CSV files in both layouts, LFW's pairs.txt and
pickles as Python 2 and 3 write them, with what csv, numpy and pickle read in them.

Run with a Python that has numpy: python Scripts/oracles/face_protocols_formats.py
"""

import csv
import io
import json
import pathlib
import pickle

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "FaceProtocols"
BOX = ["FACE_X", "FACE_Y", "FACE_WIDTH", "FACE_HEIGHT"]
OLDER = ["TEMPLATE_ID", "SUBJECT_ID", "FILENAME", "SIGHTING_ID"] + BOX + ["RIGHT_EYE_X", "RIGHT_EYE_Y", "FRAME_NUM"]
NEWER = ["TEMPLATE_ID", "SUBJECT_ID", "FILENAME"] + BOX

# template, subject, file, sighting, box. A video of two frames, a photograph of two people, a blank box.
G1 = [
    (11, 501, "img/1.jpg", 71, (10, 20, 60, 80)),
    (11, 501, "img/2.jpg", 72, (5.5, 6.25, 90, 70)),
    (13, 502, "img/3.jpg", 73, (1, 2, 3, 4)),
]
G2 = [(21, 503, "img/3.jpg", 74, (100, 20, 50, 50)), (22, 504, "img/4.jpg", 75, (0, 0, 10, 10))]
PROBES = [
    (31, 501, "frames/9_00001.jpg", 81, (10, 10, 50, 60)),
    (31, 501, "frames/9_00002.jpg", 81, (11, 10, 50, 60)),
    (31, 501, "img/5.jpg", 82, (7, 8, 9, 10)),
    (32, 503, "img/6.jpg", 83, None),
    (32, 503, "img/7.jpg", 84, (3, 4, 20, 30)),
    (33, 599, "img/8.jpg", 85, (3, 4, 20, 30)),
]
MATCHES = [(11, 31), (11, 32), (13, 31), (21, 32), (21, 33), (22, 31)]
# left eye, right eye, nose, mouth corners of InsightFace's template
TEMPLATE = [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]


def write_csv(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if header:
            writer.writerow(header)
        writer.writerows(rows)


def older(rows):
    return [[t, s, f, m] + (list(b) if b else [""] * 4) + ["", "", 3] for t, s, f, m, b in rows]


def newer(rows):
    return [[t, s, f] + (list(b) if b else [""] * 4) for t, s, f, m, b in rows]


def expected(root, files, matches, galleries, probes, media):
    """Reads the files again with csv, as a program by someone else would."""
    rows = []
    where = {}
    for name in files:
        with open(root / name) as file:
            for row in csv.DictReader(file):
                rows.append(row)
                where.setdefault(row["TEMPLATE_ID"], name)
    subject = {row["TEMPLATE_ID"]: row["SUBJECT_ID"] for row in rows}
    points = []
    for row in rows:
        box = [row[key] for key in BOX]
        if "" in box:
            points.append(None)
            continue
        x, y, w, h = map(float, box)
        side = max(w, h)
        left, top = x + (w - side) / 2, y + (h - side) / 2
        points.append([float(np.float32(v)) for px, py in TEMPLATE for v in (left + px * side / 112, top + py * side / 112)])
    pairs = []
    if matches:
        with open(root / matches) as file:
            pairs = [(int(a), int(b), int(subject[a] == subject[b])) for a, b in csv.reader(file)]
    ids = sorted({int(row["TEMPLATE_ID"]) for row in rows})
    return {
        "paths": [row["FILENAME"] for row in rows],
        "templates": [int(row["TEMPLATE_ID"]) for row in rows],
        "media": media(rows),
        "landmarks": points,
        "subjects": [[t, subject[str(t)]] for t in ids],
        "pairs": pairs,
        "searches": [
            {
                "name": name,
                "gallery": [t for t in ids if where[str(t)] == file],
                "probes": [t for t in ids if where[str(t)] in probes],
            }
            for name, file in galleries
        ],
    }


def filename_media(rows):
    """Equal numbers for equal media, in the order of first appearance."""
    keys = [r["FILENAME"].rsplit("_", 1)[0] if r["FILENAME"].startswith("frames/") else r["FILENAME"] for r in rows]
    first = {}
    return [first.setdefault(key, len(first)) for key in keys]


def nist():
    root = ROOT / "nist-older"
    write_csv(root / "ijbc_1N_gallery_G1.csv", OLDER, older(G1))
    write_csv(root / "ijbc_1N_gallery_G2.csv", OLDER, older(G2))
    write_csv(root / "ijbc_1N_probe_mixed.csv", OLDER, older(PROBES))
    write_csv(root / "ijbc_11_G1_G2_matches.csv", None, MATCHES)
    galleries = [("G1", "ijbc_1N_gallery_G1.csv"), ("G2", "ijbc_1N_gallery_G2.csv")]
    files = [file for _, file in galleries] + ["ijbc_1N_probe_mixed.csv"]
    result = expected(
        root, files, "ijbc_11_G1_G2_matches.csv", galleries, ["ijbc_1N_probe_mixed.csv"],
        lambda rows: [int(row["SIGHTING_ID"]) for row in rows],
    )
    (root / "expected.json").write_text(json.dumps(result, indent=1) + "\n")

    root = ROOT / "nist-newer"
    write_csv(root / "test1/enroll_templates.csv", NEWER, newer(G1 + G2))
    write_csv(root / "test1/verif_templates.csv", NEWER, newer(PROBES))
    write_csv(root / "test1/match.csv", None, MATCHES)
    write_csv(root / "test4/gallery_G1.csv", NEWER, newer(G1))
    write_csv(root / "test4/gallery_G2.csv", NEWER, newer(G2))
    write_csv(root / "test4/probes.csv", NEWER, newer(PROBES))
    result = {
        "test1": expected(
            root, ["test1/enroll_templates.csv", "test1/verif_templates.csv"], "test1/match.csv", [], [], filename_media
        ),
        "test4": expected(
            root, ["test4/gallery_G1.csv", "test4/gallery_G2.csv", "test4/probes.csv"], None,
            [("G1", "test4/gallery_G1.csv"), ("G2", "test4/gallery_G2.csv")], ["test4/probes.csv"], filename_media,
        ),
    }
    (root / "expected.json").write_text(json.dumps(result, indent=1) + "\n")


def lfw():
    root = ROOT / "lfw"
    root.mkdir(parents=True, exist_ok=True)
    lines = ["2\t2"]
    for fold in range(2):
        lines += [f"Ann_Lee\t{fold + 1}\t{fold + 2}", f"Bo\t1\t{fold + 2}"]
        lines += [f"Ann_Lee\t{fold + 1}\tBo\t1", f"Cy\t12\tBo\t{fold + 3}"]
    (root / "pairs.txt").write_text("\n".join(lines) + "\n")
    pairs = []
    for line in lines[1:]:
        words = line.split("\t")
        a, b = (words[:2], [words[0], words[2]]) if len(words) == 3 else (words[:2], words[2:])
        pairs.append(["%s/%s_%04d.jpg" % (n, n, int(i)) for n, i in (a, b)] + [int(len(words) == 3)])
    (root / "expected.json").write_text(json.dumps({"pairs": pairs, "folds": [[0, 4], [4, 8]]}, indent=1) + "\n")


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 writes its str: BINSTRING in protocol 2, repr in protocol 0."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_str_of_python2(self, value):
        if self.proto == 0:
            text = repr(value)[1:]
            self.write(b"S" + text.encode("ascii") + b"\n")
        elif len(value) < 256:
            self.write(b"U" + bytes([len(value)]) + value)
        else:
            self.write(b"T" + len(value).to_bytes(4, "little") + value)
        self.memoize(value)

    dispatch[bytes] = save_str_of_python2


def python2(value, protocol):
    file = io.BytesIO()
    Python2Pickler(file, protocol).dump(value)
    return file.getvalue()


def bins():
    root = ROOT / "bins"
    root.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    images = [bytes([0xFF, 0xD8, 0xFF]) + rng.integers(0, 256, n, dtype=np.uint8).tobytes() for n in (5, 300, 0, 40)]
    images += [b"quote ' and \" and \\ and \n", images[1]]
    labels = [True, False, True]
    arrays = [np.frombuffer(image, dtype=np.uint8).copy() for image in images]
    variants = {
        "py2-protocol0": python2((images, labels), 0),
        "py2-protocol2": python2((images, labels), 2),
        "py2-arrays": python2((arrays, labels), 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray"),
        "py3-columns": pickle.dumps((images, np.array(labels)), 3),
        "py3-cv2": pickle.dumps(([array.reshape(-1, 1) for array in arrays], labels), 4),
        "py3-integers": pickle.dumps((images, np.array(labels).astype(np.int64)), 4),
        "py3-scalars": pickle.dumps((images, [np.bool_(label) for label in labels]), 4),
        "py3-lists": pickle.dumps([tuple(images), [1, 0, 1]], 4),
        "py3-bytearray": pickle.dumps(([bytearray(image) for image in images], labels), 5),
    }
    objects = np.empty(len(images), dtype=object)
    objects[:] = images
    variants["py3-object-array"] = pickle.dumps((objects, labels), 4)
    for protocol in range(6):
        variants[f"py3-protocol{protocol}"] = pickle.dumps((images, labels), protocol)
        if protocol >= 2:
            variants[f"py3-arrays{protocol}"] = pickle.dumps((arrays, labels), protocol)
    for name, data in variants.items():
        read = pickle.loads(data, encoding="bytes")
        assert [bytes(bytearray(image)) if not isinstance(image, np.ndarray) else image.tobytes() for image in read[0]] == images
        assert [bool(label) for label in read[1]] == labels, name
        (root / f"{name}.bin").write_bytes(data)

    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    hostile = {
        "call": pickle.dumps(([Evil()] * 2, [True]), 2),
        "system": b"cos\nsystem\n(S'echo executed'\ntR.",
        "pixels": pickle.dumps(([np.zeros((4, 4, 3), np.uint8)] * 2, [True]), 4),
        "floats": pickle.dumps(([np.zeros(4, np.float32)] * 2, [True]), 4),
        "odd": pickle.dumps((images[:3], [True]), 4),
        "labels": pickle.dumps((images, [True, False, 2]), 4),
        "text": pickle.dumps((["one", "two"], [True]), 4),
        "huge": b"\x80\x04](\x8e" + (1 << 62).to_bytes(8, "little") + b"abc",
        "huge-array": pickle.dumps((arrays, labels), 4).replace(b"K\x08\x85", b"J\xff\xff\xff\x7f\x85", 1),
        "endless": b"\x80\x02]" + b"2" * 1000,
        "cycle": b"\x80\x02]q\x00h\x00ah\x00\x86.",
        "empty": pickle.dumps(([], []), 4),
        "nothing": b"",
    }
    for name, data in hostile.items():
        (root / f"hostile-{name}.bin").write_bytes(data)
    result = {"images": [image.hex() for image in images], "labels": [int(label) for label in labels], "variants": sorted(variants)}
    (root / "expected.json").write_text(json.dumps(result, indent=1) + "\n")


nist()
lfw()
bins()
