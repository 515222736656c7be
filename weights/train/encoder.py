#!/usr/bin/env python3
"""A sentence encoder for English, German and French: a Magneto encoder that is read at the mask of PromptBERT's template.

    encoder.py --data DATA --start VOCABULARY --teachers TEACHERS --run RUN --out OUT [--preset cpu|gpu|smoke]

VOCABULARY is a folder with tokenizer.json (vocabulary.py); TEACHERS holds the teachers (teachers.py says which). Stages, each of which goes on from the one before:

    table     averaged embeddings: a table of tokens whose sums point where the targets do (targets.py). The encoder starts as that average: the mask of the template
              attends to the sentence alone, and all else begins near nothing.
    distil    a sentence of any language lands where the teachers put its English side: (1 − cos) + --kl times the KL divergence of its similarities to the batch's and
              --bank other targets from those of its target; and, with weight --prompt on a --part of the batch, PromptBERT's own objective: InfoNCE of a sentence in
              two templates, each less δ, the template's own embedding without a sentence. For the first --short of all steps sentences have at most 16 pieces.

What comes out is the moving average (--ema) of the weights, so a run may end at any step. STS-B dev and 1,000 pairs of Tatoeba for each language, kept out of training,
are scored every --evaluate steps; the held-out pairs that data.py names are scored once, at the end.
"""
import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common
import data
import encoder_card
import metrics
import model
import sentences
import targets
import template
from template import embed, embedding

PRESETS = {
    "cpu": dict(width=256, heads=4, ffn=1024, layers=4, table_steps=6000, table_batch=1024, distil_steps=60000, tokens=2600, bank=512, lr=1e-3, warmup=500,
                evaluate=1000, limit=0),
    "gpu": dict(width=256, heads=4, ffn=1024, layers=4, table_steps=8000, table_batch=8192, distil_steps=12000, tokens=65536, bank=8192, lr=2e-3, warmup=300, evaluate=500,
                limit=0, amp=1),
    "smoke": dict(width=32, heads=4, ffn=64, layers=2, table_steps=20, table_batch=64, distil_steps=10, tokens=600, bank=16, lr=1e-3, warmup=2, evaluate=10, limit=60),
}
LONGEST, SHORT = 40, 16  # pieces of a sentence in training; of the first sentences
KEPT_OUT = 1000  # pairs of each language for the figures on the way
SHARE = {"tatoeba": 1.0, "common-voice-en": 1.0, "common-voice-de": 1.0, "common-voice-fr": 0.7, "wikinews-en": 1.0, "wikisplit-en": 1.0}  # of a set's sentences in a round
OTHERS = 0.5
SLOWER = {"fc2.weight": (0.05, 0.15), "out_proj.weight": (0.1, 0.2)}  # the rates' factors: of all layers but the last, of the last


# --- texts --------------------------------------------------------------------------


