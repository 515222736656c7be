#!/usr/bin/env python3
"""Mixtures of experts: X-MoE's router and a plain softmax router, trained alike, and a dense model beside them.

    experts.py --data DATA --start TOKENIZER --run RUN --out OUT [--preset cpu|smoke]

All three are decoders of four kinds of text (English stories and novels, German novels, French sentences) with the same widths, seed, batches and steps:

    xmoe      the router of the paper (Chi et al. 2022, arXiv 2204.09179): the cosine of token and expert in E/2 dimensions over a learned temperature
    softmax   a row of weights for each expert (GShard, Switch Transformer)
    dense     one feed-forward of the same width, so a token passes through as many weights as in a mixture

The losses of the two mixtures are the same: the task's, MoEC's variance within clusters (arXiv 2207.09094) and the mutual information of texts and experts
(Mod-Squad, arXiv 2212.08066), which gives each kind of text experts of its own. OUT/experts-xmoe and OUT/experts-softmax are folders for
`lode quantize`; RUN/measured.json has

    perplexity  of held-out text, by kind
    load        the shares of tokens by expert; used is e to their entropy, E if all are equal (X-MoE's utilisation)
    within      the spread of the router's inputs within an expert over that of the experts' means: Tr(Σ_W Σ_B⁺)/E, the measure of collapse in X-MoE's
                section 4.3. Small: the tokens of an expert have collapsed to one state
    variance    MoEC's terms of the routing probabilities: over all experts, and the mean within clusters
    pruned      perplexity of a kind with the k experts left that its text uses most (task-specific expert pruning, arXiv 2206.00277)
"""
import json
import os

import numpy as np
import torch

import common
import data
import lm
import model

PRESETS = {
    "cpu": dict(width=128, heads=4, ffn=256, layers=4, experts=8, clusters=4, tokens=1152, window=96, steps=700, lr=3e-3, warmup=150, candidates=768,
                evaluate=350, limit=0, amp=1, most=800000),
    "smoke": dict(width=32, heads=4, ffn=64, layers=2, experts=4, clusters=2, tokens=512, window=32, steps=20, lr=1e-3, warmup=5, candidates=256,
                  evaluate=20, limit=40, most=5000),
}
SCORED = 4000  # tokens of a text that scores are of
ARMS = {"xmoe": "cosine", "softmax": "linear", "dense": ""}
NAMES = {"xmoe": "X-MoE's router (the cosine of token and expert over a learned temperature)", "softmax": "a plain softmax router"}


def build(a, arm, tok):
    torch.manual_seed(a.seed)
    moe = dict(experts=a.experts, clusters=a.clusters, router=ARMS[arm]) if ARMS[arm] else None
    net = model.Decoder(len(tok), a.width, a.heads, a.ffn, a.layers, lm.POSITIONS, scale=a.width**0.5, dropout=0.0, moe=moe, moe_freq=2)
    return net


def shares(net, stream, a, most):
    """[layers, experts]: the mean gates of a text's tokens, by which pruning goes."""
    total = [torch.zeros(len(m.experts)) for m in net.mixtures()]
    for i in range(0, min(most, len(stream)) - a.window, a.window):
        net(lm.windows([stream[i : i + a.window].astype(np.int64)])[0])
        for t, m in zip(total, net.mixtures()):
            t += m.gates
    return [t / t.sum() for t in total]


def keep(net, share, k):
    for m, s in zip(net.mixtures(), share):
        m.left = torch.zeros(len(s), dtype=torch.bool).index_fill_(0, s.topk(k).indices, True) if k < len(s) else None


def collapse(net, streams, a, most=SCORED):
    """Of each mixture: X-MoE's within-expert spread and MoEC's variances, over all texts."""
    seen = [[] for _ in net.mixtures()]
    hooks = [m.register_forward_pre_hook(lambda _, args, at=at: at.append(args[0].reshape(-1, a.width).double())) for m, at in zip(net.mixtures(), seen)]
    for s in streams.values():
        for i in range(0, min(most, len(s)) - a.window, a.window):
            net(lm.windows([s[i : i + a.window].astype(np.int64)])[0])
    for h in hooks:
        h.remove()
    out = []
    for m, at in zip(net.mixtures(), seen):
        x = torch.cat(at)
        scores = m.gate(x.float())
        p, e = scores.softmax(-1), scores.argmax(-1)
        n = len(m.experts)
        mean, used = x.mean(0), [i for i in range(n) if int((e == i).sum()) > 1]
        within, between = torch.zeros(a.width, a.width, dtype=torch.double), torch.zeros(a.width, a.width, dtype=torch.double)
        for i in used:
            c = x[e == i]
            d = c - c.mean(0)
            within += d.T @ d / len(x)
            between += torch.outer(c.mean(0) - mean, c.mean(0) - mean) / len(used)
        load = torch.bincount(e, minlength=n).double() / len(e)
        entropy = float(-(load[load > 0] * load[load > 0].log()).sum())
        me = p.double().mean(0)
        row = {"load": load.tolist(), "used": float(np.exp(entropy)), "hit": len(used), "within": float(torch.trace(within @ torch.linalg.pinv(between)) / max(1, len(used))),
               "variance": float(me.var()), "variance_within": float(me.view(a.clusters, -1).var(-1).mean())}
        if m.gate.router == "cosine":
            row["temperature"] = float(m.gate.gating_t)
        out.append({k: round(v, 6) if isinstance(v, float) else [round(x, 4) for x in v] if isinstance(v, list) else v for k, v in row.items()})
    return out


