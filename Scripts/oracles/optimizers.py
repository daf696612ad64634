"""Goldens for optimisers: PyTorch's parameters after each of twelve steps with fixed gradients.

    python optimizers.py ../../Fixtures/NeuralTraining
"""

import json
import sys

import torch

STEPS, COUNT = 12, 7

CASES = {
    "sgd": (lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=5e-4), "sgd", {"momentum": 0.9}),
    "sgd-plain": (lambda p: torch.optim.SGD(p, 0.1, weight_decay=1e-2), "sgd", {"momentum": 0}),
    "sgd-nesterov": (
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, weight_decay=1e-3, nesterov=True), "sgd",
        {"momentum": 0.8, "nesterov": True},
    ),
    "adamw": (lambda p: torch.optim.AdamW(p, 0.01, betas=(0.9, 0.98), weight_decay=0.05), "adamw", {"betas": [0.9, 0.98]}),
}


def main(folder):
    torch.manual_seed(3)
    start = torch.randn(COUNT)
    gradients = torch.randn(STEPS, COUNT)
    cases = []
    for name, (make, kind, settings) in CASES.items():
        parameter = torch.nn.Parameter(start.clone())
        optimizer = make([parameter])
        values = []
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            values.append(parameter.detach().tolist())
        group = optimizer.param_groups[0]
        cases.append({
            "name": name, "kind": kind, "settings": settings, "rate": group["lr"],
            "decay": group["weight_decay"], "values": values,
        })
    content = {"start": start.tolist(), "gradients": gradients.tolist(), "cases": cases}
    with open(f"{folder}/optimizers.json", "w") as file:
        json.dump(content, file)


if __name__ == "__main__":
    main(sys.argv[1])
