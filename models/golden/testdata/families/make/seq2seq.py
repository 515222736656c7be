"""M2M100 and NLLB in the layout of Hugging Face; fairseq's transformer and RoBERTa in its own."""
import math

import torch
from torch import nn

from bert import RobertaLM
from directory import kept, randomise, seeded, single, tokens, write
from layers import ACT, Bag, attend, causal, counted, padding, sinusoids


def attention(d):
    return Bag(k_proj=nn.Linear(d, d), v_proj=nn.Linear(d, d), q_proj=nn.Linear(d, d), out_proj=nn.Linear(d, d))


def run(a, q, kv, heads, bias):
    return a.out_proj(attend(a.q_proj(q), a.k_proj(kv), a.v_proj(kv), heads, bias))


class Layer(nn.Module):
    """fairseq's layer: before (pre-norm) or after (post-norm) each sublayer a LayerNorm."""

    def __init__(self, d, f, cross):
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = attention(d), nn.LayerNorm(d)
        if cross:
            self.encoder_attn, self.encoder_attn_layer_norm = attention(d), nn.LayerNorm(d)
        self.fc1, self.fc2, self.final_layer_norm = nn.Linear(d, f), nn.Linear(f, d), nn.LayerNorm(d)

    def forward(self, x, heads, act, before, bias, source=None, source_bias=None):
        def sub(norm, x, f):
            return x + f(norm(x)) if before else norm(x + f(x))

        x = sub(self.self_attn_layer_norm, x, lambda y: run(self.self_attn, y, y, heads, bias))
        if source is not None:
            x = sub(self.encoder_attn_layer_norm, x, lambda y: run(self.encoder_attn, y, source, heads, source_bias))
        return sub(self.final_layer_norm, x, lambda y: self.fc2(act(self.fc1(y))))


class Stack(nn.Module):
    def __init__(self, d, f, n, cross, final):
        super().__init__()
        self.layers = nn.ModuleList([Layer(d, f, cross) for _ in range(n)])
        if final:
            self.layer_norm = nn.LayerNorm(d)

    def forward(self, x, *rest):
        for y in self.layers:
            x = y(x, *rest)
        return self.layer_norm(x) if hasattr(self, "layer_norm") else x


def embedded(table, ids, scale, pad):
    d = table.shape[1]
    return table[ids] * (math.sqrt(d) if scale else 1) + sinusoids(64, d, pad)[counted(ids, pad)]


def both(m, table, target_table, head, heads, act, before, scale, pad, source, mask, target, target_mask):
    enc = m.encoder(embedded(table, source, scale, pad), heads[0], act, before, padding(mask))
    bias = causal(target.shape[1]) + padding(target_mask)
    dec = m.decoder(embedded(target_table, target, scale, pad), heads[1], act, before, bias, enc, padding(mask))
    y = kept(dec @ head.T, target_mask)
    # A cache must not change anything: the first row again, its last three tokens one by one.
    return {"encoder_last_hidden_state": kept(enc, mask), "last_hidden_state": kept(dec, target_mask), "logits": y, "incremental_logits": y[:1, -3:]}


def sentences(g, vocab, pad, start, left=()):
    source, mask = tokens(g, vocab, [6, 1, 4], pad, left=left)
    target, target_mask = tokens(g, vocab, [5, 1, 3], pad)
    target[:, 0] = start
    return source, mask, target, target_mask


def named(source, mask, target, target_mask):
    return {"input_ids": source, "attention_mask": mask, "decoder_input_ids": target, "decoder_attention_mask": target_mask}


def m2m(name, seed, copies, **more):
    c = {
        "activation_dropout": 0.0, "activation_function": "relu", "architectures": ["M2M100ForConditionalGeneration"], "attention_dropout": 0.1, "bos_token_id": 0,
        "d_model": 16, "decoder_attention_heads": 4, "decoder_ffn_dim": 24, "decoder_layerdrop": 0.05, "decoder_layers": 2, "decoder_start_token_id": 2,
        "dropout": 0.1, "early_stopping": True, "encoder_attention_heads": 4, "encoder_ffn_dim": 24, "encoder_layerdrop": 0.05, "encoder_layers": 2,
        "eos_token_id": 2, "init_std": 0.02, "is_encoder_decoder": True, "max_length": 200, "max_position_embeddings": 32, "model_type": "m2m_100",
        "num_beams": 5, "num_hidden_layers": 2, "pad_token_id": 1, "scale_embedding": True, "use_cache": True, "vocab_size": 41,
    }
    c.update(more)
    d = c["d_model"]
    m = nn.Module()
    m.shared = nn.Embedding(c["vocab_size"], d)
    m.encoder = Stack(d, c["encoder_ffn_dim"], c["encoder_layers"], False, True)
    m.decoder = Stack(d, c["decoder_ffn_dim"], c["decoder_layers"], True, True)
    g = seeded(seed)
    single(randomise(m, g))
    s = sentences(g, c["vocab_size"], c["pad_token_id"], c["decoder_start_token_id"], left=(2,))
    e = m.shared.weight
    outputs = both(m, e, e, e, (c["encoder_attention_heads"], c["decoder_attention_heads"]), ACT[c["activation_function"]], True, c["scale_embedding"],
                   c["pad_token_id"], *s)
    state = {"model." + k: v for k, v in m.state_dict().items()}
    if copies:
        state.update({"model.encoder.embed_tokens.weight": e, "model.decoder.embed_tokens.weight": e, "lm_head.weight": e})
    write(name, c, state, named(*s), outputs)


