package heads

import "slices"

// form is a head as families have it: an optional dense layer with an activation and a
// norm, then the output.
//
//	h = norm(act(dense·x)), logits = out·h + bias
//
// dense, norm and out are names of modules, bias and biasOld of tensors; "" is none. A
// leading '^' stands for the prefix of the names of the model's own tensors.
type form struct {
	families    []string // transformer.Config.Family
	kind        Kind
	dense, norm string
	act         act
	out         string
	// biasOld is another name of bias, which counts where bias is not there.
	bias, biasOld string
	// tied: where config.json does not say otherwise, the output is the table of tokens.
	tied bool
	eps  float32 // of norm; 0 is the model's own
}

// act is an activation of a head.
type act uint8

const (
	none act = iota
	own      // the one that the model's layers have
	gelu     // erf
	relu     //
	tanh     //
)

// ranking is fairseq's name of the head that ranks answers.
const ranking = "classification_heads.sentence_classification_head"

// forms are the heads, in the order in which they are tried.
var forms = []form{
	{families: []string{"bert"}, kind: MaskedLM, dense: "cls.predictions.transform.dense", act: own, norm: "cls.predictions.transform.LayerNorm",
		out: "cls.predictions.decoder", bias: "cls.predictions.bias", biasOld: "cls.predictions.decoder.bias", tied: true},
	{families: []string{"roberta", "torchscale"}, kind: MaskedLM, dense: "lm_head.dense", act: gelu, norm: "lm_head.layer_norm",
		out: "lm_head.decoder", bias: "lm_head.bias", biasOld: "lm_head.decoder.bias", tied: true},
	{families: []string{"distilbert"}, kind: MaskedLM, dense: "vocab_transform", act: own, norm: "vocab_layer_norm", eps: 1e-12,
		out: "vocab_projector", bias: "vocab_projector.bias", tied: true},
	// fairseq's RobertaModel, which was once a decoder by name.
	{families: []string{"fairseq roberta"}, kind: MaskedLM, dense: "encoder.lm_head.dense", act: own, norm: "encoder.lm_head.layer_norm",
		out: "encoder.lm_head", bias: "encoder.lm_head.bias", tied: true},
	{families: []string{"fairseq roberta"}, kind: MaskedLM, dense: "decoder.lm_head.dense", act: own, norm: "decoder.lm_head.layer_norm",
		out: "decoder.lm_head", bias: "decoder.lm_head.bias", tied: true},
	{families: []string{"torchscale"}, kind: MaskedLM, out: "^output_projection", tied: true},

	{families: []string{"bert", "roberta", "distilbert", "torchscale"}, kind: TokenClassification, out: "classifier", bias: "classifier.bias"},
	{families: []string{"bert", "roberta", "distilbert", "torchscale"}, kind: QuestionAnswering, out: "qa_outputs", bias: "qa_outputs.bias"},

	{families: []string{"bert"}, kind: SequenceClassification, dense: "^pooler.dense", act: tanh, out: "classifier", bias: "classifier.bias"},
	{families: []string{"roberta", "torchscale"}, kind: SequenceClassification, dense: "classifier.dense", act: tanh,
		out: "classifier.out_proj", bias: "classifier.out_proj.bias"},
	{families: []string{"distilbert"}, kind: SequenceClassification, dense: "pre_classifier", act: relu, out: "classifier", bias: "classifier.bias"},
	// THE-X: tanh is not among what encryption can compute (the name is ours).
	{families: []string{"thex"}, kind: SequenceClassification, out: "classifier", bias: "classifier.bias"},

	{families: []string{"bert", "roberta"}, kind: MultipleChoice, dense: "^pooler.dense", act: tanh, out: "classifier", bias: "classifier.bias"},
	{families: []string{"torchscale"}, kind: MultipleChoice, dense: "classifier.dense", act: tanh, out: "classifier.out_proj", bias: "classifier.out_proj.bias"},
	{families: []string{"distilbert"}, kind: MultipleChoice, dense: "pre_classifier", act: relu, out: "classifier", bias: "classifier.bias"},
	// fairseq's sentence_ranking.
	{families: []string{"kformer", "fairseq roberta"}, kind: MultipleChoice, dense: ranking + ".dense", act: tanh,
		out: ranking + ".out_proj", bias: ranking + ".out_proj.bias"},
}

// of tells whether a form is a head of a kind in a family.
func (f *form) of(k Kind, family string) bool {
	return f.kind == k && slices.Contains(f.families, family)
}
