"""Small .npy files written by NumPy, and what they hold: Fixtures/ArtifactFiles/*.npy and npy.json.

Made with NumPy 2.4.6. Run from anywhere: python3 Scripts/oracles/npy_files.py
"""

import json
import pathlib

import numpy as np
from numpy.lib import format as npy

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "ArtifactFiles"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    contents = []

    def add(name, array, version=None):
        with open(FOLDER / f"{name}.npy", "wb") as file:
            npy.write_array(file, array, version=version)
        contents.append({
            "name": name,
            "type": array.dtype.str[1:],
            "shape": list(array.shape),
            "values": [float(value) for value in array.ravel()],
        })

    floats = np.array([[0, -0.0, 1.5], [-2.25, 1e-7, 65504]])
    # Smallest subnormal, largest subnormal, infinities: the half-precision cases that conversions get wrong.
    add("half", np.array([0x0001, 0x03FF, 0x0400, 0x7BFF, 0x3C01, 0x8001], dtype=np.uint16).view(np.float16))
    add("single", floats.astype(np.float32))
    add("double", floats)
    for bits in (8, 16, 32, 64):
        signed = np.iinfo(f"i{bits // 8}")
        largest = min(signed.max, 2**53)
        add(f"int{bits}", np.array([signed.min if bits < 64 else -(2**53), -1, 0, largest], dtype=f"<i{bits // 8}"))
        unsigned = np.iinfo(f"u{bits // 8}")
        add(f"uint{bits}", np.array([[0], [1], [min(unsigned.max, 2**53)]], dtype=f"<u{bits // 8}"))
    add("bool", np.array([True, False, True]))
    add("scalar", np.array(7, dtype=np.float32))
    add("empty", np.zeros((0, 512), dtype=np.float32))
    add("version2", floats.astype(np.float32), version=(2, 0))
    add("version3", floats.astype(np.float32), version=(3, 0))
    add("three_axes", np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    add("fortran_vector", np.asfortranarray(np.arange(5, dtype=np.float32)))
    (FOLDER / "npy.json").write_text(json.dumps(contents) + "\n")

    # What is refused.
    np.save(FOLDER / "refused_fortran.npy", np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
    np.save(FOLDER / "big_endian.npy", np.arange(4, dtype=">f4"))
    np.save(FOLDER / "refused_complex.npy", np.arange(4, dtype=np.complex64))
    np.save(FOLDER / "refused_object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(FOLDER / "refused_structure.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
    np.save(FOLDER / "refused_text.npy", np.array(["a", "bc"]))


if __name__ == "__main__":
    main()
