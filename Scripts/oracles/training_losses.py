"""Values and gradients of heads and distillation losses by PyTorch in double precision:
Fixtures/NeuralTraining/heads.json and Fixtures/Distillation/methods.json.

Every loss is written here from its paper's formula or from what the published code computes (named beside it), on plain
tensors with autograd. Inputs are rounded to single precision. Run from anywhere: python3 Scripts/oracles/training_losses.py
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Fixtures"
torch.set_default_dtype(torch.float64)
random = np.random.default_rng(20220116)
B, C, D = 6, 7, 5
LABELS = [0, 3, 3, 6, 1, 0]
DISTINCT = [0, 3, 2, 6, 1, 5]


def tensor(*shape, scale=1.0):
    return torch.tensor(random.normal(0, scale, shape).astype(np.float32).astype(np.float64))


def flat(value):
    return [float(x) for x in value.detach().reshape(-1)]


def kl(student, teacher, temperature):
    p = F.softmax(teacher / temperature, 1)
    return (p * (p.log() - F.log_softmax(student / temperature, 1))).sum() * temperature**2 / student.shape[0]


def cosines(f, w):
    return F.normalize(f) @ F.normalize(w).T


# MARK: margin heads


def arcface(cosine, labels, scale, margin, exact, beyond_pi="cosine"):
    """Equation 3 of arXiv 1801.07698; beyond pi nothing special, or InsightFace's branch of 2022, cos - m sin m. Exact:
    through the margin; otherwise as InsightFace's CombinedMarginLoss, whose arccos and cos run under no_grad."""
    theta = torch.acos(cosine[range(len(labels)), labels])
    margins = torch.as_tensor(margin).expand_as(theta)
    plain = cosine[range(len(labels)), labels]
    target = torch.cos(theta + margins)
    if beyond_pi == "linear":
        target = torch.where(theta + margins < math.pi, target, plain - margins * torch.sin(margins))
    if not exact:
        target = plain + (target - plain).detach()
    changed = cosine.clone()
    changed[range(len(labels)), labels] = target
    return F.cross_entropy(scale * changed, torch.tensor(labels))


def cosface(cosine, labels, scale, margin):
    shift = torch.zeros_like(cosine)
    shift[range(len(labels)), labels] = margin
    return F.cross_entropy(scale * (cosine - shift), torch.tensor(labels))


def heads():
    cases = []
    embeddings, weights, bias = tensor(B, D), tensor(C, D), tensor(1, C)
    # One face opposite to its centre: its angle and the margin pass pi, but not so near to pi that 1 / sin of the angle,
    # in the exact gradient, has no digits left in single precision.
    embeddings[4] = (-2 * weights[1] + 0.2 * tensor(D)).float().double()
    forms = {
        "softmax": lambda f, w, b: F.cross_entropy(f @ w.T + b, torch.tensor(LABELS)),
        "normalized-softmax": lambda f, w, b: F.cross_entropy(16 * cosines(f, w), torch.tensor(LABELS)),
        "cosface": lambda f, w, b: cosface(cosines(f, w), LABELS, 16, 0.4),
    }
    for gradient in ("exact", "straight-through"):
        for beyond in ("cosine", "linear"):
            forms[f"arcface {gradient} {beyond}"] = lambda f, w, b, exact=gradient == "exact", beyond=beyond: arcface(
                cosines(f, w), LABELS, 16, 0.5, exact, beyond)
    for name, form in forms.items():
        leaves = [x.clone().requires_grad_() for x in (embeddings, weights, bias)]
        loss = form(*leaves)
        loss.backward()
        gradients = [flat(x.grad if x.grad is not None else torch.zeros_like(x)) for x in leaves]
        cases.append({"name": name, "loss": float(loss.detach()), "gradients": gradients})
    inputs = {"embeddings": flat(embeddings), "weights": flat(weights), "bias": flat(bias), "labels": LABELS}
    return {"batch": B, "classes": C, "dimensions": D, "scale": 16, "inputs": inputs, "cases": cases}


