"""Magneto transformers (Wang et al. 2022, arXiv 2210.06423) with the names of torchscale's state dicts.

Encoder, decoder and encoder-decoder with Sub-LN; mixtures of experts with the routers that Lodestone knows.
A module's state_dict() is what a folder's model.safetensors holds; config() is what its config.json says.
Shapes: ids [B, T]; states [B, T, D]; logits [B, T, V]. Padding has id 1 and stands on the right.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PAD = 1
POSITION_OFFSET = 2  # torchscale's table of positions starts at row 2


class LayerNorm(nn.LayerNorm):
    """In float32 also where matrices are in bfloat16."""

    def forward(self, x):
        return super().forward(x.float())


class Attention(nn.Module):
    """Attention of queries from one sequence over another. inner: Sub-LN's second LayerNorm (self-attention only)."""

    def __init__(self, d, heads, inner):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(d, d) for _ in range(4))
        self.inner_attn_ln = LayerNorm(d) if inner else None

    def split(self, x):
        return x.view(x.shape[0], -1, self.heads, x.shape[-1] // self.heads).transpose(1, 2)

    def keys(self, x):
        """The keys and values [B, H, T, D/H] of a sequence."""
        return self.split(self.k_proj(x)), self.split(self.v_proj(x))

    def forward(self, x, keys, mask):
        """mask: [B or 1, 1, T or 1, S], added to the scores, or None."""
        k, v = keys
        q = self.split(self.q_proj(x)) * (x.shape[-1] // self.heads) ** -0.5
        scores = q @ k.transpose(-1, -2)
        if mask is not None:
            scores = scores + mask.to(scores.dtype)
        y = (scores.float().softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(x.shape)
        return self.out_proj(y if self.inner_attn_ln is None else self.inner_attn_ln(y))


class FeedForward(nn.Module):
    def __init__(self, d, f):
        super().__init__()
        self.fc1, self.fc2, self.ffn_layernorm = nn.Linear(d, f), nn.Linear(f, d), LayerNorm(f)

    def forward(self, x):
        return self.fc2(self.ffn_layernorm(F.gelu(self.fc1(x))))


class Gate(nn.Module):
    """The scores [S, E] of tokens x [S, D], float32. The routers are

    unit     torchscale's X-MoE: tokens and experts compared in 16 dimensions; the experts' side has length 1
    cosine   X-MoE as in the paper (arXiv 2204.09179): the cosine in E/2 dimensions, divided by a learned temperature
    linear   a row of weights for each expert, as in GShard and the Switch Transformer
    """

    def __init__(self, d, experts, router="unit"):
        super().__init__()
        if router not in ("unit", "cosine", "linear"):
            raise ValueError("router %r, expected unit, cosine or linear" % router)
        self.router = router
        if router == "linear":
            self.wg = nn.Linear(d, experts, bias=False)
            return
        dim = 16 if router == "unit" else max(1, experts // 2)
        self.wg_reduction = nn.Linear(d, dim, bias=False)
        if router == "unit":
            self.wg = nn.Parameter(torch.empty(experts, dim))
            nn.init.orthogonal_(self.wg, gain=0.32)
            return
        self.wg, self.gating_t = nn.Linear(dim, experts, bias=False), nn.Parameter(torch.tensor([0.3]))
        nn.init.orthogonal_(self.wg.weight, gain=0.1)

    def cosines(self, x):
        """Of the cosine router, before the temperature."""
        return F.linear(F.normalize(self.wg_reduction(x).float(), dim=-1, eps=1e-4), F.normalize(self.wg.weight.float(), dim=-1, eps=1e-4))

    def forward(self, x):
        if self.router == "linear":
            return self.wg(x).float()
        if self.router == "cosine":
            return self.cosines(x) / self.gating_t.clamp_min(1e-4)
        return F.linear(self.wg_reduction(x).float(), F.normalize(self.wg.float(), dim=-1, eps=1e-4))


class Experts(nn.Module):
    """Top-1 mixture: y = p_e · FFN_e(x), e the likeliest expert. No capacity: no token is dropped.

    clusters > 0: MoEC (Xie et al. 2022, arXiv 2207.09094), experts in that many groups of neighbours; the loss pulls
    the routing probabilities of a group together, and drop is the share of experts that a forward pass in training
    may not use (drawn again every `interval` passes).
    left: None, or which experts task-specific pruning has not dropped yet (Chen et al. 2022, arXiv 2206.00277); one at least.
    loss: the balance loss of the last pass, E·Σ f·p [+ the variance within groups], to be added to the task's.
    mutual: with kinds, which say what kind of text each sequence is of, the mutual information of kind and expert in that pass (Mod-Squad, Chen et
    al. 2022, arXiv 2212.08066): 0 if every kind uses the experts alike, the kinds' entropy if each has experts of its own. To be added with a minus.
    """

    def __init__(self, d, f, experts, clusters=0, drop=0.0, interval=50, router="unit"):
        super().__init__()
        self.gate, self.experts = Gate(d, experts, router), nn.ModuleList(FeedForward(d, f) for _ in range(experts))
        self.clusters, self.drop, self.interval, self.passes = clusters, drop, interval, 0
        self.alive, self.loss, self.load, self.valid, self.mutual, self.kinds = None, 0.0, None, None, 0.0, None
        self.register_buffer("left", None)

    def forward(self, x):
        shape, n = x.shape, len(self.experts)
        x = x.reshape(-1, shape[-1])
        scores = self.gate(x)
        if self.left is not None:
            scores = scores.masked_fill(~self.left, float("-inf"))
        if self.training and self.drop > 0:
            if self.passes % self.interval == 0:
                keep = torch.randperm(n, device=x.device)[: max(1, n - int(n * self.drop))]
                self.alive = torch.zeros(n, dtype=torch.bool, device=x.device).index_fill_(0, keep, True)
            self.passes += 1
            scores = scores.masked_fill(~self.alive, float("-inf"))
        p = scores.softmax(-1)
        best, e = p.max(-1)
        y = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            at = (e == i).nonzero(as_tuple=True)[0]
            if len(at):
                y = y.index_put((at,), (expert(x[at]) * best[at, None].to(x.dtype)).to(y.dtype))
        real = p if self.valid is None else p[self.valid.reshape(-1)]
        chosen = e if self.valid is None else e[self.valid.reshape(-1)]
        self.load = torch.bincount(chosen, minlength=n).float() / max(1, len(chosen))
        self.gates = torch.zeros(n, device=x.device).index_add_(0, e, best.detach().float())
        mean = real.mean(0)
        self.loss = n * (self.load * mean).sum()
        if self.clusters:
            self.loss = self.loss + n * n * mean.view(self.clusters, -1).var(-1, unbiased=True).mean()
        if self.training and self.kinds is not None:
            joint = torch.zeros(int(self.kinds.max()) + 1, n, device=x.device).index_add(0, self.kinds, p.float().view(shape[0], -1, n).mean(1)) / shape[0]
            apart = joint.sum(0) * joint.sum(1, keepdim=True)
            self.mutual = (joint * (joint.clamp_min(1e-9) / apart.clamp_min(1e-9)).log()).sum()
        return y.view(shape)


class Layer(nn.Module):
    def __init__(self, d, heads, f, cross=False, moe=None):
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = Attention(d, heads, True), LayerNorm(d)
        self.encoder_attn = Attention(d, heads, False) if cross else None
        self.encoder_attn_layer_norm = LayerNorm(d) if cross else None
        self.final_layer_norm = LayerNorm(d)
        if moe:
            self.moe_layer = Experts(d, f, **moe)
        else:
            self.ffn = FeedForward(d, f)

    def feed(self):
        return self.moe_layer if hasattr(self, "moe_layer") else self.ffn

    def forward(self, x, mask, drop, source=None, source_mask=None, cache=None):
        """source: keys of the encoder's states. cache: a dict that holds the keys of the tokens so far."""
        h = self.self_attn_layer_norm(x)
        keys = self.self_attn.keys(h)
        if cache is not None:
            if "k" in cache:
                keys = torch.cat([cache["k"], keys[0]], 2), torch.cat([cache["v"], keys[1]], 2)
            cache["k"], cache["v"] = keys
        x = x + drop(self.self_attn(h, keys, mask))
        if source is not None:
            x = x + drop(self.encoder_attn(self.encoder_attn_layer_norm(x), source, source_mask))
        return x + drop(self.feed()(self.final_layer_norm(x)))


class Stack(nn.Module):
    """A table of tokens, learned positions, layers and a last LayerNorm: an encoder, or a decoder's body."""

    def __init__(self, vocab, d, heads, f, layers, positions, cross=False, scale=1.0, dropout=0.0, moe=None, moe_freq=0, gamma=None):
        super().__init__()
        self.embed_tokens, self.embed_positions = nn.Embedding(vocab, d), nn.Embedding(positions + POSITION_OFFSET, d)
        self.layers = nn.ModuleList(Layer(d, heads, f, cross, moe if moe and (i + 1) % moe_freq == 0 else None) for i in range(layers))
        self.layer_norm, self.scale, self.drop = LayerNorm(d), scale, nn.Dropout(dropout)
        nn.init.normal_(self.embed_tokens.weight, std=d**-0.5)
        with torch.no_grad():
            self.embed_tokens.weight[PAD] = 0
            self.embed_positions.weight.copy_(sinusoids(positions + POSITION_OFFSET, d) * 0.3 * scale * d**-0.5)
        init(self, gamma or math.sqrt(math.log(2 * layers)))

    def embed(self, ids, first=0):
        at = torch.arange(first, first + ids.shape[1], device=ids.device) + POSITION_OFFSET
        return self.drop(self.embed_tokens(ids) * self.scale + self.embed_positions(at))

    def dense(self):
        """Mixtures of which one expert is left become that expert: its gate is 1."""
        for l in self.layers:
            if hasattr(l, "moe_layer"):
                kept = int(l.moe_layer.left.nonzero()[0])
                l.ffn = l.moe_layer.experts[kept]
                del l.moe_layer

    def mixtures(self):
        return [l.moe_layer for l in self.layers if hasattr(l, "moe_layer")]


def sinusoids(rows, d):
    """fairseq's table of positions: a start from which attention finds neighbours at once."""
    w = torch.exp(torch.arange(d // 2) * -(math.log(10000) / (d // 2 - 1)))
    a = torch.arange(rows)[:, None] * w
    return torch.cat([a.sin(), a.cos()], 1)


def init(stack, gamma, branch=0.25):
    """Magneto's start: Xavier, values, outputs and feed-forwards times γ (the paper's table 2). branch < 1 is a departure:
    the last matrix of each branch starts smaller, so that a warm start of the token table is not drowned."""
    for name, m in stack.named_modules():
        if isinstance(m, nn.Linear):
            end = name.rsplit(".", 1)[-1]
            gain = gamma if end in ("v_proj", "out_proj", "fc1", "fc2") and "encoder_attn" not in name else 1.0
            nn.init.xavier_normal_(m.weight, gain=gain * (branch if end in ("out_proj", "fc2") else 1.0))
            if m.bias is not None:
                nn.init.zeros_(m.bias)


def padding_mask(ids):
    """[B, 1, 1, T] of 0 and −inf, or None if nothing is padding."""
    pad = ids.eq(PAD)
    return torch.zeros(pad.shape, device=ids.device).masked_fill_(pad, float("-inf"))[:, None, None] if bool(pad.any()) else None


class Encoder(Stack):
    def forward(self, ids):
        x, mask = self.embed(ids), padding_mask(ids)
        if mask is not None:
            x = x.masked_fill(ids.eq(PAD)[..., None], 0)
        for m in self.mixtures():
            m.valid = ids.ne(PAD)
        for layer in self.layers:
            x = layer(x, mask, self.drop)
        return self.layer_norm(x)


class Decoder(Stack):
    """A decoder whose output projection is its table of tokens."""

    def states(self, ids, source=None, source_mask=None, cache=None, valid=None):
        """cache: {} before the first call, which then sees a sequence token by token."""
        first = 0 if not cache else cache["length"]
        x, t = self.embed(ids, first), ids.shape[1]
        mask = None
        if t > 1:
            mask = torch.full((t, t), float("-inf"), device=ids.device).triu_(1)[None, None]
        for m in self.mixtures():
            m.valid = valid
        for i, layer in enumerate(self.layers):
            keys = None if source is None else layer.encoder_attn.keys(source) if cache is None else cache.setdefault(("source", i), None)
            if source is not None and keys is None:
                keys = cache["source", i] = layer.encoder_attn.keys(source)
            x = layer(x, mask, self.drop, keys, source_mask, None if cache is None else cache.setdefault(i, {}))
        if cache is not None:
            cache["length"] = first + t
        return self.layer_norm(x)

    def forward(self, ids, source=None, source_mask=None, cache=None):
        return F.linear(self.states(ids, source, source_mask, cache), self.embed_tokens.weight)

    def reorder(self, cache, rows):
        """Beam search: row i of the cache becomes row rows[i]."""
        for key, value in cache.items():
            if isinstance(value, dict):
                value["k"], value["v"] = value["k"][rows], value["v"][rows]
            elif isinstance(value, tuple):
                cache[key] = value[0][rows], value[1][rows]


@torch.no_grad()
def start_table(stack, table):
    """Starts from another model's table of tokens, its rows brought to a mean length of 1. False if the widths differ."""
    own = stack.embed_tokens.weight
    if own.shape != table.shape:
        return False
    own.copy_(table / table.norm(dim=1).mean())
    own[PAD] = 0
    return True


class EncoderDecoder(nn.Module):
    """One table of tokens for the encoder, the decoder and the output."""

    def __init__(self, vocab, d, heads, f, encoder_layers, decoder_layers, positions, dropout=0.0):
        super().__init__()
        n, m, scale = encoder_layers, decoder_layers, d**0.5
        self.encoder = Encoder(vocab, d, heads, f, n, positions, scale=scale, dropout=dropout,
                               gamma=math.sqrt(math.log(3 * m) * math.log(2 * n) / 3))
        self.decoder = Decoder(vocab, d, heads, f, m, positions, cross=True, scale=scale, dropout=dropout, gamma=math.sqrt(math.log(3 * m)))
        self.decoder.embed_tokens = self.encoder.embed_tokens

    def bridge(self):
        """Starts the upper half of the decoder with cross-attention that hands a token of the source through: what is
        left to learn at first is which one to look at. With a token table in which translations are neighbours, that is
        translation word for word."""
        with torch.no_grad():
            eye = torch.eye(self.encoder.embed_tokens.embedding_dim)
            for layer in self.decoder.layers[len(self.decoder.layers) // 2:]:
                layer.encoder_attn.v_proj.weight.copy_(eye)
                layer.encoder_attn.out_proj.weight.copy_(eye)


def sampled(h, y, table, frequent, vocabulary, candidates, rng):
    """Softmax over a part of the vocabulary: the frequent tokens, those of the batch, and some of the rest, which stand
    for all of the rest (their logits grow by the logarithm of how many each stands for)."""
    sure = np.union1d(frequent, y.cpu().numpy())
    rest = np.setdiff1d(rng.integers(0, vocabulary, candidates // 2), sure)
    ids = torch.from_numpy(np.concatenate([sure, rest])).to(h.device)
    place = torch.empty(vocabulary, dtype=torch.long, device=h.device)
    place[ids] = torch.arange(len(ids), device=h.device)
    offset = torch.zeros(len(ids), device=h.device)
    offset[len(sure):] = float(np.log((vocabulary - len(sure)) / max(1, len(rest))))
    return h, place[y], F.embedding(ids, table), offset


def count(model):
    return sum(p.numel() for p in model.parameters())


def config(model):
    """The architecture, as torchscale's EncoderConfig, DecoderConfig or EncoderDecoderConfig name it."""
    c = dict(model_type="magneto", subln=True, deepnorm=False, activation_fn="gelu", layernorm_eps=1e-5, layernorm_embedding=False,
             rel_pos_buckets=0, max_rel_pos=0, xpos_rel_pos=False, multiway=False, moe_freq=0, position_offset=POSITION_OFFSET, pad_token_id=PAD)
    stacks = [(k, getattr(model, k)) for k in ("encoder", "decoder")] if isinstance(model, EncoderDecoder) else \
             [("decoder" if isinstance(model, Decoder) else "encoder", model)]
    for side, s in stacks:
        l = s.layers[0]
        c.update({side + "_embed_dim": s.embed_tokens.embedding_dim, side + "_layers": len(s.layers), side + "_attention_heads": l.self_attn.heads,
                  side + "_ffn_embed_dim": (l.feed().experts[0] if s.mixtures() and l.feed() in s.mixtures() else l.feed()).fc1.out_features,
                  side + "_normalize_before": True, "vocab_size": s.embed_tokens.num_embeddings, "no_scale_embedding": s.scale == 1,
                  ("max_source_positions" if side == "encoder" else "max_target_positions"): s.embed_positions.num_embeddings - POSITION_OFFSET})
        if side == "encoder":
            c.update(normalize_output=True, share_encoder_input_output_embed=False)
        else:
            c.update(share_decoder_input_output_embed=True)
        if s.mixtures():
            at = [i for i, l in enumerate(s.layers) if hasattr(l, "moe_layer")]
            c.update(moe_freq=at[0] + 1, moe_expert_count=len(s.mixtures()[0].experts), moe_top1_expert=True, use_xmoe=s.mixtures()[0].gate.router != "linear")
    if isinstance(model, EncoderDecoder):
        c.update(share_all_embeddings=True, is_encoder_decoder=True)
    return c
