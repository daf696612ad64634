"""A second check of Fixtures/Distillation/methods.json and Fixtures/NeuralTraining/heads.json, whose oracle
(training_losses.py) writes every formula anew: the same inputs through the code that its authors released.

    python3 Scripts/oracles/official_losses.py FOLDER

FOLDER holds checkouts, or bare repositories, named owner+name: HobbitLong+RepDistiller, Alibaba-MIIL+HeadSharingKD,
megvii-research+mdistiller, fdbtrs+AdaDistill, jankolf+QUD, Tencent+TFace, deepinsight+insightface, david-svitov+margindistillation. Nothing is
fetched, and nothing of them is in this repository. Writes Fixtures/Distillation/official.json: for every case the code it was held
against, with relative differences of loss, gradients and state; or why no code was. Double precision, one CPU.
"""

import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import types
import warnings

import torch
import torch.nn.functional as F

from training_losses import B, C, D, LABELS, ROOT, Seeded, cosines

warnings.simplefilter("ignore")
FOLDER = pathlib.Path(sys.argv[1])
TEMPORARY = pathlib.Path(tempfile.mkdtemp())
# The released code is written for GPUs and for several processes: here it gets one process on the CPU.
torch.Tensor.cuda = lambda self, *_, **__: self
torch.distributed.init_process_group("gloo", init_method=f"file://{TEMPORARY}/store", rank=0, world_size=1)


# MARK: reading the repositories


def git(repository, *words):
    root = FOLDER / repository
    root = next(path for path in (root / "repo" / ".git", root / "repo", root) if path.exists())
    return subprocess.run(["git", "-C", root, *words], check=True, capture_output=True, text=True).stdout


def load(repository, module, *paths, under=""):
    """Imports a module of a repository with these files alone beside it."""
    root = TEMPORARY / (repository + "." + module)
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        checkout = FOLDER / repository / under / path
        target.write_text(checkout.read_text() if checkout.exists() else git(repository, "show", f"HEAD:{under}{path}"))
    known = set(sys.modules)
    sys.path.insert(0, str(root))
    loaded = importlib.import_module(module)
    sys.path.pop(0)
    # Another repository has modules of the same names.
    for name in set(sys.modules) - known:
        if name.partition(".")[0] == module.partition(".")[0] or name.startswith("crd"):
            del sys.modules[name]
    return loaded


REP, HEAD_SHARING, MDISTILLER = "HobbitLong+RepDistiller", "Alibaba-MIIL+HeadSharingKD", "megvii-research+mdistiller"
ADADISTILL, QUD, TFACE = "fdbtrs+AdaDistill", "jankolf+QUD", "Tencent+TFace"
INSIGHTFACE, MARGIN = "deepinsight+insightface", "david-svitov+margindistillation"

zoo = lambda name: load(REP, f"distiller_zoo.{name}", f"distiller_zoo/{name}.py")
crd_files = ("crd/criterion.py", "crd/memory.py")
kl_loss = zoo("KD").DistillKL
shared_kl = load(HEAD_SHARING, "distiller_zoo.KD", "distiller_zoo/KD.py").DistillKL
heads = load(HEAD_SHARING, "kd_teacher_head.kdth", "kd_teacher_head/kdth.py", *crd_files)
dkd = load(MDISTILLER, "distillers.DKD", "distillers/DKD.py", "distillers/_base.py", under="mdistiller/").dkd_loss
ada = load(ADADISTILL, "utils.losses", "utils/losses.py")
queue = load(QUD, "utils.buffer", "utils/buffer.py").MoCo
tface = lambda path: load(TFACE, path.replace("/", "."), path + ".py", "torchkit/head/localfc/common.py",
                          "torchkit/util/utils.py", under="recognition/")
ekd = load(TFACE, "distillation.ekd", "distillation/ekd.py", under="recognition/tasks/ekd/").EKD
distance = load(TFACE, "distillation.cosine_distance", "distillation/cosine_distance.py",
                under="recognition/tasks/ekd/").CosineDistance
margins = load(INSIGHTFACE, "losses", "losses.py", under="recognition/arcface_torch/").CombinedMarginLoss
regression = load(REP, "models.util", "models/util.py").ConvReg
contrast = load(REP, "crd.criterion", *crd_files).CRDLoss


# MARK: one function per method: (inputs, settings, case) -> loss, with the state that it leaves in case["found"]

