#!/usr/bin/env python3
"""The vocabulary that all models share: SentencePiece Unigram pieces of English, German and French, and a byte for everything else.

    vocabulary.py --data DATA --out OUT [--size 24576, at most] [--characters 7000000] [--seed 1]

Needs the packages sentencepiece and tokenizers. Writes OUT/tokenizer.json in the form that transformers' converter gives such a model: SentencePiece's nmt_nfkc map
(Precompiled), one space for several, Metaspace, Unigram with byte fallback. Line breaks, tabs and no-break spaces are spaces. Digits stand one by one. Every letter of
Latin-1 and Latin Extended-A, every printable sign of ASCII and Latin-1, typographic marks and currencies are pieces; what is none, becomes its UTF-8 bytes, <0x00> to
<0xFF>, so there is no text that this vocabulary can't write.

The first ids are <s>, <pad>, </s>, <unk>, fourteen slots for CROP's markers and <en>, <de>, <fr>; then the bytes; the last is <mask>. Their score, −100, is
lower than that of any text that looks like them ("<0x41>"), so none comes out of a text.
"""
import argparse
import base64
import collections
import json
import os
import random
import tempfile
import unicodedata

import data
import sentences

SLOTS = ["__SLOT%d__" % i for i in range(data.SLOTS)]
LANGUAGES = ["<en>", "<de>", "<fr>"]
SIGNS = "⁄–—‘’‚“”„‹›…•†‡‰′″€₤₽₿™←→↑↓−≈≠≤≥∞√½¼¾⅓⅔№ẞſ"


def required():
    """The characters that are pieces of their own, after SentencePiece's normalisation."""
    all_ = [chr(c) for c in range(0x21, 0x180) if unicodedata.category(chr(c))[0] in "LNPS"] + list(SIGNS)
    return "".join(dict.fromkeys(c for c in all_ if len(unicodedata.normalize("NFKC", c)) == 1 and unicodedata.normalize("NFKC", c) == c))


def texts(a):
    """About as many characters of each language, from all sets, Tatoeba for at most half of them."""
    pairs, alone = sentences.gather(a.data, seed=a.seed)
    by = {}
    for language, found in pairs.items():
        for name, e, f in found:
            by.setdefault(("en", name), []).append(e)
            by.setdefault((language, name), []).append(f)
    for name, language, s in alone:
        by.setdefault((language, name), []).append(s)
    rng, out = random.Random(a.seed), []
    for language in ("en", "de", "fr"):
        sets = {k: list(dict.fromkeys(v)) for k, v in by.items() if k[0] == language}
        sizes = {k: sum(map(len, v)) for k, v in sets.items()}
        left, share = a.characters, {}
        for i, k in enumerate(sorted(sizes, key=sizes.get)):  # small sets whole, the rest is shared equally
            share[k] = min(sizes[k], left / (len(sizes) - i))
            left -= share[k]
        for k, v in sets.items():
            rng.shuffle(v)
            n = 0
            for s in v:
                if n >= share[k]:
                    break
                out.append(s)
                n += len(s)
    rng.shuffle(out)
    return out


