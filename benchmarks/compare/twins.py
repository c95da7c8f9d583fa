"""What akin computes, in PyTorch: the networks, a step of SimCLR, NT-Xent, a tiny network."""
import json
import struct
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


def demo_encoder():
    """Four 3x3 convolutions with batch norm and ReLU, global average pooling."""
    layers, width_in = [], 1
    for i, width in enumerate((32, 64, 128, 256)):
        conv = nn.Conv2d(width_in, width, 3, stride=1 if i == 0 else 2, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        width_in = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def resnet18_encoder():
    """torchvision's, with the stem for small pictures."""
    from torchvision.models import resnet18

    network = resnet18()
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool, network.fc = nn.Identity(), nn.Identity()
    return network


ENCODERS = {"demo": (demo_encoder, 256, 256), "resnet18": (resnet18_encoder, 512, 512)}  # features, hidden


class Twin(nn.Module):
    """An encoder, and a projector: linear, batch norm, ReLU, linear to 128."""

    def __init__(self, network):
        super().__init__()
        make, features, hidden = ENCODERS[network]
        self.network, self.encoder = network, make()
        self.projector = nn.Sequential(nn.Linear(features, hidden, bias=False), nn.BatchNorm1d(hidden),
                                       nn.ReLU(inplace=True), nn.Linear(hidden, 128))

    def forward(self, x):
        return self.projector(self.encoder(x))

    def load(self, weights):
        """akin keeps filters as [out, kh, kw, in], and a ReLU inside the batch norm before it."""
        place = {"encoder": {0: 0, 2: 3, 4: 6, 6: 9}, "projector": {0: 0, 2: 3}}
        own = dict(self.named_parameters())
        for name, value in weights.items():
            part, layer, *rest = name.split(".")
            if layer.isdigit():  # a Sequential
                if int(layer) not in place[part]:
                    continue  # batch norm: starts as PyTorch's does
                layer = str(place[part][int(layer)])
            name = ".".join([part, layer, *rest])
            if name in own:
                own[name].data.copy_(value.permute(0, 3, 1, 2) if value.dim() == 4 else value)


def nt_xent(z, temperature=0.2):
    """Mean over the 2N anchors, z = [first views; second views]."""
    z = F.normalize(z.float() if z.dtype == torch.bfloat16 else z)
    logits = z @ z.t() / temperature
    logits.fill_diagonal_(float("-inf"))
    n = len(z) // 2
    return F.cross_entropy(logits, (torch.arange(2 * n, device=z.device) + n) % (2 * n))


def load_batches(path):
    batches, tensors = [], read_safetensors(path)
    for i in range(len(tensors) // 2):
        both = torch.cat([tensors[f"{i}.a"], tensors[f"{i}.b"]])  # [2N, H, W, C]
        batches.append(both.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last))
    return batches


class Steps:
    """Training as bench_step does it, channels_last, from its weights and on its batches."""

    def __init__(self, network, folder, dtype=torch.float32, autocast=False, compiled=False, lr=0.12, device="cpu"):
        self.model = Twin(network)
        self.model.load(read_safetensors(Path(folder) / f"{network}_weights.safetensors"))
        self.model = self.model.to(device, dtype, memory_format=torch.channels_last).train()
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        plain = [p for p in self.model.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=lr, momentum=0.9)
        self.batches = [b.to(device, dtype) for b in load_batches(Path(folder) / f"{network}_batches.safetensors")]
        self.autocast, self.lr, self.count, self.device = autocast, lr, 0, device
        self.forward = torch.compile(self.model) if compiled else self.model

    def queue(self):
        """A step; the loss may still be on its way."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * min(1, (self.count + 1) / 100)
        x = self.batches[self.count % len(self.batches)]
        with torch.autocast(self.device, torch.bfloat16, enabled=self.autocast):
            z = self.forward(x)
        loss = nt_xent(z)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.count += 1
        return loss.detach()

    def step(self):
        return self.queue().item()


class LossStep:
    """NT-Xent and its gradient on the embeddings of bench_losses."""

    def __init__(self, pairs, loss, d=128):
        k = np.arange(pairs * d, dtype=np.float64).reshape(pairs, d)
        views = (np.sin(k), np.sin(k) + 0.5 * np.cos(1.7 * k))
        self.a, self.b = (torch.tensor(v.astype(np.float32), requires_grad=True) for v in views)
        self.loss = loss

    def step(self):
        self.a.grad = self.b.grad = None
        loss = self.loss(self.a, self.b)
        loss.backward()
        return loss.item()


def plain_nt_xent(a, b):
    return nt_xent(torch.cat([a, b]))


class TinyStep:
    """The network of bench_overhead."""

    def __init__(self):
        self.model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        for i, p in enumerate(self.model.parameters()):
            k = torch.arange(p.numel(), dtype=torch.float64)
            p.data.copy_((0.5 * torch.sin(1 + i + k)).reshape(p.shape))
        self.x = torch.cos(torch.arange(512, dtype=torch.float64)).reshape(64, 8).float()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def step(self):
        loss = self.model(self.x).square().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()
