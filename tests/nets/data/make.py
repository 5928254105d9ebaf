#!/usr/bin/env python3
"""Writes the small parity fixtures beside this file: random networks, evaluated with numpy in double precision.

Written from the papers' definitions, independently of src/nets: loops over heads and kernel taps, no shared code.
Layout as in ../shared/golden (see its README): config.json, weights.safetensors, cases.safetensors; images (N,C,H,W).
Run: python3 tests/nets/data/make.py
"""
import json
import math
import os
import struct

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(20231001)


def save(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, value in sorted(tensors.items()):
        kind = {"float32": "F32", "float64": "F64", "int64": "I64"}[value.dtype.name]
        blob = np.ascontiguousarray(value).tobytes()
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write(folder, config, weights, cases):
    folder = os.path.join(HERE, folder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)
        file.write("\n")
    if weights:
        save(os.path.join(folder, "weights.safetensors"), weights)
    save(os.path.join(folder, "cases.safetensors"), cases)


# Rounded to float32, so that the file contains exactly the values used by the double-precision evaluation.
def normal(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


class Weights(dict):
    def conv(self, name, out, into, kernel, bias=True):
        self[name + ".weight"] = normal(out, into, kernel, kernel, scale=1 / math.sqrt(into * kernel * kernel))
        if bias:
            self[name + ".bias"] = normal(out, scale=0.2)

    def linear(self, name, out, into, bias=True):
        self[name + ".weight"] = normal(out, into, scale=1 / math.sqrt(into))
        if bias:
            self[name + ".bias"] = normal(out, scale=0.2)

    def norm(self, name, channels):
        self[name + ".weight"] = 1 + normal(channels, scale=0.25)
        self[name + ".bias"] = normal(channels, scale=0.2)


# --- operations in double precision, on (C,H,W) maps and (T,C) tokens
# ---------------------------------------------------
def conv(x, weight, bias, stride=1, pad=0):
    out, _, kh, kw = weight.shape
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    h, w = (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1
    y = np.zeros((out, h, w))
    for i in range(kh):
        for j in range(kw):
            part = x[:, i:i + stride * h:stride, j:j + stride * w:stride]
            y += np.einsum("oc,chw->ohw", weight[:, :, i, j].astype(np.float64), part)
    return y if bias is None else y + bias[:, None, None]


def depthwise(x, weight, bias):
    k = weight.shape[2]
    p = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    y = np.zeros_like(x)
    for i in range(k):
        for j in range(k):
            y += weight[:, 0, i, j, None, None].astype(np.float64) * p[:, i:i + x.shape[1], j:j + x.shape[2]]
    return y + bias[:, None, None]


def layer_norm(x, gain, bias, eps, axis):
    mean = x.mean(axis, keepdims=True)
    normed = (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis, keepdims=True) + eps)
    shape = [1] * x.ndim
    shape[axis] = -1
    return normed * gain.reshape(shape) + bias.reshape(shape)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def shuffle(x, f):
    c, h, w = x.shape
    return x.reshape(c // (f * f), f, f, h, w).transpose(0, 3, 1, 4, 2).reshape(c // (f * f), h * f, w * f)


def unshuffle(x, f):
    c, h, w = x.shape
    return x.reshape(c, h // f, f, w // f, f).transpose(0, 2, 4, 1, 3).reshape(c * f * f, h // f, w // f)


def attention(q, k, v, heads, causal=False):
    d = q.shape[1] // heads
    out = np.zeros_like(q)
    for head in range(heads):
        s = slice(head * d, (head + 1) * d)
        scores = q[:, s] @ k[:, s].T / math.sqrt(d)
        if causal:
            scores = np.where(np.triu(np.ones_like(scores), 1) > 0, -np.inf, scores)
        out[:, s] = softmax(scores) @ v[:, s]
    return out


def dense(x, w, name):
    y = x @ w[name + ".weight"].T.astype(np.float64)
    return y + w[name + ".bias"] if name + ".bias" in w else y


# --- NAFNet
# -------------------------------------------------------------------------------------------------------------
def nafnet_weights(c):
    w, f = Weights(), c.get("unshuffle", 1)
    width, levels = c["width"], len(c["enc_blk_nums"])

    def block(name, n):
        w[name + ".beta"], w[name + ".gamma"] = normal(1, n, 1, 1, scale=0.5), normal(1, n, 1, 1, scale=0.5)
        w.conv(name + ".conv1", 2 * n, n, 1)
        w.conv(name + ".conv2", 2 * n, 1, 3)
        w.conv(name + ".conv3", n, n, 1)
        w.conv(name + ".sca.1", n, n, 1)
        w.conv(name + ".conv4", 2 * n, n, 1)
        w.conv(name + ".conv5", n, n, 1)
        w.norm(name + ".norm1", n)
        w.norm(name + ".norm2", n)
        if c.get("degradation_dim"):
            w.linear(name + ".prompt", 4 * n, c["prompt_dim"])

    w.conv("intro", width, 3 * f * f, 3)
    w.conv("ending", 3 * f * f, width, 3)
    for i, count in enumerate(c["enc_blk_nums"]):
        for j in range(count):
            block(f"encoders.{i}.{j}", width << i)
        w.conv(f"downs.{i}", width << (i + 1), width << i, 2)
    for j in range(c["middle_blk_num"]):
        block(f"middle_blks.{j}", width << levels)
    for i, count in enumerate(c["dec_blk_nums"]):
        n = width << (levels - 1 - i)
        w.conv(f"ups.{i}.0", 4 * n, 2 * n, 1, bias=False)
        for j in range(count):
            block(f"decoders.{i}.{j}", n)
    if c.get("degradation_dim"):
        p = c["prompt_dim"]
        w.linear("prompt_mlp.0", p, c["degradation_dim"])
        w.linear("prompt_mlp.2", p, p)
        w["prompt"] = rng.random((1, p)).astype(np.float32)
        w.linear("prompt_linear", p, p)
    if c.get("content_dim"):
        inner, n = c["attention_heads"] * c["attention_head_dim"], width << levels
        w.norm("mid_attn.norm", n)
        w.linear("mid_attn.to_q", inner, n, bias=False)
        w.linear("mid_attn.to_k", inner, c["content_dim"], bias=False)
        w.linear("mid_attn.to_v", inner, c["content_dim"], bias=False)
        w.linear("mid_attn.to_out", n, inner)
    return w


def local_pool(x, window):
    """Averages over TLC's windows with plain loops, then repeats the border."""
    kh, kw = min(window[0], x.shape[1]), min(window[1], x.shape[2])
    h, w = x.shape[1] - kh + 1, x.shape[2] - kw + 1
    means = np.array([[x[:, i:i + kh, j:j + kw].mean((1, 2)) for j in range(w)] for i in range(h)]).transpose(2, 0, 1)
    rows = np.clip(np.arange(x.shape[1]) - (x.shape[1] - h) // 2, 0, h - 1)
    columns = np.clip(np.arange(x.shape[2]) - (x.shape[2] - w) // 2, 0, w - 1)
    return means[:, rows][:, :, columns]


def nafnet(c, w, image, degradation=None, content=None, local=None):
    f, levels = c.get("unshuffle", 1), len(c["enc_blk_nums"])
    height, width = image.shape[1:]
    multiple = f << levels
    image = np.pad(image.astype(np.float64), ((0, 0), (0, -height % multiple), (0, -width % multiple)))
    steer = None
    if degradation is not None:
        e = degradation.astype(np.float64)
        e = e / np.linalg.norm(e) * math.sqrt(e.size)
        gate = softmax(dense(silu(dense(e, w, "prompt_mlp.0")), w, "prompt_mlp.2")) * c["prompt_dim"]
        steer = silu(dense(gate * w["prompt"][0], w, "prompt_linear"))

    def block(name, x, level):
        n = x.shape[0]
        s = None if steer is None else dense(steer, w, name + ".prompt")

        def norm(which, y):
            y = layer_norm(y, w[f"{name}.norm{which}.weight"], w[f"{name}.norm{which}.bias"], 1e-6, 0)
            if s is None:
                return y
            scale, shift = s[(which - 1) * 2 * n:][:n], s[(which - 1) * 2 * n + n:][:n]
            return y * (1 + scale[:, None, None]) + shift[:, None, None]

        def point(layer, y):
            return conv(y, w[f"{name}.{layer}.weight"], w[f"{name}.{layer}.bias"])

        y = depthwise(point("conv1", norm(1, x)), w[name + ".conv2.weight"], w[name + ".conv2.bias"])
        y = y[:n] * y[n:]
        if local:
            train, base = local
            sizes = [((t + -t % multiple) // f >> level) * b // t for t, b in zip(train, base)]
            pooled = local_pool(y, sizes)
        else:
            pooled = y.mean((1, 2), keepdims=True)
        x = x + point("conv3", y * point("sca.1", pooled)) * w[name + ".beta"][0]
        y = point("conv4", norm(2, x))
        return x + point("conv5", y[:n] * y[n:]) * w[name + ".gamma"][0]

    x = conv(unshuffle(image, f), w["intro.weight"], w["intro.bias"], pad=1)
    skips = []
    for i, count in enumerate(c["enc_blk_nums"]):
        for j in range(count):
            x = block(f"encoders.{i}.{j}", x, i)
        skips.append(x)
        x = conv(x, w[f"downs.{i}.weight"], w[f"downs.{i}.bias"], stride=2)
    for j in range(c["middle_blk_num"]):
        x = block(f"middle_blks.{j}", x, levels)
    if content is not None:
        e = content.astype(np.float64)
        e = (e / np.linalg.norm(e) * math.sqrt(e.size))[None]
        tokens = x.reshape(x.shape[0], -1).T
        normed = layer_norm(tokens, w["mid_attn.norm.weight"], w["mid_attn.norm.bias"], 1e-5, 1)
        out = attention(dense(normed, w, "mid_attn.to_q"), dense(e, w, "mid_attn.to_k"), dense(e, w, "mid_attn.to_v"),
                        c["attention_heads"])
        x = (tokens + dense(out, w, "mid_attn.to_out")).T.reshape(x.shape)
    for i, count in enumerate(c["dec_blk_nums"]):
        x = shuffle(conv(x, w[f"ups.{i}.0.weight"], None), 2) + skips[levels - 1 - i]
        for j in range(count):
            x = block(f"decoders.{i}.{j}", x, levels - 1 - i)
    x = shuffle(conv(x, w["ending.weight"], w["ending.bias"], pad=1), f) + image
    return x[:, :height, :width]


def write_nafnet():
    plain = dict(img_channel=3, width=4, middle_blk_num=1, enc_blk_nums=[1, 2], dec_blk_nums=[1, 1])
    w = nafnet_weights(plain)
    a, odd = normal(1, 3, 12, 16, scale=0.5), normal(2, 3, 9, 14, scale=0.5)
    cases = {}
    for tag, images in (("a", a), ("pad", odd)):
        cases[tag + ".in"] = images
        cases[tag + ".out64"] = np.stack([nafnet(plain, w, x) for x in images])
    write("nafnet_small", {"kwargs": plain}, w, cases)

    train, base = [8, 8], [12, 12]
    cases = {"tall.in": normal(1, 3, 28, 10, scale=0.5)}
    cases["tall.out64"] = np.stack([nafnet(plain, w, x, local=(train, base)) for x in cases["tall.in"]])
    write("nafnet_small_local", {"kwargs": plain, "train_size": [1, 3] + train, "base_size": base, "fast_imp": False,
                                 "weights": "../nafnet_small/weights.safetensors"}, None, cases)

    steered = dict(plain, enc_blk_nums=[1], dec_blk_nums=[1], unshuffle=2, degradation_dim=10, prompt_dim=12,
                   content_dim=14, attention_heads=2, attention_head_dim=6)
    w = nafnet_weights(steered)
    cases = {}
    cases = (("both", 1, 1), ("degradation", 1, 0), ("content", 0, 1), ("none", 0, 0))
    for tag, with_degradation, with_content in cases:
        images = normal(2, 3, 9, 8, scale=0.5)
        e_d = normal(2, 10, scale=0.3) if with_degradation else None
        e_c = normal(2, 14, scale=7) if with_content else None
        cases[tag + ".in"] = images
        if with_degradation:
            cases[tag + ".degradation"] = e_d
        if with_content:
            cases[tag + ".content"] = e_c
        cases[tag + ".out64"] = np.stack([nafnet(steered, w, x, e_d[i] if with_degradation else None,
                                                 e_c[i] if with_content else None) for i, x in enumerate(images)])
    write("nafnet_small_steered", {"kwargs": steered}, w, cases)


# --- CLIP
# ---------------------------------------------------------------------------------------------------------------
def clip_blocks(w, name, width, layers):
    for i in range(layers):
        w.norm(f"{name}.{i}.ln_1", width)
        w[f"{name}.{i}.attn.in_proj_weight"] = normal(3 * width, width, scale=1 / math.sqrt(width))
        w[f"{name}.{i}.attn.in_proj_bias"] = normal(3 * width, scale=0.2)
        w.linear(f"{name}.{i}.attn.out_proj", width, width)
        w.norm(f"{name}.{i}.ln_2", width)
        w.linear(f"{name}.{i}.mlp.c_fc", 4 * width, width)
        w.linear(f"{name}.{i}.mlp.c_proj", width, 4 * width)


def clip_vision(w, name, blocks, v, embed):
    n, tokens = v["width"], (v["image_size"] // v["patch_size"]) ** 2 + 1
    w[name + "class_embedding"] = normal(n)
    w[name + "positional_embedding"] = normal(tokens, n, scale=0.5)
    w[name + "proj"] = normal(n, embed, scale=1 / math.sqrt(n))
    w.conv(name + "conv1", n, 3, v["patch_size"], bias=False)
    w.norm(name + "ln_pre", n)
    clip_blocks(w, name + blocks, n, v["layers"])
    w.norm(name + "ln_post", n)


def ln(x, w, name):
    return layer_norm(x, w[name + ".weight"], w[name + ".bias"], 1e-5, 1)


def clip_block(x, w, name, heads, causal=False):
    n = x.shape[1]
    in_proj = w[name + ".attn.in_proj_weight"].T.astype(np.float64)
    qkv = ln(x, w, name + ".ln_1") @ in_proj + w[name + ".attn.in_proj_bias"]
    x = x + dense(attention(qkv[:, :n], qkv[:, n:2 * n], qkv[:, 2 * n:], heads, causal), w, name + ".attn.out_proj")
    return x + dense(gelu(dense(ln(x, w, name + ".ln_2"), w, name + ".mlp.c_fc")), w, name + ".mlp.c_proj")


def vision(w, name, blocks, v, image, control=None, zeros=None):
    patches = conv(image.astype(np.float64), w[name + "conv1.weight"], None, stride=v["patch_size"])
    x = np.concatenate([w[name + "class_embedding"][None], patches.reshape(v["width"], -1).T])
    x = ln(x + w[name + "positional_embedding"], w, name + "ln_pre")
    hidden = []
    for i in range(v["layers"]):
        x = clip_block(x, w, f"{name}{blocks}.{i}", v["width"] // v["head_width"])
        if control:
            x = x + control[len(control) - 1 - i]
        if zeros:
            hidden.append(dense(x, w, f"{zeros}.{i}"))
    return (ln(x[:1], w, name + "ln_post") @ w[name + "proj"].astype(np.float64))[0], hidden


def text(w, t, ids):
    x = w["clip.token_embedding.weight"][ids].astype(np.float64) + w["clip.positional_embedding"]
    for i in range(t["layers"]):
        x = clip_block(x, w, f"clip.transformer.resblocks.{i}", t["heads"], causal=True)
    return (ln(x, w, "clip.ln_final")[np.argmax(ids)] @ w["clip.text_projection"].astype(np.float64))


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def daclip_weights(v, t, embed):
    w = Weights()
    clip_vision(w, "clip.visual.", "transformer.resblocks", v, embed)
    clip_vision(w, "visual_control.", "transformer.transformer.resblocks", v, embed)
    for i in range(v["layers"]):
        w.linear(f"visual_control.transformer.zero_modules.{i}", v["width"], v["width"])
    w["clip.token_embedding.weight"] = normal(t["vocab_size"], t["width"], scale=0.5)
    w["clip.positional_embedding"] = normal(t["context_length"], t["width"], scale=0.5)
    clip_blocks(w, "clip.transformer.resblocks", t["width"], t["layers"])
    w.norm("clip.ln_final", t["width"])
    w["clip.text_projection"] = normal(t["width"], embed, scale=0.3)
    w["clip.logit_scale"], w["logit_scale"] = np.array(2.6593, np.float32), np.array(1.75, np.float32)
    return w


def write_clip():
    v = dict(image_size=12, layers=2, width=12, patch_size=4, head_width=4)
    t = dict(context_length=7, vocab_size=20, width=8, heads=2, layers=2)
    embed = 10
    w = daclip_weights(v, t, embed)

    images = normal(3, 3, 12, 12)
    captions = np.array([[18, 3, 4, 5, 19, 0, 0], [18, 19, 0, 0, 0, 0, 0], [18, 7, 7, 9, 2, 1, 19]])
    degradations = np.array([[18, 3, 19, 0, 0, 0, 0], [18, 5, 6, 19, 0, 0, 0], [18, 8, 19, 0, 0, 0, 0]])
    plain, content, degradation, hidden = [], [], [], []
    for image in images:
        e_d, h = vision(w, "visual_control.", "transformer.transformer.resblocks", v, image,
                        zeros="visual_control.transformer.zero_modules")
        plain.append(vision(w, "clip.visual.", "transformer.resblocks", v, image)[0])
        content.append(vision(w, "clip.visual.", "transformer.resblocks", v, image, control=h)[0])
        degradation.append(e_d)
        hidden.append(h)
    cases = {"image": images, "tokens_caption": captions, "tokens_degra": degradations, "tokens_deg10": degradations}
    out = {"clip_image": np.stack(plain), "control_image": np.stack(content), "control_degra": np.stack(degradation),
           "text_caption": np.stack([text(w, t, ids) for ids in captions]),
           "text_degra": np.stack([text(w, t, ids) for ids in degradations])}
    for name in ("clip_image", "control_image", "control_degra", "text_caption"):
        out[name + "_norm"] = unit(out[name])
    for name, source in (("image", "control_image"), ("image_degra", "control_degra"), ("text", "text_caption"),
                         ("text_degra", "text_degra")):
        out[f"fwd.{name}_features"] = unit(out[source])
    out["degra_probs"] = softmax(math.exp(1.75) * unit(out["control_degra"]) @ unit(out["text_degra"]).T)
    cases.update({"out64." + name: value for name, value in out.items()})
    for i in range(v["layers"]):
        cases[f"out.hidden{i}"] = np.stack([h[i] for h in hidden], 1)
    write("daclip_small", {"model_cfg": {"embed_dim": embed, "vision_cfg": v, "text_cfg": t}}, w, cases)


if __name__ == "__main__":
    write_nafnet()
    write_clip()
