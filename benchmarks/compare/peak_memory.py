#!/usr/bin/env python3
"""Prints the most memory, in MiB, that a process needs for steps of a twin; started by compare.py, once per number.

    peak_memory.py FOLDER NETWORK THREADS STEPS     STEPS 0: what the imports alone take
"""
import re
import sys
from pathlib import Path

import torch

import twins


def main():
    folder, network, threads, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    import torchvision  # noqa: F401: part of the imports whose memory is not counted

    if steps > 0:
        run = twins.Steps(network, folder)
        for _ in range(steps):
            run.step()
    # not ru_maxrss: that begins at the size of the process which started this one
    print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024)


if __name__ == "__main__":
    main()
