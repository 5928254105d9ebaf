"""The paper's networks written plainly in PyTorch (NCHW, eager operations), for comparison with daclip's engine.

Each is a function of a dict of weights with the published names and of the inputs; PyTorch 1.13 and newer.
"""
import math

import torch
import torch.nn.functional as F


def layer_norm(w, name, x, eps=1e-5):
    return F.layer_norm(x, (x.shape[-1],), w[name + ".weight"], w.get(name + ".bias"), eps)


def linear(w, name, x):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def conv(w, name, x, stride=1, padding=0):
    return F.conv2d(x, w[name + ".weight"], w.get(name + ".bias"), stride, padding)


def heads_attention(q, k, v, heads):
    """(N,T,C) each, softmax over keys."""
    def split(x):
        return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)
    q, k, v = split(q), split(k), split(v)
    if hasattr(F, "scaled_dot_product_attention"):
        out = F.scaled_dot_product_attention(q, k, v)
    else:
        out = torch.softmax(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5, -1) @ v
    return out.transpose(1, 2).flatten(2)


# --- DA-CLIP ---------------------------------------------------------------------------------------------------------

def transformer_block(w, name, x, heads):
    q, k, v = F.linear(layer_norm(w, name + ".ln_1", x), w[name + ".attn.in_proj_weight"],
                       w[name + ".attn.in_proj_bias"]).chunk(3, -1)
    x = x + linear(w, name + ".attn.out_proj", heads_attention(q, k, v, heads))
    h = F.gelu(linear(w, name + ".mlp.c_fc", layer_norm(w, name + ".ln_2", x)))
    return x + linear(w, name + ".mlp.c_proj", h)


def embed_image(w, name, image):
    kernel = w[name + "conv1.weight"]
    x = F.conv2d(image, kernel, None, kernel.shape[-1]).flatten(2).transpose(1, 2)
    x = torch.cat([w[name + "class_embedding"].expand(x.shape[0], 1, -1), x], 1) + w[name + "positional_embedding"]
    return layer_norm(w, name + "ln_pre", x)


def pool_image(w, name, x):
    return layer_norm(w, name + "ln_post", x[:, 0]) @ w[name + "proj"]


def daclip(w, image, heads=12, layers=12):
    """-> (N, 2E): content and degradation embedding."""
    x, controls = embed_image(w, "visual_control.", image), []
    for i in range(layers):
        x = transformer_block(w, f"visual_control.transformer.transformer.resblocks.{i}", x, heads)
        controls.append(linear(w, f"visual_control.transformer.zero_modules.{i}", x))
    degradation = pool_image(w, "visual_control.", x)
    x = embed_image(w, "clip.visual.", image)
    for i in range(layers):
        x = transformer_block(w, f"clip.visual.transformer.resblocks.{i}", x, heads) + controls[-1 - i]
    return torch.cat([pool_image(w, "clip.visual.", x), degradation], 1)


# --- NAFNet ----------------------------------------------------------------------------------------------------------

def layer_norm_2d(w, name, x, eps=1e-6):
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).pow(2).mean(1, keepdim=True)
    y = (x - mean) / (variance + eps).sqrt()
    return w[name + ".weight"].view(1, -1, 1, 1) * y + w[name + ".bias"].view(1, -1, 1, 1)


def gate(x):
    a, b = x.chunk(2, 1)
    return a * b


def nafnet_block(w, name, inp, steer):
    scale1, shift1, scale2, shift2 = linear(w, name + ".prompt", steer)[:, :, None, None].chunk(4, 1)
    x = layer_norm_2d(w, name + ".norm1", inp) * (1 + scale1) + shift1
    x = conv(w, name + ".conv1", x)
    x = gate(F.conv2d(x, w[name + ".conv2.weight"], w[name + ".conv2.bias"], padding=1, groups=x.shape[1]))
    x = x * conv(w, name + ".sca.1", x.mean((2, 3), keepdim=True))
    y = inp + conv(w, name + ".conv3", x) * w[name + ".beta"]
    x = layer_norm_2d(w, name + ".norm2", y) * (1 + scale2) + shift2
    x = conv(w, name + ".conv5", gate(conv(w, name + ".conv4", x)))
    return y + x * w[name + ".gamma"]


