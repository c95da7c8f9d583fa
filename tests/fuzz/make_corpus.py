#!/usr/bin/env python3
"""Writes the inputs under corpus/: one small valid file per feature of each format, and a few that must be refused.

make_corpus.py [--check]: with --check, writes nothing and fails if a committed file differs. Files whose name begins with
"found-" were found by a fuzzer and are not made here.
"""
import base64
import json
import pathlib
import struct
import sys
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
files = {}  # "parser/name" -> bytes


def add(name, data):
    files[name] = data.encode() if isinstance(data, str) else bytes(data)


def json_files():
    add("json/empty-object", "{}")
    add("json/kinds", ' {"a" : [1, -2, 3.5, true, false, null], "b":{}, "c":[] ,"d":"x"}\r\n\t')
    add("json/integers", "[0,-0,18446744073709551615,-9223372036854775808,9007199254740993]")
    add("json/reals", "[1e5,-0.0,2.2250738585072014e-308,4.9e-324,1.7976931348623157e+308,0.1E-3]")
    add("json/escapes", r'"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\uDBFF\uDFFF"')
    add("json/utf8", '{"grün €":"\U0001f600 \U0010ffff"}')
    add("json/nested", "[" * 16 + "]" * 16)
    add("json/too-deep", '{"a":' * 17 + "1" + "}" * 17)
    add("json/duplicate", '{"a":1,"b":2,"a":3}')
    add("json/lone-surrogate", r'["\ud800"]')
    add("json/too-large", "[1e999,18446744073709551616]")


SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8}


def safetensors(tensors, metadata=None, space=""):
    """tensors: (name, type, shape) in file order; their values count 1, 2, 3 ... bytewise."""
    header, at = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape in tensors:
        size = SIZES[dtype]
        for n in shape:
            size *= n
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = space + json.dumps(header, separators=(",", ":")) + space
    text += " " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text.encode() + bytes(i % 251 + 1 for i in range(at))


def safetensors_files():
    add("safetensors/empty", safetensors([]))
    add("safetensors/metadata", safetensors([], {"framework": "pt", "": "line\nline"}))
    add("safetensors/one", safetensors([("attn.0", "F32", [1, 2, 3])]))
    add("safetensors/same", safetensors([(t, t, [2]) for t in ("F64", "I64", "F32", "I32", "BF16", "U8")]))
    add("safetensors/widened", safetensors([(t, t, [3]) for t in ("F16", "U16", "I16", "I8", "BOOL")]))
    add("safetensors/scalar-and-nothing", safetensors([("s", "F32", []), ("z", "F32", [3, 0, 2]), ("y", "U8", [0])]))
    add("safetensors/spaces", safetensors([("a", "U8", [1]), ("b", "F32", [1])], space=" \n\t"))
    add("safetensors/unsupported", safetensors([("u", "U32", [1])]))
    good = safetensors([("a", "U8", [4])])
    add("safetensors/trailing", good + b"x")
    add("safetensors/truncated", good[:-2])
    add("safetensors/overlap", good.replace(b'{"a"', b'{"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a"'))
    add("safetensors/huge-header", struct.pack("<Q", 2**64 - 1) + b"{}")
    text = b'{"a":{"dtype":"U8","shape":[2,18446744073709551614],"data_offsets":[0,4]}}'
    add("safetensors/overflow", struct.pack("<Q", len(text)) + text + b"1234")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sealed(tensors):
    data = safetensors(tensors, {"crc32c": "0" * 8, "layout": "ohwi"})
    return data.replace(b'"00000000"', b'"%08x"' % crc32c(data), 1)


def checkpoint_files():
    network = [("norm.mean", "F64", [3]), ("steps", "I64", []), ("conv.weight", "F32", [2, 2, 2, 1])]
    torch = network[:2] + [("conv.weight", "F32", [2, 1, 2, 2])]
    add("checkpoint/ohwi", sealed(network))
    add("checkpoint/wrong-sum", sealed(network)[:-1] + b"\xff")
    add("checkpoint/no-sum", safetensors(network, {"layout": "ohwi"}))
    add("checkpoint/silent", safetensors(network))
    add("checkpoint/oihw", safetensors(torch, {"layout": "oihw"}))
    add("checkpoint/missing", sealed(network[:2]))
    add("checkpoint/dtype", sealed(network[:2] + [("conv.weight", "F16", [2, 2, 2, 1])]))
    add("checkpoint/prefixed", safetensors([("module.encoder_q." + name, t, shape) for name, t, shape in torch]))


