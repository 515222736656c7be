"""torchscale's encoder, decoder, encoder-decoder and BEiT-3 in its own layout, of any size.

python3 torchscale.py DIRECTORY FIRST COUNT writes that many directories of random sizes
and options, for lode verify.
"""
import math
import random
import sys

import torch
from torch import nn
from torch.nn import functional as F

import directory
from layers import ACT, Bag, causal

INFINITE = -1e30


class Pair(nn.Module):
    """A for images (the first columns), B for text."""

    def __init__(self, make):
        super().__init__()
        self.A, self.B = make(), make()

    def forward(self, x, split):
        if split == 0:
            return self.B(x)
        if split < 0 or split >= x.shape[1]:
            return self.A(x)
        return torch.cat([self.A(x[:, :split]), self.B(x[:, split:])], 1)


def module(c, make):
    """make's module, or a pair of it that takes the split as well."""
    if c["multiway"]:
        return Pair(make)
    m = make()
    forward = m.forward
    m.forward = lambda x, split=None: forward(x)
    return m


def buckets(t, s, n, most, first=0):
    """T5's bidirectional buckets of key minus query (t, s), in float32."""
    rel = torch.arange(s)[None] - (torch.arange(t)[:, None] + first)
    half = n // 2
    b = (rel > 0).long() * half
    d = rel.abs()
    exact = half // 2
    far = exact + (torch.log(d.float() / exact) / math.log(most / exact) * (half - exact)).long()
    return b + torch.where(d < exact, d, torch.minimum(far, torch.full_like(far, half - 1)))


