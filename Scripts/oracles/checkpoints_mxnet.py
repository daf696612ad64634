"""Tiny MXNet checkpoints, and what they compute according to PyTorch.

MXNet itself has no wheel for current Pythons. The `.params` layout is written here from the description of its reader
(`src/ndarray/ndarray.cc`: NDArray::Save and ::Load), the operators' meaning from its operator documentation; the results
come from PyTorch in float64. Writes Fixtures/CheckpointsOwn/MXNet.

    python Scripts/oracles/checkpoints_mxnet.py
"""

import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

from networks import values

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "CheckpointsOwn" / "MXNet"
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
FLAGS = {np.dtype("f4"): 0, np.dtype("f8"): 1, np.dtype("f2"): 2}


def array(a, version):
    shape = struct.pack("<I", a.ndim) + struct.pack(f"<{a.ndim}q", *a.shape)
    if version in (2, 3):
        head = struct.pack("<Ii", V2 if version == 2 else V3, 0) + shape
    elif version == 1:
        head = struct.pack("<I", V1) + shape
    else:  # the first word is the number of axes
        head = struct.pack("<I", a.ndim) + struct.pack(f"<{a.ndim}I", *a.shape)
    return head + struct.pack("<iii", 1, 0, FLAGS[a.dtype]) + a.tobytes()


def params(arrays, version=2):
    data = struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(array(a, version) for a in arrays.values())
    return data + struct.pack("<Q", len(arrays)) + b"".join(struct.pack("<Q", len(n)) + n.encode() for n in arrays)


