#!/usr/bin/env python3
"""Writes the small parity fixtures of Restormer and PromptIR, evaluated with numpy in double precision on (C,H,W) maps.

Written from the papers and the published code's structure, independently of src/nets. Layout as in make_unet.py.
Run: python3 tests/nets/data/make_restormer.py
"""
import math

import numpy as np

from make import attention, conv, depthwise, layer_norm, normal, softmax, write
from make_unet import value_of

def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def grow(x, height, width):
    """Bilinear, pixel centres at i + 1/2, the border repeated."""
    def matrix(out, size):
        at = np.clip((np.arange(out) + 0.5) * size / out - 0.5, 0, size - 1)
        low = np.minimum(np.floor(at).astype(int), max(0, size - 2))
        rows = np.zeros((out, size))
        for i in range(out):
            rows[i, low[i]] += 1 - (at[i] - low[i])
            if size > 1:
                rows[i, low[i] + 1] += at[i] - low[i]
        return rows
    return np.einsum("ih,jw,chw->cij", matrix(height, x.shape[1]), matrix(width, x.shape[2]), x)


def shuffle(x):
    c, h, w = x.shape
    return x.reshape(c // 4, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c // 4, 2 * h, 2 * w)


def unshuffle(x):
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).transpose(0, 2, 4, 1, 3).reshape(4 * c, h // 2, w // 2)


class Restormer:
    def __init__(self, kwargs, prompt_dims, prompt_sizes):
        self.k, self.dims, self.sizes, self.w = kwargs, prompt_dims, prompt_sizes, {}

    def get(self, name, *shape):
        if name not in self.w:
            self.w[name] = value_of(name, shape)
        return self.w[name].astype(np.float64)

    def conv(self, name, x, out, kernel=1, bias=False):
        b = self.get(name + ".bias", out) if bias else None
        return conv(x, self.get(name + ".weight", out, x.shape[0], kernel, kernel), b, pad=kernel // 2)

    def inner(self, name, x, out):
        return self.conv(name, x, out, bias=self.k["bias"])

    def depthwise(self, name, x):
        c = x.shape[0]
        b = self.get(name + ".bias", c) if self.k["bias"] else np.zeros(c)
        return depthwise(x, self.get(name + ".weight", c, 1, 3, 3), b)

    def norm(self, name, x):
        c = x.shape[0]
        gain = self.get(name + ".body.weight", c)[:, None, None]
        deviation = np.sqrt(x.var(0) + 1e-5)
        if self.k["LayerNorm_type"] == "BiasFree":
            return x / deviation * gain
        return (x - x.mean(0)) / deviation * gain + self.get(name + ".body.bias", c)[:, None, None]

    def block(self, name, x, heads):
        c, h, w = x.shape
        qkv = self.inner(name + ".attn.qkv", self.norm(name + ".norm1", x), 3 * c)
        qkv = self.depthwise(name + ".attn.qkv_dwconv", qkv)
        q, k, v = qkv.reshape(3, heads, c // heads, h * w)
        q, k = (t / np.maximum(np.linalg.norm(t, axis=-1, keepdims=True), 1e-12) for t in (q, k))
        scores = softmax(np.einsum("hip,hjp->hij", q, k) * self.get(name + ".attn.temperature", heads, 1, 1))
        x = x + self.inner(name + ".attn.project_out", np.einsum("hij,hjp->hip", scores, v).reshape(c, h, w), c)
        hidden = int(c * self.k["ffn_expansion_factor"])
        y = self.inner(name + ".ffn.project_in", self.norm(name + ".norm2", x), 2 * hidden)
        y = self.depthwise(name + ".ffn.dwconv", y)
        return x + self.inner(name + ".ffn.project_out", gelu(y[:hidden]) * y[hidden:], c)

    def blocks(self, name, x, count, heads):
        for i in range(count):
            x = self.block(f"{name}.{i}", x, heads)
        return x

    def content(self, x, content):
        c, h, w = x.shape
        inner = self.k["attention_heads"] * self.k["attention_head_dim"]
        unit = content / np.linalg.norm(content) * math.sqrt(len(content))
        tokens = x.reshape(c, -1).T
        gain, shift = self.get("mid_attn.norm.weight", c), self.get("mid_attn.norm.bias", c)
        q = layer_norm(tokens, gain, shift, 1e-5, 1) @ self.get("mid_attn.to_q.weight", inner, c).T
        key, value = (unit[None] @ self.get(f"mid_attn.to_{p}.weight", inner, len(content)).T for p in "kv")
        out = attention(q, key, value, self.k["attention_heads"])
        y = out @ self.get("mid_attn.to_out.weight", c, inner).T + self.get("mid_attn.to_out.bias", c)
        return x + y.T.reshape(c, h, w)

    def prompted(self, x, number, out):
        name, channels, side = f"prompt{number}", self.dims[number - 1], self.sizes[number - 1]
        weights = self.get(name + ".linear_layer.weight", 5, x.shape[0])
        shares = softmax((weights @ x.mean((1, 2)) + self.get(name + ".linear_layer.bias", 5))[None])[0]
        maps = self.get(name + ".prompt_param", 1, 5, channels, side, side)[0]
        prompt = grow(np.einsum("k,kchw->chw", shares, maps), *x.shape[1:])
        x = np.concatenate([x, self.conv(name + ".conv3x3", prompt, channels, 3)])
        x = self.block(f"noise_level{number}", x, self.k["heads"][2])
        return self.inner(f"reduce_noise_level{number}", x, out)

    def __call__(self, picture, content):
        k, dim = self.k, self.k["dim"]
        x, skips = self.conv("patch_embed.proj", picture, dim, 3), []
        for level in range(3):
            x = self.blocks(f"encoder_level{level + 1}", x, k["num_blocks"][level], k["heads"][level])
            skips.append(x)
            x = unshuffle(self.conv(f"down{level + 1}_{level + 2}.body.0", x, x.shape[0] // 2, 3))
        x = self.blocks("latent", x, k["num_blocks"][3], k["heads"][3])
        if content is not None:
            x = self.content(x, content)
        for level in (2, 1, 0):
            if k["decoder"]:
                x = self.prompted(x, level + 1, min(len(x), 4 * dim))
            x = shuffle(self.conv(f"up{level + 2}_{level + 1}.body.0", x, 2 * len(x), 3))
            x = np.concatenate([x, skips[level]])
            if level:
                x = self.inner(f"reduce_chan_level{level + 1}", x, dim << level)
            x = self.blocks(f"decoder_level{level + 1}", x, k["num_blocks"][level], k["heads"][level])
        x = self.blocks("refinement", x, k["num_refinement_blocks"], k["heads"][0])
        return self.conv("output", x, 3, 3, bias=k["bias"]) + picture


def write_restormer(folder, sizes, prompt_dims=(), prompt_sizes=(), **kwargs):
    kwargs["decoder"] = bool(prompt_dims)
    network, cases = Restormer(kwargs, prompt_dims, prompt_sizes), {}
    for i, (count, height, width) in enumerate(sizes):
        lq = normal(count, 3, height, width, scale=0.5)
        contents = normal(count, kwargs["content_dim"]) if kwargs.get("content_dim") else None
        cases[f"case{i}.in"] = lq
        if contents is not None:
            cases[f"case{i}.content"] = contents
        cases[f"case{i}.out64"] = np.stack([
            network(lq[n].astype(np.float64), None if contents is None else contents[n].astype(np.float64))
            for n in range(count)])
    config = {"kwargs": kwargs, "weights": "by name", "params": sum(v.size for v in network.w.values())}
    if prompt_dims:
        config.update(prompt_dims=prompt_dims, prompt_sizes=prompt_sizes)
    write(folder, config, None, cases)


if __name__ == "__main__":
    common = dict(num_refinement_blocks=1, num_blocks=[1, 1, 2, 1])
    write_restormer("restormer_small", [(1, 16, 24), (2, 8, 16)], dim=6, heads=[1, 2, 3, 4], ffn_expansion_factor=2.66,
                    bias=False, LayerNorm_type="WithBias", **common)
    write_restormer("restormer_small_biasfree", [(1, 8, 24)], dim=4, heads=[1, 1, 2, 2], ffn_expansion_factor=2.0,
                    bias=True, LayerNorm_type="BiasFree", **common)
    # One picture is smaller than the prompts.
    write_restormer("promptir_small", [(1, 16, 24), (2, 8, 8)], [4, 6, 8], [16, 8, 4], dim=4, heads=[1, 2, 2, 4],
                    ffn_expansion_factor=2.66, bias=False, LayerNorm_type="WithBias", content_dim=6,
                    attention_heads=2, attention_head_dim=3, **common)
