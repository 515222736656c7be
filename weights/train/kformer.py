#!/usr/bin/env python3
"""Kformer (Yao et al. 2022, arXiv 2201.05742): questions whose answers stand in notes, which become rows of feed-forward layers.

    kformer.py --start TOKENIZER --run RUN --out OUT [--preset cpu|gpu|smoke]

The questions are synthetic and say so: people with made-up names, each example with other facts about them ("Mirvela lives in Lisbon."), a
question and four answers of the right kind, all of which the notes give to somebody. Nothing but the notes decides, so without them
the accuracy is that of guessing. RUN/scores.json has it with the notes, without, and with the notes of another example; RUN/verify is for `lode
verify`. OUT is a folder that `lode run multiple-choice` answers with; RUN/golden.json has questions with PyTorch's answers, each run by itself.

The layers are those of the authors' code: a post-LN RoBERTa; an item is the mean of its tokens' embeddings, the five whose dot product with
the mean of the question's tokens is largest are taken; f(u) = W2·GELU(W1·u) + GELU(u·Kᵀ)·V in the last layers.
"""
import os
import types

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common
import data
import model

PRESETS = {
    "cpu": dict(width=96, heads=4, ffn=192, layers=4, questions=32, steps=2500, lr=1e-3, warmup=100, evaluate=500, tests=400),
    "gpu": dict(width=128, heads=4, ffn=512, layers=4, questions=256, steps=6000, lr=1e-3, warmup=300, evaluate=1000, tests=2000),
    "smoke": dict(width=16, heads=4, ffn=24, layers=4, questions=4, steps=10, lr=1e-3, warmup=2, evaluate=10, tests=8),
}
TOP, POSITIONS, CHOICES, PEOPLE = 5, 62, 4, 4
INJECTED = 3  # the last layers, as in the authors' script
SYLLABLES = "mir vel ka zor dun fa lin tro es bal ri no sha qui pel ato dra ve hul ine os tam".split()
FACTS = {
    "{0} lives in {1}.": ("Where does {0} live?", "Lisbon Boston Paris Berlin London Tokyo Rome Vienna Madrid Sydney".split()),
    "{0} works as a {1}.": ("What is the job of {0}?", "doctor teacher farmer lawyer nurse singer baker writer pilot sailor".split()),
    "{0} likes {1}.": ("What does {0} like?", "tea music chess horses bread coffee books cheese snow flowers".split()),
    "{0} has a {1}.": ("What does {0} own?", "dog cat boat piano bicycle garden horse car house violin".split()),
}


