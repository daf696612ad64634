"""xoshiro256** and SplitMix64 written from their paper and reference C code: Fixtures/SeededRandom/streams.json.

Run from anywhere: python3 Scripts/oracles/seeded_random.py
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "SeededRandom"
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def finalize(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def splitmix(x):
    while True:
        x = (x + GOLDEN) & MASK
        yield finalize(x)


def xoshiro(s):
    s = list(s)
    rotl = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
    while True:
        yield (rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)


def take(generator, count):
    return [next(generator) for _ in range(count)]


def main():
    # From the tests of Rust's rand_xoshiro, which took them from the reference C code.
    assert take(xoshiro([1, 2, 3, 4]), 4) == [11520, 0, 1509978240, 1215971899390074240]
    streams = []
    for seed, stream in [(0, 0), (1, 0), (0, 1), (42, 7), (MASK, MASK), (20261120, 999)]:
        state = take(splitmix(seed ^ finalize((stream + GOLDEN) & MASK)), 4)
        streams.append({"seed": str(seed), "stream": str(stream), "numbers": [str(n) for n in take(xoshiro(state), 12)]})
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "streams.json").write_text(json.dumps(streams) + "\n")


if __name__ == "__main__":
    main()
