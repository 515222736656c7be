"""Writes a directory of vectors: config.json, model.safetensors, io.json."""
import json
import math
import os
import struct

import torch

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def seeded(seed):
    """A source of random parameters; no framework's initialisation is involved."""
    g = torch.Generator()
    g.manual_seed(seed)
    return g


def randomise(module, g):
    """Fills every parameter: matrices so that sums stay near 1, norms near 1, biases and
    offsets near 0 but far enough from it to be missed if they were left out."""
    for name, p in sorted(module.named_parameters()):
        r = torch.randn(p.shape, generator=g)
        with torch.no_grad():
            if p.dim() == 1 and name.endswith("weight"):
                p.copy_(1 + 0.2 * r)
            elif p.dim() == 1:
                p.copy_(0.2 * r)
            elif "emb" in name or name.split(".")[-2] in ("wte", "wpe", "shared"):
                p.copy_(0.7 * r)
            else:
                p.copy_(r / math.sqrt(p.shape[-1] if p.dim() == 2 else p[0].numel()))
    return module.double()


def safetensors(path, tensors):
    """tensors: name to float32 tensor (or int64)."""
    header, data, at = {}, [], 0
    for name, t in tensors.items():
        t = t.detach().contiguous()
        kind = {torch.float32: "F32", torch.int64: "I64"}[t.dtype]
        raw = t.numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
        data.append(raw)
        at += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def numbers(t):
    if t.dtype in (torch.int64, torch.bool):
        kind, data = {torch.int64: "i64", torch.bool: "bool"}[t.dtype], [x.item() for x in t.flatten()]
    else:
        kind, data = "f32", [float("%.7g" % x) for x in t.flatten().tolist()]
    return {"shape": list(t.shape), "dtype": kind, "data": data}


def write(name, config, tensors, inputs, outputs):
    path = os.path.join(ROOT, name)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "config.json"), "w") as f:
        json.dump(config, f, indent=1)
        f.write("\n")
    safetensors(os.path.join(path, "model.safetensors"), {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    with open(os.path.join(path, "io.json"), "w") as f:
        json.dump({"inputs": {k: numbers(v) for k, v in inputs.items()}, "outputs": {k: numbers(v) for k, v in outputs.items()}}, f, separators=(",", ":"))
        f.write("\n")
    total = sum(os.path.getsize(os.path.join(path, x)) for x in os.listdir(path))
    print("%-34s %7d bytes" % (name, total))


def single(module):
    """The parameters rounded to float32, as the file has them, in float64."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(p.float().double())
    return module


def tokens(g, vocab, lengths, pad, first=4, left=()):
    """Ids [B, T] and their mask; rows in left have their padding on the left."""
    t = max(lengths)
    ids = torch.full((len(lengths), t), pad, dtype=torch.int64)
    mask = torch.zeros((len(lengths), t), dtype=torch.int64)
    for i, n in enumerate(lengths):
        x = torch.randint(first, vocab, (n,), generator=g)
        at = t - n if i in left else 0
        ids[i, at:at + n] = x
        mask[i, at:at + n] = 1
    return ids, mask


def kept(x, mask):
    """Padding is 0 in outputs, by convention."""
    return x * mask.reshape(mask.shape + (1,) * (x.dim() - mask.dim())).to(x.dtype)