def idx(kind, shape, item):
    count = 1
    for n in shape:
        count *= n
    head = struct.pack(">HBB", 0, kind, len(shape)) + b"".join(struct.pack(">I", n) for n in shape)
    return head + bytes((7 * i + 1) % 256 for i in range(count * item))


def idx_files():
    for name, kind, item in (("u8", 8, 1), ("i8", 9, 1), ("i16", 11, 2), ("i32", 12, 4), ("f32", 13, 4), ("f64", 14, 8)):
        add("idx/" + name, idx(kind, [2, 3], item))
    add("idx/images", idx(8, [2, 4, 4], 1))
    add("idx/rank-8", idx(8, [1, 1, 1, 1, 1, 1, 1, 2], 1))
    add("idx/nothing", idx(14, [0, 2**32 - 1, 2**32 - 1], 0))
    add("idx/claims-more", struct.pack(">HBBII", 0, 8, 2, 2**31, 2**31) + b"1234")


def gzip(plain, name=b""):
    """One stored block: every byte here is ours, whatever the version of zlib."""
    head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + b"\0\0\0\0\0\x03" + (name + b"\0" if name else b"")
    block = b"\x01" + struct.pack("<HH", len(plain), len(plain) ^ 0xFFFF) + plain
    return head + block + struct.pack("<II", zlib.crc32(plain), len(plain))


def gzip_files():
    small = idx(8, [2, 3], 1)
    add("gzip/empty", gzip(b""))
    add("gzip/idx", gzip(small))
    add("gzip/named", gzip(small, b"small-idx2-ubyte"))
    add("gzip/two-members", gzip(small) + gzip(small))
    add("gzip/wrong-sum", gzip(small)[:-8] + bytes(8))
    # Deflated data alone, which the target puts into a frame: stored; 300 zeros by fixed codes; 400 values by codes of their own.
    add("gzip/part-stored", b"\x01" + struct.pack("<HH", len(small), len(small) ^ 0xFFFF) + small)
    add("gzip/part-fixed-codes", bytes.fromhex("63601805c40200"))
    add("gzip/part-dynamic-codes", bytes.fromhex(DYNAMIC))


# zlib.compress(bytes(i * i % 7 * (i % 5) for i in range(400)), 9) without its two first and four last bytes
DYNAMIC = "edcab11100200c03b18fe3e35ca4c8fed3b20515aa45e584a217a5c13e0b9a6061e431bfbc2b17"


def npy(kind, shape, item, fortran=False, version=1, text=None):
    count = 1
    for n in shape:
        count *= n
    text = text or "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (kind, fortran, tuple(shape))
    text += " " * (-(len(text) + (11 if version == 1 else 13)) % 16) + "\n"
    head = b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text))
    return head + text.encode() + bytes((11 * i + 1) % 256 for i in range(count * item))


def npy_files():
    for kind, item in (("|u1", 1), ("<f4", 4), (">f8", 8), ("<f2", 2), ("|b1", 1), ("|i1", 1), (">i2", 2), ("<u2", 2), ("<u4", 4),
                       ("<i8", 8)):
        add("npy/" + kind[1:], npy(kind, [2, 3], item))
    add("npy/scalar", npy("<i4", [], 4))
    add("npy/nothing", npy("<f4", [3, 0], 4))
    add("npy/fortran", npy("|u1", [2, 3, 2], 1, fortran=True))
    add("npy/version-2", npy("|u1", [5], 1, version=2))
    add("npy/version-3", npy("<f4", [1, 2], 4, version=3))
    add("npy/python-2", npy("", [4], 1, text="{\"shape\": (4L,), 'fortran_order': False, 'descr': '|u1'}"))
    add("npy/objects", npy("|O", [1], 8))
    add("npy/records", npy("", [1], 8, text="{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"))
    add("npy/claims-more", npy("|u1", [2], 1, text="{'descr': '|u1', 'fortran_order': True, 'shape': (99999999999, 9999999999), }"))


def records_files():
    """Side, bytes of label, place of the label, columns first, records less one, number of labels; then the file."""
    record = bytes(range(10, 22))
    add("records/cifar-10", bytes([1, 1, 0, 0, 1, 0]) + b"\0" + record + b"\2" + record)
    add("records/cifar-100", bytes([1, 2, 1, 0, 1, 0]) + b"\x63\1" + record + b"\x63\0" + record)
    add("records/stl-10", bytes([1, 0, 0, 1, 1, 0]) + record + record)
    add("records/no-class", bytes([1, 1, 0, 0, 0, 0]) + b"\3" + record)
    add("records/labels", bytes([1, 0, 0, 0, 0, 5]) + b"\1\3\2\1\1")
    add("records/names", bytes([1, 0, 0, 0, 0, 5]) + b"airplane\r\nautomobile\r\n\nbird")
    add("records/nothing", bytes(6))


