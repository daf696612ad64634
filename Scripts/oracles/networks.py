"""Reference networks in PyTorch, and the formula that fills their parameters.

Written from the published architectures with the parameter names of the reference repositories (insightface
`arcface_torch/backbones/{mobilefacenet,iresnet}.py`, Xiaoccer/MobileFaceNet_Pytorch `core/model.py`,
foamliu/MobileFaceNet `mobilefacenet.py`), so that a state_dict of those loads into these and the other way round.
The formula is documented in `Fixtures/Backbones/README.md`; change both or neither.
"""

import math
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

# --- the formula -----------------------------------------------------------------------------------------------------

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def fnv1a64(name):
    value = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def uniforms(name, count):
    """`count` numbers in [0, 1), multiples of 2^-24, as float64."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a64(name)) + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 16777216.0


def values(name, kind, shape, gain=1.0):
    """A float32 array of `shape`, row-major, filled from `name`. Float64 arithmetic in the order written, one rounding."""
    u = uniforms(name, math.prod(shape))
    if kind == "weight":  # convolution [out, in/groups, kh, kw] or linear [out, in]
        bound = math.sqrt(3.0 / math.prod(shape[1:])) * gain
        x = (2.0 * u - 1.0) * bound
    elif kind in ("bn.weight", "bn.running_var"):
        x = 0.5 + u
    elif kind in ("bn.bias", "bn.running_mean"):
        x = 0.4 * u - 0.2
    elif kind == "prelu.weight":
        x = 0.05 + 0.4 * u
    elif kind == "bias":
        x = 0.2 * u - 0.1
    elif kind == "signal":  # inputs
        x = 2.0 * u - 1.0
    else:
        raise ValueError(kind)
    return x.astype(np.float32).reshape(shape)


def parameters(module):
    """(name, kind, tensor) of every float32 parameter and buffer, in state_dict order; num_batches_tracked is left out."""
    kinds = {}
    for prefix, child in module.named_modules():
        head = prefix + "." if prefix else ""
        if isinstance(child, (nn.Conv2d, nn.Linear)):
            kinds[head + "weight"], kinds[head + "bias"] = "weight", "bias"
        elif isinstance(child, (nn.BatchNorm2d, nn.BatchNorm1d)):
            for field in ("weight", "bias", "running_mean", "running_var"):
                kinds[head + field] = "bn." + field
        elif isinstance(child, nn.PReLU):
            kinds[head + "weight"] = "prelu.weight"
    return [(name, kinds[name], t) for name, t in module.state_dict().items() if not name.endswith("num_batches_tracked")]


def fill(module, gain):
    """Fills every parameter in place, returns the module in eval mode."""
    with torch.no_grad():
        for name, kind, tensor in parameters(module):
            tensor.copy_(torch.from_numpy(values(name, kind, tuple(tensor.shape), gain)))
    return module.eval()


def multiply_accumulates(module, image):
    """Multiply-accumulates of the convolutions and linear layers for one image; biases and everything else count nothing."""
    total = 0

    def count(layer, _, output):
        nonlocal total
        total += math.prod(layer.weight.shape[1:]) * math.prod(output.shape[1:])

    hooks = [m.register_forward_hook(count) for m in module.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        module(image)
    for hook in hooks:
        hook.remove()
    return total


# --- pieces ----------------------------------------------------------------------------------------------------------


class Sum(nn.Module):
    """x + self.<branch>(x); subclass-free residual so that the branch's name appears in the parameter names."""

    def __init__(self, branch, name):
        super().__init__()
        self.branch = name
        self.add_module(name, branch)

    def forward(self, x):
        return x + getattr(self, self.branch)(x)


def named(**children):
    return nn.Sequential(OrderedDict(children))


def conv(inputs, outputs, kernel=1, stride=1, padding=0, groups=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)


# --- InsightFace MobileFaceNet -----------------------------------------------------------------------------------------


def insight_block(inputs, outputs, kernel=1, stride=1, padding=0, groups=1, prelu=True):
    layers = [conv(inputs, outputs, kernel, stride, padding, groups), nn.BatchNorm2d(outputs)]
    return named(layers=nn.Sequential(*layers, *([nn.PReLU(outputs)] if prelu else [])))


def insight_depthwise(inputs, outputs, stride, width, residual=False):
    layers = nn.Sequential(
        insight_block(inputs, width),
        insight_block(width, width, 3, stride, 1, groups=width),
        insight_block(width, outputs, prelu=False),
    )
    return Sum(layers, "layers") if residual else named(layers=layers)


def insight_residual(channels, count, width):
    blocks = [insight_depthwise(channels, channels, 1, width, residual=True) for _ in range(count)]
    return named(layers=nn.Sequential(*blocks))


