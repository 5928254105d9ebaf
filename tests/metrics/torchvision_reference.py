#!/usr/bin/env python3
"""Reference values of the networks that have no stored ones: VGG16 under LPIPS and FID's Inception, both from
torchvision's modules with random weights, evaluated in float64.

    torchvision_reference.py FOLDER

writes vgg16-random.pth, vgg.pth and pt_inception-2015-12-05-random.pth as they are published, the pictures as
pictures.f32 with pictures.index.txt, and expected.json. Exit code 77: torchvision is not installed.
"""
import json
import pathlib
import sys

try:
    import numpy
    import torch
    import torchvision.models as models
except ImportError as missing:
    print(missing)
    sys.exit(77)


def write_pictures(folder, pictures):
    """Height x width x channels, float32, in the form of weights/indexed_floats.h."""
    offset, lines, values = 0, [], []
    for name, picture in pictures.items():
        array = picture[0].permute(1, 2, 0).contiguous().numpy().astype("<f4")
        lines.append(f"{name} {'x'.join(str(n) for n in array.shape)} {offset} {array.size}\n")
        values.append(array.ravel())
        offset += array.size
    numpy.concatenate(values).tofile(folder / "pictures.f32")
    (folder / "pictures.index.txt").write_text("".join(lines))


def vgg_taps(a, b, folder):
    """The share of each tap in LPIPS's distance (lpips.py of PerceptualSimilarity, v0.1)."""
    model = models.vgg16(weights=None).eval()
    features = {name: value for name, value in model.state_dict().items() if name.startswith("features.")}
    torch.save(features, folder / "vgg16-random.pth")
    heads = {f"lin{i}.model.1.weight": torch.rand(1, c, 1, 1) for i, c in enumerate((64, 128, 256, 512, 512))}
    torch.save(heads, folder / "vgg.pth")
    shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)
    x = (2 * torch.cat([a, b]).double() - 1 - shift) / scale
    shares = []
    for index, layer in enumerate(model.features.double()):
        x = layer(x)
        if index in (3, 8, 15, 22, 29):
            unit = x / (x.norm(dim=1, keepdim=True) + 1e-10)
            head = heads[f"lin{len(shares)}.model.1.weight"].double()
            shares.append(float(((unit[:1] - unit[1:]) ** 2 * head).sum(1).mean()))
    return shares


class FidPooling:
    """Replaces torch.nn.functional in torchvision's Inception: means without padding, maxima in the last block."""

    def __init__(self, functional):
        self.functional, self.maximum = functional, False

    def __getattr__(self, name):
        return getattr(self.functional, name)

    def avg_pool2d(self, x, **window):
        if self.maximum:
            return self.functional.max_pool2d(x, **window)
        return self.functional.avg_pool2d(x, count_include_pad=False, **window)


def inception_features(picture, folder):
    """Pooled features with FID's pooling, and with torchvision's own."""
    model = models.inception_v3(weights=None, aux_logits=False, init_weights=False)
    model.avgpool.register_forward_hook(lambda module, given, result: setattr(model, "pooled", result.flatten(1)))
    # Statistics that match the weights; otherwise the signal would vanish over so many layers.
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias, 0, 0.3)
    model.train()(torch.rand(3, 3, 139, 139) * 2 - 1)
    model.eval()
    torch.save(model.state_dict(), folder / "pt_inception-2015-12-05-random.pth")
    model.double()
    x = torch.nn.functional.interpolate(picture.double(), size=(299, 299), mode="bilinear", align_corners=False)
    model(2 * x - 1)
    own = model.pooled
    pooling = FidPooling(models.inception.F)
    models.inception.F = pooling
    model.Mixed_7c.register_forward_pre_hook(lambda module, given: setattr(pooling, "maximum", True))
    model(2 * x - 1)
    return model.pooled[0].tolist(), own[0].tolist()


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(6)
    torch.set_num_threads(1)
    with torch.no_grad():
        a, b = torch.rand(1, 3, 41, 52), torch.rand(1, 3, 41, 52)
        b = 0.7 * a + 0.3 * b
        write_pictures(folder, {"a": a, "b": b})
        taps = vgg_taps(a, b, folder)
        fid, own = inception_features(a, folder)
    (folder / "expected.json").write_text(json.dumps({"vgg_taps": taps, "fid": fid, "inception": own}))


if __name__ == "__main__":
    main()
