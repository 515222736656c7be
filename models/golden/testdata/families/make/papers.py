"""Kformer, X-MoE and MoEC's layer, a pruned mixture, PromptBERT, MetaLM and THE-X, of any size.

python3 papers.py DIRECTORY FIRST COUNT writes that many directories of random sizes, for
lode verify.
"""
import math
import random
import sys

import torch
from torch import nn
from torch.nn import functional as F

import directory
import torchscale
from bert import Bert, Predictions
from layers import Bag, attend, padding, sinusoids
from seq2seq import Layer as FairseqLayer


def kformer(name, seed, r):
    g = directory.seeded(seed)
    heads = r.randint(1, 4)
    d, layers, f, vocab, top = heads * r.randint(2, 6), r.randint(1, 5), r.randint(3, 40), r.randint(8, 60), 5
    first = r.randint(0, layers - 1)
    last = r.randint(first + 1, layers)
    b, t, n, length = r.randint(1, 4), r.randint(2, 12), r.randint(5, 9), r.randint(1, 6)
    m = nn.Module()
    m.embed_tokens, m.kembed_tokens, m.embed_positions = nn.Embedding(vocab, d), nn.Embedding(vocab, d), nn.Embedding(t + 6, d)
    m.emb_layer_norm = nn.LayerNorm(d)
    m.layers = nn.ModuleList([FairseqLayer(d, f, False) for _ in range(layers)])
    for i in range(first, last):
        m.layers[i].kfc1, m.layers[i].kfc2 = nn.Linear(d, d), nn.Linear(d, d)
    directory.single(directory.randomise(m, g))
    ids, mask = directory.tokens(g, vocab, [t] + [r.randint(1, t) for _ in range(b - 1)], 1, first=2)
    items = torch.randint(2, vocab, (b, n, length), generator=g)
    items = items.masked_fill(torch.arange(length) >= torch.randint(1, length + 1, (b, n, 1), generator=g), 1)
    real = (items != 1).double()[..., None]
    k = (m.kembed_tokens(items) * real).sum(2) / real.sum(2)
    scores = (k * m.embed_tokens(ids).mean(1)[:, None]).sum(-1)
    chosen = scores.argsort(-1, descending=True)[:, :top]
    sel = torch.gather(k, 1, chosen[..., None].expand(b, top, d))
    keep = mask.long()
    at = keep.cumsum(1) * keep + 1

    def run(outputs, knowledge):
        x = m.emb_layer_norm(m.embed_tokens(ids) + m.embed_positions(at)) * mask[..., None]
        outputs["embed"] = x
        for i, y in enumerate(m.layers):
            a = y.self_attn
            u = y.self_attn_layer_norm(x + a.out_proj(attend(a.q_proj(x), a.k_proj(x), a.v_proj(x), heads, padding(mask))))
            z = y.fc2(F.gelu(y.fc1(u)))
            if knowledge and first <= i < last:
                z = z + F.gelu(u @ y.kfc1(sel).transpose(1, 2)) @ y.kfc2(sel)
            x = y.final_layer_norm(u + z)
            outputs["layer%d" % i] = x
        return x

    outputs = {"features_no_knowledge": run({}, False)}
    outputs["features"] = run(outputs, True)
    outputs.update(knowledge_scores=scores, selected_index=chosen)
    c = {"activation": "gelu", "d": d, "eps": 1e-5, "ffn": f, "heads": heads, "kind": "kformer", "knowledge_layer": [first, last], "layers": layers,
         "padding_idx": 1, "top_n": top, "vocab": vocab}
    directory.write(name, c, m.state_dict(), {"tokens": ids, "knowledge": items}, outputs)


def expert(d, f):
    return Bag(fc1=nn.Linear(d, f), fc2=nn.Linear(f, d))


def through(e, x):
    return e.fc2(F.gelu(e.fc1(x)))