# MARK: the random source of the package, for the negatives that CRD draws

MASK = (1 << 64) - 1


class Seeded:
    def __init__(self, seed, stream):
        mixer = seed ^ self.mix((stream + 0x9E3779B97F4A7C15) & MASK)
        self.state = []
        for _ in range(4):
            mixer = (mixer + 0x9E3779B97F4A7C15) & MASK
            self.state.append(self.mix(mixer))

    @staticmethod
    def mix(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def next(self):
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        s = self.state
        result = (rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)
        return result

    def below(self, bound):
        product = self.next() * bound
        if product & MASK < bound:
            threshold = ((1 << 64) - bound) % bound
            while product & MASK < threshold:
                product = self.next() * bound
        return product >> 64


# MARK: distillation

EPS = 1e-7
CASES = []


def case(title, method, settings, inputs, terms, weights, problem=None, state=None, after=None, **extra):
    """terms(leaves) -> {name: value}; the loss is the sum weighted by `weights`."""
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    values = terms(leaves)
    loss = sum(weights[name] * value for name, value in values.items())
    loss.backward()
    tensors = lambda items: {k: {"shape": list(v.shape), "values": flat(v)} for k, v in (items or {}).items()}
    CASES.append({
        "title": title, "method": method, "settings": settings, "problem": problem or {},
        "inputs": tensors(inputs), "terms": {k: float(v.detach()) for k, v in values.items()},
        "loss": float(loss.detach()),
        "gradients": {k: flat(v.grad) for k, v in leaves.items() if v.grad is not None and not k.startswith("teacher")},
        "state": tensors(state), "stateAfter": tensors(after), "labels": LABELS, **extra,
    })


def logits(x, head, which, embeddings=None):
    f, w = x["embeddings" if which == "student" else "teacherEmbeddings"], x[which + "Weights"]
    f = f if embeddings is None else embeddings
    return f @ w.T + x[which + "Bias"] if head == "linear" else 16 * cosines(f, w)


def classifier_inputs():
    return {
        "embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D),
        "studentWeights": tensor(C, D), "studentBias": tensor(1, C),
        "teacherWeights": tensor(C, D), "teacherBias": tensor(1, C),
    }


def logit_methods():
    for head in ("linear", "cosine"):
        inputs = classifier_inputs()
        if head == "cosine":
            inputs = {k: v for k, v in inputs.items() if "Bias" not in k}
        problem = {"head": head, "scale": 16}
        z_s = lambda x: logits(x, head, "student")
        z_t = lambda x: logits(x, head, "teacher")
        z_th = lambda x: logits(x, head, "teacher", x["embeddings"])
        case(f"kd, {head}", "kd", {"temperature": 4}, inputs, lambda x: {"kd": kl(z_s(x), z_t(x), 4)}, {"kd": 1}, problem)
        case(f"sh-kd, {head}", "sh-kd", {"temperature": 2, "frozen": False}, inputs,
             lambda x: {"sh-kd": kl(z_s(x), z_t(x), 2)}, {"sh-kd": 1}, problem)
        # HeadSharingKD's kdth: a 1.5, b 0.02; the paper's form adds cross entropy on the second head.
        weights = {"th-kd.student": 1.5, "th-kd.teacher-head": 0.02, "th-kd.classification": 0.3}
        case(f"th-kd, {head}", "th-kd",
             {"temperature": 4, "student-weight": 1.5, "head-weight": 0.02, "classification-weight": 0.3}, inputs,
             lambda x: {"th-kd.student": kl(z_s(x), z_t(x), 4), "th-kd.teacher-head": kl(z_th(x), z_t(x), 4),
                        "th-kd.classification": F.cross_entropy(z_th(x), torch.tensor(LABELS))}, weights, problem)
        # The paper's form with alpha_TH = 0.25: its classification term of the student's own head is the recipe's.
        case(f"th-kd, {head}, the paper's form", "th-kd",
             {"student-weight": 0.75, "head-weight": 0.25, "classification-weight": 0.25}, inputs,
             lambda x: {"th-kd.student": kl(z_s(x), z_t(x), 4), "th-kd.teacher-head": kl(z_th(x), z_t(x), 4),
                        "th-kd.classification": F.cross_entropy(z_th(x), torch.tensor(LABELS))},
             {"th-kd.student": 0.75, "th-kd.teacher-head": 0.25, "th-kd.classification": 0.25}, problem)
        case(f"dkd, {head}", "dkd", {"warm-up-epochs": 20}, inputs, lambda x: dkd(z_s(x), z_t(x), 4),
             {"dkd.target": 5 / 20 * 1, "dkd.others": 5 / 20 * 8}, problem, epoch=5)


def dkd(student, teacher, temperature):
    """Equation 7 of arXiv 2203.08679: binary divergence, and divergence among the other classes."""
    label = F.one_hot(torch.tensor(LABELS), C).bool()
    p_s, p_t = F.softmax(student / temperature, 1), F.softmax(teacher / temperature, 1)
    pair = lambda p: torch.stack([p[label], p.masked_fill(label, 0).sum(1)], 1)
    target = (pair(p_t) * (pair(p_t).log() - pair(p_s).log())).sum() * temperature**2 / B
    others = lambda z: z[~label].reshape(B, C - 1)
    return {"dkd.target": target, "dkd.others": kl(others(student), others(teacher), temperature)}


def embedding_methods():
    inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D)}
    wide = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D + 3)}
    squares = lambda x: ((F.normalize(x["embeddings"]) - F.normalize(x["teacherEmbeddings"])) ** 2).sum()
    case("l2e", "l2e", {}, inputs, lambda x: {"l2e": squares(x) / B}, {"l2e": 1})
    case("kde of HeadSharingKD", "l2e", {"reduction": "sum"}, inputs, lambda x: {"l2e": squares(x)}, {"l2e": 1})
    case("cosine", "cosine", {}, inputs,
         lambda x: {"cosine": (1 - F.cosine_similarity(x["embeddings"], x["teacherEmbeddings"])).mean()}, {"cosine": 1})
    case("rkd", "rkd", {}, wide, rkd, {"rkd.distance": 25, "rkd.angle": 50})
    case("sp", "sp", {}, wide, lambda x: {"sp": sp(x["embeddings"], x["teacherEmbeddings"])}, {"sp": 1})
    case("pkt", "pkt", {}, wide, lambda x: {"pkt": pkt(x).sum()}, {"pkt": 1})
    case("pkt of RepDistiller", "pkt", {"reduction": "mean"}, wide, lambda x: {"pkt": pkt(x).mean()}, {"pkt": 1})


