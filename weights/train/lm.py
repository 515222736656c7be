#!/usr/bin/env python3
"""A language model of stories, novels and sentences: a Magneto decoder, dense or with mixtures of experts.

    lm.py --data DATA --start TOKENIZER --run RUN --out OUT [--preset cpu|gpu|smoke] [--texts stories,novels] [--experts 8]

TOKENIZER is a folder with tokenizer.json; if it has weights of the same width, float32 or int8, their table of tokens is where
training starts (--init 0: it is not). A sequence is <s> and a window of the running text; </s> stands between stories, novels and sentences.

--texts: which of stories, novels, german, french (TEXTS below), with a weight where they are not to be seen equally often: stories=2,german.
--most N: training has the first N tokens of each.

--experts N: every second layer (--moe-freq) is a mixture of N experts with X-MoE's router (Chi et al. 2022, arXiv 2204.09179, as torchscale
has it), to be pruned with `lode prune`. --clusters and --expert-drop are MoEC's (arXiv 2207.09094): the variance of routing within groups
of experts as a further loss, and experts that a part of the steps may not use. --mutual is Mod-Squad's (Chen et al. 2022, arXiv 2212.08066): the
weight of the mutual information of texts and experts, which grows as each text comes to have experts of its own.

--prune W: the experts that the texts use least are dropped while it trains (task-specific expert pruning, Chen et al. 2022, arXiv 2206.00277), in W
windows over the first half of the steps; from then on each layer has the one that is left, and what comes out is dense. It is the paper's order;
`lode prune` applies the same rule to a mixture whose training is over.

--go-on FOLDER: training begins with the weights of a model folder in float32, such as one that `lode prune` made.

The run has the texts that scores are of: held-out-stories.txt and so on. `lode eval perplexity` counts as it is done here.
"""
import itertools
import os

import numpy as np
import torch
import torch.nn.functional as F

import common
import data
import model

PRESETS = {
    "cpu": dict(width=256, heads=4, ffn=1024, layers=4, tokens=1536, window=96, steps=6000, lr=1.5e-3, warmup=300, candidates=2048, dropout=0.0,
                evaluate=1000, limit=0, amp=1),
    "gpu": dict(width=320, heads=5, ffn=1280, layers=6, tokens=32768, window=256, steps=12000, lr=2e-3, warmup=1000, candidates=0, dropout=0.1,
                evaluate=2000, limit=0, amp=1),
    "smoke": dict(width=32, heads=4, ffn=64, layers=2, tokens=512, window=32, steps=20, lr=1e-3, warmup=5, candidates=256, dropout=0.0,
                  evaluate=20, limit=40),
}
POSITIONS = 256
HELD_OUT = 60000  # tokens of a text that scores are of, at most
TEXTS = {  # the documents of a folder of data, what they are, and the card's row
    "stories": (lambda at: [[s] for s in data.stories(at)], "English stories",
                "TinyStories (Eldan and Li 2023), 0.8 million words; it came lower-cased, capitals of sentences and of most names were put back"
                " | CDLA-Sharing-1.0"),
    "novels": (data.novels, "English novels", "ELTeC-eng, novels of 1840 to 1920, 11 million words | text public domain, markup CC BY 4.0"),
    "german": (lambda at: data.novels(at, "deu"), "German novels", "ELTeC-deu, novels of 1840 to 1920, 9 million words | text public domain, markup CC BY 4.0"),
    "french": (lambda at: [[s] for s in dict.fromkeys(f for _, f in data.pairs(at, "fr"))], "French sentences",
               "Tatoeba, the French sides of pairs with English | CC BY 2.0 FR"),
}