def xmoe(name, seed, r):
    g = directory.seeded(seed)
    groups, each = r.randint(1, 4), r.randint(2, 3)
    experts, d, f, dim, s = groups * each, r.randint(3, 24), r.randint(2, 40), r.randint(2, 6), r.randint(1, 30)
    # As many of each cluster are dropped, so that clusters stay of one size.
    gone = r.choice([0, 0, 1]) if each > 2 else 0
    dropped = sorted(c * each + r.randrange(each) for c in range(groups)) if gone else []
    alive = [e for e in range(experts) if e not in dropped]
    gate, tau, tau0, coef, capacity = r.choice(["softmax", "sigmoid"]), r.choice([0.07, 0.3, 1.0]), r.choice([0.07, 0.3]), r.choice([0.5, 1.0]), r.randint(1, s)
    m = nn.Module()
    m.gate = Bag(wg=nn.Linear(dim, experts, False), wg_reduction=nn.Linear(d, dim, False))
    m.gate.gating_t = nn.Parameter(torch.empty(1))
    m.experts = nn.ModuleList([expert(d, f) for _ in range(experts)])
    directory.randomise(m, g)
    with torch.no_grad():
        m.gate.gating_t.fill_(tau)
    directory.single(m)
    x = torch.randn(s, d, generator=g).double()
    unit = lambda v: v / v.norm(dim=-1, keepdim=True).clamp(min=1e-4)
    scores = unit(m.gate.wg_reduction(x)) @ unit(m.gate.wg.weight[alive]).T
    best = scores.argmax(-1)
    t = m.gate.gating_t.clamp(min=1e-4)
    p = torch.softmax(scores / t, -1) if gate == "softmax" else torch.sigmoid(scores / t)
    weight = p.gather(1, best[:, None])[:, 0]
    used, kept = [0] * len(alive), []
    for e in best.tolist():
        kept.append(used[e] < capacity)
        used[e] += 1
    kept = torch.tensor(kept)
    y = torch.stack([through(m.experts[alive[e]], v) for e, v in zip(best.tolist(), x)])
    w = weight[:, None]
    n = len(alive)
    probs = torch.softmax(scores / tau0, -1)
    me, ce = probs.sum(0), F.one_hot(best, n).double().sum(0) / s + 1e-6
    balance = n * (me * ce).sum()
    inner = me.view(groups, -1).var(1).mean()
    blocks = (me / s).sort(descending=True)[0].view(groups, -1).mean(1)
    away = blocks[0] - blocks[1] if groups > 1 else torch.zeros(())
    outputs = {"scores": scores, "expert": torch.tensor(alive)[best], "gate": weight, "kept": kept,
               "y_blend_code": torch.where(kept[:, None], w * y + (1 - w) * x, x), "y_residual_paper": torch.where(kept[:, None], x + w * y, x),
               "balance_loss_code": balance[None], "moec_var_type0": me.var()[None], "moec_var_intra_type1": inner[None],
               "moec_var_type2": (inner / away.exp())[None], "moec_loss_type1": (balance + n * coef * inner)[None],
               "moec_loss_type2": (balance + n * coef * inner / away.exp())[None]}
    c = {"capacity": capacity, "d": d, "dropped": dropped, "experts": experts, "ffn": f, "gate": gate, "group_num": groups, "kind": "xmoe_paper",
         "routing_dim": dim, "tau": tau, "tau0": tau0, "var_coef": coef}
    directory.write(name, c, m.state_dict(), {"x": x}, outputs)


def pruned(name, seed, r):
    g = directory.seeded(seed)
    experts, d, f, s = r.randint(1, 8), r.randint(1, 24), r.randint(1, 40), r.randint(1, 9)
    kept = r.randrange(experts)
    m = nn.Module()
    m.gate, m.experts = Bag(wg=nn.Linear(d, experts, False)), nn.ModuleList([expert(d, f) for _ in range(experts)])
    directory.single(directory.randomise(m, g))
    x = torch.randn(s, d, generator=g).double()
    directory.write(name, {"beta": 0.5, "experts": experts, "kept": kept, "kind": "prune", "windows": 5}, m.state_dict(), {"x": x},
                    {"dense_out_gate1": through(m.experts[kept], x)})


