"""The views that bench_augment makes, by torchvision: on PIL pictures, and on tensors through transforms.v2."""
import io

import numpy as np
import torch
from PIL import Image
from torchvision import transforms as v1
from torchvision.transforms import v2

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def simclr(t, size, to_float):
    """SimCLR, arXiv:2002.05709, appendix A; up to 32 pixels half the jitter and no blur, as for CIFAR-10."""
    s = 0.5 if size <= 32 else 1
    jitter = t.ColorJitter(0.8 * s, 0.8 * s, 0.8 * s, 0.2 * s)
    blur = [] if size <= 32 else [t.RandomApply([t.GaussianBlur(23, (0.1, 2.0))], p=0.5)]
    return t.Compose([t.RandomResizedCrop(size, antialias=True), t.RandomHorizontalFlip(),
                      t.RandomApply([jitter], p=0.8), t.RandomGrayscale(0.2), *blur, *to_float, t.Normalize(MEAN, STD)])


def on_pil(size):
    return simclr(v1, size, [v1.ToTensor()])


def on_tensors(size):
    return simclr(v2, size, [v2.ToDtype(torch.float32, scale=True)])


def small_pictures(count):
    """[count, 32, 32, 3] u8: gradients in random colours."""
    draws = np.random.default_rng(0).random((count, 2, 3))
    ramp = np.linspace(0, 1, 32)[:, None, None] * np.ones((32, 32, 1))
    pictures = [255 * (ramp * a + (1 - ramp.transpose(1, 0, 2)) * b) / 2 for a, b in draws]
    return np.stack(pictures).astype(np.uint8)


def batch_32(kind, count=256):
    """Makes a view of each of `count` pictures."""
    pictures = small_pictures(count)
    if kind == "pil":
        inputs, transform = [Image.fromarray(p) for p in pictures], on_pil(32)
    else:
        inputs, transform = [torch.from_numpy(p).permute(2, 0, 1).contiguous() for p in pictures], on_tensors(32)
    return lambda: [transform(x) for x in inputs]


def decoded_224(kind, jpeg, count=16):
    """Decodes a JPEG and makes a view, `count` times."""
    if kind == "pil":
        transform = on_pil(224)
        one = lambda: transform(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    else:
        from torchvision.io import decode_jpeg

        data, transform = torch.frombuffer(bytearray(jpeg), dtype=torch.uint8), on_tensors(224)
        one = lambda: transform(decode_jpeg(data))
    return lambda: [one() for _ in range(count)]
