"""Times the forward pass of PyTorch, onnxruntime and OpenVINO on 112 x 112 faces; one JSON line per setting, then the best.

    python forward.py [--models mbf iresnet50] [--peers torch onnxruntime openvino] [--precisions fp32 bf16]
                      [--batches 1 4 16 32] [--seconds 3] [--runs 5]

`streams` is how many requests run side by side. Weights are those of Fixtures/Backbones, so activations are ordinary numbers (denormals would be slow). `cosine` is the least cosine between the
peer's embeddings of two faces and PyTorch's in fp32.
"""

import timing  # first

import argparse
import itertools
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

import networks

warnings.filterwarnings("ignore")


def faces(batch):
    return networks.values("input", "signal", (2, 3, 112, 112))[np.arange(batch) % 2]


class Reference:
    def __init__(self, name, folder):
        make, _, gain, _ = networks.ARCHITECTURES[name]
        self.name, self.network, self.path = name, networks.fill(make(), gain), Path(folder) / f"{name}.onnx"
        with torch.no_grad():
            self.embeddings = self.network(torch.from_numpy(faces(2))).numpy()

    def onnx(self):
        if not self.path.exists():
            axes = {"dynamic_axes": {"data": {0: "batch"}}, "input_names": ["data"], "dynamo": False, "opset_version": 17}
            torch.onnx.export(self.network, (torch.zeros(1, 3, 112, 112),), str(self.path), **axes)
        return str(self.path)

    def cosine(self, embeddings):
        a, b = self.embeddings[: len(embeddings)], np.asarray(embeddings, np.float32)
        a = a[: len(b)]
        return round(float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min()), 6)


def time_torch(reference, precision, batch, seconds, runs):
    torch.set_num_threads(timing.THREADS)
    for layout in ("contiguous", "channels_last"):
        form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        make, _, gain, _ = networks.ARCHITECTURES[reference.name]
        network = networks.fill(make(), gain).to(kind).to(memory_format=form)
        image = torch.from_numpy(faces(batch)).to(kind).contiguous(memory_format=form)
        with torch.inference_mode():
            cosine = reference.cosine(network(image)[:2].float().numpy())
            measured = timing.rates(lambda: network(image), batch, seconds, runs)
        yield measured, {"layout": layout, "streams": 1, "cosine": cosine}


def time_onnxruntime(reference, precision, batch, seconds, runs):
    if precision != "fp32":
        return
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = timing.THREADS, 1
    session = onnxruntime.InferenceSession(reference.onnx(), options, providers=["CPUExecutionProvider"])
    feed = {"data": faces(batch)}
    cosine = reference.cosine(session.run(None, feed)[0][:2])
    measured = timing.rates(lambda: session.run(None, feed), batch, seconds, runs)
    yield measured, {"streams": 1, "cosine": cosine}


def time_openvino(reference, precision, batch, seconds, runs):
    import openvino

    core = openvino.Core()
    streams = timing.THREADS
    model = core.read_model(reference.onnx())
    model.reshape([batch, 3, 112, 112])
    settings = {
        "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": timing.THREADS,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    }  # fmt: skip
    compiled = core.compile_model(model, "CPU", settings)
    used = str(compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name())
    image = faces(batch)
    cosine = reference.cosine(compiled(image)[0][:2])
    queue = openvino.AsyncInferQueue(compiled, 2 * streams)
    for request in queue:
        request.set_input_tensor(openvino.Tensor(image))
    measured = timing.rates(queue.start_async, batch, seconds, runs, queue.wait_all)
    yield measured, {"streams": streams, "precision_used": used, "cosine": cosine}


PEERS = {"torch": time_torch, "onnxruntime": time_onnxruntime, "openvino": time_openvino}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["mbf", "iresnet50"], choices=list(networks.ARCHITECTURES))
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"], choices=["fp32", "bf16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 4, 16, 32])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for model in asked.models:
            reference = Reference(model, folder)
            for peer, precision, batch in itertools.product(asked.peers, asked.precisions, asked.batches):
                for runs, fields in PEERS[peer](reference, precision, batch, asked.seconds, asked.runs):
                    lines.append(timing.report(runs, peer=peer, model=model, precision=precision, batch=batch, **fields))
    best = {}
    for line in lines:
        key = (line["peer"], line["model"], line["precision"])
        if key not in best or line["images_per_second"] > best[key]["images_per_second"]:
            best[key] = line
    for line in best.values():
        print(json.dumps({"best": True} | line))


if __name__ == "__main__":
    main()
