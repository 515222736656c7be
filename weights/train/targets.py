"""Where the encoder's sentences shall land: two teachers' vectors, joined and reduced to the student's width.

A *concept* is a text that teachers read: an English sentence, or a German or French one that has no English side. A translation lands where its English side does (Reimers
and Gurevych 2020, arXiv 2004.09813). The vector of a concept is [√share · bge, √(1−share) · muse], each centred and of length 1, reduced to its principal directions. Where
bge is missing, as for German and French, a linear map from muse stands in for it: least squares on the English sentences that have both.

    targets.py --data DATA --teachers TEACHERS --run RUN [--only muse|bge] [--most N]

fills the run's cache of teachers' vectors ahead of encoder.py, in an order of which every beginning is a fair sample. It can be ended and started again at any moment.
"""
import argparse
import json
import os
import random
import sys
import time

import numpy as np
import torch

import sentences
import teachers

FIRST = {"tatoeba": 10**9, "common-voice-en": 10**9, "wikinews-en": 10**9, "wikisplit-en": 20000, "tinystories": 15000, "openstax-textbooks": 15000,
         "us-gov-18f-digitalgov": 10000, "eltec-eng": 5000}  # English sentences that come first, of each set; of the others 3000
CODED = 60000  # sentences that the map and the principal directions are computed from


class Texts:
    """The concepts and the translations. concepts: [(language, set, text)], English ones first; translations: [(language, set, concept, text)]."""

    def __init__(self, a):
        path = os.path.join(a.run, "sentences.json")
        if not os.path.exists(path):
            made = self.make(a)
            with open(path + ".tmp", "w", encoding="utf-8") as f:
                json.dump(made, f, ensure_ascii=False)
            os.replace(path + ".tmp", path)
        with open(path, encoding="utf-8") as f:
            kept = json.load(f)
        self.concepts, self.translations, self.english = kept["concepts"], kept["translations"], kept["english"]

    @staticmethod
    def make(a):
        pairs, alone = sentences.gather(a.data, a.languages.split(","), a.seed, a.limit or None)
        rng, english, others, left = random.Random(a.seed), {}, {}, dict(FIRST)
        for name, e in [(n, e) for p in pairs.values() for n, e, _ in p] + [(n, s) for n, l, s in alone if l == "en"]:
            english.setdefault(e, name)
        for name, language, s in alone:
            if language in a.languages.split(","):
                others.setdefault(s, (language, name))
        first, later = [], []
        for s, name in rng.sample(list(english.items()), len(english)):
            left[name] = left.get(name, 3000) - 1
            (first if left[name] >= 0 else later).append(["en", name, s])
        concepts = first + later + [[l, n, s] for s, (l, n) in rng.sample(list(others.items()), len(others))]
        number = {s: i for i, (_, _, s) in enumerate(concepts[: len(english)])}
        seen = {}
        for language, p in pairs.items():
            for name, e, f in p:
                seen.setdefault((language, f), [language, name, number[e], f])  # the first of several English sides
        return dict(concepts=concepts, translations=list(seen.values()), english=len(english))


def caches(a):
    """{teacher: its cache}"""
    return {k: teachers.Cache(os.path.join(a.run, "teachers"), k, lambda k=k, kind=kind: kind(os.path.join(a.teachers, k), a.device), kind.dim)
            for k, kind in teachers.KINDS.items()}


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


class Space:
    """From the teachers' vectors to a target: means, the map from muse to bge, and the principal directions. The run keeps it."""

    def __init__(self, path, width, share, seed, muse=None, bge=None):
        """muse, bge: [N, 512] and [N, 384] of the same sentences; read only if the run has no space yet."""
        self.share = share
        if not os.path.exists(path):
            x, y = muse.astype(np.float32), bge.astype(np.float32)
            s = dict(muse=x.mean(0), bge=y.mean(0))
            x, y = unit(x - s["muse"]), unit(y - s["bge"])
            s["map"] = np.linalg.solve(x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1]) / x.shape[1], x.T @ y).astype(np.float32)
            joined = np.concatenate([share**0.5 * y, (1 - share) ** 0.5 * x], 1)
            u, v, _ = np.linalg.svd(joined.T @ joined)
            # turned at random, so that every number of a vector varies alike: kinder to LayerNorm and to int8
            turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))
            s.update(directions=(u[:, :width] @ turn).astype(np.float32), kept=v[:width].sum() / v.sum(), fit=(unit(x @ s["map"]) * y).sum(1).mean())
            with open(path + ".tmp", "wb") as f:
                np.savez(f, **s)
            os.replace(path + ".tmp", path)
        with np.load(path) as z:
            self.s = {k: z[k] for k in z.files}

    def targets(self, muse, bge, has):
        """[N, width] float32 of length 1; has [N]: whether bge is there."""
        x = unit(muse.astype(np.float32) - self.s["muse"])
        y = np.where(has[:, None], unit(bge.astype(np.float32) - self.s["bge"]), unit(x @ self.s["map"]))
        return unit(np.concatenate([self.share**0.5 * y, (1 - self.share) ** 0.5 * x], 1) @ self.s["directions"])


def build(a, texts, report=print):
    """(targets [concepts, width] in float16, [concepts] of whether there is one, [concepts] of whether bge had its say, the space). --fill 0 takes what the cache has."""
    cache = caches(a)
    plain = [t for _, _, t in texts.concepts]
    muse, have = cache["muse"].get(plain, a.fill, report)
    bge, said = cache["bge"].get(plain[: texts.english], a.fill, report)
    both = np.flatnonzero(have[: texts.english] & said)[:CODED]
    if not len(both) and not os.path.exists(os.path.join(a.run, "space.npz")):
        raise SystemExit("%s: no sentence has been read by both teachers yet, expected some: run targets.py first, or encoder.py with --fill 1" % a.run)
    space = Space(os.path.join(a.run, "space.npz"), a.width, a.share, a.seed, muse[both], bge[both])
    out, told = np.zeros((len(plain), a.width), np.float16), np.zeros(len(plain), bool)
    told[: texts.english] = said
    none = np.zeros((1, bge.shape[1]), np.float16)
    for k in range(0, len(plain), 20000):
        part = np.arange(k, min(k + 20000, len(plain)))
        here = part < texts.english
        y = np.where(here[:, None], bge[np.minimum(part, texts.english - 1)] if texts.english else none, 0)
        out[part] = space.targets(muse[part], y, told[part])
    return out, have, told, space


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for k in ("data", "teachers", "run"):
        p.add_argument("--" + k, required=True)
    p.add_argument("--only", choices=list(teachers.KINDS))
    p.add_argument("--most", type=int, default=10**9, help="texts that each teacher reads")
    p.add_argument("--languages", default="de,fr")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--limit", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    os.makedirs(a.run, exist_ok=True)
    texts = Texts(a)
    print("%d concepts, %d of them English; %d translations" % (len(texts.concepts), texts.english, len(texts.translations)), flush=True)
    for name, cache in caches(a).items():
        if a.only in (None, name):
            plain = [t for _, _, t in (texts.concepts if name == "muse" else texts.concepts[: texts.english])][: a.most]
            start, began = time.time(), time.process_time()
            cache.get(plain, True, lambda n, of: print("%s has read %d of %d, %.0f s, %.0f s of the processor" % (name, n, of, time.time() - start, time.process_time() - began), flush=True))


if __name__ == "__main__":
    sys.exit(main())