def rkd(x):
    """RepDistiller's RKDLoss: distances over their positive mean, cosines of angles at every anchor."""
    def distances(f):
        squared = ((f[:, None] - f[None]) ** 2).sum(2)
        apart = ~torch.eye(B, dtype=torch.bool)
        d = torch.where(apart, squared.masked_fill(~apart, 1).sqrt(), torch.zeros(()))
        return d / d[apart].mean()

    def angles(f):
        directions = F.normalize(f[None] - f[:, None], dim=2)
        return torch.einsum("ijd,ikd->ijk", directions, directions)

    s, t = x["embeddings"], x["teacherEmbeddings"].detach()
    return {"rkd.distance": F.smooth_l1_loss(distances(s), distances(t)),
            "rkd.angle": F.smooth_l1_loss(angles(s), angles(t))}


def sp(s, t):
    gram = lambda f: F.normalize(f.reshape(B, -1) @ f.reshape(B, -1).T)
    return ((gram(t) - gram(s)) ** 2).sum() / B**2


def pkt(x):
    def probabilities(f):
        unit = f / (f.norm(dim=1, keepdim=True) + EPS)
        similar = (unit @ unit.T + 1) / 2
        return similar / similar.sum(1, keepdim=True)
    s, t = probabilities(x["embeddings"]), probabilities(x["teacherEmbeddings"])
    return t * torch.log((t + EPS) / (s + EPS))


