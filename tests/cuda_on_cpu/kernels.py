#!/usr/bin/env python3
"""What can be said about the CUDA kernels without a GPU: which are tested, and what ptxas makes of each.

kernels.py compile  FOLDER NVCC       compiles all_kernels.cpp to PTX, and that for each architecture
kernels.py forget   FOLDER            forgets which kernels were launched
kernels.py coverage FOLDER            fails if a kernel of the PTX was not launched
kernels.py costs    FOLDER [--update] fails if kernel_costs.txt differs or a kernel spills; --update accepts new costs

FOLDER holds what the first two leave for the others, and launched.txt, to which every run of the emulated tests adds the
kernels that it launches if AKIN_LAUNCHED_KERNELS names that file. Status 77: skipped.
"""
import difflib
import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COSTS, SPILLS = HERE / "kernel_costs.txt", HERE / "kernel_spills.txt"
ARCHITECTURES = ("sm_80", "sm_90", "sm_100")


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    if result.returncode:
        sys.exit(f"FAILED: {' '.join(map(str, command))}\n{result.stdout[-4000:]}{result.stderr[-8000:]}")
    return result.stdout + result.stderr


# ---- names -----------------------------------------------------------------------------------------------------------

TYPES = {"unsigned char": "u8", "unsigned short": "u16", "unsigned int": "u32", "unsigned long": "u64", "int": "i32",
         "long": "i64", "float": "f32", "double": "f64"}


def short_name(demangled):
    """map_kernel<Exp, f32> for void akin::ABI::kernels::detail::map_kernel<akin::ABI::kernels::Exp, float>(long)."""
    name = re.sub(r"akin::\w+::(?=\w)|\[abi:\w+\]", "", demangled)
    name = re.sub(r"\b(kernels|detail)::|\(\w+\)(?=[-\d])", "", name)
    name = name.replace("> >", ">>").replace("> >", ">>")
    name = re.sub(r"\b(" + "|".join(sorted(TYPES, key=len, reverse=True)) + r")\b", lambda m: TYPES[m[1]], name)
    name, depth = name.removeprefix("void "), 0
    for at, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:at]
    return name


def short_names(symbols):
    """{symbol: short name}. Two kernels never share one."""
    symbols = sorted(symbols)
    names = dict(zip(symbols, map(short_name, run("c++filt", input="\n".join(symbols)).splitlines())))
    if len(set(names.values())) < len(names):
        sys.exit("FAILED: two kernels have the same short name; short_name() must tell them apart")
    return names


# ---- what nvcc and the emulated tests leave --------------------------------------------------------------------------