def torch_weights_files():
    network = [("conv1.weight", "F32", [1, 2, 2, 2]), ("bn1.weight", "F32", [1]), ("bn1.running_mean", "F32", [1])]

    def renamed(prefix):
        return [(prefix + name, kind, shape) for name, kind, shape in network]

    counted = [("bn1.num_batches_tracked", "I64", [])] + network
    add("torch_weights/plain", safetensors(counted, {"format": "pt"}))
    add("torch_weights/moco", safetensors(renamed("module.encoder_q.") + [("module.queue", "F32", [2])]))
    add("torch_weights/two-encoders", safetensors(renamed("backbone.") + renamed("momentum_backbone.")))
    add("torch_weights/half", safetensors([(name, "F16", shape) for name, _, shape in network]))
    add("torch_weights/classifier", safetensors(network + [("fc.weight", "F32", [1, 1])]))
    add("torch_weights/missing", safetensors(network[1:] + [("head.bias", "F32", [1])]))
    add("torch_weights/wrong-shape", safetensors([("conv1.weight", "F32", [1, 2, 2, 1])] + network[1:]))
    numbers = {"conv1.weight": "0.weight", "bn1.weight": "1.weight", "bn1.running_mean": "1.running_mean"}
    add("torch_weights/numbered", safetensors([("backbone." + numbers[name], kind, shape) for name, kind, shape in network]))


def picture_cache_files():
    def unread(*rows):
        return struct.pack("<Q", len(rows)) + b"".join(struct.pack("<II", at, len(why)) + why for at, why in rows)

    def whole(pixels, pictures, listed):
        sums = struct.pack("<3I", *(crc32c(pixels[i : i + 4]) for i in (0, 4, 8)))
        trailer = struct.pack("<QQ", pictures, crc32c(sums)) + listed
        header = b"akinpics" + struct.pack("<IIIIqq", 1, 2, 1, 0, 3, 0)
        return header + pixels + trailer + struct.pack("<Q", crc32c(trailer))

    pixels = bytes(range(12))
    add("picture_cache/whole", whole(pixels, 7, unread((1, b"not a PNG"))))
    add("picture_cache/of-others", whole(pixels, 8, unread()))
    add("picture_cache/part-none", pixels + unread())
    add("picture_cache/part-two", pixels + unread((0, b""), (2, b"truncated")))
    add("picture_cache/part-twice", pixels + unread((1, b"x"), (1, b"y")))
    add("picture_cache/part-beyond", pixels + unread((3, b"x")))
    add("picture_cache/part-claims-more", pixels + struct.pack("<QII", 2**63, 0, 2**32 - 1))


def picture_files_files():
    add("picture_files/flat", "b.png\na.JPG\nnotes.txt\n.hidden.png\nc.tiff")
    add("picture_files/classes", "cat/1.png\ndog/x/2.jpeg\ndog/3.ppm\n.cache/4.png")
    add("picture_files/split", "train/a/1.png\ntest/a/2.png\nval/a/3.png")
    add("picture_files/links", "a/1.png\na/loop>a\nb>a\nc/root>\nd.png>missing")
    add("picture_files/empty-class", "a/1.png\nb/")
    add("picture_files/mixed", "a/1.png\n2.png")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def stored(data):
    """A zlib stream of one stored block: the same bytes under every version of zlib."""
    size = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    return b"\x78\x01\x01" + size + data + struct.pack(">I", zlib.adler32(data))