def promptbert(name, seed, r):
    g = directory.seeded(seed)
    roberta = r.random() < 0.5
    heads = r.randint(1, 4)
    c = {"hidden_size": heads * r.randint(2, 6), "intermediate_size": r.randint(3, 40), "layer_norm_eps": r.choice([1e-12, 1e-5]), "max_position_embeddings": 48,
         "num_attention_heads": heads, "num_hidden_layers": r.randint(1, 3), "type_vocab_size": r.randint(1, 2), "vocab_size": 50,
         "hidden_act": "gelu", "model_type": "roberta" if roberta else "bert", "pad_token_id": 1}
    m = nn.Module()
    m.bert = Bert(c)
    d = c["hidden_size"]
    m.cls = Bag(predictions=Bag(transform=Predictions(d, 1, c["layer_norm_eps"]).transform))
    m.pooler = Bag(dense=nn.Linear(d, d))
    directory.single(directory.randomise(m, g))
    bs, es = [10 + i for i in range(r.randint(1, 4))], [20 + i for i in range(r.randint(1, 3))] + [49] + [30] * r.randint(0, 1)
    prefix, suffix = [2] + bs, es + [3]
    size = len(prefix) + len(suffix)
    lengths = [r.randint(1, 8) for _ in range(r.randint(1, 4))]
    t = size + max(lengths)
    ids, mask = torch.full((len(lengths), t), 1), torch.zeros(len(lengths), t, dtype=torch.int64)
    for i, n in enumerate(lengths):
        row = prefix + torch.randint(31, 49, (n,), generator=g).tolist() + suffix
        ids[i, :len(row)], mask[i, :len(row)] = torch.tensor(row), 1
    table = torch.tensor([[p if p < len(prefix) else p + n for p in range(size)] for n in range(max(lengths) + 2)])
    template = torch.tensor([prefix + suffix])

    def states(ids, mask, at):
        e = m.bert.embeddings
        x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(at) + e.token_type_embeddings(torch.zeros_like(ids)))
        for y in m.bert.encoder.layer:
            x = y(x, heads, F.gelu, padding(mask))
        return x[ids == 49]

    at = mask.cumsum(1) * mask + 1 if roberta else torch.arange(t).expand_as(ids)
    h = states(ids, mask, at)
    ones = torch.ones_like(table)
    raw = states(template.expand_as(table), ones, table)
    fixed = states(template.expand_as(table), ones, table + 2 if roberta else table)
    n = torch.tensor(lengths)
    f = m.cls.predictions.transform
    mlp = lambda v: f.LayerNorm(F.gelu(f.dense(v)))
    cosine = lambda v: F.normalize(v, dim=1) @ F.normalize(v, dim=1).T
    outputs = {"h_mask": h, "delta_table": raw, "sentence_len": n, "denoised": h - raw[n], "sup_bert_mlp_minus_mlp": mlp(h) - mlp(raw[n]),
               "sup_roberta_tanh_pooler": torch.tanh(m.pooler.dense(h - raw[n])), "delta_table_offset_fixed": fixed, "denoised_offset_fixed": h - fixed[n],
               "cosine_unsup": cosine(h), "cosine_denoised": cosine(h - raw[n])}
    config = {k: v for k, v in c.items() if k not in ("hidden_act", "model_type", "pad_token_id")}
    config.update(bs=bs, es=es, cls=2, sep=3, mask=49, pad=1, kind="promptbert", roberta=roberta, temp=0.05, template_len=size)
    state = {k.replace("bert.", "", 1) if k.startswith("bert.") else k: v for k, v in m.state_dict().items()}
    directory.write(name, config, state, {"input_ids": ids, "attention_mask": mask, "template_ids": template, "template_position_ids": table}, outputs)


