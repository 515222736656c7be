package promptbert

import (
	"errors"
	"strings"
	"unicode"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// ErrNoPrompt: config.json has no "prompt" block; the model was not trained with one.
var ErrNoPrompt = errors.New("no prompt")

// ErrPrompt: a "prompt" block or a template is malformed.
var ErrPrompt = errors.New("invalid prompt")

// Template is the ids around a sentence: ids = Prefix + sentence + Suffix.
type Template struct {
	Prefix, Suffix []int32
	// Mask is the place of the mask in Suffix.
	Mask int
}

// Len is the number of ids besides the sentence's.
func (t Template) Len() int { return len(t.Prefix) + len(t.Suffix) }

// Prompt is how a model wants its sentences.
type Prompt struct {
	// Templates holds the one for embeddings and, if the model has it, the second
	// view that it was trained with.
	Templates []Template
	// MaxSentence is the number of pieces that a sentence is cut to.
	MaxSentence int
	// AppendPeriod: a sentence that does not end in one of . ? " ' gets a full stop.
	// The official PromptBERT models want it.
	AppendPeriod bool
}

// PromptOf reads the "prompt" block of a config.json. maxPositions is the number
// of positions of the model, vocab the size of its vocabulary.
func PromptOf(config *strictjson.Document, maxPositions, vocab int) (*Prompt, error) {
	p := &Prompt{Templates: make([]Template, 2)}
	maskID, found := int32(-1), false
	ids := map[string]*[]int32{
		"prefix_ids": &p.Templates[0].Prefix, "suffix_ids": &p.Templates[0].Suffix,
		"second_prefix_ids": &p.Templates[1].Prefix, "second_suffix_ids": &p.Templates[1].Suffix,
	}
	id := func(d *strictjson.Decoder) (int32, error) {
		n, err := d.Int()
		if err == nil && (n < 0 || n >= int64(vocab)) {
			err = lean.Errorf("id %d, the vocabulary has %d", n, vocab)
		}
		return int32(n), err
	}
	err := config.Members(func(key string, d *strictjson.Decoder) (err error) {
		switch {
		case key == "mask_token_id" && d.Peek() == strictjson.Number:
			maskID, err = id(d)
			return err
		case key != "prompt" || d.Peek() != strictjson.Object:
			return nil
		}
		found = true
		return d.Object(func(key string) (err error) {
			if to := ids[key]; to != nil {
				return d.Array(func(int) error {
					n, err := id(d)
					*to = append(*to, n)
					return err
				})
			}
			switch key {
			case "max_sentence_tokens":
				n, err := d.Int()
				if err == nil && (n < 1 || n > 1<<20) {
					err = lean.Errorf("max_sentence_tokens is %d", n)
				}
				p.MaxSentence = int(n)
				return err
			case "append_period":
				p.AppendPeriod, err = d.Bool()
				return err
			}
			return d.Skip()
		})
	})
	if err != nil {
		return nil, lean.Errorf("promptbert: %w: config.json: %w", ErrPrompt, err)
	}
	if !found {
		return nil, lean.Errorf("promptbert: %w: config.json has no \"prompt\" block; use mean pooling, or a model that was trained with a prompt", ErrNoPrompt)
	}
	if p.Templates[1].Len() == 0 {
		p.Templates = p.Templates[:1]
	}
	return p, p.check(maskID, maxPositions)
}

// check finds the masks and bounds the sentence.
func (p *Prompt) check(maskID int32, maxPositions int) error {
	longest := 0
	for i := range p.Templates {
		t := &p.Templates[i]
		if t.Mask = lastIndex(t.Suffix, maskID); t.Mask < 0 {
			return lean.Errorf("promptbert: %w: suffix_ids %v of template %d do not hold mask_token_id %d", ErrPrompt, t.Suffix, i+1, maskID)
		}
		longest = max(longest, t.Len())
	}
	if maxPositions > 0 {
		room := maxPositions - longest
		if room < 1 {
			return lean.Errorf("promptbert: %w: a template of %d ids leaves no room in %d positions", ErrPrompt, longest, maxPositions)
		}
		if p.MaxSentence == 0 || p.MaxSentence > room {
			p.MaxSentence = room
		}
	}
	if p.MaxSentence == 0 {
		return lean.Errorf("promptbert: %w: no max_sentence_tokens, and the model does not bound its positions", ErrPrompt)
	}
	return nil
}

func lastIndex(ids []int32, id int32) int {
	for i := len(ids) - 1; i >= 0; i-- {
		if ids[i] == id {
			return i
		}
	}
	return -1
}

// The templates of the published models (run.sh and eval_only.sh of
// kongds/Prompt-BERT); X stands for the sentence, [MASK] for the mask token.
const (
	BERT          = `This sentence of "X" means [MASK].`
	BERTSecond    = `This sentence : "X" means [MASK].`
	RoBERTa       = `This sentence : ' X ' means [MASK].`
	RoBERTaSecond = `The sentence : ' X ' means [MASK].`
)

// ParseTemplate turns a template like [BERT] into ids: the text before X, between X
// and [MASK], and after [MASK] are encoded each on its own, between bos and eos.
func ParseTemplate(t *tokenizer.Tokenizer, template string, bos, mask, eos int32) (Template, error) {
	before, rest, ok := strings.Cut(template, "X")
	between, after, ok2 := strings.Cut(rest, "[MASK]")
	if !ok || !ok2 {
		return Template{}, lean.Errorf("promptbert: %w: template %q needs an X and, after it, [MASK]", ErrPrompt, template)
	}
	parts := [3][]int32{}
	for i, text := range [3]string{before, between, after} {
		e, err := t.Encode(strings.TrimSpace(text), tokenizer.Options{})
		if err != nil {
			return Template{}, err
		}
		parts[i] = e.IDs
	}
	y := Template{Prefix: append([]int32{bos}, parts[0]...), Suffix: append(parts[1], mask)}
	y.Mask = len(y.Suffix) - 1
	// The text after the mask continues it: no word begins there.
	for i, id := range parts[2] {
		if piece, _ := t.IDToToken(id); i == 0 && strings.HasPrefix(piece, "▁") {
			if bare, ok := t.TokenToID(strings.TrimPrefix(piece, "▁")); ok {
				id = bare
			} else if piece == "▁" {
				continue
			}
		}
		y.Suffix = append(y.Suffix, id)
	}
	y.Suffix = append(y.Suffix, eos)
	return y, nil
}

// clean is what happens to a sentence before it is encoded: surrounding white space
// goes, and a full stop comes if the model wants one.
func (p *Prompt) clean(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f // what Python's str.strip takes away
	})
	if p.AppendPeriod && text != "" && !strings.ContainsRune(`.?"'`, rune(text[len(text)-1])) {
		text += "."
	}
	return text
}
