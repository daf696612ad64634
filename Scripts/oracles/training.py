"""Writes Fixtures/NeuralCompute/training: ten steps of PyTorch on small networks.

    python training.py

A network with formula-made parameters (networks.py) and a fixed classifier behind its embedding is trained in float64 by SGD
with momentum and weight decay on one batch. Kept: the loss of every step, every parameter's gradient of the first step,
parameters and statistics after the last, embeddings in evaluation mode, and the gradients of a frozen (evaluation) pass.
Tensors lie one behind the other in state_dict order; of a long one every `step`-th number is kept. The same training in
float32 must stay within 1e-4: a network that forgets its rounding errors is no use as a golden.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import networks
from networks import insight_block, insight_depthwise, insight_residual, named

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "NeuralCompute" / "training"
FACES, CLASSES, EMBEDDING, STEPS = 16, 4, 12, 10
RATE, MOMENTUM, DECAY = 0.01, 0.9, 5e-4


def width(channels):
    """The backbones' channel counts at a width multiplier of 1/8."""
    return max(8, round(channels / 8 / 8) * 8)


def small_mbf(rows, columns):
    stem, wide, inner = width(128), width(256), [width(n) for n in (128, 128, 256, 256, 512, 256)]
    last = width(512)
    stages = nn.Sequential(
        insight_block(3, stem, 3, 2, 1),
        insight_block(stem, stem, 3, 1, 1, groups=width(64)),
        insight_depthwise(stem, stem, 2, inner[0]),
        insight_residual(stem, 4, inner[1]),
        insight_depthwise(stem, wide, 2, inner[2]),
        insight_residual(wide, 6, inner[3]),
        insight_depthwise(wide, wide, 2, inner[4]),
        insight_residual(wide, 2, inner[5]),
    )
    head = nn.Sequential(
        insight_block(last, last, (rows // 16, columns // 16), groups=last, prelu=False),
        nn.Flatten(),
        nn.Linear(last * 1, EMBEDDING, bias=False),
        nn.BatchNorm1d(EMBEDDING),
    )
    return named(layers=stages, conv_sep=insight_block(wide, last), features=named(layers=head))


def small_r18(rows, columns):
    def stage(inputs, outputs):
        return nn.Sequential(networks.IResNetBlock(inputs, outputs, 2), networks.IResNetBlock(outputs, outputs, 1))

    channels = [width(64), width(128), width(256), width(512)]
    module = named(
        conv1=networks.conv(3, channels[0], 3, 1, 1),
        bn1=nn.BatchNorm2d(channels[0]),
        prelu=nn.PReLU(channels[0]),
        layer1=stage(channels[0], channels[0]),
        layer2=stage(channels[0], channels[1]),
        layer3=stage(channels[1], channels[2]),
        layer4=stage(channels[2], channels[3]),
        bn2=nn.BatchNorm2d(channels[3]),
        flatten=nn.Flatten(),
        fc=nn.Linear(channels[3] * (rows // 16) * (columns // 16), EMBEDDING),
        features=nn.BatchNorm1d(EMBEDDING),
    )
    module.features.weight.requires_grad_(False)
    return module


def step(count):
    return 2 * (count // 256) + 1


def flat(tensors):
    return np.concatenate([t.detach().numpy().astype("<f4").ravel()[:: step(t.numel())] for t in tensors])


def train(make, rows, columns, kind):
    module = networks.fill(make(rows, columns), 1.0).to(kind)
    shape = (FACES, 3, rows, columns)
    faces = torch.from_numpy(networks.values("faces", "signal", shape)).to(kind)
    centres = torch.from_numpy(networks.values("centres", "signal", (CLASSES, EMBEDDING))).to(kind)
    labels = torch.arange(FACES) % CLASSES
    parameters = [(n, p) for n, p in module.named_parameters() if p.requires_grad]

    def gradients():
        module.zero_grad(set_to_none=True)
        loss = F.cross_entropy(module(faces) @ centres.T, labels)
        loss.backward()
        return loss.item(), flat([p.grad for _, p in parameters])

    module.eval()
    _, frozen = gradients()
    optimizer = torch.optim.SGD([p for _, p in parameters], RATE, momentum=MOMENTUM, weight_decay=DECAY)
    module.train()
    losses, first = [], None
    for _ in range(STEPS):
        loss, gradient = gradients()
        losses.append(loss)
        first = gradient if first is None else first
        optimizer.step()
    state = [(n, t) for n, t in module.state_dict().items() if not n.endswith("num_batches_tracked")]
    module.eval()
    golden = {
        "torch": torch.__version__, "faces": list(shape), "classes": CLASSES, "embedding": EMBEDDING,
        "rate": RATE, "momentum": MOMENTUM, "decay": DECAY, "losses": losses,
        "trained": [{"name": n, "count": p.numel(), "step": step(p.numel())} for n, p in parameters],
        "state": [{"name": n, "count": t.numel(), "step": step(t.numel())} for n, t in state],
    }  # fmt: skip
    return golden, [first, frozen, flat([t for _, t in state]), flat([module(faces)])]


def write(name, make, rows, columns):
    golden, numbers = train(make, rows, columns, torch.float64)
    _, single = train(make, rows, columns, torch.float32)
    worst = [float(np.abs(a - b).max() / np.sqrt(np.mean(a * a))) for a, b in zip(numbers, single)]
    print(name, golden["losses"][0], golden["losses"][-1], worst)
    assert max(worst) < 1e-4
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.save(FOLDER / f"{name}.npy", np.concatenate(numbers))
    (FOLDER / f"{name}.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    write("mbf", small_mbf, 32, 16)
    write("r18", small_r18, 16, 32)
