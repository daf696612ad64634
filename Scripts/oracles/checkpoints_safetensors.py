"""Writes Fixtures/Checkpoints/Safetensors: good and hostile .safetensors files, with the safetensors package's verdict.

    python checkpoints_safetensors.py
"""

import json
import struct

import safetensors
import torch
from safetensors.torch import load_file, save_file

from checkpoints import Index, description, descriptions, one_line, tensor, tiny_network

index = Index("Safetensors", safetensors=safetensors.__version__, torch=torch.__version__)


def good(file, tensors, metadata=None, **fields):
    save_file(tensors, index.path(file), metadata)
    loaded = load_file(index.path(file))
    assert descriptions(loaded) == descriptions(tensors), file
    fields |= {"metadata": metadata} if metadata else {}
    index.add(file, "tensors", tensors=descriptions(tensors), **fields)


def raw(file, header, data, expect, why, tensors=None, length=None):
    """`header`: text, bytes, or a value written as JSON."""
    if not isinstance(header, (bytes, str)):
        header = json.dumps(header, separators=(",", ":"))
    text = header.encode() if isinstance(header, str) else header
    index.path(file).write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    try:
        load_file(index.path(file))
        verdict = "loads"
    except BaseException as error:  # the package panics on some
        verdict = one_line(error)
    fields = {"tensors": tensors} if tensors else {}
    index.add(file, expect, why=why, package=verdict, **fields)


def entry(start, end, shape=(2, 3), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def written():
    state = {k: v for k, v in tiny_network().state_dict().items()}
    good("state.safetensors", state, {"format": "pt", "architecture": "tiny", "preprocessing": "(x-127.5)/127.5 RGB"})
    floating = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
    whole = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64]
    mixed = {str(d)[6:]: tensor(str(d), 3, 5, dtype=d) for d in floating}
    mixed |= {str(d)[6:]: (tensor(str(d), 3, 5).abs() * 100).to(d) for d in whole} | {"bool": tensor("bool", 7) > 0}
    good("dtypes.safetensors", mixed)
    eight = {str(d)[6:]: tensor(str(d), 4).to(d) for d in (torch.float8_e4m3fn, torch.float8_e5m2)}
    save_file(eight, index.path("float8.safetensors"))
    index.add("float8.safetensors", "either", tensors=descriptions(eight), why="8-bit floats: read or refuse by dtype")
    special = torch.tensor([0.0, -0.0, 1e-8, 65504, 1e-40, 3.3e38, float("inf"), -float("inf"), float("nan"), 1 / 3])
    good("special_values.safetensors", {"half": special.half(), "bfloat16": special.bfloat16(), "float": special})
    shapes = {"scalar": torch.tensor(2.5), "empty": torch.zeros(0), "empty3": torch.zeros(2, 0, 3), "five": tensor("f", 1, 2, 1, 3, 1)}
    good("shapes.safetensors", shapes)
    good("odd_names.safetensors", {"Größe.weight": tensor("u", 2), "a b/\"c\"\n": tensor("v", 2), "": tensor("w", 2), "x" * 300: tensor("y", 1)})
    good("no_tensors.safetensors", {}, {"note": "nothing"})
    network = {f"module.{k}": v for k, v in state.items()}
    good("prefix_module.safetensors", network, prefix="module.")


def odd():
    """Valid by the format, though the package writes none of them so."""
    data = tensor("weight", 2, 3).numpy().tobytes()
    one = {"weight": description(tensor("weight", 2, 3))}
    raw("spaces_after_header.safetensors", json.dumps({"weight": entry(0, 24)}) + " " * 37, data, "tensors", "padding", one)
    raw("spaced_header.safetensors", json.dumps({"weight": entry(0, 24)}, indent=2), data, "tensors", "white space inside", one)
    escaped = '{"w\\u0065ight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
    raw("escaped_name.safetensors", escaped, data, "tensors", "an escape in a name", one)
    reverse = {"weight": entry(8, 32), "first": entry(0, 8, (2,))}
    first = {"first": description(tensor("first", 2))}
    raw("other_order.safetensors", reverse, tensor("first", 2).numpy().tobytes() + data, "tensors", "header not in data order", one | first)
    raw("unaligned.safetensors", {"a": entry(0, 1, (1,), "U8"), "weight": entry(1, 25)}, b"\x07" + data, "tensors",
        "floats at an odd address", one | {"a": description(torch.tensor([7], dtype=torch.uint8))})  # fmt: skip
    raw("empty_metadata.safetensors", {"__metadata__": {}, "weight": entry(0, 24)}, data, "tensors", "empty metadata", one)


