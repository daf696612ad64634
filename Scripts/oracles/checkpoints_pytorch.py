"""Writes Fixtures/Checkpoints/PyTorch: good, odd and hostile .pth files with an index of what a reader must find.

    python checkpoints_pytorch.py [--judge]

Nothing hostile is ever loaded here, except with `--judge` by `torch.load(weights_only=True)` in a child process with
limits: it prints PyTorch's own verdict of every file.
"""

import argparse
import datetime
import decimal
import io
import pickle
import re
import resource
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections import OrderedDict, defaultdict, deque
from pathlib import Path

import numpy as np
import torch
from torch import nn

import networks
from checkpoints import Index, descriptions, tensor, tiny_network

index = None
MAGIC = 0x1950A86A20F9469CFC6C


# --- writing ---------------------------------------------------------------------------------------------------------------


def save(file, value, tensors=None, expect="tensors", *, legacy=False, protocol=2, location=None, **fields):
    """torch.save, described. `location` replaces the storages' device tag, as files saved on a GPU have it."""
    original = torch.serialization.location_tag
    if location:
        torch.serialization.location_tag = lambda storage: location
    try:
        torch.save(value, index.path(file), pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    finally:
        torch.serialization.location_tag = original
    describe(file, value if tensors is None else tensors, expect, **fields)


def describe(file, tensors, expect, **fields):
    if expect in ("tensors", "either") and tensors is not None:
        fields["tensors"] = descriptions(tensors)
    index.add(file, expect, **fields)


class Storage:
    """Stands for a storage in a forged pickle: becomes a persistent id."""

    def __init__(self, key, data=b"", count=None, kind=torch.FloatStorage, location="cpu", view=None, identifier=None):
        self.key, self.data, self.kind, self.location, self.view = key, data, kind, location, view
        self.count = len(data) // 4 if count is None else count
        self.identifier = identifier


class Call:
    """Becomes REDUCE of a function with arguments."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Pickler(pickle._Pickler):
    legacy = False

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value.identifier is not None:
            return value.identifier
        base = ("storage", value.kind, value.key, value.location, value.count)
        return (*base, value.view) if self.legacy else base


def pickled(value, protocol=2, legacy=False):
    buffer = io.BytesIO()
    pickler = Pickler(buffer, protocol)
    pickler.legacy = legacy
    pickler.dump(value)
    return buffer.getvalue()


def rebuilt(storage, offset=0, size=(2, 3), stride=(3, 1)):
    return Call(torch._utils._rebuild_tensor_v2, storage, offset, size, stride, False, OrderedDict())


def archive(file, data, records, top="archive", compression=zipfile.ZIP_STORED, version=b"3\n", more=(), **options):
    """A zip with data.pkl and storages, by Python's zipfile: not aligned, no `byteorder`, as older or other writers do."""
    with zipfile.ZipFile(index.path(file), "w", compression) as z:
        entries = [(f"{top}/data.pkl", data)] if data is not None else []
        entries += [(f"{top}/data/{key}", content) for key, content in records.items()]
        for name, content in [*entries, *((f"{top}/{n}", c) for n, c in more), *([(f"{top}/version", version)] if version else [])]:
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)


def legacy_bytes(value, storages, protocol=2, counts=None):
    head = [MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}]
    parts = [pickle.dumps(h, 2) for h in head] + [value if isinstance(value, bytes) else pickled(value, protocol, True)]
    parts.append(pickle.dumps([s.key for s in storages], 2))
    for s in storages:
        parts.append(struct.pack("<q", s.count if counts is None else counts) + s.data)
    return b"".join(parts)


def floats(name, count):
    return tensor(name, count).numpy().astype("<f4").tobytes()


# --- good and odd ------------------------------------------------------------------------------------------------------------