def margin_methods():
    inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D), "teacherWeights": tensor(C, D)}
    problem = {"head": "cosine", "scale": 16}
    f, w = lambda x: x["embeddings"], lambda x: x["teacherWeights"]
    # AdaDistill's train_AMLDistill.py: margins 0.45 and 0.35, exact gradient.
    case("arc-distill", "arc-distill", {"scale": 16}, inputs,
         lambda x: {"arc-distill": arcface(cosines(f(x), w(x)), LABELS, 16, 0.45, True)}, {"arc-distill": 1}, problem)
    case("arc-distill with CosFace", "arc-distill", {"scale": 16, "loss": "cosface"}, inputs,
         lambda x: {"arc-distill": cosface(cosines(f(x), w(x)), LABELS, 16, 0.35)}, {"arc-distill": 1}, problem)
    case("arc-distill, straight through, with the branch beyond pi", "arc-distill",
         {"scale": 16, "margin": 1.2, "gradient": "straight-through", "beyond-pi": "linear"}, inputs,
         lambda x: {"arc-distill": arcface(cosines(f(x), w(x)), LABELS, 16, 1.2, False, "linear")}, {"arc-distill": 1},
         problem)

    # The teacher's embeddings near their centres, so that cosines are positive.
    close = dict(inputs, teacherEmbeddings=(inputs["teacherWeights"][LABELS] + 0.5 * tensor(B, D)).float().double())

    def margin_distill(x):
        c = F.cosine_similarity(x["teacherEmbeddings"], w(x)[LABELS]).detach()
        return {"margin-distill": arcface(cosines(f(x), w(x)), LABELS, 16, 0.3 / c.max() * c + 0.2, True)}

    case("margin-distill", "margin-distill", {"scale": 16}, close, margin_distill, {"margin-distill": 1}, problem)

    centres = tensor(C, D, scale=0.5)
    # The published code keeps one of several updates of a label: without repeated ones the two definitions are the same.
    for loss, margin, labels in (("arcface", 0.45, LABELS), ("cosface", 0.35, LABELS),
                                 ("arcface", 0.45, DISTINCT), ("cosface", 0.35, DISTINCT)):
        inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": (centres[labels] + 0.5 * tensor(B, D)).float().double()}
        moved = centres.clone()
        unit_s, unit_t = F.normalize(inputs["embeddings"]), F.normalize(inputs["teacherEmbeddings"])
        for face, label in enumerate(labels):  # in order: repeated labels see the centre as the one before left it
            near = torch.cosine_similarity(moved[label], unit_t[face], 0).clamp(1e-6, 1)
            keep = (unit_s[face] @ unit_t[face] * near).clamp(1e-6, 1)
            moved[label] = keep * moved[label] + (1 - keep) * unit_t[face]
        form = (lambda c: arcface(c, labels, 16, margin, True)) if loss == "arcface" else (
            lambda c: cosface(c, labels, 16, margin))
        case(f"adadistill with {loss}{'' if labels is LABELS else ', distinct labels'}", "adadistill", {"loss": loss, "scale": 16}, inputs,
             lambda x: {"adadistill": form(cosines(x["embeddings"], moved))}, {"adadistill": 1},
             state={"adadistill.centres": centres}, after={"adadistill.centres": moved}, labels=labels)


def queue_methods():
    inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D)}
    length = 12
    queue = F.normalize(tensor(length, D)).float().double()

    def qud(x):
        s, t = F.normalize(x["embeddings"]), F.normalize(x["teacherEmbeddings"])
        z = torch.cat([(s * t).sum(1, keepdim=True), s @ queue.T], 1) / 0.07
        return {"qud": F.cross_entropy(z, torch.zeros(B, dtype=torch.long))}

    after, position = queue.clone(), 6
    for row in F.normalize(inputs["teacherEmbeddings"]):
        after[position] = row
        position = (position + 1) % length
    case("qud", "qud", {"queue-length": length}, inputs, qud, {"qud": 1},
         state={"qud.queue": queue, "qud.position": torch.tensor([6.0])},
         after={"qud.queue": after, "qud.position": torch.tensor([float(position)])})


