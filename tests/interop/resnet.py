"""ResNets of akin and torchvision give the same outputs for the same weights, in both directions.

The weights are random, with random scales, shifts and running statistics, since a norm that is 1 and 0 hides errors.
Outputs are compared relative to their scale: max |akin - torch| / max |torch in f64| must be below 1e-5, after up to
fifty layers in f32. Torch in f64 says which of the two is nearer to the truth.
"""
import gzip
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
import torchvision
from safetensors.torch import load_file, save_file

PROGRAM = sys.argv[1]
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
LIMIT = 1e-5
TEMPORARY = tempfile.TemporaryDirectory(prefix="akin-interop-")
FOLDER = pathlib.Path(TEMPORARY.name)


def pictures(size, count=2):
    """[count, 3, size, size]: garments scaled up, with coloured light; smooth noise where there is no Fashion-MNIST."""
    torch.manual_seed(size)
    if FASHION.exists():
        bytes_ = gzip.decompress(FASHION.read_bytes())[16:16 + 784 * count]
        small = torch.from_numpy(numpy.frombuffer(bytes_, numpy.uint8).reshape(count, 1, 28, 28) / 255.0)
    else:
        small = torch.rand(count, 1, 28, 28, dtype=torch.float64)
    large = torch.nn.functional.interpolate(small, size, mode="bicubic", align_corners=False).clamp(0, 1)
    light = torch.nn.functional.interpolate(torch.rand(count, 3, 3, 3, dtype=torch.float64), size, mode="bilinear")
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
    return ((large * light - mean) / deviation).float()


IMAGES = {size: pictures(size) for size in (64, 224)}
for size, images in IMAGES.items():
    save_file({"images": images.permute(0, 2, 3, 1).contiguous()}, FOLDER / f"images-{size}")


