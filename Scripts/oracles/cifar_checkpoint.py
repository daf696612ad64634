"""Writes Fixtures/CheckpointsOwn/CIFAR: a checkpoint as HeadSharingKD saves it, and the logits that it gives.

    python cifar_checkpoint.py

`{epoch, model, best_acc}` with the student's parameters behind `model_s.`, and the teacher's frozen head beside it
(`kd_teacher_head/kdth.py`, `ModelTH`). Half as wide as published, 20 classes, values by the formula of
`Fixtures/Backbones/README.md` from the names without the prefix.
"""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

import networks

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "CheckpointsOwn" / "CIFAR"

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    network = networks.fill(networks.cifar_resnet(8, (8, 8, 16, 32), classes=20), 1.0)
    state = OrderedDict(("model_s." + name, tensor.half() if tensor.is_floating_point() else tensor)
                        for name, tensor in network.state_dict().items())  # fmt: skip
    state["t_head.weight"] = torch.from_numpy(networks.values("t_head.weight", "weight", (20, 32))).half()
    state["t_head.bias"] = torch.from_numpy(networks.values("t_head.bias", "bias", (20,))).half()
    torch.save({"epoch": 240, "model": state, "best_acc": torch.tensor(72.5)}, FOLDER / "resnet8_best.pth")
    # What the file holds: values rounded to half precision.
    network.load_state_dict({name[8:]: t.float() if t.is_floating_point() else t for name, t in state.items() if name.startswith("model_s.")})
    network.double().eval()
    image = torch.from_numpy(networks.values("input", "signal", (2, 3, 32, 32))).double()
    with torch.no_grad():
        np.save(FOLDER / "logits.npy", network(image).numpy().astype("<f4"))
