#!/usr/bin/env python3
"""Writes random checkpoints of the published sizes, in the form in which they are published, and a picture to restore.

    make_checkpoints.py FOLDER      daclip_ViT-B-32.pt (1 GB), universal-ir.pth (0.2 GB), photo.bmp (256x256)

The names come from the fixtures' plain networks (tests/nets/data), which share no code with src/. Needs PyTorch and
numpy.
"""
import collections
import math
import os
import struct
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "nets", "data"))
from make import daclip_weights  # noqa: E402
from make_unet import Unet  # noqa: E402

VISION = dict(image_size=224, layers=12, width=768, patch_size=32, head_width=64)
TEXT = dict(context_length=77, vocab_size=49408, width=512, heads=8, layers=12)


def save_daclip(path):
    """open_clip's training checkpoint of several processes, which holds the image tower under two names."""
    state = collections.OrderedDict()
    for name, value in daclip_weights(VISION, TEXT, 512).items():
        state["module." + name] = torch.from_numpy(value)
        if name.startswith("clip.visual."):
            state["module." + name[len("clip."):]] = state["module." + name]
    torch.save({"epoch": 50, "name": "daclip_ViT-B-32", "state_dict": state,
                "optimizer": {"state": {}, "param_groups": [{"lr": np.float64(3e-5), "params": [0, 1]}]},
                "scaler": {"scale": 65536.0, "growth_factor": 2.0}}, path)


def save_unet(path):
    torch.manual_seed(1)

    def values(name, shape):
        if name.endswith(".g") or ("norm" in name and name.endswith("weight")):
            return 1 + 0.2 * torch.randn(shape)
        return torch.randn(shape) * (math.prod(shape[1:]) ** -0.5 if len(shape) > 1 else 0.1)

    kwargs = dict(nf=64, ch_mult=[1, 2, 4, 8], context_dim=512, use_image_context=True, use_degra_context=True)
    torch.save(collections.OrderedDict(Unet(kwargs, values=values).w), path)


def save_photo(path, side=256):
    """A dim, noisy scene of a sky, hills and a sun."""
    y, x = np.mgrid[0:side, 0:side] / side
    hills = y > 0.6 + 0.08 * np.sin(9 * x) + 0.05 * np.sin(23 * x)
    sun = (x - 0.7) ** 2 + (y - 0.25) ** 2 < 0.012
    rgb = np.where(hills[..., None], [0.2, 0.45, 0.2], np.stack([0.3 + 0.3 * y, 0.5 + 0.2 * y, 0.9 - 0.2 * y], -1))
    rgb = np.where(sun[..., None], [1.0, 0.9, 0.5], rgb) + np.random.default_rng(1).normal(0, 0.08, (side, side, 3))
    rows = (np.clip(rgb, 0, 1) * 255).astype(np.uint8)[::-1, :, ::-1].tobytes()
    header = struct.pack("<2sIIIIiiHHIIiiII",
                         b"BM", 54 + len(rows), 0, 54, 40, side, side, 1, 24, 0, len(rows), 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(header + rows)


def main():
    folder = sys.argv[1]
    save_daclip(os.path.join(folder, "daclip_ViT-B-32.pt"))
    save_unet(os.path.join(folder, "universal-ir.pth"))
    save_photo(os.path.join(folder, "photo.bmp"))
    save_photo(os.path.join(folder, "large.bmp"), 1024)


if __name__ == "__main__":
    main()
