#!/usr/bin/env python3
"""One training step of the demo network, akin beside its PyTorch twin, on the same machine in the same minute.

    python3 benchmarks/compare/demo_step.py --akin build/release/benchmarks/demo_step [--threads 2] [--rounds 5]

The twin loads akin's initial weights and batches. In double it must agree with akin on the first three losses to 1e-4:
that is the same mathematics, without the twin's own f32 rounding, which reaches 1e-4 by the third step. Timed in f32 it
runs channels_last with its threads set explicitly, and takes turns with akin. Printed: the median step of each and their
ratio. Needs torch and numpy; the library itself needs neither.
"""
import argparse
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    """Tensors of a safetensors file: 8 bytes of header length, a JSON header, then the values."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], dtype=kinds[entry["dtype"]])
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


class Twin(nn.Module):
    """Encoder: four 3x3 convolutions with batch norm and ReLU, global average pooling. Projector: 256-256-128."""

    def __init__(self):
        super().__init__()
        layers, width_in = [], 1
        for i, width in enumerate((32, 64, 128, 256)):
            layers += [nn.Conv2d(width_in, width, 3, stride=1 if i == 0 else 2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            width_in = width
        self.encoder = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(256, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(inplace=True), nn.Linear(256, 128))

    def forward(self, x):
        return self.projector(self.encoder(x))

    def load(self, weights):
        convolutions = [m for m in self.encoder if isinstance(m, nn.Conv2d)]
        for i, conv in enumerate(convolutions):  # akin: [out, kh, kw, in]
            conv.weight.data.copy_(weights[f"encoder.{2 * i}.weight"].permute(0, 3, 1, 2))
        self.projector[0].weight.data.copy_(weights["projector.0.weight"])
        self.projector[3].weight.data.copy_(weights["projector.2.weight"])
        self.projector[3].bias.data.copy_(weights["projector.2.bias"])


def nt_xent(z, temperature):
    """Mean over the 2N anchors, z = [first views; second views]."""
    z = F.normalize(z)
    logits = z @ z.t() / temperature
    logits.fill_diagonal_(float("-inf"))
    n = len(z) // 2
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(logits, partner)


class Runner:
    def __init__(self, weights, batches, compiled=False, dtype=torch.float32):
        self.model = Twin()
        self.model.load(weights)
        self.model = self.model.to(dtype=dtype, memory_format=torch.channels_last).train()
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        plain = [p for p in self.model.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=0.12, momentum=0.9)
        self.batches = [batch.to(dtype) for batch in batches]
        self.steps = 0
        self.forward = torch.compile(self.model) if compiled else self.model

    def step(self):
        for group in self.optimizer.param_groups:
            group["lr"] = 0.12 * min(1, (self.steps + 1) / 100)
        x = self.batches[self.steps % len(self.batches)]
        loss = nt_xent(self.forward(x), 0.2)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        return loss.item()

    def timed(self, count):
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - start)
        return seconds


def load_batches(folder):
    batches, tensors = [], read_safetensors(folder / "batches.safetensors")
    for i in range(len(tensors) // 2):
        both = torch.cat([tensors[f"{i}.a"], tensors[f"{i}.b"]])  # [2N, H, W, C]
        batches.append(both.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last))
    return batches


def run_akin(program, threads, steps, dump=None):
    command = [program, "--threads", str(threads), "--steps", str(steps)] + (["--dump", str(dump)] if dump else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--akin", required=True, help="the program benchmarks/demo_step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="turns that each side takes")
    parser.add_argument("--steps", type=int, default=10, help="timed steps in a turn")
    parser.add_argument("--compile", action="store_true", help="also time torch.compile")
    parser.add_argument("--json", help="write the rows to this file")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = run_akin(args.akin, args.threads, 3, folder)
        weights, batches = read_safetensors(folder / "weights.safetensors"), load_batches(folder)
        twin, exact = Runner(weights, batches), Runner(weights, batches, dtype=torch.float64)
        for ours in first["losses"][:3]:
            theirs = exact.step()
            print(f"loss  akin {ours:.6f}  torch f64 {theirs:.6f}  torch f32 {twin.step():.6f}")
            if abs(ours - theirs) > 1e-4:
                sys.exit("the twin does not compute the same: losses differ by more than 1e-4")
        twin.timed(3)
        ours, theirs, ratios = [], [], []
        for _ in range(args.rounds):
            a, b = run_akin(args.akin, args.threads, args.steps)["seconds"], twin.timed(args.steps)
            ours += a
            theirs += b
            ratios.append(statistics.median(b) / statistics.median(a))
        row = {"name": "demo_step", "ours": statistics.median(ours), "theirs": statistics.median(theirs),
               "ratio": statistics.median(ratios), "unit": "s", "threads": args.threads, "dtype": "f32"}
        print(f"\ndemo step, 2 x 256 views of 28x28x1, f32, {args.threads} threads, torch {torch.__version__} channels_last")
        print(f"  akin   {1e3 * row['ours']:7.1f} ms   {512 / row['ours']:6.0f} views/s")
        print(f"  torch  {1e3 * row['theirs']:7.1f} ms   {512 / row['theirs']:6.0f} views/s")
        print(f"  akin is {row['ratio']:.2f} times as fast (turns: {min(ratios):.2f} ... {max(ratios):.2f})")
        if args.compile:
            compiled = Runner(weights, batches, compiled=True)
            compiled.timed(3)
            print(f"  torch.compile  {1e3 * statistics.median(compiled.timed(args.steps)):7.1f} ms")
        if args.json:
            Path(args.json).write_text(json.dumps([row], indent=2) + "\n")


if __name__ == "__main__":
    main()
