"""Writes Fixtures/TrainingData: small RecordIO and CIFAR-100 files and what they hold; colour and resize goldens (Pillow).

    python training_data.py

RecordIO is written here byte by byte with `struct`, from the format's description in dmlc-core
(`include/dmlc/recordio.h`) and MXNet (`python/mxnet/recordio.py`, `IRHeader`): magic, length word with a continuation
flag in the upper three bits, payload padded to four bytes; a payload that holds the magic at a multiple of four is split
there, without it.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "TrainingData"
MAGIC = struct.pack("<I", 0xCED7230A)
SIDE = 12


def pixels(number, height=SIDE, width=SIDE):
    """A smooth picture that differs from number to number."""
    rows, columns, channels = np.mgrid[0:height, 0:width, 0:3]
    values = 128 + 90 * np.sin(0.4 * rows + 0.9 * number + channels) * np.cos(0.3 * columns - 0.5 * number * channels)
    return values.clip(0, 255).astype(np.uint8)


def png(array, note=b""):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    data = buffer.getvalue()
    if note:  # a private ancillary chunk behind IHDR
        body = b"prVt" + note
        data = data[:33] + struct.pack(">I", len(note)) + body + struct.pack(">I", zlib.crc32(body)) + data[33:]
    return data


def jpeg(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def part(flag, data):
    return MAGIC + struct.pack("<I", flag << 29 | len(data)) + data + bytes(-len(data) % 4)


def record(payload):
    pieces, start = [], 0
    for place in range(0, len(payload) - 3, 4):
        if payload[place : place + 4] == MAGIC and place >= start:
            pieces.append(payload[start:place])
            start = place + 4
    pieces.append(payload[start:])
    if len(pieces) == 1:
        return part(0, payload)
    flags = [1] + [2] * (len(pieces) - 2) + [3]
    return b"".join(part(flag, piece) for flag, piece in zip(flags, pieces))


def payload(label, image=b"", identifier=0):
    """A number: flag 0 and the label in the header; a list: that many floats behind it."""
    if isinstance(label, list):
        return struct.pack("<IfQQ", len(label), 0.0, identifier, 0) + struct.pack(f"<{len(label)}f", *label) + image
    return struct.pack("<IfQQ", 0, label, identifier, 0) + image


def write_records(name, records, properties=None):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    data, index = b"", ""
    for key, content in records:
        index += f"{key}\t{len(data)}\n"
        data += record(content)
    (folder / "train.rec").write_bytes(data)
    (folder / "train.idx").write_text(index)
    if properties:
        (folder / "property").write_text(properties)


def write_expected(name, samples):
    """samples: (key, label, encoded image)."""
    (FOLDER / name / "expected.json").write_text(
        json.dumps([{"key": key, "label": label} for key, label, _ in samples]) + "\n"
    )
    (FOLDER / name / "expected.rgb").write_bytes(b"".join(decoded(image).tobytes() for _, _, image in samples))


def insightface():
    """Record 0: [first identity record, end]; images from 1; one record per identity: [first image, end]."""
    sizes, labels = [3, 2, 4], [1, 0, 2]  # identity records need not be in the order of labels
    note = b"xyz" + MAGIC + MAGIC + b"four" + MAGIC  # at a multiple of four in the payload
    images, ranges, key = [], [], 1
    for label, size in zip(labels, sizes):
        ranges.append([float(key), float(key + size)])
        for _ in range(size):
            image = jpeg(pixels(key)) if key % 3 == 2 else png(pixels(key), note if key in (1, 6) else b"")
            images.append((key, label, image))
            key += 1
    records = [(0, payload([float(key), float(key + len(sizes))]))]
    for number, (place, label, image) in enumerate(images):
        stored = [float(label), 1.0] if number % 2 else float(label)
        identifier = 0x12345678CED7230A if place == 4 else place  # the magic inside a header
        records.append((place, payload(stored, image, identifier)))
    records += [(key + place, payload(bounds)) for place, bounds in enumerate(ranges)]
    write_records("insightface", records, f"3,{SIDE},{SIDE}\n")
    write_expected("insightface", images)


def im2rec():
    """Every key an image; keys need neither begin at 0 nor be in order."""
    keys, labels = [0, 7, 3, 12, 5], [2, 0, 1, 2, 0]
    images = [(key, label, png(pixels(20 + key))) for key, label in zip(keys, labels)]
    records = [(k, payload([float(y)] if k == 3 else float(y), image, k)) for k, y, image in images]
    write_records("im2rec", records)
    write_expected("im2rec", images)


def cifar():
    folder = FOLDER / "cifar100"
    folder.mkdir(parents=True, exist_ok=True)
    data, expected, labels = b"", b"", []
    for number, (coarse, fine) in enumerate([(0, 3), (19, 99), (7, 0), (4, 41)]):
        image = pixels(40 + number, 32, 32)
        data += bytes([coarse, fine]) + image.transpose(2, 0, 1).tobytes()
        expected += image.tobytes()
        labels.append({"key": number, "label": fine})
    (folder / "train.bin").write_bytes(data)
    (folder / "expected.json").write_text(json.dumps(labels) + "\n")
    (folder / "expected.rgb").write_bytes(expected)


def colours():
    """Pillow's ImageEnhance with torchvision's names."""
    folder = FOLDER / "colour"
    folder.mkdir(parents=True, exist_ok=True)
    source = np.random.default_rng(5).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    changes = {"brightness": ImageEnhance.Brightness, "contrast": ImageEnhance.Contrast, "saturation": ImageEnhance.Color}
    cases, data = [], source.tobytes()
    for name, enhance in changes.items():
        for factor in [0.0, 0.3, 0.77, 1.0, 1.2, 1.9]:
            cases.append({"change": name, "factor": factor})
            data += np.asarray(enhance(Image.fromarray(source)).enhance(factor)).tobytes()
    (folder / "cases.json").write_text(json.dumps(cases) + "\n")
    (folder / "pictures.rgb").write_bytes(data)


def resizing():
    """torchvision's Resize(shorter side) and CenterCrop on Pillow pictures, written out with Pillow alone."""
    folder = FOLDER / "resizing"
    folder.mkdir(parents=True, exist_ok=True)
    cases, data = [], b""
    for number, (width, height, side, crop) in enumerate(
        [(40, 30, 16, (12, 10)), (31, 53, 20, (20, 20)), (17, 19, 32, (28, 24)), (64, 48, 24, (32, 24)), (25, 25, 25, (25, 25))]
    ):
        noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
        source = ((noise.astype(int) + pixels(number, height, width)) // 2).astype(np.uint8)
        Image.fromarray(source).save(folder / f"{number}.png")
        new = (side, side * height // width) if width <= height else (side * width // height, side)
        resized = Image.fromarray(source).resize(new, Image.BILINEAR)
        left, top = round((new[0] - crop[0]) / 2.0), round((new[1] - crop[1]) / 2.0)
        data += np.asarray(resized.crop((left, top, left + crop[0], top + crop[1]))).tobytes()
        cases.append({"file": f"{number}.png", "shorterSide": side, "width": crop[0], "height": crop[1]})
    (folder / "cases.json").write_text(json.dumps(cases) + "\n")
    (folder / "expected.rgb").write_bytes(data)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    insightface()
    im2rec()
    cifar()
    colours()
    resizing()
