#!/usr/bin/env python3
"""Post-LN against DeepNorm at depth: two stacks that differ in two numbers only, trained for the same processor time.

    depth.py --data DATA --run RUN [--minutes 6] [--layers 64] [--out curves.json]

Both are decoders that read English stories byte by byte. DeepNorm (Wang et al. 2022, arXiv 2203.00555) multiplies the residual by α = (2M)^¼ and the
initial feed-forward, value and output weights by β = (8M)^−¼; Post-LN has α = β = 1. Layers, width, batches, learning rate and its warm-up are the same, and so
is the seed. No gradient is clipped, since clipping would hide what is measured. The demo's view "Depth" draws the curves.

The two take turns, so that both have had the same time whenever the run is ended. OUT has, for each stack, the training loss (nats a byte, the mean of the last steps) and the norm of the gradient over the minutes of processor time, and
the loss on held-out stories at the end. A loss that is no longer a number ends the stack's curve; the file says so.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import data

WINDOW, VOCABULARY = 32, 256


class Layer(nn.Module):
    """x = LN(α·x + Attention(x)), then x = LN(α·x + FFN(x))."""

    def __init__(self, d, heads, f, alpha, beta):
        super().__init__()
        self.heads, self.alpha = heads, alpha
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(d, f), nn.Linear(f, d)
        self.first, self.second = nn.LayerNorm(d), nn.LayerNorm(d)
        for m in (self.q, self.k, self.v, self.o, self.fc1, self.fc2):
            nn.init.xavier_normal_(m.weight, gain=1.0 if m in (self.q, self.k) else beta)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (m(x).view(b, t, self.heads, -1).transpose(1, 2) for m in (self.q, self.k, self.v))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, d)
        x = self.first(self.alpha * x + self.o(a))
        return self.second(self.alpha * x + self.fc2(F.gelu(self.fc1(x))))


class Net(nn.Module):
    def __init__(self, a, norm):
        super().__init__()
        alpha, beta = ((2 * a.layers) ** 0.25, (8 * a.layers) ** -0.25) if norm == "deepnorm" else (1.0, 1.0)
        self.tokens, self.positions = nn.Embedding(VOCABULARY, a.width), nn.Embedding(WINDOW, a.width)
        self.layers = nn.ModuleList(Layer(a.width, a.heads, 4 * a.width, alpha, beta) for _ in range(a.layers))
        self.out = nn.Linear(a.width, VOCABULARY)
        for e in (self.tokens, self.positions):
            nn.init.normal_(e.weight, std=0.5)
        nn.init.xavier_normal_(self.out.weight, gain=0.5)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        return self.out(x)


def batch(text, rng, n):
    at = rng.integers(0, len(text) - WINDOW - 1, n)
    rows = torch.from_numpy(np.stack([text[i : i + WINDOW + 1] for i in at]).astype(np.int64))
    return rows[:, :-1], rows[:, 1:]


def loss_of(net, rows):
    x, y = rows
    return F.cross_entropy(net(x).flatten(0, 1), y.flatten())


class Run:
    """One of the stacks while it is trained."""

    def __init__(self, a, norm, text):
        torch.manual_seed(a.seed)
        self.a, self.norm, self.text = a, norm, text
        self.rng, self.net = np.random.default_rng(a.seed), Net(a, norm)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=a.lr, betas=(0.9, 0.98), weight_decay=0.0, foreach=True)
        self.points, self.losses, self.seconds, self.diverged = [], [], 0.0, False

    def steps(self, n):
        a, begin = self.a, time.process_time()
        for _ in range(n):
            for g in self.optimizer.param_groups:
                g["lr"] = a.lr * min(1.0, (len(self.losses) + 1) / a.warmup)
            loss = loss_of(self.net, batch(self.text, self.rng, a.batch))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.losses.append(float(loss.detach()))
            self.diverged = not math.isfinite(self.losses[-1])
            if self.diverged:
                break
            self.optimizer.step()
        self.seconds += time.process_time() - begin
        gradient = float(torch.stack([p.grad.norm() for p in self.net.parameters()]).norm())
        mean = float(np.mean(self.losses[-n:]))
        self.points.append({"minutes": round(self.seconds / 60, 3), "step": len(self.losses), "loss": None if self.diverged else round(mean, 4),
                            "gradient": round(gradient, 4) if math.isfinite(gradient) else None})
        print("%s step %d  loss %.3f  gradient %.3g  %.2f min" % (self.norm, len(self.losses), mean, gradient, self.seconds / 60), flush=True)

    @torch.no_grad()
    def result(self, held):
        rng = np.random.default_rng(self.a.seed + 1)
        test = float(np.mean([float(loss_of(self.net, batch(held, rng, 32))) for _ in range(20)]))
        return {"norm": self.norm, "parameters": sum(p.numel() for p in self.net.parameters()), "steps": len(self.losses), "diverged": self.diverged,
                "held_out": round(test, 4) if math.isfinite(test) else None, "points": self.points}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="the folder of data, see data.py")
    p.add_argument("--run", required=True, help="folder for the curves while they are made")
    p.add_argument("--out", help="file of the curves; RUN/curves.json if not given")
    for name, value in dict(minutes=6.0, layers=64, width=32, heads=2, batch=12, lr=1e-3, warmup=100, every=25, seed=1, threads=1).items():
        p.add_argument("--" + name, type=type(value), default=value)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    os.makedirs(a.run, exist_ok=True)
    stories = data.stories(a.data)
    cut = max(1, len(stories) // 40)
    held, text = (np.frombuffer("\n".join(s).encode(), np.uint8) for s in (stories[:cut], stories[cut:]))
    entropy = lambda s: float(-(q := np.bincount(s, minlength=256) / len(s))[q > 0] @ np.log(q[q > 0]))
    result = {"minutes": a.minutes, "layers": a.layers, "width": a.width, "heads": a.heads, "batch": a.batch, "window": WINDOW, "lr": a.lr, "warmup": a.warmup,
              "seed": a.seed, "pytorch": torch.__version__.split("+")[0], "bytes_alone": round(entropy(text), 4)}
    runs = [Run(a, norm, text) for norm in ("postln", "deepnorm")]
    for r in runs:
        r.steps(1)
    # The stack that has had less time goes on, so that both have had the same whenever this ends.
    while left := [r for r in runs if r.seconds < 60 * a.minutes and not r.diverged]:
        r = min(left, key=lambda r: r.seconds)
        r.steps(a.every)
        if len(r.points) % 10 == 0 or r.seconds >= 60 * a.minutes:
            write(a, {**result, "runs": [r.result(held) for r in runs]})
    write(a, {**result, "runs": [r.result(held) for r in runs]})


def write(a, result):
    result = {**result, "minutes": round(min(r["points"][-1]["minutes"] for r in result["runs"]), 2)}
    with open(a.out or os.path.join(a.run, "curves.json"), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
