"""Pictures that the imaging oracles share, and a PNG writer for what no library writes."""

import struct
import zlib

import numpy as np


def picture(width, height, seed):
    """Soft blobs, stripes, a hard edge and a little noise: something in every frequency. uint8 RGB."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = []
    for _ in range(3):
        plane = 60 * np.sin(2 * np.pi * (rng.uniform(0.5, 3) * x + rng.uniform(0.5, 3) * y + rng.uniform()))
        for _ in range(5):
            cx, cy, size = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.3)
            plane += rng.uniform(-110, 110) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
        plane += 35 * np.sin(2 * np.pi * rng.uniform(10, 30) * (x * rng.uniform(-1, 1) + y)) * (x > 0.6)
        plane += np.where(x + 0.7 * y > rng.uniform(0.5, 1.2), 40, -20)
        planes.append(plane + rng.normal(0, 4, plane.shape) + 128)
    return np.clip(np.rint(np.stack(planes, -1)), 0, 255).astype(np.uint8)


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _filtered_rows(samples, depth, channels):
    """Rows with every filter type in turn; samples are [height, width, channels]."""
    height, width, _ = samples.shape
    flat = samples.reshape(height, -1)
    if depth == 16:
        rows = flat.astype(">u2").tobytes()
        row_bytes = width * channels * 2
        rows = np.frombuffer(rows, np.uint8).reshape(height, row_bytes)
    elif depth == 8:
        rows = flat.astype(np.uint8)
    else:
        bits = ((flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8).reshape(height, -1)
        rows = np.packbits(bits, axis=1)
    step = max(1, channels * depth // 8)
    out, before = b"", np.zeros(rows.shape[1], np.int64)
    for index, row in enumerate(rows.astype(np.int64)):
        left = np.concatenate([np.zeros(step, np.int64), row[:-step]]) if row.size > step else np.zeros_like(row)
        corner = np.concatenate([np.zeros(step, np.int64), before[:-step]]) if row.size > step else np.zeros_like(row)
        guess = left + before - corner
        distances = np.abs(np.stack([guess - left, guess - before, guess - corner]))
        paeth = np.choose(np.argmin(distances, 0), [left, before, corner])
        predictions = [0, left, before, (left + before) // 2, paeth]
        kind = index % 5
        out += bytes([kind]) + ((row - predictions[kind]) % 256).astype(np.uint8).tobytes()
        before = row
    return out


def png(samples, color_type, depth, interlaced=False, extra=()):
    """A PNG file. `extra` are (kind, data) chunks to stand between IHDR and IDAT."""
    height, width, channels = samples.shape
    assert channels == CHANNELS[color_type]
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(_filtered_rows(p, depth, channels) for p in parts if p.size)
    else:
        raw = _filtered_rows(samples, depth, channels)
    data = zlib.compress(raw, 9)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)
