"""Writes Fixtures/Backbones: embeddings, taps, counts and digests of every architecture in networks.py, from PyTorch.

    python networks_goldens.py [architecture ...]
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import torch

import networks

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "Backbones"
FACES = 2


def pretty(value):
    """JSON with innermost arrays of numbers on one line."""
    text = json.dumps(value, indent=1)
    return re.sub(r"\[[-+0-9.eE,\s]*\]", lambda m: "[" + ", ".join(m[0][1:-1].replace(",", " ").split()) + "]", text)


def tensor_lines(module):
    return "".join(f"{name} {'x'.join(map(str, t.shape))}\n" for name, _, t in networks.parameters(module))


def weights_digest(module):
    digest = hashlib.sha256()
    for _, _, tensor in networks.parameters(module):
        digest.update(tensor.numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def tap_values(output):
    """Values at the corners, the middle and a few more places of a [faces, channels, height, width] (or [faces, n]) tensor."""
    shape = np.array(output.shape)
    places = {tuple(((shape - 1) * np.array(part) // 6).tolist()) for part in
              (np.zeros(len(shape), int), np.full(len(shape), 6), np.full(len(shape), 3), [0, 1, 2, 3][: len(shape)],
               [6, 5, 4, 2][: len(shape)], [0, 6, 0, 6][: len(shape)])}  # fmt: skip
    return [{"index": list(p), "value": float(np.float32(output[p].item()))} for p in sorted(places)]


def tap(name, output):
    numbers = {"mean": output.mean().item(), "standardDeviation": output.std(correction=0).item()}
    return {"module": name, "shape": list(output.shape), **numbers, "values": tap_values(output)}


def run(module, image, taps):
    outputs, modules = {}, dict(module.named_modules())
    for name in taps:
        modules[name].register_forward_hook(lambda _, __, output, name=name: outputs.update({name: output.clone()}))
    with torch.no_grad():
        return module(image), outputs


def write(name):
    make, (height, width), gain, taps = networks.ARCHITECTURES[name]
    module = networks.fill(make(), gain)
    shape = (FACES, 3, height, width)
    image = torch.from_numpy(networks.values("input", "signal", shape))
    tensors = networks.parameters(module)
    macs, digest = networks.multiply_accumulates(module, image[:1]), weights_digest(module)
    single, _ = run(module, image, [])
    double, outputs = run(module.double(), image.double(), taps)
    embeddings = double.numpy().astype("<f4")
    np.save(FOLDER / f"{name}.npy", embeddings)
    listed = "".join(tensor_lines(module))
    samples = {n: t.flatten()[:3].float().tolist() for n, _, t in tensors[:6] + tensors[-6:]}
    golden = {
        "architecture": name,
        "gain": gain,
        "input": {"name": "input", "shape": list(shape)},
        "embeddings": {"file": f"{name}.npy", "shape": list(embeddings.shape)},
        "embeddingNorms": double.norm(dim=1).tolist(),
        "float32DifferenceToNorm": ((single - double).abs().amax(dim=1) / double.norm(dim=1)).max().item(),
        "parameterCount": sum(p.numel() for p in module.parameters()),
        "runningStatisticCount": sum(t.numel() for n, _, t in tensors if ".running_" in n),
        "multiplyAccumulates": macs,
        "tensorCount": len(tensors),
        "tensorListDigest": hashlib.sha256(listed.encode()).hexdigest(),
        "weightsDigest": digest,
        "firstValues": samples,
        "taps": [tap(t, outputs[t]) for t in taps],
    }
    text = pretty(golden)
    if len(tensors) < 500:
        rows = ",\n".join(f"  {json.dumps([n, k, list(t.shape)])}" for n, k, t in tensors)
        text = text[:-2] + ',\n "tensors": [\n' + rows + "\n ]\n}"
    (FOLDER / f"{name}.json").write_text(text + "\n")
    print(name, golden["parameterCount"], macs, golden["float32DifferenceToNorm"], len(tensors), flush=True)


def write_formula():
    names = ["input", "conv1.weight", "layers.0.layers.0.weight", "é"]
    kinds = ["weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "prelu.weight", "bias", "signal"]
    cases = [{"name": n, "fnv1a64": f"{networks.fnv1a64(n):016x}", "uniforms": networks.uniforms(n, 4).tolist()} for n in names]
    rows = [{"name": "x", "kind": k, "gain": 0.8125, "shape": [2, 3, 1, 1],
             "values": networks.values("x", k, (2, 3, 1, 1), 0.8125).flatten().tolist()} for k in kinds]  # fmt: skip
    (FOLDER / "formula.json").write_text(pretty({"generator": cases, "values": rows}) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(2)
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_formula()
    for architecture in sys.argv[1:] or networks.ARCHITECTURES:
        write(architecture)
