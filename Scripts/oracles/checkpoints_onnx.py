"""Writes Fixtures/Checkpoints/ONNX: networks from PyTorch's two exporters and hand-made ones, with onnxruntime's outputs.

    python checkpoints_onnx.py        (needs onnxscript and onnx_ir for the newer exporter)

`checkpoints_onnx_nodes.py` makes single-operator and hostile files.
"""

import logging
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator
from torch import nn

import networks
from checkpoints import Index, one_line

onnxruntime.set_default_logger_severity(4)
stored = []
index = Index("ONNX", torch=torch.__version__, onnx=onnx.__version__, onnxruntime=onnxruntime.__version__)


def run(path, shape, scale=1.0, offset=0.0):
    """onnxruntime's output without its graph optimisations, for the formula-filled input."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    image = networks.values("input", "signal", shape) * np.float32(scale) + np.float32(offset)
    kind = {"tensor(uint8)": np.uint8, "tensor(float16)": np.float16}.get(session.get_inputs()[0].type, np.float32)
    return session.get_outputs()[0].name, session.run(None, {session.get_inputs()[0].name: image.astype(kind)})[0], image


def compare(file, path, image, values):
    """A second opinion, by the onnx package's reference evaluator; not of BatchNormalization before opset 15, which it
    (1.23) computes in training mode. Those agree with PyTorch."""
    model = onnx.load(path, load_external_data=False)
    if model.opset_import[0].version < 15 and any(n.op_type == "BatchNormalization" for n in model.graph.node):
        return None
    try:
        evaluator = ReferenceEvaluator(str(path))
        kind = {TensorProto.UINT8: np.uint8, TensorProto.FLOAT16: np.float16}.get(evaluator.input_types_[0].tensor_type.elem_type, np.float32)
        other = evaluator.run(None, {evaluator.input_names[0]: image.astype(kind)})[0]
    except Exception as error:
        return "the reference evaluator fails: " + one_line(error)
    largest = max(float(np.abs(values).max()), 1.0)
    if other.shape != values.shape:
        return f"the reference evaluator gives the shape {list(other.shape)}"
    difference = float(np.abs(other.astype(np.float32) - values).max()) / largest
    return None if difference < 1e-5 else f"the reference evaluator differs by {difference:.2g} of the largest value"


def outputs(file, shape, expect="output", scale=1.0, offset=0.0, truth=None, computed_by=None, **fields):
    """Adds an entry with the output of `file` (or of the equivalent `computed_by`, where onnxruntime refuses `file`)."""
    path = index.path(file)
    name, values, image = run(computed_by or path, shape, scale, offset)
    model = onnx.load(path, load_external_data=False)
    entry = {"opset": next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), None)}
    entry["operators"] = sorted({n.op_type for n in model.graph.node})
    given = {"name": model.graph.input[0].name, "shape": list(shape), "formula": "input"}
    entry["input"] = given | ({"scale": scale, "offset": offset} if (scale, offset) != (1.0, 0.0) else {})
    values = values.astype(np.float32)
    entry["output"] = {"name": name, "shape": list(values.shape), "offset": sum(v.size for v in stored)}
    stored.append(values.flatten())
    doubt = compare(file, computed_by or path, image, values)
    fields |= {"reference": doubt} if doubt else {}
    if truth is not None:
        with torch.no_grad():
            exact = truth.double()(torch.from_numpy(image).double()).numpy()
        entry["difference"] = float(np.abs(exact - values).max())
        scale_of_output = float(np.abs(exact).max())
        assert entry["difference"] < 1e-5 * max(scale_of_output, 1), (file, entry["difference"])
        truth.float()
    index.add(file, expect, **entry, **fields)


# --- networks for the exporters ------------------------------------------------------------------------------------------------


def unit(inputs, outputs, kernel=1, stride=1, padding=0, groups=1, activation=nn.PReLU):
    layers = [networks.conv(inputs, outputs, kernel, stride, padding, groups), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation(outputs) if activation is nn.PReLU else activation()] if activation else []))


class Tiny(nn.Module):
    """3 x 16 x 16 -> 6: what face networks are made of, a few channels wide. `tail` and `head` vary."""

    def __init__(self, head=None, tail=None, activation=nn.PReLU, flatten=None):
        super().__init__()
        self.head, self.tail, self.flatten = head, tail, flatten or (lambda x: torch.flatten(x, 1))
        self.stem = unit(3, 4, 3, 2, 1, activation=activation)
        branch = [unit(4, 6, activation=activation), unit(6, 6, 3, 1, 1, 6, activation), unit(6, 4, activation=None)]
        self.block = networks.Sum(nn.Sequential(*branch), "conv")
        self.grouped = unit(4, 4, 3, 2, 1, 2, activation)
        self.global_depthwise = unit(4, 4, 4, groups=4, activation=None)
        self.fc = nn.Linear(4, 6, bias=False)
        self.bn = nn.BatchNorm1d(6)

    def forward(self, x):
        x = self.head(x) if self.head else x
        x = self.global_depthwise(self.grouped(self.block(self.stem(x))))
        x = self.bn(self.fc(self.flatten(x)))
        return self.tail(x) if self.tail else x


class Pre(nn.Module):
    """IResNet style: BN before a padded convolution, a downsampling shortcut, a linear layer with a bias behind a dropout."""

    def __init__(self):
        super().__init__()
        self.block = networks.IResNetBlock(3, 5, 2)
        self.second = networks.IResNetBlock(5, 5, 1)
        self.third = networks.IResNetBlock(5, 4, 2)
        self.bn2, self.dropout, self.fc, self.features = nn.BatchNorm2d(4), nn.Dropout(0.4), nn.Linear(64, 6), nn.BatchNorm1d(6)

    def forward(self, x):
        return self.features(self.fc(self.dropout(torch.flatten(self.bn2(self.third(self.second(self.block(x)))), 1))))


class Pieces(nn.Module):
    """Squeeze-and-excitation, concatenation, pools, several activations, a mean over the picture; padding if asked."""

    def __init__(self, padding=False):
        super().__init__()
        self.padding = padding
        self.stem, self.left, self.right = unit(3, 8, 3, 1, 1, activation=nn.ReLU6), unit(8, 4, activation=nn.LeakyReLU), unit(8, 4)
        self.squeeze, self.excite = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.last = networks.conv(8, 6, 3, bias=True)

    def forward(self, x):
        x = F.max_pool2d(self.stem(x), 3, 2, 1, ceil_mode=True)
        x = torch.cat([self.left(x), self.right(x)], 1)
        x = x * torch.sigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))
        x = F.avg_pool2d(F.pad(x, (0, 1, 0, 1), value=0.25) if self.padding else x, 2, 2)
        x = F.hardtanh(self.last(x), -1.5, 2.0)
        return x.mean((2, 3))


def shorten(path, all_metadata):
    """Takes out stack traces, which name folders of this machine, and unless asked not to the other notes on nodes."""
    model = onnx.load(path)
    for part in [model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        kept = [p for p in part.metadata_props if all_metadata and "stack_trace" not in p.key]
        del part.metadata_props[:]
        part.metadata_props.extend(kept)
    onnx.save(model, path)


def export(file, network, dynamo, opset, dynamic, expect="output", options=None, scale=1.0, offset=0.0, **fields):
    network = networks.fill(network, 1.0)
    faces = 2 if dynamic else 1
    arguments = dict(opset_version=opset, dynamo=dynamo, input_names=["data"], output_names=["embedding"], **(options or {}))
    image = torch.zeros(faces, 3, 16, 16)
    if dynamic:
        axes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if dynamo else {"dynamic_axes": {"data": {0: "batch"}, "embedding": {0: "batch"}}}
        arguments |= axes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            program = torch.onnx.export(network, (image,), verbose=False, **arguments)
            program.save(str(index.path(file)), external_data=False)
            shorten(index.path(file), opset == 20)
        else:
            torch.onnx.export(network, (image,), str(index.path(file)), **arguments)
    network.eval()
    exporter = ("torch.export" if dynamo else "TorchScript") + (", dynamic batch" if dynamic else ", batch 1")
    outputs(file, (faces, 3, 16, 16), expect, scale, offset, truth=network, exporter=exporter, **fields)


def exported():
    view = lambda x: x.view(x.size(0), -1)
    kept = {"training": torch.onnx.TrainingMode.PRESERVE}
    bare, expand = {"optimize": False}, "biases are made by CastLike and Expand of a constant to the shape of another tensor"
    for opset in (7, 9, 11, 13, 17):
        export(f"script_{opset}_dynamic.onnx", Tiny(), False, opset, True)
    export("script_11_fixed.onnx", Tiny(), False, 11, False)
    for opset in (11, 17):
        export(f"script_{opset}_unfolded.onnx", Tiny(flatten=view), False, opset, True, options=kept | {"do_constant_folding": False})
    export("script_11_view.onnx", Tiny(flatten=view), False, 11, True)
    export("script_13_view_fixed.onnx", Tiny(flatten=view), False, 13, False)
    export("script_13_reshape.onnx", Tiny(flatten=lambda x: x.reshape(-1, 4)), False, 13, True)
    export("script_13_normalized.onnx", Tiny(tail=F.normalize), False, 13, True)
    export("script_11_normalized_fixed.onnx", Tiny(tail=F.normalize), False, 11, False)
    export("script_18_norm_divided.onnx", Tiny(tail=lambda x: x / x.norm(dim=1, keepdim=True)), False, 18, True)
    pixels = dict(scale=127.5, offset=127.5)
    export("script_13_preprocessing.onnx", Tiny(head=lambda x: (x - 127.5) * 0.0078125), False, 13, True, **pixels)
    mean, deviation = torch.tensor([123.675, 116.28, 103.53]).reshape(1, 3, 1, 1), torch.tensor([58.395, 57.12, 57.375]).reshape(1, 3, 1, 1)
    imagenet = lambda x: (x - mean.to(x)) / deviation.to(x)
    export("script_13_imagenet.onnx", Tiny(head=imagenet), False, 13, True, **pixels)
    export("script_13_bgr.onnx", Tiny(head=lambda x: x[:, [2, 1, 0]]), False, 13, True, "either", note="channels swapped inside the network")
    export("script_13_relu6.onnx", Tiny(activation=nn.ReLU6), False, 13, True)
    export("script_9_relu6.onnx", Tiny(activation=nn.ReLU6), False, 9, True)
    export("script_13_pre_activation.onnx", Pre(), False, 13, True)
    export("script_13_pre_activation_unfolded.onnx", Pre(), False, 13, True, options=kept)
    export("script_11_pieces.onnx", Pieces(), False, 11, True)
    export("script_18_pieces.onnx", Pieces(), False, 18, True)
    chain = "the borders are computed by a chain of constants: Cast, ConstantOfShape, Slice, Transpose, …"
    export("script_11_padding.onnx", Pieces(True), False, 11, True, expect="either", note=chain)
    export("script_13_inputs.onnx", Tiny(), False, 13, True, options={"keep_initializers_as_inputs": True}, note="initialisers are inputs too")

    for opset in (17, 18, 20, 23):
        export(f"export_{opset}_dynamic.onnx", Tiny(), True, opset, True)
    export("export_18_fixed.onnx", Tiny(), True, 18, False)
    export("export_18_unfolded.onnx", Tiny(flatten=view), True, 18, True, "either", bare, note=expand)
    export("export_18_view.onnx", Tiny(flatten=view), True, 18, True)
    export("export_18_normalized.onnx", Tiny(tail=F.normalize), True, 18, True)
    export("export_18_preprocessing.onnx", Tiny(head=lambda x: (x - 127.5) / 127.5), True, 18, True, **pixels)
    export("export_18_imagenet.onnx", Tiny(head=imagenet), True, 18, True, **pixels)
    export("export_18_relu6.onnx", Tiny(activation=nn.ReLU6), True, 18, True)
    export("export_18_pre_activation.onnx", Pre(), True, 18, True)
    export("export_18_pieces.onnx", Pieces(True), True, 18, True)


def external():
    """The same network with its weights in other files."""
    for file, options in (("external_one.onnx", {"all_tensors_to_one_file": True, "location": "external_one.onnx.data"}),
                          ("external_each.onnx", {"all_tensors_to_one_file": False})):  # fmt: skip
        model = onnx.load(index.path("script_13_dynamic.onnx"))
        for i, tensor in enumerate(model.graph.initializer):  # names that are file names
            renamed = f"{file[:-5]}_{i}.weight"
            for node in model.graph.node:
                node.input[:] = [renamed if n == tensor.name else n for n in node.input]
            tensor.name = renamed
        before = set(index.folder.iterdir())
        onnx.save_model(model, index.path(file), save_as_external_data=True, size_threshold=0, **options)
        besides = sorted(p.name for p in set(index.folder.iterdir()) - before - {index.path(file)})
        outputs(file, (2, 3, 16, 16), besides=besides)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for path in index.folder.iterdir():
        path.unlink()
    exported()
    external()
    import checkpoints_onnx_nodes

    checkpoints_onnx_nodes.add(index, outputs)
    np.save(index.path("outputs.npy"), np.concatenate(stored).astype("<f4"))
    index.write()
