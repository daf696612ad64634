"""Writes Fixtures/VerifarCLI/cifar: CIFAR files of synthetic classes, two checkpoints, and whole distillation steps of PyTorch.

    python cifar_training.py

`train.bin` and `test.bin` are CIFAR-100's binary version with four invented classes. `student.pth` and `teacher.pth` are
saved as HeadSharingKD saves them (`{epoch, model, best_acc}`; the student behind `model_s.` with a teacher's head beside
it), half as wide as its resnet8, in half precision.

`kdth` and `crdth` are four steps of that code's losses, written here from its formulas: r·CE + a·KL(z_s, z_t) + b·KL(z_TH, z_t)
and r·CE + a·KL(z_s, z_t) + b·CRD + d·KL(z_TH, z_t); batches of 8, 8 and 4 of 20 pictures, then 8 of the next epoch at a
tenth of the rate. What is random (order of the pictures, CRD's linear maps, memories and negatives) comes from
seeded_random.py, which is written from the generator's paper. The released ModelTH, KDTH, CRDTH and DistillKL themselves,
given these draws, make the same losses to 1e-14 (tried by hand). In float64; the same in float32 must agree to 2e-4 of the
largest change of a tensor. `golden.npy` holds, one behind the other, the tensors after two steps and after four, of a long
one every `step`-th number; `largest` is how far the steps moved any of a tensor's numbers.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import networks
from seeded_random import GOLDEN, MASK, finalize, splitmix, take, xoshiro

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "VerifarCLI" / "cifar"
WIDTHS, CLASSES = (8, 8, 16, 32), 100
LABELS = (3, 41, 77, 99)
MEAN, STD = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)
SEED, BATCH, STEPS, RATE, MOMENTUM, DECAY, T = 7, 8, 4, 0.05, 0.9, 5e-4, 4.0
CRD = {"dimensions": 16, "negatives": 24, "temperature": 0.07, "momentum": 0.5}


class Generator:
    """What is drawn from one stream."""

    def __init__(self, seed, stream):
        self.words = xoshiro(take(splitmix((seed ^ finalize((stream + GOLDEN) & MASK)) & MASK), 4))

    def uniform(self):
        return (next(self.words) >> 11) * 2.0**-53

    def index(self, bound):
        """Lemire's method."""
        product = next(self.words) * bound
        if product & MASK < bound:
            threshold = (MASK + 1 - bound) % bound
            while product & MASK < threshold:
                product = next(self.words) * bound
        return product >> 64

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.index(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def tensor(self, shape, bound):
        numbers = [np.float32(bound) * np.float32(-1 + 2 * self.uniform()) for _ in range(int(np.prod(shape)))]
        return torch.tensor(np.array(numbers, dtype=np.float32).reshape(shape))


# --- pictures ----------------------------------------------------------------------------------------------------------


def picture(label, random):
    """Stripes whose direction, width and colour are the class's, with some noise."""
    own = np.random.default_rng(label)
    angle, period, tint = own.uniform(0, np.pi), own.uniform(5, 12), own.uniform(60, 200, 3)
    y, x = np.mgrid[0:32, 0:32]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period + random.uniform(0, 6.28))
    image = tint + 45 * wave[..., None] + random.normal(0, 25, 3) + random.normal(0, 12, (32, 32, 3))
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def pictures(name, count, seed):
    random = np.random.default_rng(seed)
    labels = [LABELS[i % len(LABELS)] for i in range(count)]
    images = [picture(label, random) for label in labels]
    data = b"".join(bytes([label // 5, label]) + i.transpose(2, 0, 1).tobytes() for label, i in zip(labels, images))
    (FOLDER / name).write_bytes(data)
    x = torch.from_numpy(np.stack(images).astype(np.float64) / 255)
    x = (x - torch.tensor(MEAN, dtype=torch.float64)) / torch.tensor(STD, dtype=torch.float64)
    return x.permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


# --- networks ------------------------------------------------------------------------------------------------------------


class Network(nn.Module):
    """RepDistiller's resnet8 at half width: the pooled feature and the logits."""

    def __init__(self, state=None):
        super().__init__()
        self.net = networks.cifar_resnet(8, WIDTHS, classes=CLASSES)
        if state is not None:
            self.net.load_state_dict(state)

    def forward(self, x):
        for name, child in self.net.named_children():
            if name == "fc":
                return x, child(x)
            x = child(x)


def trained(seed, images, labels, steps):
    """A network that has seen the pictures, so that its classifier and its statistics are no noise."""
    torch.manual_seed(seed)
    network = Network().double()
    optimizer = torch.optim.SGD(network.parameters(), 0.02, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(network(images)[1], labels).backward()
        optimizer.step()
    return {n: t.half() if t.is_floating_point() else t for n, t in network.net.state_dict().items()}


def full(state, kind):
    return {n: t.to(kind) if t.is_floating_point() else t for n, t in state.items()}


# --- losses --------------------------------------------------------------------------------------------------------------


def divergence(student, teacher):
    p, q = F.log_softmax(student / T, 1), F.softmax(teacher / T, 1)
    return F.kl_div(p, q, reduction="sum") * T * T / student.shape[0]


class Contrast:
    """CRD with its memories; parameters and draws from the documented streams."""

    def __init__(self, labels, kind):
        self.labels, count, size = labels.tolist(), len(labels), CRD["dimensions"]
        generator, wide = Generator(SEED, 0x637264), 1 / np.sqrt(np.float32(WIDTHS[3]))
        self.start = {}
        for side in ("student", "teacher"):
            self.start[f"crd.{side}.weight"] = generator.tensor((size, WIDTHS[3]), wide)
            self.start[f"crd.{side}.bias"] = generator.tensor((size,), wide)
        bound = 1 / np.sqrt(np.float32(size) / 3)
        self.memory = {s: generator.tensor((count, size), bound).to(kind) for s in ("student", "teacher")}
        self.first = {side: memory.clone() for side, memory in self.memory.items()}
        self.parameters = {n: t.to(kind).clone().requires_grad_() for n, t in self.start.items()}
        self.z = {}

    def candidates(self, step, samples):
        generator = Generator(finalize((SEED + (step + 1) * GOLDEN) & MASK), 0x637264)
        rows = []
        for sample in samples:
            row = [sample]
            while len(row) < CRD["negatives"] + 1:
                other = generator.index(len(self.labels))
                if self.labels[other] != self.labels[sample]:
                    row.append(other)
            rows.append(row)
        return torch.tensor(rows)

    def side(self, name, against, features, candidates):
        p = self.parameters
        v = F.linear(features, p[f"crd.{name}.weight"], p[f"crd.{name}.bias"])
        v = v / v.pow(2).sum(1, keepdim=True).sqrt()
        scores = torch.exp(torch.einsum("bkd,bd->bk", self.memory[against][candidates], v) / CRD["temperature"])
        self.z.setdefault(name, scores.mean().item() * len(self.labels))
        scores = scores / self.z[name]
        noise = CRD["negatives"] / len(self.labels)
        positive = torch.log(scores[:, 0] / (scores[:, 0] + noise + 1e-7))
        negative = torch.log(noise / (scores[:, 1:] + noise + 1e-7))
        return -(positive.sum() + negative.sum()) / len(features), v.detach()

    def terms(self, step, samples, student, teacher):
        candidates = self.candidates(step, samples)
        s, vs = self.side("student", "teacher", student, candidates)
        t, vt = self.side("teacher", "student", teacher, candidates)
        self.pending = (samples, vs, vt)
        return {"crd.student": s, "crd.teacher": t}

    def finish(self):
        samples, vs, vt = self.pending
        for name, v in (("student", vs), ("teacher", vt)):
            moved = self.memory[name][samples] * CRD["momentum"] + v * (1 - CRD["momentum"])
            self.memory[name][samples] = moved / moved.pow(2).sum(1, keepdim=True).sqrt()


# --- training --------------------------------------------------------------------------------------------------------------

WEIGHTS = {
    "kdth": {"softmax": 1.0, "th-kd.student": 1.5, "th-kd.teacher-head": 0.02},
    "crdth": {"softmax": 0.9, "crd.student": 0.8, "crd.teacher": 0.8, "th-kd.student": 1.0, "th-kd.teacher-head": 0.02},
}


def batches(count):
    """(step, epoch, samples): a new order each epoch, the last batch of an epoch smaller."""
    step, epoch = 0, 0
    while True:
        order = Generator(SEED ^ 0x4F52_4445_525F_5345, (epoch * 0xFF51AFD7ED558CCD) & MASK).permutation(count)
        for start in range(0, count, BATCH):
            if step == STEPS:
                return
            yield step, epoch, order[start : start + BATCH]
            step += 1
        epoch += 1


def train(method, student_state, teacher_state, data, kind):
    images, labels = data[0].to(kind), data[1]
    student, teacher = Network().to(kind), Network().to(kind).eval()
    student.net.load_state_dict(full(student_state, kind))
    teacher.net.load_state_dict(full(teacher_state, kind))
    contrast = Contrast(labels, kind) if method == "crdth" else None
    trained = list(student.parameters()) + (list(contrast.parameters.values()) if contrast else [])
    optimizer = torch.optim.SGD(trained, RATE, momentum=MOMENTUM, weight_decay=DECAY)
    student.train()
    steps, weights, moments = [], WEIGHTS[method], []

    def moment():
        """Every tensor with what it was at the beginning."""
        end = {n: (t.clone(), student_state[n].to(kind)) for n, t in student.net.state_dict().items() if "num_batches" not in n}
        if contrast:
            end |= {"objective." + n: (t.detach().clone(), contrast.start[n].to(kind)) for n, t in contrast.parameters.items()}
            end |= {f"state.crd.{s}-memory": (memory.clone(), contrast.first[s]) for s, memory in contrast.memory.items()}
        return end

    for step, epoch, samples in batches(len(labels)):
        optimizer.param_groups[0]["lr"] = rate = RATE * (0.1 if epoch >= 1 else 1)
        with torch.no_grad():
            feature_t, logits_t = teacher(images[samples])
        feature, logits = student(images[samples])
        with torch.no_grad():
            head = nn.Linear(WIDTHS[3], CLASSES).to(kind)
            head.load_state_dict(teacher.net.fc.state_dict())
        head.requires_grad_(False)
        terms = {"softmax": F.cross_entropy(logits, labels[samples])}
        if contrast:
            terms.update(contrast.terms(step, samples, feature, feature_t))
        terms["th-kd.student"] = divergence(logits, logits_t)
        terms["th-kd.teacher-head"] = divergence(head(feature), logits_t)
        loss = sum(weights[name] * term for name, term in terms.items())
        optimizer.zero_grad()
        loss.backward()
        norm = torch.sqrt(sum(p.grad.pow(2).sum() for p in trained)).item()
        optimizer.step()
        if contrast:
            contrast.finish()
        if step in (1, 3):
            moments.append(moment())
        steps.append({"rate": rate, "loss": loss.item(), "terms": {n: t.item() for n, t in terms.items()}, "gradientNorm": norm})
    return steps, moments, student.eval(), teacher


def accuracy(student, teacher, data, kind):
    """Top-1 and top-5 of the student's head, the teacher's on the student, and the mean of their probabilities."""
    with torch.no_grad():
        feature, logits = student(data[0].to(kind))
        heads = {"student": F.softmax(logits, 1), "teacher": F.softmax(teacher.net.fc(feature), 1)}
    heads["mixed"] = (heads["student"] + heads["teacher"]) / 2
    own = {n: p.gather(1, data[1][:, None]) for n, p in heads.items()}
    # No probability near the label's own: rounding decides nothing.
    for name, p in heads.items():
        others = p.scatter(1, data[1][:, None], -1)
        assert ((others - own[name]).abs() / own[name]).min() > 1e-5
    ranks = {n: (p > own[n]).sum(1) for n, p in heads.items()}
    return {n: {"top1": (r < 1).double().mean().item(), "top5": (r < 5).double().mean().item()} for n, r in ranks.items()}


def similarity(student, teacher):
    a, b = student.net.fc, teacher.net.fc
    cosines = F.cosine_similarity(a.weight, b.weight, dim=1)
    difference = a.bias - b.bias
    return {
        "mean_row_cosine": cosines.mean().item(), "mean_absolute_row_cosine": cosines.abs().mean().item(),
        "row_cosine_deviation": cosines.std(correction=0).item(), "max_absolute_row_cosine": cosines.abs().max().item(),
        "bias_distance": difference.norm().item(), "bias_mean_absolute_difference": difference.abs().mean().item(),
        "bias_cosine": F.cosine_similarity(a.bias, b.bias, dim=0).item(),
    }  # fmt: skip


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    data, test = pictures("train.bin", 20, 1), pictures("test.bin", 8, 2)
    teacher_state, student_state = trained(1, *data, 12), trained(2, *data, 2)
    torch.save({"epoch": 240, "model": teacher_state, "best_acc": torch.tensor(79.4)}, FOLDER / "teacher.pth")
    both = {"model_s." + name: tensor for name, tensor in student_state.items()}
    both |= {"t_head." + name: teacher_state["fc." + name].clone() for name in ("weight", "bias")}
    torch.save({"epoch": 240, "model": both, "best_acc": torch.tensor(72.5)}, FOLDER / "student.pth")
    golden, numbers = {"torch": torch.__version__, "crd": CRD}, []
    for method in WEIGHTS:
        steps, moments, student, teacher = train(method, student_state, teacher_state, data, torch.float64)
        _, singles, _, _ = train(method, student_state, teacher_state, data, torch.float32)
        tensors = []
        for after, end, single in zip((2, 4), moments, singles):
            largest = {name: (t - start).abs().max().item() for name, (t, start) in end.items()}
            worst = max((single[n][0] - t).abs().max().item() / largest[n] for n, (t, _) in end.items())
            print(method, [s["loss"] for s in steps], "float32 differs by", worst)
            assert worst < 2e-4
            for name, (tensor, _) in end.items():
                step = 4 * (tensor.numel() // 512) + 1
                part = tensor.numpy().astype("<f4").ravel()[::step]
                tensors.append({"after": after, "name": name, "step": step, "count": len(part), "largest": largest[name]})
                numbers.append(part)
        golden[method] = {
            "steps": steps, "tensors": tensors, "accuracy": accuracy(student, teacher, test, torch.float64),
            "similarity": similarity(student, teacher),
            "teacherAccuracy": accuracy(teacher, teacher, test, torch.float64)["teacher"],
        }  # fmt: skip
        print(golden[method]["accuracy"], golden[method]["teacherAccuracy"], golden[method]["similarity"])
    (FOLDER / "golden.json").write_text(json.dumps(golden) + "\n")
    np.save(FOLDER / "golden.npy", np.concatenate(numbers))


if __name__ == "__main__":
    main()
