package tokenizer

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// tokenizerConfig is what is read of a tokenizer_config.json.
type tokenizerConfig struct {
	tokenizerClass                               string
	lowerCase, chinese, prefixSpace              bool
	addBOS                                       bool
	stripAccents                                 string // null, true or false
	extraIDs                                     int64
	unk, cls, sep, pad, mask, bosToken, eosToken string
}

// class is tokenizer_class without "Tokenizer" and "Fast".
func (c *tokenizerConfig) class() string {
	return strings.TrimSuffix(strings.TrimSuffix(c.tokenizerClass, "Fast"), "Tokenizer")
}

// readTokenizerConfig reads a tokenizer_config.json, or nil for none. Of the fields that
// say how text is cut all are read or refused; what chat templates and the like say is not used.
func readTokenizerConfig(data []byte) (*tokenizerConfig, error) {
	c := &tokenizerConfig{lowerCase: true, chinese: true, addBOS: true, stripAccents: "null", extraIDs: 100}
	if data == nil {
		return c, nil
	}
	token := func(to *string) func(*strictjson.Decoder) error {
		return func(d *strictjson.Decoder) error {
			switch d.Peek() {
			case strictjson.Null:
				return d.Null()
			case strictjson.String:
				return readInto(d, to)
			}
			return d.Object(func(key string) error {
				if key == "content" {
					return readInto(d, to)
				}
				return d.Skip()
			})
		}
	}
	fields := []field{
		{"tokenizer_class", token(&c.tokenizerClass)}, {"do_lower_case", &c.lowerCase}, {"tokenize_chinese_chars", &c.chinese},
		{"add_prefix_space", &c.prefixSpace}, {"add_bos_token", &c.addBOS}, {"extra_ids", &c.extraIDs},
		{"unk_token", token(&c.unk)}, {"cls_token", token(&c.cls)}, {"sep_token", token(&c.sep)}, {"pad_token", token(&c.pad)},
		{"mask_token", token(&c.mask)}, {"bos_token", token(&c.bosToken)}, {"eos_token", token(&c.eosToken)},
		{"strip_accents", func(d *strictjson.Decoder) error {
			if d.Peek() == strictjson.Null {
				return d.Null()
			}
			b, err := d.Bool()
			if c.stripAccents = "false"; b {
				c.stripAccents = "true"
			}
			return err
		}},
	}
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) error {
		for _, f := range fields {
			if f.key == key {
				return readInto(d, f.to)
			}
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && (c.extraIDs < 0 || c.extraIDs > 1000) {
		err = invalid("tokenizer: tokenizer_config.json: extra_ids is %d, expected 0 to 1000", c.extraIDs)
	}
	if err != nil {
		return nil, kindOf(err)
	}
	return c, nil
}

// ParseVocabTxt reads a vocab.txt of BERT, one token a line, as Hugging Face tokenizers
// converts it with the settings in tokenizerConfig, the tokenizer_config.json of the folder (nil:
// those of bert-base-uncased).
func ParseVocabTxt(vocab, tokenizerConfig []byte) (*Tokenizer, error) {
	c, err := readTokenizerConfig(tokenizerConfig)
	if err != nil {
		return nil, err
	}
	switch c.class() {
	case "", "Bert", "DistilBert", "Electra", "MobileBert":
	default:
		return nil, unsupported("tokenizer_config.json tokenizer_class", c.tokenizerClass, "with a vocab.txt: BertTokenizer, DistilBertTokenizer, ElectraTokenizer, MobileBertTokenizer")
	}
	tokens := lines(vocab)
	ids := make(map[string]int, len(tokens))
	for i, token := range tokens {
		ids[token] = i
	}
	or := func(token, usual string) string {
		if token == "" {
			return usual
		}
		return token
	}
	unk, cls, sep := or(c.unk, "[UNK]"), or(c.cls, "[CLS]"), or(c.sep, "[SEP]")
	bools := func(b bool) string {
		if b {
			return "true"
		}
		return "false"
	}
	var w definition
	w.sections(`{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":`+bools(c.chinese)+`,"strip_accents":`+c.stripAccents+`,"lowercase":`+bools(c.lowerCase)+`}`,
		`{"type":"BertPreTokenizer"}`, templateJSON(cls+" A "+sep, cls+" A "+sep+" B:1 "+sep+":1"), `{"type":"WordPiece","prefix":"##","cleanup":true}`)
	for _, token := range []string{or(c.pad, "[PAD]"), unk, cls, sep, or(c.mask, "[MASK]")} {
		if id, ok := ids[token]; ok {
			w.addToken(id, token, true)
		}
	}
	w.out = append(w.out, `{"type":"WordPiece","continuing_subword_prefix":"##","max_input_chars_per_word":100,"unk_token":`...)
	w.text(unk)
	w.out = append(w.out, `,"vocab":`...)
	w.vocabulary(tokens)
	w.out = append(w.out, '}')
	return Parse(w.bytes())
}

// lines are the lines of a text file without their ends.
func lines(data []byte) (out []string) {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		out = append(out, strings.TrimSuffix(string(line), "\r"))
		data = rest
	}
	return out
}

