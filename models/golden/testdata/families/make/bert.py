"""BERT, RoBERTa, XLM-R, DistilBERT and their heads, in the layout of Hugging Face."""
import torch
from torch import nn

from directory import kept, randomise, seeded, single, tokens, write
from layers import ACT, Bag, attend, counted, padding


class Layer(nn.Module):
    def __init__(self, d, f, eps):
        super().__init__()
        self.attention = Bag(self=Bag(query=nn.Linear(d, d), key=nn.Linear(d, d), value=nn.Linear(d, d)),
                             output=Bag(dense=nn.Linear(d, d), LayerNorm=nn.LayerNorm(d, eps)))
        self.intermediate = Bag(dense=nn.Linear(d, f))
        self.output = Bag(dense=nn.Linear(f, d), LayerNorm=nn.LayerNorm(d, eps))

    def forward(self, x, heads, act, bias):
        s, o = self.attention.self, self.attention.output
        x = o.LayerNorm(x + o.dense(attend(s.query(x), s.key(x), s.value(x), heads, bias)))
        return self.output.LayerNorm(x + self.output.dense(act(self.intermediate.dense(x))))


class Bert(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, eps = c["hidden_size"], c["layer_norm_eps"]
        self.c = c
        self.embeddings = Bag(word_embeddings=nn.Embedding(c["vocab_size"], d), position_embeddings=nn.Embedding(c["max_position_embeddings"], d),
                              token_type_embeddings=nn.Embedding(c["type_vocab_size"], d), LayerNorm=nn.LayerNorm(d, eps))
        self.encoder = Bag(layer=nn.ModuleList([Layer(d, c["intermediate_size"], eps) for _ in range(c["num_hidden_layers"])]))

    def forward(self, ids, mask, types):
        e, c = self.embeddings, self.c
        if c["model_type"] == "bert":
            at = torch.arange(ids.shape[1]).expand_as(ids)
        else:
            at = counted(ids, c["pad_token_id"])
        x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(at) + e.token_type_embeddings(types))
        for y in self.encoder.layer:
            x = y(x, c["num_attention_heads"], ACT[c["hidden_act"]], padding(mask))
        return x


class DistilLayer(nn.Module):
    def __init__(self, d, f):
        super().__init__()
        self.attention = Bag(q_lin=nn.Linear(d, d), k_lin=nn.Linear(d, d), v_lin=nn.Linear(d, d), out_lin=nn.Linear(d, d))
        self.sa_layer_norm = nn.LayerNorm(d, 1e-12)
        self.ffn = Bag(lin1=nn.Linear(d, f), lin2=nn.Linear(f, d))
        self.output_layer_norm = nn.LayerNorm(d, 1e-12)

    def forward(self, x, heads, act, bias):
        a = self.attention
        x = self.sa_layer_norm(x + a.out_lin(attend(a.q_lin(x), a.k_lin(x), a.v_lin(x), heads, bias)))
        return self.output_layer_norm(x + self.ffn.lin2(act(self.ffn.lin1(x))))


class DistilBert(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, self.c = c["dim"], c
        self.embeddings = Bag(word_embeddings=nn.Embedding(c["vocab_size"], d), position_embeddings=nn.Embedding(c["max_position_embeddings"], d),
                              LayerNorm=nn.LayerNorm(d, 1e-12))
        self.transformer = Bag(layer=nn.ModuleList([DistilLayer(d, c["hidden_dim"]) for _ in range(c["n_layers"])]))

    def forward(self, ids, mask):
        e = self.embeddings
        x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(torch.arange(ids.shape[1]).expand_as(ids)))
        for y in self.transformer.layer:
            x = y(x, self.c["n_heads"], ACT[self.c["activation"]], padding(mask))
        return x


def bert_config(kind, arch, **more):
    c = {
        "architectures": [arch], "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 16,
        "initializer_range": 0.02, "intermediate_size": 24, "layer_norm_eps": 1e-12, "max_position_embeddings": 16, "model_type": kind,
        "num_attention_heads": 4, "num_hidden_layers": 2, "pad_token_id": 0, "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": 41,
    }
    if kind != "bert":
        c.update(bos_token_id=0, eos_token_id=2, pad_token_id=1, layer_norm_eps=1e-5, type_vocab_size=1)
    c.update(more)
    return c