class Corpus:
    """Sentences as ids, one after the other; batches of sentences of one length, so nothing is padding.

    concept: the number of a sentence's target. Rows are the concepts, the translations, and lower-cased copies of every tenth of them.
    """

    KEEPS = ("rng", "ready")

    def __init__(self, a, tok, prompt):
        self.a, self.prompt, self.rng, self.ready = a, prompt, np.random.default_rng(a.seed), []
        texts = targets.Texts(a)
        self.targets, have, self.told, self.space = targets.build(a, texts, lambda n, of: print("a teacher has read %d of %d" % (n, of), flush=True))
        rows = [(l, n, i, s) for i, (l, n, s) in enumerate(texts.concepts)] + texts.translations
        rows += [(l, n, c, s.lower()) for l, n, c, s in rows[::10] if s != s.lower()]
        self.language, self.kind, self.concept = (np.array([r[i] for r in rows]) for i in range(3))
        self.ids, full = self.encoded(tok, [r[3] for r in rows])
        self.at, self.length = np.cumsum(full) - full, np.minimum(full, LONGEST)
        self.ended = (full > 3) & (full <= LONGEST) & np.isin(self.ids[self.at + full - 1], [tok.id[c] for c in ".?!"])
        self.pairs = self.keep_out(texts)
        out = np.zeros(len(have), bool)
        out[[c for p in self.pairs.values() for c, _, _ in p]] = True
        self.usable = (have & ~out)[self.concept] & (self.length > 0)
        self.share = np.vectorize(lambda k: SHARE.get(k, OTHERS))(self.kind)
        self.counts = {}
        for l, k in zip(self.language[self.usable], self.kind[self.usable]):
            self.counts[l, k] = self.counts.get((l, k), 0) + 1
        print("%d of %d sentences have a target; bge has read %d; %.1f %% of the squared length kept; cosine of the map %.3f"
              % (self.usable.sum(), len(rows), self.told.sum(), 100 * self.space.s["kept"], self.space.s["fit"]), flush=True)

    def encoded(self, tok, plain):
        """All ids in a row, and the length of each sentence; the run keeps them."""
        path = os.path.join(self.a.run, "ids.npz")
        if not os.path.exists(path):
            ids = [i for k in range(0, len(plain), 20000) for i in tok.encode_all(plain[k : k + 20000])]
            with open(path + ".tmp", "wb") as f:
                np.savez(f, ids=np.fromiter((i for s in ids for i in s), np.uint16), full=np.array([len(i) for i in ids]))
            os.replace(path + ".tmp", path)
        with np.load(path) as z:
            return z["ids"].astype(np.int64), z["full"]

    def keep_out(self, texts):
        """{language: [(concept, English, other)]}: pairs of Tatoeba that no training sees, for the figures on the way."""
        rng, out = np.random.default_rng(0), {}
        for language in self.a.languages.split(","):
            own = [(c, texts.concepts[c][2], s) for l, n, c, s in texts.translations if l == language and n == "tatoeba" and len(s) > 12]
            out[language] = [own[i] for i in rng.permutation(len(own))[: min(KEPT_OUT, len(own) // 10)]]
        return out

    def rows(self, index, n):
        return torch.from_numpy(self.ids[self.at[index][:, None] + np.arange(n)])

    def target(self, index):
        """Targets [B, D] of sentences, and the numbers [B] of their concepts."""
        return torch.from_numpy(self.targets[self.concept[index]].astype(np.float32)), torch.from_numpy(self.concept[index])

    def bank(self):
        return torch.from_numpy(self.targets[self.concept[self.rng.choice(self.some, self.a.bank)]].astype(np.float32))

    @property
    def some(self):
        if not hasattr(self, "_some"):
            self._some = np.flatnonzero(self.usable)
        return self._some

    def table(self, step):
        """(ids one after the other, where each sentence begins, targets)"""
        index = self.rng.choice(self.some, self.a.table_batch)
        lengths = self.length[index]
        ids = np.concatenate([self.ids[b : b + n] for b, n in zip(self.at[index], lengths)])
        return torch.from_numpy(ids), torch.from_numpy(np.cumsum(lengths) - lengths), self.target(index)[0]

    def distil(self, step):
        """(ids [B, n], targets [B, D], concepts [B], other targets [bank, D]), at most --tokens tokens with the template. A fifth of the sentences that end in a
        full stop, a question or an exclamation mark lose it, that it may not count."""
        while not self.ready:
            longest = SHORT if step < self.a.short * self.a.distil_steps else LONGEST
            index = self.rng.permutation(np.flatnonzero(self.usable & (self.length <= longest) & (self.rng.random(len(self.share)) < self.share)))
            length = self.length[index] - (self.ended[index] & (self.rng.random(len(index)) < 0.2))
            lots = []
            for n in np.unique(length):
                own, size = index[length == n], max(8, self.a.tokens // (int(n) + 10))
                lots += [(int(n), own[i : i + size].astype(np.int32)) for i in range(0, len(own), size) if len(own) - i >= min(size, len(own), 16)]
            self.ready = [lots[i] for i in self.rng.permutation(len(lots))]
        n, index = self.ready.pop()
        return (self.rows(index, n), *self.target(index), self.bank())

    def lots(self):
        """Some sentences of three usual lengths with their targets, for template.begin."""
        rng, out = np.random.default_rng(0), []
        lengths = np.sort(self.length[self.some])
        for n in np.unique(lengths[[len(lengths) // 5, len(lengths) // 2, 4 * len(lengths) // 5]]):
            index = rng.choice(np.flatnonzero(self.usable & (self.length == n)), 200)
            out.append((self.rows(index, int(n)), self.target(index)[0]))
        return out


# --- training -----------------------------------------------------------------------


class Table(nn.Module):
    """Averaged embeddings: the sum of the tokens' rows, whose length says how much a token counts."""

    def __init__(self, vocabulary, width):
        super().__init__()
        self.rows = nn.EmbeddingBag(vocabulary, width, mode="sum")
        nn.init.normal_(self.rows.weight, std=0.02)


def similarities(h, t, targets, tau):
    """KL(softmax(t·targets/τ) ‖ softmax(h·targets/τ)), the mean over the batch."""
    return F.kl_div(F.log_softmax(h @ targets.T / tau, 1), F.softmax(t @ targets.T / tau, 1), reduction="batchmean")


def table_loss(net, a):
    def loss(batch):
        ids, at, t = (x.to(a.device) for x in batch)
        h = F.normalize(net.rows(ids, at), dim=1)
        cos, kl = 1 - (h * t).sum(1).mean(), similarities(h, t, t[:512], a.tau)
        return cos + 0.25 * kl, len(ids), {"cos": float(cos.detach()), "kl": float(kl.detach())}

    return loss


def distil_loss(net, prompt, a):
    def loss(batch):
        ids, t, concept, bank = (x.to(a.device) for x in batch)
        n, b = ids.shape[1], len(ids)
        two = min(b, max(2, int(b * a.part))) if a.prompt else 0
        with common.autocast(a):
            h = [embedding(net, prompt.wrap(ids)).float()]
            if two:
                h.append(embedding(net, prompt.wrap(ids[:two], 1)).float())
                delta = [prompt.delta(net, n, k, a.device).float() for k in (0, 1)]
        own, want = F.normalize(torch.cat(h), dim=1), torch.cat([t, t[:two]])
        cos, kl = 1 - (own * want).sum(1).mean(), similarities(own, want, torch.cat([t, bank]), a.tau)
        value, more = cos + a.kl * kl, {"cos": float(cos.detach()), "kl": float(kl.detach())}
        if two:
            x, y = (F.normalize(s[:two] - d, dim=1) for s, d in zip(h, delta))
            same = (concept[:two, None] == concept[None, :two]) & ~torch.eye(two, dtype=torch.bool, device=a.device)  # translations of each other are no strangers
            nce = F.cross_entropy((x @ y.T / 0.05).masked_fill(same, -1e4), torch.arange(two, device=a.device))
            value = value + a.prompt * nce
            more["prompt"] = float(nce.detach())
        return value, b * (n + 10), more

    return loss


def groups(net, a):
    """The parameters by how fast they change. What reads a LayerNorm and writes into the states changes slowest: there the tokens have much in common, and one
    step of Adam moves them all."""
    def factor(name):
        last = name.startswith("layers.%d." % (len(net.layers) - 1))
        for end, factors in SLOWER.items():
            if name.endswith(end):
                return factors[last]
        return 1.0 if name.startswith("embed_tokens") else 0.1 if name.startswith("embed_positions") else 0.3 if name.endswith(("proj.weight", "fc1.weight")) else 0.5

    by = {}
    for name, p in net.named_parameters():
        by.setdefault((factor(name), a.weight_decay if p.dim() == 2 and "embed" not in name else 0.0), []).append(p)
    return [dict(params=p, lr=f * a.lr, weight_decay=d) for (f, d), p in by.items()]


# --- figures ------------------------------------------------------------------------


def figures(vectors, a, pairs):
    """Spearman's correlation on STS-B dev, and how often the nearest of the pairs' other sides is the translation, in both directions.
    vectors: texts -> [N, D]; pairs: {language: [(English, other)]}."""
    out = {}
    for lang, x, y, gold in sentences.sts(a.data):
        out["STS-B dev " + lang] = metrics.spearman(metrics.cosines(vectors(x), vectors(y)), gold)
    for lang, p in ((l, p) for l, p in pairs.items() if p):
        english, foreign = zip(*p)
        out["%s to en" % lang], out["en to %s" % lang] = metrics.nearest(vectors(foreign), vectors(english))
    return out


def stage(a, name, **more):
    """The arguments of a stage: a run of its own within the run."""
    b = argparse.Namespace(**{**vars(a), "run": os.path.join(a.run, name), "steps": getattr(a, name + "_steps"), **more})
    os.makedirs(b.run, exist_ok=True)
    return b


def main():
    a = common.arguments(__doc__, PRESETS, start="", teachers="", languages="de,fr", fill=1, share=0.75, dropout=0.0, weight_decay=0.02, tau=0.05, kl=0.5, prompt=0.05,
                         part=0.1, short=0.02, ema=0.998, decay=0.1)
    tok = data.Unigram(a.start)
    prompt = template.Prompt(tok)
    corpus = Corpus(a, tok, prompt)
    net = model.Encoder(len(tok), a.width, a.heads, a.ffn, a.layers, template.POSITIONS, dropout=a.dropout)
    kept_out = {l: [(e, f) for _, e, f in p] for l, p in corpus.pairs.items()}
    quick = lambda: figures(lambda x: embed(net, tok, prompt, x, a.device), a, kept_out)

    b = stage(a, "table", lr=5 * a.lr, weight_decay=0.0, amp=0, ema=0.0, decay=0.5)
    rows = Table(len(tok), a.width).to(a.device)
    trainers = {"table": common.Trainer(b, rows, corpus=corpus)}
    trainers["table"].train(corpus.table, table_loss(rows, b), every=500)
    path = os.path.join(b.run, "start.safetensors")
    if not os.path.exists(path):
        template.begin(net, rows.rows.weight.detach().cpu(), prompt, corpus.lots())
        common.write_safetensors(path, net.state_dict())
        common.write_json(os.path.join(b.run, "scores.json"), figures(lambda x: embed(net, tok, prompt, x, "cpu"), a, kept_out))
    net.load_state_dict(common.read_safetensors(path))
    scores = {"table": common.read_json(os.path.join(b.run, "scores.json"))}
    print("averaged embeddings", {k: round(v, 4) for k, v in scores["table"].items()}, flush=True)

    net.to(a.device)
    b = stage(a, "distil")
    trainers["distil"] = common.Trainer(b, net, groups(net, b), corpus)
    trainers["distil"].train(corpus.distil, distil_loss(net, prompt, b), quick)
    scores["distil"] = quick()
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    if a.out:
        tests = {l: data.test_pairs(a.data, l) for l in a.languages.split(",")}
        scores["held-out pairs"] = figures(lambda x: embed(net, tok, prompt, x, a.device), argparse.Namespace(data=""), tests)
        scores["mean of the states"] = figures(lambda x: embed(net, tok, prompt, x, a.device, "mean"), a, kept_out)
        encoder_card.write(a, tok, prompt, net.cpu().eval(), corpus, scores, trainers)


if __name__ == "__main__":
    main()
