#!/usr/bin/env python3
"""akin beside its rivals, on the same machine in the same minutes, with the same number of threads.

    python3 benchmarks/compare/compare.py --akin build/release/benchmarks [--threads 2] [--only demo_step ...]
    python3 benchmarks/compare/compare.py --akin FOLDER_OF_bench_cuda --device cuda

Rivals take turns with akin; the ratio is the median over the turns. Steps start from akin's weights, on its batches,
and the twin must agree with akin on the first three losses to 1e-4, in double: the same mathematics, without the twin's
own f32 rounding. A rival that is not installed is named and left out (requirements.txt has the versions).

ratio      how many times as fast as the rival akin is; of memory: akin's share of what the rival takes
of limit   share of the f32 multiply-add rate that was measured in the same process, padded taps not counted
One thread: CPU time; more: wall time. Memory: what a process of its own takes beyond its imports (PyTorch) or grows by.
"""
import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import cuda
from measure import LOSSES, check_losses, in_turns, rival, row, seconds, timed
from programs import Programs
from steps import memory_rows, step_rows

# ---- losses, views, overhead -----------------------------------------------------------------------------------------


def nt_xent_rivals(twins):
    rivals = [(f"torch {twins.torch.__version__}", twins.plain_nt_xent)] if twins else []
    try:
        from lightly.loss import NTXentLoss

        rivals.append(("lightly NTXentLoss", NTXentLoss(temperature=0.2)))
    except ImportError:
        print("left out: lightly, which is not installed", file=sys.stderr)
    return rivals if twins else []