target = lambda case: torch.tensor(case["labels"])


def logits(x, case, which, embeddings):
    weights, bias = x[which + "Weights"], x.get(which + "Bias")
    return F.linear(x[embeddings], weights, bias.reshape(-1)) if bias is not None else 16 * cosines(x[embeddings], weights)


def three(x, case):
    return (logits(x, case, "student", "embeddings"), logits(x, case, "teacher", "teacherEmbeddings"),
            logits(x, case, "teacher", "embeddings"))


def kd(x, settings, case):
    z_s, z_t, _ = three(x, case)
    return (kl_loss if case["method"] == "kd" else shared_kl)(settings["temperature"])(z_s, z_t)


def th_kd(x, settings, case):
    z_s, z_t, z_th = three(x, case)
    t = settings.get("temperature", 4)
    return (settings["student-weight"] * shared_kl(t)(z_s, z_t) + settings["head-weight"] * heads.KDTH(t)([z_s, z_th], z_t)
            + settings["classification-weight"] * F.cross_entropy(z_th, target(case)))


def decoupled(x, settings, case):
    z_s, z_t, _ = three(x, case)
    return min(case["epoch"] / 20, 1) * dkd(z_s, z_t, target(case), 1, 8, 4)


def margin(kind, x, weights, settings, labels, m):
    head = kind(D, C, settings["scale"], settings.get("margin", m)).double()
    with torch.no_grad():
        head.kernel.copy_(weights.T)
    out = head(x, labels)
    return F.cross_entropy(out[0] if isinstance(out, tuple) else out, labels)


def arc_distill(x, settings, case):
    is_cosface = settings.get("loss") == "cosface"
    return margin(ada.CosFace if is_cosface else ada.ArcFace, x["embeddings"], x["teacherWeights"], settings,
                  target(case), 0.35 if is_cosface else 0.45)


def adadistill(x, settings, case):
    is_cosface = settings["loss"] == "cosface"
    head = (ada.AdaptiveACosFace if is_cosface else ada.AdaptiveAArcFace)(D, C, 16, 0.35 if is_cosface else 0.45).double()
    head.kernel.requires_grad_(False).copy_(case["state"]["adadistill.centres"].T)
    loss = F.cross_entropy(head(x["embeddings"], x["teacherEmbeddings"], target(case))[0], target(case))
    case["found"] = {"adadistill.centres": head.kernel.T}
    return loss


def qud(x, settings, case):
    same = torch.nn.Identity()
    model = queue(same, same, dim=D, K=settings["queue-length"], T=0.07)
    model.queue.copy_(case["state"]["qud.queue"].T)
    model.queue_ptr[0] = int(case["state"]["qud.position"][0])
    loss = F.cross_entropy(*model(x["embeddings"], x["teacherEmbeddings"]))
    case["found"] = {"qud.queue": model.queue.T, "qud.position": model.queue_ptr.double()}
    return loss


def evaluation_oriented(x, settings, case):
    module = ekd()
    module.topk, module.t = settings["hardest"], settings["temperature"]
    module.s_anchor, module.t_anchor = (case["state"][f"ekd.{who}-anchors"] for who in ("student", "teacher"))
    loss = module(x["embeddings"], x["teacherEmbeddings"], target(case))
    case["found"] = {"ekd.student-anchors": module.s_anchor, "ekd.teacher-anchors": module.t_anchor}
    return loss


def contrastive(x, settings, case):
    labels_of, samples = case["problem"]["sampleLabels"], case["samples"]
    generator, candidates = Seeded(case["seed"], 0x637264), []
    for sample in samples:  # the negatives that the package draws
        row = [sample]
        while len(row) <= settings["negatives"]:
            other = generator.below(len(labels_of))
            if labels_of[other] != labels_of[sample]:
                row.append(other)
        candidates.append(row)
    options = types.SimpleNamespace(
        s_dim=D, t_dim=x["teacherEmbeddings"].shape[1], feat_dim=settings["dimensions"], nce_k=settings["negatives"],
        nce_t=settings["temperature"], nce_m=0.5, n_data=len(labels_of))
    module = contrast(options)
    for who in ("student", "teacher"):
        layer = getattr(module, "embed_" + who[0]).linear
        for name in ("weight", "bias"):
            delattr(layer, name)
            setattr(layer, name, x[f"crd.{who}.{name}"])
    memory = module.contrast
    memory.memory_v1.copy_(case["state"]["crd.student-memory"])
    memory.memory_v2.copy_(case["state"]["crd.teacher-memory"])
    memory.params[2:4] = case["state"]["crd.constants"]
    loss = module(x["embeddings"], x["teacherEmbeddings"], torch.tensor(samples), torch.tensor(candidates))
    case["found"] = {"crd.student-memory": memory.memory_v1, "crd.teacher-memory": memory.memory_v2,
                     "crd.constants": memory.params[2:4]}
    return loss


