"""GPT-2, Llama, Mistral and the text side of Kosmos-2, in the layout of Hugging Face."""
import math

import torch
from torch import nn

from directory import kept, randomise, seeded, single, tokens, write
from layers import ACT, Bag, Conv1D, RMSNorm, attend, causal, counted, padding, sinusoids


def write_decoder(name, c, m, states, head, rename, seed, vocab, pad, extra=None, left=()):
    """states computes the last hidden state of ids and mask, head multiplies it with the
    output projection (or is None)."""
    g = seeded(seed)
    single(randomise(m, g))
    ids, mask = tokens(g, vocab, [7, 1, 4, 5], pad, left=left)
    x = states(ids, mask)
    outputs = {"last_hidden_state": kept(x, mask)}
    if head:
        y = kept(head(x), mask)
        # A cache must not change anything: the first row again, its last four tokens one by one.
        outputs.update(logits=y, incremental_logits=y[:1, -4:])
    state = {rename(k): v for k, v in m.state_dict().items()}
    state.update(extra or {})
    write(name, c, state, {"input_ids": ids, "attention_mask": mask}, outputs)


class GPT2Block(nn.Module):
    def __init__(self, d, f, eps):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(d, eps), nn.LayerNorm(d, eps)
        self.attn = Bag(c_attn=Conv1D(d, 3 * d), c_proj=Conv1D(d, d))
        self.mlp = Bag(c_fc=Conv1D(d, f), c_proj=Conv1D(f, d))

    def forward(self, x, heads, act, bias):
        q, k, v = self.attn.c_attn(self.ln_1(x)).chunk(3, -1)
        x = x + self.attn.c_proj(attend(q, k, v, heads, bias))
        return x + self.mlp.c_proj(act(self.mlp.c_fc(self.ln_2(x))))