def ekd():
    """TFace's tasks/ekd: anchors at ranks of impostor pairs, soft ranks, hardest impostors by the student."""
    inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D + 2)}
    state = {"ekd.student-anchors": tensor(6, scale=0.3), "ekd.teacher-anchors": tensor(6, scale=0.3)}
    labels = torch.tensor(LABELS)
    rows, columns = torch.triu_indices(B, B, 1)
    same = labels[rows] == labels[columns]
    scores = lambda f: (F.normalize(f) @ F.normalize(f).T)[rows, columns]
    ranks = [10, 100, 1000, 10000, 100000, 1000000]
    s0, t0 = scores(inputs["embeddings"]), scores(inputs["teacherEmbeddings"])
    order = torch.argsort(s0[~same], descending=True)
    at = [int((~same).sum()) // rank for rank in ranks]
    anchors_s = 0.01 * s0[~same].sort(descending=True)[0][at] + 0.99 * state["ekd.student-anchors"]
    anchors_t = 0.01 * t0[~same].sort(descending=True)[0][at] + 0.99 * state["ekd.teacher-anchors"]

    def terms(x):
        s, t = scores(x["embeddings"]), scores(x["teacherEmbeddings"])
        soft = lambda score, anchors: torch.sigmoid((score[:, None] - anchors) / 0.2).sum(1)
        loss = lambda a, b: F.mse_loss(soft(a, anchors_s), soft(b, anchors_t))
        hard = order[:5]
        return {"ekd.genuine": loss(s[same], t[same]), "ekd.impostor": loss(s[~same][hard], t[~same][hard])}

    case("ekd", "ekd", {"hardest": 5, "temperature": 0.2}, inputs, terms, {"ekd.genuine": 0.02, "ekd.impostor": 0.01},
         state=state, after={"ekd.student-anchors": anchors_s, "ekd.teacher-anchors": anchors_t})


def crd():
    """RepDistiller's CRDLoss, with the negatives that the package draws."""
    labels_of = [index % C for index in range(20)]
    samples = [labels_of.index(label) + C * (face % 2) for face, label in enumerate(LABELS)]
    samples[-1] = 14  # label 0, a third sample of it
    assert [labels_of[s] for s in samples] == LABELS and len(set(samples)) == B
    count, negatives, seed, dims, temperature = len(labels_of), 9, 77, 4, 0.5
    generator = Seeded(seed, 0x637264)
    candidates = []
    for sample, label in zip(samples, LABELS):
        row = [sample]
        while len(row) <= negatives:
            other = generator.below(count)
            if labels_of[other] != label:
                row.append(other)
        candidates.append(row)
    inputs = {
        "embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D + 3),
        "crd.student.weight": tensor(dims, D), "crd.student.bias": tensor(dims),
        "crd.teacher.weight": tensor(dims, D + 3), "crd.teacher.bias": tensor(dims),
    }
    memory_s, memory_t = tensor(count, dims, scale=0.5), tensor(count, dims, scale=0.5)
    for first in (True, False):
        given = [-1.0, -1.0] if first else [30.0, 50.0]
        constants = list(given)

        def maps(x):
            s = F.normalize(x["embeddings"] @ x["crd.student.weight"].T + x["crd.student.bias"])
            t = F.normalize(x["teacherEmbeddings"] @ x["crd.teacher.weight"].T + x["crd.teacher.bias"])
            return s, t

        def terms(x):
            s, t = maps(x)
            losses = []
            for index, (v, memory) in enumerate(((s, memory_t), (t, memory_s))):
                scores = torch.exp((memory[torch.tensor(candidates)] * v[:, None]).sum(2) / temperature)
                if constants[index] < 0:
                    constants[index] = float(scores.mean().detach()) * count
                p = scores / constants[index]
                noise = negatives / count
                losses.append(-(torch.log(p[:, 0] / (p[:, 0] + noise + EPS)).sum()
                                + torch.log(noise / (p[:, 1:] + noise + EPS)).sum()) / B)
            return {"crd.student": losses[0], "crd.teacher": losses[1]}

        s, t = maps(inputs)
        after_s, after_t = memory_s.clone(), memory_t.clone()
        after_s[samples] = F.normalize(0.5 * memory_s[samples] + 0.5 * s)
        after_t[samples] = F.normalize(0.5 * memory_t[samples] + 0.5 * t)
        terms({k: v.clone() for k, v in inputs.items()})
        case(f"crd, {'first' if first else 'later'} batch", "crd",
             {"dimensions": dims, "negatives": negatives, "temperature": temperature}, inputs, terms,
             {"crd.student": 1, "crd.teacher": 1}, {"sampleLabels": labels_of},
             state={"crd.student-memory": memory_s, "crd.teacher-memory": memory_t, "crd.constants": torch.tensor(given)},
             after={"crd.student-memory": after_s, "crd.teacher-memory": after_t,
                    "crd.constants": torch.tensor(constants)}, samples=samples, seed=seed)



def taps():
    """Feature maps, channels last in the fixture, channels first for PyTorch."""
    first = lambda x: x.reshape(B, *x.shape[1:]).permute(0, 3, 1, 2)
    for title, s_size, t_size in (("same", (4, 4), (4, 4)), ("larger", (6, 5), (4, 3)), ("twice", (4, 6), (2, 3)),
                                  ("half", (2, 3), (4, 6)), ("larger square", (6, 6), (4, 4))):
        inputs = {"embeddings": tensor(B, D), "teacherEmbeddings": tensor(B, D),
                  "studentTap": tensor(B, *s_size, 3), "teacherTap": tensor(B, *t_size, 4)}
        problem = {"studentTap": [*s_size, 3], "teacherTap": [*t_size, 4]}

        def attention(f):
            return F.normalize((f**2).mean(1).reshape(B, -1))

        def at(x):
            s, t = first(x["studentTap"]), first(x["teacherTap"])
            small = tuple(min(a, b) for a, b in zip(s_size, t_size))
            s, t = F.adaptive_avg_pool2d(s, small), F.adaptive_avg_pool2d(t, small)
            return {"at.0": ((attention(s) - attention(t)) ** 2).mean()}

        case(f"at, {title} extent", "at", {}, inputs, at, {"at.0": 1}, problem)
        case(f"sp, {title} extent", "sp", {"features": "taps"}, inputs,
             lambda x: {"sp.0": sp(x["studentTap"], x["teacherTap"])}, {"sp.0": 1}, problem)
        kernel = (3, 3) if title == "twice" else (4, 4) if title == "half" else tuple(
            1 + a - b for a, b in zip(s_size, t_size))
        regressor = {"fitnet.0.conv.weight": tensor(4, *kernel, 3), "fitnet.0.conv.bias": tensor(4),
                     "fitnet.0.bn.weight": tensor(4), "fitnet.0.bn.bias": tensor(4)}

        def fitnet(x):
            s, w = first(x["studentTap"]), x["fitnet.0.conv.weight"].permute(0, 3, 1, 2)
            b = x["fitnet.0.conv.bias"]
            if title == "twice":
                z = F.conv2d(s, w, b, stride=2, padding=1)
            elif title == "half":
                z = F.conv_transpose2d(s, w.transpose(0, 1), b, stride=2, padding=1)
            else:
                z = F.conv2d(s, w, b)
            z = F.batch_norm(z, None, None, x["fitnet.0.bn.weight"], x["fitnet.0.bn.bias"], training=True, eps=1e-5)
            return {"fitnet.0": F.mse_loss(F.relu(z), first(x["teacherTap"]))}

        case(f"fitnet, {title} extent", "fitnet", {}, {**inputs, **regressor}, fitnet, {"fitnet.0": 1}, problem)


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def main():
    for method in (logit_methods, embedding_methods, margin_methods, queue_methods, ekd, crd, taps):
        method()
    for path, content in (("NeuralTraining/heads.json", heads()), ("Distillation/methods.json", CASES)):
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(json.dumps(rounded(content), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
