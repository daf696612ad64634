"""Values and gradients of the distillation losses that came after those of training_losses.py, by PyTorch in double
precision: Fixtures/Distillation/rivals.json.

Every loss is written here from its paper's formula, on plain tensors with autograd; beside it stands the released code that
`--official FOLDER` holds it against (value and gradient, to 1e-9), where FOLDER has checkouts named owner+name: nothing of
them is in this repository. Run from anywhere: python3 Scripts/oracles/rival_losses.py [--official FOLDER]
"""

import argparse
import importlib.util
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

import training_losses as base
from training_losses import B, C, D, LABELS, case, classifier_inputs, cosines, dkd, kl, logits, tensor

base.random = np.random.default_rng(20261129)


def standardized(z):
    return (z - z.mean(1, keepdim=True)) / (1e-7 + z.std(1, keepdim=True))


def pearson(a, b):
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)


def dist(z_s, z_t, tau):
    """Equations 8 to 11 of arXiv 2205.10536."""
    s, t = F.softmax(z_s / tau, 1), F.softmax(z_t / tau, 1)
    return {"dist.inter": tau**2 * (1 - pearson(s, t).mean()), "dist.intra": tau**2 * (1 - pearson(s.T, t.T).mean())}


def cckd(s, t, gamma=0.4, order=2):
    """Equation 11 of arXiv 1904.01802: the Taylor series of exp(-gamma |x - y|^2) of unit vectors."""
    def kernel(f):
        c = cosines(f, f)
        return sum(math.exp(-2 * gamma) * (2 * gamma) ** p / math.factorial(p) * c**p for p in range(order + 1))
    return {"cckd": ((kernel(s) - kernel(t)) ** 2).mean()}


def darkrank(s, t, alpha=3, beta=3, length=4):
    """Equation 8 of arXiv 1707.01220: the likelihood of the teacher's order of the nearest others."""
    total = 0
    distance = lambda f, i, j: (f[i] - f[j]).norm()
    for i in range(B):
        others = sorted((j for j in range(B) if j != i), key=lambda j: float(distance(t, i, j).detach()))[:length]
        scores = torch.stack([-alpha * distance(s, i, j) ** beta for j in others])
        for k in range(len(others)):
            total = total - (scores[k] - scores[k:].logsumexp(0))
    return {"darkrank": total / B}


def gkd(z_s, z_t, temperature, share=None, growth=1, classes=None):
    """Primary-KD and Binary-KD of arXiv 2304.04462; groups by the student's logits, the label among the primary ones."""
    if classes is None:
        mean = F.softmax(z_s, 1).mean(0).sort(descending=True)[0]
        classes = next(n for n in range(1, C, growth) if mean[:n].sum() >= share)
    primary = torch.zeros(B, C, dtype=torch.bool)
    for row, label in enumerate(LABELS):
        order = [label] + [c for c in z_s[row].sort(descending=True)[1].tolist() if c != label]
        primary[row, order[:classes]] = True
    p, q = F.softmax(z_t / temperature, 1), F.softmax(z_s / temperature, 1)
    within, binary = 0, 0
    for row in range(B):
        a, b = p[row][primary[row]], q[row][primary[row]]
        within = within + (a / a.sum() * ((a / a.sum()).log() - (b / b.sum()).log())).sum()
        for u, v in ((a.sum(), b.sum()), (p[row][~primary[row]].sum(), q[row][~primary[row]].sum())):
            binary = binary + u * (u / v).log()
    return {"gkd.primary": within * temperature**2 / B, "gkd.binary": binary * temperature**2 / B}


def shrinkteanet(s, t):
    """The angular distillation loss of arXiv 1905.10620."""
    return {"shrinkteanet": ((1 - F.cosine_similarity(s, t)) ** 2).mean()}


def simkd(s, t):
    """Equation 4 of arXiv 2203.14001, behind the projector."""
    return {"simkd": ((s - t) ** 2).mean()}