class GPT2(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, eps = c["n_embd"], c["layer_norm_epsilon"]
        self.c = c
        self.wte, self.wpe, self.ln_f = nn.Embedding(c["vocab_size"], d), nn.Embedding(c["n_positions"], d), nn.LayerNorm(d, eps)
        self.h = nn.ModuleList([GPT2Block(d, c["n_inner"] or 4 * d, eps) for _ in range(c["n_layer"])])

    def forward(self, ids, mask):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        bias = padding(mask) + causal(ids.shape[1])
        for y in self.h:
            x = y(x, self.c["n_head"], ACT[self.c["activation_function"]], bias)
        return self.ln_f(x)


def gpt2(name, seed, arch, prefix, masks, head, **more):
    c = {
        "activation_function": "gelu_new", "architectures": [arch], "attn_pdrop": 0.1, "bos_token_id": 40, "embd_pdrop": 0.1, "eos_token_id": 40,
        "initializer_range": 0.02, "layer_norm_epsilon": 1e-5, "model_type": "gpt2", "n_ctx": 12, "n_embd": 16, "n_head": 4, "n_inner": None, "n_layer": 2,
        "n_positions": 12, "resid_pdrop": 0.1, "summary_activation": None, "summary_first_dropout": 0.1, "summary_proj_to_labels": True,
        "summary_type": "cls_index", "summary_use_proj": True, "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}}, "vocab_size": 41,
    }
    c.update(more)
    m = GPT2(c)
    n = c["n_positions"]
    # The causal masks that the published gpt2 has in its file.
    extra = {"%sh.%d.attn.bias" % (prefix, i): torch.ones(1, 1, n, n).tril() for i in range(c["n_layer"])} if masks else None
    write_decoder(name, c, m, m, (lambda x: x @ m.wte.weight.T) if head else None, lambda k: prefix + k, seed, c["vocab_size"], c["eos_token_id"], extra)


def turn(x, theta, heads, scaling=None):
    """Rotary embedding in halves: column i turns with column i + h/2."""
    b, t, w = x.shape
    h = w // heads
    f = theta ** (-torch.arange(0, h, 2, dtype=torch.float64) / h)
    if scaling and scaling["rope_type"] == "linear":
        f = f / scaling["factor"]
    if scaling and scaling["rope_type"] == "llama3":
        low, high, n = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["original_max_position_embeddings"]
        wavelength = 2 * math.pi / f
        smooth = (n / wavelength - low) / (high - low)
        between = (1 - smooth) * f / scaling["factor"] + smooth * f
        f = torch.where(wavelength > n / low, f / scaling["factor"], torch.where(wavelength < n / high, f, between))
    a = torch.arange(t, dtype=torch.float64)[:, None] * f[None]
    a = torch.cat([a, a], 1)[None, :, None]
    x = x.view(b, t, heads, h)
    half = torch.cat([-x[..., h // 2:], x[..., :h // 2]], -1)
    return (x * a.cos() + half * a.sin()).reshape(b, t, w)


class LlamaLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, f, h = c["hidden_size"], c["intermediate_size"], c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]
        n, g, eps = c["num_attention_heads"], c["num_key_value_heads"], c["rms_norm_eps"]
        bias, mlp = c.get("attention_bias", False), c.get("mlp_bias", False)
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(d, eps), RMSNorm(d, eps)
        self.self_attn = Bag(q_proj=nn.Linear(d, n * h, bias), k_proj=nn.Linear(d, g * h, bias), v_proj=nn.Linear(d, g * h, bias), o_proj=nn.Linear(n * h, d, bias))
        self.mlp = Bag(gate_proj=nn.Linear(d, f, mlp), up_proj=nn.Linear(d, f, mlp), down_proj=nn.Linear(f, d, mlp))

    def forward(self, x, c, bias):
        n, g, theta, scaling = c["num_attention_heads"], c["num_key_value_heads"], c["rope_theta"], c.get("rope_scaling")
        y, a, m = self.input_layernorm(x), self.self_attn, self.mlp
        x = x + a.o_proj(attend(turn(a.q_proj(y), theta, n, scaling), turn(a.k_proj(y), theta, g, scaling), a.v_proj(y), n, bias))
        y = self.post_attention_layernorm(x)
        return x + m.down_proj(ACT[c["hidden_act"]](m.gate_proj(y)) * m.up_proj(y))


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.model = Bag(embed_tokens=nn.Embedding(c["vocab_size"], c["hidden_size"]), norm=RMSNorm(c["hidden_size"], c["rms_norm_eps"]),
                         layers=nn.ModuleList([LlamaLayer(c) for _ in range(c["num_hidden_layers"])]))
        if not c["tie_word_embeddings"]:
            self.lm_head = nn.Linear(c["hidden_size"], c["vocab_size"], False)

    def forward(self, ids, mask):
        x = self.model.embed_tokens(ids)
        bias = padding(mask) + causal(ids.shape[1])
        for y in self.model.layers:
            x = y(x, self.c, bias)
        return self.model.norm(x)

    def head(self, x):
        return x @ (self.model.embed_tokens if self.c["tie_word_embeddings"] else self.lm_head).weight.T


def llama(name, seed, kind="llama", left=(), **more):
    c = {
        "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
        "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24, "max_position_embeddings": 32, "mlp_bias": False, "model_type": "llama",
        "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-6, "rope_scaling": None,
        "rope_theta": 10000.0, "tie_word_embeddings": False, "torch_dtype": "float32", "use_cache": True, "vocab_size": 41,
    }
    if kind == "mistral":
        for k in ("attention_bias", "mlp_bias", "pretraining_tp", "rope_scaling"):
            del c[k]
        c.update(architectures=["MistralForCausalLM"], model_type="mistral", sliding_window=None)
    c.update(more)
    m = Llama(c)
    write_decoder(name, c, m, m, m.head, lambda k: k, seed, c["vocab_size"], 2, left=left)


class KosmosBlock(nn.Module):
    def __init__(self, d, f, eps):
        super().__init__()
        self.self_attn = Bag(q_proj=nn.Linear(d, d), k_proj=nn.Linear(d, d), v_proj=nn.Linear(d, d), out_proj=nn.Linear(d, d), inner_attn_ln=nn.LayerNorm(d, eps))
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(d, eps), nn.LayerNorm(d, eps)
        self.ffn = Bag(fc1=nn.Linear(d, f), fc2=nn.Linear(f, d), ffn_layernorm=nn.LayerNorm(f, eps))

    def forward(self, x, heads, act, bias):
        a, y = self.self_attn, self.self_attn_layer_norm(x)
        x = x + a.out_proj(a.inner_attn_ln(attend(a.q_proj(y), a.k_proj(y), a.v_proj(y), heads, bias)))
        return x + self.ffn.fc2(self.ffn.ffn_layernorm(act(self.ffn.fc1(self.final_layer_norm(x)))))


class Kosmos(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, eps = c["embed_dim"], c["layer_norm_eps"]
        self.c = c
        self.text_model = Bag(model=Bag(embed_tokens=nn.Embedding(c["vocab_size"], d), layer_norm=nn.LayerNorm(d, eps),
                                        layers=nn.ModuleList([KosmosBlock(d, c["ffn_dim"], eps) for _ in range(c["layers"])])))

    def forward(self, ids, mask):
        m, c = self.text_model.model, self.c
        d, pad = c["embed_dim"], c["pad_token_id"]
        x = m.embed_tokens(ids) * (math.sqrt(d) if c["scale_embedding"] else 1) + sinusoids(c["max_position_embeddings"] + 2, d, pad)[counted(ids, pad)]
        bias = padding(mask) + causal(ids.shape[1])
        for y in m.layers:
            x = y(x, c["attention_heads"], ACT[c["activation_function"]], bias)
        return m.layer_norm(x)

    def head(self, x):
        return x @ self.text_model.model.embed_tokens.weight.T


def kosmos(name, seed):
    text = {
        "activation_dropout": 0.0, "activation_function": "gelu", "attention_dropout": 0.1, "attention_heads": 4, "bos_token_id": 0, "dropout": 0.1,
        "embed_dim": 16, "eos_token_id": 2, "ffn_dim": 24, "init_std": 0.02, "layer_norm_eps": 1e-5, "layerdrop": 0.0, "layers": 2,
        "max_position_embeddings": 24, "model_type": "kosmos_2_text_model", "pad_token_id": 1, "scale_embedding": True, "use_cache": True, "vocab_size": 41,
    }
    c = {"architectures": ["Kosmos2ForConditionalGeneration"], "latent_query_num": 64, "model_type": "kosmos-2", "text_config": text, "tie_word_embeddings": True,
         "vision_config": {"hidden_size": 8, "model_type": "kosmos_2_vision_model", "num_hidden_layers": 1}}
    m = Kosmos(text)
    write_decoder(name, c, m, m, m.head, lambda k: k, seed, text["vocab_size"], 1)


def make():
    gpt2("gpt2", 20, "GPT2Model", "", True, False)
    gpt2("gpt2_lm", 21, "GPT2LMHeadModel", "transformer.", False, True, n_inner=24, n_head=2)
    llama("llama", 22)
    llama("llama_tied_biases", 23, num_key_value_heads=1, num_attention_heads=2, head_dim=12, attention_bias=True, mlp_bias=True, tie_word_embeddings=True,
          rope_theta=500000.0, rms_norm_eps=1e-5, left=(3,))
    llama("llama_rope_linear", 24, num_hidden_layers=1, rope_scaling={"factor": 4.0, "rope_type": "linear"}, tie_word_embeddings=True)
    llama("llama_rope_llama3", 25, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True, 
          rope_theta=100.0, rope_scaling={"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 32, "rope_type": "llama3"})
    llama("mistral", 26, kind="mistral", num_key_value_heads=4, num_hidden_layers=1)
    kosmos("kosmos2_text", 27)
