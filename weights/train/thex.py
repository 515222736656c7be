#!/usr/bin/env python3
"""THE-X (Chen et al. 2022, arXiv 2206.00216): a sentence classifier rewritten so that nothing but ReLU, sums and products is left.

    thex.py --data DATA --start TOKENIZER --run RUN --out OUT [--preset cpu|gpu|smoke]

The task: does an English sentence come from a conversation (Tatoeba), a children's story (TinyStories) or a novel (ELTeC)? A small BERT
learns it; then, step by step, each trained on from the one before:

    gelu      the classifier as it is
    relu      ReLU instead of GELU
    softmax   r_i·T(Σ r_j), r = ReLU((x/2+1)³), instead of softmax; T ≈ 1/z is a small network that was fitted first
    norms     x∘γ + β instead of LayerNorm, learnt from the states of the step before

RUN/scores.json has the accuracy after each, RUN/verify the last for `lode verify`, RUN/held-out.tsv the sentences for `lode eval classification`, and
RUN/before the first as a folder. OUT is a folder of the last (`lode run text-classification`). All in plain numbers: what is shown is what the rewrite costs in
accuracy.
"""
import argparse
import copy
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common
import data

PRESETS = {
    "cpu": dict(width=64, heads=2, ffn=256, layers=2, tokens=3000, steps=600, lr=1e-3, warmup=50, evaluate=300, sentences=20000, reciprocal=16, fit=3000),
    "gpu": dict(width=128, heads=2, ffn=512, layers=2, tokens=8000, steps=3000, lr=1e-3, warmup=200, evaluate=1000, sentences=60000, reciprocal=16, fit=6000),
    "smoke": dict(width=16, heads=2, ffn=32, layers=2, tokens=400, steps=10, lr=1e-3, warmup=2, evaluate=10, sentences=60, reciprocal=8, fit=50),
}
KINDS = ["conversation", "story", "novel"]
MASK, POSITIONS = -4.0, 64  # r is 0 for scores of −2 and less; a mask of −1e9 would be −1e26 when cubed
STEPS = ["gelu", "relu", "softmax", "norms"]


class Norm(nn.LayerNorm):
    """LayerNorm, and the affine that takes its place."""

    def __init__(self, d):
        super().__init__(d)
        self.affine_gamma, self.affine_beta, self.affine, self.seen = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), False, None

    def forward(self, x):
        if self.affine:
            return x * self.affine_gamma + self.affine_beta
        y = super().forward(x)
        if self.seen is not None:
            self.seen.append((x.detach().reshape(-1, x.shape[-1]), y.detach().reshape(-1, x.shape[-1])))
        return y

    @torch.no_grad()
    def fit(self):
        """γ and β by least squares, column by column, from what was seen."""
        x, y = (torch.cat(t) for t in zip(*self.seen))
        dx, dy = x - x.mean(0), y - y.mean(0)
        self.affine_gamma.copy_((dx * dy).mean(0) / (dx * dx).mean(0).clamp_min(1e-6))
        self.affine_beta.copy_(y.mean(0) - self.affine_gamma * x.mean(0))
        self.affine, self.seen = True, None


class Reciprocal(nn.Module):
    """T(z) ≈ 1/z: linear layers 1→h→h→1 with ReLU between them."""

    def __init__(self, h):
        super().__init__()
        self.layer1, self.layer2, self.layer3 = nn.Linear(1, h), nn.Linear(h, h), nn.Linear(h, 1)

    def forward(self, z):
        return self.layer3(F.relu(self.layer2(F.relu(self.layer1(z[..., None])))))[..., 0]


def module(**parts):
    m = nn.Module()
    for k, v in parts.items():
        setattr(m, k, v)
    return m