def cases():
    for head in ("linear", "cosine"):
        inputs = {k: v for k, v in classifier_inputs().items() if head == "linear" or "Bias" not in k}
        problem = {"head": head, "scale": 16}
        z_s = lambda x: logits(x, head, "student")
        z_t = lambda x: logits(x, head, "teacher")
        case(f"kd of standardised logits, {head}", "kd", {"temperature": 2, "standardize": True}, inputs,
             lambda x: {"kd": kl(standardized(z_s(x)), standardized(z_t(x)), 2)}, {"kd": 1}, problem)
        case(f"dkd of standardised logits, {head}", "dkd",
             {"temperature": 2, "standardize": True, "warm-up-epochs": 0}, inputs,
             lambda x: dkd(standardized(z_s(x)), standardized(z_t(x)), 2), {"dkd.target": 1, "dkd.others": 8}, problem)
        case(f"dist, {head}", "dist", {}, inputs, lambda x: dist(z_s(x), z_t(x), 1),
             {"dist.inter": 1, "dist.intra": 1}, problem)
        case(f"dist of CIFAR-100, {head}", "dist", {"temperature": 4, "inter-weight": 2, "intra-weight": 3}, inputs,
             lambda x: dist(z_s(x), z_t(x), 4), {"dist.inter": 2, "dist.intra": 3}, problem)
        case(f"gkd, {head}", "gkd", {"growth": 2}, inputs, lambda x: gkd(z_s(x), z_t(x), 4, share=0.93, growth=2),
             {"gkd.primary": 8 * 0.4, "gkd.binary": 0.4}, problem, epoch=4)
        case(f"gkd of two classes, {head}", "gkd", {"classes": 2, "temperature": 3, "warm-up-epochs": 0}, inputs,
             lambda x: gkd(z_s(x), z_t(x), 3, classes=2), {"gkd.primary": 8, "gkd.binary": 1}, problem)
    unit = lambda f: F.normalize(f)
    wide = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D + 3)}
    pair = lambda x: (x["embeddings"], x["teacherEmbeddings"])
    case("cckd", "cckd", {}, wide, lambda x: cckd(*pair(x)), {"cckd": 1})
    case("cckd of order 5", "cckd", {"gamma": 0.7, "order": 5}, wide, lambda x: cckd(*pair(x), 0.7, 5), {"cckd": 1})
    case("darkrank", "darkrank", {}, wide, lambda x: darkrank(*map(unit, pair(x))), {"darkrank": 1})
    case("darkrank as embeddings are", "darkrank", {"normalized": False, "alpha": 0.2, "beta": 1.5, "length": 9}, wide,
         lambda x: darkrank(*pair(x), 0.2, 1.5, 9), {"darkrank": 1})
    even = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D)}
    case("shrinkteanet", "shrinkteanet", {}, even, lambda x: shrinkteanet(*pair(x)), {"shrinkteanet": 1})
    case("simkd", "simkd", {}, even, lambda x: simkd(*pair(x)), {"simkd": 1})
    first = lambda x: x.permute(0, 3, 1, 2)
    for size in ((2, 3), (4, 6), (5, 4)):
        maps = dict(even, studentTap=tensor(B, 2, 3, 3), teacherTap=tensor(B, *size, 3))
        case(f"simkd, the teacher's maps {size}", "simkd", {"features": "taps"}, maps,
             lambda x: simkd(first(x["studentTap"]), F.adaptive_avg_pool2d(first(x["teacherTap"]), (2, 3))), {"simkd": 1},
             {"studentTap": [2, 3, 3], "teacherTap": [*size, 3]})


# MARK: the released code


