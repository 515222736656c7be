#!/usr/bin/env python3
"""A tagger of persons, places and organisations: an encoder and a linear layer over every token.

    tagger.py --data DATA --start ENCODER --run RUN --out OUT [--preset cpu|gpu|smoke] [--translator FOLDER]

ENCODER is the folder of a Magneto encoder and its tokenizer. --translator takes the encoder of a translator's folder
instead (same tokenizer), whose states know their neighbours in both languages better.

A word's label stands at its first piece, as in CROP (arXiv 2210.07022); the further pieces of a word learn to go on
with it at a lower weight, so that labels read off token by token are right as well. Half of the sentences are read as
they were tagged, words with spaces around them, half as text is typed. --ewt: so many times UNER English-EWT is read,
the most like edited text of all. --swap: so many entities become another of their type. --table-rate: the table of
tokens learns so much slower: a name that was never seen, and another language, keep their place beside those that were.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common
import data
import metrics
import model

PRESETS = {
    "cpu": dict(tokens=1500, steps=3000, lr=6e-4, warmup=150, evaluate=500, limit=0, amp=1),
    "gpu": dict(tokens=8000, steps=3000, lr=6e-4, warmup=150, evaluate=500, limit=0, amp=1),
    "smoke": dict(tokens=400, steps=20, lr=1e-3, warmup=5, evaluate=20, limit=40),
}
LONGEST = 126  # pieces between <s> and </s>


class Tagger(nn.Module):
    """logits [B, T, 7] of an encoder's states."""

    def __init__(self, encoder, labels, dropout):
        super().__init__()
        self.encoder, self.drop = encoder, nn.Dropout(dropout)
        self.classifier = nn.Linear(encoder.embed_tokens.embedding_dim, labels)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, ids):
        return self.classifier(self.drop(self.encoder(ids)))

    def tensors(self):
        """By the names of a model folder: the encoder's without a prefix."""
        return {k[len("encoder."):] if k.startswith("encoder.") else k: v for k, v in self.state_dict().items()}


def begin(a):
    """An encoder with a new head: that of --start, or of a translator."""
    net, _ = common.load(a.translator or a.start, a.dropout)
    return Tagger(net.encoder if a.translator else net, len(data.LABELS), a.dropout)


def load(folder, dropout):
    """The tagger of a model folder."""
    encoder, head = common.load(folder, dropout)
    net = Tagger(encoder, len(data.LABELS), dropout)
    net.classifier.load_state_dict({"weight": head["classifier.weight"], "bias": head["classifier.bias"]})
    return net


NO_SPACE_BEFORE, NO_SPACE_AFTER = set(".,;:!?)]}%'’”") | {"n't", "'s", "'re", "'ve", "'m", "'ll", "'d", "’s", "..."}, set("([{„“‘")


def joined(words):
    """Whether a space stands before each word, in text as it is typed."""
    return [i > 0 and w not in NO_SPACE_BEFORE and words[i - 1] not in NO_SPACE_AFTER for i, w in enumerate(words)]


def encode(tok, words, typed=False):
    """(ids, first): pieces of the words between <s> and </s>, and the place of each word's first piece, −1 if it has none
    of its own. Words that do not fit are left out."""
    ids, first = [data.BOS], []
    if not typed:
        for w in words:
            p = tok.encode(w) or [data.UNK]
            if len(ids) + len(p) > LONGEST + 1:
                break
            first.append(len(ids))
            ids += p
        return ids + [data.EOS], first
    space = joined(words)
    group = []
    for i in range(len(words) + 1):  # words that touch are cut into pieces together
        if i < len(words) and (i == 0 or not space[i]):
            group.append(words[i])
            continue
        p, places = tok.encode_spans("".join(group))
        if len(ids) + len(p) > LONGEST + 1:
            break
        starts, at = {}, 0
        for n, (s, _) in enumerate(places):  # the first piece that begins there
            starts.setdefault(s, len(ids) + n)
        for w in group:
            first.append(starts.get(at, -1))
            at += len(w)
        ids += p
        group = words[i : i + 1]
    return ids + [data.EOS], first


