"""What every recipe shares: arguments, seeds, the training loop with checkpoints, and the folder that comes out.

A run is a folder (--run): state.pt to go on from, log.csv, curve.png. A run that was ended, by whatever, goes on where
its last checkpoint was when the same command is given again, with the same random numbers and batches as if nothing had
been: on the CPU it ends with the same weights (not with --expert-drop or --prune, which count anew). The schedule is by
steps: warm-up, then 1/√step, and over the last --decay of all steps linearly to nothing. To end a long run early, start it again with fewer --steps.
"""
import argparse
import csv
import json
import math
import os
import random
import struct
import time

import numpy as np
import torch

import model


def arguments(doc, presets, **defaults):
    """The arguments of a recipe: those below and its presets' keys. A preset's values hold where no argument is given."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", help="the folder of data, see data.py")
    p.add_argument("--run", required=True, help="folder for checkpoints and logs")
    p.add_argument("--out", help="model folder to write at the end")
    p.add_argument("--preset", choices=list(presets), default="cpu")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--amp", type=int, help="1: matrices in bfloat16")
    p.add_argument("--threads", type=int, default=0, help="of the CPU; 0: as PyTorch chooses")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--save-minutes", type=float, default=3)
    p.add_argument("--stop", type=int, default=0, help="end at that step with a checkpoint, to go on another time; 0: at the last")
    p.add_argument("--pause-file", help="training waits while this file exists")
    common = dict(warmup=400, decay=0.3, lr=1e-3, weight_decay=0.01, clip=1.0, amp=0)
    keys = {**common, **defaults}
    for preset in presets.values():
        keys.update({k: v for k, v in preset.items() if k not in keys})
    for k, v in keys.items():
        if k != "amp":
            p.add_argument("--" + k.replace("_", "-"), type=type(v), dest=k)
    a = p.parse_args()
    a.options = ""  # what was given that the preset has otherwise; folders are named by the card in words
    for k, v in {**keys, **presets[a.preset]}.items():
        given = getattr(a, k)
        if given is None:
            setattr(a, k, v)
        elif given != v and not (isinstance(given, str) and os.path.isdir(given)):
            a.options += " --%s %s" % (k.replace("_", "-"), "%g" % given if isinstance(given, float) else given)
    a.options = (a.options + (" --seed %d" % a.seed if a.seed != 1 else "")).strip()
    if a.threads:
        torch.set_num_threads(a.threads)
    random.seed(a.seed)
    np.random.seed(a.seed)
    torch.manual_seed(a.seed)
    os.makedirs(a.run, exist_ok=True)
    return a


def rate(step, a):
    """The learning rate's factor at a step."""
    up = min(1, (step + 1) / a.warmup) * math.sqrt(a.warmup / max(a.warmup, step + 1)) if a.warmup else 1.0
    return up * max(0.01, min(1.0, (a.steps - step) / max(1.0, a.decay * a.steps)))


def autocast(a):
    return torch.autocast(a.device.split(":")[0], torch.bfloat16, enabled=bool(a.amp))