first = lambda maps: maps.permute(0, 3, 1, 2)


def fitnet(x, settings, case):
    s, t = first(x["studentTap"]), first(x["teacherTap"])
    module = regression(tuple(s.shape), tuple(t.shape))
    weight = first(x["fitnet.0.conv.weight"])
    parts = {"conv.weight": weight.transpose(0, 1) if isinstance(module.conv, torch.nn.ConvTranspose2d) else weight}
    parts |= {name: x["fitnet.0." + name] for name in ("conv.bias", "bn.weight", "bn.bias")}
    for name, value in parts.items():
        layer, leaf = name.split(".")
        delattr(getattr(module, layer), leaf)
        setattr(getattr(module, layer), leaf, value)
    return zoo("FitNet").HintLoss()(module(s), t)


def margin_distill(x, settings, case):
    """The branch of get_symbol in train.py that builds the loss, its own text, with MXNet's operators done by PyTorch."""
    text = git(MARGIN, "show", "HEAD:train/train.py")
    start = text.index("  elif config.loss_name == 'margin_distillation':\n")
    branch = textwrap.dedent(text[start:text.index("  elif config.loss_name == 'margin_base_with_T':", start)].split("\n", 1)[1])
    symbol = types.SimpleNamespace(
        Variable=lambda name, **_: x["teacherWeights"],
        L2Normalization=lambda data, **_: F.normalize(data),
        FullyConnected=lambda data, weight, **_: F.linear(data, weight),
        slice_axis=lambda data, axis, begin, end: data[:, begin:end if begin == 0 else None],
        reshape=lambda data, shape: data.reshape(shape),
        one_hot=lambda labels, depth, on_value, off_value: F.one_hot(labels.long(), depth).double(),
        linalg=types.SimpleNamespace(gemm2=lambda a, b: a @ b),
        sum=lambda data, axis: data.sum(axis), max=lambda data: data.max(),
        broadcast_mul=lambda a, b: a * b, expand_dims=lambda data, axis: data.unsqueeze(axis),
        pick=lambda data, index, axis: data.gather(axis, index.long().unsqueeze(axis)).squeeze(axis),
        arccos=torch.acos, cos=torch.cos)
    scope = {
        "mx": types.SimpleNamespace(sym=symbol, symbol=symbol, init=types.SimpleNamespace(Normal=lambda *_: None)),
        "config": types.SimpleNamespace(num_classes=C, emb_size=D, fc7_lr_mult=1, fc7_wd_mult=1, per_batch_size=B,
                                        loss_s=settings["scale"], Mmax=0.5, Mmin=0.2),
        "embedding": x["embeddings"],
        "gt_label": torch.cat([x["teacherEmbeddings"], target(case).double()[:, None]], 1)}
    exec(branch, scope)
    return F.cross_entropy(scope["fc7"], target(case))


