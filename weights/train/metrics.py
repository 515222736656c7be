"""Scores of translations, of labelled words and of embeddings, as the field computes them."""
import csv
import math
import re
from collections import Counter

import numpy as np


def tokenize_13a(line):
    """mteval-v13a's tokens, sacrebleu's default."""
    line = line.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    line = line.replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    line = " %s " % line
    line = re.sub(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])", r" \1 ", line)
    line = re.sub(r"([^0-9])([\.,])", r"\1 \2 ", line)
    line = re.sub(r"([\.,])([^0-9])", r" \1 \2", line)
    line = re.sub(r"([0-9])(-)", r"\1 \2 ", line)
    return line.split()


def bleu(hypotheses, references):
    """Corpus BLEU in percent, one reference each, 13a tokens, exponential smoothing: sacrebleu's default."""
    match, total, sys_len, ref_len = [0] * 4, [0] * 4, 0, 0
    for h, r in zip(hypotheses, references):
        h, r = tokenize_13a(h.rstrip()), tokenize_13a(r.rstrip())
        sys_len, ref_len = sys_len + len(h), ref_len + len(r)
        for n in range(4):
            a = Counter(tuple(h[i : i + n + 1]) for i in range(len(h) - n))
            b = Counter(tuple(r[i : i + n + 1]) for i in range(len(r) - n))
            match[n] += sum(min(c, b[g]) for g, c in a.items())
            total[n] += max(0, len(h) - n)
    smooth, logs = 1.0, 0.0
    for m, t in zip(match, total):
        if t == 0:
            return 0.0
        if m == 0:
            smooth *= 2
            logs += math.log(100 / (smooth * t))
        else:
            logs += math.log(100 * m / t)
    brevity = 1.0 if sys_len >= ref_len else math.exp(1 - ref_len / sys_len) if sys_len else 0.0
    return brevity * math.exp(logs / 4) if any(match) else 0.0


def chrf(hypotheses, references, order=6, beta=2):
    """Corpus chrF2 in percent: character n-grams up to 6 without spaces, sacrebleu's default."""
    stats = [[0, 0, 0] for _ in range(order)]
    for h, r in zip(hypotheses, references):
        h, r = "".join(h.split()), "".join(r.split())
        for n in range(order):
            a = Counter(h[i : i + n + 1] for i in range(len(h) - n))
            b = Counter(r[i : i + n + 1] for i in range(len(r) - n))
            s = stats[n]
            s[0] += sum(min(c, b[g]) for g, c in a.items())
            s[1] += sum(a.values())
            s[2] += sum(b.values())
    p = r = 0.0
    used = 0
    for m, a, b in stats:
        if a and b:
            p, r, used = p + m / a, r + m / b, used + 1
    if not used or p + r == 0:
        return 0.0
    p, r = p / used, r / used
    return 100 * (1 + beta**2) * p * r / (beta**2 * p + r)


def entities(labels):
    """BIO labels -> {(start, end, type)}; an I- that follows nothing of its type begins an entity."""
    out, open_ = set(), None
    for i, l in enumerate(list(labels) + ["O"]):
        kind = l[2:] if l != "O" else None
        if open_ and (kind != open_[1] or l[0] == "B"):
            out.add((open_[0], i, open_[1]))
            open_ = None
        if kind and not open_:
            open_ = (i, kind)
    return out


def entity_scores(gold, predicted):
    """Precision, recall and F1 in percent over whole entities (CoNLL's), and F1 of each type."""
    by = {}
    for g, p in zip(gold, predicted):
        g, p = entities(g), entities(p)
        for e in g | p:
            c = by.setdefault(e[2], [0, 0, 0])  # right, found, there
            c[0] += e in g and e in p
            c[1] += e in p
            c[2] += e in g
    f = lambda c: 200 * c[0] / max(1, c[1] + c[2])
    all_ = [sum(c[i] for c in by.values()) for i in range(3)]
    return {"f1": f(all_), "precision": 100 * all_[0] / max(1, all_[1]), "recall": 100 * all_[0] / max(1, all_[2]),
            **{k.lower(): f(c) for k, c in sorted(by.items())}}


def similarity_pairs(path):
    """(first sentences, second sentences, scores) of a CSV file of sentence1, sentence2, score."""
    with open(path, encoding="utf-8", newline="") as f:
        rows = [r for r in csv.reader(f) if len(r) == 3]
    if rows and not re.fullmatch(r"[-+0-9.eE]+", rows[0][2].strip()):
        rows = rows[1:]  # the columns' names
    return [r[0] for r in rows], [r[1] for r in rows], np.array([float(r[2]) for r in rows])


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)


def cosines(x, y):
    """Of row i of x and row i of y."""
    return (unit(x) * unit(y)).sum(1)


def spearman(x, y):
    """The correlation of ranks; equal values share the mean of theirs."""
    def ranks(v):
        _, group, count = np.unique(v, return_inverse=True, return_counts=True)
        return (np.cumsum(count) - (count - 1) / 2)[group]

    return float(np.corrcoef(ranks(x), ranks(y))[0, 1])


def nearest(x, y):
    """The shares of rows of x whose nearest row of y, and of y whose nearest of x, is the one with their number."""
    s = unit(x) @ unit(y).T
    n = np.arange(len(s))
    return float((s.argmax(1) == n).mean()), float((s.argmax(0) == n).mean())