def containers():
    network = tiny_network()
    state = network.state_dict()  # carries `_metadata`, so BUILD occurs
    for protocol in (2, 3, 4, 5):
        save(f"zip_protocol{protocol}.pth", state, protocol=protocol)
    for protocol in (2, 4):
        save(f"legacy_protocol{protocol}.pth", state, legacy=True, protocol=protocol)
    save("zip_plain_dict.pth", dict(state))
    save("zip_cuda.pth", state, location="cuda:0")
    save("legacy_cuda.pth", state, legacy=True, location="cuda:3")
    save("zip_mps.pth", state, location="mps")
    save("zip_parameters.pth", dict(network.named_parameters()), dict(network.named_parameters()))
    save("legacy_parameters.pth", OrderedDict(network.named_parameters()), dict(network.named_parameters()), legacy=True)
    parameter = nn.Parameter(tensor("p", 3, 2))
    parameter.note = "an attribute"
    save("zip_parameter_with_state.pth", {"p": parameter}, {"p": parameter})

    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    network(tensor("input", 2, 3, 6, 6)).square().sum().backward()
    optimizer.step()
    network.load_state_dict(tiny_network().state_dict())
    training = {"epoch": 17, "global_step": 1 << 40, "best": 0.975, "arch": "mbf", "done": False, "nothing": None, "milestones": [8, 12],
                "shape": (112, 112), "kinds": {"a", "b"}, "negative": -(1 << 70)}  # fmt: skip
    wrap = lambda key: {**training, key: state}
    save("wrapped_state_dict.pth.tar", {**wrap("state_dict"), "optimizer": optimizer.state_dict()}, state, container="state_dict")
    save("wrapped_net_state_dict.ckpt", {"epoch": 68, "net_state_dict": state}, state, container="net_state_dict", legacy=True)
    save("wrapped_model.pt", wrap("model"), state, container="model")
    save("wrapped_net.t7", {"net": state, "acc": 99.5, "epoch": 3}, state, container="net")
    save("wrapped_twice.pt", {"checkpoint": {"model": {"state_dict": state}}}, state, container="checkpoint.model.state_dict")

    def prefixed(prefix):
        return OrderedDict((prefix + name, value) for name, value in state.items())

    head = OrderedDict(prefixed("backbone."))
    head["head.weight"] = tensor("head.weight", 10, 4)
    save("prefix_module.pth", prefixed("module."), prefix="module.")
    save("prefix_backbone.pth", head, prefix="backbone.", others=["head.weight"])
    save("prefix_module_backbone.pth", {"state_dict": prefixed("module.backbone.")}, prefixed("module.backbone."),
         container="state_dict", prefix="module.backbone.")  # fmt: skip
    teacher = OrderedDict((f"model_t.{n}", v + 1) for n, v in state.items())
    save("prefix_model_s.pth", prefixed("model_s.") | teacher, prefix="model_s.", others=sorted(teacher))
    save("prefix_orig_mod.pth", prefixed("_orig_mod."), prefix="_orig_mod.", note="torch.compile")


def contents():
    kinds = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
    mixed = {f"{str(d)[6:]}.weight": (tensor(str(d), 3, 5) * (1 if d.is_floating_point else 100)).to(d) for d in kinds}
    mixed["bool.weight"] = tensor("bool", 7) > 0
    save("zip_dtypes.pth", mixed)
    save("legacy_dtypes.pth", mixed, legacy=True)
    special = torch.tensor([0.0, -0.0, 1e-8, 65504, 1e-40, 3.3e38, float("inf"), -float("inf"), float("nan"), 1 / 3, 1.0009766])
    kinds16 = {"half": special.half(), "bfloat16": special.bfloat16(), "double": torch.tensor([1 / 3, 1e-320, 1e300, -1e-46]).double()}
    save("zip_special_values.pth", kinds16)
    save("zip_scalars_and_empty.pth", {"scalar": torch.tensor(2.5), "num_batches_tracked": torch.tensor(12345678901), "empty": torch.zeros(0),
         "empty3": torch.zeros(2, 0, 3), "one": tensor("one", 1)})  # fmt: skip

    base = tensor("base", 6, 8)
    strided = {"transposed": base.t(), "step": base[::2, 1::3], "channels_last": tensor("c", 2, 3, 4, 5).to(memory_format=torch.channels_last),
               "expanded": tensor("e", 1, 3).expand(4, 3), "permuted": tensor("q", 2, 3, 4).permute(2, 0, 1), "row": base[3]}  # fmt: skip
    save("zip_strides.pth", strided)
    save("legacy_strides.pth", strided, legacy=True)
    pool = tensor("pool", 40)
    shared = {"a": pool[:12].reshape(3, 4), "b": pool[8:20].reshape(4, 3), "tail": pool[39:], "same": pool[:12].reshape(3, 4)}
    shared["tied"] = shared["a"]
    save("zip_shared_storage.pth", shared)
    save("legacy_shared_storage.pth", shared, legacy=True)
    names = {"Größe.weight": tensor("u", 2), "a b/c": tensor("v", 2), "": tensor("w", 2), "x" * 300: tensor("y", 1), "7": tensor("z", 1)}
    save("zip_odd_names.pth", names)
    save("zip_no_tensors.pth", {"epoch": 3, "note": "nothing here"}, {}, "refused", why="no tensors")
    save("zip_complex.pth", {"c": torch.complex(tensor("re", 3), tensor("im", 3))}, None, "refused", names=["ComplexFloatStorage"])
    save("zip_float8.pth", {"f": tensor("f", 3).to(torch.float8_e4m3fn)}, None, "either", names=["float8_e4m3fn"])
    save("zip_sparse.pth", {"s": torch.eye(3).to_sparse()}, None, "refused", names=["torch._utils._rebuild_sparse_tensor"])


