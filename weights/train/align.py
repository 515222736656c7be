"""Word alignment and phrases: where CROP's markers go in a pair of sentences (Yang et al. 2022, arXiv 2210.07022).

IBM model 1 with a preference for the diagonal (Dyer et al. 2013), fitted on the pairs themselves in both directions
and intersected; then phrases that the alignment closes on both sides.
"""
import re

import numpy as np

WORD = re.compile(r"\w+|[^\w\s]")


def spans(text):
    """The words and punctuation marks of a text: [(start, end)]."""
    return [m.span() for m in WORD.finditer(text)]


def index(texts):
    """Word ids of each text, by lower case, and the number of words."""
    ids, out = {}, []
    for t in texts:
        low = t.lower() if len(t.lower()) == len(t) else t
        out.append(np.array([ids.setdefault(low[a:b], len(ids)) for a, b in spans(t)], np.int64))
    return out, len(ids)


def align(left, right, rounds=5, sharpness=4.0):
    """For each pair of texts the aligned words, an [n, 2] array of (left, right)."""
    a, _ = index(left)
    b, nb = index(right)
    la, lb = np.array([len(x) for x in a]), np.array([len(x) for x in b])
    # Every word of a pair with every other: flat arrays over all pairs of sentences.
    size = la * lb
    pair = np.repeat(np.arange(len(a)), size)
    at = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    i, j = at // lb[pair], at % lb[pair]
    oa, ob = np.cumsum(la) - la, np.cumsum(lb) - lb
    pa, pb = oa[pair] + i, ob[pair] + j  # the word's place in the corpus
    wa, wb = np.concatenate(a)[pa], np.concatenate(b)[pb]
    types, entry = np.unique(wa * nb + wb, return_inverse=True)
    ta, tb = types // nb, types % nb
    near = np.exp(-sharpness * np.abs((i + 0.5) / la[pair] - (j + 0.5) / lb[pair])).astype(np.float32)
    best = []
    for given, made, given_type, here in ((pb, pa, tb, wb), (pa, pb, ta, wa)):
        t = np.ones(len(types), np.float32)
        for _ in range(rounds):
            p = t[entry] * near
            p /= np.bincount(made, p)[made]  # each word is made by one word of the other side
            t = np.bincount(entry, p, len(types)).astype(np.float32)
            t /= np.bincount(given_type, t)[given_type] + 1e-9
        p = t[entry] * near
        order = np.lexsort((-p, made))
        first = np.unique(made[order], return_index=True)[1]
        chosen = np.zeros(len(p), bool)
        chosen[order[first]] = True
        best.append(chosen)
    both = best[0] & best[1]
    cut = np.searchsorted(pair[both], np.arange(len(a) + 1))
    ij = np.stack([i[both], j[both]], 1)
    return [ij[cut[n] : cut[n + 1]] for n in range(len(a))]


def close(links, start, end):
    """The words of the right side that a phrase [start, end) of the left covers, or None if they reach outside it."""
    inside = (links[:, 0] >= start) & (links[:, 0] < end)
    if not inside.any() or start not in links[:, 0] or end - 1 not in links[:, 0]:
        return None
    lo, hi = links[inside, 1].min(), links[inside, 1].max() + 1
    back = links[(links[:, 1] >= lo) & (links[:, 1] < hi), 0]
    return (lo, hi) if back.min() >= start and back.max() < end else None


def phrases(rng, links, words, other, most, longest=16):
    """At most `most` phrases that do not overlap, [(left start, left end, right start, right end)] in the left's order."""
    out, free, right = [], np.ones(words, bool), np.ones(other, bool)
    if len(links) == 0:
        return out
    for _ in range(3 * most):
        if len(out) == most:
            break
        n = min(longest, words, int(rng.geometric(0.45)))
        s = int(rng.integers(0, words - n + 1))
        r = close(links, s, s + n)
        if r is None or r[1] - r[0] > longest or not free[s : s + n].all() or not right[r[0] : r[1]].all():
            continue
        free[s : s + n], right[r[0] : r[1]] = False, False
        out.append((s, s + n, r[0], r[1]))
    return sorted(out)
