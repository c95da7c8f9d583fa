"""Training steps and their memory, beside PyTorch."""
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import LOSSES, check_losses, in_turns, rival, row, timed


def check_step(network, akin, twins, folder, program="bench_step"):
    """The first three losses, on a small batch: in double the twin is slow. A ResNet-18 is sensitive at first: at the
    full learning rate PyTorch's own f32 and f64 differ by 3e-2 in the third loss, so it is checked at 1/100 of it."""
    lr = {"demo": 0.12, "resnet18": 0.0012}[network]
    line = akin.line(program, f"step/{network}/f32", "--steps=2", "--pairs=32", f"--lr={lr}", f"--dump={folder}")
    exact = twins.Steps(network, folder, dtype=twins.torch.float64, lr=lr)
    check_losses(f"{network}_step", [line[loss] for loss in LOSSES], [exact.step() for _ in LOSSES])


def twins_of(network):
    return rival("twins", "torchvision") if network == "resnet18" else rival("twins")


STEP_RIVALS = {"eager": ("f32", {}), "bf16 autocast": ("bf16", {"autocast": True}),
               "torch.compile": ("f32", {"compiled": True})}


def own_step(network, dtype, akin, *options):
    return akin.line("bench_step", f"step/{network}/{dtype}", f"--steps={5 if network == 'demo' else 2}", *options)


def step_row(network, kind, akin, twins, folder, args):
    """Beside one rival; None where it does not work: torch.compile needs a compiler that it likes."""
    dtype, options = STEP_RIVALS[kind]
    lines = []

    def ours():
        lines.append(own_step(network, dtype, akin))
        return [lines[-1]["step_ms"] / 1e3]

    try:
        run = twins.Steps(network, folder, **options)
        timed(run.step, 3, args.threads, budget=20)
    except Exception as failure:
        print(f"{network}_step: {kind} does not work here: {str(failure).splitlines()[:1]}", file=sys.stderr)
        return None
    mine, other, ratio = in_turns(args.rounds, ours, lambda: timed(run.step, 5, args.threads, budget=20))
    limit = statistics.median(line["peak%"] for line in lines) / 100
    return row(f"{network}_step", mine, other, "s", args, dtype, ratio, limit,
               f"torch {twins.torch.__version__} {kind}, channels_last")


def step_rows(network, akin, args):
    twins = twins_of(network)
    if not twins:
        lines = {dtype: own_step(network, dtype, akin) for dtype in ("f32", "bf16")}
        return [row(f"{network}_step", line["step_ms"] / 1e3, None, "s", args, dtype, of_limit=line["peak%"] / 100)
                for dtype, line in lines.items()]
    with tempfile.TemporaryDirectory() as folder:
        check_step(network, akin, twins, folder)
        own_step(network, "f32", akin, f"--dump={folder}")  # the batches of full size
        rows = [step_row(network, kind, akin, twins, folder, args) for kind in STEP_RIVALS]
    return [each for each in rows if each]


def memory_rows(akin, args):
    line = akin.line("bench_step", "step/resnet18/f32", "--steps=1")
    ours, theirs, twins = line["RSS_MiB"], None, twins_of("resnet18")
    if twins:
        with tempfile.TemporaryDirectory() as folder:
            akin.line("bench_step", "step/resnet18/f32", "--steps=1", f"--dump={folder}")
            child = [sys.executable, Path(__file__).with_name("peak_memory.py"), folder, "resnet18", str(args.threads)]
            peaks = [float(subprocess.run([*child, steps], check=True, capture_output=True).stdout) for steps in "20"]
            theirs = peaks[0] - peaks[1]
    result = row("peak_memory_resnet18", ours, theirs, "MiB", args, ratio=theirs and ours / theirs,
                 rival=theirs and f"torch {twins.torch.__version__} eager channels_last")
    return [{**result, "arrays": line["arrays_MiB"]}]