def writers():
    """What other writers and older versions produce."""
    weight = tensor("weight", 2, 3)
    storage = Storage("0", floats("weight", 6))
    good = {"weight": weight}
    archive("zip_by_zipfile.pth", pickled({"weight": rebuilt(storage)}), {"0": storage.data})
    describe("zip_by_zipfile.pth", good, "tensors", note="unaligned data, no byteorder record, as PyTorch 1.6 files lack it")
    archive("zip_other_top.pth", pickled({"weight": rebuilt(storage)}), {"0": storage.data}, top="modèle_best-3.1")
    describe("zip_other_top.pth", good, "tensors")
    archive("zip_version_in_data.pth", pickled({"weight": rebuilt(storage)}), {"0": storage.data}, version=None, more=[(".data/version", b"3\n")])
    describe("zip_version_in_data.pth", good, "tensors")
    archive("zip_deflated.pth", pickled({"weight": rebuilt(storage)}), {"0": storage.data}, compression=zipfile.ZIP_DEFLATED)
    describe("zip_deflated.pth", good, "either", why="compressed entries; PyTorch never writes them")
    swapped = np.frombuffer(storage.data, "<f4").astype(">f4").tobytes()
    archive("zip_big_endian.pth", pickled({"weight": rebuilt(storage)}), {"0": swapped}, more=[("byteorder", b"big")])
    describe("zip_big_endian.pth", good, "either", why="byteorder big: swap or refuse, never read as it stands")
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 8
    archive("zip64.pth", pickled({"weight": rebuilt(storage)}), {"0": storage.data})
    zipfile.ZIP64_LIMIT = limit
    describe("zip64.pth", good, "tensors", note="every size and offset in zip64 extra fields")
    junk = b"#!/bin/sh\n" + index.path("zip_by_zipfile.pth").read_bytes()
    index.path("zip_with_prefix.pth").write_bytes(junk)
    describe("zip_with_prefix.pth", good, "either", why="bytes before the archive")
    with zipfile.ZipFile(index.path("zip_with_comment.pth"), "w") as z:
        for name, content in (("a/data.pkl", pickled({"weight": rebuilt(storage)})), ("a/data/0", storage.data), ("a/version", b"3\n")):
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
        z.comment = b"PK\x05\x06 not an end record"
    describe("zip_with_comment.pth", good, "either", why="the archive comment contains an end-of-directory signature; PyTorch gives up")

    old = Call(torch._utils._rebuild_tensor, storage, 0, (2, 3), (3, 1))
    index.path("legacy_rebuild_tensor_v1.pth").write_bytes(legacy_bytes(OrderedDict(weight=old), [storage]))
    describe("legacy_rebuild_tensor_v1.pth", good, "tensors", note="torch._utils._rebuild_tensor, PyTorch before 0.4")
    root = Storage("10", floats("root", 10), 10)
    view = Storage("10", root.data, 10, view=("20", 4, 6))
    index.path("legacy_storage_view.pth").write_bytes(legacy_bytes({"weight": rebuilt(view)}, [root]))
    viewed = {"weight": tensor("root", 10)[4:].reshape(2, 3)}
    describe("legacy_storage_view.pth", viewed, "tensors", note="a view of a storage, with its own key, offset and size")
    index.path("legacy_trailing_bytes.pth").write_bytes(legacy_bytes({"weight": rebuilt(storage)}, [storage]) + b"\0" * 16)
    describe("legacy_trailing_bytes.pth", good, "either", why="bytes after the last storage")

    # Python 2: byte strings, and OrderedDict rebuilt from a list of pairs.
    name = lambda text: b"U" + bytes([len(text)]) + text
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n("
    identifier = b"(" + name(b"storage") + b"ctorch\nFloatStorage\n" + name(b"94") + name(b"cpu") + b"K\x06NtQ"
    rest = b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89" + b"ccollections\nOrderedDict\n]\x85R" + b"tR"
    python2 = b"\x80\x02ccollections\nOrderedDict\n](](" + name(b"weight") + rebuild + identifier + rest + b"ee\x85R."
    index.path("legacy_python2.pth").write_bytes(legacy_bytes(python2, [Storage("94", storage.data)]))
    describe("legacy_python2.pth", good, "tensors", note="Python 2: SHORT_BINSTRING, OrderedDict from a list of lists")


