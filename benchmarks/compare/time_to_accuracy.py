#!/usr/bin/env python3
"""Seconds of training to a kNN accuracy on Fashion-MNIST: akin, and its twin in PyTorch, one seed after the other.

    python3 benchmarks/compare/time_to_accuracy.py --akin build/release/benchmarks [--threads 2] [--seeds 3]

Both train the demo network with the recipe of the demonstration, on views that one worker makes ahead. They are
evaluated every so many steps (20 neighbours, T = 0.07), which does not count, and stop at the mark. Wall time: wants a
quiet machine.
"""
import argparse
import gzip
import json
import math
import statistics
import subprocess
import time
from pathlib import Path

try:
    import numpy as np
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms as T
except ImportError as error:
    raise SystemExit(f"{error.name} is missing, which the twin needs: "
                     "python3 -m pip install -r benchmarks/compare/requirements.txt") from None

import twins

MEAN, STD = 0.2860, 0.3530


def read_idx(path):
    data = gzip.decompress(Path(path).read_bytes())
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


class TwoViews(Dataset):
    """The recipe "demo": crop, flip, brightness and contrast."""

    def __init__(self, images):
        self.images = [Image.fromarray(image) for image in images]
        jitter = T.RandomApply([T.ColorJitter(0.6, 0.6)], p=0.8)
        crop = T.RandomResizedCrop(28, scale=(0.2, 1), antialias=True)
        self.view = T.Compose([crop, T.RandomHorizontalFlip(), jitter, T.ToTensor(), T.Normalize(MEAN, STD)])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.view(self.images[i]), self.view(self.images[i])


@torch.no_grad()
def features(model, images):
    model.eval()
    x = (torch.from_numpy(images.copy())[:, None].float() / 255 - MEAN) / STD
    encoded = [model.encoder(part.contiguous(memory_format=torch.channels_last)) for part in x.split(256)]
    model.train()
    return torch.nn.functional.normalize(torch.cat(encoded))


@torch.no_grad()
def knn_accuracy(model, train, test, k=20, temperature=0.07):
    bank, labels, hits = features(model, train[0]), torch.from_numpy(train[1].astype(np.int64)), 0
    for part, truth in zip(features(model, test[0]).split(500), torch.from_numpy(test[1].astype(np.int64)).split(500)):
        similarity, neighbour = (part @ bank.t()).topk(k)
        votes = torch.zeros(len(part), 10).scatter_add_(1, labels[neighbour], (similarity / temperature).exp())
        hits += (votes.argmax(1) == truth).sum().item()
    return hits / len(test[1])


def learning_rate(step, total, base=0.12, warm_up=100):
    warm_up = min(warm_up, total // 10)
    if step < warm_up:
        return base * (step + 1) / warm_up
    return base * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (total - warm_up)))


def say(side, seed, step, seconds, knn):
    print(f"  {side}  seed {seed}  step {step}  {seconds:.1f} s  kNN {100 * knn:.2f} %", flush=True)


def run_twin(seed, train, test, args):
    """Seconds to the mark, or None."""
    torch.manual_seed(seed)
    model = twins.Twin("demo").to(memory_format=torch.channels_last)
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 5e-4},
              {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.12, momentum=0.9)
    loader = DataLoader(TwoViews(train[0]), 256, shuffle=True, drop_last=True, num_workers=1, persistent_workers=True)
    total, step, seconds, start = args.epochs * len(loader), 0, 0.0, time.perf_counter()
    for _ in range(args.epochs):
        for a, b in loader:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, total)
            loss = twins.nt_xent(model(torch.cat([a, b]).contiguous(memory_format=torch.channels_last)))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
            if step % args.every:
                continue
            seconds += time.perf_counter() - start
            knn = knn_accuracy(model, train, test)
            say("twin", seed, step, seconds, knn)
            if knn >= args.mark:
                return seconds
            start = time.perf_counter()
    return None


def run_akin(seed, args):
    command = [Path(args.akin) / "time_to_accuracy", "--threads", args.threads, "--seed", seed, "--every", args.every,
               "--mark", args.mark, "--epochs", args.epochs]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            at = json.loads(line)
            say("akin", seed, at["step"], at["seconds"], at["knn"])
            if at["knn"] >= args.mark:
                return at["seconds"]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--akin", required=True, help="the folder of the benchmark programs")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="the folder of the four .gz files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--every", type=int, default=50, help="steps between evaluations")
    parser.add_argument("--epochs", type=int, default=6, help="length of the schedule")
    parser.add_argument("--mark", type=float, default=0.86)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    read = lambda half: [read_idx(f"{args.data}/{half}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")]
    train, test = read("train"), read("t10k")
    for side, run in (("akin", run_akin), ("twin", lambda seed, args: run_twin(seed, train, test, args))):
        times = [run(seed, args) for seed in range(args.seeds)]
        reached = [t for t in times if t is not None]
        print(f"{side}: kNN {100 * args.mark:g} % in {len(reached)} of {len(times)} runs")
        if reached:
            print(f"  median {statistics.median(reached):.1f} s, range {min(reached):.1f} ... {max(reached):.1f} s")


if __name__ == "__main__":
    main()