def fairseq(name, seed, before, shared, **more):
    """fairseq's TransformerModel as its state_dict has it, leftovers of training too."""
    c = {
        "activation_fn": "relu", "arch": "transformer_wmt_en_de", "decoder_attention_heads": 4, "decoder_embed_dim": 16, "decoder_ffn_embed_dim": 24,
        "decoder_layers": 2, "decoder_learned_pos": False, "decoder_normalize_before": before, "encoder_attention_heads": 4, "encoder_embed_dim": 16,
        "encoder_ffn_embed_dim": 24, "encoder_layers": 2, "encoder_learned_pos": False, "encoder_normalize_before": before, "layernorm_embedding": False,
        "max_source_positions": 32, "max_target_positions": 32, "model_type": "fairseq", "no_scale_embedding": False, "no_token_positional_embeddings": False,
        "share_all_embeddings": shared, "share_decoder_input_output_embed": shared, "vocab_size": 41,
    }
    c.update(more)
    d, v = c["encoder_embed_dim"], c["vocab_size"]
    m = nn.Module()
    m.encoder = Stack(d, c["encoder_ffn_embed_dim"], c["encoder_layers"], False, before)
    m.decoder = Stack(d, c["decoder_ffn_embed_dim"], c["decoder_layers"], True, before)
    m.encoder.embed_tokens = nn.Embedding(v, d)
    m.decoder.embed_tokens = nn.Embedding(v, d)
    m.decoder.output_projection = nn.Linear(d, v, False)
    g = seeded(seed)
    randomise(m, g)
    if shared:
        m.decoder.embed_tokens.weight = m.encoder.embed_tokens.weight
        m.decoder.output_projection.weight = m.encoder.embed_tokens.weight
    single(m)
    s = sentences(g, v, 1, 2)
    outputs = both(m, m.encoder.embed_tokens.weight, m.decoder.embed_tokens.weight, m.decoder.output_projection.weight,
                   (c["encoder_attention_heads"], c["decoder_attention_heads"]), ACT[c["activation_fn"]], before, not c["no_scale_embedding"], 1, *s)
    state = dict(m.state_dict())
    for side in ("encoder", "decoder"):
        state[side + ".embed_positions._float_tensor"] = torch.zeros(1)
        state[side + ".version"] = torch.tensor([3.0])
    write(name, c, state, named(*s), outputs)


def fairseq_roberta(name, seed, embed_norm, prefix):
    """fairseq's RobertaModel: the norm of the embeddings had two names over time."""
    c = {
        "activation_fn": "gelu", "arch": "roberta_base", "encoder_attention_heads": 4, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_layers": 2,
        "encoder_learned_pos": True, "encoder_normalize_before": False, "layernorm_embedding": True, "max_positions": 14, "model_type": "fairseq",
        "no_scale_embedding": True, "vocab_size": 41,
    }
    d, v = c["encoder_embed_dim"], c["vocab_size"]
    m = nn.Module()
    m.sentence = Stack(d, c["encoder_ffn_embed_dim"], c["encoder_layers"], False, False)
    m.sentence.embed_tokens, m.sentence.embed_positions = nn.Embedding(v, d), nn.Embedding(c["max_positions"] + 2, d)
    m.sentence.emb_norm = nn.LayerNorm(d)
    m.lm_head = RobertaLM(d, v, 1e-5)
    g = seeded(seed)
    single(randomise(m, g))
    ids, mask = tokens(g, v, [7, 1, 4, 5], 1)
    s = m.sentence
    x = s(s.emb_norm(s.embed_tokens(ids) + s.embed_positions(counted(ids, 1))), c["encoder_attention_heads"], ACT["gelu"], False, padding(mask))
    state = {}
    for k, t in m.state_dict().items():
        k = k.replace("sentence.emb_norm", prefix + "." + embed_norm).replace("sentence.", prefix + ".").replace("lm_head.", "encoder.lm_head.")
        state[k] = t
    state["encoder.lm_head.weight"] = s.embed_tokens.weight
    state[prefix + ".version"] = torch.tensor([1.0])
    h = m.lm_head
    logits = h.layer_norm(ACT["gelu"](h.dense(x))) @ s.embed_tokens.weight.T + h.bias
    write(name, c, state, {"input_ids": ids, "attention_mask": mask}, {"last_hidden_state": kept(x, mask), "logits": kept(logits, mask)})


def make():
    m2m("m2m100", 30, False)
    m2m("nllb", 31, True, decoder_layers=1, encoder_attention_heads=2, decoder_ffn_dim=32, max_position_embeddings=24)
    fairseq("fairseq_transformer_pre", 32, True, True)
    fairseq("fairseq_transformer_post", 33, False, False, decoder_layers=1, activation_fn="gelu")
    fairseq_roberta("fairseq_roberta", 34, "emb_layer_norm", "encoder.sentence_encoder")
    fairseq_roberta("fairseq_roberta_new", 35, "layernorm_embedding", "encoder.sentence_encoder")
