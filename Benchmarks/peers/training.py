"""Times PyTorch's training step: a network, ArcFace over 1,000 identities, SGD with momentum and weight decay.

    python training.py [--model mbf] [--teacher iresnet50] [--batches 32 128] [--layouts contiguous channels_last]
                       [--seconds 10] [--runs 3]

With a teacher the step also runs it on the same faces and adds the squared distance of the normalised embeddings. Each
setting runs in a process of its own, so that `peak_megabytes` is that setting's.
"""

import timing  # first

import argparse
import itertools
import math
import subprocess
import sys

import torch
import torch.nn.functional as F
from torch import nn

import networks

IDENTITIES, SCALE, MARGIN = 1_000, 64.0, 0.5


def arcface(embeddings, centres, labels):
    """s cos(theta + m) for the own identity, s cos(theta) for the others (Deng et al. 2019, equation 3)."""
    cosine = F.linear(F.normalize(embeddings), F.normalize(centres))
    own = cosine.gather(1, labels[:, None]).clamp(-1 + 1e-7, 1 - 1e-7)
    moved = own * math.cos(MARGIN) - (1 - own * own).sqrt() * math.sin(MARGIN)
    return F.cross_entropy(SCALE * cosine.scatter(1, labels[:, None], moved), labels)


def measure(asked):
    torch.manual_seed(1)
    torch.set_num_threads(timing.THREADS)
    layout = asked.layouts[0]
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    network = networks.ARCHITECTURES[asked.model][0]().to(memory_format=form).train()
    teacher = networks.ARCHITECTURES[asked.teacher][0]().to(memory_format=form).eval() if asked.teacher else None
    batch = asked.batches[0]
    images = torch.rand(batch, 3, 112, 112).mul(2).sub(1).contiguous(memory_format=form)
    labels = torch.randint(IDENTITIES, (batch,))
    centres = nn.Parameter(torch.randn(IDENTITIES, network(images[:2]).shape[1]) * 0.01)
    optimizer = torch.optim.SGD([*network.parameters(), centres], 0.01, momentum=0.9, weight_decay=5e-4)
    losses = []

    def step():
        optimizer.zero_grad(set_to_none=True)
        embeddings = network(images)
        loss = arcface(embeddings, centres, labels)
        if teacher is not None:
            with torch.inference_mode():
                target = F.normalize(teacher(images))
            loss = loss + (F.normalize(embeddings) - target.clone()).square().sum(1).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    runs = timing.rates(step, batch, asked.seconds, asked.runs)
    fields = {"peer": "torch", "model": asked.model, "teacher": asked.teacher, "batch": batch, "layout": layout}
    timing.report(runs, **fields, peak_megabytes=timing.peak_megabytes(), first_loss=round(losses[0], 3), last_loss=round(losses[-1], 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mbf", choices=list(networks.ARCHITECTURES))
    parser.add_argument("--teacher", choices=list(networks.ARCHITECTURES))
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 128])
    parser.add_argument("--layouts", nargs="+", default=["contiguous", "channels_last"], choices=["contiguous", "channels_last"])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parsed = parser.parse_args()
    if len(parsed.batches) == len(parsed.layouts) == 1:
        measure(parsed)
    else:
        shared = ["--model", parsed.model, "--seconds", str(parsed.seconds), "--runs", str(parsed.runs)]
        shared += ["--teacher", parsed.teacher] if parsed.teacher else []
        for batch, layout in itertools.product(parsed.batches, parsed.layouts):
            command = [sys.executable, __file__, *shared, "--batches", str(batch), "--layouts", layout]
            subprocess.run(command, check=True)
