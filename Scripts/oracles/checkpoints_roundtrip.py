"""Converts every network with `verifar checkpoint convert` and asks other programs whether the result is right.

Not a golden: a check to run by hand after a change to the readers or writers. PyTorch writes a state_dict (formula-filled,
wrapped and prefixed as training code does); verifar makes safetensors and ONNX of it, and each of the other; then
the safetensors package must find PyTorch's values bit for bit, onnx.checker must accept the ONNX file, and onnxruntime
must compute what PyTorch does. PyTorch's own two exports are converted too. With VERIFAR_REALFACES (or ../shared/realfaces)
the published MobileFaceNet goes the same way, against its original ONNX file.

    python Scripts/oracles/checkpoints_roundtrip.py .build/release/verifar [architecture …]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file

import networks

warnings.filterwarnings("ignore")
VERIFAR = sys.argv[1]
TOLERANCE = 5e-6  # of the embedding's norm: what another order of summation costs these networks
failures = []


def convert(source, target):
    done = subprocess.run([VERIFAR, "checkpoint", "convert", str(source), str(target)], capture_output=True, text=True)
    check(done.returncode == 0, f"{target.name}: {done.stderr.strip()}")
    return target


def check(passed, what):
    if not passed:
        failures.append(what)
        print("FAILED", what)


def run(path, faces):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name, batch = session.get_inputs()[0].name, session.get_inputs()[0].shape[0]
    if batch == 1:
        return np.concatenate([session.run(None, {name: faces[i : i + 1]})[0] for i in range(len(faces))])
    return session.run(None, {name: faces})[0]


def difference(found, expected):
    return np.abs(found - expected).max() / np.linalg.norm(expected, axis=1).min()


def check_network(path, faces, expected, label):
    onnx.checker.check_model(str(path), full_check=True)
    found = difference(run(path, faces), expected)
    print(f"  {label}: {found:.1e} of the norm")
    check(found <= TOLERANCE, f"{label}: {found}")


def architecture(name, folder):
    make, size, gain, _ = networks.ARCHITECTURES[name]
    module = networks.fill(make(), gain)
    faces = torch.from_numpy(networks.values("input", "signal", (2, 3, *size)))
    with torch.no_grad():
        expected = module(faces).numpy()
    state = module.state_dict()
    source = folder / "source.pth"
    torch.save({"epoch": 3, "state_dict": {"module." + k: v for k, v in state.items()}}, source)
    tensors = convert(source, folder / "a.safetensors")
    network = convert(source, folder / "a.onnx")
    again = convert(network, folder / "b.safetensors")
    print(name)
    found = load_file(tensors)
    needed = {k for k in state if not k.endswith("num_batches_tracked")}
    check(set(found) == needed and all(torch.equal(found[k], state[k]) for k in needed), f"{name}: values")
    check(tensors.read_bytes() == again.read_bytes(), f"{name}: by way of ONNX the safetensors file differs")
    check_network(network, faces.numpy(), expected, "as ONNX")
    for label, options in (("TorchScript export", dict(dynamo=False, opset_version=11)), ("torch.export", dict(dynamo=True, verbose=False))):
        try:
            torch.onnx.export(module, (faces[:1],), str(folder / "theirs.onnx"), **options)
        except Exception as error:  # onnxscript is not always there
            print(f"  {label}: not exported ({type(error).__name__})")
            continue
        check_network(convert(folder / "theirs.onnx", folder / "c.onnx"), faces.numpy(), expected, label + ", read and written")
        for file in folder.glob("theirs.onnx*"):
            file.unlink()


def published(folder):
    root = pathlib.Path(os.environ.get("VERIFAR_REALFACES", pathlib.Path(__file__).resolve().parents[2].parent / "shared/realfaces"))
    if not root.exists():
        print("published MobileFaceNet: skipped, not here")
        return
    original = root / "checkpoints" / "MobileFaceNet.onnx"
    faces = np.random.default_rng(0).normal(size=(4, 3, 112, 112)).astype("f4")
    expected = run(original, faces)
    print("published MobileFaceNet")
    tensors = convert(root / "checkpoints" / "mobilefacenet.pt", folder / "p.safetensors")
    state = torch.load(root / "checkpoints" / "mobilefacenet.pt", map_location="cpu")
    found = load_file(tensors)
    check(all(torch.equal(found[k], state[k]) for k in found) and len(found) == 256, "published: values")
    check_network(convert(tensors, folder / "p.onnx"), faces, expected, "state_dict, safetensors, ONNX")
    check_network(convert(original, folder / "q.onnx"), faces, expected, "ONNX, read and written")


with tempfile.TemporaryDirectory() as temporary:
    for name in sys.argv[2:] or networks.ARCHITECTURES:
        architecture(name, pathlib.Path(temporary))
    published(pathlib.Path(temporary))
print(f"{len(failures)} failed" if failures else "all agree")
sys.exit(bool(failures))
