"""safetensors files of akin and of the reference implementation are the same, valid or not.

Whatever akin reads, the reference reads, as the same tensors; what akin alone refuses, it refuses for one of the
reasons of STRICTER. And akin writes byte for byte what the reference writes.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import save

PROGRAM = sys.argv[1]
TEMPORARY = tempfile.TemporaryDirectory(prefix="akin-interop-")
FOLDER = pathlib.Path(TEMPORARY.name)
NATIVE = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16, "i64": torch.int64, "i32": torch.int32,
          "u8": torch.uint8}
WIDENED = {"BOOL": torch.bool, "I8": torch.int8, "I16": torch.int16, "U16": torch.uint16, "F16": torch.float16}
STRICTER = ("duplicate key", "which akin does not support", "nested deeper than 4", "axes, at most 8",
            "too large to address", "expected an object, got null", "cannot name a tensor")


def akin(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=FOLDER)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def described(tensors):
    names = {dtype: name for name, dtype in (NATIVE | WIDENED).items()}
    return "ok" + "".join(f" | {name} {names[value.dtype]} {list(value.shape)} {value.double().sum().item():g}"
                          for name, value in sorted(tensors.items()))


def random_tensors(generator, dtypes):
    tensors = {}
    for i in range(generator.randrange(6)):
        name, dtype = generator.choice(sorted(dtypes.items()))
        shape = [generator.randrange(4) for _ in range(generator.randrange(5))]
        tensors[f"{generator.choice('αab')}.{i}"] = torch.randint(0, 2 if name == "BOOL" else 100, shape).to(dtype)
    return tensors


def files_of_the_reference_are_read():
    generator = random.Random(1)
    wanted = []
    for i in range(200):
        tensors = random_tensors(generator, NATIVE | WIDENED)
        (FOLDER / f"valid-{i}").write_bytes(save(tensors, {"format": "pt"} if i % 2 else None))
        wanted.append(described(tensors))
    lines = akin("read", *[f"valid-{i}" for i in range(200)])
    assert lines == wanted, next(pair for pair in zip(lines, wanted) if pair[0] != pair[1])
    print("200 files of the reference: read")


def files_are_written_as_the_reference_writes_them():
    generator = random.Random(2)
    for i in range(30):
        bytes_ = save(random_tensors(generator, NATIVE), {"naïve \"key\"": "line\nline\u2028\x1f/"} if i % 2 else None)
        (FOLDER / "in").write_bytes(bytes_)
        akin("rewrite", "in", "out")
        assert (FOLDER / "out").read_bytes() == bytes_, (i, bytes_)
    print("30 files: written as the reference writes them")


def framed(header, values=b""):
    return len(header).to_bytes(8, "little") + header + values


def broken_files(generator):
    """Valid files with a changed byte, a changed token of the header, or a changed length."""
    for _ in range(3000):
        tensors = random_tensors(generator, NATIVE | WIDENED)
        bytes_ = bytearray(save(tensors, {"k": "v"}))
        length = int.from_bytes(bytes_[:8], "little")
        kind = generator.randrange(5)
        if kind == 0:
            bytes_[generator.randrange(8 + length)] = generator.choice(b'\x00 "{}[],:0123456789\x7f\xffabU')
        elif kind == 1:
            del bytes_[generator.randrange(len(bytes_)):]
        elif kind == 2:
            bytes_ += bytes(generator.randrange(3))
        else:
            header = bytes(bytes_[8:8 + length]).decode()
            tokens = ["0", "1", "[0,0]", "[]", "18446744073709551615", "18446744073709551616", "-1", "1.0", "1e2",
                      "null", "{}", '"F33"', '"F4"', '"U64"', '"C64"', '"F8_E4M3"', '"k"', '"shape"', '"data_offsets"',
                      "[2,3]", "9223372036854775808", "true", '"\\ud800"', '"\\u00e9"', "[[[[[]]]]]", '"__metadata__"', "-0"]
            places = [i for i, c in enumerate(header) if c in '0123456789"[{']
            at = generator.choice(places)
            end = at + 1
            if header[at] == '"':
                end = header.index('"', at + 1) + 1 if '"' in header[at + 1:] else len(header)
            changed = header[:at] + generator.choice(tokens) + header[end:]
            bytes_ = framed(changed.encode(), bytes(bytes_[8 + length:]))
        yield bytes(bytes_)
    row = '{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}'
    for header, values in [
            ('{"a":%s,"a":%s}' % (row % (0, 1), row % (0, 1)), b"1"),
            ('{"a":%s,"b":%s}' % (row % (0, 1), row % (0, 1)), b"1"),
            ('{"a":%s,"b":%s}' % (row % (1, 2), row % (0, 1)), b"12"),
            ('{"a":%s,"b":%s}' % (row % (0, 1), row % (2, 3)), b"123"),
            ('{"a":%s}' % (row % (1, 0)), b"1"), ('{"a":%s}' % (row % (0, 1)), b"12"), (' \n{}\t ', b""), ("{}\0", b""),
            ("", b""), ("[]", b""), ('{"__metadata__":{"a":1}}', b""), ('{"__metadata__":{"a":"b","a":"c"}}', b""),
            ('{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}', b"1"),
            ('{"a":{"dtype":"U8","shape":[2,18446744073709551614],"data_offsets":[0,1]}}', b"1")]:
        yield framed(header.encode(), values)
    yield (100_000_001).to_bytes(8, "little") + b"{}"
    yield (2**64 - 1).to_bytes(8, "little") + b"{}"


def reference(bytes_):
    """Name, shape and type of each tensor, or None where the reference refuses."""
    try:
        return sorted((name, entry["dtype"], entry["shape"]) for name, entry in deserialize(bytes_))
    except SafetensorError:
        return None


def broken_files_are_refused_like_the_reference_refuses_them():
    files = list(broken_files(random.Random(3)))
    for i, bytes_ in enumerate(files):
        (FOLDER / f"{i}").write_bytes(bytes_)
    lines = akin("read", *range(len(files)))
    counts = {"both read": 0, "both refuse": 0, "akin alone refuses": 0}
    for bytes_, line in zip(files, lines, strict=True):
        theirs = reference(bytes_)
        if line.startswith("ok"):
            assert theirs is not None, f"akin reads what the reference refuses: {bytes_} {line}"
            ours = [part.split(" ", 2) for part in line.split(" | ")[1:]]
            ours = [(name, dtype.upper(), json.loads(rest[:rest.index("]") + 1])) for name, dtype, rest in ours]
            assert ours == theirs, (bytes_, line)
            counts["both read"] += 1
        elif theirs is None:
            counts["both refuse"] += 1
        else:
            assert any(reason in line for reason in STRICTER), f"akin refuses what the reference reads: {bytes_} {line}"
            counts["akin alone refuses"] += 1
    print(f"{len(files)} broken files: {counts}")
    assert min(counts.values()) > 3, counts


if __name__ == "__main__":
    torch.manual_seed(0)
    files_of_the_reference_are_read()
    files_are_written_as_the_reference_writes_them()
    broken_files_are_refused_like_the_reference_refuses_them()
