#!/usr/bin/env python3
"""Runs every recipe for a few steps on made-up data, on the CPU, and holds what comes out against Lodestone.

    smoke.py [RECIPE…]      from the repository's root; needs PyTorch and Go; crop comes after translator and tagger

What is called "… stopped" ends half-way and goes on: its weights are those of a run that did not, bit for bit.
"""
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
START = os.path.join("weights", "prompt-magneto-en-de-fr")
WORDS = {"the": "der", "old": "alte", "small": "kleine", "dog": "Hund", "cat": "Kater", "tree": "Baum", "sees": "sieht", "finds": "findet", "likes": "mag",
         "Anna": "Anna", "Berlin": "Berlin", "today": "heute"}
RECIPES = {
    "encoder": [],
    "translator": [],
    "tagger": [],
    "crop": ["--translator", "translator/out", "--tagger", "tagger/out"],
    "lm": [],
    "thex": [],
    "kformer": [],
    "lm goes on": ["--go-on", "lm/out"],
    "lm pruned": ["--experts", "4", "--prune", "3"],
    "lm with experts": ["--experts", "4", "--clusters", "2", "--expert-drop", "0.25"],
    "lm of three texts": ["--experts", "4", "--texts", "stories,novels=2,german", "--most", "5000", "--mutual", "0.1"],
    "encoder without a table": ["--stages", "mlm,distil,contrast"],
    "encoder stopped": ["--dropout", "0.1"],
    "tagger stopped": [],
    "crop stopped": ["--translator", "translator/out", "--tagger", "tagger/out"],
    "translator stopped": ["--dropout", "0.1"],
    "lm stopped": ["--dropout", "0.1"],
}


