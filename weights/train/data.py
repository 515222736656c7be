"""Text and labels: what the recipes read, and how it becomes ids.

A recipe's --data is a folder of this form (any part that a recipe does not use may be absent):

    parallel/tatoeba-de-en.tsv.xz           English TAB German, one pair a line; tatoeba-fr-en.tsv.xz likewise
    parallel/tatoeba.deu-eng.{deu,eng}      pairs that are kept out of training; tatoeba.fra-eng.* likewise
    parallel/ntrex.first1000.{eng,deu}      evaluation only
    text/{tinystories,eltec-eng,eltec-deu}.txt.xz   running text
    sts/stsb-{en,de,fr}-dev.csv             sentence1,sentence2,score; evaluation only
    teacher/use-lite-en                     the teacher of encoder.py, see there
    ner/wnut17, ner/wikigold, ner/btc, ner/uner-ewt, ner/wikiann-{en,de}   labelled words
"""
import collections
import json
import lzma
import os
import re
import unicodedata

import numpy as np
import tokenizers

BOS, PAD, EOS, UNK = 0, 1, 2, 3
SLOTS = 14  # __SLOT0__ … __SLOT13__
NEVER = -100.0  # the score of a piece that no text has


class Unigram:
    """The tokenizer.json of a folder, read by the package tokenizers.

    Markup in a text (<mask>, __SLOT0__) is text here: recipes insert its ids themselves.
    """

    def __init__(self, folder):
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
            t = json.load(f)
        markup = {a["content"] for a in t.pop("added_tokens")}
        t["model"]["vocab"] = [[p, min(s, NEVER) if p in markup else s] for p, s in t["model"]["vocab"]]
        t["post_processor"] = None
        self.tok = tokenizers.Tokenizer.from_str(json.dumps({**t, "added_tokens": []}))
        self.pieces = [p for p, _ in t["model"]["vocab"]]
        self.id = {p: i for i, p in enumerate(self.pieces)}

    def __len__(self):
        return len(self.pieces)

    def encode(self, text):
        return self.tok.encode(text).ids

    def encode_spans(self, text):
        """The ids, and where in the text each piece's characters begin and end [(begin, end)], the space before a word with it. The bytes of a character share its place."""
        e = self.tok.encode(text)
        return e.ids, e.offsets

    def encode_all(self, texts):
        return [e.ids for e in self.tok.encode_batch_fast(list(texts))]

    def strings(self, ids):
        """The pieces of ids as text; the bytes of a character are one string."""
        out, run = [], b""
        for p in [self.pieces[i] for i in ids] + [""]:
            if re.fullmatch("<0x[0-9A-F]{2}>", p):
                run += bytes([int(p[3:5], 16)])
                continue
            out += [run.decode("utf-8", "replace")] * bool(run) + [p] * bool(p)
            run = b""
        return out

    def decode(self, ids):
        return self.tok.decode([i for i in ids if i not in (BOS, PAD, EOS)], skip_special_tokens=False).strip()


def lines(path):
    """The lines of a file that may be compressed; .xz is tried where the plain file is absent."""
    if not os.path.exists(path) and os.path.exists(path + ".xz"):
        path += ".xz"
    with (lzma.open(path, "rt", encoding="utf-8") if path.endswith(".xz") else open(path, encoding="utf-8", errors="replace")) as f:
        return f.read().split("\n")