def png(width, height, colour, depth=8, more=b"", interlaced=0):
    """Rows take the five filters in turn."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (width * channels * depth + 7) // 8
    rows = b"".join(bytes([y % 5]) + bytes((13 * x + 5 * y) % 256 for x in range(row)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", stored(rows)) + chunk(b"IEND", b"")


def bmp(width, height, bits):
    palette = bytes(range(4 * 2**bits)) if bits < 8 else b""
    pixels = bytes((7 * i) % 256 for i in range((width * bits + 31) // 32 * 4 * abs(height)))
    at = 54 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", at + len(pixels), 0, 0, at)
    return head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(pixels), 0, 0, 0, 0) + palette + pixels


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def image_files():
    for name, colour, depth in (("grey", 0, 8), ("bits", 0, 1), ("deep", 2, 16), ("colour", 2, 8), ("alpha", 6, 8)):
        add("image/png-" + name, png(5, 6, colour, depth))
    add("image/png-palette", png(5, 2, 3, 2, chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\0\x80\xff")))
    add("image/png-interlaced", png(1, 1, 0, interlaced=1))
    add("image/png-claims-more", png(3, 2, 0).replace(struct.pack(">II", 3, 2), struct.pack(">II", 3, 70000)))
    for bits in (1, 4, 24, 32):
        add("image/bmp-%d" % bits, bmp(3, 2, bits))
    add("image/bmp-top-down", bmp(3, -2, 24))
    add("image/ppm", b"P6 # comment\n2 3\n255\n" + bytes(range(18)))
    add("image/pgm-deep", b"P5\n3 2\n1000\n" + b"".join(struct.pack(">H", 150 * i) for i in range(6)))
    add("image/pgm-claims-more", b"P5 99999 99999 255 " + bytes(9))
    for name, text in JPEGS.items():
        add("image/jpeg-" + name, base64.b64decode(text))
    jpeg = base64.b64decode(JPEGS["baseline"])
    directory = struct.pack(">HHIHHHIHHI", 0x4D4D, 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    add("image/jpeg-turned", jpeg[:2] + segment(0xE1, b"Exif\0\0" + directory) + jpeg[2:])
    add("image/jpeg-many-symbols", jpeg[:2] + segment(0xC4, b"\x10" + bytes(14) + b"\xff\xff" + bytes(510)) + jpeg[2:])
    add("image/gif", "GIF89a")


# Drawn with Pillow and written at quality 20 with optimised tables; what follows the first marker's APP0 is kept.
JPEGS = {
    "baseline": (
        "/9j/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/wAALCAAI"
        "AAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABoQAQACAwEAAAAAAAAAAAAAAAECAwQRQQD/2gAIAQEAAD8AURMXFlahsNRHrz3/"
        "2Q=="
    ),
    "colour": (
        "/9j/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/2wBDASst"
        "LTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wAARCAAFAAkDASIAAhEB"
        "AxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAEC/8QAGxAAAgEFAAAAAAAAAAAAAAAAAAMBAgQUUXH/xAAUAQEAAAAAAAAAAAAAAAAAAAAD"
        "/8QAGBEBAQEBAQAAAAAAAAAAAAAAAQIAESH/2gAMAwEAAhEDEQA/AImzXK6uSYxVaABaSRMLdcPd/9k="
    ),
    "progressive": (
        "/9j/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/2wBDASst"
        "LTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wgARCAAJAAkDASIAAhEB"
        "AxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAgH/xAAVAQEBAAAAAAAAAAAAAAAAAAABAv/aAAwDAQACEAMQAAABMZJ//8QAGBAAAwEBAAAA"
        "AAAAAAAAAAAAAAECETH/2gAIAQEAAQUCSnMkXD//xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oACAEDAQE/AX//xAAUEQEAAAAAAAAAAAAA"
        "AAAAAAAA/9oACAECAQE/AX//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Ah//xAAXEAADAQAAAAAAAAAAAAAAAAARICGh/9oA"
        "CAEBAAE/ISlxK//aAAwDAQACAAMAAAAQP//EABcRAQADAAAAAAAAAAAAAAAAAAEAESH/2gAIAQMBAT8QVo2f/8QAFxEBAAMAAAAAAAAA"
        "AAAAAAAAAQDR8P/aAAgBAgEBPxAQNU//xAAdEAABAgcAAAAAAAAAAAAAAAABABARQVFhobHR/9oACAEBAAE/EIyMlSuYPFoLf//Z"
    ),
    "restart": (
        "/9j/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/wAALCAAI"
        "ABgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EAB0QAQABBQADAAAAAAAAAAAAAAECAAMEEUESE/H/3QAEAAH/2gAIAQEAAD8AWImL"
        "iyuobDUR68r/0GNH0WZ37m5Ibd9ftf/RYxqM8i/JUPKS9r//2Q=="
    ),
}


def main():
    for make in (json_files, safetensors_files, checkpoint_files, idx_files, gzip_files, image_files, npy_files, picture_cache_files,
                 picture_files_files, records_files, torch_weights_files):
        make()
    check, differ = "--check" in sys.argv[1:], []
    for name, data in files.items():
        path = CORPUS / name
        if check:
            differ += [name] if not path.is_file() or path.read_bytes() != data else []
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    made = {CORPUS / name for name in files}
    differ += [str(p.relative_to(CORPUS)) for p in CORPUS.rglob("*")
               if p.is_file() and p not in made and not p.name.startswith("found-")]
    for name in differ:
        print("not what make_corpus.py makes:", name)
    print(len(files), "files,", sum(len(d) for d in files.values()), "bytes")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
