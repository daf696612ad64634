"""Fixtures/FaceImaging/landmarks: one face as several programs write it, and Fixtures/Hostile/landmarks: damaged ones.

    python Scripts/oracles/landmark_files.py

The forms are those of retina-face and deepface (face_1, the person's own left and right), mtcnn (keypoints), insightface (kps,
landmark_3d_68), facenet-pytorch (arrays), dlib (68 points), MediaPipe's Face Landmarker (478 shares of the image's sides),
VGGFace2 (NAME_ID, P1X …) and CelebA (count, header, lines). Every file must give POINTS (LandmarkFileTests).
"""

import json
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures"
POINTS = [[30.5, 40.25], [70.75, 42.5], [52.0, 61.5], [35.25, 80.0], [66.5, 82.75]]
FLAT = [number for point in POINTS for number in point]
PATH = "faces/a b.jpg"
WIDTH, HEIGHT = 200, 160
NAMES = ["left_eye", "right_eye", "nose", "mouth_left", "mouth_right"]


def six_eight():
    """68 points whose reduction to five is POINTS."""
    points = [[5.0 + i, 7.0 + i] for i in range(68)]
    for (a, b), (x, y) in zip(((36, 39), (42, 45)), POINTS):
        points[a], points[b] = [x - 4, y - 0.5], [x + 4, y + 0.5]
    points[30], points[48], points[54] = POINTS[2:]
    return points


def mesh():
    """MediaPipe's points whose reduction to five is POINTS."""
    points = [[3.0 + i % 90, 5.0 + i % 77] for i in range(478)]
    for (a, b), (x, y) in zip(((33, 133), (362, 263)), POINTS):
        points[a], points[b] = [x - 4, y - 0.5], [x + 4, y + 0.5]
    points[1], points[61], points[291] = POINTS[2:]
    return [{"x": (x + 0.5) / WIDTH, "y": (y + 0.5) / HEIGHT, "z": -0.01} for x, y in points]


def own_sides():
    exchanged = [POINTS[1], POINTS[0], POINTS[2], POINTS[4], POINTS[3]]
    return dict(zip(NAMES, exchanged))


def lines(*rows):
    return "\n".join(rows) + "\n"


def files():
    columns = [f"{name}_{axis}" for name in NAMES for axis in "xy"]
    numbers = [str(number) for number in FLAT]
    box = [20, 25, 80, 100]
    retina = {"face_1": {"score": 0.99, "facial_area": box, "landmarks": own_sides()}}
    mtcnn = {"box": box, "confidence": 0.99, "keypoints": dict(zip(NAMES, POINTS))}
    transposed = [[x for x, _ in POINTS], [y for _, y in POINTS]]
    numbered = [f"{axis}{i}" for i in range(1, 6) for axis in "xy"]
    vgg = [f"P{i}{axis}" for i in range(1, 6) for axis in "XY"]
    celeba = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
    three = [[x, y, 1.0] for x, y in six_eight()]
    return {
        "lines.txt": lines("ü/é.png " + " ".join(numbers) + " 0.9", PATH + "  " + " ".join(numbers), ""),
        "quoted.txt": lines('"faces/a b.jpg" ' + " ".join(numbers)),
        "sixty-eight.txt": lines(PATH + " " + " ".join(str(v) for point in six_eight() for v in point) + " 0.5"),
        "celeba.txt": lines("1", celeba, "a.jpg   " + "  ".join(numbers)),
        "named.csv": lines("score,file_name," + ",".join(columns), f'0.9,"{PATH}",' + ",".join(numbers)),
        "numbered.csv": "\ufeff" + lines("image;" + ";".join(numbered) + ";score", PATH + ";" + ";".join(numbers) + ";1"),
        "vggface2.csv": lines("NAME_ID," + ",".join(vgg), '"faces/a b",' + ",".join(numbers)),
        "plain.csv": "\r\n".join([PATH + "," + ",".join(numbers) + ",0.98", ""]),
        "plain.tsv": lines(PATH + "\t" + "\t".join(numbers)),
        "retinaface.json": json.dumps({PATH: retina}),
        "deepface.jsonl": lines(
            json.dumps({"path": PATH, "faces": [{"landmarks": own_sides(), "confidence": 0.9}]}),
            json.dumps({"path": "none.jpg", "faces": []}),
        ),
        "mtcnn.json": json.dumps({PATH: [mtcnn], "none.jpg": [], "void.jpg": None}),
        "insightface.json": json.dumps([{"img_path": PATH, "faces": [{"bbox": box, "kps": POINTS, "det_score": 0.8}]}]),
        "insightface-68.json": json.dumps({"images": [{"file": PATH, "landmark_3d_68": three}]}),
        "facenet.json": json.dumps({PATH: {"boxes": [box], "points": [POINTS], "probs": [0.9]}}),
        "transposed.json": json.dumps({PATH: transposed}),
        "flat.json": json.dumps({PATH: FLAT}),
        "dlib.json": json.dumps({PATH: {"landmarks": six_eight()}}),
        "mediapipe.json": json.dumps(
            [{"file": PATH, "width": WIDTH, "height": HEIGHT, "face_landmarks": [mesh()]}], separators=(",", ":")
        ),
    }


def hostile():
    numbers = " ".join(str(number) for number in FLAT)
    return {
        "deep.json": "[" * 600 + "]" * 600,
        "deep-object.json": '{"a.jpg":' * 300 + "1" + "}" * 300,
        "several.json": json.dumps({"a.jpg": [{"kps": POINTS}, {"kps": POINTS}]}),
        "infinite.json": '{"a.jpg": {"kps": [[1e400, 1], [2, 2], [3, 3], [4, 4], [5, 5]]}}',
        "shares-without-size.json": json.dumps({"a.jpg": {"kps": [[x / 200, y / 160] for x, y in POINTS]}}),
        "booleans.json": '{"a.jpg": {"kps": [true, true, true, true, true, true, true, true, true, true]}}',
        "open-quote.csv": 'path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n"a.jpg,1,2,3,4,5,6,7,8,9,10\n',
        "huge-number.csv": "path,x99999999999999999999,y1,x2,y2,x3,y3,x4,y4,x5,y5,x1\na.jpg,1,2,3,4,5,6,7,8,9,10,11\n",
        "twice.txt": f"a.jpg {numbers}\n./a.jpg {numbers}\n",
        "name-and-number.txt": f"image 12 {numbers}\n",
        "header-alone.csv": "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n",
        "count-alone.txt": "202599\n",
    }


def main():
    folder = FIXTURES / "FaceImaging" / "landmarks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_bytes(text.encode())
    folder = FIXTURES / "Hostile" / "landmarks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in hostile().items():
        (folder / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
