"""Augmentation steps against torchvision (float tensors) and PIL (8-bit images), with the same given numbers.

One line per comparison: the largest difference in units of 1/255, and the bound above which it fails. The bounds to
float tensors are rounding; those to PIL say what its 8-bit steps in between, and its blur by boxes, cost.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageFilter, ImageOps
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

HEIGHT, WIDTH, SIZE = 37, 53, 32
EXACT, ROUNDING = 0, 0.01
BILINEAR, BICUBIC, NEAREST = InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.NEAREST


def picture(channels):
    """Smooth colours, some noise, some black and white: clamps and ties occur."""
    random = numpy.random.default_rng(channels)
    y, x, c = numpy.meshgrid(numpy.arange(HEIGHT), numpy.arange(WIDTH), numpy.arange(channels), indexing="ij")
    values = 128 + 90 * numpy.sin(y / 5 + c) * numpy.cos(x / 7 - c) + random.normal(0, 25, (HEIGHT, WIDTH, channels))
    values[5:9, 10:20] = 255
    values[20:24, 30:45] = 0
    return values.clip(0, 255).astype(numpy.uint8)


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder, self.failures = program, Path(folder), 0

    def step(self, image, name, *numbers):
        source, target = self.folder / "in", self.folder / "out"
        source.write_bytes(image.tobytes())
        shape = [str(n) for n in image.shape]
        subprocess.run([self.program, source, target, *shape, name, *[repr(n) for n in numbers]], check=True)
        return numpy.frombuffer(target.read_bytes(), numpy.float32)

    def against(self, what, image, reference, bound, name, *numbers, border=0):
        """reference: a tensor [C, H, W] or a PIL image; `border` pixels on each side are not compared."""
        if isinstance(reference, Image.Image):
            want = numpy.asarray(reference).astype(numpy.float32) / 255
        else:
            want = reference.permute(1, 2, 0).numpy()
        got = self.step(image, name, *numbers).reshape(want.shape)
        difference = numpy.abs(got.astype(numpy.float64) - want)
        worst = 255 * float(difference[border:len(want) - border, border:want.shape[1] - border].max())
        failed = not worst <= bound
        self.failures += failed
        print(f"{name:11} {what:44} {worst:9.5f}   bound {bound:<6} {'FAILED' if failed else 'ok'}")


def compare_geometry(c, image, tensor, pil):
    box = (3, 5, 30, 41)  # top, left, height, width
    for filter, mode in ((0, BILINEAR), (1, BICUBIC)):
        label = mode.value
        for out in ((SIZE, SIZE), (60, 45), (7, 9)):
            want = functional.resized_crop(tensor, *box, list(out), interpolation=mode, antialias=True).clamp(0, 1)
            c.against(f"{label} to {out[0]} x {out[1]}, tensor", image, want, ROUNDING, "crop", *box, *out, filter)
        want = functional.resized_crop(pil, *box, [SIZE, SIZE], interpolation=mode)
        bound = 16 if filter else 1.5  # PIL also clamps between its two passes: overshoots at sharp edges differ
        c.against(f"{label} to 32 x 32, PIL", image, want, bound, "crop", *box, SIZE, SIZE, filter)
    c.against("tensor", image, functional.horizontal_flip(tensor), EXACT, "flip")
    for angle in (31, -75, 180):  # at 30 degrees many pixels lie just between two
        want = functional.rotate(tensor, angle, interpolation=BILINEAR)
        c.against(f"{angle} degrees, bilinear, tensor", image, want, 0.05, "rotate", angle, 0)
        want = functional.rotate(tensor, angle, interpolation=NEAREST, fill=[0.25] * len(tensor))
        c.against(f"{angle} degrees, nearest, fill, tensor", image, want, EXACT, "rotate", angle, 1, .25, .25, .25)
    want = functional.pad(tensor, 6, padding_mode="reflect")[:, 2:2 + SIZE, 9:9 + SIZE]
    c.against("reflect, tensor", image, want, EXACT, "window", -4, 3, SIZE, SIZE, 1)
    want = functional.pad(tensor, 40, fill=0.5)[:, 3:3 + SIZE, 70:70 + SIZE]
    c.against("fill, tensor", image, want, EXACT, "window", -37, 30, SIZE, SIZE, 0, .5, .5, .5)
    values = torch.tensor([0.1, 0.2, 0.3])[:len(tensor), None, None]
    want = functional.erase(tensor, 8, 11, 13, 20, values)
    c.against("tensor", image, want, EXACT, "erase", 8, 11, 13, 20, 0.1, 0.2, 0.3)


def compare_colours(c, image, tensor, pil):
    for factor in (0.3, 1.7):
        for name in ("brightness", "contrast") + (("saturation",) if len(tensor) == 3 else ()):
            adjust = getattr(functional, f"adjust_{name}")
            c.against(f"factor {factor}, tensor", image, adjust(tensor, factor), ROUNDING, name, factor)
            c.against(f"factor {factor}, PIL", image, adjust(pil, factor), 2, name, factor)
    if len(tensor) == 3:
        for turns in (-0.5, -0.13, 0.2):
            c.against(f"{turns} turns, tensor", image, functional.adjust_hue(tensor, turns), ROUNDING, "hue", turns)
        gray = functional.rgb_to_grayscale(tensor, num_output_channels=3)
        c.against("tensor", image, gray, ROUNDING, "gray")
        c.against("PIL", image, functional.rgb_to_grayscale(pil, num_output_channels=3), 1, "gray")
    c.against("tensor", image, functional.solarize(tensor, 128 / 255), ROUNDING, "solarize", 128 / 255)
    c.against("PIL", image, ImageOps.solarize(pil), ROUNDING, "solarize", 128 / 255)
    equalized = functional.equalize((tensor * 255).round().to(torch.uint8)) / 255
    c.against("tensor of bytes", image, equalized, ROUNDING, "equalize")
    c.against("PIL", image, ImageOps.equalize(pil), ROUNDING, "equalize")
    mean, std = (0.4914, 0.4822, 0.4465)[:len(tensor)], (0.247, 0.2435, 0.2616)[:len(tensor)]
    padded = lambda numbers: (*numbers, *[1] * (3 - len(numbers)))
    want = functional.normalize(tensor, mean, std)
    c.against("tensor", image, want, ROUNDING, "normalize", *padded(mean), *padded(std))


def compare_blur(c, image, tensor, pil):
    for kernel, sigma in ((3, 0.5), (5, 1.3), (23, 2.0)):
        want = functional.gaussian_blur(tensor, [kernel, kernel], [sigma, sigma])
        c.against(f"kernel {kernel}, sigma {sigma}, tensor", image, want, ROUNDING, "blur", sigma, kernel)
    for sigma in (0.5, 1.0, 2.0):  # at the border PIL repeats the last pixel, where torchvision and akin reflect
        want = pil.filter(ImageFilter.GaussianBlur(sigma))
        c.against(f"sigma {sigma}, PIL, without the border", image, want, 5, "blur", sigma, 23, border=8)


def main():
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(sys.argv[1], folder)
        for channels in (3, 1):
            print(f"-- {channels} channel(s), {HEIGHT} x {WIDTH}")
            image = picture(channels)
            tensor = torch.from_numpy(image).permute(2, 0, 1).float() / 255
            pil = Image.fromarray(image if channels == 3 else image[:, :, 0])
            for compare in (compare_geometry, compare_colours, compare_blur):
                compare(comparison, image, tensor, pil)
    sys.exit(f"{comparison.failures} comparisons failed" if comparison.failures else 0)


main()
