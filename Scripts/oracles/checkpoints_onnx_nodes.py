"""Hand-made ONNX files for checkpoints_onnx.py: one operator's variant each, unsupported operators, damaged and hostile files."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import networks
from checkpoints import one_line

IR_VERSION = {6: 3, 7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10}
index = outputs = None


def weight(name, *shape, kind="weight", dtype=np.float32):
    return numpy_helper.from_array(networks.values(name, kind, shape).astype(dtype), name)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def real(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.array(value, dtype), name)


def bn(name, channels):
    kinds = ("weight", "bias", "running_mean", "running_var")
    return [weight(f"{name}.{k}", channels, kind=f"bn.{k}") for k in kinds]


def node(operator, inputs, output, **attributes):
    name = attributes.pop("name", f"{operator}_{output}")
    return helper.make_node(operator, inputs.split(), output.split(), name=name, **attributes)


def model(nodes, weights=(), opset=13, shape=("N", 3, 6, 6), inputs=None, output="embedding", listed=False, domains=()):
    """Unless the last node already does, its output must be called `embedding`. `listed`: initialisers are inputs too."""
    given = inputs or [helper.make_tensor_value_info("data", TensorProto.FLOAT, shape)]
    if listed:
        given = given + [helper.make_tensor_value_info(w.name, w.data_type, list(w.dims)) for w in weights]
    result = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in output.split()]
    graph = helper.make_graph(nodes, "graph", given, result, list(weights))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION.get(opset, 10), producer_name="by hand")


def save(file, built):
    index.path(file).write_bytes(built.SerializeToString())


def good(file, built, expect="output", shape=(2, 3, 6, 6), equivalent=None, **fields):
    """`equivalent`: a model that onnxruntime accepts and that means the same."""
    save(file, built)
    scratch = None
    if equivalent is not None:
        scratch = index.path("equivalent.tmp")
        scratch.write_bytes(equivalent.SerializeToString())
    try:
        outputs(file, shape, expect, computed_by=scratch, **fields)
    finally:
        if scratch:
            scratch.unlink()


def refused(file, built, why, names=(), expect="refused"):
    content = built if isinstance(built, bytes) else built.SerializeToString()
    index.path(file).write_bytes(content)
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        onnxruntime.InferenceSession(str(index.path(file)), options, providers=["CPUExecutionProvider"])
        verdict = "loads"
    except Exception as error:
        verdict = one_line(error)
    index.add(file, expect, why=why, package=verdict, **({"names": list(names)} if names else {}))


CONV = node("Conv", "data w", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
CONV_WEIGHT = weight("w", 4, 3, 3, 3)


def behind(nodes, weights=(), opset=13, flat=True, **more):
    """Convolution to 4 x 6 x 6 named `c`, the given nodes (ending in `x`), flatten."""
    tail = [node("Flatten", "x", "embedding", axis=1)] if flat else []
    return model([CONV, *nodes, *tail], [CONV_WEIGHT, *weights], opset, **more)


def before(nodes, weights=(), opset=13, **more):
    """The given nodes from `data` to `x`, then flatten."""
    return model([*nodes, node("Flatten", "x", "embedding", axis=1)], weights, opset, **more)


def vector(nodes, weights=(), opset=13, **more):
    """Convolution, mean over the picture, flatten to 4 values named `v`; the given nodes end in `embedding`."""
    head = [CONV, node("GlobalAveragePool", "c", "g"), node("Flatten", "g", "v", axis=1)]
    return model([*head, *nodes], [CONV_WEIGHT, *weights], opset, **more)


def old_opsets():
    norm = node("BatchNormalization", "c bn.weight bn.bias bn.running_mean bn.running_var", "b", epsilon=2e-5, momentum=0.9)
    tail = [node("PRelu", "b slope", "p"), node("Dropout", "p", "d", ratio=0.4), node("Reshape", "d shape", "r"),
            node("Gemm", "r fc bias", "embedding", transB=1)]  # fmt: skip
    more = [*bn("bn", 4), weight("slope", 4, 1, 1, kind="prelu.weight"), ints("shape", -1, 144), weight("fc", 3, 144), weight("bias", 3, kind="bias")]
    for opset in (7, 8, 9):
        built = model([CONV, norm, *tail], [CONV_WEIGHT, *more], opset, listed=True)
        good(f"by_hand_opset{opset}.onnx", built, note="initialisers are listed as inputs, as IR version 3 wants")
    # MXNet's exporter: spatial=0 on pictures and slopes [channels]; onnxruntime refuses both.
    mxnet_norm = node("BatchNormalization", "c bn.weight bn.bias bn.running_mean bn.running_var", "b", epsilon=2e-5, spatial=0)
    flat_slope = [*bn("bn", 4), weight("slope", 4, kind="prelu.weight"), *more[5:]]
    same = model([CONV, norm, *tail], [CONV_WEIGHT, *more], 8)
    good("mxnet_spatial0.onnx", model([CONV, mxnet_norm, *tail], [CONV_WEIGHT, *more], 8, listed=True), "either", equivalent=same,
         why="BatchNormalization with spatial=0 on a picture and parameters [channels]: the field's MXNet exports mean per channel")  # fmt: skip
    good("mxnet_prelu_slope.onnx", model([CONV, norm, *tail], [CONV_WEIGHT, *flat_slope], 8, listed=True), "either", equivalent=same,
         why="PRelu slope [4] on a [N, 4, 6, 6] input: by the rules it does not broadcast, MXNet exports mean per channel")  # fmt: skip
    same_size = weight("slope6", 6, kind="prelu.weight")
    wide = model([node("Conv", "data w6", "c", kernel_shape=[1, 1]), node("PRelu", "c slope6", "x"), node("Flatten", "x", "embedding")],
                 [weight("w6", 6, 3, 1, 1), same_size], 9)  # fmt: skip
    good("prelu_slope_ambiguous.onnx", wide, "either", why="PRelu slope [6] on [N, 6, 6, 6]: by the rules per column; never per channel in silence")
    first = [node("Sub", "data minus", "s"), node("Mul", "s times", "m"), node("Conv", "m w", "x", kernel_shape=[3, 3])]
    pixels = dict(scale=127.5, offset=127.5)
    good("mxnet_preprocessing.onnx", before(first, [real("minus", 127.5), real("times", 0.0078125), CONV_WEIGHT], 8, listed=True), **pixels)


def convolutions():
    c = lambda **a: node("Conv", "data w", "x", **a)
    w, w5 = CONV_WEIGHT, weight("w5", 4, 3, 5, 3)
    good("conv_no_attributes.onnx", before([c()], [w]))
    good("conv_asymmetric_pads.onnx", before([c(kernel_shape=[3, 3], pads=[0, 1, 2, 3], strides=[2, 1])], [w]))
    for kind in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        good(f"conv_auto_pad_{kind.lower()}.onnx", before([c(kernel_shape=[3, 3], auto_pad=kind, strides=[2, 2])], [w]))
    good("conv_auto_pad_notset.onnx", before([c(kernel_shape=[3, 3], auto_pad="NOTSET", pads=[1, 1, 1, 1])], [w]))
    good("conv_dilated.onnx", before([c(kernel_shape=[3, 3], dilations=[2, 2], pads=[2, 2, 2, 2])], [w]))
    good("conv_5x3_bias.onnx", before([node("Conv", "data w5 b", "x", kernel_shape=[5, 3], pads=[2, 1, 2, 1])], [w5, weight("b", 4, kind="bias")]))
    good("conv_depthwise.onnx", behind([node("Conv", "c d", "x", kernel_shape=[3, 3], group=4, pads=[1, 1, 1, 1], strides=[2, 2])], [weight("d", 4, 1, 3, 3)]))
    good("conv_depth_multiplier.onnx", behind([node("Conv", "c d", "x", kernel_shape=[3, 3], group=4)], [weight("d", 8, 1, 3, 3)]))
    good("conv_grouped.onnx", behind([node("Conv", "c d", "x", kernel_shape=[3, 3], group=2, pads=[1, 1, 1, 1])], [weight("d", 6, 2, 3, 3)]))
    good("conv_weight_constant.onnx", before([node("Constant", "", "w", value=w), c()]))
    good("conv_weight_identity.onnx", before([node("Identity", "w0", "w"), c()], [weight("w0", 4, 3, 3, 3)]))
    good("conv_weight_shared.onnx", behind([node("Conv", "c q", "e", pads=[1, 1, 1, 1]), node("Conv", "e q", "x")], [weight("q", 4, 4, 3, 3)]))
    computed = [node("Mul", "w0 half", "w"), c()]
    good("conv_weight_computed.onnx", before(computed, [weight("w0", 4, 3, 3, 3), real("half", 0.5)]), "either", why="the weight is a product of constants")
    cast = [node("Cast", "w0", "w", to=TensorProto.FLOAT), c()]
    good("conv_weight_fp16_cast.onnx", before(cast, [weight("w0", 4, 3, 3, 3, dtype=np.float16)]), "either", why="the weight is cast from float16")
    float_data = helper.make_tensor("w", TensorProto.FLOAT, [4, 3, 3, 3], numpy_helper.to_array(w).flatten().tolist())
    good("conv_weight_float_data.onnx", before([c()], [float_data]), note="float_data, not raw_data")
    added = [node("Add", "c b", "x")]
    for label, shape in (("4d", (1, 4, 1, 1)), ("3d", (4, 1, 1)), ("scalar", (1,))):
        good(f"conv_then_add_{label}.onnx", behind(added, [weight("b", *shape, kind="bias")]))
    half = before([c()], [weight("w", 4, 3, 3, 3, dtype=np.float16)], inputs=[helper.make_tensor_value_info("data", TensorProto.FLOAT16, ["N", 3, 6, 6])])
    half.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    good("all_float16.onnx", half, "either", why="the whole network is float16: the output is only exact to about 1e-3")


def normalizations():
    names = "bn.weight bn.bias bn.running_mean bn.running_var"
    good("bn_default_epsilon.onnx", behind([node("BatchNormalization", f"c {names}", "x")], bn("bn", 4)))
    good("bn_epsilon.onnx", behind([node("BatchNormalization", f"c {names}", "x", epsilon=0.01)], bn("bn", 4), 15))
    good("bn_first.onnx", before([node("BatchNormalization", f"data {names}", "b"), node("Conv", "b w", "x", pads=[1, 1, 1, 1])],
                                 [*bn("bn", 3), CONV_WEIGHT]), note="a folded BN must keep the border at its own zero")  # fmt: skip
    good("bn_vector.onnx", vector([node("BatchNormalization", f"v {names}", "embedding")], bn("bn", 4)))
    four = [node("Gemm", "v fc", "f", transB=1), node("Reshape", "f s", "r"), node("BatchNormalization", f"r {names}", "b"), node("Flatten", "b", "embedding")]
    good("bn_vector_as_picture.onnx", vector(four, [weight("fc", 4, 4), ints("s", -1, 4, 1, 1), *bn("bn", 4)]), note="the vector is a 1x1 picture for the BN")
    train = node("BatchNormalization", f"c {names}", "x m v", training_mode=1, name="norm")
    refused("bn_training.onnx", behind([train], bn("bn", 4), 15), "BatchNormalization in training mode", ["norm"])
    negative = [*bn("bn", 4)[:3], real("bn.running_var", [-1.0, 1, 1, 1])]
    refused("bn_negative_variance.onnx", behind([node("BatchNormalization", f"c {names}", "x")], negative), "a variance of -1: NaN", expect="either")


def activations():
    for label, shape in (("C11", (4, 1, 1)), ("1", (1,)), ("1C11", (1, 4, 1, 1)), ("111", (1, 1, 1)), ("scalar", ())):
        good(f"prelu_slope_{label}.onnx", behind([node("PRelu", "c s", "x")], [weight("s", *shape, kind="prelu.weight")], 16))
    good("prelu_vector.onnx", vector([node("PRelu", "v s", "embedding")], [weight("s", 4, kind="prelu.weight")]))
    full = weight("s", 4, 6, 6, kind="prelu.weight")
    good("prelu_slope_per_pixel.onnx", behind([node("PRelu", "c s", "x")], [full]), "either", why="a slope for every pixel")
    good("clip_attributes.onnx", behind([node("Clip", "c", "x", min=-0.5, max=0.25)], opset=10))
    good("clip_attribute_max.onnx", behind([node("Clip", "c", "x", max=0.25)], opset=7))
    low, high = real("low", -0.5), real("high", 0.25)
    good("clip_inputs.onnx", behind([node("Clip", "c low high", "x")], [low, high], 11))
    constants = [node("Constant", "", "low", value_float=-0.5), node("Constant", "", "high", value=real("", 0.25))]
    good("clip_constants.onnx", behind([*constants, node("Clip", "c low high", "x")], opset=13))
    only = helper.make_node("Clip", ["c", "", "high"], ["x"], name="clip")
    good("clip_only_max.onnx", behind([only], [high]))
    good("clip_only_min.onnx", behind([node("Clip", "c low", "x")], [low]))
    good("leaky_relu_default.onnx", behind([node("LeakyRelu", "c", "x")]))
    good("leaky_relu_alpha.onnx", behind([node("LeakyRelu", "c", "x", alpha=0.2)]))
    good("relu_after_addition.onnx", behind([node("Conv", "c q", "e", pads=[1, 1, 1, 1]), node("Add", "c e", "a"), node("Relu", "a", "x")], [weight("q", 4, 4, 3, 3)]))
    good("add_to_itself.onnx", behind([node("Add", "c c", "x")]))
    good("swish.onnx", behind([node("Sigmoid", "c", "s"), node("Mul", "s c", "x")]))
    gate = [node("GlobalAveragePool", "c", "g"), node("Sigmoid", "g", "s"), node("Mul", "s c", "x")]
    good("channel_gate.onnx", behind(gate), note="[N, 4, 1, 1] times [N, 4, 6, 6]")


def arithmetic():
    pixels = dict(scale=127.5, offset=127.5)
    conv = node("Conv", "m w", "x", kernel_shape=[3, 3])
    mean, deviation = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    shaped = lambda values, *shape: np.array(values).reshape(shape)
    for label, shape in (("1311", (1, 3, 1, 1)), ("311", (3, 1, 1))):
        nodes = [node("Sub", "data mean", "s"), node("Div", "s deviation", "m"), conv]
        good(f"preprocessing_imagenet_{label}.onnx", before(nodes, [real("mean", shaped(mean, *shape)), real("deviation", shaped(deviation, *shape)), CONV_WEIGHT]), **pixels)
    good("preprocessing_div_255.onnx", before([node("Div", "data q", "m"), conv], [real("q", [255.0]), CONV_WEIGHT]), **pixels)
    good("preprocessing_mul_add.onnx", before([node("Mul", "k data", "s"), node("Add", "b s", "m"), conv], [real("k", 1 / 128), real("b", -1.0), CONV_WEIGHT]), **pixels)
    good("preprocessing_constant_nodes.onnx", before([node("Constant", "", "mean", value=real("", 127.5)), node("Sub", "data mean", "s"),
         node("Constant", "", "k", value=real("", 0.0078125)), node("Mul", "s k", "m"), conv], [CONV_WEIGHT]), **pixels)  # fmt: skip
    good("subtract_from_constant.onnx", before([node("Sub", "one data", "m"), conv], [real("one", 1.0), CONV_WEIGHT]), note="1 - x, not x - 1")
    good("subtract_values.onnx", behind([node("Relu", "c", "r"), node("Sub", "c r", "x")]), "either", why="the difference of two values")
    refused("divide_constant.onnx", before([node("Div", "one data", "m"), conv], [real("one", 1.0), CONV_WEIGHT]), "1 / x", ["Div"])
    refused("add_per_column.onnx", behind([node("Add", "c b", "x")], [weight("b", 6, kind="bias")]), "a constant [6] on [N, 4, 6, 6] adds per column, not per channel", ["Add"])
    swap = [node("Gather", "data order", "m", axis=1), conv]
    good("swap_channels_gather.onnx", before(swap, [ints("order", 2, 1, 0), CONV_WEIGHT]), "either", why="BGR to RGB inside the network")
    bytes_in = [helper.make_tensor_value_info("data", TensorProto.UINT8, ["N", 3, 6, 6])]
    good("bytes_in.onnx", before([node("Cast", "data", "f", to=TensorProto.FLOAT), node("Div", "f q", "m"), conv], [real("q", 255.0), CONV_WEIGHT], inputs=bytes_in),
         "either", why="the input is uint8", **pixels)  # fmt: skip


def pads_and_pools():
    p = lambda inputs="c pads value", **a: node("Pad", inputs, "x", **a)
    sides, value = ints("pads", 0, 0, 1, 2, 0, 0, 0, 3), real("value", -0.75)
    good("pad_attributes.onnx", behind([p("c", pads=[0, 0, 1, 2, 0, 0, 0, 3], value=-0.75)], opset=10))
    good("pad_inputs.onnx", behind([p()], [sides, value], 11))
    good("pad_default_value.onnx", behind([p("c pads")], [sides]))
    good("pad_axes.onnx", behind([p("c pads value axes")], [ints("pads", 1, 2, 0, 3), value, ints("axes", 2, 3)], 18))
    good("pad_negative_axes.onnx", behind([p("c pads value axes")], [ints("pads", 1, 2, 0, 3), value, ints("axes", -2, -1)], 18), "either", why="negative axes")
    good("pad_then_conv.onnx", before([node("Pad", "data pads", "p"), node("Conv", "p w", "x", strides=[2, 2])], [ints("pads", 0, 0, 0, 0, 0, 0, 1, 1), CONV_WEIGHT]))
    good("pad_channels.onnx", behind([p("c pads")], [ints("pads", 0, 1, 0, 0, 0, 2, 0, 0)]), "either", why="channels of zeros are added")
    good("pad_crops.onnx", behind([p("c pads")], [ints("pads", 0, 0, -1, 0, 0, 0, 0, -2)]), "either", why="negative borders crop")
    refused("pad_reflect.onnx", behind([p("c pads", mode="reflect")], [ints("pads", 0, 0, 1, 1, 0, 0, 1, 1)]), "mode reflect", ["Pad"])
    for kind in ("MaxPool", "AveragePool"):
        tag = kind.lower()
        good(f"{tag}_ceil.onnx", behind([node(kind, "c", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], opset=11))
        good(f"{tag}_pads.onnx", behind([node(kind, "c", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], opset=11))
        good(f"{tag}_asymmetric.onnx", behind([node(kind, "c", "x", kernel_shape=[3, 2], strides=[1, 2], pads=[0, 1, 2, 0])], opset=11))
        good(f"{tag}_same_upper.onnx", behind([node(kind, "c", "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")], opset=11))
        good(f"{tag}_default_strides.onnx", behind([node(kind, "c", "x", kernel_shape=[2, 3])], opset=7), note="strides default to 1, not to the kernel")
    good("averagepool_counting.onnx", behind([node("AveragePool", "c", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)], opset=11))
    good("averagepool_ceil_counting.onnx", behind([node("AveragePool", "c", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1,
         ceil_mode=1)], opset=19))  # fmt: skip
    good("averagepool_whole.onnx", behind([node("AveragePool", "c", "x", kernel_shape=[6, 6])], opset=11))
    good("maxpool_dilated.onnx", behind([node("MaxPool", "c", "x", kernel_shape=[2, 2], dilations=[2, 2])], opset=11), "either", why="a dilated pool")
    refused("maxpool_indices.onnx", behind([node("MaxPool", "c", "x i", kernel_shape=[2, 2])], opset=11, output="embedding i"), "indices are an output", expect="either")


def shapes():
    gap = node("GlobalAveragePool", "c", "g")
    tail = lambda *nodes: [CONV, gap, *nodes]
    w = [CONV_WEIGHT]
    good("squeeze_attribute.onnx", model(tail(node("Squeeze", "g", "embedding", axes=[2, 3])), w, 11))
    good("squeeze_input.onnx", model(tail(node("Squeeze", "g axes", "embedding")), [*w, ints("axes", -2, -1)], 13))
    good("mean_attribute.onnx", model([CONV, node("ReduceMean", "c", "embedding", axes=[2, 3], keepdims=0)], w, 13))
    good("mean_keepdims.onnx", model([CONV, node("ReduceMean", "c", "g", axes=[-1, -2], keepdims=1), node("Flatten", "g", "embedding")], w, 13))
    good("mean_input.onnx", model([CONV, node("ReduceMean", "c axes", "embedding", keepdims=0)], [*w, ints("axes", 2, 3)], 18))
    good("mean_twice.onnx", model([CONV, node("ReduceMean", "c", "g", axes=[3], keepdims=0), node("ReduceMean", "g", "embedding", axes=[2], keepdims=0)], w, 13),
         "either", why="the mean over columns, then over rows")  # fmt: skip
    flat = weight("fc", 144, 2)
    fc = node("MatMul", "f fc", "embedding")
    for label, values in (("zero", (0, -1)), ("minus_one", (-1, 144)), ("both", (0, 144))):
        good(f"reshape_{label}.onnx", model([CONV, node("Reshape", "c s", "f"), fc], [*w, ints("s", *values), flat]))
    good("reshape_fixed_batch.onnx", model([CONV, node("Reshape", "c s", "f"), fc], [*w, ints("s", 1, -1), flat], shape=(1, 3, 6, 6)), shape=(1, 3, 6, 6))
    good("reshape_attribute.onnx", model([CONV, node("Constant", "", "s", value_ints=[0, -1]), node("Reshape", "c s", "f"), fc], [*w, flat]))
    good("flatten_negative_axis.onnx", model([CONV, node("Flatten", "c", "f", axis=-3), fc], [*w, flat]))
    good("flatten_default_axis.onnx", model([CONV, node("Flatten", "c", "f"), fc], [*w, flat]))
    refused("flatten_axis0.onnx", model([CONV, node("Flatten", "c", "embedding", axis=0)], w), "axis 0 mixes the faces", ["Flatten"])
    refused("reshape_mixes_faces.onnx", model([CONV, node("Reshape", "c s", "embedding")], [*w, ints("s", -1, 72)]), "two rows per face", ["Reshape"])
    chain = [node("Shape", "c", "s0"), node("Gather", "s0 zero", "s1", axis=0), node("Unsqueeze", "s1", "s2", axes=[0]),
             node("Concat", "s2 minus", "s", axis=0), node("Reshape", "c s", "f"), fc]  # fmt: skip
    good("flatten_chain_11.onnx", model([CONV, *chain], [*w, real("zero", 0, np.int64), ints("minus", -1), flat], 11))
    chain[2] = node("Unsqueeze", "s1 axes", "s2")
    good("flatten_chain_13.onnx", model([CONV, *chain], [*w, real("zero", 0, np.int64), ints("axes", 0), ints("minus", -1), flat], 13))
    sliced = [node("Shape", "c", "s0"), node("Slice", "s0 from to axes", "s1"), node("Concat", "s1 minus", "s", axis=0), node("Reshape", "c s", "f"), fc]
    good("flatten_chain_slice.onnx", model([CONV, *sliced], [*w, ints("from", 0), ints("to", 1), ints("axes", 0), ints("minus", -1), flat]), "either", why="Slice in the flatten chain")
    part = [node("Shape", "c", "s1", start=0, end=1), node("Concat", "s1 minus", "s", axis=0), node("Reshape", "c s", "f"), fc]
    good("flatten_chain_shape_end.onnx", model([CONV, *part], [*w, ints("minus", -1), flat], 15))
    product = [node("Shape", "c", "s0"), *(node("Gather", f"s0 i{i}", f"d{i}", axis=0) for i in range(4)), node("Mul", "d1 d2", "m1"), node("Mul", "m1 d3", "m2"),
               node("Unsqueeze", "d0 axes", "u0"), node("Unsqueeze", "m2 axes", "u1"), node("Concat", "u0 u1", "s", axis=0), node("Reshape", "c s", "f"), fc]  # fmt: skip
    indices = [real(f"i{i}", i, np.int64) for i in range(4)]
    good("flatten_chain_product.onnx", model([CONV, *product], [*w, *indices, ints("axes", 0), flat]), "either", why="channels x rows x columns by Mul")
    nhwc = [CONV, node("Transpose", "c", "t", perm=[0, 2, 3, 1]), node("Flatten", "t", "f"), fc]
    good("flatten_nhwc.onnx", model(nhwc, [*w, flat]), "either", why="flattened in row, column, channel order: read right or refuse")
    given = [node("Transpose", "data", "n", perm=[0, 3, 1, 2]), node("Conv", "n w", "x", pads=[1, 1, 1, 1])]
    good("input_nhwc.onnx", before(given, w, shape=("N", 6, 6, 3)), "either", shape=(2, 6, 6, 3), why="the input is [N, rows, columns, channels]")
    good("concat_channels.onnx", behind([node("Conv", "c q", "e", pads=[1, 1, 1, 1]), node("Concat", "e c data", "x", axis=1)], [weight("q", 4, 4, 3, 3)]))
    good("concat_negative_axis.onnx", behind([node("Concat", "c data", "x", axis=-3)]))
    refused("concat_rows.onnx", behind([node("Concat", "c c", "x", axis=2)]), "side by side in rows", ["Concat"])


def linears_and_ends():
    fc, bias = weight("fc", 5, 4), weight("bias", 5, kind="bias")
    turned = numpy_helper.from_array(np.ascontiguousarray(numpy_helper.to_array(fc).T), "fc")
    good("gemm_no_transpose.onnx", vector([node("Gemm", "v fc bias", "embedding")], [turned, bias]))
    good("gemm_no_bias.onnx", vector([node("Gemm", "v fc", "embedding", transB=1)], [fc]))
    good("gemm_alpha_beta.onnx", vector([node("Gemm", "v fc bias", "embedding", transB=1, alpha=0.5, beta=2.0)], [fc, bias]))
    good("gemm_bias_1xN.onnx", vector([node("Gemm", "v fc bias", "embedding", transB=1)], [fc, weight("bias", 1, 5, kind="bias")], 9))
    good("gemm_bias_scalar.onnx", vector([node("Gemm", "v fc bias", "embedding", transB=1)], [fc, real("bias", 0.25)]))
    refused("gemm_transposed_input.onnx", vector([node("Gemm", "v fc", "embedding", transA=1)], [weight("fc", 2, 5)]), "transA", ["Gemm"])
    good("matmul_add.onnx", vector([node("MatMul", "v fc", "m"), node("Add", "m bias", "embedding")], [turned, bias]))
    good("matmul_bias_first.onnx", vector([node("MatMul", "v fc", "m"), node("Add", "bias m", "embedding")], [turned, bias]))
    good("matmul_transposed_weight.onnx", vector([node("Transpose", "fc", "t", perm=[1, 0]), node("MatMul", "v t", "embedding")], [fc]))
    refused("matmul_weight_first.onnx", vector([node("MatMul", "fc v", "embedding")], [weight("fc", 5, 2)]), "the weight on the left mixes the faces", ["MatMul"])
    refused("matmul_values.onnx", vector([node("Transpose", "v", "t", perm=[1, 0]), node("MatMul", "v t", "embedding")]), "two values multiplied", ["Transpose"], expect="refused")
    square = weight("fc", 4, 4)
    good("matmul_square.onnx", vector([node("MatMul", "v fc", "embedding")], [square]), note="[4, 4]: transposed or not is not seen from the shape")
    good("lp_normalization.onnx", vector([node("LpNormalization", "v", "embedding", axis=1, p=2)]))
    good("lp_normalization_default.onnx", vector([node("LpNormalization", "v", "embedding")]), note="axis -1, p 2")
    good("lp_normalization_1.onnx", vector([node("LpNormalization", "v", "embedding", axis=1, p=1)]), "either", why="p = 1: divide by the sum of magnitudes or refuse")
    good("l2_divided.onnx", vector([node("ReduceL2", "v", "n", axes=[1], keepdims=1), node("Div", "v n", "embedding")]))
    good("l2_divided_18.onnx", vector([node("ReduceL2", "v axes", "n", keepdims=1), node("Div", "v n", "embedding")], [ints("axes", -1)], 18))
    clip = [node("ReduceL2", "v", "n", axes=[1], keepdims=1), node("Clip", "n low", "k"), node("Shape", "v", "s"), node("Expand", "k s", "e"), node("Div", "v e", "embedding")]
    good("l2_clip_expand.onnx", vector(clip, [real("low", 1e-12)]))
    large = vector(clip, [real("low", 10.0)])
    good("l2_clip_matters.onnx", large, note="the norm is below the floor of 10: the result is v / 10")
    squares = [node("Mul", "v v", "q"), node("ReduceSum", "q axes", "t", keepdims=1), node("Sqrt", "t", "n"), node("Div", "v n", "embedding")]
    good("l2_by_squares.onnx", vector(squares, [ints("axes", 1)]), "either", why="x / sqrt(sum x^2) spelt out")
    good("dropout_12.onnx", vector([node("Dropout", "v r", "embedding")], [real("r", 0.4)], 12))
    mode = [real("r", 0.4), real("t", False, bool)]
    good("dropout_training_false.onnx", vector([node("Dropout", "v r t", "embedding")], mode, 12))
    good("identity_chain.onnx", vector([node("Identity", "v", "a"), node("Identity", "a", "embedding")]))
    good("explicit_domain.onnx", vector([helper.make_node("Relu", ["v"], ["embedding"], domain="ai.onnx")]), equivalent=vector([node("Relu", "v", "embedding")]))
    picture = model([CONV, node("GlobalAveragePool", "c", "embedding")], [CONV_WEIGHT])
    good("output_1x1_picture.onnx", picture, note="the output is [N, 4, 1, 1]: a vector all the same")
    unused = model([CONV, node("Relu", "c", "unused"), node("Flatten", "c", "embedding")], [CONV_WEIGHT, weight("never", 3)])
    good("unused_parts.onnx", unused, note="a node and an initialiser that nothing uses")
    unordered = model([node("Flatten", "c", "embedding"), CONV], [CONV_WEIGHT])
    good("unordered.onnx", unordered, "either", equivalent=model([CONV, node("Flatten", "c", "embedding")], [CONV_WEIGHT]), why="nodes not in topological order")
    nameless = model([helper.make_node("Conv", ["data", "w"], ["c"]), helper.make_node("Flatten", ["c"], ["embedding"])], [CONV_WEIGHT])
    good("nameless_nodes.onnx", nameless)
    symbolic = before([CONV, node("GlobalAveragePool", "c", "x")], [CONV_WEIGHT], shape=("N", 3, "rows", "columns"))
    good("symbolic_picture.onnx", symbolic, "either", why="rows and columns are not stated: ask or refuse")
    unknown = before([CONV, node("GlobalAveragePool", "c", "x")], [CONV_WEIGHT], shape=(-1, 3, 6, 6))
    good("batch_minus_one.onnx", unknown, "either", why="a batch of -1, as some converters write")
    zero = before([CONV, node("GlobalAveragePool", "c", "x")], [CONV_WEIGHT], shape=(0, 3, 6, 6))
    good("batch_zero.onnx", zero, "either", equivalent=before([CONV, node("GlobalAveragePool", "c", "x")], [CONV_WEIGHT]), why="a batch of 0, as some converters write")


def unsupported():
    w = [CONV_WEIGHT]
    conv_transpose = node("ConvTranspose", "c t", "x", name="up_sampling", kernel_shape=[2, 2], strides=[2, 2])
    refused("unsupported_conv_transpose.onnx", behind([conv_transpose], [weight("t", 4, 2, 2, 2)]), "ConvTranspose", ["ConvTranspose", "up_sampling"])
    nameless = helper.make_node("HardSwish", ["c"], ["x"])
    refused("unsupported_nameless.onnx", behind([nameless], opset=14), "HardSwish in a node without a name: name its output", ["HardSwish", "x"])
    then = helper.make_graph([node("Identity", "c", "y")], "then", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    branch = helper.make_node("If", ["yes"], ["x"], name="branch", then_branch=then, else_branch=then)
    refused("unsupported_if.onnx", behind([branch], [real("yes", True, bool)]), "If", ["If", "branch"])
    refused("unsupported_lstm.onnx", behind([node("LSTM", "c a b", "x", name="recurrent", hidden_size=2)], [weight("a", 1, 8, 6), weight("b", 1, 8, 2)]), "LSTM", ["LSTM"])
    foreign = helper.make_node("FusedConv", ["data", "w"], ["x"], name="fused", domain="com.microsoft")
    refused("unsupported_domain.onnx", before([foreign], w, domains=["com.microsoft"]), "an operator of another domain", ["FusedConv", "com.microsoft"])
    same_name = helper.make_node("Conv", ["data", "w"], ["x"], name="other_conv", domain="org.example")
    refused("unsupported_domain_conv.onnx", before([same_name], w, domains=["org.example"]), "Conv of another domain is not Conv", ["org.example"])
    quantized = [node("QuantizeLinear", "c scale zero", "q", name="quantize"), node("DequantizeLinear", "q scale zero", "x")]
    refused("unsupported_quantized.onnx", behind(quantized, [real("scale", 0.1), real("zero", 0, np.int8)]), "quantised", ["QuantizeLinear", "DequantizeLinear", "2 of "])
    refused("unsupported_conv1d.onnx", model([node("Conv", "data w1", "x", name="line"), node("Flatten", "x", "embedding")], [weight("w1", 4, 3, 3)],
            shape=("N", 3, 6)), "a one-dimensional convolution", ["Conv", "line"])  # fmt: skip
    function = helper.make_function("local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 13)])
    built = behind([helper.make_node("Twice", ["c"], ["x"], name="twice", domain="local")], domains=["local"])
    built.ir_version = 8
    built.functions.append(function)
    refused("local_function.onnx", built, "a function defined in the file", ["Twice"], expect="either")
    sparse = before([node("Conv", "data w", "x")])
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(values, helper.make_tensor("", TensorProto.INT64, [1], [0]), [4, 3, 3, 3]))
    refused("sparse_initializer.onnx", sparse, "a sparse weight", expect="either")
    for opset in (6, 99):
        refused(f"opset_{opset}.onnx", behind([node("Relu", "c", "x")], opset=opset), f"opset {opset}", expect="either")


def broken():
    w, flat = CONV_WEIGHT, node("Flatten", "c", "embedding")
    base = lambda: model([CONV, flat], [CONV_WEIGHT])
    good_bytes = base().SerializeToString()
    for label, length in (("half", len(good_bytes) // 2), ("tail", len(good_bytes) - 1), ("head", 3)):
        refused(f"truncated_{label}.onnx", good_bytes[:length], f"cut to {length} bytes")
    refused("empty.onnx", b"", "an empty file")
    refused("text.onnx", b"not a network\n", "text")
    refused("git_lfs_pointer.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4130855\n", "a Git LFS pointer: say so")
    refused("zeros.onnx", bytes(64), "64 zero bytes")
    refused("length_overflow.onnx", b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a field of 2^64 - 1 bytes")
    deep = b""
    for _ in range(500):  # attribute.g, node.attribute, graph.node, from within
        for tag in (b"\x32", b"\x2a", b"\x0a"):
            size, varint = len(deep), b""
            while size > 127:
                varint, size = varint + bytes([size & 127 | 128]), size >> 7
            deep = tag + varint + bytes([size]) + deep
    refused("nested_graphs.onnx", b"\x3a" + bytes([len(deep) & 127 | 128, len(deep) >> 7 & 127 | 128, len(deep) >> 14]) + deep, "graphs nested 500 deep")
    refused("no_graph.onnx", onnx.ModelProto(ir_version=7).SerializeToString(), "no graph")
    refused("no_nodes.onnx", model([], []), "no nodes: the output is never made")
    passed = model([], [], output="data")
    refused("output_is_input.onnx", passed, "the output is the input", expect="either")
    no_opset = base()
    del no_opset.opset_import[:]
    refused("no_opset.onnx", no_opset, "no opset import", expect="either")
    no_output = base()
    del no_output.graph.output[:]
    refused("no_output.onnx", no_output, "no output")
    no_input = base()
    del no_input.graph.input[:]
    refused("no_input.onnx", no_input, "no input: `data` comes from nowhere", ["data"])
    picture = helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, 6, 6])
    second = helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N", 3, 6, 6])
    refused("two_inputs.onnx", before([node("Add", "data mask", "x")], inputs=[picture, second]), "two inputs", ["mask"])
    refused("two_outputs.onnx", model([CONV, flat], [w], output="embedding c"), "two outputs", expect="either")
    refused("missing_output.onnx", model([CONV, flat], [w], output="features"), "no node makes the output `features`", ["features"])
    refused("missing_initializer.onnx", model([CONV, flat], []), "the weight `w` is nowhere", ["w"])
    refused("cycle.onnx", model([node("Add", "data b", "a"), node("Relu", "a", "b"), node("Flatten", "b", "embedding")]), "a needs b needs a")
    refused("self_cycle.onnx", model([node("Add", "data a", "a"), node("Flatten", "a", "embedding")]), "a needs a")
    refused("made_twice.onnx", model([CONV, node("Relu", "data", "c"), flat], [w]), "`c` is made by two nodes", ["c"])
    refused("initializer_twice.onnx", model([CONV, flat], [w, weight("w", 4, 3, 3, 3, kind="signal")]), "`w` is given twice", ["w"])
    refused("too_few_inputs.onnx", model([node("Conv", "data", "c", name="first"), flat], [w]), "Conv without a weight", ["first"])
    refused("no_outputs_of_node.onnx", model([helper.make_node("Conv", ["data", "w"], [], name="first"), flat], [w]), "a node without an output")
    refused("wrong_channels.onnx", model([CONV, flat], [weight("w", 4, 5, 3, 3)]), "a weight for 5 channels on 3", ["Conv"])
    refused("wrong_group.onnx", model([node("Conv", "data w", "c", group=2, name="first"), flat], [w]), "3 channels in 2 groups", ["first"])
    refused("zero_group.onnx", model([node("Conv", "data w", "c", group=0, name="first"), flat], [w]), "0 groups", ["first"])
    refused("zero_stride.onnx", model([node("Conv", "data w", "c", strides=[0, 1], name="first"), flat], [w]), "a stride of 0", ["first"])
    refused("negative_pads.onnx", model([node("Conv", "data w", "c", pads=[-1, 0, 0, 0], name="first"), flat], [w]), "a border of -1", ["first"], expect="either")
    refused("huge_pads.onnx", model([node("Conv", "data w", "c", pads=[1 << 40] * 4, name="first"), flat], [w]), "a border of 2^40", ["first"])
    refused("kernel_disagrees.onnx", model([node("Conv", "data w", "c", kernel_shape=[5, 5], name="first"), flat], [w]), "kernel_shape 5x5, weight 3x3", ["first"])
    refused("kernel_too_large.onnx", model([node("Conv", "data w", "c", name="first"), flat], [weight("w", 4, 3, 7, 7)]), "a 7x7 kernel on a 6x6 picture", ["first"])
    refused("attribute_type.onnx", model([node("Conv", "data w", "c", group="two", name="first"), flat], [w]), "group is a string", ["first"])
    refused("shapes_differ.onnx", behind([node("Add", "c data", "x", name="sum")]), "4 channels plus 3", ["sum"])
    refused("fc_width.onnx", model([CONV, node("Flatten", "c", "f"), node("Gemm", "f fc", "embedding", transB=1, name="fc")], [w, weight("fc", 2, 143)]), "143 columns for 144 values", ["fc"])

    def tensor(why, file, expect="refused", **fields):
        built = base()
        proto = built.graph.initializer[0]
        for field, value in fields.items():
            if isinstance(value, list):
                del getattr(proto, field)[:]
                getattr(proto, field).extend(value)
            else:
                setattr(proto, field, value)
        refused(file, built, why, ["w"], expect)

    tensor("4 bytes are missing", "raw_data_short.onnx", raw_data=CONV_WEIGHT.raw_data[:-4])
    tensor("4 bytes too many", "raw_data_long.onnx", raw_data=CONV_WEIGHT.raw_data + bytes(4))
    tensor("a negative size", "dims_negative.onnx", dims=[-4, -3, 3, 3])
    tensor("2^64 elements", "dims_overflow.onnx", dims=[1 << 32, 1 << 32, 3, 3])
    tensor("2^62 x 4 elements wrap to 0", "dims_wrap.onnx", dims=[1 << 62, 4, 1, 1], raw_data=b"")
    tensor("an unknown element type", "dtype_unknown.onnx", data_type=77)
    tensor("the element type `undefined`", "dtype_undefined.onnx", data_type=0)
    tensor("float_data beside raw_data", "two_kinds_of_data.onnx", "either", float_data=[1.0, 2.0])
    tensor("int64 weights", "dtype_int64.onnx", data_type=7, raw_data=bytes(4 * 27 * 8))


def external():
    def linked(**entries):
        built = model([CONV, node("Flatten", "c", "embedding")], [CONV_WEIGHT])
        proto = built.graph.initializer[0]
        proto.ClearField("raw_data")
        proto.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            proto.external_data.add(key=key, value=value)
        return built

    data = index.path("external_offset.bin")
    data.write_bytes(b"\xff" * 64 + CONV_WEIGHT.raw_data + b"\xff" * 16)
    whole = dict(location="external_offset.bin", offset="64", length="432")
    good("external_offset.onnx", linked(**whole), besides=["external_offset.bin"])
    for label, change, why in (
        ("parent", {"location": "../README.md"}, "a path that climbs out of the folder, to a file that exists and is long enough"),
        ("absolute", {"location": "/etc/passwd", "offset": "0"}, "an absolute path"),
        ("missing", {"location": "nowhere.bin"}, "the file is missing"),
        ("folder", {"location": "."}, "the location is a folder"),
        ("empty_location", {"location": ""}, "an empty location"),
        ("offset_beyond", {"offset": "4096"}, "the offset lies outside the file"),
        ("length_beyond", {"length": "4096"}, "the length lies outside the file"),
        ("length_differs", {"length": "428"}, "the length does not fit the shape"),
        ("offset_negative", {"offset": "-64"}, "a negative offset"),
        ("offset_text", {"offset": "six"}, "an offset that is no number"),
        ("offset_overflow", {"offset": "18446744073709551600"}, "an offset near 2^64"),
    ):
        refused(f"external_{label}.onnx", linked(**(whole | change)), why)
    there_and_back = linked(**(whole | {"location": "../ONNX/external_offset.bin"}))
    refused("external_there_and_back.onnx", there_and_back, "out of the folder and back into it", expect="either")
    refused("external_no_location.onnx", linked(offset="0"), "no location")


def add(to, by):
    global index, outputs
    index, outputs = to, by
    for part in (old_opsets, convolutions, normalizations, activations, arithmetic, pads_and_pools, shapes, linears_and_ends,
                 unsupported, broken, external):  # fmt: skip
        part()