def distil_config(arch, **more):
    c = {
        "activation": "gelu", "architectures": [arch], "attention_dropout": 0.1, "dim": 16, "dropout": 0.1, "hidden_dim": 24, "initializer_range": 0.02,
        "max_position_embeddings": 16, "model_type": "distilbert", "n_heads": 4, "n_layers": 2, "pad_token_id": 0, "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": False, "tie_weights_": True, "vocab_size": 41,
    }
    c.update(more)
    return c


def labels(*names):
    return {"id2label": {str(i): n for i, n in enumerate(names)}, "label2id": {n: i for i, n in enumerate(names)}}


TAGS = labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
CLASSES = labels("NEGATIVE", "NEUTRAL", "POSITIVE")


def case(name, seed, c, body, rename=None, left=(), head=None, extra=None, pairs=False):
    """One directory. head builds the modules of the head, extra computes its outputs of
    the states; body is the name under which the checkpoint has the encoder ("" for none)."""
    g = seeded(seed)
    distil = c["model_type"] == "distilbert"
    m = nn.Module()
    m.add_module("model", DistilBert(c) if distil else Bert(c))
    for k, part in (head or {}).items():
        m.add_module(k, part)
    single(randomise(m, g))
    ids, mask = tokens(g, c["vocab_size"], [7, 1, 4, 5], c["pad_token_id"], left=left)
    inputs, types = {"input_ids": ids, "attention_mask": mask}, torch.zeros_like(ids)
    if pairs:
        # The second half of each row is a second text.
        types = ((mask.cumsum(1) > mask.sum(1, keepdim=True) // 2) & (mask == 1)).long()
        inputs["token_type_ids"] = types
    x = m.model(ids, mask) if distil else m.model(ids, mask, types)
    outputs = {"last_hidden_state": kept(x, mask)}
    if extra:
        outputs.update(extra(m, x, mask))
    state = {}
    for k, v in m.state_dict().items():
        if k.startswith("model."):
            k = (body + "." if body else "") + k[len("model."):]
        state[rename(k) if rename else k] = v
    write(name, c, state, inputs, outputs)


def first(x, mask):
    """The state of each row's first token: column 0, as Hugging Face takes it."""
    return x[:, 0]


def tied(m):
    return m.model.embeddings.word_embeddings.weight


def bert_lm(m, x, mask):
    t = m.cls.predictions.transform
    y = t.LayerNorm(ACT["gelu"](t.dense(x))) @ tied(m).T + m.cls.predictions.bias
    return {"logits": kept(y, mask)}


class Predictions(nn.Module):
    def __init__(self, d, v, eps):
        super().__init__()
        self.transform = Bag(dense=nn.Linear(d, d), LayerNorm=nn.LayerNorm(d, eps))
        self.bias = nn.Parameter(torch.empty(v))


class RobertaLM(nn.Module):
    def __init__(self, d, v, eps):
        super().__init__()
        self.dense, self.layer_norm, self.bias = nn.Linear(d, d), nn.LayerNorm(d, eps), nn.Parameter(torch.empty(v))


def roberta_lm(m, x, mask):
    h = m.lm_head
    return {"logits": kept(h.layer_norm(ACT["gelu"](h.dense(x))) @ tied(m).T + h.bias, mask)}


class VocabBias(nn.Module):
    def __init__(self, v):
        super().__init__()
        self.bias = nn.Parameter(torch.empty(v))


def distil_lm(m, x, mask):
    y = m.vocab_layer_norm(ACT["gelu"](m.vocab_transform(x)))
    return {"logits": kept(y @ tied(m).T + m.vocab_projector.bias, mask)}


def tag(m, x, mask):
    return {"logits": kept(m.classifier(x), mask)}


def bert_class(m, x, mask):
    return {"logits": m.classifier(torch.tanh(m.pooler.dense(first(x, mask))))}


def roberta_class(m, x, mask):
    return {"logits": m.classifier.out_proj(torch.tanh(m.classifier.dense(first(x, mask))))}


def distil_class(m, x, mask):
    return {"logits": m.classifier(torch.relu(m.pre_classifier(first(x, mask))))}


def answer(m, x, mask):
    y = kept(m.qa_outputs(x), mask)
    return {"start_logits": y[..., 0], "end_logits": y[..., 1]}


def old_names(k):
    """The norms of checkpoints that came from TensorFlow, bert-base-uncased's among them."""
    if "LayerNorm" in k:
        k = k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    return k


def pooled(k):
    return k.replace("pooler.", "bert.pooler.") if k.startswith("pooler.") else k


def make():
    d, v, e12, e5 = 16, 41, 1e-12, 1e-5
    wide = dict(hidden_size=20, intermediate_size=28, vocab_size=53)
    case("bert", 1, bert_config("bert", "BertModel", **wide), "", left=(3,), head={"pooler": Bag(dense=nn.Linear(20, 20))})
    case("bert_tanh_gelu", 2, bert_config("bert", "BertModel", hidden_act="gelu_new", num_attention_heads=2, num_hidden_layers=1, layer_norm_eps=1e-6), "bert")
    case("bert_masked_lm", 3, bert_config("bert", "BertForMaskedLM"), "bert", rename=old_names, head={"cls": Bag(predictions=Predictions(d, v, e12))}, extra=bert_lm)
    case("bert_token_classification", 4, bert_config("bert", "BertForTokenClassification", **TAGS), "bert", head={"classifier": nn.Linear(d, 5)}, extra=tag)
    case("bert_sequence_classification", 5, bert_config("bert", "BertForSequenceClassification", problem_type="single_label_classification", **CLASSES), "bert",
         rename=pooled, head={"pooler": Bag(dense=nn.Linear(d, d)), "classifier": nn.Linear(d, 3)}, extra=bert_class, pairs=True)
    case("bert_question_answering", 6, bert_config("bert", "BertForQuestionAnswering"), "bert", head={"qa_outputs": nn.Linear(d, 2)}, extra=answer, pairs=True)
    case("roberta", 7, bert_config("roberta", "RobertaModel", **wide), "", left=(3,))
    case("roberta_masked_lm", 8, bert_config("roberta", "RobertaForMaskedLM"), "roberta", head={"lm_head": RobertaLM(d, v, e5)}, extra=roberta_lm)
    case("roberta_sequence_classification", 9, bert_config("roberta", "RobertaForSequenceClassification", **CLASSES), "roberta",
         head={"classifier": Bag(dense=nn.Linear(d, d), out_proj=nn.Linear(d, 3))}, extra=roberta_class)
    case("xlm_roberta_token_classification", 10, bert_config("xlm-roberta", "XLMRobertaForTokenClassification", output_past=True, **TAGS), "roberta",
         head={"classifier": nn.Linear(d, 5)}, extra=tag)
    case("xlm_roberta_question_answering", 11, bert_config("xlm-roberta", "XLMRobertaForQuestionAnswering"), "roberta", head={"qa_outputs": nn.Linear(d, 2)}, extra=answer)
    case("distilbert", 12, distil_config("DistilBertModel", activation="relu"), "", left=(3,))
    case("distilbert_masked_lm", 13, distil_config("DistilBertForMaskedLM"), "distilbert",
         head={"vocab_transform": nn.Linear(d, d), "vocab_layer_norm": nn.LayerNorm(d, e12), "vocab_projector": VocabBias(v)}, extra=distil_lm)
    case("distilbert_sequence_classification", 14, distil_config("DistilBertForSequenceClassification", **CLASSES), "distilbert",
         head={"pre_classifier": nn.Linear(d, d), "classifier": nn.Linear(d, 3)}, extra=distil_class)
    case("distilbert_question_answering", 15, distil_config("DistilBertForQuestionAnswering"), "distilbert", head={"qa_outputs": nn.Linear(d, 2)}, extra=answer)
