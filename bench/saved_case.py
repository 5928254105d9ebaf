"""Reads what network_bench saved: weights, inputs and output of one network, pictures turned to PyTorch's NCHW."""
import json
import struct
from types import SimpleNamespace

import numpy
import torch

ORDER = ("image", "lq", "xt", "mu", "content", "degradation")


def read(path):
    """-> network, gflop, time (the U-Net's, else None), weights {name: tensor}, inputs {name: tensor} in the order that
    networks.py takes them, out."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = numpy.frombuffer(file.read(), numpy.uint8)
    about = json.loads(header.pop("__metadata__")["daclip"])
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = torch.from_numpy(data[begin:end].view(numpy.float32).reshape(entry["shape"]).copy())

    def group(prefix):
        return {name[len(prefix):]: value for name, value in arrays.items() if name.startswith(prefix)}

    given = group("in.")
    inputs = {name: nchw(given[name]) for name in ORDER if name in given}
    return SimpleNamespace(network=about["network"], gflop=about["gflop"], weights=group("weights."), inputs=inputs,
                           time=about["time"] if about["network"] == "unet" else None, out=nchw(arrays["out"]))


def nchw(x):
    return x.permute(0, 3, 1, 2).contiguous() if x.dim() == 4 else x


def difference(a, b):
    """Largest difference, relative to the largest value."""
    return ((a.float() - b).abs().max() / b.abs().max()).item()