class Corpus:
    KEEPS = ("rng", "epoch")

    def __init__(self, a, tok, sentences):
        self.a, self.tok, self.sentences, self.epoch = a, tok, sentences, []
        self.rng = np.random.default_rng(a.seed)
        self.mentions = {}
        for words, labels in sentences:
            for s, e, kind in sorted(metrics.entities(labels)):
                self.mentions.setdefault(kind, []).append(words[s:e])
        self.lengths = np.array([len(encode(tok, w)[0]) for w, _ in sentences])
        self.mask = tok.id["<mask>"]

    def batch(self, step):
        if not self.epoch:
            rng = np.random.default_rng([self.a.seed, step])
            self.epoch = data.batches(self.lengths, self.a.tokens, rng)
        rows = [self.example(*self.sentences[i]) for i in self.epoch.pop()]
        ids = data.padded([r[0] for r in rows])
        labels, weights = np.full(ids.shape, -100), np.zeros(ids.shape, np.float32)
        for i, (_, l, w) in enumerate(rows):
            labels[i, : len(l)], weights[i, : len(w)] = l, w
        return torch.from_numpy(ids), torch.from_numpy(labels), torch.from_numpy(weights)

    def example(self, words, labels):
        rng, a = self.rng, self.a
        if a.swap and rng.random() < 0.5:
            words, labels = self.swapped(words, labels)
        if rng.random() < a.lower:
            words = [w.lower() for w in words]
        ids, first = encode(self.tok, words, rng.random() < 0.5)
        y, w = np.full(len(ids), -100), np.zeros(len(ids), np.float32)
        own = [p for p in first if p >= 0] + [len(ids) - 1]
        for p, l in zip(first, labels):
            if p < 0:
                continue
            end = next(q for q in own if q > p)
            k = data.LABELS.index(l)
            y[p], w[p] = k, 1
            y[p + 1 : end], w[p + 1 : end] = k + (l[0] == "B"), a.rest
        hide = (rng.random(len(ids)) < a.hide) & (np.array(ids) > data.UNK)
        return np.where(hide, self.mask, ids).tolist(), y, w

    def swapped(self, words, labels):
        out, tags, i = [], [], 0
        found = {s: (e, kind) for s, e, kind in metrics.entities(labels)}
        while i < len(words):
            if i in found and self.rng.random() < self.a.swap:
                i, kind = found[i]
                new = self.mentions[kind][self.rng.integers(len(self.mentions[kind]))]
                out += new
                tags += ["B-" + kind] + ["I-" + kind] * (len(new) - 1)
            else:
                out.append(words[i])
                tags.append(labels[i])
                i += 1
        return out, tags


@torch.no_grad()
def predict(net, tok, sentences, a, typed=False):
    """The label of each word: that of its first piece, O where it has none."""
    items = [encode(tok, w, typed) for w, _ in sentences]
    out = [None] * len(items)
    for part in data.batches(np.array([len(i[0]) for i in items]), 4000, np.random.default_rng(0)):
        with common.autocast(a):
            best = net(torch.from_numpy(data.padded([items[i][0] for i in part])).to(a.device)).argmax(-1).cpu().numpy()
        for r, i in enumerate(part):
            first = items[i][1]
            got = [data.LABELS[best[r, p]] if p >= 0 else "O" for p in first]
            out[i] = got + ["O"] * (len(sentences[i][0]) - len(got))
    return out


def score(net, tok, sentences, a, typed=False):
    return metrics.entity_scores([l for _, l in sentences], predict(net, tok, sentences, a, typed))


def loss_of(net, a):
    def loss(batch):
        ids, y, w = (t.to(a.device) for t in batch)
        with common.autocast(a):
            logits = net(ids).float()
        each = F.cross_entropy(logits.view(-1, logits.shape[-1]), y.view(-1), ignore_index=-100, reduction="none", label_smoothing=a.smoothing)
        return (each * w.view(-1)).sum() / w.sum(), int((y != -100).sum()), {}
    return loss


def groups(net, a):
    """The parameters by how fast they learn: the head, which is new, the fastest, the table of tokens the slowest."""
    table = net.encoder.embed_tokens.weight
    apart = {id(p) for p in net.classifier.parameters()} | {id(table)}
    return [dict(params=[p for p in net.parameters() if id(p) not in apart]), dict(params=list(net.classifier.parameters()), lr=5 * a.lr),
            dict(params=[table], lr=a.table_rate * a.lr, weight_decay=0.0)]


def scores_of(net, tok, test, a):
    """The figures of every evaluation set, on words and on text as it is typed, printed as they come."""
    scores = {}
    for name, s in test.items():
        scores[name] = score(net, tok, s, a)
        scores[name + " typed"] = {"f1": score(net, tok, s, a, True)["f1"]}
        print(name, {k: round(v, 2) for k, v in scores[name].items()}, "typed %.2f" % scores[name + " typed"]["f1"], flush=True)
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    return scores


def main():
    a = common.arguments(__doc__, PRESETS, start="", translator="", ewt=2, dropout=0.1, swap=0.4, lower=0.05, hide=0.04, rest=0.3, smoothing=0.0, table_rate=0.2)
    tok = data.Unigram(a.start)
    train, test = data.entity_sets(a.data)
    sentences = [s for k, v in train.items() for s in v[: a.limit or None] * (a.ewt if k == "ewt" else 1)]
    if a.limit:
        test = {k: v[: a.limit] for k, v in test.items()}
    net = begin(a).to(a.device)
    print("%d sentences, %d parameters" % (len(sentences), model.count(net)), flush=True)
    corpus = Corpus(a, tok, sentences)
    t = common.Trainer(a, net, groups(net, a), corpus)
    quick = test["ewt-dev"][:1000]
    t.train(corpus.batch, loss_of(net, a), lambda: {"f1": score(net, tok, quick, a)["f1"]}, best="f1")
    a.amp = 0
    scores = scores_of(net, tok, test, a)
    if a.out:
        write(a, tok, net, test, t, scores)