def metalm(name, seed, r):
    g = directory.seeded(seed)
    eh, dh = r.randint(1, 3), r.randint(1, 4)
    de, dd, t, vocab, latents = 2 * eh * r.randint(1, 3), 2 * dh * r.randint(1, 4), r.randint(4, 16), r.randint(6, 50), r.randint(1, 5)
    relative = r.random() < 0.6
    enc = torchscale.config("encoder", deepnorm=True, encoder_layers=r.randint(1, 3), encoder_attention_heads=eh, encoder_embed_dim=de,
                            encoder_ffn_embed_dim=r.randint(2, 30), vocab_size=vocab, rel_pos_buckets=8 * relative, max_rel_pos=12 * relative)
    dec = torchscale.config("decoder", deepnorm=True, decoder_normalize_before=False, positions=False, decoder_layers=r.randint(1, 3),
                            decoder_attention_heads=dh, decoder_embed_dim=dd, decoder_ffn_embed_dim=r.randint(2, 30), vocab_size=vocab)
    ae, ad = torchscale.alphas(enc)[0], torchscale.alphas(dec)[1]
    m = nn.Module()
    m.enc, m.dec = torchscale.Stack(enc, "encoder", ae, False, False), torchscale.Stack(dec, "decoder", ad, False, False)
    m.connector = Bag(simple=Bag(dense=nn.Linear(de, dd)), complex=Bag(dense=nn.Linear(de, de), predict=nn.Linear(de, dd)),
                      x=Bag(dense=nn.Linear(de, dd), x_attn=Bag(**{k: nn.Linear(dd, dd) for k in ("k_proj", "v_proj", "q_proj", "out_proj")})))
    m.connector.x.latent_query = nn.Parameter(torch.empty(latents, dd))
    directory.single(directory.randomise(m, g))
    ids = torch.randint(0, vocab, (1, t), generator=g)
    spans, at = [], r.randint(0, 2)
    while at < t - 1 and len(spans) < 3:
        end = r.randint(at + 1, min(t, at + 4))
        spans.append([at, end])
        at = end + r.randint(0, 2)
    outputs, x = {}, m.dec.embed_tokens(ids).clone()
    predicted = torch.ones(t, dtype=torch.bool)
    predicted[0] = False
    for i, (a, b) in enumerate(spans):
        f = m.enc.run(m.enc.embed(ids[:, a:b]), {})
        s, c, k = m.connector.simple, m.connector.complex, m.connector.x
        outputs["span%d_simple" % i] = s.dense(f)
        outputs["span%d_complex" % i] = c.predict(F.gelu(c.dense(f)))
        z = torch.cat([k.dense(f), k.latent_query[None]], 1)
        q = k.x_attn
        outputs["span%d_xconnector" % i] = q.out_proj(attend(q.q_proj(k.latent_query[None]), q.k_proj(z), q.v_proj(z), dh, torch.zeros(())))
        x[:, a:b] = outputs["span%d_simple" % i]
        predicted[a:b] = False
    rows = sinusoids(t + 2, dd, 1)
    y = m.dec.run(math.sqrt(dd) * x + rows[2:], {}, torchscale.causal(t))
    outputs.update({"logits": y @ m.dec.embed_tokens.weight.T, "sinusoid_first%d" % min(t, 5): rows[2:2 + min(t, 5)]})
    c = {"dec": {"alpha": ad, "d": dd, "embed_scale": "sqrt(d), applied to span features too", "eps": 1e-5, "heads": dh, "layers": dec["decoder_layers"],
                 "positions": "fairseq sinusoidal from 2", "tied_output": True},
         "enc": {**{k: enc[k] for k in ("activation_fn", "encoder_attention_heads", "encoder_embed_dim", "encoder_layers", "encoder_normalize_before",
                                       "layernorm_embedding", "layernorm_eps", "max_rel_pos", "multiway", "no_scale_embedding", "normalize_output",
                                       "positions", "rel_pos_buckets", "subln")}, "alpha": ae},
         "kind": "metalm", "spans": spans, "xconnector_latents": latents}
    directory.write(name, c, m.state_dict(), {"tokens": ids, "spans": torch.tensor(spans).reshape(-1, 2)}, outputs)


