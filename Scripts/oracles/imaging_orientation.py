"""Goldens of EXIF orientation: Fixtures/FaceImaging/orientation.

    python Scripts/oracles/imaging_orientation.py

Small JPEG and PNG files of every orientation, and files whose EXIF block is damaged or lies in an unusual place.
index.json has size and SHA-256 of the RGB bytes that OpenCV's imdecode makes of each: with IMREAD_COLOR, which applies the
orientation, and with IMREAD_IGNORE_ORIENTATION.
"""

import json
import struct

import cv2

from imaging import AS_STORED, FIXTURES, cv2_rgb, exif_bytes, jpeg, png, sha256
from imaging_pictures import chunk, picture


def ifd(entries, order="<", count=None, offset=8, magic=42):
    body = b"".join(entries)
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIH", magic, offset, len(entries) if count is None else count) + body + bytes(4)


def entry(orientation, order="<", kind=3, count=1):
    value = struct.pack(order + ("H2x" if kind == 3 else "I"), orientation)
    return struct.pack(order + "HHI", 0x0112, kind, count) + value


BLOCKS = {
    "orientation_0": ifd([entry(0)]),
    "orientation_9": ifd([entry(9)]),
    "long_6": ifd([entry(6, kind=4)]),
    "no_magic": ifd([entry(6)], magic=43),
    "far_directory": ifd([entry(6)], offset=1 << 20),
    "endless_directory": ifd([struct.pack("<HHII", 0x0100, 4, 1, 7)], count=65535),
    "cut": ifd([entry(6)])[:15],
    "empty": b"",
    "noise": bytes(range(200)),
}


def app1(data):
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def files():
    pixels, small = picture(20, 13, 21), picture(11, 6, 22)
    plain = jpeg(pixels, quality=80, subsampling=2)
    exif = b"Exif\0\0"
    found = {}
    for orientation in range(1, 9):
        order = "II" if orientation % 2 else "MM"
        found[f"png_{orientation}.png"] = png(small, 2, 8, False, [(b"eXIf", exif_bytes(orientation, order))])
    for name, block in BLOCKS.items():
        found[f"{name}.jpg"] = plain[:2] + app1(exif + block) + plain[2:]
        found[f"{name}.png"] = png(small, 2, 8, False, [(b"eXIf", block)])
    xmp = app1(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")
    found["after_xmp_8.jpg"] = plain[:2] + xmp + app1(exif + exif_bytes(8, "II")) + plain[2:]
    found["progressive_5.jpg"] = jpeg(pixels, quality=80, progressive=True, exif=exif + exif_bytes(5, "MM"))
    whole = png(small, 2, 8, False)
    found["after_pixels_3.png"] = whole[:-12] + chunk(b"eXIf", exif_bytes(3, "MM")) + whole[-12:]
    wrong = chunk(b"eXIf", exif_bytes(3, "MM"))
    found["wrong_checksum_3.png"] = whole[:33] + wrong[:-1] + bytes([wrong[-1] ^ 1]) + whole[33:]
    return found


def main():
    folder = FIXTURES / "orientation"
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, data in files().items():
        (folder / name).write_bytes(data)
        upright, stored = cv2_rgb(data, cv2.IMREAD_COLOR), cv2_rgb(data, AS_STORED)
        index.append({"file": name, "width": stored.shape[1], "height": stored.shape[0], "sha256": sha256(stored)})
        index[-1]["upright"] = {"width": upright.shape[1], "height": upright.shape[0], "sha256": sha256(upright)}
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    for line in index:
        print(line["file"], "turned" if line["sha256"] != line["upright"]["sha256"] else "as stored")


if __name__ == "__main__":
    main()
