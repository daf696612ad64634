"""Decoding and aligning faces with OpenCV and scikit-image on one core: microseconds per face, median of rounds.

    decode_align.py FOLDER [ROUNDS]

FOLDER holds `loose_crop/` and `meta/*_name_5pts_score.txt` (the IJB-C layout). The steps are those of InsightFace's
IJB-C script: imdecode, SimilarityTransform.estimate, warpAffine with border 0, BGR to RGB. Times are CPU time of the
thread. Measured with opencv-python-headless 5.0.0.93, scikit-image 0.26.0, numpy 2.4.6, Python 3.11.
"""

import glob
import sys
import time
import warnings

import cv2
import numpy as np
from skimage import transform

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)


def align(picture, landmarks):
    similarity = transform.SimilarityTransform()
    similarity.estimate(landmarks, TEMPLATE)
    face = cv2.warpAffine(picture, similarity.params[0:2, :], (112, 112), borderValue=0.0)
    return cv2.cvtColor(face, cv2.COLOR_BGR2RGB)


def report(name, samples, rounds, work):
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        for sample in samples:
            work(sample)
        times.append((time.thread_time() - start) / len(samples))
    median = sorted(times)[rounds // 2]
    print(f"{name} {median * 1e6:.1f} us/face, {1 / median:.0f} faces/s")


def main():
    folder, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")  # scikit-image's notice that `estimate` has a successor, as fast
    samples = []
    for line in open(glob.glob(f"{folder}/meta/*_name_5pts_score.txt")[0]):
        fields = line.split()
        path = f"{folder}/loose_crop/{fields[0]}"
        landmarks = np.array([float(v) for v in fields[1:11]], dtype=np.float32).reshape(5, 2)
        samples.append((path, np.fromfile(path, np.uint8), landmarks))
    report("decode_all", samples, rounds, lambda s: cv2.imdecode(s[1], cv2.IMREAD_COLOR))
    report("decode_align", samples, rounds, lambda s: align(cv2.imdecode(s[1], cv2.IMREAD_COLOR), s[2]))
    report("read_decode_align", samples, rounds, lambda s: align(cv2.imread(s[0]), s[2]))


if __name__ == "__main__":
    main()
