"""What the families are made of, from torch.nn and torch.nn.functional."""
import math

import torch
from torch import nn
from torch.nn import functional as F

ACT = {
    "gelu": F.gelu,
    "gelu_new": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
    "relu": F.relu,
    "silu": F.silu,
    "swish": F.silu,
}


def attend(q, k, v, heads, bias):
    """q (B, T, H·h), k and v (B, S, G·h) of G ≤ H groups; bias broadcasts to (B, H, T, S)."""
    b, t, _ = q.shape
    h = q.shape[-1] // heads
    groups = k.shape[-1] // h
    q = q.view(b, t, heads, h).transpose(1, 2)
    k = k.view(b, -1, groups, h).transpose(1, 2).repeat_interleave(heads // groups, 1)
    v = v.view(b, -1, groups, h).transpose(1, 2).repeat_interleave(heads // groups, 1)
    p = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(h) + bias, -1)
    return (p @ v).transpose(1, 2).reshape(b, t, heads * h)


def padding(mask):
    """(B, S) of ones and zeros as a bias of scores (B, 1, 1, S)."""
    return torch.zeros(mask.shape, dtype=torch.float64).masked_fill(mask == 0, -1e30)[:, None, None, :]


def causal(t):
    return torch.full((t, t), -1e30, dtype=torch.float64).triu(1)


def sinusoids(rows, d, pad):
    """fairseq's table: sines, then cosines; row pad is 0."""
    half = d // 2
    w = torch.exp(torch.arange(half, dtype=torch.float64) * -(math.log(10000) / (half - 1)))
    a = torch.arange(rows, dtype=torch.float64)[:, None] * w[None]
    table = torch.cat([a.sin(), a.cos()], 1)
    if d % 2:
        table = torch.cat([table, torch.zeros(rows, 1, dtype=torch.float64)], 1)
    table[pad] = 0
    return table


def counted(ids, pad):
    """fairseq's positions: what is not padding counts from pad + 1."""
    keep = (ids != pad).long()
    return keep.cumsum(1) * keep + pad


class RMSNorm(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.empty(d)), eps

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.eps) * self.weight


class Conv1D(nn.Module):
    """A linear layer stored as [in, out]."""

    def __init__(self, inner, outer):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(inner, outer)), nn.Parameter(torch.empty(outer))

    def forward(self, x):
        return x @ self.weight + self.bias


class Bag(nn.Module):
    """Modules by name, for the nesting that checkpoints have."""

    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