@torch.no_grad()
def measure(net, corpus, a):
    net.eval()
    row = {"parameters": model.count(net), "perplexity": {}, "pruned": {}}
    a.amp, amp = 0, a.amp
    for kind, s in corpus.test.items():
        row["perplexity"][kind] = round(lm.perplexity(net, s, a, SCORED)[0], 3)
        if net.mixtures():
            share, row["pruned"][kind] = shares(net, s, a, SCORED), []
            for k in range(a.experts, 0, -1):
                keep(net, share, k)
                row["pruned"][kind].append([k, round(lm.perplexity(net, s, a, SCORED)[0], 3)])
            keep(net, share, a.experts)
    if net.mixtures():
        row["mixtures"] = collapse(net, corpus.test, a)
    a.amp = amp
    return row


def main():
    a = common.arguments(__doc__, PRESETS, start="", texts="stories,novels,german,french", balance=0.0, mutual=0.05, dropout=0.0, arms="xmoe,softmax,dense")
    tok, run, experts = data.Unigram(a.start), a.run, a.experts
    measured = {"experts": a.experts, "clusters": a.clusters, "layers": a.layers, "width": a.width, "ffn": a.ffn, "steps": a.steps, "tokens": a.tokens, "arms": {}}
    corpus = lm.Corpus(a, tok)
    for arm in a.arms.split(","):
        a.run, a.experts = os.path.join(run, arm), experts if ARMS[arm] else 0
        os.makedirs(a.run, exist_ok=True)
        net = build(a, arm, tok).to(a.device)
        corpus.candidates = np.random.default_rng(a.seed + 1)  # each arm draws the same
        trainer = common.Trainer(a, net, corpus=corpus)
        trainer.train(corpus.batch, lm.loss_of(net, corpus, a), lambda: {k: lm.perplexity(net, s, a, 2000)[0] for k, s in corpus.test.items()})
        net.cpu()
        scores = {**measure(net, corpus, a), "minutes": round(trainer.seconds / 60, 1)}
        common.write_json(os.path.join(run, "measured-%s.json" % arm), scores)
        print("%s  %s" % (arm, json.dumps(scores["perplexity"])), flush=True)
        if a.out and ARMS[arm]:
            write(a, arm, tok, net.eval(), scores, trainer)
    for arm in ARMS:  # those of earlier runs, too
        path = os.path.join(run, "measured-%s.json" % arm)
        if os.path.exists(path):
            measured["arms"][arm] = common.read_json(path)
    common.write_json(os.path.join(run, "measured.json"), measured)


def write(a, arm, tok, net, scores, trainer):
    config = {**model.config(net), "architectures": ["MagnetoForCausalLM"], "bos_token_id": data.BOS, "eos_token_id": data.EOS, "unk_token_id": data.UNK}
    x = torch.tensor([[data.BOS, 40, 50, 60, 70, 80, 90, 100, 110]])
    with torch.no_grad():
        logits = net(x)
    common.vectors(os.path.join(a.run, "verify"), "decoder", config, net.state_dict(), dict(prev_output_tokens=x), dict(logits=logits))
    rows = "\n".join("| %s | %.2f | %s |" % (lm.TEXTS[k][1], v, ", ".join("%.1f" % p for _, p in scores["pruned"][k])) for k, v in scores["perplexity"].items())
    mixtures = "\n".join("| %d | %.2f of %d | %.2f | %.2e, %.2e |" % (2 * i + 1, m["used"], a.experts, m["within"], m["variance"], m["variance_within"])
                         for i, m in enumerate(scores["mixtures"]))
    out = os.path.join(a.out, "experts-" + arm)
    common.export(out, config, net.state_dict(), common.read_tokenizer(a.start), CARD.format(
        arm=arm, router=NAMES[arm], a=a, parameters=scores["parameters"], rows=rows, mixtures=mixtures, training=common.training(a, trainer),
        texts="\n".join("| %s |" % lm.TEXTS[k][2] for k in scores["perplexity"])))


CARD = """# experts-{arm}

A small mixture of experts: a Magneto decoder (Sub-LN, arXiv 2210.06423) of {a.layers} layers, in which every second feed-forward
is a mixture of {a.experts} experts. A token uses one of them. The router is {router}.
It shows how a mixture routes and what pruning costs. It is of no use as a language model.

| | |
|---|---|
| layers / width / heads / FFN | {a.layers} / {a.width} / {a.heads} / {a.ffn} |
| experts | {a.experts} in {a.clusters} clusters of neighbours |
| parameters | {parameters:,} |
| input | `<s>` and text; `</s>` ends a text |

## Training

{training}

experts-xmoe and experts-softmax differ in the router alone: seed, batches and losses are the same ([experts.py](../train/experts.py)).

| text | licence |
|---|---|
{texts}

## Results

Perplexity of a token of held-out text, of PyTorch in float32; then with 8, 7, … 1 experts of each mixture left, those that the text uses most:

| text | perplexity | pruned |
|---|---|---|
{rows}

Over all four kinds of text:

| layer | experts in use (e to the entropy of the load) | spread within experts, Tr(Σ_W Σ_B⁺)/E | MoEC's variance, over all experts and within clusters |
|---|---|---|---|
{mixtures}

## Licence

CC BY 4.0 for the weights; the tokenizer is Apache-2.0. The texts are by the authors that the table names.
"""


if __name__ == "__main__":
    main()