def xpos(x, heads, base, down):
    b, t, w = x.shape
    h = w // heads
    zeta = (torch.arange(0, h, 2, dtype=torch.float64) + 0.4 * h) / (1.4 * h)
    low = -t // 2
    scale = zeta[None] ** (torch.arange(low, low + t, dtype=torch.float64)[:, None] / base)
    if down:
        scale = 1 / scale
    angle = torch.arange(t, dtype=torch.float64)[:, None] * (10000.0 ** (-torch.arange(h // 2, dtype=torch.float64) / (h // 2)))[None]
    cos, sin = ((f(angle) * scale).repeat_interleave(2, 1)[None, :, None] for f in (torch.cos, torch.sin))
    x = x.view(b, t, heads, h)
    turned = torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)
    return (x * cos + turned * sin).reshape(b, t, w)


class Attention(nn.Module):
    def __init__(self, c, side, cross):
        super().__init__()
        d = c[side + "_embed_dim"]
        self.heads, self.cross, self.c = c[side + "_attention_heads"], cross, c
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            self.add_module(name, module(c, lambda: nn.Linear(d, d)))
        self.inner_attn_ln = module(c, lambda: nn.LayerNorm(d, c["layernorm_eps"])) if c["subln"] and not cross else None

    def forward(self, q, kv, mask, keys, rel, split):
        b, t, d = q.shape
        h = d // self.heads
        q, k, v = self.q_proj(q, split), self.k_proj(kv, split), self.v_proj(kv, split)
        if self.c["xpos_rel_pos"] and not self.cross:
            q, k = xpos(q, self.heads, self.c["xpos_scale_base"], False), xpos(k, self.heads, self.c["xpos_scale_base"], True)
        q, k, v = (x.view(b, -1, self.heads, h).transpose(1, 2) for x in (q, k, v))
        s = q @ k.transpose(2, 3) / math.sqrt(h)
        if mask is not None:
            s = (s.float() + mask.float()).double()  # beside -1e8 a score is rounded away, where nothing else is left too
        if keys is not None:
            s = s.masked_fill(keys[:, None, None], INFINITE)
        if rel is not None:
            s = s + rel
        y = (torch.softmax(s, -1) @ v).transpose(1, 2).reshape(b, t, d)
        if self.inner_attn_ln is not None:
            y = self.inner_attn_ln(y, split)
        return self.out_proj(y, split)


class FFN(nn.Module):
    def __init__(self, c, side):
        super().__init__()
        d, f = c[side + "_embed_dim"], c[side + "_ffn_embed_dim"]
        self.fc1, self.fc2, self.act = nn.Linear(d, f), nn.Linear(f, d), ACT[c["activation_fn"]]
        self.ffn_layernorm = nn.LayerNorm(f, c["layernorm_eps"]) if c["subln"] else None

    def forward(self, x):
        x = self.act(self.fc1(x))
        if self.ffn_layernorm is not None:
            x = self.ffn_layernorm(x)
        return self.fc2(x)


class MoE(nn.Module):
    """GShard's mixture, or torchscale's X-MoE."""

    def __init__(self, c, side):
        super().__init__()
        d, e = c[side + "_embed_dim"], c["moe_expert_count"]
        self.c, self.side = c, side
        self.experts = nn.ModuleList([FFN(c, side) for _ in range(e)])
        self.gate = nn.Module()
        if c["use_xmoe"]:
            self.gate.wg_reduction = nn.Linear(d, 16, False)
            self.gate.wg = nn.Parameter(torch.empty(e, 16))
        else:
            self.gate.wg = nn.Linear(d, e, False)

    def forward(self, x, aux):
        c, shape = self.c, x.shape
        if self.side == "encoder":
            x = x.transpose(0, 1)  # time-major
        flat = x.reshape(-1, shape[-1])
        s, e = flat.shape[0], c["moe_expert_count"]
        if c["use_xmoe"]:
            logits = self.gate.wg_reduction(flat) @ (self.gate.wg / self.gate.wg.norm(dim=1, keepdim=True)).T
        else:
            logits = self.gate.wg(flat)
        g = torch.softmax(logits, -1)
        top = 1 if c["moe_top1_expert"] else 2
        fraction = c["moe_eval_capacity_token_fraction"]
        room = math.ceil(fraction * s) if fraction > 0 else top * math.ceil(s / e)
        order = logits.argsort(-1, descending=True)
        aux.append(e * e * (g.mean(0) * F.one_hot(order[:, 0], e).double().mean(0)).mean())
        used, y = [0] * e, torch.zeros_like(flat)
        kept = [[False] * s for _ in range(top)]
        for k in range(top):
            for t in range(s):
                i = int(order[t, k])
                kept[k][t] = used[i] < room
                used[i] += 1
        for t in range(s):
            w = [float(g[t, order[t, k]]) for k in range(top)]
            if top == 2 and c["moe_normalize_gate_prob_before_dropping"]:
                w = [x / max(sum(w), torch.finfo(torch.float32).eps) for x in w]
            w = [x if kept[k][t] else 0.0 for k, x in enumerate(w)]
            if top == 2 and not c["moe_normalize_gate_prob_before_dropping"]:
                w = [x / max(sum(w), torch.finfo(torch.float32).eps) for x in w]
            for k in range(top):
                if w[k] != 0:
                    y[t] += w[k] * self.experts[int(order[t, k])](flat[t])
        y = y.reshape(x.shape)
        return y.transpose(0, 1) if self.side == "encoder" else y


class Layer(nn.Module):
    def __init__(self, c, side, i, alpha, before, cross):
        super().__init__()
        d, eps = c[side + "_embed_dim"], c["layernorm_eps"]
        self.alpha, self.before = alpha, before
        self.self_attn, self.self_attn_layer_norm = Attention(c, side, False), module(c, lambda: nn.LayerNorm(d, eps))
        if cross:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(c, side, True), nn.LayerNorm(d, eps)
        self.final_layer_norm = module(c, lambda: nn.LayerNorm(d, eps))
        self.moe = c["moe_freq"] > 0 and (i + 1) % c["moe_freq"] == 0
        if self.moe:
            self.moe_layer = MoE(c, side)
        else:
            self.ffn = module(c, lambda: FFN(c, side))

    def sub(self, norm, x, f):
        return self.alpha * x + f(norm(x)) if self.before else norm(self.alpha * x + f(x))

    def forward(self, x, mask, keys, rel, split, aux, source=None, source_keys=None, cross_rel=None):
        x = self.sub(lambda y: self.self_attn_layer_norm(y, split), x, lambda y: self.self_attn(y, y, mask, keys, rel, split))
        if source is not None:
            x = self.sub(self.encoder_attn_layer_norm, x, lambda y: self.encoder_attn(y, source, None, source_keys, cross_rel, split))
        return self.sub(lambda y: self.final_layer_norm(y, split), x, lambda y: self.moe_layer(y, aux) if self.moe else self.ffn(y, split))


class Stack(nn.Module):
    def __init__(self, c, side, alpha, before, cross):
        super().__init__()
        d = c[side + "_embed_dim"]
        self.c, self.side = c, side
        self.scale = 1 if c["no_scale_embedding"] else math.sqrt(d)
        if not c["multiway"]:
            self.embed_tokens = nn.Embedding(c["vocab_size"], d)
            if c["positions"]:
                self.embed_positions = nn.Embedding(c["max_%s_positions" % ("source" if side == "encoder" else "target")] + 2, d)
        if c["layernorm_embedding"]:
            self.layernorm_embedding = nn.LayerNorm(d, c["layernorm_eps"])
        self.layers = nn.ModuleList([Layer(c, side, i, alpha, before, cross) for i in range(c[side + "_layers"])])
        if before and (side == "decoder" or c["normalize_output"]):
            self.layer_norm = module(c, lambda: nn.LayerNorm(d, c["layernorm_eps"]))
        if c["rel_pos_buckets"]:
            names = {"encoder": ["relative_position"], "decoder": ["self_attn_relative_position"] + ["cross_attn_relative_position"] * cross}[side]
            for name in names:
                self.add_module(name, Bag(relative_attention_bias=nn.Embedding(c["rel_pos_buckets"], c[side + "_attention_heads"])))

    def relative(self, name, t, s):
        if not self.c["rel_pos_buckets"]:
            return None
        table = getattr(self, name).relative_attention_bias.weight
        return table[buckets(t, s, self.c["rel_pos_buckets"], self.c["max_rel_pos"])].permute(2, 0, 1)[None]

    def embed(self, ids):
        x = self.scale * self.embed_tokens(ids)
        if hasattr(self, "embed_positions"):
            x = x + self.embed_positions(torch.arange(ids.shape[1]) + 2)
        return self.layernorm_embedding(x) if hasattr(self, "layernorm_embedding") else x

    def run(self, x, outputs, mask=None, keys=None, split=None, source=None, source_keys=None):
        t, aux = x.shape[1], []
        if keys is not None:
            x = x * (~keys)[..., None]
        rel = self.relative("relative_position" if self.side == "encoder" else "self_attn_relative_position", t, t)
        cross = self.relative("cross_attn_relative_position", t, source.shape[1]) if source is not None else None
        outputs["embed"] = x
        for i, y in enumerate(self.layers):
            x = y(x, mask, keys, rel, split, aux, source, source_keys, cross)
            outputs["layer%d" % i] = x
        if aux:
            outputs["l_aux"] = torch.stack(aux)
        return self.layer_norm(x, split) if hasattr(self, "layer_norm") else x


def config(kind, **more):
    c = {
        "activation_fn": "gelu", "deepnorm": False, "kind": kind, "layernorm_embedding": False, "layernorm_eps": 1e-5, "max_rel_pos": 0,
        "moe_eval_capacity_token_fraction": 1.0, "moe_expert_count": 0, "moe_freq": 0, "moe_normalize_gate_prob_before_dropping": False,
        "moe_second_expert_policy": "all", "moe_top1_expert": False, "multiway": kind == "beit3", "no_scale_embedding": True, "normalize_output": True,
        "positions": True, "rel_pos_buckets": 0, "subln": True, "use_xmoe": False, "vocab_size": 31, "xpos_rel_pos": False, "xpos_scale_base": 512,
    }
    for side, name in (("encoder", "source"), ("decoder", "target")):
        if kind == "encdec" or kind == side or kind == "beit3" and side == "encoder":
            c.update({side + "_attention_heads": 3, side + "_embed_dim": 12, side + "_ffn_embed_dim": 14, side + "_layers": 2, "max_%s_positions" % name: 24})
            c[side + "_normalize_before"] = True
    c.update(more)
    # The order in which torchscale's configurations resolve what excludes each other.
    if c["deepnorm"]:
        c["subln"] = False
        if "encoder_layers" in c:
            c["encoder_normalize_before"] = False
    if c["subln"]:
        for side in ("encoder", "decoder"):
            if side + "_layers" in c:
                c[side + "_normalize_before"] = True
    if c["use_xmoe"]:
        c["moe_normalize_gate_prob_before_dropping"] = True
    return c


def alphas(c):
    """alpha of the encoder and of the decoder."""
    if not c["deepnorm"]:
        return 1, 1
    n, m = c.get("encoder_layers"), c.get("decoder_layers")
    if n and m:
        return 0.81 * (n ** 4 * m) ** (1 / 16), (3 * m) ** 0.25
    return (2 * n) ** 0.25 if n else 1, (2 * m) ** 0.25 if m else 1


def finish(m, g):
    directory.randomise(m, g)
    for name, p in m.named_parameters():
        if name.endswith("gate.wg") or "gate." in name:
            with torch.no_grad():
                p.mul_(2)  # leads of routers that are not all close to 0
    return directory.single(m)


def scales(c, m, prefix=""):
    """The buffers that xpos leaves in a state_dict."""
    if not c["xpos_rel_pos"]:
        return {}
    y = {}
    for name, a in m.named_modules():
        if isinstance(a, Attention) and not a.cross:
            h = a.q_proj.weight.shape[0] // a.heads
            y[prefix + name + ".xpos.scale"] = (torch.arange(0, h, 2) + 0.4 * h) / (1.4 * h)
    return y


def batch(g, vocab, b, t):
    ids = torch.randint(2, vocab, (b, t), generator=g)
    lengths = [t] + [int(torch.randint(1, t + 1, (1,), generator=g)) for _ in range(b - 1)]
    pad = torch.arange(t)[None] >= torch.tensor(lengths)[:, None]
    return ids.masked_fill(pad, 1), pad


def encoder(name, seed, c, b=3, t=7, mask=False):
    g = directory.seeded(seed)
    a, _ = alphas(c)
    m = Stack(c, "encoder", a, c["encoder_normalize_before"], False)
    m.output_projection = nn.Linear(c["encoder_embed_dim"], c["vocab_size"], False)
    finish(m, g)
    ids, pad = batch(g, c["vocab_size"], b, t)
    inputs, extra = {"src_tokens": ids, "encoder_padding_mask": pad}, None
    if mask:
        inputs["attn_mask"] = ((torch.arange(t)[:, None] - torch.arange(t)[None]).abs() > 2).float()
        extra = inputs["attn_mask"].double() * -1e8
    outputs = {}
    outputs["features"] = m.run(m.embed(ids), outputs, extra, pad if bool(pad.any()) else None)
    outputs["logits"] = m.output_projection(outputs["features"])
    if not c["moe_freq"] and not mask:
        outputs["features_nomask_row0"] = m.run(m.embed(ids[:1]), {})
    write(name, c, {**m.state_dict(), **scales(c, m)}, inputs, outputs)


def decoder(name, seed, c, b=2, t=6):
    g = directory.seeded(seed)
    _, a = alphas(c)
    m = Stack(c, "decoder", a, c["decoder_normalize_before"], False)
    m.output_projection = nn.Linear(c["decoder_embed_dim"], c["vocab_size"], False)
    finish(m, g)
    ids, _ = batch(g, c["vocab_size"], b, t)
    ids[ids == 1] = 2
    outputs = {}
    outputs["logits"] = m.output_projection(m.run(m.embed(ids), outputs, causal(t)))
    if not c["moe_freq"]:
        outputs["incremental_logits"] = outputs["logits"][:, t // 2:]
    write(name, c, {**m.state_dict(), **scales(c, m)}, {"prev_output_tokens": ids}, outputs)


def encdec(name, seed, c, b=3, s=7, t=6):
    g = directory.seeded(seed)
    ae, ad = alphas(c)
    m = nn.Module()
    m.encoder = Stack(c, "encoder", ae, c["encoder_normalize_before"], False)
    m.decoder = Stack(c, "decoder", ad, c["decoder_normalize_before"], True)
    m.decoder.output_projection = nn.Linear(c["decoder_embed_dim"], c["vocab_size"], False)
    finish(m, g)
    ids, pad = batch(g, c["vocab_size"], b, s)
    target = torch.randint(2, c["vocab_size"], (b, t), generator=g)
    enc = m.encoder.run(m.encoder.embed(ids), {}, None, pad if bool(pad.any()) else None)
    dec = m.decoder.run(m.decoder.embed(target), {}, causal(t), source=enc, source_keys=pad)
    write(name, c, {**m.state_dict(), **scales(c, m)}, {"src_tokens": ids, "encoder_padding_mask": pad, "prev_output_tokens": target},
          {"encoder_out": enc, "logits": m.decoder.output_projection(dec)})


def beit3(name, seed, c, b=2, t=5, published=False):
    """published: the layout of the published checkpoints, which have heads too."""
    prefix = "beit3." if published else ""
    g = directory.seeded(seed)
    d, p = c["encoder_embed_dim"], c["patch_size"]
    n = (c["img_size"] // p) ** 2
    m = nn.Module()
    m.encoder = Stack(c, "encoder", alphas(c)[0], True, False)
    m.encoder.embed_positions = Bag(A=nn.Embedding(n + 3, d), B=nn.Embedding(c["max_source_positions"], d))
    m.text_embed = nn.Embedding(c["vocab_size"], d)
    m.vision_embed = Bag(proj=nn.Conv2d(c["in_chans"], d, p, p))
    m.vision_embed.cls_token, m.vision_embed.mask_token = nn.Parameter(torch.empty(1, 1, d)), nn.Parameter(torch.empty(1, 1, d))
    finish(m, g)
    ids, pad = batch(g, c["vocab_size"], b, t)
    image = torch.randn(b, c["in_chans"], c["img_size"], c["img_size"], generator=g)
    seen = m.vision_embed.proj(image.double()).flatten(2).transpose(1, 2)
    seen = torch.cat([m.vision_embed.cls_token.expand(b, 1, d), seen], 1)
    seen = seen + m.encoder.embed_positions.A(torch.arange(n + 1) + 2)
    text = m.text_embed(ids) + m.encoder.embed_positions.B(torch.arange(t) + 2)
    clear = torch.zeros(b, n + 1, dtype=torch.bool)
    outputs = {
        "vl": m.encoder.run(torch.cat([seen, text], 1), {}, None, torch.cat([clear, pad], 1), n + 1),
        "text_only": m.encoder.run(text, {}, None, pad, 0),
        "vision_only": m.encoder.run(seen, {}, None, None, -1),
    }
    state = {prefix + k: v for k, v in m.state_dict().items()}
    if published:
        c = {"model_type": "beit3", **{k: c[k] for k in ("encoder_attention_heads", "encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_layers", "img_size",
                                                         "max_source_positions", "patch_size", "vocab_size")}}
        state.update({"mlm_head.weight": torch.zeros(c["vocab_size"], d), "mlm_head.bias": torch.zeros(c["vocab_size"]), "pooler.norm.weight": torch.ones(d)})
    write(name, c, state, {"src_tokens": ids, "text_padding": pad, "image": image}, outputs)


def write(name, c, state, inputs, outputs):
    directory.write(name, c, state, inputs, outputs)


def make():
    encoder("magneto_encoder", 40, config("encoder", rel_pos_buckets=8, max_rel_pos=20, no_scale_embedding=False))
    encoder("magneto_encoder_moe", 41, config("encoder", moe_freq=2, moe_expert_count=5, moe_eval_capacity_token_fraction=-1.0, subln=True), b=2)
    encoder("deepnorm_encoder_xmoe", 48, config("encoder", deepnorm=True, moe_freq=1, moe_expert_count=3, use_xmoe=True, moe_top1_expert=True,
                                                encoder_layers=1, moe_eval_capacity_token_fraction=0.4), b=2)
    decoder("magneto_decoder", 43, config("decoder", xpos_rel_pos=True, positions=False, decoder_attention_heads=2, decoder_embed_dim=12, decoder_layers=3), t=8)
    decoder("magneto_decoder_moe", 44, config("decoder", moe_freq=1, moe_expert_count=1, decoder_layers=1, moe_top1_expert=True, activation_fn="swish"), b=1, t=1)
    encdec("deepnorm_encoder_decoder", 45, config("encdec", deepnorm=True, decoder_normalize_before=False, encoder_layers=2, decoder_layers=1,
                                                  decoder_attention_heads=6, activation_fn="relu"), b=4, s=5, t=3)
    beit3("beit3", 46, config("beit3", encoder_embed_dim=12, encoder_attention_heads=2, encoder_ffn_embed_dim=16, img_size=6, patch_size=3, in_chans=3),
          published=True)


def anything(seed):
    """One directory of random size and options."""
    r = random.Random(seed)
    heads = r.randint(1, 5)
    width = 2 * r.randint(1, 6) * heads
    kind = r.choice(["encoder", "encoder", "decoder", "decoder", "encdec", "beit3"])
    form = r.choice(["subln", "subln", "deepnorm", "pre", "post"])
    c = {"activation_fn": r.choice(["gelu", "relu", "swish"]), "vocab_size": r.randint(5, 70), "layernorm_eps": r.choice([1e-5, 1e-6])}
    if form == "deepnorm":
        c["deepnorm"] = True
    elif form != "subln":
        c["subln"] = False
    for side, name in (("encoder", "source"), ("decoder", "target")):
        c.update({side + "_attention_heads": heads, side + "_embed_dim": width, side + "_ffn_embed_dim": r.randint(1, 50), side + "_layers": r.randint(1, 5),
                  "max_%s_positions" % name: r.randint(12, 40), side + "_normalize_before": form != "post"})
    if form == "deepnorm":
        c["decoder_normalize_before"] = r.choice([True, False])
    if kind != "beit3":
        c.update(layernorm_embedding=r.random() < 0.3, no_scale_embedding=r.random() < 0.5)
        positions = r.choice(["learned", "learned", "relative", "xpos"])
        if positions == "relative":
            c.update(rel_pos_buckets=2 * r.randint(2, 10), max_rel_pos=r.randint(6, 40), positions=r.random() < 0.5)
        if positions == "xpos":
            c.update(xpos_rel_pos=True, positions=r.random() < 0.5, xpos_scale_base=r.choice([64, 512]))
        if r.random() < 0.5:
            c.update(moe_freq=r.randint(1, 2), moe_expert_count=r.randint(2, 7), moe_top1_expert=r.random() < 0.5, use_xmoe=r.random() < 0.5,
                     moe_normalize_gate_prob_before_dropping=r.random() < 0.5, moe_eval_capacity_token_fraction=r.choice([-1.0, 0.1, 0.25, 0.5, 1.0]))
    if kind == "encoder":
        c["normalize_output"] = r.random() < 0.7
    used = {k: v for k, v in c.items() if not (k.startswith("decoder_") or k == "max_target_positions") or kind in ("decoder", "encdec")}
    used = {k: v for k, v in used.items() if not (k.startswith("encoder_") or k == "max_source_positions") or kind != "decoder"}
    b, t, s = r.randint(1, 5), r.randint(1, 11), r.randint(1, 11)
    name = "%s_%d" % (kind, seed)
    if kind == "encoder":
        encoder(name, seed, config(kind, **used), b, t, mask=r.random() < 0.2)
    elif kind == "decoder":
        decoder(name, seed, config(kind, **used), b, t)
    elif kind == "encdec":
        if "moe_freq" in used:
            del used["moe_freq"]
        encdec(name, seed, config(kind, **used), b, s, t)
    else:
        patch = r.randint(1, 4)
        if form in ("deepnorm", "post"):
            used.update(deepnorm=False, subln=True)
        beit3(name, seed, config(kind, img_size=patch * r.randint(1, 3), patch_size=patch, in_chans=r.randint(1, 4), **used), b, t)


if __name__ == "__main__":
    directory.ROOT = sys.argv[1]
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        anything(seed)