def key(text):
    """What decides whether two sentences are the same: not case, punctuation or spacing."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def clean(text):
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


LANGUAGES = {"de": "deu", "fr": "fra"}


def held_out(data):
    """The keys of every parallel sentence that is for evaluation."""
    names = ["tatoeba.%s-eng.%s" % (l, s) for l in LANGUAGES.values() for s in (l, "eng")] + ["ntrex.first1000." + l for l in ("eng", "deu")]
    paths = [os.path.join(data, "parallel", n) for n in names]
    return {key(l) for p in paths if os.path.exists(p) for l in lines(p)} - {""}


def pairs(data, lang, limit=None):
    """(English, foreign) sentences without those held out, in a fixed order."""
    out, banned = {}, held_out(data)
    for line in lines(os.path.join(data, "parallel", "tatoeba-%s-en.tsv" % lang)):
        c = line.split("\t")
        if len(c) >= 2:
            p = clean(c[0]), clean(c[1])
            if all(p) and key(p[0]) not in banned and key(p[1]) not in banned:
                out[p] = None
    return list(out)[:limit]


def test_pairs(data, lang):
    """The held-out pairs of Tatoeba, (English, foreign)."""
    at = os.path.join(data, "parallel", "tatoeba.%s-eng." % LANGUAGES[lang])
    return [(clean(e), clean(f)) for e, f in zip(lines(at + "eng"), lines(at + LANGUAGES[lang])) if e.strip() and f.strip()]


def batches(lengths, tokens, rng):
    """Index arrays of about equally long items, each of at most `tokens` tokens with its padding, in random order."""
    order = np.argsort(lengths + rng.random(len(lengths)) * 2, kind="stable")
    out, start = [], 0
    for i in range(len(order)):
        longest = lengths[order[i]]
        if i > start and (i + 1 - start) * longest > tokens:
            out.append(order[start:i])
            start = i
    out.append(order[start:])
    return [out[i] for i in rng.permutation(len(out))]


def padded(rows):
    """A right-padded [B, T] array."""
    out = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for i, r in enumerate(rows):
        out[i, : len(r)] = r
    return out


# --- labelled words ---------------------------------------------------------------

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
TYPES = {"person": "PER", "per": "PER", "location": "LOC", "loc": "LOC", "corporation": "ORG", "group": "ORG", "org": "ORG"}


def bio(tags):
    """Tags of any IOB flavour as BIO over PER, LOC and ORG; every other type is O."""
    out, before = [], None
    for t in tags:
        prefix, _, kind = t.partition("-")
        kind = TYPES.get(kind.lower())
        out.append("O" if kind is None else ("B-" if prefix == "B" or before != kind else "I-") + kind)
        before = kind
    return out


def labelled(path, word=0, tag=-1):
    """[(words, labels)] of a CoNLL file: a word a line, an empty line after a sentence."""
    out, words, tags = [], [], []
    for line in lines(path) + [""]:
        c = line.split("\t") if "\t" in line else line.split(" ")
        if word and line.startswith("#"):  # a file whose first column counts has comments
            continue
        if not line.strip() or line.startswith("-DOCSTART-"):
            if words:
                out.append((words, bio(tags)))
            words, tags = [], []
        elif len(c) > max(word, tag) and clean(c[word]):
            words.append(clean(c[word]).replace(" ", "_"))
            tags.append(c[tag].strip())
    return out


def entity_sets(folder):
    """({name: training sentences}, {name: evaluation sentences}); what is evaluated on is not in the former."""
    at = lambda *p: os.path.join(folder, "ner", *p)
    test = {
        "ewt-dev": labelled(at("uner-ewt", "en_ewt-ud-dev.iob2"), 1, 2),
        "ewt-test": labelled(at("uner-ewt", "en_ewt-ud-test.iob2"), 1, 2),
        "wnut-test": labelled(at("wnut17", "emerging.test.annotated")),
        "wikiann-en": labelled(at("wikiann-en", "val.conllu"), 1, 2),
        "wikiann-de": labelled(at("wikiann-de", "val.conllu"), 1, 2),
    }
    train = {
        "ewt": labelled(at("uner-ewt", "en_ewt-ud-train.iob2"), 1, 2),
        "wnut": labelled(at("wnut17", "wnut17train.conll")),
        "wikigold": labelled(at("wikigold", "CONLL-format", "data", "wikigold.conll.txt")),
        "btc": [s for x in "abefgh" for s in labelled(at("btc", "CONLL-format", "data", x + ".conll"))],
    }
    banned = {key(" ".join(w)) for s in test.values() for w, _ in s if len(w) > 4}
    return {k: [s for s in v if key(" ".join(s[0])) not in banned] for k, v in train.items()}, test


# --- running text -------------------------------------------------------------------


def sentence_case(text, names=()):
    """A text that was lower-cased, with capitals at the beginnings of sentences and of what is said, for "I" and for names."""
    if text != text.lower():
        return text
    text = re.sub(r"\bi\b", "I", text)
    text = re.sub(r"(?<![\w'])[a-z]+", lambda m: m.group().capitalize() if m.group() in names else m.group(), text)
    return re.sub(r"(^[\"' ]*|[.!?][\"']* +[\"']*|, \")([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)


def names_of(texts, cased):
    """The names in lower-cased texts: words that hardly ever follow "the" or "her", and either are written with a capital within the sentences
    of cased texts, or come after "named" and are not common there as words."""
    high, low, every, named, within = (collections.Counter() for _ in range(5))
    for p in cased:
        for w in re.findall(r"(?<=[a-z,;] )[A-Za-z]+", p):
            (low if w == w.lower() else high)[w.lower()] += 1
    for t in texts:
        every.update(re.findall(r"(?<![\w'])[a-z]+", t))
        named.update(re.findall(r"\b(?:named|called|name is|name was) ([a-z]+)", t))
        within.update(re.findall(r"\b(?:an?|the|this|that|his|her|its|my|your|our|their|very|so|is|are) ([a-z]+)", t))
    return {w for w, n in every.items() if len(w) > 1 and w != "miss" and within[w] <= 0.1 * n and (
        high[w] >= 20 and high[w] >= 4 * low[w] or named[w] >= 2 and named[w] >= 0.01 * n and (high[w] >= low[w] or low[w] <= 0.2 * n))}


def stories(folder):
    """TinyStories as documents: a story's paragraphs follow each other after an empty line. They are there in lower case; the novels tell
    what is a name, if they are there."""
    out, fresh = [], True
    for line in lines(os.path.join(folder, "text", "tinystories.txt")):
        text = clean(line).replace("â€œ", '"').replace("â€TM", "'").replace("â€", '"')  # quotation marks that were read as Windows-1252
        if not text:
            fresh = False
        elif fresh or not out:
            out.append(text)
        else:
            out[-1] += " " + text
            fresh = True
    path = os.path.join(folder, "text", "eltec-eng.txt")
    names = names_of(out, (p for n in novels(folder) for p in n) if os.path.exists(path) or os.path.exists(path + ".xz") else ())
    return [sentence_case(s, names) for s in out]


def sentences(paragraph):
    """A paragraph cut after full stops, question and exclamation marks before a capital."""
    return re.split(r"(?<=[.!?])[\"'”’»]* +(?=[\"'“‘«„]?[A-ZÄÖÜ])", paragraph)


def novels(folder, language="eng"):
    """ELTeC's novels, each a list of paragraphs."""
    out = []
    for line in lines(os.path.join(folder, "text", "eltec-%s.txt" % language)):
        if line.startswith("==="):
            out.append([])
        elif out and clean(line):
            out[-1].append(clean(line))
    return [n for n in out if n]