def nt_xent_rows(pairs, akin, args):
    name, twins, rows = f"nt_xent_{pairs}", rival("twins"), []
    line = lambda: akin.line("bench_losses", f"nt_xent/{pairs}x128")
    first = line()
    if "error_message" in first:
        print(f"{name}: akin {first['error_message']}", file=sys.stderr)
        return [row(name, None, None, "s", args)]
    matrices = 5 * 4 * (2 * pairs) ** 2  # bytes: what dense rivals hold at once
    fits = matrices < 0.5 * os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGESIZE")
    if twins and not fits:
        print(f"{name}: left out: rivals, who would need about {matrices / 2**30:.0f} GiB", file=sys.stderr)
    for title, loss in nt_xent_rivals(twins) if fits else []:
        run = twins.LossStep(pairs, loss)
        check_losses(f"{name}, {title}", [first["loss"]], [run.step()])
        count = max(1, min(50, 4096 // pairs))
        mine, other, ratio = in_turns(args.rounds, lambda: [seconds(line(), args.threads)],
                                      lambda: timed(run.step, count, args.threads))
        rows.append(row(name, mine, other, "s", args, ratio=ratio, of_limit=first["peak%"] / 100, rival=title))
    return rows or [row(name, seconds(first, args.threads), None, "s", args, of_limit=first["peak%"] / 100)]


def augment_rows(name, akin, args):
    """Views per second on one core."""
    views, rows = rival("views"), []
    lines = {"augment_32": "augment_simclr/32px", "augment_224": "decode_augment/224px"}
    with tempfile.TemporaryDirectory() as folder:
        jpeg = Path(folder) / "photo.jpg"
        ours = lambda: akin.line("bench_augment", lines[name], f"--dump-jpeg={jpeg}", threads=1)["views/s"]
        mine = ours()
        for kind in ("pil", "tensors") if views else ():
            small = name == "augment_32"
            make, count = (views.batch_32(kind), 256) if small else (views.decoded_224(kind, jpeg.read_bytes()), 16)
            make()
            a, b, ratio = in_turns(args.rounds, lambda: [1 / ours()], lambda: [s / count for s in timed(make, 3, 1)])
            title = "torchvision on PIL" if kind == "pil" else "torchvision v2 on tensors"
            rows.append(row(name, 1 / a, 1 / b, "views/s", args, ratio=ratio, rival=title, threads=1))
    return rows or [row(name, mine, None, "views/s", args, threads=1)]


def tape_rows(akin, args):
    twins, first = rival("twins"), akin.line("bench_overhead", "tape/step")
    if not twins:
        return [row("tape_overhead", first["us"], None, "us", args)]
    run = twins.TinyStep()
    check_losses("tape_overhead", [first[loss] for loss in LOSSES], [run.step() for _ in LOSSES])
    many = lambda: [run.step() for _ in range(500)]
    many()
    mine, other, ratio = in_turns(args.rounds, lambda: [akin.line("bench_overhead", "tape/step")["us"]],
                                  lambda: [1e6 * s / 500 for s in timed(many, 3, args.threads)])
    return [row("tape_overhead", mine, other, "us", args, ratio=ratio, rival=f"torch {twins.torch.__version__} eager")]


def kernel_rows(kind, akin, args):
    """GFLOP/s of every line of bench_conv or bench_gemm; of Winograd, also times the direct kernel."""
    lines = akin.run(f"bench_{kind}", "^conv_.*/(direct|winograd|auto)$" if kind == "conv" else "^gemm/")
    rows = []
    for name, line in lines.items():
        direct = lines.get(name.replace("/winograd", "/direct")) if name.endswith("/winograd") else None
        rows.append(row(name, line["GFLOP/s"], None, "GFLOP/s", args, "bf16" if "/bf16" in name else "f32",
                        direct and line["GFLOP/s"] / direct["GFLOP/s"], line["peak%"] / 100,
                        direct and "own direct kernel"))
    return rows


# ---- the table -------------------------------------------------------------------------------------------------------

PAIRS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
ROWS = {"resnet18_step": lambda akin, args: step_rows("resnet18", akin, args),
        "demo_step": lambda akin, args: step_rows("demo", akin, args),
        **{f"nt_xent_{n}": lambda akin, args, n=n: nt_xent_rows(n, akin, args) for n in PAIRS},
        "augment_32": lambda akin, args: augment_rows("augment_32", akin, args),
        "augment_224": lambda akin, args: augment_rows("augment_224", akin, args),
        "peak_memory_resnet18": memory_rows,
        "tape_overhead": tape_rows,
        "conv": lambda akin, args: kernel_rows("conv", akin, args),
        "gemm": lambda akin, args: kernel_rows("gemm", akin, args)}
CUDA_ROWS = {f"{network}_step": lambda akin, args, network=network: cuda.step_rows(network, akin, args)
             for network in ("resnet18", "demo")}


def shown(value, digits=4):
    return "-" if value is None else f"{value:.{digits}g}"


def print_table(rows):
    cells = [("name", "dtype", "T", "ours", "theirs", "unit", "ratio", "of limit", "rival")]
    for r in rows:
        limit = "-" if r["of_limit"] is None else f"{100 * r['of_limit']:.0f} %"
        cells.append((r["name"], r["dtype"], str(r["threads"]), shown(r["ours"]), shown(r["theirs"]), r["unit"],
                      shown(r["ratio"], 3), limit, r["rival"] or "-"))
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--akin", required=True, help="the folder of the benchmark programs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each side takes")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda: training steps on the GPU")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--json", help="write the rows to this file")
    args = parser.parse_args()
    table = CUDA_ROWS if args.device == "cuda" else ROWS
    if missing := set(args.only or ()) - set(table):
        parser.error(f"not measured on {args.device}: {', '.join(sorted(missing))}")
    akin, twins = Programs(args.akin, args.threads), rival("twins")
    if twins:
        twins.torch.set_num_threads(args.threads)
    rows = []
    for name in args.only or table:
        if name.startswith("augment") and twins:
            twins.torch.set_num_threads(1)
        rows += table[name](akin, args)
        if twins:
            twins.torch.set_num_threads(args.threads)
        if args.json:  # after each, since all of them take half an hour
            Path(args.json).write_text(json.dumps(rows, indent=2) + "\n")
    print(f"akin {akin.header}")
    print_table(rows)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError) as failure:
        sys.exit(f"error: {failure}")
