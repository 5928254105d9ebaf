#!/usr/bin/env python3
"""Writes the small parity fixtures of the conditional U-Net, evaluated with numpy in double precision.

Written from the papers' definitions, independently of src/nets. Layout as in ../shared/golden, except that weights are
derived from their names (`value_of`, and `named_weight` in fixtures.h) instead of stored.
Run: python3 tests/nets/data/make_unet.py
"""
import math

import numpy as np

from make import attention, conv, dense, gelu, layer_norm, normal, silu, softmax, write

HEADS, HEAD_WIDTH = 4, 32
GOLDEN_GAMMA, MIX1, MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MASK = (1 << 64) - 1


def value_of(name, shape):
    """float32 values of order 1/sqrt(fan in), gains around 1: FNV-1a of the name, then SplitMix64."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & MASK
    count = math.prod(shape)
    values = np.empty(count)
    for i in range(count):
        z = (state + (i + 1) * GOLDEN_GAMMA) & MASK
        z = (z ^ z >> 30) * MIX1 & MASK
        z = (z ^ z >> 27) * MIX2 & MASK
        values[i] = ((z ^ z >> 31) >> 40) * 2.0 ** -23 - 1
    if name.endswith(".g") or ("norm" in name.lower() and name.endswith("weight")):
        values = 1 + 0.4 * values
    elif len(shape) > 1:
        values = math.sqrt(3.0 * shape[0] / count) * values
    else:
        values = 0.3 * values
    return values.astype(np.float32).reshape(shape)


class Named(dict):
    def __init__(self, values):
        self.values_of = values

    def add(self, name, *shape):
        self[name] = self.values_of(name, shape)

    def conv(self, name, out, into, kernel, bias=True):
        self.add(name + ".weight", out, into, kernel, kernel)
        if bias:
            self.add(name + ".bias", out)

    def linear(self, name, out, into, bias=True):
        self.add(name + ".weight", out, into)
        if bias:
            self.add(name + ".bias", out)

    def norm(self, name, channels):
        self.add(name + ".weight", channels)
        self.add(name + ".bias", channels)

    def res_block(self, name, into, out, time):
        self.linear(name + ".mlp.1", 2 * out, time)
        self.conv(name + ".block1.proj", out, into, 3, bias=False)
        self.conv(name + ".block2.proj", out, out, 3, bias=False)
        if into != out:
            self.conv(name + ".res_conv", out, into, 1, bias=False)

    def attention(self, name, n, context):
        """context: length of the context of a spatial transformer; 0: linear attention."""
        self.add(name + ".fn.norm.g", 1, n, 1, 1)
        inner = name + ".fn.fn"
        if not context:
            self.conv(inner + ".to_qkv", 3 * HEADS * HEAD_WIDTH, n, 1, bias=False)
            self.conv(inner + ".to_out.0", n, HEADS * HEAD_WIDTH, 1)
            self.add(inner + ".to_out.1.g", 1, n, 1, 1)
            return
        self.norm(inner + ".norm", n)
        self.conv(inner + ".proj_in", n, n, 1)
        self.conv(inner + ".proj_out", n, n, 1)
        block = inner + ".transformer_blocks.0"
        for part, source in ((".attn1", n), (".attn2", context)):
            self.linear(block + part + ".to_q", n, n, bias=False)
            self.linear(block + part + ".to_k", n, source, bias=False)
            self.linear(block + part + ".to_v", n, source, bias=False)
            self.linear(block + part + ".to_out.0", n, n)
        self.linear(block + ".ff.net.0.proj", 8 * n, n)
        self.linear(block + ".ff.net.2", n, 4 * n)
        for i in (1, 2, 3):
            self.norm(f"{block}.norm{i}", n)


class Unet:
    def __init__(self, kwargs, wild=False, values=value_of):
        self.wild, self.width, self.levels = wild, kwargs["nf"], len(kwargs["ch_mult"])
        self.out = [self.width * m for m in kwargs["ch_mult"]]
        self.into = [self.width] + self.out[:-1]
        self.content = kwargs["context_dim"] if kwargs["use_image_context"] else 0
        self.degradation = kwargs["context_dim"] if kwargs["use_degra_context"] else 0
        self.w = self.weights(values)

    def context_at(self, level):
        return self.content if level >= (self.levels - 1 if self.wild else 3) else 0

    def weights(self, values):
        w, n, time, last = Named(values), self.width, 4 * self.width, self.levels - 1
        w.conv("init_conv", n, 6, 7, bias=False)
        w.linear("time_mlp.1", time, n)
        w.linear("time_mlp.3", time, time)
        if self.degradation:
            w.linear("text_mlp.0", time, self.degradation)
            w.linear("text_mlp.2", time, time)
            w.linear("prompt_mlp", time, time)
            w.add("prompt", 1, time)
        if self.wild:
            w.conv("downsample", n, n, 4)
            w.conv("upsample.1", n, n, 3)
        for i in range(self.levels):
            into, out = self.into[i], self.out[i]
            for block in (0, 1):
                w.res_block(f"downs.{i}.{block}", into, into, time)
                w.res_block(f"ups.{last - i}.{block}", out + into, out, time)
            w.attention(f"downs.{i}.2", into, self.context_at(i))
            w.attention(f"ups.{last - i}.2", out, self.context_at(i))
            w.conv(f"downs.{i}.3", out, into, 3 if i == last else 4, bias=i != last)
            w.conv(f"ups.{last - i}.3" if i == 0 else f"ups.{last - i}.3.1", into, out, 3, bias=i != 0)
        w.res_block("mid_block1", self.out[-1], self.out[-1], time)
        w.attention("mid_attn", self.out[-1], self.content)
        w.res_block("mid_block2", self.out[-1], self.out[-1], time)
        w.res_block("final_res_block", 2 * n, n, time)
        w.conv("final_conv", 3, n, 3)
        return w

    def __call__(self, xt, mu, time, degradation=None, content=None):
        """One picture (3,H,W) -> the predicted noise."""
        self.time = self.time_embedding(time, degradation)
        self.token = np.zeros(self.content) if content is None else content.astype(np.float64)
        _, height, width = xt.shape
        multiple = 1 << self.levels
        x = np.concatenate([xt.astype(np.float64) - mu, mu.astype(np.float64)])
        x = np.pad(x, ((0, 0), (0, -height % multiple), (0, -width % multiple)), mode="reflect")
        x = first = self.conv("init_conv", x, pad=3)
        if self.wild:
            x = self.conv("downsample", x, stride=2, pad=1)
        skips = []
        for i in range(self.levels):
            x = self.res_block(f"downs.{i}.0", x)
            skips.append(x)
            x = self.attend(f"downs.{i}.2", self.res_block(f"downs.{i}.1", x), self.context_at(i))
            skips.append(x)
            x = self.conv(f"downs.{i}.3", x, stride=1 if i + 1 == self.levels else 2, pad=1)
        x = self.attend("mid_attn", self.res_block("mid_block1", x), self.content)
        x = self.res_block("mid_block2", x)
        for i in range(self.levels):
            level = self.levels - 1 - i
            x = self.res_block(f"ups.{i}.0", np.concatenate([x, skips.pop()]))
            x = self.res_block(f"ups.{i}.1", np.concatenate([x, skips.pop()]))
            x = self.attend(f"ups.{i}.2", x, self.context_at(level))
            x = self.conv(f"ups.{i}.3.1", self.twice(x), pad=1) if level else self.conv(f"ups.{i}.3", x, pad=1)
        if self.wild:
            x = self.conv("upsample.1", self.twice(x), pad=1)
        x = self.res_block("final_res_block", np.concatenate([x, first]))
        return self.conv("final_conv", x, pad=1)[:, :height, :width]

    def time_embedding(self, time, degradation):
        half = self.width // 2
        angles = time * np.exp(-np.arange(half) * math.log(10000) / (half - 1))
        t = gelu(dense(np.concatenate([np.sin(angles), np.cos(angles)]), self.w, "time_mlp.1"))
        t = dense(t, self.w, "time_mlp.3")
        if degradation is not None:
            hidden = silu(dense(degradation.astype(np.float64), self.w, "text_mlp.0"))
            gate = softmax(dense(hidden, self.w, "text_mlp.2"))
            t = t + dense(gate * self.w["prompt"][0], self.w, "prompt_mlp")
        return t

    def conv(self, name, x, stride=1, pad=0):
        return conv(x, self.w[name + ".weight"], self.w.get(name + ".bias"), stride, pad)

    @staticmethod
    def twice(x):
        return x.repeat(2, 1).repeat(2, 2)

    def res_block(self, name, x):
        scale, shift = np.split(dense(silu(self.time), self.w, name + ".mlp.1"), 2)
        h = self.conv(name + ".block1.proj", x, pad=1)
        h = silu(h * (scale[:, None, None] + 1) + shift[:, None, None])
        h = silu(self.conv(name + ".block2.proj", h, pad=1))
        return h + (self.conv(name + ".res_conv", x) if name + ".res_conv.weight" in self.w else x)

    def channel_norm(self, name, x):
        return layer_norm(x, self.w[name].reshape(-1), np.zeros(x.shape[0]), 1e-5, 0)

    def attend(self, name, x, context):
        y = self.channel_norm(name + ".fn.norm.g", x)
        return x + (self.transformer(name + ".fn.fn", y) if context else self.linear_attention(name + ".fn.fn", y))

    def linear_attention(self, name, x):
        _, height, width = x.shape
        rows = self.conv(name + ".to_qkv", x).reshape(3, HEADS, HEAD_WIDTH, height * width)
        out = []
        for q, k, v in zip(*rows):  # (channels, positions) of one head
            q = softmax(q.T).T / math.sqrt(HEAD_WIDTH)
            out.append((softmax(k) @ (v / (height * width)).T).T @ q)
        out = np.concatenate(out).reshape(-1, height, width)
        return self.channel_norm(name + ".to_out.1.g", self.conv(name + ".to_out.0", out))

    def transformer(self, name, x):
        groups = x.reshape(32, -1)
        normed = (groups - groups.mean(1, keepdims=True)) / np.sqrt(groups.var(1, keepdims=True) + 1e-6)
        normed = normed.reshape(x.shape) * self.w[name + ".norm.weight"][:, None, None]
        h = self.conv(name + ".proj_in", normed + self.w[name + ".norm.bias"][:, None, None]).reshape(x.shape[0], -1).T
        block = name + ".transformer_blocks.0"

        def norm(i):
            return layer_norm(h, self.w[f"{block}.norm{i}.weight"], self.w[f"{block}.norm{i}.bias"], 1e-5, 1)

        def attend(part, y, source):
            q, k, v = (dense(from_, self.w, f"{block}.{part}.to_{letter}")
                       for letter, from_ in (("q", y), ("k", source), ("v", source)))
            return dense(attention(q, k, v, x.shape[0] // HEAD_WIDTH), self.w, f"{block}.{part}.to_out.0")

        y = norm(1)
        h = h + attend("attn1", y, y)
        h = h + attend("attn2", norm(2), self.token[None])
        value, gate = np.split(dense(norm(3), self.w, block + ".ff.net.0.proj"), 2, axis=1)
        h = h + dense(value * gelu(gate), self.w, block + ".ff.net.2")
        return x + self.conv(name + ".proj_out", h.T.reshape(x.shape))


def write_unet(folder, sizes, nf, ch_mult, degradation, content, wild=False):
    kwargs = dict(in_nc=3, nf=nf, ch_mult=ch_mult, context_dim=10, use_degra_context=degradation,
                  use_image_context=content)
    if wild:
        kwargs["scale"] = 0.5
    network, cases = Unet(kwargs, wild), {}
    for i, (count, height, width) in enumerate(sizes):
        xt, mu = normal(count, 3, height, width, scale=0.5), normal(count, 3, height, width, scale=0.5)
        times = np.array([37.0, 4.0, 91.5][i:i + count])
        e_d, e_c = normal(count, 10), normal(count, 10)
        cases.update({f"case{i}.xt": xt, f"case{i}.cond": mu, f"case{i}.time": times})
        if degradation:
            cases[f"case{i}.text_context"] = e_d
        if content:
            cases[f"case{i}.image_context"] = e_c
        cases[f"case{i}.out64"] = np.stack([network(xt[n], mu[n], times[n], e_d[n] if degradation else None,
                                                    e_c[n] if content else None) for n in range(count)])
    write(folder, {"config": "wild-ir" if wild else "daclip-sde", "kwargs": kwargs, "weights": "by name",
                   "params": sum(v.size for v in network.w.values())}, None, cases)


if __name__ == "__main__":
    write_unet("unet_small", [(1, 16, 16), (2, 19, 21)], 8, [1, 2, 4, 4], True, True)
    write_unet("unet_small_plain", [(1, 7, 10)], 6, [1, 3], False, False)
    write_unet("unet_small_degradation", [(1, 8, 6)], 6, [2, 1], True, False)
    write_unet("unet_small_wild", [(2, 15, 20)], 8, [4, 4], True, True, wild=True)