# --- hostile -----------------------------------------------------------------------------------------------------------------


def refuse(file, content, why, names=(), expect="refused"):
    index.path(file).write_bytes(content)
    index.add(file, expect, why=why, **({"names": list(names)} if names else {}))


def refuse_zip(file, data, why, records=None, names=(), expect="refused", **options):
    archive(file, data, {"0": floats("weight", 6)} if records is None else records, **options)
    index.add(file, expect, why=why, **({"names": list(names)} if names else {}))


def forbidden_globals():
    command = "echo verifar-must-never-run-this"
    text = command.encode()
    call = b"(X" + struct.pack("<I", len(text)) + text + b"tR."
    refuse_zip("hostile_os_system.pth", b"\x80\x02cos\nsystem\n" + call, "a call of os.system", names=["os.system"])
    refuse_zip("hostile_posix_system.pth", b"\x80\x02cposix\nsystem\n" + call, "how Python really pickles os.system", names=["posix.system"])
    stack = b"\x80\x04\x8c\x02os\x8c\x06system\x93" + b"\x8c" + bytes([len(text)]) + text + b"\x85R."
    refuse_zip("hostile_stack_global.pth", stack, "STACK_GLOBAL", names=["os.system"])
    inst = b"(S'" + text + b"'\nios\nsystem\n."
    refuse_zip("hostile_inst.pth", inst, "the INST opcode, protocol 0", names=["os.system"])
    obj = b"(cos\nsystem\nX" + struct.pack("<I", len(text)) + text + b"o."
    refuse_zip("hostile_obj.pth", obj, "the OBJ opcode", names=["os.system"])
    new = b"\x80\x02csubprocess\nPopen\nX" + struct.pack("<I", len(text)) + text + b"\x85\x81."
    refuse_zip("hostile_newobj.pth", new, "the NEWOBJ opcode", names=["subprocess.Popen"])
    refuse_zip("hostile_eval.pth", b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.", "eval", names=["__builtin__.eval"])
    dotted = b"\x80\x04\x8c\x0ctorch._utils\x8c\x09os.system\x93" + b"\x8c" + bytes([len(text)]) + text + b"\x85R."
    refuse_zip("hostile_dotted_global.pth", dotted, "an attribute reached through an allowed module", names=["torch._utils.os.system"])
    refuse_zip("hostile_unused_global.pth", b"\x80\x02cos\nsystem\n0}.", "the function is pushed and dropped, never called", names=["os.system"])
    refuse_zip("hostile_extension.pth", b"\x80\x02\x82\x01.", "the extension registry")
    refuse("hostile_legacy_os_system.pth", legacy_bytes(b"\x80\x02cposix\nsystem\n" + call, []), "the same in the legacy format", ["posix.system"])
    head = b"cposix\nsystem\n" + call[:-1] + b"0" + pickle.dumps(MAGIC, 2)[2:]
    refuse("hostile_legacy_magic.pth", b"\x80\x02" + head, "a call before the magic number in the first pickle", ["posix.system"])
    state = tiny_network().state_dict()
    hidden = pickled({"state_dict": {"weight": rebuilt(Storage("0", count=6))}, "hook": Call(print, command)})
    refuse_zip("hostile_beside_weights.pth", hidden, "good weights, a call in another entry", names=["__builtin__.print"])
    wrong = pickled({"weight": Call(torch._utils._rebuild_tensor_v2, Storage("0", count=6))})
    refuse_zip("hostile_rebuild_arguments.pth", wrong, "_rebuild_tensor_v2 with one argument")
    refuse_zip("hostile_global_as_value.pth", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.", "the result is a function")
    refuse_zip("hostile_build.pth", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.", "BUILD sets the state of a function")

    module = Storage("0", identifier=("module", nn.Linear, "linear.py", "class Linear(Module): ..."))
    refuse("refused_module_class.pth", legacy_bytes([module], []), "a module's class and source in a persistent id, no module",
           ["torch.nn.modules.linear.Linear"])  # fmt: skip
    save("refused_numpy_array.pth", {"weight": np.ones(3, np.float32)}, None, "refused", names=["multiarray._reconstruct"])


class Configuration(dict):
    """A dictionary with attributes, as EasyDict and Munch are."""


class Plain(nn.Module):
    """What TorchScript can compile."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(36, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.bn1(self.conv1(x))).flatten(1))


class Block(nn.Module):
    """A module of a class that only its author has, with a buffer that no state_dict holds."""

    def __init__(self):
        super().__init__()
        self.network = networks.fill(Plain(), 1.0)
        self.scale = nn.Parameter(tensor("scale", 1))
        self.register_buffer("offset", tensor("offset", 4))
        self.register_buffer("cache", tensor("cache", 4), persistent=False)
        self.settings = {"width": 1.0, "path": Path("/data/faces")}

    def forward(self, x):
        return self.network(x) * self.scale + self.offset


def companions():
    """Weights beside other objects, whole modules, TorchScript: the tensors are taken, nothing is run."""
    state = tiny_network().state_dict()
    save("companion_namespace.pth", {"state_dict": state, "args": argparse.Namespace(lr=0.1, data=Path("/data"))}, state, container="state_dict")
    save("companion_numpy.pth", {"state_dict": state, "best": np.float64(0.5), "history": np.ones(3, np.float32)}, state, container="state_dict")
    settings = Configuration(network="mbf", rate=0.1)
    settings.width = 2
    others = {
        "state_dict": state,
        "when": datetime.datetime(2022, 1, 17, 12, 30),
        "zone": datetime.timezone.utc,
        "counts": defaultdict(list, a=[1, 2]),
        "queue": deque([1, 2, 3]),
        "pattern": re.compile("a+"),
        "settings": settings,
        "decimal": decimal.Decimal("0.1"),
        "complex": 1 + 2j,
        "range": range(3),
        "set": {1, 2},
        "half": slice(1, 2),
    }
    for protocol in (2, 4):
        save(f"companion_others_{protocol}.pth", others, state, protocol=protocol, container="state_dict")
    save("companion_others_legacy.pth", others, state, legacy=True, container="state_dict")
    block = Block()
    choice = {"prefix": "network.", "others": ["scale", "offset"]}
    save("module_whole.pth", block, block.state_dict(), **choice)
    save("module_inside.pth", {"epoch": 3, "model": block}, block.state_dict(), container="model", **choice)
    plain = networks.fill(Plain(), 1.0).eval()
    parallel = nn.DataParallel(plain)
    save("module_parallel.pth", parallel, parallel.state_dict(), prefix="module.")
    save("module_legacy.pth", plain, plain.state_dict(), legacy=True)
    for name, script in (("script", torch.jit.script(plain)), ("trace", torch.jit.trace(plain, torch.zeros(1, 3, 6, 6)))):
        torch.jit.save(script, str(index.path(f"torchscript_{name}.pt")))
        describe(f"torchscript_{name}.pt", plain.state_dict(), "tensors")


def broken_pickles():
    again = lambda i: b"](" + (b"h" + bytes([i])) * 8 + b"eq" + bytes([i + 1])
    doubling = b"\x80\x02(]q\x00" + b"".join(again(i) for i in range(60)) + b"t."
    cases = {
        "no_stop": (b"\x80\x02}", "the pickle does not end"),
        "empty_pickle": (b"", "nothing in data.pkl"),
        "underflow": (b"\x80\x02R.", "REDUCE on an empty stack"),
        "no_mark": (b"\x80\x02Nt.", "TUPLE without a mark"),
        "missing_memo": (b"\x80\x02h\x07.", "BINGET of a slot never written"),
        "odd_items": (b"\x80\x02}(X\x01\x00\x00\x00aNX\x01\x00\x00\x00bu.", "SETITEMS with three values"),
        "list_as_key": (b"\x80\x02}]Ns.", "a list as a key"),
        "setitem_on_list": (b"\x80\x02]NNs.", "SETITEM on a list"),
        "append_to_none": (b"\x80\x02NNa.", "APPEND to None"),
        "unknown_opcode": (b"\x80\x02\xff.", "an opcode that does not exist"),
        "protocol_9": (b"\x80\x09}.", "a protocol that does not exist"),
        "long_string": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"a.", "a string of 2^62 bytes"),
        "negative_string": (b"\x80\x02T" + struct.pack("<i", -5) + b"abcde.", "BINSTRING with a negative length"),
        "negative_long": (b"\x80\x02\x8b" + struct.pack("<i", -5) + b"abcde.", "LONG4 with a negative length"),
        "long_frame": (b"\x80\x04\x95" + struct.pack("<Q", (1 << 64) - 1) + b"}.", "a frame of 2^64 - 1 bytes"),
        "bad_utf8": (b"\x80\x02}X\x02\x00\x00\x00\xc3\x28Ns.", "a key that is not UTF-8"),
        "large_memo_slot": (b"\x80\x02}r\xff\xff\xff\xff.", "LONG_BINPUT to slot 2^32 - 1"),
        "persistent_none": (b"\x80\x02NQ.", "a persistent id that is no tuple"),
        "persistent_text": (b"Pstorage\n.", "PERSID"),
        "deep_tuples": (b"\x80\x02)" + b"\x85" * 30_000 + b".", "tuples nested 30,000 deep"),
        "deep_lists": (b"\x80\x02" + b"]" * 8_000 + b"a" * 7_999 + b".", "lists nested 8,000 deep"),
        "self_reference": (b"\x80\x02]q\x00h\x00a.", "a list that contains itself"),
        "doubling": (doubling, "sixty levels of lists of eight references: 8^60 leaves when walked"),
    }  # fmt: skip
    for name, (data, why) in cases.items():
        empty = name in ("protocol_9", "self_reference", "doubling", "deep_tuples", "deep_lists", "large_memo_slot", "long_frame")
        refuse_zip(f"broken_{name}.pth", data, why + ("; it holds no tensors" if empty else ""))


def broken_tensors():
    data = floats("weight", 6)
    make = lambda **k: Storage("0", data, **k)
    cases = {
        "size_beyond_storage": (rebuilt(make(), 0, (3, 3), (3, 1)), "9 elements of 6"),
        "offset_beyond_storage": (rebuilt(make(), 1), "the last element lies outside"),
        "negative_offset": (rebuilt(make(), -1), "a negative offset"),
        "negative_size": (rebuilt(make(), 0, (-2, 3)), "a negative size"),
        "negative_stride": (rebuilt(make(), 5, (2, 3), (-3, -1)), "negative strides"),
        "stride_overflow": (rebuilt(make(), 0, (2, 3), (1 << 62, 1)), "an index beyond 2^63"),
        "size_overflow": (rebuilt(make(), 0, (1 << 32, 1 << 32), (0, 0)), "2^64 elements by expansion"),
        "huge_expansion": (rebuilt(make(), 0, (1 << 20, 1 << 20), (0, 0)), "2^40 elements by expansion: 4 TiB from 24 bytes"),
        "ranks_differ": (rebuilt(make(), 0, (2, 3), (1,)), "two sizes, one stride"),
        "size_as_text": (rebuilt(make(), 0, ("2", 3)), "a size that is a string"),
        "count_too_large": (rebuilt(make(count=1 << 40)), "the storage says 2^40 elements, the record holds 6"),
        "count_too_small": (rebuilt(make(count=2)), "the storage says 2 elements, the tensor needs 6"),
        "missing_record": (rebuilt(Storage("7", count=6)), "the storage's record is not in the archive"),
        "key_traversal": (rebuilt(Storage("../../data/0", count=6)), "a key that climbs out of the folder"),
        "unknown_kind": (rebuilt(make(identifier=("storage", torch.nn.Linear, "0", "cpu", 6))), "a storage of an unknown type"),
        "other_identifier": (rebuilt(make(identifier=("module", torch.FloatStorage, "0", "cpu", 6))), "a persistent id that is no storage"),
        "short_identifier": (rebuilt(make(identifier=("storage", torch.FloatStorage))), "a persistent id with two fields"),
    }  # fmt: skip
    for name, (value, why) in cases.items():
        names = ["torch.nn.modules.linear.Linear"] if name == "unknown_kind" else []
        expect = "either" if name == "count_too_small" else "refused"
        refuse_zip(f"broken_{name}.pth", pickled({"weight": value}), why, {"0": data}, names, expect)


def broken_files():
    good = index.path("zip_protocol2.pth").read_bytes()
    legacy = index.path("legacy_protocol2.pth").read_bytes()
    refuse("truncated_half.pth", good[: len(good) // 2], "half of a zip file")
    refuse("truncated_tail.pth", good[:-1], "one byte short", expect="either")
    refuse("truncated_head.pth", good[1000:], "the first thousand bytes are missing")
    for part, length in (("magic", 10), ("pickle", 600), ("storages", len(legacy) - 100), ("last_byte", len(legacy) - 1)):
        refuse(f"truncated_legacy_{part}.pth", legacy[:length], f"a legacy file cut in its {part.replace('_', ' ')}")
    data = pickled({"weight": rebuilt(Storage("0", count=6))})
    refuse_zip("short_record.pth", data, "the storage's record is 4 bytes short", {"0": floats("weight", 5)})
    refuse_zip("no_data_pkl.pth", None, "no data.pkl")
    refuse_zip("two_data_pkl.pth", data, "data.pkl twice", more=[("data.pkl", pickled({}))], expect="refused")
    wrong = bytearray(index.path("zip_by_zipfile.pth").read_bytes())
    end = wrong.rindex(b"PK\x05\x06")
    struct.pack_into("<I", wrong, end + 16, 0xFFFFFF00)
    refuse("directory_offset.pth", bytes(wrong), "the directory's offset lies outside the file")
    wrong = bytearray(index.path("zip_by_zipfile.pth").read_bytes())
    first = wrong.index(b"PK\x01\x02")
    struct.pack_into("<II", wrong, first + 20, 0x7FFFFFFF, 0x7FFFFFFF)
    refuse("entry_size.pth", bytes(wrong), "an entry's size lies outside the file")
    storage = Storage("0", floats("weight", 6))
    legacy = legacy_bytes({"weight": rebuilt(storage)}, [storage], counts=1 << 60)
    refuse("legacy_count.pth", legacy, "the storage's header says 2^60 elements")
    refuse("legacy_other_keys.pth", legacy_bytes({"weight": rebuilt(storage)}, [Storage("1", storage.data)]), "the key list does not have the storage")
    refuse("wrong_magic.pth", legacy_bytes({}, []).replace(b"\x6c\xfc", b"\x6d\xfc", 1), "another magic number")
    refuse("empty.pth", b"", "an empty file")
    refuse("text.pth", b"this is not a checkpoint\n", "text")
    refuse("web_page.pth", b"<!DOCTYPE html><html><title>Sign in</title></html>", "a web page saved under the checkpoint's name")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4130855\n"
    refuse("git_lfs_pointer.pth", pointer, "a Git LFS pointer: say so")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            t.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    refuse("tar_0_1.pth", tar.getvalue()[:4096], "PyTorch 0.1's tar format: say so")


# --- PyTorch's own verdict ----------------------------------------------------------------------------------------------------


def judge(path):
    """What torch.load(weights_only=True) says, in a child with limits."""
    code = (
        "import sys, warnings; warnings.simplefilter('ignore'); import torch; from checkpoints import one_line\n"
        "try: torch.load(sys.argv[1], map_location='cpu', weights_only=True); print('loads')\n"
        "except Exception as e: print(one_line(e))"
    )
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, preexec_fn=limit,
                         cwd=Path(__file__).parent)  # fmt: skip
    return run.stdout.strip() or f"killed, status {run.returncode}"


def check(entry):
    """The files that must be read are read by torch.load and compared with their descriptions."""
    if entry["file"].startswith("torchscript"):
        value = torch.jit.load(index.path(entry["file"]))
    else:
        value = torch.load(index.path(entry["file"]), map_location="cpu", weights_only=False)
    for key in filter(None, entry.get("container", "").split(".")):
        value = value[key]
    value = value.state_dict() if isinstance(value, nn.Module) else value
    assert descriptions(value) == entry["tensors"], entry["file"]


if __name__ == "__main__":
    index = Index("PyTorch", python=sys.version.split()[0], torch=torch.__version__)
    shutil.rmtree(index.folder)
    index.folder.mkdir()
    for part in (containers, contents, writers, forbidden_globals, companions, broken_pickles, broken_tensors, broken_files):
        part()
    for entry in index.entries:
        if entry["expect"] == "tensors":
            check(entry)
    if "--judge" in sys.argv:
        for entry in index.entries:
            print(entry["file"], "|", entry["expect"], "|", judge(index.path(entry["file"])), flush=True)
    index.write()