def nafnet(w, lq, content, degradation, encoder=(1, 1, 1, 28), middle=1, decoder=(1, 1, 1, 1), heads=8):
    content, degradation = (F.normalize(c) * c.shape[1] ** 0.5 for c in (content, degradation))
    p = linear(w, "prompt_mlp.2", F.silu(linear(w, "prompt_mlp.0", degradation)))
    p = p.softmax(-1) * p.shape[-1]
    steer = F.silu(linear(w, "prompt_linear", p * w["prompt"]))

    x, skips = conv(w, "intro", lq, padding=1), []
    for level, count in enumerate(encoder):
        for i in range(count):
            x = nafnet_block(w, f"encoders.{level}.{i}", x, steer)
        skips.append(x)
        x = conv(w, f"downs.{level}", x, stride=2)
    for i in range(middle):
        x = nafnet_block(w, f"middle_blks.{i}", x, steer)
    tokens = x.flatten(2).transpose(1, 2)
    q = linear(w, "mid_attn.to_q", layer_norm(w, "mid_attn.norm", tokens))
    k, v = (linear(w, f"mid_attn.{part}", content[:, None]) for part in ("to_k", "to_v"))
    out = linear(w, "mid_attn.to_out", heads_attention(q, k, v, heads))
    x = x + out.transpose(1, 2).reshape(x.shape)
    for level, count in enumerate(decoder):
        x = F.pixel_shuffle(conv(w, f"ups.{level}.0", x), 2) + skips[-1 - level]
        for i in range(count):
            x = nafnet_block(w, f"decoders.{level}.{i}", x, steer)
    return conv(w, "ending", x, padding=1) + lq


# --- Restormer and PromptIR ------------------------------------------------------------------------------------------

def depthwise(w, name, x):
    return F.conv2d(x, w[name + ".weight"], w.get(name + ".bias"), padding=1, groups=x.shape[1])


def restormer_block(w, name, x):
    n, c, height, width = x.shape
    temperature = w[name + ".attn.temperature"]
    y = conv(w, name + ".attn.qkv", channels_norm(w, name + ".norm1.body", x))
    q, k, v = depthwise(w, name + ".attn.qkv_dwconv", y).reshape(n, 3, len(temperature), -1, height * width).unbind(1)
    scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * temperature
    x = x + conv(w, name + ".attn.project_out", (scores.softmax(-1) @ v).reshape(n, c, height, width))
    y = conv(w, name + ".ffn.project_in", channels_norm(w, name + ".norm2.body", x))
    a, b = depthwise(w, name + ".ffn.dwconv", y).chunk(2, 1)
    return x + conv(w, name + ".ffn.project_out", F.gelu(a) * b)


