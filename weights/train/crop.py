#!/usr/bin/env python3
"""CROP (Yang et al. 2022, arXiv 2210.07022): a tagger for German without German labels.

    crop.py --data DATA --start TOKENIZER --translator FOLDER --tagger FOLDER --run RUN --out OUT [--preset cpu|gpu|smoke]

German text is translated, its translation tagged, the entities marked, the marked sentence translated back, and what stands
between the markers sought in the German words. What can be placed becomes training data beside the English, and the
English tagger goes on learning from both: the final tagger. Three figures on WikiANN German: the English tagger as it
is, the pipeline, the final tagger; and where the pipeline loses its entities.

The steps are those of the authors' code, but for these: one translation instead of a beam; one round, so that no labels of an earlier
tagger stand in for what cannot be placed and none are held against what can; words are cut by align.py and not by NLTK; a slot of no entity is
dropped, at which that code ends; a word twice within one entity does not drop a sentence, only a word in two entities does; the filter is
XTREME's, which asks no language of a text; and the final tagger goes on from the English one. The texts are Tatoeba's German side and ELTeC-deu.
"""
import collections
import json
import os

import numpy as np

import align
import common
import data
import metrics
import tagger
import translator

PRESETS = {
    "cpu": dict(sentences=30000, evaluate_on=3000, tokens=1500, steps=1600, lr=4e-4, warmup=50, evaluate=200, limit=0, amp=1),
    "gpu": dict(sentences=120000, evaluate_on=10000, tokens=8000, steps=4000, lr=4e-4, warmup=150, evaluate=500, limit=0, amp=1),
    "smoke": dict(sentences=40, evaluate_on=20, tokens=400, steps=10, lr=4e-4, warmup=2, evaluate=10, limit=40),
}
MAX_WORDS, MAX_ENTITIES, MAX_ENTITY_WORDS = 32, 6, 6  # XTREME's filter; the longest entity that is placed


def repair(labels):
    """An I-X that follows nothing of type X becomes B-X."""
    out = list(labels)
    for i, l in enumerate(out):
        if l[0] == "I" and (i == 0 or out[i - 1][2:] != l[2:]):
            out[i] = "B" + l[1:]
    return out


def spans(labels):
    return sorted(metrics.entities(labels))


def insert(tok, words, labels):
    """The pieces of words, entity j between __SLOTj__ and __SLOTj__."""
    found = spans(labels)
    before, after = {s: j for j, (s, _, _) in enumerate(found)}, {e: j for j, (_, e, _) in enumerate(found)}
    slot, ids = lambda j: tok.id["__SLOT%d__" % j], []
    for i, w in enumerate(words):
        ids += [slot(before[i])] if i in before else []
        ids += tok.encode(w)
        ids += [slot(after[i + 1])] if i + 1 in after else []
    return ids


def decode(pieces, kinds):
    """Words and labels of a marked translation in pieces. Any slot closes an open entity; slots of no entity are dropped."""
    slots = {"__SLOT%d__" % j for j in range(data.SLOTS)}
    text = "".join(" %s " % p if p in slots else p for p in pieces).replace("\u2581", " ")
    words, labels, open_, begun = [], [], None, False
    for w in text.split():
        if w in slots:
            open_, begun = (int(w[6:-2]) if open_ is None else None), False
            continue
        words.append(w)
        kind = kinds[open_] if open_ is not None and open_ < len(kinds) else None
        labels.append("O" if kind is None else ("I-" if begun else "B-") + kind)
        begun = kind is not None
    return words, labels


def project(target, words, labels):
    """The labels of target's words, or None where an entity cannot be placed."""
    once = {w: i for i, w in enumerate(target) if target.count(w) == 1}
    out = ["O"] * len(target)
    for s, e, kind in spans(labels):
        places = [once[w] for w in words[s:e] if w in once]
        if len(places) < 0.8 * (e - s) or e - s > MAX_ENTITY_WORDS or any(out[p] != "O" for p in places):
            return None
        first, last = min(places), max(places)
        out[first : last + 1] = ["B-" + kind] + ["I-" + kind] * (last - first)
    return out