class Trainer:
    """Steps, logs, checkpoints. params: the module to train; batch(step) gives what loss(batch) takes.

    loss returns (loss, number of tokens, {name: value to log}). evaluate(), if given, runs every a.evaluate steps and
    returns {name: value}; the state with the best value of `best` is kept in best.pt. corpus: what batches come from; its KEEPS
    names the attributes that say what comes next, and checkpoints have them: generators, and lists of what is to be read. a.ema: if above 0,
    figures are those of the weights' moving average, and the module has it in the end.
    """

    def __init__(self, a, module, groups=None, corpus=None):
        self.a, self.module, self.step, self.log, self.best, self.amp = a, module, 0, [], -1e9, a.amp
        self.corpus = corpus
        fused = {"fused": True} if a.device.startswith("cuda") and torch.__version__ >= "2" else {"foreach": True}
        groups = groups or [dict(params=[p for p in module.parameters() if p.requires_grad])]
        for g in groups:
            g["base"] = g.get("lr", a.lr)
        self.optimizer = torch.optim.AdamW(groups, lr=a.lr, betas=(0.9, 0.98), weight_decay=a.weight_decay, **fused)
        self.average = [p.detach().clone() for p in module.parameters()] if getattr(a, "ema", 0.0) else []
        self.seconds, self.begun = 0.0, []  # begun: the options it was started with, and at which step
        path = os.path.join(a.run, "state.pt")
        if os.path.exists(path):
            s = torch.load(path, map_location=a.device, weights_only=False)
            module.load_state_dict(s["module"])
            self.optimizer.load_state_dict(s["optimizer"])
            self.step, self.log, self.best, self.seconds = s["step"], s["log"], s["best"], s["seconds"]
            self.begun = s.get("begun", [])
            for own, kept in zip(self.average, s.get("average", [])):
                own.copy_(kept)
            if "random" in s:
                self.restore(s["random"])
            print("goes on at step %d" % self.step, flush=True)
        if not self.begun or self.begun[-1][1] != a.options:
            self.begun.append((self.step, a.options))

    def random(self):
        """All that chance has decided about the steps to come."""
        keep = {k: getattr(self.corpus, k) for k in getattr(self.corpus, "KEEPS", ())}
        return dict(python=random.getstate(), numpy=np.random.get_state(), torch=torch.get_rng_state(),
                    cuda=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [], corpus=keep)

    def restore(self, s):
        random.setstate(s["python"])
        np.random.set_state(s["numpy"])
        torch.set_rng_state(s["torch"].cpu())
        if torch.cuda.is_available() and len(s["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([c.cpu() for c in s["cuda"]])
        for k, v in s["corpus"].items():
            setattr(self.corpus, k, v)

    def average_weights(self):
        """The moving average follows the weights: fast at first, that the start does not weigh on it."""
        with torch.no_grad():
            for q, p in zip(self.average, self.module.parameters()):
                q.lerp_(p, 1 - min(self.a.ema, (1 + self.step) / (10 + self.step)))

    def swap(self):
        """Exchanges the weights and their moving average, if there is one."""
        for p, q in zip(self.module.parameters(), self.average):
            p.data, q.data = q.data, p.data

    def save(self):
        path = os.path.join(self.a.run, "state.pt")
        torch.save(dict(module=self.module.state_dict(), optimizer=self.optimizer.state_dict(), step=self.step, log=self.log,
                        best=self.best, seconds=self.seconds, average=self.average, begun=self.begun, arguments=vars(self.a), random=self.random()), path + ".tmp")
        os.replace(path + ".tmp", path)
        if self.log:
            names = sorted({k for r in self.log for k in r}, key=lambda k: (k != "step", k))
            with open(os.path.join(self.a.run, "log.csv"), "w", newline="") as f:
                w = csv.DictWriter(f, names)
                w.writeheader()
                w.writerows(self.log)
        curve(self.log, os.path.join(self.a.run, "curve.png"))

    def train(self, batch, loss, evaluate=None, best=None, every=50):
        a, saved, sums, tokens, since = self.a, time.time(), {}, 0, self.step
        self.module.train()
        mark = time.time()
        while self.step < a.steps:
            while a.pause_file and os.path.exists(a.pause_file):
                time.sleep(2)
                mark += 2
            for g in self.optimizer.param_groups:
                g["lr"] = g["base"] * rate(self.step, a)
            value, n, more = loss(batch(self.step))
            self.optimizer.zero_grad(set_to_none=True)
            value.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), a.clip)
            if torch.isfinite(norm):
                self.optimizer.step()
            self.average_weights()
            self.step, tokens = self.step + 1, tokens + n
            for k, v in {"loss": float(value.detach()), **more}.items():
                sums[k] = sums.get(k, 0.0) + v
            done = self.step >= a.steps
            if self.step == a.stop and not done:
                self.save()
                print("stopped at step %d of %d" % (self.step, a.steps), flush=True)
                raise SystemExit(0)
            if self.step % every == 0 or done:
                took = time.time() - mark
                self.seconds += took
                row = {"step": self.step, **{k: round(v / (self.step - since), 4) for k, v in sums.items()}}
                self.log.append(row)
                print("step %d/%d  %s  %.0f tokens/s  %.1f min" % (self.step, a.steps, "  ".join("%s %.3f" % (k, v) for k, v in row.items() if k != "step"),
                                                                   tokens / max(took, 1e-9), self.seconds / 60), flush=True)
                sums, tokens, since, mark = {}, 0, self.step, time.time()
            if evaluate and (self.step % a.evaluate == 0 or done):
                self.module.eval()
                self.swap()
                result = evaluate()
                self.swap()
                self.module.train()
                print("step %d  %s" % (self.step, "  ".join("%s %.4g" % i for i in result.items())), flush=True)
                self.log.append({"step": self.step, **{k: round(v, 4) for k, v in result.items()}})
                if best and result[best] > self.best:
                    self.best = result[best]
                    torch.save(self.module.state_dict(), os.path.join(a.run, "best.pt"))
                mark = time.time()
            if time.time() - saved > 60 * a.save_minutes or done:
                self.save()
                saved = time.time()
        self.module.eval()
        self.swap()
        if best and os.path.exists(os.path.join(a.run, "best.pt")):
            self.module.load_state_dict(torch.load(os.path.join(a.run, "best.pt"), map_location=a.device))


