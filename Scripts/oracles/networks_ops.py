"""Writes Fixtures/NeuralCompute: small cases of every operation, computed by PyTorch in float64.

    python networks_ops.py

Operands are filled by the formula of Fixtures/Backbones/README.md; only outputs are stored. See
Fixtures/NeuralCompute/README.md for the fields.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import networks

FOLDER = Path(__file__).resolve().parents[2] / "Fixtures" / "NeuralCompute"
INF, NAN = math.inf, math.nan


class Collection:
    def __init__(self):
        self.cases, self.outputs, self.length = [], [], 0

    def add(self, name, operation, inputs, output, attributes=None, parameters=(), terms=1, absolute=None):
        assert all(c["name"] != name for c in self.cases), name
        flat = output.numpy().astype("<f4").flatten()
        case = {"name": name, "operation": operation, "attributes": attributes or {}, "inputs": inputs}
        case["parameters"] = list(parameters)
        case["output"] = {"shape": list(output.shape), "offset": self.length}
        finite = flat[np.isfinite(flat)]
        case["terms"] = terms
        case["absoluteSum"] = float(absolute if absolute is not None else np.abs(finite).max(initial=0))
        self.cases.append(case)
        self.outputs.append(flat)
        self.length += flat.size


collection = Collection()


def signal(name, shape, scale=1.0):
    """The index entry and the float64 tensor of an input; `scale` is a power of two."""
    data = networks.values(name, "signal", tuple(shape)) * np.float32(scale)
    return {"name": name, "shape": list(shape), "scale": scale}, torch.from_numpy(data).double()


def literal(values, shape):
    text = [v if math.isfinite(v) else ("nan" if math.isnan(v) else "inf" if v > 0 else "-inf") for v in values]
    return {"values": text, "shape": list(shape)}, torch.tensor(values, dtype=torch.float32).double().reshape(shape)


def parameter(case, role, kind, shape):
    name = f"{case}/{role}"
    entry = {"role": role, "name": name, "kind": kind, "shape": list(shape)}
    return entry, torch.from_numpy(networks.values(name, kind, tuple(shape))).double()


def activate(x, activation, slope=None):
    if activation is None:
        return x
    kind = activation["kind"]
    if kind == "relu":
        return F.relu(x)
    if kind == "clip":
        return torch.clamp(x, activation["low"], activation["high"])
    if kind == "leakyRelu":
        return F.leaky_relu(x, activation["slope"])
    if kind == "sigmoid":
        return torch.sigmoid(x)
    return F.prelu(x, slope)


def convolution(name, shape, out, kernel, stride=1, padding=0, dilation=1, groups=1, bias=False, **more):
    """`padding`: one number or [top, left, bottom, right]. `more`: activation, addition ("before" or "after" the
    activation), border."""
    pair = lambda v: list(v) if isinstance(v, (tuple, list)) else [v, v]
    kernel, stride, dilation = pair(kernel), pair(stride), pair(dilation)
    top, left, bottom, right = padding if isinstance(padding, (tuple, list)) else [padding] * 4
    entry, x = signal(f"{name}/x", shape)
    inputs, parameters = [entry], []

    def make(role, kind, dims):
        item, tensor = parameter(name, role, kind, dims)
        parameters.append(item)
        return tensor

    weight = make("weight", "weight", (out, shape[1] // groups, *kernel))
    b = make("bias", "bias", (out,)) if bias else None
    padded = F.pad(x, (left, right, top, bottom))
    if more.get("border"):
        border = make("border", "bn.bias", (shape[1],)).reshape(1, -1, 1, 1)
        inside = F.pad(torch.ones_like(x), (left, right, top, bottom))
        padded = padded + (1 - inside) * border
    y = F.conv2d(padded, weight, b, stride, 0, dilation, groups)
    absolute = F.conv2d(padded.abs(), weight.abs(), None if b is None else b.abs(), stride, 0, dilation, groups).max()
    activation, addition = more.get("activation"), more.get("addition")
    slope = make("slope", "prelu.weight", (out,)) if activation and activation["kind"] == "prelu" else None
    if addition:
        entry, addend = signal(f"{name}/addend", tuple(y.shape))
        inputs.append(entry)
    if addition == "before":
        y = y + addend
    y = activate(y, activation, slope)
    if addition == "after":
        y = y + addend
    attributes = {"outChannels": out, "kernel": kernel, "stride": stride, "padding": [top, left, bottom, right],
                  "dilation": dilation, "groups": groups}  # fmt: skip
    attributes |= {"activation": activation} if activation else {}
    attributes |= {"addition": addition} if addition else {}
    absolute = absolute + (addend.abs().max() if addition else 0)
    terms = math.prod(weight.shape[1:]) + 2
    collection.add(name, "convolution", inputs, y, attributes, parameters, terms, absolute)


def convolutions():
    c = convolution
    c("conv1x1_1to1", (1, 1, 1, 1), 1, 1)
    c("conv1x1_1to17", (2, 1, 3, 5), 17, 1)
    c("conv1x1_17to3_bias", (2, 17, 7, 7), 3, 1, bias=True)
    c("conv1x1_17to33", (3, 17, 5, 3), 33, 1)
    c("conv1x1_64to32", (2, 64, 5, 5), 32, 1)
    c("conv1x1_257to65", (1, 257, 3, 5), 65, 1, bias=True)
    c("conv1x1_stride2_even", (2, 17, 8, 8), 9, 1, 2)
    c("conv1x1_stride2_odd", (2, 17, 7, 5), 9, 1, 2)
    c("conv1x1_padding1", (1, 3, 4, 4), 5, 1, padding=1, bias=True)
    c("conv3x3_1to1", (1, 1, 5, 5), 1, 3, padding=1)
    c("conv3x3_3to17_stride2", (2, 3, 15, 13), 17, 3, 2, 1)
    c("conv3x3_3to64_stride2_stem", (1, 3, 12, 12), 64, 3, 2, 1)
    c("conv3x3_3to64_stem", (1, 3, 5, 8), 64, 3, 1, 1)
    c("conv3x3_17to17", (2, 17, 7, 7), 17, 3, 1, 1)
    c("conv3x3_17to17_no_padding", (2, 17, 7, 7), 17, 3)
    c("conv3x3_32to40_7x9", (1, 32, 7, 9), 40, 3, 1, 1)
    c("conv3x3_16to16_9x5", (2, 16, 9, 5), 16, 3, 1, 1)
    c("conv3x3_16to16_13x10", (1, 16, 13, 10), 16, 3, 1, 1)
    c("conv3x3_48to16_14x14", (1, 48, 14, 14), 16, 3, 1, 1)
    c("conv3x3_64to48_7x7_stride2", (1, 64, 7, 7), 48, 3, 2, 1)
    c("conv3x3_2x2_picture", (2, 5, 2, 2), 6, 3, 1, 1)
    c("conv3x3_1x1_picture", (2, 33, 1, 1), 17, 3, 1, 1)
    c("conv3x3_dilation2", (2, 3, 9, 8), 5, 3, 1, 2, 2)
    c("conv3x3_dilation2_stride2", (1, 5, 11, 9), 7, 3, 2, 2, 2)
    c("conv3x3_padding2", (1, 5, 4, 6), 7, 3, 1, 2)
    c("conv3x3_asymmetric", (2, 3, 7, 6), 8, 3, 1, (0, 1, 2, 3))
    c("conv3x3_same_upper_stride2", (2, 3, 8, 10), 8, 3, 2, (0, 0, 1, 1))
    c("conv2x2_stride2", (1, 17, 7, 9), 5, 2, 2)
    c("conv5x5", (1, 4, 9, 8), 6, 5, 1, 2, bias=True)
    c("conv7x7_stride2", (1, 3, 17, 16), 9, 7, 2, 3)
    c("conv1x3", (1, 5, 6, 7), 6, (1, 3), 1, (0, 1, 0, 1))
    c("conv3x1_stride_2_1", (1, 5, 7, 6), 6, (3, 1), (2, 1), (1, 0, 1, 0))
    c("conv7x7_whole_picture", (2, 9, 7, 7), 11, 7)
    c("grouped_2in2out_3groups", (2, 6, 7, 7), 6, 3, 1, 1, groups=3)
    c("grouped_2in2out_17groups", (1, 34, 5, 6), 34, 3, 1, 1, groups=17)
    c("grouped_2in2out_64groups_mbf", (1, 128, 5, 4), 128, 3, 1, 1, groups=64)
    c("grouped_4in4out_64groups_mbf_large", (1, 256, 2, 3), 256, 3, 1, 1, groups=64)
    c("grouped_1in2out", (2, 5, 6, 5), 10, 3, 1, 1, groups=5)
    c("grouped_2in1out", (1, 10, 5, 5), 5, 3, 2, 1, groups=5)
    c("grouped_3in5out_stride2_bias", (1, 6, 7, 7), 10, 3, 2, 1, groups=2, bias=True)
    c("grouped_1x1_4groups", (2, 12, 3, 5), 20, 1, groups=4)
    for channels in (1, 3, 17, 64):
        c(f"depthwise3x3_{channels}", (2, channels, 5, 7), channels, 3, 1, 1, groups=channels)
        c(f"depthwise3x3_stride2_{channels}", (1, channels, 8, 7), channels, 3, 2, 1, groups=channels)
    c("depthwise3x3_wide", (1, 16, 3, 19), 16, 3, 1, 1, groups=16)
    c("depthwise3x3_tall_stride2", (1, 16, 29, 3), 16, 3, 2, 1, groups=16)
    c("depthwise3x3_1x1_picture", (2, 33, 1, 1), 33, 3, 1, 1, groups=33)
    c("depthwise3x3_asymmetric", (1, 17, 6, 7), 17, 3, 2, (0, 0, 1, 1), groups=17)
    c("depthwise3x3_dilation2", (1, 17, 9, 7), 17, 3, 1, 2, 2, groups=17)
    c("depthwise3x3_no_padding_bias", (1, 19, 5, 5), 19, 3, groups=19, bias=True)
    c("depthwise5x5_17", (2, 17, 9, 7), 17, 5, 1, 2, groups=17)
    c("depthwise5x5_stride2", (1, 17, 10, 9), 17, 5, 2, 2, groups=17)
    c("depthwise7x7_padding3", (1, 17, 8, 7), 17, 7, 1, 3, groups=17)
    c("depthwise7x7_whole_picture", (2, 65, 7, 7), 65, 7, groups=65)
    c("depthwise7x6_whole_picture", (2, 65, 7, 6), 65, (7, 6), groups=65)


def fused_convolutions():
    c, prelu = convolution, {"kind": "prelu"}
    c("fused_1x1_bias_prelu", (2, 17, 5, 5), 33, 1, bias=True, activation=prelu)
    c("fused_1x1_bias_addition", (2, 33, 5, 5), 17, 1, bias=True, addition="after")
    c("fused_3x3_bias_relu", (1, 17, 7, 7), 9, 3, 1, 1, bias=True, activation={"kind": "relu"})
    c("fused_3x3_bias_prelu_then_addition", (2, 9, 7, 7), 17, 3, 1, 1, bias=True, activation=prelu, addition="after")
    c("fused_3x3_bias_addition_then_relu", (2, 9, 7, 7), 17, 3, 2, 1, bias=True, activation={"kind": "relu"}, addition="before")
    c("fused_depthwise_bias_prelu", (2, 17, 7, 7), 17, 3, 1, 1, groups=17, bias=True, activation=prelu)
    c("fused_depthwise_bias_clip", (1, 17, 7, 7), 17, 3, 2, 1, groups=17, bias=True,
      activation={"kind": "clip", "low": 0.0, "high": 0.25})  # fmt: skip
    c("fused_depthwise_bias_addition", (1, 17, 7, 7), 17, 3, 1, 1, groups=17, bias=True, addition="after")
    c("fused_grouped_bias_prelu", (1, 34, 7, 7), 34, 3, 1, 1, groups=17, bias=True, activation=prelu)
    c("fused_grouped_bias_prelu_before_addition", (1, 10, 5, 5), 10, 3, 1, 1, groups=5, bias=True, activation=prelu, addition="before")
    c("border_3x3", (2, 5, 6, 7), 9, 3, 1, 1, bias=True, border=True)
    c("border_3x3_stride2_prelu", (1, 17, 7, 7), 16, 3, 2, 1, bias=True, border=True, activation=prelu)
    c("border_depthwise_asymmetric", (1, 17, 6, 7), 17, 3, 2, (0, 0, 1, 1), groups=17, border=True)


def linears():
    for faces, inputs, out, bias in [(1, 1, 1, True), (2, 17, 3, False), (3, 3, 17, True), (2, 833, 65, True),
                                     (1, 512, 128, False), (5, 65, 33, True)]:  # fmt: skip
        name = f"linear_{inputs}to{out}"
        entry, x = signal(f"{name}/x", (faces, inputs))
        item, weight = parameter(name, "weight", "weight", (out, inputs))
        parameters, b = [item], None
        if bias:
            item, b = parameter(name, "bias", "bias", (out,))
            parameters.append(item)
        absolute = F.linear(x.abs(), weight.abs(), None if b is None else b.abs()).max()
        collection.add(name, "linear", [entry], F.linear(x, weight, b), {"outFeatures": out}, parameters, inputs + 1, absolute)


def normalizations():
    for label, shape, epsilon, affine in [("17", (2, 17, 3, 5), 1e-5, True), ("1", (1, 1, 7, 7), 1e-5, True),
                                          ("3_epsilon", (2, 3, 4, 4), 1e-3, True), ("no_affine", (2, 33, 2, 3), 1e-5, False),
                                          ("vector", (3, 33), 2e-5, True), ("epsilon_half", (1, 17, 2, 2), 0.5, True)]:  # fmt: skip
        name = f"bn_{label}"
        entry, x = signal(f"{name}/x", shape, 4.0)
        roles = ["running_mean", "running_var"] + (["weight", "bias"] if affine else [])
        made = {role: parameter(name, role, "bn." + role, (shape[1],)) for role in roles}
        tensors = {role: pair[1] for role, pair in made.items()}
        epsilon = float(np.float32(epsilon))
        y = F.batch_norm(x, *[tensors.get(r) for r in ("running_mean", "running_var", "weight", "bias")], eps=epsilon)
        collection.add(name, "batchNormalization", [entry], y, {"epsilon": epsilon}, [p for p, _ in made.values()], 4, 16.0)
    for shape in [(2, 17, 3, 5), (3, 5)]:
        name = f"channel_affine_{len(shape)}d"
        entry, x = signal(f"{name}/x", shape, 2.0)
        scale, shift = parameter(name, "scale", "bn.weight", (shape[1],)), parameter(name, "shift", "bn.bias", (shape[1],))
        view = (1, -1, 1, 1)[: len(shape)]
        y = x * scale[1].reshape(view) + shift[1].reshape(view)
        collection.add(name, "channelAffine", [entry], y, {}, [scale[0], shift[0]], 2, 4.0)
    entry, x = signal("scalar_affine/x", (2, 3, 5, 7), 128.0)
    scale, shift = float(np.float32(1 / 127.5)), -1.0
    collection.add("scalar_affine", "scalarAffine", [entry], x * scale + shift, {"scale": scale, "shift": shift}, (), 2, 2.0)


def activations():
    kinds = {
        "relu": {"kind": "relu"}, "relu6": {"kind": "clip", "low": 0.0, "high": 6.0},
        "clip": {"kind": "clip", "low": -1.5, "high": 2.25}, "leaky": {"kind": "leakyRelu", "slope": 0.125},
        "sigmoid": {"kind": "sigmoid"}, "prelu": {"kind": "prelu"}, "prelu_one": {"kind": "prelu"},
    }  # fmt: skip
    special = [NAN, INF, -INF, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 100.0, -100.0, 6.0]
    for label, activation in kinds.items():
        inputs = {"": signal(f"{label}/x", (2, 17, 3, 5), 8.0), "_vector": signal(f"{label}_vector/x", (3, 33), 8.0)}
        inputs["_special"] = literal(special, (1, 3, 2, 2))
        for suffix, (entry, x) in inputs.items():
            item = slope = None
            if activation["kind"] == "prelu":
                item, slope = parameter(label + suffix, "slope", "prelu.weight", (1 if label == "prelu_one" else x.shape[1],))
            y = activate(x, activation, slope)
            collection.add(label + suffix, "activation", [entry], y, activation, [item] if item else [], 1, None)
    entry, x = signal("sigmoid_large/x", (1, 3, 4, 5), 128.0)
    collection.add("sigmoid_large", "activation", [entry], torch.sigmoid(x), kinds["sigmoid"])


def combinations():
    shapes = {"same": ((2, 17, 3, 5), (2, 17, 3, 5)), "channels": ((2, 17, 3, 5), (2, 17)), "vector": ((3, 33), (3, 33)),
              "one_channel": ((2, 1, 7, 7), (2, 1))}  # fmt: skip
    for label, pair in shapes.items():
        for operation, function in (("add", torch.add), ("multiply", torch.mul)):
            name = f"{operation}_{label}"
            (left, x), (right, y) = signal(f"{name}/x", pair[0]), signal(f"{name}/y", pair[1])
            wide = y if pair[0] == pair[1] else y[:, :, None, None]
            collection.add(name, operation, [left, right], function(x, wide), {}, (), 2, 2.0)
            if pair[0] != pair[1]:  # the vector may come first
                collection.add(name + "_swapped", operation, [right, left], function(x, wide), {}, (), 2, 2.0)
    for label, shapes in {"maps": [(2, 3, 4, 5), (2, 17, 4, 5), (2, 1, 4, 5)], "vectors": [(3, 5), (3, 1)]}.items():
        made = [signal(f"concatenate_{label}/{i}", s) for i, s in enumerate(shapes)]
        collection.add(f"concatenate_{label}", "concatenate", [e for e, _ in made], torch.cat([t for _, t in made], 1))


def pools():
    cases = [("3x3_stride2", (2, 17, 7, 7), 3, 2, 0), ("3x3_stride2_padding1", (2, 17, 8, 7), 3, 2, 1), ("2x2", (1, 3, 7, 9), 2, 2, 0),
             ("7x7", (2, 33, 7, 7), 7, 1, 0), ("7x6", (2, 5, 7, 6), (7, 6), 1, 0), ("3x3_stride1", (1, 1, 5, 5), 3, 1, 1),
             ("2x3_stride_1_2", (1, 5, 6, 7), (2, 3), (1, 2), (1, 0))]  # fmt: skip
    for label, shape, kernel, stride, padding in cases:
        for up in (False, True):
            pair = lambda v: list(v) if isinstance(v, tuple) else [v, v]
            k, s, (vertical, horizontal) = pair(kernel), pair(stride), pair(padding)
            base = f"{label}{'_ceil' if up else ''}"
            fields = {"kernel": k, "stride": s, "padding": [vertical, horizontal, vertical, horizontal], "roundsUp": up}
            entry, x = signal(f"maximum_{base}/x", shape, 2.0)
            y = F.max_pool2d(x - 4, k, s, (vertical, horizontal), ceil_mode=up)  # shifted below zero: a border is not 0
            shifted = entry | {"offset": -4.0}
            collection.add(f"maximum_{base}", "pool", [shifted], y, {"kind": "maximum"} | fields)
            for counts in (False, True) if padding else (False,):
                name = f"average_{base}{'_counting' if counts else ''}"
                entry, x = signal(f"{name}/x", shape)
                y = F.avg_pool2d(x, k, s, (vertical, horizontal), up, counts)
                fields_here = {"kind": "average"} | fields | {"countsPadding": counts}
                collection.add(name, "pool", [entry], y, fields_here, (), math.prod(k), 1.0)
    for shape in [(2, 17, 7, 7), (1, 1, 1, 1), (2, 33, 3, 5)]:
        name = f"global_average_{shape[1]}"
        entry, x = signal(f"{name}/x", shape)
        collection.add(name, "globalAveragePool", [entry], x.mean(dim=(2, 3)), {}, (), shape[2] * shape[3], 1.0)


def shapes():
    entry, x = signal("flatten/x", (2, 17, 3, 5))
    collection.add("flatten", "flatten", [entry], x.flatten(1))
    for name, sides, value in [("pad_zero", (1, 2, 3, 0), 0.0), ("pad_constant", (0, 1, 2, 1), -0.75)]:
        top, left, bottom, right = sides
        entry, x = signal(f"{name}/x", (2, 3, 4, 5))
        y = F.pad(x, (left, right, top, bottom), value=value)
        collection.add(name, "pad", [entry], y, {"padding": list(sides), "value": value})
    for name, shape, scale in [("l2_33", (3, 33), 4.0), ("l2_1", (2, 1), 1.0), ("l2_tiny", (2, 17), 2.0**-60),
                               ("l2_large", (2, 512), 2.0**60)]:  # fmt: skip
        entry, x = signal(f"{name}/x", shape, scale)
        epsilon = float(np.float32(1e-12))
        y = x / x.norm(dim=1, keepdim=True).clamp_min(epsilon)
        collection.add(name, "l2Normalize", [entry], y, {"epsilon": epsilon}, (), shape[1], 1.0)
    entry, x = literal([0.0] * 5, (1, 5))
    collection.add("l2_zero", "l2Normalize", [entry], x, {"epsilon": float(np.float32(1e-12))})
    for name, attributes in (("dropout", {"rate": 0.4}), ("identity", {})):
        entry, x = signal(f"{name}/x", (2, 3, 2, 2))
        collection.add(name, name, [entry], x, attributes)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in (convolutions, fused_convolutions, linears, normalizations, activations, combinations, pools, shapes):
        part()
    rows = ",\n".join("  " + json.dumps(case, allow_nan=False) for case in collection.cases)
    heading = json.dumps({"torch": torch.__version__, "outputs": "outputs.npy"})[1:-1]
    (FOLDER / "operations.json").write_text("{" + heading + ', "cases": [\n' + rows + "\n]}\n")
    np.save(FOLDER / "outputs.npy", np.concatenate(collection.outputs))
    print(len(collection.cases), "cases", collection.length, "floats")