class Bert(nn.Module):
    """BERT's names; a linear classifier on the first token, without the tanh of its pooler."""

    def __init__(self, a, vocab):
        super().__init__()
        d, f = a.width, a.ffn
        self.heads, self.step, self.scores = a.heads, "gelu", []
        self.embeddings = module(word_embeddings=nn.Embedding(vocab, d), position_embeddings=nn.Embedding(POSITIONS, d),
                                 token_type_embeddings=nn.Embedding(1, d), LayerNorm=Norm(d))
        self.encoder = module(layer=nn.ModuleList(module(
            attention=module(self=module(query=nn.Linear(d, d), key=nn.Linear(d, d), value=nn.Linear(d, d)), output=module(dense=nn.Linear(d, d), LayerNorm=Norm(d))),
            intermediate=module(dense=nn.Linear(d, f)), output=module(dense=nn.Linear(f, d), LayerNorm=Norm(d))) for _ in range(a.layers)))
        self.T, self.classifier = Reciprocal(a.reciprocal), nn.Linear(d, len(KINDS))
        for m in self.modules():
            if isinstance(m, nn.Embedding):
                nn.init.normal_(m.weight, std=0.05)

    def norms(self):
        return [m for m in self.modules() if isinstance(m, Norm)]

    def states(self, ids):
        """The states after each layer, [B, T, D]; the scores of attention are left in self.scores."""
        e, pad, all_, self.scores = self.embeddings, ids.eq(data.PAD)[:, None, None], [], []
        x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings.weight[: ids.shape[1]] + e.token_type_embeddings.weight[0])
        split = lambda t: t.view(len(t), -1, self.heads, t.shape[-1] // self.heads).transpose(1, 2)
        for l in self.encoder.layer:
            s = l.attention.self
            q, k, v = split(s.query(x)), split(s.key(x)), split(s.value(x))
            scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
            self.scores.append(scores.masked_fill(pad, 0))
            if STEPS.index(self.step) >= 2:
                p = estimate(scores.masked_fill(pad, MASK), self.T)
            else:
                p = scores.masked_fill(pad, float("-inf")).softmax(-1)
            y = (p @ v).transpose(1, 2).reshape(x.shape)
            x = l.attention.output.LayerNorm(x + l.attention.output.dense(y))
            h = l.intermediate.dense(x)
            x = l.output.LayerNorm(x + l.output.dense(F.gelu(h) if self.step == "gelu" else F.relu(h)))
            all_.append(x)
        return all_

    def forward(self, ids):
        return self.classifier(self.states(ids)[-1][:, 0])


def estimate(x, t):
    """The estimate of softmax, over the last dimension."""
    r = F.relu((x / 2 + 1) ** 3)
    return r * t(r.sum(-1))[..., None]


def fit_reciprocal(t, steps, low=0.5, high=120.0):
    """Fits T where sums lie, by its relative error; returns the largest there."""
    optimizer = torch.optim.Adam(t.parameters(), lr=5e-3)
    for i in range(steps):
        z = torch.exp(torch.rand(512) * np.log(high / low)) * low
        loss = ((t(z) * z - 1) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        optimizer.param_groups[0]["lr"] = 5e-3 * (1 - i / steps) + 1e-5
    with torch.no_grad():
        z = torch.linspace(low, high, 2000)
        return float((t(z) * z - 1).abs().max())


class Corpus:
    KEEPS = ("rng", "epoch")

    def __init__(self, a, tok):
        rng = np.random.default_rng(a.seed)
        texts = [[e for e, _ in data.pairs(a.data, "de")], [s for p in data.stories(a.data) for s in data.sentences(p)],
                 [s for n in data.novels(a.data) for p in n[:: max(1, 40000 // a.sentences)] for s in data.sentences(p)]]
        self.a, self.rng, self.epoch, rows = a, rng, [], []
        for kind, t in enumerate(texts):
            t = list(dict.fromkeys(s for s in t if 12 < len(s) < 160))
            rows += [(tok.encode(t[i])[: POSITIONS - 2], kind, t[i]) for i in rng.permutation(len(t))[: a.sentences // len(KINDS)]]
        rows = [([data.BOS] + ids + [data.EOS], kind, text) for ids, kind, text in rows]
        rows = [rows[i] for i in rng.permutation(len(rows))]
        cut = len(rows) // 10
        self.test, self.train = rows[:cut], rows[cut:]

    def batch(self, step):
        if not self.epoch:
            self.epoch = data.batches(np.array([len(r[0]) for r in self.train]), self.a.tokens, self.rng)
        rows = [self.train[i] for i in self.epoch.pop()]
        return torch.from_numpy(data.padded([r[0] for r in rows])), torch.tensor([r[1] for r in rows])

    @torch.no_grad()
    def accuracy(self, net):
        right = 0
        for i in range(0, len(self.test), 64):
            rows = self.test[i : i + 64]
            best = net(torch.from_numpy(data.padded([r[0] for r in rows])).to(self.a.device)).argmax(-1).cpu()
            right += int((best == torch.tensor([r[1] for r in rows])).sum())
        return 100 * right / len(self.test)


def loss_of(net, a, teacher=None):
    def loss(batch):
        ids, y = (t.to(a.device) for t in batch)
        states = net.states(ids)
        value = nll = F.cross_entropy(net.classifier(states[-1][:, 0]), y)
        if net.step != "gelu":  # scores beyond what T was fitted for would be cubed
            value = value + 0.02 * sum((F.relu(s.abs() - 3) ** 2).mean() for s in net.scores)
        if teacher is not None:
            keep = ids.ne(data.PAD)
            with torch.no_grad():
                want = teacher.states(ids)
            value = value + sum(((x - w)[keep] ** 2).mean() for x, w in zip(states, want))
        return value, ids.numel(), {"nll": float(nll.detach())}

    return loss


def main():
    a = common.arguments(__doc__, PRESETS, start="")
    if a.amp:
        raise SystemExit("--amp: thex computes in float32 alone")
    tok = data.Unigram(a.start)
    net, corpus, scores, trainers = Bert(a, len(tok)).to(a.device), Corpus(a, tok), {}, []
    print("%d sentences" % len(corpus.train), flush=True)
    for step in STEPS:
        net.step, teacher = step, None
        if step == "softmax":
            scores["T, worst relative error"] = fit_reciprocal(net.T.cpu().requires_grad_(True), a.fit)
            net.to(a.device)
        if step == "norms":
            teacher = copy.deepcopy(net).eval()
            teacher.step = "softmax"
            for n in net.norms():
                n.seen = []
            for i in range(4):
                net.states(corpus.batch(i)[0].to(a.device))
            for n in net.norms():
                n.fit()
            scores["norms, before learning on"] = corpus.accuracy(net.eval())
        net.T.requires_grad_(False)
        b = argparse.Namespace(**{**vars(a), "run": os.path.join(a.run, step), "lr": a.lr * (1 if step == "gelu" else 0.3), "clip": 0.5})
        os.makedirs(b.run, exist_ok=True)
        trainers.append(common.Trainer(b, net, corpus=corpus))
        trainers[-1].train(corpus.batch, loss_of(net, a, teacher))
        scores[step] = corpus.accuracy(net.eval())
        if step == "gelu":
            before(a, tok, net)
        print("%s: accuracy %.2f" % (step, scores[step]), flush=True)
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    write(a, tok, net.cpu(), corpus)
    golden(a, net, corpus)
    if a.out:
        folder(a, tok, net, scores, trainers, corpus)


def write(a, tok, net, corpus):
    config = {"activation": "relu", "hidden_size": a.width, "intermediate_size": a.ffn, "layernorm": "elementwise affine", "mask_value": MASK,
              "max_position_embeddings": POSITIONS, "num_attention_heads": a.heads, "num_hidden_layers": a.layers, "reciprocal_hidden": a.reciprocal,
              "type_vocab_size": 1, "vocab_size": len(tok)}
    ids, scores = torch.from_numpy(data.padded([r[0] for r in corpus.test[:3]])), torch.linspace(-3, 3, 8)[None]
    with torch.no_grad():
        out = dict(last_hidden=net.states(ids)[-1], softmax_est_T=estimate(scores, net.T), softmax_true=scores.softmax(-1))
    tensors = {k: v for k, v in net.state_dict().items() if not k.startswith("classifier.")}
    common.vectors(os.path.join(a.run, "verify"), "thex", config, tensors, dict(input_ids=ids, attention_mask=ids.ne(data.PAD), scores=scores), out)


def bert(a, tok, **more):
    """The members of a BertConfig."""
    return dict(architectures=["BertForSequenceClassification"], hidden_size=a.width, num_hidden_layers=a.layers, num_attention_heads=a.heads,
                intermediate_size=a.ffn, max_position_embeddings=POSITIONS, vocab_size=len(tok), type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=data.PAD,
                id2label={str(i): k for i, k in enumerate(KINDS)}, **more)


def before(a, tok, net):
    """The classifier as it was, as a folder. BERT's own has a pooler, so it is written as one that labels tokens: the first one's is the sentence's."""
    config = {**bert(a, tok, model_type="bert", hidden_act="gelu"), "architectures": ["BertForTokenClassification"]}
    tensors = {k: v for k, v in net.state_dict().items() if not k.startswith("T.") and "affine" not in k}
    common.export(os.path.join(a.run, "before"), config, tensors, common.read_tokenizer(a.start), "THE-X, before: see thex.py.\n")


@torch.no_grad()
def golden(a, net, corpus, n=120):
    """Held-out sentences with their kinds, and PyTorch's logits of some."""
    with open(os.path.join(a.run, "held-out.tsv"), "w", encoding="utf-8") as f:
        f.writelines("%s\t%s\n" % (KINDS[kind], text) for _, kind, text in corpus.test)
    cases = [dict(text=text, kind=KINDS[kind], logits=[round(v, 4) for v in net(torch.tensor([ids]))[0].tolist()]) for ids, kind, text in corpus.test[:n]]
    common.write_json(os.path.join(a.run, "golden.json"), {"cases": cases}, None)


def folder(a, tok, net, scores, trainers, corpus):
    config = bert(a, tok, model_type="thex", hidden_act="relu", reciprocal_hidden=a.reciprocal, mask_value=MASK)
    tensors = {k: v for k, v in net.state_dict().items() if "LayerNorm.weight" not in k and "LayerNorm.bias" not in k}
    rows = "\n".join("| %s | %.2f |" % (WHAT[k], scores[k]) for k in STEPS)
    common.export(a.out, config, tensors, common.read_tokenizer(a.start), CARD.format(
        name=os.path.basename(os.path.normpath(a.out)), layers=a.layers, width=a.width, heads=a.heads, ffn=a.ffn, vocabulary=len(tok), h=a.reciprocal, rows=rows, kinds=", ".join(KINDS),
        sentences=len(corpus.train) + len(corpus.test), tests=len(corpus.test), steps=a.steps, tokens=a.tokens, preset=common.preset(a, trainers[0]), first=a.lr, then=0.3 * a.lr, machine=common.machine(a),
        minutes=sum(t.seconds for t in trainers) / 60))


WHAT = {"gelu": "BERT as it is", "relu": "ReLU instead of GELU", "softmax": "and the estimate instead of softmax", "norms": "and x∘γ + β instead of LayerNorm (this folder)"}

CARD = """# {name}

A small classifier of English sentences that computes with nothing but ReLU, sums and products: a BERT rewritten as THE-X does it (Chen et al. 2022,
arXiv 2206.00216), so that it could run on encrypted numbers. Here it runs on plain ones: it shows what the rewrite costs in accuracy.

| | |
|---|---|
| labels | {kinds}: where the sentence comes from |
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn} |
| softmax | r_i·T(Σ r_j), r = ReLU((x/2+1)³), T a network 1→{h}→{h}→1 that stands for 1/x |
| LayerNorm | x∘γ + β |
| input | `<s>` pieces `</s>`, at most 64; a linear layer on the first state |
| vocabulary | {vocabulary} Unigram pieces, shared with prompt-magneto-en-de-fr |

## Training

{sentences} sentences, a third each from Tatoeba, TinyStories and ELTeC-eng, {tests} of them held out; {steps} steps of at most {tokens} tokens for each step of the rewrite, {preset}, AdamW with a highest rate of
{first:g} for the classifier and {then:g} after, float32; {minutes:.1f} minutes on {machine} ([thex.py](../train/thex.py)).

| text | licence |
|---|---|
| Tatoeba (manythings.org/anki), the English side | CC BY 2.0 FR |
| TinyStories (Eldan and Li 2023) | CDLA-Sharing-1.0 |
| ELTeC-eng, novels of 1840 to 1920 | text public domain, markup CC BY 4.0 |

## Results

Accuracy on the held-out sentences, in percent:

| PyTorch, float32 | |
|---|---|
{rows}

## Limits

* It knows three kinds of text by their words, and says one of them of every sentence.
* Nothing is encrypted: scores of attention beyond what T was fitted for would be cubed, in a cipher as here.
"""


if __name__ == "__main__":
    main()
