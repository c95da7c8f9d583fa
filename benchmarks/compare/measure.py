"""How akin and a rival are timed beside each other, and what a row of the table holds."""
import statistics
import sys
import time
from importlib import import_module

LOSSES = ("loss_1", "loss_2", "loss_3")


def rival(module, *needed):
    """twins or views, or None where what they need is not installed."""
    try:
        for each in needed:
            import_module(each)
        return import_module(module)
    except ImportError as missing:
        print(f"left out: rivals that need {missing.name}, which is not installed", file=sys.stderr)
        return None


def row(name, ours, theirs, unit, args, dtype="f32", ratio=None, of_limit=None, rival=None, threads=None):
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "of_limit": of_limit, "unit": unit,
            "threads": threads or args.threads, "dtype": dtype, "rival": rival}


def in_turns(rounds, ours, theirs):
    """Both return a list of seconds. Medians, and the median over the turns of the ratio."""
    a, b, ratios = [], [], []
    for _ in range(rounds):
        mine, other = ours(), theirs()
        a, b = a + mine, b + other
        ratios.append(statistics.median(other) / statistics.median(mine))
    return statistics.median(a), statistics.median(b), statistics.median(ratios)


def check_losses(name, ours, theirs, tolerance=1e-4):
    print(f"{name}: losses  akin {['%.6f' % x for x in ours]}  twin {['%.6f' % x for x in theirs]}", file=sys.stderr)
    if any(abs(a - b) > tolerance for a, b in zip(ours, theirs)):
        sys.exit(f"{name}: the twin does not compute the same: losses differ by more than {tolerance}")


def seconds(line, threads):
    """Of one call, as the programs count it: CPU time on one thread, wall time on more."""
    value = line["cpu_time" if threads == 1 else "real_time"]
    return value * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[line["time_unit"]]


def clock(threads):
    """The same clock for the rivals, who run in this process."""
    return time.process_time if threads == 1 else time.perf_counter


def timed(call, count, threads, budget=60):
    """Seconds of each of `count` calls, or of fewer if they take longer than the budget."""
    now, each = clock(threads), []
    while len(each) < count and (not each or sum(each) < budget):
        start = now()
        call()
        each.append(now() - start)
    return each
