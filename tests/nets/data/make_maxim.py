#!/usr/bin/env python3
"""Writes the small parity fixtures of MAXIM, evaluated with numpy in double precision on (H,W,C) maps.

Written from the paper and the published code's structure, independently of src/nets. Layout as in make_unet.py.
Run: python3 tests/nets/data/make_maxim.py
"""
import numpy as np

from make import layer_norm, normal, write
from make_unet import value_of

MATRIX_SCALE = 0.5  # keeps the maps of order one, so that no sigmoid saturates


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def blocks(x, side):
    """(H,W,C) -> (group, position, C): neighbouring pixels."""
    h, w, c = x.shape
    return x.reshape(h // side, side, w // side, side, c).transpose(0, 2, 1, 3, 4).reshape(-1, side * side, c)


def from_blocks(groups, h, w, side):
    return groups.reshape(h // side, w // side, side, side, -1).transpose(0, 2, 1, 3, 4).reshape(h, w, -1)


def mix(x, w, b, grid):
    """A dense layer over the positions of each group."""
    side = int(round(np.sqrt(len(b))))
    h, width, c = x.shape
    if not grid:
        return from_blocks(np.einsum("pq,gqc->gpc", w, blocks(x, side)) + b[:, None], h, width, side)
    cells = x.reshape(side, h // side, side, width // side, c)
    mixed = np.einsum("pq,qyxc->pyxc", w, cells.transpose(0, 2, 1, 3, 4).reshape(side * side, h // side, -1, c))
    mixed = (mixed + b[:, None, None, None]).reshape(side, side, h // side, width // side, c)
    return mixed.transpose(0, 2, 1, 3, 4).reshape(h, width, c)


def resize_matrix(out, size):
    """Triangle filter, as wide as the step where the axis shrinks."""
    step = size / out
    centre = (np.arange(out)[:, None] + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - np.abs(centre - np.arange(size)) / max(1, step))
    return weights / weights.sum(1, keepdims=True)


def resize(x, factor):
    h, w = int(x.shape[0] * factor), int(x.shape[1] * factor)
    return np.einsum("ih,jw,hwc->ijc", resize_matrix(h, x.shape[0]), resize_matrix(w, x.shape[1]), x)


def nearest(x, factor):
    rows, columns = (((np.arange(size // factor) + 0.5) * factor).astype(int) for size in x.shape[:2])
    return x[rows][:, columns]


class Maxim:
    def __init__(self, config, weights=None):
        self.c, self.given, self.w = config, weights, {}

    def get(self, name, *shape):
        if name not in self.w:
            self.w[name] = self.made(name, shape) if self.given is None else self.given[name]
        return self.w[name].astype(np.float64)

    @staticmethod
    def made(name, shape):
        values = value_of(name, shape)
        return values if len(shape) == 1 else (MATRIX_SCALE * values).astype(np.float32)

    def conv(self, name, x, out, kernel=1, stride=1):
        w, b = self.get(name + ".weight", out, x.shape[2], kernel, kernel), self.get(name + ".bias", out)
        pad = (kernel - 1) // 2
        p = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
        h, width = (p.shape[0] - kernel) // stride + 1, (p.shape[1] - kernel) // stride + 1
        taps = [p[i:i + stride * h:stride, j:j + stride * width:stride] @ w[:, :, i, j].T
                for i in range(kernel) for j in range(kernel)]
        return sum(taps) + b

    def grow(self, name, x, out):
        y = self.conv(name + ".ConvTranspose_0", x, 4 * out)
        h, w = x.shape[:2]
        return y.reshape(h, w, out, 2, 2).transpose(0, 3, 1, 4, 2).reshape(2 * h, 2 * w, out)

    def dense(self, name, x, out):
        return x @ self.get(name + ".weight", out, x.shape[-1]).T + self.get(name + ".bias", out)

    def norm(self, name, x):
        c = x.shape[-1]
        return layer_norm(x, self.get(name + ".weight", c), self.get(name + ".bias", c), 1e-6, x.ndim - 1)

    def mix(self, name, x, side, grid):
        n = side * side
        return mix(x, self.get(name + ".weight", n, n), self.get(name + ".bias", n), grid)

    def gated_mlp(self, name, unit, x, side, grid):
        c = x.shape[2]
        y = gelu(self.dense(name + ".in_project", self.norm(name + ".LayerNorm", x), 2 * c))
        u, v = y[..., :c], self.norm(f"{name}.{unit}.intermediate_layernorm", y[..., c:])
        return x + self.dense(name + ".out_project", u * (self.mix(f"{name}.{unit}.Dense_0", v, side, grid) + 1), c)

    def multi_axis(self, name, x, side):
        c = x.shape[2]
        y = gelu(self.dense(name + ".in_project", self.norm(name + ".LayerNorm_in", x), 2 * c))
        u = self.gated_mlp(name + ".GridGmlpLayer", "GridGatingUnit", y[..., :c], side, True)
        v = self.gated_mlp(name + ".BlockGmlpLayer", "BlockGatingUnit", y[..., c:], side, False)
        return x + self.dense(name + ".out_project", np.concatenate([u, v], 2), c)

    def attention(self, name, x):
        c = x.shape[2]
        y = np.maximum(self.conv(name + ".Conv_0", x.mean((0, 1), keepdims=True), max(1, c // self.c["reduction"])), 0)
        return x * sigmoid(self.conv(name + ".Conv_1", y, c))

    def rcab(self, name, x):
        y = self.conv(name + ".conv1", self.norm(name + ".LayerNorm", x), x.shape[2], 3)
        y = self.conv(name + ".conv2", np.where(y < 0, 0.2 * y, y), x.shape[2], 3)
        return x + self.attention(name + ".channel_attention", y)

    def rdcab(self, name, x):
        c = x.shape[2]
        y = gelu(self.dense(name + ".channel_mixing.Dense_0", self.norm(name + ".LayerNorm", x), c))
        y = self.dense(name + ".channel_mixing.Dense_1", y, c)
        return x + self.attention(name + ".channel_attention", y)

    def spatial(self, name, x, side):
        c = x.shape[2]
        y = gelu(self.dense(name + ".in_project", self.norm(name + ".LayerNorm_in", x), 2 * c))
        y = np.concatenate([self.mix(name + ".Dense_0", y[..., :c], side, True),
                            self.mix(name + ".Dense_1", y[..., c:], side, False)], 2)
        return self.dense(name + ".out_project", y, c)

    def cross(self, name, x, y, c, side):
        x0, y0 = self.conv(name + ".Conv_0", x, c), self.conv(name + ".Conv_1", y, c)
        x = gelu(self.dense(name + ".in_project_x", self.norm(name + ".LayerNorm_x", x0), c))
        y = gelu(self.dense(name + ".in_project_y", self.norm(name + ".LayerNorm_y", y0), c))
        gx = self.spatial(name + ".SplitHeadMultiAxisGating_x", x, side)
        gy = self.spatial(name + ".SplitHeadMultiAxisGating_y", y, side)
        y = self.dense(name + ".out_project_y", y * gx, c) + y0
        return self.dense(name + ".out_project_x", x * gy, c) + y + x0, y

    def u_block(self, name, x, c, side):
        shortcut = x = self.conv(name + ".Conv_0", x, c)
        for i in range(self.c["groups"]):
            x = self.multi_axis(f"{name}.SplitHeadMultiAxisGmlpLayer_{i}", x, side)
            x = self.rcab(f"{name}.channel_attention_block_1{i}", x)
        return x + shortcut

    def __call__(self, picture):
        c, levels = self.c, range(self.c["levels"])
        width = [c["features"] << i for i in levels]
        side = [c["high_side"] if i < c["high_levels"] else c["low_side"] for i in levels]
        pictures = [picture] + [nearest(picture, 2 ** i) for i in levels if i]
        resampled, encoded, decoded, supervised = 0, None, None, None

        def gather(maps, order, to):
            nonlocal resampled
            found = []
            for i in order:
                resized = resize(maps[i], 2.0 ** (i - to))
                found.append(self.conv(f"UpSampleRatio_{resampled}.Conv_0", resized, width[to]))
                resampled += 1
            return found

        for s in range(c["stages"]):
            stage, x, encs = f"stage_{s}_", None, []
            for i in levels:
                seen = self.conv(f"{stage}input_conv_{i}", pictures[i], width[i], 3)
                if s:
                    seen = self.cross(f"{stage}input_fuse_sam_{i}", seen, supervised[i], width[i], side[i])[0]
                block = f"{stage}encoder_block_{i}"
                y = self.u_block(block, np.concatenate([seen if x is None else x, seen], 2), width[i], side[i])
                if s:
                    y = self.cross(block + ".cross_gating_block", y, encoded[i] + decoded[i], width[i], side[i])[0]
                encs.append(y)
                x = self.conv(block + ".Conv_1", y, width[i], 4, 2)
            for i in range(c["bottlenecks"]):
                block = f"{stage}global_block_{i}"
                shortcut = x = self.conv(block + ".input_proj", x, width[-1])
                for j in range(c["groups"]):
                    x = self.multi_axis(f"{block}.SplitHeadMultiAxisGmlpLayer_{j}", x, c["low_side"])
                    x = self.rdcab(f"{block}.channel_attention_block_1_{j}", x)
                x = x + shortcut
            skips, signal = {}, x
            for i in reversed(levels):
                gate = f"{stage}cross_gating_block_{i}"
                from_encoder = np.concatenate(gather(encs, levels, i), 2)
                skips[i], signal = self.cross(gate, from_encoder, self.grow(gate, signal, width[i]), width[i], side[i])
            decs, sams = {}, {}
            for i in reversed(levels):
                block = f"{stage}decoder_block_{i}"
                parts = [self.grow(block, x, width[i])] + gather(skips, reversed(levels), i)
                x = decs[i] = self.u_block(block + ".UNetEncoderBlock_0", np.concatenate(parts, 2), width[i], side[i])
                if s + 1 < c["stages"]:
                    module = f"{stage}supervised_attention_module_{i}"
                    restored = self.conv(module + ".Conv_1", x, 3, 3) + pictures[i]
                    gate = sigmoid(self.conv(module + ".Conv_2", restored, width[i], 3))
                    sams[i] = self.conv(module + ".Conv_0", x, width[i], 3) * gate + x
            encoded, decoded, supervised = encs, decs, sams
        return self.conv(f"stage_{c['stages'] - 1}_output_conv_0", decoded[0], 3, 3) + picture


def write_maxim(folder, sizes, **config):
    network, cases = Maxim(config), {}
    for i, (count, height, width) in enumerate(sizes):
        lq = normal(count, 3, height, width, scale=0.5)
        cases[f"case{i}.in"] = lq
        cases[f"case{i}.out64"] = np.stack([network(x.transpose(1, 2, 0).astype(np.float64)).transpose(2, 0, 1)
                                            for x in lq])
    write(folder, {"maxim": config, "weights": "by name", "matrix_scale": MATRIX_SCALE,
                   "params": sum(v.size for v in network.w.values())}, None,
          cases)


if __name__ == "__main__":
    write_maxim("maxim_small", [(1, 16, 32), (2, 16, 16)], features=4, stages=2, levels=2, groups=2, bottlenecks=1,
                high_levels=1, high_side=4, low_side=2, reduction=2)
    write_maxim("maxim_small_three", [(1, 16, 16), (1, 32, 16)], features=2, stages=3, levels=3, groups=1,
                bottlenecks=2, high_levels=2, high_side=4, low_side=2, reduction=4)