class Network:
    """Builds a symbol and, beside it, computes the same with PyTorch."""

    def __init__(self, attribute_key="attrs"):
        self.nodes, self.arrays, self.key = [], {}, attribute_key

    def node(self, op, name, inputs=(), **attributes):
        entry = {"op": op, "name": name, "inputs": [[i, 0, 0] for i in inputs]}
        if attributes:
            entry[self.key] = {k: str(v) for k, v in attributes.items()}
        self.nodes.append(entry)
        return len(self.nodes) - 1

    def array(self, name, kind, *shape, aux=False):
        self.arrays[("aux:" if aux else "arg:") + name] = values(name, kind, shape)
        return self.node("null", name)

    def get(self, name):
        a = self.arrays.get("arg:" + name)
        return torch.from_numpy(np.asarray(self.arrays["aux:" + name] if a is None else a, dtype="f8"))

    def conv(self, name, x, inputs, outputs, kernel, bias=False, **attributes):
        groups = attributes.get("num_group", 1)
        ids = [x[0], self.array(name + "_weight", "weight", outputs, inputs // groups, kernel, kernel)]
        if bias:
            ids.append(self.array(name + "_bias", "bias", outputs))
        i = self.node("Convolution", name, ids, num_filter=outputs, kernel=(kernel, kernel), no_bias=not bias, **attributes)
        y = F.conv2d(x[1], self.get(name + "_weight"), self.get(name + "_bias") if bias else None,
                     attributes.get("stride", (1, 1)), attributes.get("pad", (0, 0)), attributes.get("dilate", (1, 1)), groups)  # fmt: skip
        return i, y

    def norm(self, name, x, channels, eps=None, fix_gamma=None):
        ids = [x[0]] + [self.array(f"{name}_{n}", "bn." + k, channels, aux=n.startswith("moving"))
                        for n, k in (("gamma", "weight"), ("beta", "bias"), ("moving_mean", "running_mean"), ("moving_var", "running_var"))]  # fmt: skip
        attributes = {} if eps is None else {"eps": eps}
        if fix_gamma is not None:
            attributes["fix_gamma"] = fix_gamma
        i = self.node("BatchNorm", name, ids, **attributes)
        scale = torch.ones(channels, dtype=torch.float64) if fix_gamma is not False else self.get(name + "_gamma")
        y = F.batch_norm(x[1], self.get(name + "_moving_mean"), self.get(name + "_moving_var"), scale, self.get(name + "_beta"), eps=eps or 1e-3)
        return i, y

    def prelu(self, name, x, channels):
        ids = [x[0], self.array(name + "_gamma", "prelu.weight", channels)]
        return self.node("LeakyReLU", name, ids, act_type="prelu"), F.prelu(x[1], self.get(name + "_gamma"))

    def json(self, head):
        null = [i for i, n in enumerate(self.nodes) if n["op"] == "null"]
        return {"nodes": self.nodes, "arg_nodes": null, "heads": [[head, 0, 0]], "attrs": {"mxnet_version": ["int", 10300]}}


def embedder(net, pixels):
    """What the old zoo's networks are made of: own normalisation, IR unit with squeeze and excitation, fc1."""
    x = net.node("null", "data"), pixels
    x = net.node("_minus_scalar", "_minusscalar0", [x[0]], scalar=127.5), x[1] - 127.5
    x = net.node("_mul_scalar", "_mulscalar0", [x[0]], scalar=0.0078125), x[1] * 0.0078125
    x = net.prelu("relu0", net.norm("bn0", net.conv("conv0", x, 3, 4, 3, pad=(1, 1)), 4, 2e-5, False), 4)
    y = net.norm("unit_bn1", x, 4, 2e-5, False)
    y = net.prelu("unit_relu1", net.norm("unit_bn2", net.conv("unit_conv1", y, 4, 6, 3, pad=(1, 1), num_group=2), 6, 2e-5, False), 6)
    y = net.norm("unit_bn3", net.conv("unit_conv2", y, 6, 6, 3, bias=True, stride=(2, 2), pad=(1, 1)), 6)
    s = net.node("Pooling", "se_pool", [y[0]], global_pool=True, kernel=(7, 7), pool_type="avg"), y[1].mean((2, 3), keepdim=True)
    s = net.prelu("se_relu", net.conv("se_conv1", s, 6, 2, 1, bias=True), 2)
    s = net.conv("se_conv2", s, 2, 6, 1, bias=True)
    s = net.node("Activation", "se_sigmoid", [s[0]], act_type="sigmoid"), torch.sigmoid(s[1])
    y = net.node("broadcast_mul", "se_product", [y[0], s[0]]), y[1] * s[1]
    z = net.norm("unit_sc", net.conv("unit_1sc", x, 4, 6, 1, stride=(2, 2)), 6, 2e-5, False)
    x = net.node("elemwise_add", "_plus0", [y[0], z[0]]), y[1] + z[1]
    x = net.node("Pooling", "pool", [x[0]], kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="avg"), F.avg_pool2d(x[1], 3, 2, 1)
    x = net.node("Dropout", "dropout0", [x[0]], p=0.4), x[1]
    count = x[1][0].numel()
    ids = [x[0], net.array("pre_fc1_weight", "weight", 5, count), net.array("pre_fc1_bias", "bias", 5)]
    x = net.node("FullyConnected", "pre_fc1", ids, num_hidden=5), F.linear(x[1].flatten(1), net.get("pre_fc1_weight"), net.get("pre_fc1_bias"))
    return net.norm("fc1", x, 5, 2e-5)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    pixels = torch.from_numpy(values("input", "signal", (2, 3, 8, 8)) * np.float32(127.5) + np.float32(127.5)).double()
    files, outputs, offset = [], [], 0
    # name, version of the arrays, attribute key, precision
    cases = [("v2", 2, "attrs", "f4"), ("v3", 3, "attrs", "f4"), ("v1", 1, "attr", "f4"), ("v0", 0, "param", "f4"), ("double", 2, "attrs", "f8"), ("half", 2, "attrs", "f2")]
    for name, version, key, precision in cases:
        net = Network(key)
        if precision == "f2":  # the expected output is that of the rounded values
            make = net.array
            def array(n, kind, *shape, aux=False):
                i = make(n, kind, *shape, aux=aux)
                k = ("aux:" if aux else "arg:") + n
                net.arrays[k] = net.arrays[k].astype("f2")
                return i
            net.array = array
        head, y = embedder(net, pixels)
        # What a training symbol has behind the embedding: it is not read.
        label = net.node("null", "softmax_label")
        weight = net.node("null", "fc7_weight")
        net.node("SoftmaxOutput", "softmax", [net.node("FullyConnected", "fc7", [head, weight], num_hidden=3, no_bias=True), label])
        (FOLDER / f"{name}-symbol.json").write_text(json.dumps(net.json(len(net.nodes) - 1), indent=1) + "\n")
        arrays = {k: a.astype(precision) for k, a in net.arrays.items()}
        (FOLDER / f"{name}-0012.params").write_bytes(params(arrays, version))
        y = y.numpy().astype("f4")
        outputs.append(y.ravel())
        files.append({"file": f"{name}-0012.params", "expect": "output",
                      "input": {"name": "data", "shape": [2, 3, 8, 8], "formula": "input", "scale": 127.5, "offset": 127.5},
                      "output": {"shape": list(y.shape), "offset": offset}})  # fmt: skip
        offset += y.size

    def refused(name, arrays, nodes, why, names=(), data=None):
        if nodes is not None:
            (FOLDER / f"{name}-symbol.json").write_text(json.dumps(nodes, indent=1) + "\n" if not isinstance(nodes, str) else nodes)
        (FOLDER / f"{name}-0000.params").write_bytes(data if data is not None else params(arrays))
        files.append({"file": f"{name}-0000.params", "expect": "refused", "why": why, "names": list(names)})

    one = {"arg:w": np.zeros((2, 3, 1, 1), "f4")}
    data = {"op": "null", "name": "data", "inputs": []}
    w = {"op": "null", "name": "w", "inputs": []}
    conv = {"op": "Convolution", "name": "c", "inputs": [[0, 0], [1, 0]], "attrs": {"kernel": "(1, 1)", "num_filter": "2", "no_bias": "True"}}
    symbol = lambda *nodes: {"nodes": list(nodes), "heads": [[len(nodes) - 1, 0]]}
    refused("no_symbol", one, None, "no symbol beside it", ["no_symbol-symbol.json"])
    refused("unsupported", one, symbol(data, w, {"op": "Deconvolution", "name": "up", "inputs": [[0, 0], [1, 0]]}), "Deconvolution", ["Deconvolution", "up"])
    refused("missing_array", {}, symbol(data, w, conv), "no array for w", ["w"])
    refused("later_input", one, symbol(data, w, dict(conv, inputs=[[0, 0], [2, 0]])), "a node reads itself", ["c"])
    refused("second_output", one, symbol(data, w, dict(conv, inputs=[[0, 1], [1, 0]])), "reads a second output", ["c"])
    refused("no_filter", one, symbol(data, w, dict(conv, attrs={"kernel": "(1, 1)"})), "num_filter is missing", ["num_filter"])
    refused("one_dimensional", one, symbol(data, w, dict(conv, attrs={"kernel": "(3,)", "num_filter": "2"})), "a 1-D kernel", ["c"])
    refused("tanh", one, symbol(data, {"op": "Activation", "name": "a", "inputs": [[0, 0]], "attrs": {"act_type": "tanh"}}), "tanh", ["tanh", "a"])
    refused("no_nodes", one, {"heads": []}, "no nodes")
    refused("no_json", one, "not JSON\n", "no JSON", ["no_json-symbol.json"])
    good = params(one)
    nodes = symbol(data, w, conv)
    refused("many_arrays", one, nodes, "2^61 arrays", data=good[:16] + struct.pack("<Q", 1 << 61) + good[24:])
    refused("many_axes", one, nodes, "2^31 axes", data=good[:32] + struct.pack("<I", 1 << 31) + good[36:])
    refused("sparse", one, nodes, "a sparse array", data=good[:28] + struct.pack("<i", 1) + good[32:])
    refused("huge", one, nodes, "an array of 2^62 elements", data=good[:36] + struct.pack("<q", 1 << 61) + good[44:])
    refused("negative", one, nodes, "a negative axis", data=good[:36] + struct.pack("<q", -2) + good[44:])
    refused("unknown_type", one, nodes, "an unknown type", data=good[:76] + struct.pack("<i", 99) + good[80:])
    refused("names_missing", one, nodes, "the names are cut off", data=good[:-17])
    refused("trailing", one, nodes, "something follows", data=good + b"\0")
    np.save(FOLDER / "outputs.npy", np.concatenate(outputs))
    (FOLDER / "index.json").write_text(json.dumps({"made_with": {"torch": torch.__version__, "numpy": np.__version__}, "files": files}, indent=1) + "\n")
    (FOLDER.parent / "README.md").write_text(
        "# MXNet checkpoints\n\nTiny `.params` files with their `-symbol.json`, made by `Scripts/oracles/checkpoints_mxnet.py` (no MXNet: it has no wheel\n"
        "for current Pythons; the layout follows its reader, the results are PyTorch's in float64). The index has the form of\n"
        "`Fixtures/Checkpoints` (see its README): `output` must be computed, `refused` must throw and name `names`.\n")  # fmt: skip


main()