def insightface_mobilefacenet(scale, blocks, dimensions=512):
    narrow, wide = 64 * scale, 128 * scale
    second = insight_block(narrow, narrow, 3, 1, 1, groups=64) if blocks[0] == 1 else insight_residual(narrow, blocks[0], 128)
    stages = nn.Sequential(
        insight_block(3, narrow, 3, 2, 1),
        second,
        insight_depthwise(narrow, narrow, 2, 128),
        insight_residual(narrow, blocks[1], 128),
        insight_depthwise(narrow, wide, 2, 256),
        insight_residual(wide, blocks[2], 256),
        insight_depthwise(wide, wide, 2, 512),
        insight_residual(wide, blocks[3], 256),
    )
    head = nn.Sequential(
        insight_block(512, 512, 7, groups=512, prelu=False),
        nn.Flatten(),
        nn.Linear(512, dimensions, bias=False),
        nn.BatchNorm1d(dimensions),
    )
    return named(layers=stages, conv_sep=insight_block(wide, 512), features=named(layers=head))


# --- the original MobileFaceNet, two namings -----------------------------------------------------------------------------

# expansion, output channels, repeats, stride of the first
BOTTLENECKS = [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)]


def bottlenecks(make):
    channels, blocks = 64, []
    for expansion, outputs, repeats, first_stride in BOTTLENECKS:
        for index in range(repeats):
            stride = first_stride if index == 0 else 1
            branch = make(channels, outputs, stride, channels * expansion)
            blocks.append(Sum(branch, "conv") if stride == 1 and channels == outputs else named(conv=branch))
            channels = outputs
    return nn.Sequential(*blocks)


def mobilefacenet_prelu(last_kernel=(7, 7)):
    """Names of Xiaoccer/MobileFaceNet_Pytorch; (7, 7) for 112x112 faces, (7, 6) for 112x96 (height x width)."""

    def unit(inputs, outputs, kernel, stride, padding, groups=1, linear=False):
        parts = {"conv": conv(inputs, outputs, kernel, stride, padding, groups), "bn": nn.BatchNorm2d(outputs)}
        return named(**parts) if linear else named(**parts, prelu=nn.PReLU(outputs))

    def branch(inputs, outputs, stride, width):
        return nn.Sequential(
            conv(inputs, width), nn.BatchNorm2d(width), nn.PReLU(width),
            conv(width, width, 3, stride, 1, width), nn.BatchNorm2d(width), nn.PReLU(width),
            conv(width, outputs), nn.BatchNorm2d(outputs),
        )  # fmt: skip

    return named(
        conv1=unit(3, 64, 3, 2, 1),
        dw_conv1=unit(64, 64, 3, 1, 1, groups=64),
        blocks=bottlenecks(branch),
        conv2=unit(128, 512, 1, 1, 0),
        linear7=unit(512, 512, last_kernel, 1, 0, groups=512, linear=True),
        linear1=unit(512, 128, 1, 1, 0, linear=True),
        flatten=nn.Flatten(),
    )


class FoamliuSeparable(nn.Module):
    """Depthwise, bn1, ReLU, pointwise, bn2, ReLU; registered in the reference's order."""

    def __init__(self, channels):
        super().__init__()
        self.depthwise = conv(channels, channels, 3, 1, 1, channels)
        self.pointwise = conv(channels, channels)
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        x = torch.relu(self.bn1(self.depthwise(x)))
        return torch.relu(self.bn2(self.pointwise(x)))


class FoamliuMobileFaceNet(nn.Module):
    """ReLU6 variant with an extra pointwise layer after the first depthwise one; conv3 has a bias. `features` is
    registered last, as in the reference."""

    def __init__(self):
        super().__init__()

        def unit(inputs, outputs, kernel=1, stride=1, groups=1):
            layers = conv(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups), nn.BatchNorm2d(outputs), nn.ReLU6()
            return nn.Sequential(*layers)

        def branch(inputs, outputs, stride, width):
            expand, depthwise = unit(inputs, width), unit(width, width, 3, stride, width)
            return nn.Sequential(expand, depthwise, conv(width, outputs), nn.BatchNorm2d(outputs))

        self.conv1 = unit(3, 64, 3, 2)
        self.dw_conv = FoamliuSeparable(64)
        self.conv2 = unit(128, 512)
        self.gdconv = named(depthwise=conv(512, 512, 7, groups=512), bn=nn.BatchNorm2d(512))
        self.conv3 = conv(512, 128, bias=True)
        self.bn = nn.BatchNorm2d(128)
        self.features = bottlenecks(branch)

    def forward(self, x):
        x = self.conv2(self.features(self.dw_conv(self.conv1(x))))
        return self.bn(self.conv3(self.gdconv(x))).flatten(1)


# --- InsightFace IResNet ---------------------------------------------------------------------------------------------------


class IResNetBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs, eps=1e-5)
        self.conv1 = conv(inputs, outputs, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(outputs, eps=1e-5)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = conv(outputs, outputs, 3, stride, 1)
        self.bn3 = nn.BatchNorm2d(outputs, eps=1e-5)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs, eps=1e-5))

    def forward(self, x):
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        x = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return self.bn3(self.conv2(x)) + shortcut