def curve(log, path):
    """Each logged value over the steps, one panel a name."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        return
    names = sorted({k for r in log for k in r} - {"step"})
    if not names:
        return
    figure, panels = plt.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
    for name, panel in zip(names, panels[0]):
        panel.plot([r["step"] for r in log if name in r], [r[name] for r in log if name in r])
        panel.set_title(name)
        panel.set_xlabel("step")
        panel.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


# --- folders --------------------------------------------------------------------


def write_safetensors(path, tensors):
    header, at, blobs = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        b = tensors[name].detach().float().cpu().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [at, at + len(b)]}
        at += len(b)
        blobs.append(b)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for b in blobs:
            f.write(b)


def read_safetensors(path):
    """The tensors of a file as float32; int8 matrices times the scales of their rows, as compressed-tensors stores them."""
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        header, data = json.loads(f.read(n)), f.read()
    kinds, out = {"F32": "<f4", "F16": "<f2", "I8": "i1"}, {}
    for name, t in header.items():
        if name == "__metadata__":
            continue
        if t["dtype"] not in kinds:
            raise SystemExit("%s: tensor %s is %s, expected one of %s" % (path, name, t["dtype"], sorted(kinds)))
        a, b = t["data_offsets"]
        out[name] = torch.from_numpy(np.frombuffer(data[a:b], kinds[t["dtype"]]).reshape(t["shape"]).astype(np.float32))
    for name in [k for k in out if k.endswith("_scale")]:
        out[name[: -len("_scale")]] *= out.pop(name).view(-1, 1)
    return out


def load(folder, dropout=0.0):
    """The encoder, decoder or encoder-decoder of a model folder, and its other tensors (a head)."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        c = json.load(f)
    if c.get("moe_freq"):
        raise SystemExit("%s: mixtures of experts are not read back here" % folder)
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    side = "encoder" if "encoder_layers" in c else "decoder"
    d, heads, f, layers = (c[side + k] for k in ("_embed_dim", "_attention_heads", "_ffn_embed_dim", "_layers"))
    positions = c["max_source_positions" if side == "encoder" else "max_target_positions"]
    if "encoder_layers" in c and "decoder_layers" in c:
        net = model.EncoderDecoder(c["vocab_size"], d, heads, f, layers, c["decoder_layers"], positions, dropout)
        tensors.setdefault("decoder.embed_tokens.weight", tensors["encoder.embed_tokens.weight"])
    else:
        kind = model.Encoder if side == "encoder" else model.Decoder
        net = kind(c["vocab_size"], d, heads, f, layers, positions, scale=1.0 if c.get("no_scale_embedding", True) else d**0.5, dropout=dropout)
    own = net.state_dict()
    net.load_state_dict({k: tensors.pop(k) for k in own})
    return net, tensors


def write_json(path, value, indent=1):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=indent)
        f.write("\n")


def read_json(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def machine(a):
    """What a run ran on, for its card."""
    what = torch.cuda.get_device_name() if a.device.startswith("cuda") else "the CPU, %d thread%s" % (torch.get_num_threads(), "s" * (torch.get_num_threads() > 1))
    return "%s, PyTorch %s" % (what, torch.__version__.split("+")[0])


def preset(a, trainer):
    """The preset, and the options that differ from it; of a run that was started again with others, those of every start that trained."""
    last = {step: options for step, options in trainer.begun if step < trainer.step}
    said = [("from step %d on " % step if step else "") + ("with `%s`" % o if o else "as it is") for step, o in sorted(last.items())]
    return "preset `%s`" % a.preset + ("" if said == ["as it is"] else " " + ", ".join(said))


def training(a, trainer, each=None):
    """The card's paragraph about how the weights came to be. each: what a step reads, if not a.tokens."""
    return ("%d steps of %s, %s, AdamW with a highest rate of %g, %s; %.0f minutes on %s."
            % (trainer.step, each or "at most %d tokens" % a.tokens, preset(a, trainer), a.lr, "matrices in bfloat16" if trainer.amp else "float32",
               trainer.seconds / 60, machine(a)))


def vectors(folder, kind, config, tensors, inputs, outputs):
    """What `lode verify` reads: the model, inputs, and the outputs that PyTorch computed."""
    os.makedirs(folder, exist_ok=True)
    write_json(os.path.join(folder, "config.json"), {**config, "kind": kind})
    write_safetensors(os.path.join(folder, "weights.safetensors"), tensors)
    plain = lambda all_: {k: {"shape": list(v.shape), "data": v.flatten().tolist()} for k, v in all_.items()}
    write_json(os.path.join(folder, "io.json"), {"inputs": plain(inputs), "outputs": plain(outputs)}, None)


def read_tokenizer(folder):
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
        return json.load(f)


def export(out, config, tensors, tokenizer, card):
    """Writes a model folder: config.json, model.safetensors, tokenizer.json, MODEL_CARD.md."""
    os.makedirs(out, exist_ok=True)
    write_json(os.path.join(out, "config.json"), config)
    write_safetensors(os.path.join(out, "model.safetensors"), tensors)
    write_json(os.path.join(out, "tokenizer.json"), tokenizer, None)
    with open(os.path.join(out, "MODEL_CARD.md"), "w", encoding="utf-8") as f:
        f.write(card)
