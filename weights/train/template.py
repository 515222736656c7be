"""PromptBERT's template around a sentence (Jiang et al. 2022, arXiv 2201.04337), the embedding at its mask, and the start of an encoder as averaged embeddings."""
import math

import numpy as np
import torch
import torch.nn.functional as F

import data
import model

TEMPLATES = [('This sentence of "', '" means'), ('This sentence : "', '" means')]
POSITIONS = 128
NORM = 3.0  # the mean length of a row of the table at the start


class Prompt:
    """Two templates as ids: prefix + sentence + suffix. The parts are encoded each on its own, so no sentence moves the mask."""

    def __init__(self, tok):
        self.mask, dot = tok.id["<mask>"], tok.id["."]
        self.prefix = [[data.BOS] + tok.encode(p) for p, _ in TEMPLATES]
        self.suffix = [tok.encode(s) + [self.mask, dot, data.EOS] for _, s in TEMPLATES]
        self.most = POSITIONS - max(len(p) + len(s) for p, s in zip(self.prefix, self.suffix))

    def wrap(self, ids, k=0):
        """ids [B, n] in template k."""
        row = lambda x: torch.tensor(x, device=ids.device).expand(len(ids), -1)
        return torch.cat([row(self.prefix[k]), ids, row(self.suffix[k])], 1)

    def delta(self, net, n, k, device):
        """Template k's own embedding [1, D], its suffix where it stands after a sentence of n pieces."""
        first = len(self.prefix[k])
        ids = torch.tensor([self.prefix[k] + self.suffix[k]], device=device)
        at = torch.arange(ids.shape[1], device=device)
        return embedding(net, ids, torch.where(at >= first, at + n, at))


def embedding(net, ids, columns=None):
    """States [B, D] at the mask, the third token from the end, of ids [B, T] without padding, whose positions are columns [T] if they are given.
    The last layer computes nothing else."""
    at = ids.shape[1] - 3
    columns = torch.arange(ids.shape[1], device=ids.device) if columns is None else columns
    x = net.drop(net.embed_tokens(ids) * net.scale + net.embed_positions(columns + model.POSITION_OFFSET))
    for layer in net.layers[:-1]:
        x = layer(x, None, net.drop)
    last, h = net.layers[-1], net.layers[-1].self_attn_layer_norm(x)
    x = x[:, at : at + 1] + net.drop(last.self_attn(h[:, at : at + 1], last.self_attn.keys(h), None))
    x = x + net.drop(last.feed()(last.final_layer_norm(x)))
    return net.layer_norm(x)[:, 0]


def means(net, ids):
    """The mean [B, D] of the last states of <s> ids </s>, without a template: what PromptBERT is held against."""
    edge = lambda i: torch.full((len(ids), 1), i, device=ids.device)
    return net(torch.cat([edge(data.BOS), ids, edge(data.EOS)], 1)).mean(1)


@torch.no_grad()
def embed(net, tok, prompt, texts, device, pooling="prompt", tokens=16384):
    """[N, D] embeddings of texts."""
    ids = [i[: prompt.most] for i in tok.encode_all(texts)]
    lengths = np.array([len(i) for i in ids])
    out = np.zeros((len(ids), net.embed_tokens.embedding_dim), np.float32)
    for n in np.unique(lengths):
        index, size = np.flatnonzero(lengths == n), max(1, tokens // (int(n) + 10))
        for i in range(0, len(index), size):
            part = index[i : i + size]
            rows = torch.tensor([ids[k] for k in part], dtype=torch.long).view(len(part), n).to(device)
            out[part] = (embedding(net, prompt.wrap(rows)) if pooling == "prompt" else means(net, rows)).float().cpu().numpy()
    return out


@torch.no_grad()
def begin(net, table, prompt, lots, p=6.0, g=4.0):
    """Starts as the averaged embeddings of a table [V, D]. Two axes of the states are kept for it: u, which all positions have, so that LayerNorm divides by
    about the same everywhere and the length of a row goes on to count; and w, which marks the columns of the template, so that the last layer looks at
    the sentence alone and hands its mean to the mask. The other branches have the paper's start in v_proj and fc1 and none in out_proj and fc2,
    a departure from it: they grow as they are trained. lots: some sentences [(ids [B, n], targets [B, D])]."""
    d = net.embed_tokens.embedding_dim
    eye = torch.eye(d)
    u, w = eye[0], eye[1]
    rows, places = net.embed_tokens.weight, net.embed_positions.weight
    length = table.norm(dim=1)
    seen = length > 1e-3
    scaled = table * (NORM / length[length > length.median() * 0.2].mean())
    rows.copy_(torch.where(seen[:, None], scaled, rows * NORM * 0.1) * (1 - u - w))
    suffix = prompt.suffix[0]
    for i in suffix[:2] + suffix[3:4]:  # the quote, "means", the full stop
        rows[i] -= g * w
    for i in (data.BOS, data.EOS, prompt.mask):
        rows[i] = -g * w
    rows[prompt.mask] -= p * u
    rows[data.PAD] = 0
    places.copy_(torch.randn(places.shape) * 0.03 + p * u)
    first = model.POSITION_OFFSET
    places[first : first + len(prompt.prefix[0])] -= g * w
    for layer in net.layers:
        layer.self_attn.out_proj.weight.zero_()
        layer.ffn.fc2.weight.zero_()
        layer.self_attn_layer_norm.weight[0] = layer.final_layer_norm.weight[0] = 0
    last = net.layers[-1].self_attn
    last.q_proj.weight.mul_(0.3)
    last.k_proj.weight.mul_(0.3)
    last.q_proj.bias.fill_(0.3)
    last.k_proj.weight.add_(0.3 * w.expand(d, d))
    last.v_proj.weight.copy_((eye - torch.outer(u, u) - torch.outer(w, w)) * math.sqrt(math.log(2 * len(net.layers))))
    last.out_proj.weight.copy_(1.5 * eye)
    # The full stop carried what all targets have in common, and it is hidden now: a bias stands in for it.
    for _ in range(4):
        h = torch.cat([F.normalize(embedding(net, prompt.wrap(ids)), dim=1) for ids, _ in lots])
        last.out_proj.bias += 1.5 * math.sqrt(d) * (torch.cat([t for _, t in lots]).mean(0) - h.mean(0))
