"""Training steps on a GPU, beside PyTorch's: compare.py --device cuda.

Both sides are timed by CUDA events around a step, in which the host waits for nothing, and compute f32 as f32: no TF32.
"""
import sys
import tempfile

from measure import in_turns, row
from steps import STEP_RIVALS, check_step, twins_of


def own_step(network, dtype, akin, *options):
    return akin.line("bench_cuda", f"step/{network}/{dtype}", *options)


def timed_on_gpu(torch, call, count):
    """Seconds of each of `count` calls."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    each = []
    for _ in range(count):
        torch.cuda.synchronize()
        begin.record()
        call()
        end.record()
        torch.cuda.synchronize()
        each.append(begin.elapsed_time(end) / 1e3)
    return each


def step_row(network, kind, akin, twins, folder, args):
    """Beside one rival; None where it does not work."""
    dtype, options = STEP_RIVALS[kind]
    lines = []

    def ours():
        lines.append(own_step(network, dtype, akin))
        return [lines[-1]["median_us"] / 1e6]

    try:
        run = twins.Steps(network, folder, device="cuda", **options)
        timed_on_gpu(twins.torch, run.queue, 10)
    except Exception as failure:
        print(f"{network}_step: {kind} does not work here: {str(failure).splitlines()[:1]}", file=sys.stderr)
        return None
    mine, other, ratio = in_turns(args.rounds, ours, lambda: timed_on_gpu(twins.torch, run.queue, 20))
    title = f"torch {twins.torch.__version__} {kind}, channels_last, {twins.torch.cuda.get_device_name()}"
    return row(f"{network}_step", mine, other, "s", args, dtype, ratio, lines[-1]["peak%"] / 100, title)


def step_rows(network, akin, args):
    twins = twins_of(network)
    if twins and not twins.torch.cuda.is_available():
        print("left out: PyTorch, which finds no GPU", file=sys.stderr)
        twins = None
    if not twins:
        lines = {dtype: own_step(network, dtype, akin) for dtype in ("f32", "bf16")}
        return [row(f"{network}_step", line["median_us"] / 1e6, None, "s", args, dtype, of_limit=line["peak%"] / 100)
                for dtype, line in lines.items()]
    twins.torch.backends.cuda.matmul.allow_tf32 = twins.torch.backends.cudnn.allow_tf32 = False
    with tempfile.TemporaryDirectory() as folder:
        check_step(network, akin, twins, folder, "bench_cuda")
        own_step(network, "f32", akin, f"--dump={folder}")  # the batches of full size
        rows = [step_row(network, kind, akin, twins, folder, args) for kind in STEP_RIVALS]
    return [each for each in rows if each]