def dropped(target, words, labels):
    """Whether a sentence is unfit for training: too long, no entity, too many, or a word in two entities."""
    found = spans(labels)
    inside = [w for s, e, _ in found for w in set(words[s:e])]
    return len(target) > MAX_WORDS or not found or len(found) > MAX_ENTITIES or len(set(inside)) < len(inside)


def pipeline(sentences, net, tag, tok, a):
    """For each sentence of German words its labels, None where an entity cannot be placed, and the words and labels of the
    marked translation they come from; and how many entities there were after each step."""
    net, lost = net.eval(), dict(sentences=len(sentences), tagged=0, back=0, placed=0)
    ids = [[i for w in words for i in tok.encode(w)][: translator.POSITIONS // 2] for words in sentences]
    with common.autocast(a):
        english = translator.translate(net, tok, ids, "de", "en", a.device, 100)
    english = [tok.decode([i for i in e if i != data.UNK]) for e in english]
    english = [[t[b:e] for b, e in align.spans(t)] or ["."] for t in english]
    labels = [repair(l) for l in tagger.predict(tag, tok, [(w, None) for w in english], a)]
    some = [i for i, l in enumerate(labels) if 0 < len(spans(l)) <= data.SLOTS]
    with common.autocast(a):
        back = translator.translate(net, tok, [insert(tok, english[i], labels[i]) for i in some], "en", "de", a.device, 100)
    out = [(["O"] * len(w), [], []) for w in sentences]
    for i, ids in zip(some, back):
        kinds = [k for _, _, k in spans(labels[i])]
        words, found = decode(tok.strings(ids), kinds)
        out[i] = project(sentences[i], words, found), words, found
        lost["tagged"] += len(kinds)
        lost["back"] += len(spans(found))
        lost["placed"] += 0 if out[i][0] is None else len(spans(out[i][0]))
    return out, lost


def german(a, tok, banned):
    """Sentences of German words from Tatoeba and the novels. With --most none of their words with a capital, the first left out, is in
    more sentences than that: two thirds of the names in Tatoeba's sentences are Tom."""
    rng = np.random.default_rng(a.seed)
    pool = [y for _, y in data.pairs(a.data, "de", a.limit * 10 or None)]
    path = os.path.join(a.data, "text", "eltec-deu.txt")
    if os.path.exists(path) or os.path.exists(path + ".xz"):
        pool += [s for p in data.lines(path)[: a.limit or 40000] for s in data.sentences(data.clean(p)) if 20 < len(s) < 140]
    out, seen = [], collections.Counter()
    for k in rng.permutation(len(pool)):
        words = [pool[k][b:e] for b, e in align.spans(pool[k])]
        capitals = {w for w in words[1:] if w[0].isupper()}
        if 3 <= len(words) <= MAX_WORDS and data.key(pool[k]) not in banned and (not a.most or all(seen[w] < a.most for w in capitals)):
            out.append(words)
            seen.update(capitals)
        if len(out) == a.sentences:
            break
    return out


def label(a, tok, net, tag, test):
    """German sentences with the labels that the pipeline gives them, and the figures of it and of direct transfer on the first of test. The run keeps both, and an
    interrupted run that goes on with the same folders and options reads them back."""
    made_of = {k: getattr(a, k) for k in ("start", "translator", "tagger", "data", "sentences", "evaluate_on", "most", "limit", "seed", "amp")}
    conll, figures = os.path.join(a.run, "german.conll"), os.path.join(a.run, "pipeline.json")
    if os.path.exists(figures):
        with open(figures, encoding="utf-8") as f:
            kept = json.load(f)
        if kept["made of"] == made_of:
            with open(conll, encoding="utf-8", newline="\n") as f:
                sentences = [[line.split("\t") for line in s.strip("\n").split("\n")] for s in f.read().split("\n\n") if s.strip("\n")]
            print("the labels of an earlier start are read back", flush=True)
            return [([w for w, _ in s], [l for _, l in s]) for s in sentences], kept["scores"]
        os.remove(figures)
    gold, scores = test[: a.evaluate_on], {}
    scores["direct"] = tagger.score(tag, tok, gold, a)
    got, scores["lost on wikiann-de"] = pipeline([w for w, _ in gold], net, tag, tok, a)
    scores["pipeline"] = metrics.entity_scores([l for _, l in gold], [l or ["O"] * len(w) for (w, _), (l, _, _) in zip(gold, got)])
    text = german(a, tok, {data.key(" ".join(w)) for w, _ in test})
    got, scores["lost on German text"] = pipeline(text, net, tag, tok, a)
    made = [(w, l) for w, (l, words, found) in zip(text, got) if l is not None and not dropped(w, words, found)]
    scores["sentences made"] = len(made)
    with open(conll, "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join("".join("%s\t%s\n" % x for x in zip(w, l)) for w, l in made))
    common.write_json(figures + ".tmp", {"made of": made_of, "scores": scores})
    os.replace(figures + ".tmp", figures)  # the last: where it is, the labels are whole
    return made, scores


def main():
    a = common.arguments(__doc__, PRESETS, start="", translator="", tagger="", dropout=0.1, swap=0.4, lower=0.05, hide=0.04, rest=0.3, smoothing=0.0,
                         table_rate=0.2, german=0.5, most=0)
    tok = data.Unigram(a.start)
    net, tag = common.load(a.translator)[0].to(a.device), tagger.load(a.tagger, a.dropout).to(a.device)
    english, test = data.entity_sets(a.data)
    gold = test["wikiann-de"][: a.evaluate_on]
    made, scores = label(a, tok, net, tag.eval(), test["wikiann-de"])
    for k in ("direct", "pipeline"):
        print("%s: F1 %.2f" % (k, scores[k]["f1"]), flush=True)
    print("%d German sentences are labelled" % len(made), scores["lost on German text"], flush=True)

    both = [s for v in english.values() for s in v[: a.limit or None]]
    times = max(1, round(a.german * len(both) / (1 - a.german) / max(1, len(made))))
    corpus = tagger.Corpus(a, tok, both + made * times)
    t = common.Trainer(a, tag, tagger.groups(tag, a), corpus)
    t.train(corpus.batch, tagger.loss_of(tag, a))
    a.amp = 0
    tag.eval()
    scores["final"] = tagger.score(tag, tok, gold, a)
    scores["final on English"] = tagger.score(tag, tok, test["ewt-test"], a)
    for k in ("direct", "pipeline", "final", "final on English"):
        print(k, {n: round(v, 2) for n, v in scores[k].items()}, flush=True)
    common.write_json(os.path.join(a.run, "crop.json"), scores)
    if a.out:
        write(a, tok, tag, test, t, scores)


def write(a, tok, tag, test, trainer, scores):
    tagger.write(a, tok, tag, test, trainer, tagger.scores_of(tag, tok, test, a), ABOUT)
    with open(os.path.join(a.out, "MODEL_CARD.md"), "a", encoding="utf-8") as f:
        row = lambda k: "%.1f | %.1f | %.1f" % tuple(scores[k][n] for n in ("f1", "precision", "recall"))
        f.write(CARD.format(n=a.evaluate_on, direct=row("direct"), pipeline=row("pipeline"), final=row("final"), gain=scores["final"]["f1"] - scores["direct"]["f1"],
                            made=scores["sentences made"], lost=", ".join("%s %d" % i for i in scores["lost on wikiann-de"].items())))


ABOUT = {
    "what": "in English and German: a Magneto encoder (Sub-LN, arXiv 2210.06423) and a linear layer. Nobody\nlabelled German for it: what it knows of German it has from the English labels, by CROP (below).",
    "begun": "It began as the tagger of English whose data it shares; a part of the sentences were German ones that CROP labelled (below).",
    "kept": "The last step was kept.",
}

CARD = """
## German: CROP

The tagger above went on learning from its English data and from {made} German sentences that were labelled without a German label
(CROP, arXiv 2210.07022: translated, tagged, marked, translated back, projected, filtered), texts of Tatoeba (CC BY 2.0 FR) and ELTeC-deu (public domain; markup CC BY 4.0).
On the first {n} sentences of WikiANN German, validation:

| | F1 | precision | recall |
|---|---|---|---|
| direct transfer: the English tagger | {direct} |
| the pipeline, sentence by sentence | {pipeline} |
| this tagger | {final} |

A difference of {gain:+.1f} F1 to direct transfer. What the pipeline kept there, in entities, after tagging, after translating back and after projection: {lost}.
"""


if __name__ == "__main__":
    main()
