"""Writes Fixtures/FaceImaging: pictures in many encodings with what OpenCV and Pillow decode from them, and faces
that scikit-image and OpenCV align.

    python imaging.py      (opencv-python-headless 5.0.0.93, Pillow 13.0.0, scikit-image 0.26.0, numpy 2.4.6)

decoding/index.json: for each file the size and SHA-256 of the RGB pixels that cv2.imdecode returns with
IMREAD_COLOR and without applying EXIF orientation, the same for the upright picture where the two differ, and
whether Pillow agrees. alignment/index.json: landmarks, similarity parameters, aligned faces.
"""

import hashlib
import io
import json
import struct
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps
from skimage import transform

from imaging_pictures import picture, png

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures" / "FaceImaging"
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def sha256(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def cv2_rgb(data, flags):
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)[:, :, ::-1]


def jpeg(pixels, mode=None, **options):
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(out, "JPEG", **options)
    return out.getvalue()


def exif_bytes(orientation, byte_order):
    """A TIFF structure whose orientation tag comes after another one."""
    o = ">" if byte_order == "MM" else "<"
    make = struct.pack(o + "HHI4s", 0x010F, 2, 4, b"abc\0")
    entry = struct.pack(o + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return byte_order.encode() + struct.pack(o + "HIH", 42, 8, 2) + make + entry + struct.pack(o + "I", 0)


def jpeg_files():
    small, odd, wide = picture(64, 48, 1), picture(61, 45, 2), picture(131, 37, 3)
    files = {}
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        for quality in (35, 75, 95):
            files[f"base_{name}_q{quality}.jpg"] = jpeg(odd, quality=quality, subsampling=sampling)
        files[f"progressive_{name}.jpg"] = jpeg(odd, quality=85, subsampling=sampling, progressive=True)
        files[f"restart_{name}.jpg"] = jpeg(wide, quality=80, subsampling=sampling, restart_marker_blocks=3)
        files[f"optimised_{name}.jpg"] = jpeg(wide, quality=80, subsampling=sampling, optimize=True)
    files["whole_mcus_420.jpg"] = jpeg(small, quality=90, subsampling=2)
    files["quality_100.jpg"] = jpeg(odd, quality=100, subsampling=0)
    files["quality_2.jpg"] = jpeg(odd, quality=2)
    files["440.jpg"] = cv2_jpeg(odd, 0x121111)
    files["411.jpg"] = cv2_jpeg(odd, 0x411111)
    files["grey.jpg"] = jpeg(odd, "L", quality=85)
    files["grey_progressive.jpg"] = jpeg(odd, "L", quality=85, progressive=True)
    files["rgb.jpg"] = jpeg(odd, quality=90, keep_rgb=True)
    files["cmyk.jpg"] = cmyk = jpeg(odd, "CMYK", quality=90)
    at = cmyk.index(b"Adobe")
    files["ycck.jpg"] = cmyk[: at + 11] + b"\x02" + cmyk[at + 12 :]
    files["tiny_1x1.jpg"] = jpeg(picture(1, 1, 4), quality=90)
    files["tiny_3x5.jpg"] = jpeg(picture(3, 5, 5), quality=90, subsampling=2)
    files["tiny_16x16.jpg"] = jpeg(picture(16, 16, 6), quality=90, subsampling=2)
    files["narrow_17x80.jpg"] = jpeg(picture(17, 80, 7), quality=90, subsampling=2)
    for orientation in range(1, 9):
        order = "MM" if orientation % 2 else "II"
        files[f"exif_{orientation}.jpg"] = jpeg(
            picture(24, 17, 8), quality=90, subsampling=2, exif=b"Exif\0\0" + exif_bytes(orientation, order)
        )
    return files


def cv2_jpeg(pixels, sampling):
    parameters = [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imencode(".jpg", pixels[:, :, ::-1], parameters)[1].tobytes()


def png_files():
    rgb = picture(29, 21, 9).astype(np.int64)
    grey, alpha = rgb[:, :, :1], np.rint(rgb[:, :, 1:2])
    deep = rgb * 257 - np.where(rgb > 3, 3 * rgb, 0)  # low bytes that differ from the high ones
    palette = (b"PLTE", picture(16, 16, 10).reshape(-1, 3).tobytes())
    transparency = (b"tRNS", bytes(range(255, -1, -1)))
    files = {}
    for interlaced in (False, True):
        end = "_interlaced.png" if interlaced else ".png"
        for depth in (1, 2, 4, 8):
            files[f"grey_{depth}{end}"] = png(grey >> (8 - depth), 0, depth, interlaced)
            few = (b"PLTE", palette[1][: 3 << depth])
            files[f"palette_{depth}{end}"] = png(grey >> (8 - depth), 3, depth, interlaced, [few])
        files["grey_16" + end] = png(deep[:, :, :1], 0, 16, interlaced)
        files["grey_alpha_8" + end] = png(np.concatenate([grey, alpha], -1), 4, 8, interlaced)
        files["grey_alpha_16" + end] = png(np.concatenate([deep[:, :, :1], alpha * 257], -1), 4, 16, interlaced)
        files["rgb_8" + end] = png(rgb, 2, 8, interlaced)
        files["rgb_16" + end] = png(deep, 2, 16, interlaced)
        files["rgb_alpha_8" + end] = png(np.concatenate([rgb, alpha], -1), 6, 8, interlaced)
        files["rgb_alpha_16" + end] = png(np.concatenate([deep, alpha * 257], -1), 6, 16, interlaced)
    files["palette_transparent.png"] = png(grey, 3, 8, False, [palette, transparency])
    files["rgb_transparent.png"] = png(rgb, 2, 8, False, [(b"tRNS", struct.pack(">HHH", *rgb[0, 0]))])
    files["gamma.png"] = png(rgb, 2, 8, False, [(b"gAMA", struct.pack(">I", 100000))])
    files["exif_6.png"] = png(rgb, 2, 8, False, [(b"eXIf", exif_bytes(6, "MM"))])
    return files


def write_decoding():
    folder = FIXTURES / "decoding"
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, data in {**jpeg_files(), **png_files()}.items():
        (folder / name).write_bytes(data)
        stored = cv2_rgb(data, AS_STORED)
        with Image.open(io.BytesIO(data)) as image:
            pillow = np.asarray(image.convert("RGB")) if image.mode in ("RGB", "L", "CMYK") else None
            upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        entry = {"file": name, "width": stored.shape[1], "height": stored.shape[0], "sha256": sha256(stored)}
        if pillow is not None:
            entry["pillowDifference"] = int(np.abs(pillow.astype(int) - stored).max())
        if "exif" in name:
            entry["upright"] = {
                "width": upright.shape[1],
                "height": upright.shape[0],
                "sha256": sha256(upright),
                "agrees": bool(np.array_equal(cv2_rgb(data, cv2.IMREAD_COLOR), upright)),
            }
        index.append(entry)
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def similarity(source, target):
    estimate = transform.SimilarityTransform()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert estimate.estimate(source, target)
    return estimate.params


def landmark_cases():
    rng = np.random.default_rng(11)
    for index in range(60):
        angle, scale = rng.uniform(-np.pi, np.pi), np.exp(rng.uniform(-2, 3))
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = TEMPLATE @ turn.T + rng.uniform(-500, 500, 2)
        points += rng.normal(0, scale * rng.choice([0, 1, 8]), points.shape)
        if index % 10 == 7:
            points[:, 1] = 2 * points[:, 0] - 5  # on a line
        if index % 10 == 8:
            points = points[[1, 0, 2, 4, 3]]  # left and right swapped: the best fit is no reflection
        if index % 10 == 9:
            points = np.round(points)
        yield points


def faces(folder):
    """Aligned faces, at ordinary and awkward places of two pictures: one like a photograph, one of noise."""
    rng = np.random.default_rng(12)
    pictures = {
        "picture": picture(180, 170, 14),
        "noise": np.random.default_rng(5).integers(0, 256, (120, 130, 3), np.uint8),
    }
    for name, pixels in pictures.items():
        # Stored as PNG so that decoding has no part in the comparison.
        Image.fromarray(pixels).save(folder / f"{name}.png", optimize=True)
    cases = [
        ("upright", "picture", 0.9, 0.05, 0, (112, 112)),
        ("turned", "picture", 1.2, -0.7, 0, (112, 112)),
        ("upside_down", "picture", 1.0, 3.0, 0, (112, 112)),
        ("enlarged", "picture", 0.45, 0.2, 20, (112, 112)),
        ("shrunk", "picture", 1.8, -0.1, 0, (112, 112)),
        ("cut_left", "picture", 1.1, 0.1, -60, (112, 112)),
        ("cut_right", "picture", 1.1, 0.1, 70, (112, 112)),
        ("narrow", "picture", 1.0, -0.15, 0, (96, 112)),
        ("large", "picture", 1.0, 0.3, 0, (224, 224)),
        ("noise", "noise", 0.8, 0.37, 0, (112, 112)),
    ]
    for name, source, scale, angle, shift, size in cases:
        pixels = pictures[source]
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = [pixels.shape[1] / 2 + shift, pixels.shape[0] / 2]
        points = (TEMPLATE - 56) @ turn.T + centre + rng.normal(0, 1.5, TEMPLATE.shape)
        ratio = size[1] / 112
        target = TEMPLATE * ratio + [size[0] / 2 - 56 * ratio, 0]
        matrix = similarity(points, target)[:2]
        face = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=0)
        Image.fromarray(face).save(folder / f"{name}_face.png", optimize=True)
        yield {
            "name": name,
            "picture": source,
            "width": size[0],
            "height": size[1],
            "landmarks": points.ravel().tolist(),
            "alignment": [matrix[0, 0], matrix[1, 0], matrix[0, 2], matrix[1, 2]],
        }


def resizes(folder):
    source = picture(90, 70, 13)
    Image.fromarray(source).save(folder / "resize_picture.png", optimize=True)
    for width, height in ((112, 112), (96, 112), (61, 50)):
        name = f"resize_{width}x{height}.png"
        # INTER_LINEAR approximates: 0.12 levels off on average.
        resized = cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR_EXACT)
        Image.fromarray(resized).save(folder / name, optimize=True)
        yield {"file": name, "width": width, "height": height}


def write_alignment():
    folder = FIXTURES / "alignment"
    folder.mkdir(parents=True, exist_ok=True)
    similarities = [
        {"landmarks": p.ravel().tolist(), "parameters": [m[0, 0], m[1, 0], m[0, 2], m[1, 2]]}
        for p in landmark_cases()
        for m in [similarity(p, TEMPLATE)]
    ]
    index = {"similarities": similarities, "faces": list(faces(folder)), "resizes": list(resizes(folder))}
    (folder / "index.json").write_text(json.dumps(index, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write_decoding()
    write_alignment()