def channels_norm(w, name, x):
    return layer_norm(w, name, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def restormer_blocks(w, name, x, count):
    for i in range(count):
        x = restormer_block(w, f"{name}.{i}", x)
    return x


def prompt(w, name, x):
    shares = linear(w, name + ".linear_layer", x.mean((2, 3))).softmax(1)
    maps = (shares[:, :, None, None, None] * w[name + ".prompt_param"]).sum(1)
    return conv(w, name + ".conv3x3", F.interpolate(maps, x.shape[2:], mode="bilinear"), padding=1)


def restormer(w, lq, blocks=(4, 6, 6, 8), refinement=4):
    """PromptIR too, where the weights have prompts."""
    x, skips = conv(w, "patch_embed.proj", lq, padding=1), []
    for level in (1, 2, 3):
        x = restormer_blocks(w, f"encoder_level{level}", x, blocks[level - 1])
        skips.append(x)
        x = F.pixel_unshuffle(conv(w, f"down{level}_{level + 1}.body.0", x, padding=1), 2)
    x = restormer_blocks(w, "latent", x, blocks[3])
    for level in (3, 2, 1):
        if f"prompt{level}.prompt_param" in w:
            x = restormer_block(w, f"noise_level{level}", torch.cat([x, prompt(w, f"prompt{level}", x)], 1))
            x = conv(w, f"reduce_noise_level{level}", x)
        x = F.pixel_shuffle(conv(w, f"up{level + 1}_{level}.body.0", x, padding=1), 2)
        x = torch.cat([x, skips[level - 1]], 1)
        if level > 1:
            x = conv(w, f"reduce_chan_level{level}", x)
        x = restormer_blocks(w, f"decoder_level{level}", x, blocks[level - 1])
    return conv(w, "output", restormer_blocks(w, "refinement", x, refinement), padding=1) + lq


promptir = restormer


# --- U-Net -----------------------------------------------------------------------------------------------------------

def channel_norm(w, name, x, eps=1e-5):
    mean, variance = x.mean(1, keepdim=True), x.var(1, unbiased=False, keepdim=True)
    return (x - mean) * (variance + eps).rsqrt() * w[name + ".g"]


def res_block(w, name, x, time):
    scale, shift = linear(w, name + ".mlp.1", F.silu(time))[:, :, None, None].chunk(2, 1)
    h = F.silu(conv(w, name + ".block1.proj", x, padding=1) * (scale + 1) + shift)
    h = F.silu(conv(w, name + ".block2.proj", h, padding=1))
    return h + (conv(w, name + ".res_conv", x) if name + ".res_conv.weight" in w else x)


def linear_attention(w, name, x, heads=4):
    n, _, height, width = x.shape
    q, k, v = (t.reshape(n, heads, -1, height * width) for t in conv(w, name + ".to_qkv", x).chunk(3, 1))
    q, k = q.softmax(-2) * q.shape[2] ** -0.5, k.softmax(-1)
    context = k @ (v / (height * width)).transpose(2, 3)
    out = (context.transpose(2, 3) @ q).reshape(n, -1, height, width)
    return channel_norm(w, name + ".to_out.1", conv(w, name + ".to_out.0", out))


def cross_attention(w, name, x, source, heads):
    q, k, v = linear(w, name + ".to_q", x), linear(w, name + ".to_k", source), linear(w, name + ".to_v", source)
    return linear(w, name + ".to_out.0", heads_attention(q, k, v, heads))


def spatial_transformer(w, name, x, content, head_dim=32):
    h = conv(w, name + ".proj_in", F.group_norm(x, 32, w[name + ".norm.weight"], w[name + ".norm.bias"], 1e-6))
    h, heads, block = h.flatten(2).transpose(1, 2), x.shape[1] // head_dim, name + ".transformer_blocks.0"
    y = layer_norm(w, block + ".norm1", h)
    h = h + cross_attention(w, block + ".attn1", y, y, heads)
    h = h + cross_attention(w, block + ".attn2", layer_norm(w, block + ".norm2", h), content[:, None], heads)
    a, b = linear(w, block + ".ff.net.0.proj", layer_norm(w, block + ".norm3", h)).chunk(2, -1)
    h = h + linear(w, block + ".ff.net.2", a * F.gelu(b))
    return x + conv(w, name + ".proj_out", h.transpose(1, 2).reshape(x.shape))


def unet_attention(w, name, x, content):
    y, inner = channel_norm(w, name + ".fn.norm", x), name + ".fn.fn"
    transformer = inner + ".proj_in.weight" in w
    return x + (spatial_transformer(w, inner, y, content) if transformer else linear_attention(w, inner, y))


def unet(w, xt, mu, content, degradation, time, levels=4):
    half = w["time_mlp.1.weight"].shape[1] // 2
    frequency = torch.exp(torch.arange(half) * (-math.log(10000) / (half - 1)))
    t = torch.cat([(time * frequency).sin(), (time * frequency).cos()])[None].to(xt.dtype)
    t = linear(w, "time_mlp.3", F.gelu(linear(w, "time_mlp.1", t)))
    gate_values = linear(w, "text_mlp.2", F.silu(linear(w, "text_mlp.0", degradation))).softmax(-1)
    t = t + linear(w, "prompt_mlp", gate_values * w["prompt"])

    x = first = conv(w, "init_conv", torch.cat([xt - mu, mu], 1), padding=3)
    skips = []
    for level in range(levels):
        name = f"downs.{level}"
        x = res_block(w, name + ".0", x, t)
        skips.append(x)
        x = unet_attention(w, name + ".2", res_block(w, name + ".1", x, t), content)
        skips.append(x)
        last = level + 1 == levels
        x = conv(w, name + ".3", x, stride=1 if last else 2, padding=1)
    x = unet_attention(w, "mid_attn", res_block(w, "mid_block1", x, t), content)
    x = res_block(w, "mid_block2", x, t)
    for i in range(levels):
        name = f"ups.{i}"
        x = res_block(w, name + ".0", torch.cat([x, skips.pop()], 1), t)
        x = res_block(w, name + ".1", torch.cat([x, skips.pop()], 1), t)
        x = unet_attention(w, name + ".2", x, content)
        if i + 1 < levels:
            x = conv(w, name + ".3.1", F.interpolate(x, scale_factor=2, mode="nearest"), padding=1)
        else:
            x = conv(w, name + ".3", x, padding=1)
    x = res_block(w, "final_res_block", torch.cat([x, first], 1), t)
    return conv(w, "final_conv", x, padding=1)