def train(lines, size):
    """The pieces with their scores, and the map of nmt_nfkc."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto
    with tempfile.TemporaryDirectory() as at:
        path = os.path.join(at, "lines.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        sentencepiece.SentencePieceTrainer.train(
            input=path, model_prefix=os.path.join(at, "pieces"), model_type="unigram", vocab_size=size - 1, character_coverage=0.9999, byte_fallback=True,
            normalization_rule_name="nmt_nfkc", remove_extra_whitespaces=True, add_dummy_prefix=True, split_digits=True, max_sentencepiece_length=16,
            required_chars=required(), bos_id=0, pad_id=1, eos_id=2, unk_id=3, bos_piece="<s>", pad_piece="<pad>", eos_piece="</s>", unk_piece="<unk>",
            user_defined_symbols=SLOTS + LANGUAGES, num_threads=1, hard_vocab_limit=False, minloglevel=1)
        model = proto.ModelProto()
        with open(os.path.join(at, "pieces.model"), "rb") as f:
            model.ParseFromString(f.read())
    normal = model.SentencePiece.NORMAL
    vocab = [[p.piece, round(p.score, 6) if p.type == normal else data.NEVER] for p in model.pieces] + [["<mask>", data.NEVER]]
    return vocab, base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()


def tokenizer(vocab, charsmap):
    """tokenizer.json, as transformers' SpmConverter writes it; spaces are stripped on both sides."""
    number = {p: i for i, (p, _) in enumerate(vocab)}
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    added = [dict(id=number[t], content=t, single_word=False, lstrip=t == "<mask>", rstrip=False, normalized=False, special=t in special) for t in special + SLOTS + LANGUAGES]
    one = lambda t: {"SpecialToken": {"id": t, "type_id": 0}}
    text = lambda s: {"Sequence": {"id": s, "type_id": 0}}
    metaspace = dict(type="Metaspace", replacement="\u2581", prepend_scheme="always", split=True)
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=sorted(added, key=lambda t: t["id"]),
        normalizer=dict(type="Sequence", normalizers=[
            dict(type="Precompiled", precompiled_charsmap=charsmap),
            dict(type="Strip", strip_left=True, strip_right=True),
            dict(type="Replace", pattern={"Regex": " {2,}"}, content=" ")]),
        pre_tokenizer=metaspace,
        post_processor=dict(type="TemplateProcessing", single=[one("<s>"), text("A"), one("</s>")], pair=[one("<s>"), text("A"), one("</s>"), text("B"), one("</s>")],
                            special_tokens={t: dict(id=t, ids=[number[t]], tokens=[t]) for t in ("<s>", "</s>")}),
        decoder=dict(type="Sequence", decoders=[dict(type="ByteFallback"), metaspace]),
        model=dict(type="Unigram", unk_id=number["<unk>"], vocab=vocab, byte_fallback=True))


def verify(folder, lines):
    """No text is unknown: every Unicode scalar value has pieces or bytes, and so have the lines; a line is the same wrapped, with tabs or with doubled spaces."""
    tok = data.Unigram(folder)
    scalars = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
    for at in range(0, len(scalars), 64):
        if data.UNK in tok.encode("x".join(map(chr, scalars[at : at + 64]))):
            raise SystemExit("%s: <unk> for one of U+%04X to U+%04X, expected pieces or bytes" % (folder, scalars[at], scalars[min(at + 63, len(scalars) - 1)]))
    some = lines[:: max(1, len(lines) // 10000)]
    for line, ids in zip(some, tok.encode_all(some)):
        if data.UNK in ids:
            raise SystemExit("%s: <unk> in %r, expected pieces or bytes" % (folder, line))
        joins = any(unicodedata.category(c) in ("Cf", "Mn") for c in line)  # with the space before it one character to tokenizers, and not mapped
        for space in ("\n", "\t", "  ", "\u00a0"):
            if not joins and tok.encode(line.replace(" ", space)) != ids:
                raise SystemExit("%s: %r has other pieces with %r for a space" % (folder, line, space))
    return len(some)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--size", type=int, default=24576)
    p.add_argument("--characters", type=int, default=7000000, help="of each language")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    lines = texts(a)
    print("%d sentences, %d characters" % (len(lines), sum(map(len, lines))), flush=True)
    vocab, charsmap = train(lines, a.size)
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, "tokenizer.json"), "w", encoding="utf-8") as f:
        json.dump(tokenizer(vocab, charsmap), f, ensure_ascii=False)
        f.write("\n")
    print("%d pieces; %d lines and all scalar values have no <unk>" % (len(vocab), verify(a.out, lines)))


if __name__ == "__main__":
    main()
