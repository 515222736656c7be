"""The sentences that the vocabulary and the encoder are trained on, with the licence of each set.

`gather` returns the same sentences in the same order for the same folder of data and seed. Sets under the GPL are left out.
What is held out for evaluation (data.held_out, STS-B dev) never enters.
"""
import os
import random
import re

import data
import metrics

# Parallel sets: a set's name, its most pairs, its licence. Technical sets are capped: they are many and alike.
PARALLEL = {
    "tatoeba": (None, "CC BY 2.0 FR"),
    "asp-stories": (None, "CC BY"),
    "corona-warn-app": (None, "Apache-2.0"),
    "mozilla-www": (None, "MPL-2.0"),
    "game-cataclysm": (8000, "CC BY-SA 3.0"),
    "gnome-user-docs": (5000, "CC BY 3.0"),
    "debian-handbook": (5000, "CC BY-SA 3.0 (of GPL-2+ or CC BY-SA)"),
    "libreoffice-help": (8000, "MPL-2.0"),
    "php-manual": (6000, "CC BY 3.0"),
    "fastapi-docs": (4000, "MIT"),
    "python-docs": (6000, "CC0, original PSF-2.0"),
}
# Running text in one language: file, language, most sentences, licence.
TEXTS = {
    "common-voice-en": ("en", None, "CC0"),
    "common-voice-de": ("de", None, "CC0"),
    "common-voice-fr": ("fr", None, "CC0"),
    "wikinews-en": ("en", None, "CC BY 2.5"),
    "openstax-textbooks": ("en", 60000, "CC BY 4.0"),
    "us-gov-18f-digitalgov": ("en", 30000, "public domain, CC0"),
    "eltec-eng": ("en", 25000, "text public domain, markup CC BY 4.0"),
    "klexikon-de": ("de", 60000, "CC BY-SA 3.0"),
    "wikipedia-de-klexikon-articles": ("de", 60000, "CC BY-SA 3.0"),
    "eltec-deu": ("de", 20000, "text public domain, markup CC BY 4.0"),
}
STORIES = ("tinystories", "en", 40000, "CDLA-Sharing-1.0")
SPLITS = ("wikisplit-en", "en", None, "CC BY-SA 4.0")
SHORTEST, LONGEST = 12, 220  # characters of a sentence of running text


def usable(text):
    """Whether a sentence of running text is worth reading: not too short or long, and mostly letters."""
    return SHORTEST <= len(text) <= LONGEST and sum(c.isalpha() or c == " " for c in text) > 0.8 * len(text)


def cut(paragraphs):
    """The usable sentences of paragraphs, each once."""
    out = {}
    for p in paragraphs:
        for s in data.sentences(re.sub(r"\s+", " ", p).strip()):
            s = s.strip(" \"“”„»«")
            if usable(s):
                out[s] = None
    return list(out)


def sts(folder):
    """[(language, first sentences, second sentences, scores)] of STS-B dev, for those languages that are there."""
    paths = [(l, os.path.join(folder, "sts", "stsb-%s-dev.csv" % l)) for l in ("en", "de", "fr")]
    return [(l, *metrics.similarity_pairs(p)) for l, p in paths if os.path.exists(p)]


def there(*path):
    path = os.path.join(*path)
    return os.path.exists(path) or os.path.exists(path + ".xz")


def parallel(folder, language, rng, banned):
    """[(set, English, other)] of the sets in PARALLEL, at most as many of each as it says."""
    by = {"tatoeba": [(e, f) for e, f in data.pairs(folder, language)]}
    if there(folder, "parallel", "more-%s-en.tsv" % language):
        for line in data.lines(os.path.join(folder, "parallel", "more-%s-en.tsv" % language)):
            c = line.split("\t")
            if len(c) == 3 and c[2] in PARALLEL:
                by.setdefault(c[2], []).append((data.clean(c[0]), data.clean(c[1])))
    out = []
    for name, found in by.items():
        found = [p for p in dict.fromkeys(found) if 2 <= min(map(len, p)) and max(map(len, p)) <= LONGEST and not banned & {data.key(p[0]), data.key(p[1])}]
        most = PARALLEL[name][0]
        if most and len(found) > most:
            found = rng.sample(found, most)
        out += [(name, e, f) for e, f in found]
    return out


def alone(folder, rng, banned):
    """[(set, language, sentence)] of running text."""
    out = []

    def add(name, language, sentences, most):
        found = [s for s in sentences if data.key(s) not in banned]
        if most and len(found) > most:
            found = rng.sample(found, most)
        out.extend((name, language, s) for s in found)

    for name, (language, most, _) in TEXTS.items():
        if there(folder, "text", name + ".txt"):
            add(name, language, cut(l for l in data.lines(os.path.join(folder, "text", name + ".txt")) if not l.startswith("===")), most)
    if there(folder, "text", "tinystories.txt"):
        add(STORIES[0], "en", cut(data.stories(folder)), STORIES[2])
    if there(folder, "pairs", "wikisplit-en.tsv"):
        texts = [t for l in data.lines(os.path.join(folder, "pairs", "wikisplit-en.tsv")) for t in l.split("\t")]
        add(SPLITS[0], "en", cut(texts), SPLITS[2])
    return out


def gather(folder, languages=("de", "fr"), seed=1, limit=None):
    """({language: [(set, English, other)]}, [(set, language, sentence)]). limit: of each set, for a trial."""
    rng = random.Random(seed)
    banned = data.held_out(folder) | {data.key(t) for _, x, y, _ in sts(folder) for t in x + y}
    pairs = {l: parallel(folder, l, rng, banned) for l in languages}
    texts = alone(folder, rng, banned)
    if limit:
        pairs, texts = {l: p[:limit] for l, p in pairs.items()}, [t for n in dict.fromkeys(t[0] for t in texts) for t in [x for x in texts if x[0] == n][:limit]]
    return pairs, texts
