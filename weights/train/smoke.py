#!/usr/bin/env python3
"""Runs every recipe for a few steps on made-up data, on the CPU, and holds what comes out against Lodestone.

    smoke.py [RECIPE…]      from the repository's root; needs PyTorch and Go; crop comes after translator and tagger

What is called "… stopped" ends half-way and goes on: its weights are those of a run that did not, bit for bit.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
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
    "experts": ["--arms", "xmoe,softmax"],
    "lm goes on": ["--go-on", "lm/out"],
    "lm pruned": ["--experts", "4", "--prune", "3"],
    "lm with experts": ["--experts", "4", "--clusters", "2", "--expert-drop", "0.25"],
    "lm of three texts": ["--experts", "4", "--texts", "stories,novels=2,german", "--most", "5000", "--mutual", "0.1"],
    "encoder of one language": ["--languages", "de"],
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
    for name in ("uner-ewt/en_ewt-ud-dev.iob2", "uner-ewt/en_ewt-ud-test.iob2", "uner-ewt/en_ewt-ud-train.iob2", "wikiann-en/val.conllu", "wikiann-de/val.conllu"):
        write("ner/" + name, labelled(40, "1\t%s\t%s"))
    for name in ("wnut17/emerging.test.annotated", "wnut17/wnut17train.conll", "wikigold/CONLL-format/data/wikigold.conll.txt",
                 *("btc/CONLL-format/data/%s.conll" % x for x in "abefgh")):
        write("ner/" + name, labelled(40, "%s %s" if "wikigold" in name else "%s\t%s"))


def teachers(at):
    """Teachers of the form that teachers.py reads, of random weights and pieces of the dozen words."""
    import numpy as np
    import onnx
    import sentencepiece
    import tokenizers
    rng = np.random.default_rng(1)
    draw = lambda *shape: (rng.standard_normal(shape) * shape[0] ** -0.5).astype(np.float32)
    muse, bge = os.path.join(at, "muse"), os.path.join(at, "bge")
    os.makedirs(muse)
    os.makedirs(bge)

    with open(os.path.join(at, "words.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(list(WORDS) + list(WORDS.values())) + "\n")
    sentencepiece.SentencePieceTrainer.train(input=os.path.join(at, "words.txt"), model_prefix=os.path.join(muse, "sp"), vocab_size=60, hard_vocab_limit=False, minloglevel=2)
    w = {"q%d" % (i + 1): rng.integers(0, 256, (8, 512), dtype=np.uint8) for i in range(17)}
    w.update(scale=np.full(17, 0.01, np.float32), lo=np.full(17, -1.28, np.float32), eps=np.float32(1e-6), ln_g=np.ones(1280, np.float32), ln_b=draw(1280), cnn_W=draw(1280, 512),
             cnn_b=draw(512), d0=draw(512, 64), d1=draw(64, 64), p1=draw(512, 64), d2=draw(64, 64), d3=draw(64, 512), p3=draw(64, 512))
    for n in (2, 3, 5):
        w.update({"proj%d" % n: draw(512, 256), "proj_b%d" % n: draw(256), "ln_g%d" % n: np.ones(256, np.float32), "ln_b%d" % n: draw(256)})
        w.update({k % n: v for i in "12" for k, v in (("w" + i + "_%d", draw(n * 256, 256)), ("b" + i + "_%d", draw(256)))})
    np.savez(os.path.join(muse, "weights.npz"), **w)

    vocabulary = {k: i for i, k in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "."])}
    tok = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tok.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tok.post_processor = tokenizers.processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tok.save(os.path.join(bge, "tokenizer.json"))
    with open(os.path.join(bge, "config.json"), "w", encoding="utf-8") as f:
        json.dump(dict(hidden_size=384, num_attention_heads=12, layer_norm_eps=1e-12, num_hidden_layers=1), f)
    layer, plain, nodes = "encoder.layer.0.", {}, []
    for name, shape in (("embeddings.word_embeddings", (len(vocabulary), 384)), ("embeddings.position_embeddings", (128, 384)), ("embeddings.token_type_embeddings", (2, 384))):
        plain[name + ".weight"] = draw(*shape)
    for name in ("embeddings.LayerNorm", layer + "attention.output.LayerNorm", layer + "output.LayerNorm"):
        plain.update({name + ".weight": np.ones(384, np.float32), name + ".bias": draw(384)})
    for name, i, o in ((layer + "attention.self.query", 384, 384), (layer + "attention.self.key", 384, 384), (layer + "attention.self.value", 384, 384),
                       (layer + "attention.output.dense", 384, 384), (layer + "intermediate.dense", 384, 64), (layer + "output.dense", 64, 384)):
        matrix = "onnx::MatMul_%d" % len(nodes)
        plain.update({name + ".bias": draw(o), matrix: draw(i, o)})
        nodes.append(onnx.helper.make_node("MatMul", ["x", matrix], [name], name="/" + name.replace(".", "/") + "/MatMul"))
    graph = onnx.helper.make_graph(nodes, "bge", [], [], [onnx.numpy_helper.from_array(v, k) for k, v in plain.items()])
    onnx.save(onnx.helper.make_model(graph), os.path.join(bge, "model.onnx"))


def embeddings(run, at):
    """The template stands in config.json, Lodestone's embeddings are PyTorch's, and so is the correlation on STS-B."""
    folder, lode = os.path.join(run, "out"), ["go", "run", "./weights/lode"]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        prompt = json.load(f)["prompt"]
    assert prompt["prefix_ids"][0] == 0 and prompt["suffix_ids"][-1] == 2, prompt
    with open(os.path.join(run, "golden.json"), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    got = subprocess.run(lode + ["embed", "--model", folder, "--pooling", "prompt"], input="".join(" ".join(c["text"].split()) + "\n" for c in cases), check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, encoding="utf-8").stdout
    for c, line in zip(cases, got.splitlines() + [""] * len(cases)):
        assert max(abs(x - y) for x, y in zip(json.loads(line), c["embedding"])) < 1e-3, c["text"]
    with open(os.path.join(run, "scores.json"), encoding="utf-8") as f:
        scores = json.load(f)["distil"]
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
        teachers(os.path.join(at, "teachers"))
        start = os.path.join(at, "vocabulary")
        subprocess.run([sys.executable, os.path.join(HERE, "vocabulary.py"), "--data", os.path.join(at, "data"), "--out", start, "--size", "800"], check=True)
        for name in chosen:
            began, run = time.time(), os.path.join(at, name.replace(" ", "-"))
            more = (["--teachers", os.path.join(at, "teachers")] if name.startswith("encoder") else []) + [os.path.join(at, x) if x.endswith("/out") else x for x in RECIPES[name]]
            train = lambda run, *more: subprocess.run(
                [sys.executable, os.path.join(HERE, name.split()[0] + ".py"), "--data", os.path.join(at, "data"), "--start", start, "--run", run, "--out", os.path.join(run, "out"),
                 "--preset", "smoke", "--device", "cpu", "--threads", "1", *more], check=True, stdout=subprocess.PIPE, encoding="utf-8")
            if name.endswith("stopped"):
                for _ in range(1 + name.startswith("encoder")):  # in its first stage, then in a later one
                    train(run, *more, "--stop", "7")
                assert not os.path.exists(os.path.join(run, "out")), "it did not stop"
                train(run + "-not", *more)
            said = train(run, *more).stdout
            assert ("read back" in said) == (name == "crop stopped"), said
            took = time.time() - began
            arms = ("xmoe", "softmax") if name == "experts" else ()
            for out in [os.path.join(run, "out", "experts-" + a) for a in arms] or [os.path.join(run, "out")]:
                for file in ("config.json", "model.safetensors", "tokenizer.json", "MODEL_CARD.md"):
                    assert os.path.getsize(os.path.join(out, file)), file
            if name.endswith("stopped"):
                both = [open(os.path.join(r, "out", "model.safetensors"), "rb").read() for r in (run, run + "-not")]
                assert both[0] == both[1], "other weights than without the stop"
            if name.startswith("encoder"):
                embeddings(run, at)
            if name.startswith("lm"):
                perplexities(run)
            for dtype in ("f32", "q8"):
                for at_run in [os.path.join(run, a) for a in arms] or [run]:
                    subprocess.run(["go", "run", "./weights/lode", "verify", "--dtype", dtype, os.path.join(at_run, "verify")], check=True)
            print("%s: %.0f s" % (name, took), flush=True)


if __name__ == "__main__":
    main()
