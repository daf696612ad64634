"""What the checkpoint oracles share: a tiny network, descriptions of tensors, one index per folder."""

import hashlib
import json
import math
import re
from pathlib import Path

import torch
from torch import nn

import networks

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures" / "Checkpoints"
LARGEST_FILE = 60_000


def tensor(name, *shape, kind="signal", dtype=torch.float32):
    return torch.from_numpy(networks.values(name, kind, shape)).to(dtype)


def tiny_network():
    """Convolution, BN, PReLU, linear: 3 x 6 x 6 -> 4."""
    layers = {"conv1": nn.Conv2d(3, 4, 3, 2, 1, bias=False), "bn1": nn.BatchNorm2d(4), "prelu": nn.PReLU(4)}
    return networks.fill(networks.named(**layers, flatten=nn.Flatten(), fc=nn.Linear(36, 4)), 1.0)


def number(value):
    value = float(value)
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def description(t):
    """dtype and shape, then the contents as float32: the first values, the sum in float64, SHA-256 of the
    little-endian row-major bytes."""
    dense = t.detach().cpu().to(torch.float32).contiguous()
    return {
        "dtype": str(t.dtype).removeprefix("torch."),
        "shape": list(t.shape),
        "first": [number(v) for v in dense.flatten()[:4]],
        "sum": number(dense.double().sum()),
        "sha256": hashlib.sha256(dense.numpy().astype("<f4").tobytes()).hexdigest(),
    }


def descriptions(tensors):
    return {name: description(t) for name, t in tensors.items() if isinstance(t, torch.Tensor)}


def one_line(error):
    text = re.sub(r"\x1b\[[0-9;]*m|0x[0-9a-f]{6,}", "", str(error)).replace(str(FIXTURES), "…").strip()
    return f"{type(error).__name__}: {' '.join(text.split())}"[:200]


class Index:
    """The entries of one folder; `write` checks sizes and that nothing else lies there."""

    def __init__(self, folder, **made_with):
        self.folder, self.made_with, self.entries = FIXTURES / folder, made_with, []
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / name

    def add(self, file, expect, **fields):
        assert expect in ("tensors", "output", "refused", "either"), expect
        assert all(e["file"] != file for e in self.entries), file
        self.entries.append({"file": file, "expect": expect, **fields})

    def write(self):
        present = {p.name for p in self.folder.iterdir()} - {"index.json", "outputs.npy"}
        listed = {e["file"] for e in self.entries} | {f for e in self.entries for f in e.get("besides", [])}
        assert listed == present, (listed ^ present, "left over or missing")
        for name in present:
            assert self.path(name).stat().st_size <= LARGEST_FILE, (name, self.path(name).stat().st_size)
        rows = ",\n".join("  " + json.dumps(e, allow_nan=False, ensure_ascii=False) for e in self.entries)
        heading = json.dumps({"made_with": self.made_with})[1:-1]
        (self.folder / "index.json").write_text("{" + heading + ', "files": [\n' + rows + "\n]}\n")
        total = sum(p.stat().st_size for p in self.folder.iterdir())
        print(self.folder.name, len(self.entries), "files", total, "bytes")