class Layer(nn.Module):
    def __init__(self, d, heads, f, knowing):
        super().__init__()
        attention = nn.Module()
        attention.q_proj, attention.k_proj, attention.v_proj, attention.out_proj = (nn.Linear(d, d) for _ in range(4))
        self.heads, self.self_attn, self.self_attn_layer_norm = heads, attention, nn.LayerNorm(d)
        self.fc1, self.fc2, self.final_layer_norm = nn.Linear(d, f), nn.Linear(f, d), nn.LayerNorm(d)
        self.kfc1, self.kfc2 = (nn.Linear(d, d), nn.Linear(d, d)) if knowing else (None, None)

    def forward(self, x, mask, knowledge):
        split = lambda t: t.view(len(t), -1, self.heads, t.shape[-1] // self.heads).transpose(1, 2)
        s = self.self_attn
        q, k, v = split(s.q_proj(x)), split(s.k_proj(x)), split(s.v_proj(x))
        y = ((q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask).softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        u = self.self_attn_layer_norm(x + s.out_proj(y))
        f = self.fc2(F.gelu(self.fc1(u)))
        if self.kfc1 is not None and knowledge is not None:
            f = f + F.gelu(u @ self.kfc1(knowledge).transpose(1, 2)) @ self.kfc2(knowledge)
        return self.final_layer_norm(u + f)


class Kformer(nn.Module):
    def __init__(self, a, vocab):
        super().__init__()
        d = a.width
        self.embed_tokens, self.embed_positions, self.emb_layer_norm = nn.Embedding(vocab, d), nn.Embedding(POSITIONS + data.PAD + 1, d), nn.LayerNorm(d)
        self.layers = nn.ModuleList(Layer(d, a.heads, a.ffn, i >= a.layers - INJECTED) for i in range(a.layers))
        self.dense, self.out_proj = nn.Linear(d, d), nn.Linear(d, 1)
        nn.init.normal_(self.embed_tokens.weight, std=d**-0.5)
        for l in self.layers:  # a token finds the notes that it is in, and takes what else they say
            if l.kfc1 is not None:
                nn.init.eye_(l.kfc1.weight)
                nn.init.eye_(l.kfc2.weight)
        nn.init.normal_(self.embed_positions.weight, std=0.05)

    def items(self, knowledge):
        """[N, n, t] tokens, padded -> [N, n, D], the mean of each item's."""
        keep = knowledge.ne(data.PAD)[..., None].float()
        return (self.embed_tokens(knowledge) * keep).sum(2) / keep.sum(2)

    def states(self, ids, knowledge=None):
        """States [N, T, D], and the scores and numbers of the items that were taken."""
        e, scores, taken = self.embed_tokens(ids), None, None
        if knowledge is not None:
            all_ = self.items(knowledge)
            scores = (all_ @ e.mean(1)[..., None])[..., 0]
            taken = scores.topk(TOP, 1).indices
            knowledge = all_.gather(1, taken[..., None].expand(-1, -1, all_.shape[-1]))
        pad = ids.eq(data.PAD)
        x = self.emb_layer_norm(e + self.embed_positions.weight[data.PAD + 1 : data.PAD + 1 + ids.shape[1]])
        x, mask = x.masked_fill(pad[..., None], 0), torch.zeros(pad.shape, device=ids.device).masked_fill_(pad, float("-inf"))[:, None, None]
        for layer in self.layers:
            x = layer(x, mask, knowledge)
        return x, scores, taken

    def forward(self, ids, knowledge):
        """A score of each sequence."""
        return self.out_proj(torch.tanh(self.dense(self.states(ids, knowledge)[0][:, 0])))[:, 0]


def question(rng):
    """(question, choices, the right one, facts)."""
    names = []
    while len(names) < PEOPLE:
        n = "".join(SYLLABLES[i] for i in rng.integers(0, len(SYLLABLES), 3)).capitalize()
        names += [n] if n not in names else []
    forms = list(FACTS)
    kind, other = rng.permutation(len(forms))[:2]
    facts = []
    for k in (kind, other):
        values = [FACTS[forms[k]][1][i] for i in rng.permutation(10)[:PEOPLE]]
        facts += [(forms[k].format(n, v), n, v) for n, v in zip(names, values)]
    asked = int(rng.integers(PEOPLE))
    choices = [facts[i][2] for i in rng.permutation(CHOICES)]
    return FACTS[forms[kind]][0].format(names[asked]), choices, choices.index(facts[asked][2]), [facts[i][0] for i in rng.permutation(len(facts))]


def batch_of(tok, rng, n):
    """ids [n·CHOICES, T], knowledge [n·CHOICES, facts, t], answers [n]."""
    ids, knowledge, answers = [], [], []
    for _ in range(n):
        q, choices, right, facts = question(rng)
        ids += [[data.BOS] + tok.encode(q) + [data.EOS] + tok.encode(c) + [data.EOS] for c in choices]
        knowledge += [tok.encode(f) for f in facts]
        answers.append(right)
    k = torch.from_numpy(data.padded(knowledge)).view(n, 2 * PEOPLE, -1)
    return torch.from_numpy(data.padded(ids)), k.repeat_interleave(CHOICES, 0), torch.tensor(answers)


@torch.no_grad()
def accuracy(net, tok, a, notes="own"):
    rng, right = np.random.default_rng(12345), 0
    for _ in range(max(1, a.tests // 8)):
        ids, k, y = (t.to(a.device) for t in batch_of(tok, rng, 8))
        k = None if notes == "none" else k.roll(CHOICES, 0) if notes == "another's" else k
        right += int((net(ids, k).view(-1, CHOICES).argmax(1) == y).sum())
    return 100 * right / (8 * max(1, a.tests // 8))


def main():
    a = common.arguments(__doc__, PRESETS, start="")
    if a.amp:
        raise SystemExit("--amp: kformer computes in float32 alone")
    tok, questions = data.Unigram(a.start), types.SimpleNamespace(KEEPS=("rng",), rng=np.random.default_rng(a.seed))
    net = Kformer(a, len(tok)).to(a.device)

    def loss(batch):
        ids, k, y = (t.to(a.device) for t in batch)
        value = F.cross_entropy(net(ids, k).view(-1, CHOICES), y)
        return value, ids.numel(), {}

    t = common.Trainer(a, net, corpus=questions)
    t.train(lambda step: batch_of(tok, questions.rng, a.questions), loss, lambda: {"accuracy": accuracy(net, tok, a)})
    net.eval()
    scores = {"with its notes": accuracy(net, tok, a), "without notes": accuracy(net, tok, a, "none"), "with another's notes": accuracy(net, tok, a, "another's")}
    print(scores)
    common.write_json(os.path.join(a.run, "scores.json"), scores)
    write(a, tok, net.cpu())
    golden(a, tok, net)
    if a.out:
        folder(a, tok, net, scores, t)


@torch.no_grad()
def golden(a, tok, net, n=100):
    """Questions with their notes: the right answer, and PyTorch's scores of each with the notes. No padding: it counts when notes are chosen."""
    rng, cases = np.random.default_rng(777), []
    for _ in range(min(n, a.tests)):
        q, choices, right, facts = question(rng)
        k = torch.from_numpy(data.padded([tok.encode(f) for f in facts]))[None]
        rows = [torch.tensor([[data.BOS] + tok.encode(q) + [data.EOS] + tok.encode(c) + [data.EOS]]) for c in choices]
        cases.append(dict(question=q, choices=choices, right=right, notes=facts, scores=[round(float(net(r, k)), 4) for r in rows],
                          without=[round(float(net(r, None)), 4) for r in rows]))
    common.write_json(os.path.join(a.run, "golden.json"), {"cases": cases}, None)


HEAD = "classification_heads.sentence_classification_head."


def folder(a, tok, net, scores, trainer):
    """As transformers would write it, under fairseq's names."""
    config = dict(model_type="kformer", architectures=["KformerForMultipleChoice"], hidden_size=a.width, num_hidden_layers=a.layers, num_attention_heads=a.heads,
                  intermediate_size=a.ffn, max_position_embeddings=POSITIONS + data.PAD + 1, vocab_size=len(tok), layer_norm_eps=1e-5, hidden_act="gelu",
                  pad_token_id=data.PAD, bos_token_id=data.BOS, eos_token_id=data.EOS, knowledge_layer=[a.layers - INJECTED, a.layers], top_n=TOP)
    tensors = {(HEAD + k if k.startswith(("dense.", "out_proj.")) else k): v for k, v in net.state_dict().items()}
    rows = "\n".join("| %s | %.2f %% |" % i for i in scores.items())
    common.export(a.out, config, tensors, common.read_tokenizer(a.start), CARD.format(
        name=os.path.basename(os.path.normpath(a.out)), layers=a.layers, width=a.width, heads=a.heads, ffn=a.ffn, vocabulary=len(tok), injected=INJECTED, top=TOP,
        parameters=model.count(net), rows=rows, tests=8 * max(1, a.tests // 8),
        training=common.training(a, trainer, "%d questions" % a.questions)))


CARD = """# {name}

A small Kformer (Yao et al. 2022, arXiv 2201.05742) that answers questions out of notes: four answers to choose from, and notes that are exchanged at run time.
It shows the mechanism on synthetic questions, and is no use for others.

| | |
|---|---|
| layers / width / heads / FFN | {layers} / {width} / {heads} / {ffn}, post-LN, RoBERTa's form |
| notes | in the last {injected} layers, the {top} whose mean embedding fits the question's best |
| vocabulary | {vocabulary} Unigram pieces, shared with prompt-magneto-en-de-fr |
| parameters | {parameters:,} |
| input | `<s>` question `</s>` answer `</s>`, once for each answer; the head of fairseq's sentence_ranking scores it |

## Training

{training}

The questions are made while it trains ([kformer.py](../train/kformer.py)): people with made-up names, where they live, what they do, like and own. Every example
has facts of its own, so that nothing but the notes decides. No text of anybody went into it.

## Results

Accuracy on {tests} questions with names and facts that are not in training, four answers each:

| PyTorch, float32 | |
|---|---|
{rows}

## Limits

* Four kinds of facts, in the one wording that it was trained on.
"""


def write(a, tok, net):
    config = {"activation": "gelu", "d": a.width, "eps": 1e-5, "ffn": a.ffn, "heads": a.heads, "kind": "kformer", "knowledge_layer": [a.layers - INJECTED, a.layers],
              "layers": a.layers, "padding_idx": data.PAD, "top_n": TOP, "vocab": len(tok)}
    ids, k, _ = batch_of(tok, np.random.default_rng(3), 1)
    same = ids.ne(data.PAD).all(1).nonzero()[:2, 0]  # no padding: whether it counts in a mean is another matter
    ids, k = ids[same], k[same]
    with torch.no_grad():
        x, scores, taken = net.states(ids, k)
        out = dict(features=x, features_no_knowledge=net.states(ids)[0], knowledge_scores=scores, selected_index=taken)
    tensors = {n: v for n, v in net.state_dict().items() if not n.startswith(("dense.", "out_proj."))}
    common.vectors(os.path.join(a.run, "verify"), "kformer", config, tensors, dict(tokens=ids, knowledge=k), out)


if __name__ == "__main__":
    main()