def akin(verb, model, weights, sizes=tuple(IMAGES)):
    """Runs the program; returns its outputs by size, and what it printed."""
    files = [str(FOLDER / f"{kind}-{size}") for size in sizes for kind in ("images", "out")]
    done = subprocess.run([PROGRAM, verb, model, str(weights), *files], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return {size: load_file(FOLDER / f"out-{size}")["out"] for size in sizes}, done.stdout


def scramble(network, seed):
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            module.num_batches_tracked.fill_(seed)
    return network.eval()


def compare(what, network, outputs):
    for size, ours in outputs.items():
        with torch.no_grad():
            theirs = network(IMAGES[size])
            truth = network.double()(IMAGES[size].double())
            network.float()
        scale = truth.abs().max().item()
        error = (ours - theirs).abs().max().item() / scale
        of_akin, of_torch = ((values - truth).abs().max().item() / scale for values in (ours, theirs))
        print(f"{what:46} {size:4} px  scale {scale:9.3g}  akin - torch {error:.1e}  akin - f64 {of_akin:.1e}  "
              f"torch - f64 {of_torch:.1e}")
        assert ours.shape == theirs.shape and scale > 0.01, (what, ours.shape, scale)
        assert ours.std(0).max() > 1e-3 * scale, f"{what}: all pictures give the same"
        assert error < LIMIT, f"{what} at {size} px: {error}"


def features(network):
    network.fc = torch.nn.Identity()
    return network


def torchvision_to_akin():
    for seed, name in enumerate(("resnet18", "resnet34", "resnet50")):
        network = scramble(getattr(torchvision.models, name)(), seed)
        save_file(network.state_dict(), FOLDER / "weights")
        outputs, report = akin("load", name, FOLDER / "weights")
        count = len(network.state_dict())
        assert report == f"matched {count} tensors, names as they are\n", report
        compare(f"torchvision -> akin, {name}", network, outputs)
        outputs, report = akin("load", name + "-features", FOLDER / "weights", (64,))
        assert report.splitlines()[1:] == ["  ignored     fc.bias", "  ignored     fc.weight"], report
        compare(f"torchvision -> akin, {name}-features", features(network), outputs)


def akin_to_torchvision():
    for name in ("resnet18", "resnet18-features", "resnet34-features", "resnet50-features"):
        network = getattr(torchvision.models, name.split("-")[0])()
        if name.endswith("-features"):
            features(network)
        outputs, _ = akin("save", name, FOLDER / "weights")
        state = load_file(FOLDER / "weights")
        network.load_state_dict(state, strict=True)
        assert all(v == len(IMAGES) for k, v in state.items() if k.endswith("num_batches_tracked"))
        compare(f"akin -> torchvision, {name}", network.eval(), outputs)


def from_a_moco_checkpoint():
    """MoCo v2 as it is released: a pickle, names below module.encoder_q., a head, a key encoder, a queue. Weights are
    channels-last, so that they are strided views. The pickle is converted by the lines that the error tells."""
    network = scramble(torchvision.models.resnet18(), 11).to(memory_format=torch.channels_last)
    state = {"module.queue": torch.randn(8, 16), "module.queue_ptr": torch.tensor([3])}
    for encoder, factor in (("module.encoder_q.", 1), ("module.encoder_k.", 2)):
        for name, value in network.state_dict().items():
            if not name.startswith("fc."):
                state[encoder + name] = value * factor
        for layer in ("fc.0", "fc.2"):
            state[encoder + layer + ".weight"] = torch.randn(4, 512)
    torch.save({"epoch": 200, "state_dict": state}, FOLDER / "checkpoint.pth")
    try:
        akin("load", "resnet18-features", FOLDER / "checkpoint.pth")
        raise AssertionError("a pickle was read")
    except RuntimeError as error:
        lines = [line[2:] for line in str(error).splitlines() if line.startswith("  ")]
    assert len(lines) == 3, lines
    exec("\n".join(lines).replace('"checkpoint.', f'"{FOLDER}/checkpoint.'))
    outputs, report = akin("load", "resnet18-features", FOLDER / "checkpoint.safetensors")
    assert report.startswith("matched 120 tensors, names below 'module.encoder_q.'\n  ignored "), report
    compare("MoCo checkpoint -> akin, resnet18-features", features(network), outputs)


def from_a_numbered_checkpoint():
    """lightly: the children of a ResNet by number; a projection head beside them."""
    network = features(scramble(torchvision.models.resnet50(), 12))
    state = torch.nn.Sequential(*list(network.children())[:-1]).state_dict(prefix="backbone.")
    state["projection_head.layers.0.weight"] = torch.randn(4, 2048)
    save_file({k: v.contiguous() for k, v in state.items()}, FOLDER / "weights")
    outputs, report = akin("load", "resnet50-features", FOLDER / "weights", (64,))
    assert report.startswith("matched 318 tensors, names below 'backbone.', stages by number\n  ignored "), report
    compare("lightly checkpoint -> akin, resnet50-features", network, outputs)


def from_a_small_image_checkpoint():
    """solo-learn on CIFAR: 3x3 stem with padding 2, no max pooling; half precision; a moving average beside it."""
    network = features(torchvision.models.resnet18())
    network.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 2, bias=False)
    network.maxpool = torch.nn.Identity()
    scramble(network, 13).half().float()
    state = {"backbone." + k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    state.update({"momentum_" + k: v + 1 for k, v in state.items()})
    save_file(state, FOLDER / "weights")
    outputs, report = akin("load", "resnet18-small", FOLDER / "weights", (64,))
    assert report.startswith("matched 120 tensors, names below 'backbone.'\n  ignored     momentum_"), report
    assert "converted   backbone.bn1.bias F16 -> f32" in report, report
    compare("solo-learn checkpoint -> akin, resnet18-small", network, outputs)


def a_wrong_network_is_refused():
    save_file(torchvision.models.resnet18().state_dict(), FOLDER / "weights")
    try:
        akin("load", "resnet34", FOLDER / "weights")
        raise AssertionError("ResNet-34 took the weights of ResNet-18")
    except RuntimeError as error:
        assert "missing     layer1.2.bn1.bias" in str(error) and "... and" in str(error), error


if __name__ == "__main__":
    torch.set_num_threads(2)
    torchvision_to_akin()
    akin_to_torchvision()
    from_a_moco_checkpoint()
    from_a_numbered_checkpoint()
    from_a_small_image_checkpoint()
    a_wrong_network_is_refused()
    print("all equal")