plain = lambda module: lambda x, settings, case: module(x["embeddings"], x["teacherEmbeddings"])
METHODS = {
    "kd": (REP, "distiller_zoo/KD.py", kd),
    "sh-kd": (HEAD_SHARING, "distiller_zoo/KD.py", kd),
    "th-kd": (HEAD_SHARING, "kd_teacher_head/kdth.py", th_kd),
    "dkd": (MDISTILLER, "mdistiller/distillers/DKD.py", decoupled),
    "l2e": (HEAD_SHARING, "kd_teacher_head/kdth.py", lambda x, settings, case: heads.KDE()(
        x["embeddings"], x["teacherEmbeddings"]) / (1 if settings.get("reduction") == "sum" else B)),
    "cosine": (TFACE, "recognition/tasks/ekd/distillation/cosine_distance.py", plain(distance())),
    "rkd": (REP, "distiller_zoo/RKD.py", plain(zoo("RKD").RKDLoss())),
    "sp": (REP, "distiller_zoo/SP.py", lambda x, settings, case: zoo("SP").Similarity()(
        *([x[name]] for name in (("studentTap", "teacherTap") if settings else ("embeddings", "teacherEmbeddings"))))[0]),
    "pkt": (REP, "distiller_zoo/PKT.py", lambda x, settings, case: zoo("PKT").PKT()(
        x["embeddings"], x["teacherEmbeddings"]) * (1 if settings.get("reduction") == "mean" else B * B)),
    "arc-distill": (ADADISTILL, "utils/losses.py", arc_distill),
    "adadistill": (ADADISTILL, "utils/losses.py", adadistill),
    "margin-distill": (MARGIN, "train/train.py", margin_distill),
    "qud": (QUD, "utils/buffer.py", qud),
    "ekd": (TFACE, "recognition/tasks/ekd/distillation/ekd.py", evaluation_oriented),
    "crd": (REP, "crd/criterion.py", contrastive),
    "at": (REP, "distiller_zoo/AT.py", lambda x, settings, case: zoo("AT").Attention()(
        [first(x["studentTap"])], [first(x["teacherTap"])])[0]),
    "fitnet": (REP, "models/util.py", fitnet),
}
NOT_SQUARE = "the released code pools to squares and takes no other maps"
REPEATED = "labels that come twice are defined otherwise: in the order of the batch, where the released code keeps one update"
WITHOUT = {
    "arc-distill, straight through, with the branch beyond pi": "no released code has both",
    "adadistill with arcface": REPEATED,
    "adadistill with cosface": REPEATED,
    "at, larger extent": NOT_SQUARE,
    "at, twice extent": NOT_SQUARE,
    "at, half extent": NOT_SQUARE,
    "head: softmax": "PyTorch's own cross entropy",
    "head: arcface straight-through linear": "no released code has both",
}


# MARK: heads


def insightface(m2, m3):
    def loss(f, w, b):
        values = F.linear(F.normalize(f), F.normalize(w)).clamp(-1, 1)
        return F.cross_entropy(margins(16, 1.0, m2, m3)(values, torch.tensor(LABELS)), torch.tensor(LABELS))
    return loss


def kernel(kind, m):
    """A head whose kernel is the leaf itself, so that its gradient is compared too."""
    def loss(f, w, b):
        head = kind(D, C, 16, m)
        del head.kernel
        head.kernel = w.T
        out = head(f, torch.tensor(LABELS))
        return F.cross_entropy(out[0] if isinstance(out, tuple) else out, torch.tensor(LABELS))
    return loss


HEADS = {
    "normalized-softmax": (ADADISTILL, "utils/losses.py", kernel(ada.ArcFace, 0.0)),
    "cosface": (INSIGHTFACE, "recognition/arcface_torch/losses.py", insightface(0, 0.4)),
    "arcface exact cosine": (ADADISTILL, "utils/losses.py", kernel(ada.ArcFace, 0.5)),
    "arcface straight-through cosine": (INSIGHTFACE, "recognition/arcface_torch/losses.py", insightface(0.5, 0)),
    "arcface exact linear": (TFACE, "recognition/torchkit/head/localfc/arcface.py",
                             kernel(tface("torchkit/head/localfc/arcface").ArcFace, 0.5)),
}


# MARK: what is no loss


def partial_fc():
    """Rows that version 2 leaves out of a sample: v <- momentum v + decay w, w <- w - rate v."""
    files = ("partial_fc_v2.py",)
    module = load(INSIGHTFACE, "partial_fc_v2", *files, under="recognition/arcface_torch/").PartialFC_V2(
        margins(64, 1.0, 0.5, 0), D, 4 * C, 0.4)
    sgd = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=0.1)
    velocity, worst = torch.zeros_like(module.weight), 0.0
    for _ in range(5):
        before = module.weight.detach().clone()
        sgd.zero_grad()
        module(torch.randn(B, D), torch.tensor(LABELS)).backward()
        sgd.step()
        out = torch.ones(4 * C, dtype=torch.bool)
        out[module.weight_index] = False
        assert 0 < out.sum() < 4 * C
        velocity = 0.9 * velocity + 0.1 * before
        worst = max(worst, difference(module.weight[out], (before - 0.05 * velocity)[out]))
        velocity = (before - module.weight.detach()) / 0.05
    return {"case": "Partial FC version 2: classes out of the sample", "difference": worst,
            "code": "deepinsight/insightface recognition/arcface_torch/partial_fc_v2.py"}


