package heads

// form is a head as a family has it: an optional dense layer with an activation and a
// norm, then the output.
//
//	h = norm(act(dense·x)), logits = out·h + bias
type form struct {
	// dense, norm and out are names of modules; a leading '^' stands for the prefix of
	// the stack's own names. "" is none.
	dense, norm string
	act         act
	// out are the names under which the output's weight is, and bias those of its
	// bias ("" for none); the first that is there counts.
	out, bias []string
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

var (
	bertLM = form{dense: "cls.predictions.transform.dense", act: own, norm: "cls.predictions.transform.LayerNorm",
		out: []string{"cls.predictions.decoder"}, bias: []string{"cls.predictions.bias", "cls.predictions.decoder.bias"}, tied: true}
	robertaLM = form{dense: "lm_head.dense", act: gelu, norm: "lm_head.layer_norm",
		out: []string{"lm_head.decoder", "lm_head"}, bias: []string{"lm_head.bias", "lm_head.decoder.bias"}, tied: true}
	distilLM = form{dense: "vocab_transform", act: own, norm: "vocab_layer_norm", eps: 1e-12,
		out: []string{"vocab_projector"}, bias: []string{"vocab_projector.bias"}, tied: true}
	fairseqLM, fairseqOldLM = fairseqHead("encoder."), fairseqHead("decoder.")
	torchscaleLM            = form{out: []string{"^output_projection"}, bias: []string{""}, tied: true}

	tokens      = form{out: []string{"classifier"}, bias: []string{"classifier.bias"}}
	spans       = form{out: []string{"qa_outputs"}, bias: []string{"qa_outputs.bias"}}
	bertClass   = form{dense: "^pooler.dense", act: tanh, out: []string{"classifier"}, bias: []string{"classifier.bias"}}
	robertClass = form{dense: "classifier.dense", act: tanh, out: []string{"classifier.out_proj"}, bias: []string{"classifier.out_proj.bias"}}
	distilClass = form{dense: "pre_classifier", act: relu, out: []string{"classifier"}, bias: []string{"classifier.bias"}}
)

// fairseqHead is the head of fairseq's RobertaModel, which was once a decoder by name.
func fairseqHead(side string) form {
	return form{dense: side + "lm_head.dense", act: own, norm: side + "lm_head.layer_norm",
		out: []string{side + "lm_head"}, bias: []string{side + "lm_head.bias"}, tied: true}
}

// forms are the heads of each family (transformer.Config.Family), in the order in which
// they are tried.
var forms = map[string]map[Kind][]form{
	"bert":            {MaskedLM: {bertLM}, TokenClassification: {tokens}, SequenceClassification: {bertClass}, QuestionAnswering: {spans}},
	"roberta":         {MaskedLM: {robertaLM}, TokenClassification: {tokens}, SequenceClassification: {robertClass}, QuestionAnswering: {spans}},
	"distilbert":      {MaskedLM: {distilLM}, TokenClassification: {tokens}, SequenceClassification: {distilClass}, QuestionAnswering: {spans}},
	"fairseq roberta": {MaskedLM: {fairseqLM, fairseqOldLM}},
	"torchscale":      {MaskedLM: {robertaLM, torchscaleLM}, TokenClassification: {tokens}, SequenceClassification: {robertClass}, QuestionAnswering: {spans}},
}