IRESNET_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 200: (6, 26, 60, 6)}


def iresnet(depth, dimensions=512):
    def stage(inputs, outputs, count):
        return nn.Sequential(*[IResNetBlock(inputs if i == 0 else outputs, outputs, 2 if i == 0 else 1) for i in range(count)])

    counts = IRESNET_BLOCKS[depth]
    return named(
        conv1=conv(3, 64, 3, 1, 1),
        bn1=nn.BatchNorm2d(64, eps=1e-5),
        prelu=nn.PReLU(64),
        layer1=stage(64, 64, counts[0]),
        layer2=stage(64, 128, counts[1]),
        layer3=stage(128, 256, counts[2]),
        layer4=stage(256, 512, counts[3]),
        bn2=nn.BatchNorm2d(512, eps=1e-5),
        flatten=nn.Flatten(),
        fc=nn.Linear(512 * 7 * 7, dimensions),
        features=nn.BatchNorm1d(dimensions, eps=1e-5),
    )


# --- RepDistiller's CIFAR ResNets -----------------------------------------------------------------------------------------


class CIFARBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = conv(inputs, outputs, 3, stride, 1)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv(outputs, outputs, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + shortcut)


def cifar_resnet(depth, widths=(16, 16, 32, 64), classes=None):
    """The pooled feature, or with `classes` the logits of `fc`."""

    def stage(inputs, outputs, stride):
        return nn.Sequential(
            *[CIFARBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range((depth - 2) // 6)]
        )

    network = named(
        conv1=conv(3, widths[0], 3, 1, 1),
        bn1=nn.BatchNorm2d(widths[0]),
        relu=nn.ReLU(),
        layer1=stage(widths[0], widths[1], 1),
        layer2=stage(widths[1], widths[2], 2),
        layer3=stage(widths[2], widths[3], 2),
        avgpool=nn.AvgPool2d(8),
        flatten=nn.Flatten(),
    )
    if classes:
        network.add_module("fc", nn.Linear(widths[3], classes))
    return network


# --- the catalogue ---------------------------------------------------------------------------------------------------------

# name: (constructor, (height, width), gain, modules whose outputs are tapped)
MBF_TAPS = [f"layers.{i}" for i in range(8)] + ["conv_sep", "features.layers.0"]
IRESNET_TAPS = ["conv1", "prelu", "layer1.0", "layer1", "layer2", "layer3", "layer4", "bn2", "fc"]
XIAOCCER_TAPS = ["conv1", "dw_conv1", "blocks.0", "blocks.4", "blocks.5", "blocks.11", "blocks.14", "conv2", "linear7"]
FOAMLIU_TAPS = ["conv1", "dw_conv", "features.0", "features.4", "features.5", "features.11", "features.14", "conv2", "gdconv"]
CIFAR_TAPS = ["conv1", "relu", "layer1", "layer2", "layer3"]
CIFAR_GAINS = {8: 1.0, 14: 1.0, 20: 1.0, 32: 0.875, 44: 0.875, 56: 0.8125, 110: 0.6875}
WIDE = (32, 64, 128, 256)

ARCHITECTURES = {
    "mbf": (lambda: insightface_mobilefacenet(2, (1, 4, 6, 2)), (112, 112), 1.0, MBF_TAPS),
    "mbf_large": (lambda: insightface_mobilefacenet(4, (2, 8, 12, 4)), (112, 112), 0.875, MBF_TAPS),
    "mobilefacenet_112x112": (lambda: mobilefacenet_prelu((7, 7)), (112, 112), 1.0, XIAOCCER_TAPS),
    "mobilefacenet_112x96": (lambda: mobilefacenet_prelu((7, 6)), (112, 96), 1.0, XIAOCCER_TAPS),
    "mobilefacenet_relu6": (FoamliuMobileFaceNet, (112, 112), 1.25, FOAMLIU_TAPS),
    "iresnet18": (lambda: iresnet(18), (112, 112), 1.0, IRESNET_TAPS),
    "iresnet34": (lambda: iresnet(34), (112, 112), 0.875, IRESNET_TAPS),
    "iresnet50": (lambda: iresnet(50), (112, 112), 0.8125, IRESNET_TAPS),
    "iresnet100": (lambda: iresnet(100), (112, 112), 0.6875, IRESNET_TAPS),
    "iresnet200": (lambda: iresnet(200), (112, 112), 0.59375, IRESNET_TAPS),
    **{f"resnet{d}": (lambda d=d: cifar_resnet(d), (32, 32), g, CIFAR_TAPS) for d, g in CIFAR_GAINS.items()},
    "resnet8x4": (lambda: cifar_resnet(8, WIDE), (32, 32), 1.0, CIFAR_TAPS),
    "resnet32x4": (lambda: cifar_resnet(32, WIDE), (32, 32), 0.875, CIFAR_TAPS),
}