class Corpus:
    """Streams of ids, and how much of training each is. candidates: draws the tokens that stand for the rest in a sampled softmax."""

    KEEPS = ("candidates",)

    def __init__(self, a, tok):
        self.a, self.candidates = a, np.random.default_rng(a.seed + 1)
        self.train, self.test, weights = [], {}, []
        for k, _, w in (t.partition("=") for t in a.texts.split(",")):
            if k not in TEXTS:
                raise SystemExit("--texts: there is no %r; expected some of %s" % (k, ", ".join(TEXTS)))
            documents = TEXTS[k][0](a.data)
            if a.limit:
                documents = [d[: a.limit] for d in documents[: a.limit]]
            cut = max(1, len(documents) // 40)
            held = head(tok, documents[:cut])
            self.train.append(self.stream(tok, documents[cut:], a.most or None))
            self.test[k] = self.stream(tok, held)
            weights.append(float(w or 1))
            with open(os.path.join(a.run, "held-out-%s.txt" % k), "w", encoding="utf-8") as f:
                f.write("\n\n".join("\n".join(d) for d in held) + "\n")
        self.share = np.array(weights) / sum(weights)
        n = sum(np.bincount(s, minlength=len(tok)) * w for s, w in zip(self.train, self.share))
        self.frequent = np.argsort(-n)[: a.candidates // 2]
        print("tokens: " + ", ".join("%s %d" % (k, len(s)) for k, s in zip(self.test, self.train)), flush=True)

    @staticmethod
    def stream(tok, documents, most=None):
        ids = (i for d in documents for p in d + [None] for i in ([data.EOS] if p is None else tok.encode(p)))
        return np.fromiter(itertools.islice(ids, most), np.uint16)

    def batch(self, step):
        """(input [B, window], labels, which text each is of): the labels are the input's next tokens. A run that goes on has other windows than before."""
        a, rng, rows, kinds = self.a, np.random.default_rng((self.a.seed, step)), [], []
        for _ in range(max(1, a.tokens // a.window)):
            kinds.append(min(len(self.train) - 1, int(np.searchsorted(self.share.cumsum(), rng.random()))))
            s = self.train[kinds[-1]]
            at = int(rng.integers(0, max(1, len(s) - a.window)))
            rows.append(s[at : at + a.window].astype(np.int64))
        return (*windows(rows), torch.tensor(kinds))


def head(tok, documents):
    """The first documents, cut after a paragraph, of at most HELD_OUT tokens."""
    out, n = [], 0
    for d in documents:
        ends = n + np.cumsum([len(tok.encode(p)) for p in d])
        keep = d[: int((ends < HELD_OUT).sum())]
        out, n = out + [keep] * bool(keep), int(ends[-1]) + 1
        if len(keep) < len(d):
            break
    return out


def windows(rows):
    y = torch.from_numpy(np.stack(rows))
    return torch.cat([torch.full((len(y), 1), data.BOS), y[:, :-1]], 1), y


class Pruning:
    """Drops experts whose share of the gates in a window is below β/(how many are left); at half-time all but the one with the largest share of all
    windows so far. The paper gives neither schedule nor threshold in code: this is the reconstruction that lode prune has, with a threshold that grows
    from window to window (β from 0.5 to 1), as the paper's does, since there is time to learn in between."""

    def __init__(self, net, a):
        self.mixtures, self.half, self.windows, self.at = net.mixtures(), a.steps // 2, a.prune, 0
        for m in self.mixtures:
            if m.left is None:
                m.left = torch.ones(len(m.experts), dtype=torch.bool, device=a.device)
        self.all, self.now = ([torch.zeros(len(m.experts), device=a.device) for m in self.mixtures] for _ in range(2))

    def step(self, step):
        for m, w, now in zip(self.mixtures, self.all, self.now):
            now += m.gates
            w += m.gates
        if step > self.half or (step + 1) * self.windows // self.half == step * self.windows // self.half:
            return
        last = (step + 1) >= self.half
        beta = 0.5 + 0.5 * min(1, (step + 1) / self.half)
        for m, w, now in zip(self.mixtures, self.all, self.now):
            share = now / now.sum()
            left = m.left & (share >= min(1 - 1e-6, beta) / int(m.left.sum()))
            if last:
                left = torch.arange(len(w), device=w.device) == int(w.masked_fill(~left, -1).argmax())
            m.left = left
            now.zero_()
        print("step %d: experts left %s" % (step, [int(m.left.sum()) for m in self.mixtures]), flush=True)


def loss_of(net, corpus, a, pruning=None):
    vocabulary = net.embed_tokens.num_embeddings

    def loss(batch):
        x, y, kinds = (t.to(a.device) for t in batch)
        for m in net.mixtures():
            m.kinds = kinds
        with common.autocast(a):
            h, y, table, offset = net.states(x).flatten(0, 1), y.flatten(), net.embed_tokens.weight, None
            if a.candidates:
                h, y, table, offset = model.sampled(h, y, table, corpus.frequent, vocabulary, a.candidates, corpus.candidates)
            logits = F.linear(h, table).float()
        nll = F.cross_entropy(logits if offset is None else logits + offset, y)
        more, value = {"nll": float(nll.detach())}, nll
        if a.experts:
            mixtures = net.mixtures()
            value = value + a.balance * sum(m.loss for m in mixtures) - a.mutual * sum(m.mutual for m in mixtures)
            if pruning:
                pruning.at += 1
                pruning.step(pruning.at - 1)
            more["busiest"] = sum(float(m.load.max()) for m in mixtures) / len(mixtures)
            more["mutual"] = sum(float(m.mutual.detach()) for m in mixtures) / len(mixtures)
        return value, len(y), more

    return loss


@torch.no_grad()
def perplexity(net, stream, a, most=HELD_OUT):
    """Of a token, over windows that do not overlap (the last may be shorter); and the shares of tokens that each expert gets, by layer."""
    total, n, load = 0.0, 0, None
    rows = [stream[i : min(most, i + a.window)].astype(np.int64) for i in range(0, min(most, len(stream)), a.window)]
    parts = [rows[i : min(i + 16, len(rows) - 1)] for i in range(0, len(rows) - 1, 16)] + [rows[-1:]]
    for part in parts:
        x, y = (t.to(a.device) for t in windows(part))
        with common.autocast(a):
            logits = net(x).float()
        total += float(F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum"))
        n += y.numel()
        if net.mixtures():
            now = torch.stack([m.load for m in net.mixtures()]) * y.numel()
            load = now if load is None else load + now
    return float(np.exp(min(20, total / max(1, n)))), None if load is None else (load / n).cpu().tolist()


def main():
    a = common.arguments(__doc__, PRESETS, start="", init=1, texts="stories,novels", most=0, experts=0, clusters=0, expert_drop=0.0, balance=0.01, mutual=0.0,
                         moe_freq=2, prune=0, go_on="")
    tok = data.Unigram(a.start)
    moe = dict(experts=a.experts, clusters=a.clusters, drop=a.expert_drop) if a.experts else None
    net = model.Decoder(len(tok), a.width, a.heads, a.ffn, a.layers, POSITIONS, scale=a.width**0.5, dropout=a.dropout, moe=moe, moe_freq=a.moe_freq)
    weights = os.path.join(a.start, "model.safetensors")
    if a.init and os.path.exists(weights):
        model.start_table(net, common.read_safetensors(weights)["embed_tokens.weight"])
    if a.go_on:
        net.load_state_dict(common.read_safetensors(os.path.join(a.go_on, "model.safetensors")))
    net.to(a.device)
    print("%d parameters" % model.count(net), flush=True)
    corpus = Corpus(a, tok)
    pruning = Pruning(net, a) if a.prune else None
    t = common.Trainer(a, net, corpus=corpus)
    if pruning:
        pruning.at = t.step
    evaluate = lambda: {k: perplexity(net, s, a, 20000)[0] for k, s in corpus.test.items()}
    t.train(corpus.batch, loss_of(net, corpus, a, pruning), evaluate)
    net.eval()
    if pruning:
        net.dense()
    a.amp, scores = 0, {}
    for k, s in corpus.test.items():
        scores[k], load = perplexity(net, s, a)
        print("%s: perplexity %.3f" % (k, scores[k]))
        if load:
            scores["load " + k] = [[round(v, 4) for v in row] for row in load]
            print("".join("    layer %d, tokens by expert: %s\n" % (i, " ".join("%5.1f %%" % (100 * v) for v in row)) for i, row in enumerate(load)), end="")
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    if a.out:
        write(a, tok, net.cpu().eval(), corpus, scores, t)


def write(a, tok, net, corpus, scores, trainer):
    config = {**model.config(net), "architectures": ["MagnetoForCausalLM"], "bos_token_id": data.BOS, "eos_token_id": data.EOS, "unk_token_id": data.UNK}
    x, _ = windows([next(iter(corpus.test.values()))[i : i + 12].astype(np.int64) for i in (0, 12)])
    with torch.no_grad():
        logits = net(x)
    common.vectors(os.path.join(a.run, "verify"), "decoder", config, net.state_dict(), dict(prev_output_tokens=x), dict(logits=logits))
    golden(a, net, corpus)
    rows = "\n".join("| %s | %.2f |" % (k, v) for k, v in scores.items() if isinstance(v, float))
    every = {1: "every", 2: "every second"}.get(a.moe_freq, "every %dth" % a.moe_freq)
    experts = "pruned from a mixture of %d experts while it was trained (task-specific expert pruning, arXiv 2206.00277)" % a.experts if a.prune else \
        "%s feed-forward is a mixture of %d experts, of which a token uses one (X-MoE)" % (every, a.experts) if a.experts else "dense"
    common.export(a.out, config, net.state_dict(), common.read_tokenizer(a.start), CARD.format(
        name=os.path.basename(os.path.normpath(a.out)), what=" and ".join(TEXTS[k][1] for k in corpus.test),
        texts="\n".join("| %s |" % TEXTS[k][2] for k in corpus.test), layers=a.layers, width=a.width, heads=a.heads, ffn=a.ffn, experts=experts, vocabulary=net.embed_tokens.num_embeddings,
        parameters=model.count(net), rows=rows, training=common.training(a, trainer)))


@torch.no_grad()
def golden(a, net, corpus):
    """Beginnings of held-out texts for a test in Go: the probability of each token, the likeliest one, and some logits."""
    few, cases = np.linspace(4, net.embed_tokens.num_embeddings - 2, 24).astype(int), []
    for k, s in corpus.test.items():
        for at in range(0, min(len(s), 3 * a.window), a.window):
            x, y = windows([s[at:][: min(a.window, 32)].astype(np.int64)])
            z = net(x)[0]
            cases.append({"text": k, "ids": x[0].tolist(), "next": y[0].tolist(), "nll": round(float(F.cross_entropy(z, y[0])), 5),
                          "best": z.argmax(-1).tolist(), "logits": [[round(v, 3) for v in row] for row in z[:, few].tolist()]})
    common.write_json(os.path.join(a.run, "golden.json"), {"columns": few.tolist(), "cases": cases}, None)


CARD = """# {name}

A small language model of {what}: a Magneto decoder (Sub-LN, arXiv 2210.06423), {experts}.

| | |
|---|---|
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn} |
| vocabulary | {vocabulary} Unigram pieces, shared with prompt-magneto-en-de-fr; the output projection is the table of tokens |
| parameters | {parameters:,} |
| input | `<s>` and text; `</s>` ends a text |

## Training

{training}

| text | licence |
|---|---|
{texts}

## Results

Perplexity of a token on texts that are not in training (windows of the training's length):

| text | perplexity |
|---|---|
{rows}

## Limits

* It writes sentences, not sense: it is small, and saw little text for a short time.
* The novels have the language and the prejudices of their century.
"""


if __name__ == "__main__":
    main()