def digest_of_sources(release):
    digest = hashlib.sha256(release.encode())
    for path in sorted([HERE / "all_kernels.cpp", *ROOT.glob("include/**/*.hpp"), *ROOT.glob("kernels/**/*.hpp")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def compile_kernels(folder, nvcc):
    """The PTX of the oldest architecture serves all: the sources do not ask which one it is."""
    release = "nvcc " + re.search(r"release [\d.]+, V([\d.]+)", run(nvcc, "--version"))[1]
    digest, compiled = digest_of_sources(release), folder / "digest.txt"
    if compiled.exists() and compiled.read_text() == digest:
        print("no header has changed")
        return
    compiled.unlink(missing_ok=True)
    flags = ["-std=c++20", "-x", "cu", "-DAKIN_WITH_CUDA", "--expt-relaxed-constexpr", "-Iinclude"]
    run(nvcc, *flags, "-ptx", f"-arch={ARCHITECTURES[0]}", HERE / "all_kernels.cpp", "-o", folder / "kernels.ptx",
        cwd=ROOT)
    ptxas = Path(nvcc).resolve().with_name("ptxas")
    assemble = lambda a: run(ptxas, "-v", f"-arch={a}", folder / "kernels.ptx", "-o", os.devnull)
    with ThreadPoolExecutor() as pool:
        for architecture, report in zip(ARCHITECTURES, pool.map(assemble, ARCHITECTURES)):
            (folder / f"{architecture}.txt").write_text(report)
    (folder / "release.txt").write_text(release)
    compiled.write_text(digest)


def forget_launches(folder):
    (folder / "launched.txt").unlink(missing_ok=True)


def emitted_kernels(folder):
    """{symbol: PTX of its body}."""
    parts = re.split(r"^.*\.(entry|func)\b\s*(?:\([^()]*\)\s*)?([\w$]+)", (folder / "kernels.ptx").read_text(),
                     flags=re.MULTILINE)[1:]
    return {symbol: text for kind, symbol, text in zip(parts[::3], parts[1::3], parts[2::3]) if kind == "entry"}


def launched_kernels(folder):
    """{short name: (threads, dynamic shared bytes)}, the largest that were launched."""
    launched = {}
    for line in (folder / "launched.txt").read_text().splitlines():
        symbol, threads, shared = line.split()
        before = launched.get(symbol, (0, 0))
        launched[symbol] = max(before[0], int(threads)), max(before[1], int(shared))
    names = short_names(launched)
    return {names[symbol]: largest for symbol, largest in launched.items()}


def coverage(folder):
    emitted = set(short_names(emitted_kernels(folder)).values())
    launched = set(launched_kernels(folder))
    missing, tested = sorted(emitted - launched), len(emitted & launched)
    for name in missing:
        print("no test launches", name)
    print(f"kernels tested / emitted: {tested} / {len(emitted)} ({100 * tested / len(emitted):.3g} %)")
    return 1 if missing else 0


# ---- costs -----------------------------------------------------------------------------------------------------------

def resources(report):
    """ptxas -v -> {symbol: {"regs": ..., "shared": ..., "spill": ..., "stack": ...}}."""
    found = {}
    for part in report.split("Compiling entry function '")[1:]:
        number = lambda pattern: int((re.search(pattern, part) or [0, 0])[1])
        found[part.split("'")[0]] = {
            "regs": number(r"Used (\d+) registers"), "shared": number(r"(\d+) bytes smem"),
            "spill": number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
            "stack": number(r"(\d+) bytes stack frame")}
    return found


SHARED_KIB = {"sm_80": 164, "sm_90": 228, "sm_100": 228}  # of a multiprocessor


def occupancy(architecture, regs, threads, shared):
    """Percent of a multiprocessor's 64 warps that blocks of this kind can fill, as cuda_occupancy.h computes it.

    32 blocks at most; four quarters of 16384 registers, given to warps by 256; shared memory, given to blocks by 128
    bytes, of which each loses 1024 to the system.
    """
    warps = -(-threads // 32)
    blocks = min(32, 64 // warps, 16384 // (-(-regs * 32 // 256) * 256) * 4 // warps,
                 (SHARED_KIB[architecture] << 10) // (-(-(shared + 1024) // 128) * 128))
    return round(100 * blocks * warps / 64)


def wide_accesses(ptx, kind):
    """How many loads or stores of global memory move 16 bytes. Pointers out of structs are accessed without a space."""
    count = 0
    for words in re.findall(rf"^\s*(?:@!?%\w+ )?{kind}((?:\.[\w:]+)+)", ptx, re.MULTILINE):
        words = words.split(".")
        if not {"shared", "local", "param", "const"} & set(words):
            bits = int(re.sub(r"\D", "", words[-1]))
            count += bits * (4 if "v4" in words else 2 if "v2" in words else 1) == 128
    return count


HEAD = """\
# What ptxas makes of every kernel, on {architectures}; one number where all are alike. Written by kernels.py.
# regs: of a thread. spill (stores and loads), stack, shared (static) and dynamic (shared, the most that the tests ask
# for): bytes. threads: of the largest block that the tests launch. occ: percent of a multiprocessor's warps that such
# blocks fill. ld16, st16: loads and stores of 16 bytes of global memory in the PTX.
# {release}
"""
COLUMNS = ("{regs:>11} {spill:>11} {stack:>11} {shared:>6} {dynamic:>7} {threads:>7} {occ:>11} {ld16:>4} {st16:>4}"
           "  {name}\n")


def alike(values):
    return str(values[0]) if len(set(values)) == 1 else "/".join(map(str, values))


def table(folder):
    """The text of kernel_costs.txt, and {name: spilled bytes per architecture} of those that spill."""
    emitted, launched = emitted_kernels(folder), launched_kernels(folder)
    reports = {a: resources((folder / f"{a}.txt").read_text()) for a in ARCHITECTURES}
    rows, spilled = [], {}
    for symbol, name in short_names(emitted).items():
        costs = {key: [reports[a][symbol][key] for a in ARCHITECTURES] for key in ("regs", "spill", "stack", "shared")}
        threads, dynamic = launched.get(name, (0, 0))
        occupied = [occupancy(a, reports[a][symbol]["regs"], threads, reports[a][symbol]["shared"] + dynamic)
                    for a in ARCHITECTURES] if threads else ["-"]
        rows.append(COLUMNS.format(**{key: alike(values) for key, values in costs.items()}, dynamic=dynamic,
                                   threads=threads or "-", occ=alike(occupied), name=name,
                                   **{key: wide_accesses(emitted[symbol], key[:2]) for key in ("ld16", "st16")}))
        if any(costs["spill"]):
            spilled[name] = alike(costs["spill"])
    release = (folder / "release.txt").read_text()
    head = HEAD.format(architectures=", ".join(ARCHITECTURES), release=release)
    names = re.findall(r"\{(\w+)", COLUMNS)
    return head + "#" + COLUMNS.format(**{n: n for n in names})[1:] + "".join(sorted(rows, key=name_of_row)), spilled


def name_of_row(row):
    return row.split("  ")[-1]


def check_spills(spilled):
    """A spill is a local array or too many values for the registers: memory traffic that no source line shows."""
    lines = [line for line in SPILLS.read_text().splitlines() if line and not line.startswith("#")]
    allowed = {name: reason.strip() for name, _, reason in (line.partition("  ") for line in lines)}
    bad = [f"{name} spills {spilled[name]} bytes" for name in spilled if not allowed.get(name)]
    bad += [f"{name} spills no longer: take it out of {SPILLS.name}" for name in allowed if name not in spilled]
    for line in bad:
        print(line)
    return 1 if bad else 0


def costs(folder, update):
    new, spilled = table(folder)
    if update:
        COSTS.write_text(new)
        print("wrote", COSTS)
        return check_spills(spilled)
    old = COSTS.read_text()
    release = (folder / "release.txt").read_text()
    if f"# {release}\n" not in old:
        print(f"skipped: {COSTS.name} is that of another release than {release}, which gives out other registers")
        return 77
    failed = check_spills(spilled)
    if new != old:
        failed = 1
        heading = next(line for line in new.splitlines() if line.startswith("#") and " regs " in line)
        print(f"{COSTS.name}: - what it says, + what ptxas makes of the kernels now\n {heading}")
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""):
            if not line.startswith(("---", "+++", "@@")):
                print(line)
        print(f"If that is meant, accept it: python3 {HERE.relative_to(ROOT)}/kernels.py costs {folder} --update")
    return failed


def main(command, folder, *arguments):
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if command == "compile":
        return compile_kernels(folder, *arguments)
    if command == "forget":
        return forget_launches(folder)
    return coverage(folder) if command == "coverage" else costs(folder, "--update" in arguments)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