// ParseVocabMerges reads a vocab.json and merges.txt of byte-level BPE, as Hugging Face
// tokenizers converts them with the settings in tokenizerConfig, the tokenizer_config.json of the
// folder. Classes: GPT2Tokenizer (also of nil), RobertaTokenizer, Qwen2Tokenizer.
func ParseVocabMerges(vocab, merges, tokenizerConfig []byte) (*Tokenizer, error) {
	c, err := readTokenizerConfig(tokenizerConfig)
	if err != nil {
		return nil, err
	}
	d := strictjson.NewDecoder(vocab)
	v, err := parseVocabMap(d)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, kindOf(err)
	}
	level := `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`
	normalizer, preTokenizer, post := "null", level, strings.Replace(level, `"trim_offsets":true`, `"trim_offsets":false`, 1)
	special := []string{c.unk, c.bosToken, c.eosToken, c.pad}
	var w definition
	switch class := c.class(); class {
	case "", "GPT2", "Roberta":
		if c.prefixSpace {
			preTokenizer = strings.Replace(level, `"add_prefix_space":false`, `"add_prefix_space":true`, 1)
		}
		if class != "Roberta" {
			if c.bosToken == "" {
				special = append(special, "<|endoftext|>")
			}
			break
		}
		special = []string{"<s>", "<pad>", "</s>", "<unk>", "<mask>"}
		w.lstrip = "<mask>"
		prefix := "false"
		if c.prefixSpace {
			prefix = "true"
		}
		post = `{"type":"RobertaProcessing","sep":["</s>",@</s>@],"cls":["<s>",@<s>@],"trim_offsets":true,"add_prefix_space":` + prefix + `}`
	case "Qwen2":
		normalizer = `{"type":"NFC"}`
		const pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
		preTokenizer = `{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"` + pattern + `"},"behavior":"Isolated","invert":false},` + strings.Replace(level, `"use_regex":true`, `"use_regex":false`, 1) + `]}`
	default:
		return nil, unsupported("tokenizer_config.json tokenizer_class", c.tokenizerClass, "with vocab.json and merges.txt: GPT2Tokenizer, RobertaTokenizer, Qwen2Tokenizer")
	}
	w.sections(normalizer, preTokenizer, post, level)
	next := v.count
	for _, token := range special {
		if id, ok := v.id(token); ok {
			w.addToken(int(id), token, true)
		} else if _, ok := w.ids[token]; token != "" && !ok {
			w.addToken(next, token, true)
			next++
		}
	}
	for token, id := range w.ids {
		w.parts = strings.ReplaceAll(w.parts, "@"+token+"@", strconv.Itoa(id))
	}
	w.out = append(w.out, `{"type":"BPE","vocab":`...)
	w.out = append(w.out, vocab...)
	var all []string
	for i, line := range lines(merges) {
		if line == "" || i == 0 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || strings.Contains(right, " ") {
			return nil, invalid("tokenizer: merges.txt: line %d is %q, expected two tokens and one space", i+1, lean.Clip(line))
		}
		all = append(all, left, right)
	}
	w.merges(all)
	return Parse(w.bytes())
}