def hostile():
    data = tensor("weight", 2, 3).numpy().tobytes()
    one = {"weight": entry(0, 24)}
    text = json.dumps(one)
    refuse = lambda name, header, why, content=data, expect="refused", **k: raw(f"{name}.safetensors", header, content, expect, why, **k)
    refuse("length_beyond_file", text, "the header is longer than the file", length=1 << 20)
    refuse("length_huge", text, "a header of 2^63 bytes", length=1 << 63)
    refuse("length_all_ones", text, "a header of 2^64 - 1 bytes", length=(1 << 64) - 1)
    refuse("length_zero", text, "a header of no bytes", length=0)
    refuse("length_short", text, "the header is cut inside its JSON", length=len(text) - 3)
    refuse("json_cut", text[:-1], "JSON without its last brace")
    refuse("json_array", "[1,2,3]", "a list, not an object")
    refuse("json_text_after", text + "x", "text after the object")
    refuse("json_two_objects", text + "{}", "two objects")
    refuse("json_comma", text[:-1] + ",}", "a trailing comma")
    refuse("json_nan", text.replace("24", "NaN"), "NaN as an offset")
    refuse("json_deep", '{"a":' + "[" * 20000 + "]" * 20000 + "}", "lists nested 20,000 deep")
    refuse("json_leading_space", " " + text, "the header must begin with a brace", expect="either")
    refuse("json_byte_order_mark", "\ufeff" + text, "a byte order mark")
    refuse("json_bad_utf8", text.encode().replace(b"weight", b"wei\xffht"), "a name that is not UTF-8")
    refuse("json_lone_surrogate", text.replace("weight", "\\ud800"), "half of a surrogate pair")
    refuse("json_nul_padding", text.encode() + b"\0\0\0", "padded with NUL", expect="either")
    pair = '{"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]}}'
    refuse("duplicate_names", pair, "one name twice", content=data + data)
    twice = '{"weight":{"dtype":"F32","dtype":"I32","shape":[2,3],"data_offsets":[0,24]}}'
    refuse("duplicate_fields", twice, "dtype twice")
    refuse("overlap", {"a": entry(0, 24), "b": entry(8, 32)}, "overlapping tensors", content=data + data[:8])
    refuse("same_bytes", {"a": entry(0, 24), "b": entry(0, 24)}, "two tensors of the same bytes")
    refuse("hole", {"a": entry(0, 24), "b": entry(32, 56)}, "a hole between tensors", content=data + data + data[:8])
    refuse("starts_late", {"weight": entry(8, 32)}, "bytes before the first tensor", content=data + data[:8])
    refuse("trailing_bytes", one, "bytes after the last tensor", content=data + b"\0")
    refuse("data_short", one, "one byte short", content=data[:-1])
    refuse("no_data", one, "the file ends after its header", content=b"")
    refuse("offsets_reversed", {"weight": entry(24, 0)}, "the end comes before the start")
    refuse("offset_huge", {"weight": entry(0, (1 << 64) - 1)}, "an offset of 2^64 - 1")
    refuse("offset_over", text.replace("24", "18446744073709551640"), "an offset beyond 64 bits")
    refuse("offset_negative", {"weight": entry(-24, 0)}, "a negative offset")
    refuse("offset_fraction", text.replace("24", "24.5"), "an offset of 24.5")
    refuse("offset_exponent", text.replace("24", "2.4e1"), "an offset written 2.4e1", expect="either")
    refuse("one_offset", {"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0]}}, "one offset")
    refuse("size_mismatch", {"weight": entry(0, 24, (2, 2))}, "the shape needs 16 bytes, the offsets give 24")
    refuse("shape_overflow", {"weight": entry(0, 24, (1 << 32, 1 << 32))}, "2^64 elements")
    refuse("shape_overflow_to_fit", {"weight": entry(0, 0, (1 << 62, 4))}, "4 x 2^62 elements wrap to 0 bytes", content=b"")
    refuse("shape_negative", {"weight": entry(0, 24, (-2, -3))}, "negative sizes")
    refuse("shape_text", {"weight": {"dtype": "F32", "shape": "2x3", "data_offsets": [0, 24]}}, "the shape is a string")
    refuse("dtype_unknown", {"weight": entry(0, 24, dtype="Q7")}, "an unknown dtype")
    refuse("dtype_lower_case", {"weight": entry(0, 24, dtype="f32")}, "a dtype in lower case")
    refuse("field_missing", {"weight": {"dtype": "F32", "data_offsets": [0, 24]}}, "no shape")
    refuse("field_unknown", {"weight": entry(0, 24) | {"order": "F"}}, "a field that the format does not have", expect="either")
    refuse("metadata_number", {"__metadata__": {"epoch": 3}} | one, "metadata must be strings")
    refuse("metadata_text", {"__metadata__": "x"} | one, "metadata must be an object")
    for name, content in (("empty", b""), ("seven_bytes", b"\x08\0\0\0\0\0\0"), ("git_lfs_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64)):  # fmt: skip
        index.path(f"{name}.safetensors").write_bytes(content)
        index.add(f"{name}.safetensors", "refused", why=name.replace("_", " "))


if __name__ == "__main__":
    for path in index.folder.iterdir():
        path.unlink()
    written()
    odd()
    hostile()
    index.write()
    for e in index.entries:
        loads = e.get("package", "loads") == "loads"
        if "package" in e and loads != (e["expect"] == "tensors"):
            print("differs from the package:", e["file"], e["expect"], "|", e["package"])