def write(a, tok, net, test, trainer, scores, about=None):
    net.eval().cpu()
    config = {**model.config(net.encoder), "architectures": ["MagnetoForTokenClassification"], "no_output_layer": True,
              "bos_token_id": data.BOS, "eos_token_id": data.EOS, "unk_token_id": data.UNK, "mask_token_id": tok.id["<mask>"],
              "num_labels": len(data.LABELS), "id2label": {str(i): l for i, l in enumerate(data.LABELS)}, "label2id": {l: i for i, l in enumerate(data.LABELS)}}
    golden = []
    for name in ("ewt-test", "wikiann-de"):
        for words, labels in test[name][:8]:
            ids, first = encode(tok, words)
            with torch.no_grad():
                logits = net(torch.tensor([ids]))[0]
            golden.append({"words": words, "ids": ids, "first": first, "labels": labels[: len(first)],
                           "logits": [[round(v, 6) for v in row] for row in logits.tolist()]})
    common.write_json(os.path.join(a.run, "golden.json"), {"cases": golden}, None)
    rows = torch.from_numpy(data.padded([g["ids"] for g in golden[:4]]))
    with torch.no_grad():
        states = net.encoder(rows)
    common.vectors(os.path.join(a.run, "verify"), "encoder", config, net.encoder.state_dict(),
                   dict(src_tokens=rows, encoder_padding_mask=rows.eq(data.PAD)), dict(features=states))
    common.export(a.out, config, net.tensors(), common.read_tokenizer(a.start), card(a, net, trainer, scores, about or ABOUT))


def card(a, net, trainer, scores, about):
    row = "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |"
    rows = "\n".join(row % (SETS[k], v["f1"], v["precision"], v["recall"], v.get("per", 0), v.get("loc", 0), v.get("org", 0), scores[k + " typed"]["f1"])
                     for k, v in scores.items() if k in SETS)
    e, began = net.encoder, "the encoder of a translator that was trained with the recipe beside this one (translator.py)" if a.translator else "prompt-magneto-en-de-fr"
    return CARD.format(name=os.path.basename(os.path.normpath(a.out)), layers=len(e.layers), width=e.embed_tokens.embedding_dim, heads=e.layers[0].self_attn.heads,
                       ffn=e.layers[0].ffn.fc1.out_features, vocabulary=e.embed_tokens.num_embeddings, parameters=model.count(net), training=common.training(a, trainer), rows=rows,
                       swap=100 * a.swap, rest=a.rest, ewt=getattr(a, "ewt", 2), **{k: v.format(began=began) for k, v in about.items()})


SETS = {"ewt-dev": "UNER English-EWT, dev", "ewt-test": "UNER English-EWT, test", "wnut-test": "WNUT-17, test", "wikiann-en": "WikiANN English, validation",
        "wikiann-de": "WikiANN German, validation: no German labels were trained on"}

ABOUT = {  # what a card says of this recipe and crop.py's says otherwise
    "what": "in English: a Magneto encoder (Sub-LN, arXiv 2210.06423) and a linear layer. Its encoder\nknows German too, and what it learnt in English carries over in part.",
    "begun": "It began as {began}.",
    "kept": "The step with the best F1 on the first 1000 sentences of UNER English-EWT dev was kept.",
}

CARD = """# {name}

A small tagger of persons, places and organisations {what}

| | |
|---|---|
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn} |
| vocabulary | {vocabulary} Unigram pieces, shared with prompt-magneto-en-de-fr |
| parameters | {parameters:,} |
| input | `<s>` pieces `</s>`, at most 126 pieces |
| labels | O, B-PER, I-PER, B-LOC, I-LOC, B-ORG, I-ORG; a word's label is that of its first piece |

## Training

{training} {begun} A word's label stands at its first piece; further pieces count {rest:g} times and go on with it. Half of
the sentences were read with spaces around every token, half as they would be typed. In half of the sentences each entity was exchanged for another of its
type with a probability of {swap:.0f} %. {kept}

| labelled text | licence |
|---|---|
| UNER English-EWT, train, a draft of 2022 (other types than PER, LOC, ORG dropped), read {ewt} times | CC BY-SA 4.0 |
| WNUT-17, train (corporation and group are ORG; creative works and products dropped) | CC BY 4.0 |
| wikigold (MISC dropped) | CC BY 4.0 |
| Broad Twitter Corpus | CC BY 4.0 |

Sentences of more than four words that occur in an evaluation set were removed.

## Results

In percent, whole entities (CoNLL's F1). "As typed": the same sentences with punctuation joined to the words.

| | F1 | precision | recall | PER | LOC | ORG | F1 as typed |
|---|---|---|---|---|---|---|---|
{rows}

## Limits

* Small, and trained on web text and tweets for a short time: names it has never seen are often missed, organisations most of all.
* WikiANN's labels were made by machine and its sentences are lists and headings; the figures say how well this tagger agrees with them.
"""


if __name__ == "__main__":
    main()
