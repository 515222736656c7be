"""What a translator copies instead of translating: numbers, dates and times in digits, addresses and code.

In the text that the translator reads each of them is an empty pair of CROP's markers, `__SLOTk__ __SLOTk__`: a marked phrase without words, which the translator carries to its
place like any other. After the translation the pair becomes the copied text again, numbers in the way that the other language writes them (1,234.5 — 1.234,5 — 1 234,5).

    hide(text, "en", 14)           -> (parts, copied): the text in parts around what is copied
    show(copied, "en", "de")       -> how the other language writes it
    shared(x, y, "en", "de")       -> what is the same on both sides of a pair, as spans of both: what training may hide
"""
import re

# The first that matches at a place counts. Code stands in backticks or looks like no word: a_b, a.b(), --option, /path/file, A1B2.
KINDS = [
    ("code", r"`[^`\n]+`"),
    ("address", r"(?:https?://|www\.)[^\s<>\"“”]*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("code", r"(?<![\w/])(?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]+)+/?|(?<!\S)--?[a-z][\w-]+(?==|\b)|\b\w+(?:\.\w+)*\(\)|\b[A-Za-z]\w*_\w+\b|\b[A-Z]+\d[A-Z\d]*\b"),
    ("date", r"\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z?)?\b"),
    ("time", r"\b\d{1,2}:\d{2}(?::\d{2})?\b"),
    ("version", r"\b\d+(?:\.\d+){2,}\b(?![,\d])"),
    ("number", r"\d+(?:[.,]\d+)*"),
]
SPACES = " \u00a0\u202f"
SPACED = [("number", r"\b\d{1,3}(?:[%s]\d{3})+(?:,\d+)?\b" % SPACES)]  # French alone has spaces between groups of digits
PATTERNS = {l: re.compile("|".join("(?P<k%d>%s)" % (i, p) for i, (_, p) in enumerate(k))) for l, k in (("", KINDS), ("fr", KINDS[:-1] + SPACED + KINDS[-1:]))}
GROUP = {"en": ",", "de": ".", "fr": "\u202f"}
POINT = {"en": ".", "de": ",", "fr": ","}


def spans(text, language):
    """[(begin, end, kind)] of what is copied, from left to right."""
    names = [k for k, _ in KINDS] + ["number"]
    return [(*m.span(), names[int(m.lastgroup[1:])]) for m in PATTERNS["fr" if language == "fr" else ""].finditer(text)]


def value(written, language):
    """(groups of digits of the whole part, decimals) of a number as a language writes it, or None if it is written otherwise: a version, a list, the other
    language's way."""
    group = SPACES if language == "fr" else GROUP[language]
    whole, _, decimals = written.partition(POINT[language])
    if not re.fullmatch(r"\d*", decimals) or POINT[language] in written and not decimals:
        return None
    groups = re.split("[%s]" % re.escape(group), whole)
    if not all(g.isdecimal() for g in groups) or len(groups) > 1 and (len(groups[0]) > 3 or any(len(g) != 3 for g in groups[1:])):
        return None
    return groups, decimals


def show(written, source, target, kind="number"):
    """What is copied, as the target language writes it."""
    v = value(written, source) if kind == "number" else None
    if v is None:
        return written
    groups, decimals = v
    return GROUP[target].join(groups) + (POINT[target] + decimals if decimals else "")


def hide(text, language, most):
    """(parts, copied): the text around the first `most` things that are copied, one part more than there are; copied: [(written, kind)]."""
    parts, copied, at = [], [], 0
    for b, e, kind in spans(text, language)[:most]:
        parts.append(text[at:b])
        copied.append((text[b:e], kind))
        at = e
    return parts + [text[at:]], copied


def shared(x, y, source, target):
    """[(begin, end in x, begin, end in y)] of what both sides of a pair have, once each, in the order of x."""
    def own(text, language):
        out = {}
        for b, e, kind in spans(text, language):  # written as in the target language, its spaces all alike
            out.setdefault(show(text[b:e], language, target, kind), []).append((b, e))
        return out

    left, right = own(x, source), own(y, target)
    return sorted((*left[w][0], *right[w][0]) for w in left if len(left[w]) == 1 and len(right.get(w, ())) == 1)