def schedule(power):
    """rate (1 - (i - w) / (n - w))^power after the warm-up."""
    scheduler = load(INSIGHTFACE, "lr_scheduler", "lr_scheduler.py", under="recognition/arcface_torch/").PolynomialLRWarmup
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    # The class of that time hands PyTorch an argument that it no longer takes.
    base, scheduler.__bases__[0].__init__ = scheduler.__bases__[0].__init__, lambda self, optimizer, last_epoch=-1, **_: base(
        self, optimizer, last_epoch)
    rates = []
    try:
        module = scheduler(sgd, 10, 100, power)
        for _ in range(100):
            rates.append(sgd.param_groups[0]["lr"])
            sgd.step()
            module.step()
    finally:
        scheduler.__bases__[0].__init__ = base
    expected = [0.1 * (1 - (i - 10) / 90) ** power for i in range(10, 100)]
    return {"case": f"polynomial schedule after its warm-up, power {power}", "difference": difference(rates[10:], expected),
            "code": "deepinsight/insightface recognition/arcface_torch/lr_scheduler.py"}


# MARK: comparing


def difference(found, expected):
    found, expected = torch.as_tensor(found).detach().double().reshape(-1), torch.as_tensor(expected).double().reshape(-1)
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-3))


def row(title, source, loss, gradients, state):
    commits.setdefault(source[0], git(source[0], "rev-parse", "HEAD").strip())
    found = {"case": title, "code": f"{source[0].replace('+', '/')} {source[1]}", "loss": loss[1],
             "lossDifference": difference(*loss), "gradientDifference": max(difference(*pair) for pair in gradients)}
    if state:
        found["stateDifference"] = max(difference(*pair) for pair in state)
    return found


commits, rows = {}, []
unpack = lambda items: {k: torch.tensor(v["values"]).reshape(v["shape"]) for k, v in items.items()}
for case in json.loads((ROOT / "Distillation/methods.json").read_text()):
    if case["title"] in WITHOUT:
        rows.append({"case": case["title"], "without": WITHOUT[case["title"]], "loss": case["loss"]})
        continue
    x = {name: value.requires_grad_(not name.startswith("teacher")) for name, value in unpack(case["inputs"]).items()}
    case["state"], after = unpack(case["state"]), unpack(case["stateAfter"])
    repository, path, function = METHODS[case["method"]]
    loss = function(x, case["settings"], case).reshape(())
    loss.backward()
    rows.append(row(case["title"], (repository, path), (loss, case["loss"]),
                    [(x[name].grad, values) for name, values in case["gradients"].items()
                     if x[name].grad is not None or any(values)],
                    [(case["found"][name], value) for name, value in after.items()]))
golden = json.loads((ROOT / "NeuralTraining/heads.json").read_text())
shapes = {"embeddings": (B, D), "weights": (C, D), "bias": (1, C)}
for case in golden["cases"]:
    title = "head: " + case["name"]
    if title in WITHOUT:
        rows.append({"case": title, "without": WITHOUT[title], "loss": case["loss"]})
        continue
    leaves = [torch.tensor(golden["inputs"][name]).reshape(shape).requires_grad_() for name, shape in shapes.items()]
    repository, path, function = HEADS[case["name"]]
    loss = function(*leaves)
    loss.backward()
    rows.append(row(title, (repository, path), (loss, case["loss"]),
                    [(leaf.grad, values) for leaf, values in zip(leaves, case["gradients"]) if leaf.grad is not None], []))
text = ",\n".join("    " + json.dumps(r, ensure_ascii=False) for r in rows)
names = ",\n".join(f"    {json.dumps(name.replace('+', '/'))}: {json.dumps(commit)}" for name, commit in sorted(commits.items()))
others = [partial_fc(), schedule(1), schedule(2)]
last = ",\n".join("    " + json.dumps(r) for r in others)
(ROOT / "Distillation/official.json").write_text(
    f'{{\n  "commits": {{\n{names}\n  }},\n  "cases": [\n{text}\n  ],\n  "others": [\n{last}\n  ]\n}}\n')
for r in others:
    print(r)
for r in rows:
    print(f"{r['case']:58} " + (r.get("without") or f"{r['lossDifference']:.1e} {r['gradientDifference']:.1e} "
                                f"{r.get('stateDifference', 0):.1e}  {r['code']}"))
