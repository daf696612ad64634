"""Score lists as NumPy writes them, for Tests/ReportingTests/ComparisonScoresTests: python score_lists.py OUTPUT."""

import sys

import numpy as np

folder = sys.argv[1]
scores = np.array([0.5, -np.inf, 0.125, -2])
labels = np.array([1, 0, 0, 1], dtype=np.int64)

np.savez(f"{folder}/lists.npz", labels=labels, scores=scores.astype("<f4"))
np.savez(f"{folder}/named.npz", cosine=scores, same=labels.astype(bool))
np.savez_compressed(f"{folder}/compressed.npz", scores=scores, labels=labels)
np.save(f"{folder}/big-endian-scores.npy", scores.astype(">f4"))
np.save(f"{folder}/big-endian-labels.npy", labels.astype(">i2"))
np.save(f"{folder}/column-scores.npy", scores[:, None])
np.save(f"{folder}/column-labels.npy", np.where(labels == 1, 1, -1)[:, None])
# Fortran order is what a column of a transposed matrix says of itself.
header = np.lib.format
for name, array in [("scores", scores), ("labels", labels.astype("|u1"))]:
    with open(f"{folder}/fortran-{name}.npy", "wb") as file:
        data = {"descr": array.dtype.str, "fortran_order": True, "shape": (4, 1)}
        header.write_array_header_1_0(file, data)
        file.write(array.tobytes())