class Affine(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.affine_gamma, self.affine_beta = nn.Parameter(torch.empty(d)), nn.Parameter(torch.empty(d))

    def forward(self, x):
        return x * self.affine_gamma + self.affine_beta


def thex(name, seed, r):
    g = directory.seeded(seed)
    heads = r.randint(1, 4)
    d, f, vocab, hidden, masked = heads * r.randint(2, 6), r.randint(3, 40), r.randint(8, 50), r.randint(1, 20), r.choice([-4.0, -2.0, -3.5])
    layers, b, t = r.randint(1, 3), r.randint(1, 4), r.randint(1, 9)
    m = nn.Module()
    m.embeddings = Bag(word_embeddings=nn.Embedding(vocab, d), position_embeddings=nn.Embedding(20, d), token_type_embeddings=nn.Embedding(2, d), LayerNorm=Affine(d))
    m.encoder = Bag(layer=nn.ModuleList([Bag(
        attention=Bag(self=Bag(query=nn.Linear(d, d), key=nn.Linear(d, d), value=nn.Linear(d, d)), output=Bag(dense=nn.Linear(d, d), LayerNorm=Affine(d))),
        intermediate=Bag(dense=nn.Linear(d, f)), output=Bag(dense=nn.Linear(f, d), LayerNorm=Affine(d))) for _ in range(layers)]))
    m.T = Bag(layer1=nn.Linear(1, hidden), layer2=nn.Linear(hidden, hidden), layer3=nn.Linear(hidden, 1))
    directory.randomise(m, g)
    for n, p in m.named_parameters():
        with torch.no_grad():
            if n.endswith("gamma"):
                p.add_(0.5)
            elif n.startswith("encoder") or n.startswith("T."):
                p.mul_(0.4)
    directory.single(m)
    reciprocal = lambda z: m.T.layer3(F.relu(m.T.layer2(F.relu(m.T.layer1(z)))))
    numerator = lambda x: F.relu((x / 2 + 1) ** 3)

    def estimate(x):
        n = numerator(x)
        return n * reciprocal(n.sum(-1, keepdim=True))

    ids, mask = directory.tokens(g, vocab, [t] + [r.randint(1, t) for _ in range(b - 1)], 0, first=1)
    e = m.embeddings
    x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(torch.arange(ids.shape[1])) + e.token_type_embeddings(torch.zeros_like(ids)))
    for y in m.encoder.layer:
        a, o = y.attention.self, y.attention.output
        q, k, v = (z(x).view(b, -1, heads, d // heads).transpose(1, 2) for z in (a.query, a.key, a.value))
        s = (q @ k.transpose(2, 3) / math.sqrt(d // heads)).masked_fill(mask[:, None, None] == 0, masked)
        x = o.LayerNorm(x + o.dense((estimate(s) @ v).transpose(1, 2).reshape(b, -1, d)))
        x = y.output.LayerNorm(x + y.output.dense(F.relu(y.intermediate.dense(x))))
    scores = torch.randn(r.randint(1, 4), r.randint(1, 9), generator=g).double()
    n = numerator(scores)
    at = [1, 3, 7.5] if seed % 2 else [2, 5, 10, 20, 40]
    outputs = {"last_hidden": x, "numerator": n, "softmax_est_T": estimate(scores), "softmax_est_exact_recip": n / n.sum(-1, keepdim=True),
               "softmax_true": torch.softmax(scores, -1), "T_of_" + "_".join("%g" % z for z in at): reciprocal(torch.tensor(at, dtype=torch.float64)[:, None])}
    c = {"activation": "relu", "hidden_size": d, "intermediate_size": f, "kind": "thex", "layernorm": "elementwise affine", "mask_value": masked,
         "max_position_embeddings": 20, "num_attention_heads": heads, "num_hidden_layers": layers, "reciprocal_hidden": hidden, "type_vocab_size": 2, "vocab_size": vocab}
    directory.write(name, c, m.state_dict(), {"input_ids": ids, "attention_mask": mask, "scores": scores}, outputs)


KINDS = [kformer, xmoe, pruned, promptbert, metalm, thex]

if __name__ == "__main__":
    directory.ROOT = sys.argv[1]
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        make = KINDS[seed % len(KINDS)]
        make("%s_%d" % (make.__name__, seed), seed, random.Random(seed))