def folder(at):
    """A folder of data in the form of data.py, of sentences from a dozen words."""
    rng = random.Random(1)

    def write(path, text):
        path = os.path.join(at, *path.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def sentence():
        return [rng.choice(list(WORDS)) for _ in range(rng.randint(4, 9))]

    def pair():
        s = sentence()
        return " ".join(s) + ".", " ".join(WORDS[w] for w in s) + "."

    def labelled(n, form):
        label = {"Anna": "B-PER", "Berlin": "B-LOC"}
        return "\n\n".join("\n".join(form % (w, label.get(w, "O")) for w in sentence()) for _ in range(n)) + "\n"

    write("parallel/tatoeba-de-en.tsv", "".join("%s\t%s\n" % pair() for _ in range(400)))
    french = [(e, g.replace("e", "é")) for e, g in (pair() for _ in range(120))]
    write("parallel/tatoeba-fr-en.tsv", "".join("%s\t%s\n" % p for p in french[20:]))
    for k, side in enumerate(("eng", "fra")):
        write("parallel/tatoeba.fra-eng." + side, "".join(p[k] + "\n" for p in french[:20]))
    test = [pair() for _ in range(20)]
    for k, (a, b) in enumerate((("tatoeba.deu-eng.eng", "tatoeba.deu-eng.deu"), ("ntrex.first1000.eng", "ntrex.first1000.deu"))):
        write("parallel/" + a, "".join(p[0] + "\n" for p in test[k::2]))
        write("parallel/" + b, "".join(p[1] + "\n" for p in test[k::2]))
    write("text/tinystories.txt", "\n".join(" ".join(pair()[0] for _ in range(6)) for _ in range(60)))
    for side, language in enumerate(("eng", "deu")):
        write("text/eltec-%s.txt" % language,
              "".join("=== novel %d\n%s\n" % (i, "\n".join(" ".join(pair()[side] for _ in range(5)) for _ in range(20))) for i in range(4)))
    for k, language in enumerate(("en", "de", "fr")):
        write("sts/stsb-%s-dev.csv" % language, "".join('"%s",%s,%.1f\n' % (pair()[k % 2], pair()[k % 2], 5 * rng.random()) for _ in range(40)))
    teacher(os.path.join(at, "teacher", "use-lite-en"), rng)
    for name in ("uner-ewt/en_ewt-ud-dev.iob2", "uner-ewt/en_ewt-ud-test.iob2", "uner-ewt/en_ewt-ud-train.iob2", "wikiann-en/val.conllu", "wikiann-de/val.conllu"):
        write("ner/" + name, labelled(40, "1\t%s\t%s"))
    for name in ("wnut17/emerging.test.annotated", "wnut17/wnut17train.conll", "wikigold/CONLL-format/data/wikigold.conll.txt",
                 *("btc/CONLL-format/data/%s.conll" % x for x in "abefgh")):
        write("ner/" + name, labelled(40, "%s %s" if "wikigold" in name else "%s\t%s"))


def teacher(at, rng):
    """A teacher of the form that encoder.py reads, of random weights: a TensorFlow.js graph model and its pieces."""
    import encoder
    d, own, f, vocabulary = 16, 40, 24, [["<unk>", 0]] * 6 + [["\u2581" + w, -3] for w in WORDS] + [[c, -9] for c in "\u2581.abcdefghiklmnorstuy"]
    shapes = {"table": (len(vocabulary), d), "times": (1, d // 2), "head.weight": (own, own), "head.bias": (own,)}
    for i, into in enumerate((d, own)):
        layer = {"norm1.weight": (into,), "norm1.bias": (into,), "norm2.weight": (own,), "norm2.bias": (own,), "qkv.weight": (1, 1, into, 3 * into), "qkv.bias": (3 * into,),
                 "out.weight": (1, 1, into, own), "out.bias": (own,), "fc1.weight": (own, f), "fc1.bias": (f,), "fc2.weight": (f, own), "fc2.bias": (own,)}
        layer.update({} if i else {"residual.weight": (into, own), "residual.bias": (own,)})
        shapes.update({"%d.%s" % (i, k): v for k, v in layer.items()})
    names = {**encoder.Teacher.NAMES, **{"%d.%s" % (i, k): "Layer_%d/%s" % (i, v.lstrip("/")) for i in (0, 1) for k, v in encoder.Teacher.LAYER.items()}}
    names.update({k: v.replace("/dense", "/x/dense") for k, v in names.items() if "residual" in k})
    os.makedirs(at)
    with open(os.path.join(at, "shard"), "wb") as f:
        for k, s in shapes.items():
            f.write(struct.pack("<%df" % math.prod(s), *(rng.gauss(float(k.endswith(("norm1.weight", "norm2.weight"))), 0.3) for _ in range(math.prod(s)))))
    with open(os.path.join(at, "model.json"), "w", encoding="utf-8") as f:
        json.dump({"weightsManifest": [{"paths": ["shard"], "weights": [{"name": names[k], "shape": s, "dtype": "float32"} for k, s in shapes.items()]}]}, f)
    with open(os.path.join(at, "vocab.json"), "w", encoding="utf-8") as f:
        json.dump(vocabulary, f)


def embeddings(run, at):
    """The folder has the prompt of the one that ships, Lodestone's embeddings are PyTorch's, and so is the correlation on STS-B."""
    folder, lode = os.path.join(run, "out"), ["go", "run", "./weights/lode"]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f, open(os.path.join(START, "config.json"), encoding="utf-8") as g:
        own, ships = json.load(f), json.load(g)
    assert set(ships) - set(own) == {"quantization_config"}, set(ships) ^ set(own)
    ships["prompt"]["note"] = own["prompt"]["note"]
    for k in ("prompt", "pooling", "mask_token_id", "languages", "tokenizer", "normalize_output", "position_offset", "no_output_layer", "max_source_positions"):
        assert own[k] == ships[k], (k, own[k], ships[k])
    with open(os.path.join(run, "golden.json"), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    got = subprocess.run(lode + ["embed", "--model", folder, "--pooling", "prompt"], input="".join(c["text"] + "\n" for c in cases), check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, encoding="utf-8").stdout
    for c, line in zip(cases, got.splitlines() + [""] * len(cases)):
        assert max(abs(x - y) for x, y in zip(json.loads(line), c["embedding"])) < 1e-3, c["text"]
    with open(os.path.join(run, "scores.json"), encoding="utf-8") as f:
        scores = list(json.load(f).values())[-1]
    for language in ("en", "de", "fr"):
        path = os.path.join(at, "data", "sts", "stsb-%s-dev.csv" % language)
        r = json.loads(subprocess.run(lode + ["eval", "sts", "--json", "--model", folder, path], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        assert abs(r["spearman"] - scores["STS-B dev " + language]) < 2e-3, (language, r, scores)


def official():
    """crop.py's decoding and projection against the answers of the authors' code, but for languages without spaces and
    for slots of no entity, at which that code ends."""
    import crop
    with open(os.path.join("models", "crop", "testdata", "crop_cases.json"), encoding="utf-8") as f:
        cases = json.load(f)
    held = 0
    for c in cases:
        if c["op"] == "decode" and c["lang"] == "de" and c["official"][0] != "IndexError":
            got, want = crop.decode(c["line"].split(), c["types"]), tuple(c["official"])
        elif c["op"] == "project":
            got, want = crop.project(c["target"], c["translated"], c["translated_labels"]), c["official"]
        else:
            continue
        assert got == want, (c, got)
        held += 1
    assert held > 10, held


def perplexities(run):
    """Lodestone counts the tokens of the texts that were held out, and their perplexity, as lm.py does."""
    with open(os.path.join(run, "scores.json"), encoding="utf-8") as f:
        scores = json.load(f)
    for k in [k for k, v in scores.items() if isinstance(v, float)]:
        got = json.loads(subprocess.run(["go", "run", "./weights/lode", "eval", "perplexity", "--json", "--window", "32", "--model", os.path.join(run, "out"),
                                         os.path.join(run, "held-out-%s.txt" % k)], check=True, stdout=subprocess.PIPE).stdout)
        assert abs(got["perplexity"] / scores[k] - 1) < 1e-3, (k, got, scores)


def main():
    official()
    chosen = sys.argv[1:] or list(RECIPES)
    with tempfile.TemporaryDirectory() as at:
        folder(os.path.join(at, "data"))
        for name in chosen:
            start, run = time.time(), os.path.join(at, name.replace(" ", "-"))
            more = [os.path.join(at, x) if x.endswith("/out") else x for x in RECIPES[name]]
            train = lambda run, *more: subprocess.run(
                [sys.executable, os.path.join(HERE, name.split()[0] + ".py"), "--data", os.path.join(at, "data"), "--start", START, "--run", run, "--out", os.path.join(run, "out"),
                 "--preset", "smoke", "--device", "cpu", "--threads", "1", *more], check=True, stdout=subprocess.PIPE, encoding="utf-8")
            if name.endswith("stopped"):
                for _ in range(1 + name.startswith("encoder")):  # in its first stage, then in a later one
                    train(run, *more, "--stop", "7")
                assert not os.path.exists(os.path.join(run, "out")), "it did not stop"
                train(run + "-not", *more)
            said = train(run, *more).stdout
            assert ("read back" in said) == (name == "crop stopped"), said
            took = time.time() - start
            for file in ("config.json", "model.safetensors", "tokenizer.json", "MODEL_CARD.md"):
                assert os.path.getsize(os.path.join(run, "out", file)), file
            if name.endswith("stopped"):
                both = [open(os.path.join(r, "out", "model.safetensors"), "rb").read() for r in (run, run + "-not")]
                assert both[0] == both[1], "other weights than without the stop"
            if name.startswith("encoder"):
                embeddings(run, at)
            if name.startswith("lm"):
                perplexities(run)
            for dtype in ("f32", "q8"):
                subprocess.run(["go", "run", "./weights/lode", "verify", "--dtype", dtype, os.path.join(run, "verify")], check=True)
            print("%s: %.0f s" % (name, took), flush=True)


if __name__ == "__main__":
    main()