def file(folder, repository, path):
    """A module of a checkout, or of a bare one's HEAD."""
    root = pathlib.Path(folder) / repository
    if (root / path).exists():
        text = (root / path).read_text()
    else:
        root = root / "repo" if (root / "repo").exists() else root
        text = subprocess.run(["git", "-C", root, "show", f"HEAD:{path}"], check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as temporary:
        package = pathlib.Path(temporary) / "official"
        package.mkdir()
        (package / "_base.py").write_text("Distiller = object\n")
        (package / "module.py").write_text(text)
        specification = importlib.util.spec_from_file_location(
            "official", package / "__init__.py", submodule_search_locations=[str(package)])
        (package / "__init__.py").write_text("")
        # lenscloth/RKD's losses import their distances by an absolute name.
        if "from metric.utils" in text:
            utilities = file(folder, repository, "metric/utils.py")
            sys.modules["metric"], sys.modules["metric.utils"] = utilities, utilities
        for name in ("official", "official.module", "official._base"):
            sys.modules.pop(name, None)
        package_module = importlib.util.module_from_spec(specification)
        sys.modules["official"] = package_module
        return importlib.import_module("official.module")


def compare(title, ours, theirs, *shapes):
    results = []
    inputs = [tensor(*shape) for shape in shapes]
    for function in (ours, theirs):
        leaves = [x.clone().requires_grad_() for x in inputs]
        value = function(*leaves)
        value.backward()
        results.append([value.detach().reshape(1), leaves[0].grad.reshape(-1)])
    for a, b in zip(*results):
        error = float((a - b).abs().max() / b.abs().max().clamp(min=1))
        assert error < 1e-9, f"{title}: {error}"
    print(f"{title}: loss {float(results[0][0]):.9f}, gradient norm {float(results[0][1].norm()):.9f}, the same")


def official(folder):
    base.random = np.random.default_rng(1)
    torch.manual_seed(1)
    target = torch.tensor(LABELS)
    z = (B, C)
    standard = file(folder, "sunshangquan+logit-standardization-KD", "mdistiller/distillers/KD.py")
    compare("kd of standardised logits", lambda s, t: kl(standardized(s), standardized(t), 2),
            lambda s, t: standard.kd_loss(s, t, 2, True), z, z)
    standard = file(folder, "sunshangquan+logit-standardization-KD", "mdistiller/distillers/DKD.py")
    both = lambda terms, a, b: a * list(terms.values())[0] + b * list(terms.values())[1]
    compare("dkd of standardised logits", lambda s, t: both(dkd(standardized(s), standardized(t), 2), 1, 8),
            lambda s, t: standard.dkd_loss(s, t, target, 1, 8, 2, True), z, z)
    module = file(folder, "hunto+image_classification_sota", "lib/models/losses/dist_kd.py")
    for tau in (1, 4):
        compare(f"dist, tau {tau}", lambda s, t: both(dist(s, t, tau), 2, 3), module.DIST(2, 3, tau), z, z)
    module = file(folder, "lenscloth+RKD", "metric/loss.py")
    compare("darkrank", lambda s, t: darkrank(s, t)["darkrank"], module.HardDarkRank(), (B, D), (B, D + 3))
    fixed = file(folder, "WisonZ+GKD", "distillation/gkd.py")
    compare("gkd of two classes", lambda s, t: both(gkd(s, t, 4, classes=2), 8, 1),
            lambda s, t: fixed.gkd_loss_student_base(s, t, target, 1, 8, 0, 4, 2), z, z)
    adaptive = file(folder, "WisonZ+GKD", "gkd_adaptive.py")
    compare("gkd", lambda s, t: both(gkd(s, t, 4, share=0.6, growth=2), 8, 1),
            lambda s, t: adaptive.gkd_loss_student_base(s, t, target, 1, 8, 0, 4, 0.6, 2), z, z)
    module = file(folder, "DefangChen+SimKD", "models/util.py")
    projector = module.SimKD(s_n=5, t_n=8)
    print("simkd's projector:", {k: list(v.shape) for k, v in projector.named_parameters()})

    def simkd_official(source, target):
        ours, theirs, _ = projector(source, target, torch.nn.Identity())
        return torch.nn.MSELoss()(ours, theirs)

    compare("simkd", lambda s, t: simkd(projector.transfer(s), F.adaptive_avg_pool2d(t, s.shape[2:]))["simkd"],
            simkd_official, (B, 5, 4, 4), (B, 8, 8, 8))
    if (pathlib.Path(folder) / "JDAI-CV+FaceX-Zoo").exists():
        module = file(folder, "JDAI-CV+FaceX-Zoo", "addition_module/face_lightning/KDF/loss/cc.py")
        compare("cckd", lambda s, t: cckd(s, t)["cckd"], module.CC(0.4, 2), (B, D), (B, D + 3))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--official", metavar="FOLDER")
    folder = parser.parse_args().official
    cases()
    (base.ROOT / "Distillation/rivals.json").write_text(
        json.dumps(base.rounded(base.CASES), separators=(",", ":")) + "\n")
    if folder:
        official(folder)


if __name__ == "__main__":
    main()
