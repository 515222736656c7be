package tokenizer

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// spModel is what a .model file of SentencePiece holds (sentencepiece_model.proto).
type spModel struct {
	pieces       []spPiece
	kind         uint64 // 1 Unigram, 2 BPE
	unk          int    // id of the unknown piece
	byteFallback bool
	charsmap     []byte
	dummyPrefix  bool // a space is put before the text
}

type spPiece struct {
	text  string
	score float32
	kind  uint64 // of spNormal…
}

const (
	spNormal = 1 + iota
	spUnknown
	spControl
	spUserDefined
	spUnused
	spByte
)

// The most pieces that are read, and bytes of one.
const (
	maxSPPieces = 1 << 20
	maxSPPiece  = maxUnigramPiece
)

func readSPModel(data []byte) (*spModel, error) {
	m := &spModel{kind: 1, unk: -1, dummyPrefix: true}
	file := protobuf{data: data}
	bad := false
	for {
		number, bytes, _, ok := file.next()
		if !ok {
			break
		}
		inner := protobuf{data: bytes}
		switch number {
		case 1: // pieces
			p := spPiece{kind: spNormal}
			for {
				number, bytes, value, ok := inner.next()
				if !ok {
					break
				}
				switch number {
				case 1:
					p.text = string(bytes)
				case 2:
					p.score = math.Float32frombits(uint32(value))
				case 3:
					p.kind = value
				}
			}
			if p.text == "" || len(p.text) > maxSPPiece || !utf8.ValidString(p.text) || p.kind < spNormal || p.kind > spByte || p.score != p.score || math.IsInf(float64(p.score), 0) {
				return nil, invalid("tokenizer: SentencePiece: piece %d is %q of type %d, expected UTF-8 of 1 to %d bytes, a finite score, and a type from 1 to 6", len(m.pieces), lean.Clip(p.text), p.kind, maxSPPiece)
			}
			if p.kind == spUnknown {
				if m.unk >= 0 {
					return nil, invalid("tokenizer: SentencePiece: pieces %d and %d are both the unknown one", m.unk, len(m.pieces))
				}
				m.unk = len(m.pieces)
			}
			if m.pieces = append(m.pieces, p); len(m.pieces) > maxSPPieces {
				return nil, invalid("tokenizer: SentencePiece: more than %d pieces", maxSPPieces)
			}
		case 2: // trainer_spec
			for {
				number, _, value, ok := inner.next()
				if !ok {
					break
				}
				switch number {
				case 3:
					m.kind = value
				case 35:
					m.byteFallback = value != 0
				}
			}
		case 3: // normalizer_spec
			for {
				number, bytes, value, ok := inner.next()
				if !ok {
					break
				}
				switch number {
				case 2:
					m.charsmap = bytes
				case 3:
					m.dummyPrefix = value != 0
				}
			}
		}
		bad = bad || inner.bad
	}
	if bad || file.bad || len(m.pieces) == 0 || m.unk < 0 {
		return nil, invalid("tokenizer: SentencePiece: the file is damaged or not a .model of SentencePiece: it has %d pieces, the unknown one is %d", len(m.pieces), m.unk)
	}
	if m.kind != 1 && m.kind != 2 {
		return nil, unsupported("SentencePiece model", strconv.Itoa(int(m.kind)), "1 (Unigram), 2 (BPE)")
	}
	seen := make(map[string]bool, len(m.pieces))
	for i, p := range m.pieces {
		if seen[p.text] {
			return nil, invalid("tokenizer: SentencePiece: piece %d, %q, occurs twice", i, lean.Clip(p.text))
		}
		seen[p.text] = true
	}
	return m, nil
}

// ParseSentencePiece reads a .model of SentencePiece, Unigram or BPE, as Hugging Face tokenizers
// converts it: for the class in tokenizerConfig, the tokenizer_config.json of the
// folder, or where that is nil or names none, without special tokens around the text.
// Classes: XLMRobertaTokenizer, T5Tokenizer, LlamaTokenizer; others are refused.
func ParseSentencePiece(model, tokenizerConfig []byte) (*Tokenizer, error) {
	m, err := readSPModel(model)
	if err != nil {
		return nil, err
	}
	c, err := readTokenizerConfig(tokenizerConfig)
	if err != nil {
		return nil, err
	}
	var w definition
	pieces := m.pieces
	unk := m.unk
	scheme := "always"
	if !m.dummyPrefix {
		scheme = "never"
	}
	var template string
	metaspace := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"` + scheme + `","split":true}`
	normalizer := `{"type":"Strip","strip_left":false,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}`
	if len(m.charsmap) > 0 {
		normalizer = `{"type":"Precompiled","precompiled_charsmap":"` + encodeBase64(m.charsmap) + `"},` + normalizer
	}
	normalizer = `{"type":"Sequence","normalizers":[` + normalizer + `]}`
	decoder := metaspace
	preTokenizer := metaspace
	control := func(text string) spPiece { return spPiece{text: text, kind: spControl} }
	switch c.class() {
	case "":
	case "XLMRoberta":
		if len(pieces) < 3 {
			return nil, invalid("tokenizer: SentencePiece: %d pieces, expected at least 3", len(pieces))
		}
		pieces = append([]spPiece{control("<s>"), control("<pad>"), control("</s>"), {text: "<unk>", kind: spUnknown}}, pieces[3:]...)
		unk = 3
		w.lstrip = "<mask>"
		pieces = append(pieces, control("<mask>"))
		template = templateJSON("<s> A </s>", "<s> A </s> </s> B </s>")
	case "T5":
		n := c.extraIDs
		for i := n - 1; i >= 0; i-- {
			pieces = append(pieces, control("<extra_id_"+strconv.Itoa(int(i))+">"))
		}
		template = templateJSON("A </s>", "A </s> B </s>")
		preTokenizer = `{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},` + metaspace + `]}`
		normalizer = "null"
		if len(m.charsmap) > 0 {
			normalizer = `{"type":"Precompiled","precompiled_charsmap":"` + encodeBase64(m.charsmap) + `"}`
		}
	case "Llama":
		normalizer = `{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`
		preTokenizer = "null"
		decoder = `{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`
		if c.addBOS {
			template = templateJSON("<s> A", "<s> A <s>:1 B:1")
		}
		m.byteFallback = true
	default:
		return nil, unsupported("tokenizer_config.json tokenizer_class", c.tokenizerClass, "with a .model of SentencePiece: XLMRobertaTokenizer, T5Tokenizer, LlamaTokenizer")
	}
	w.sections(normalizer, preTokenizer, template, decoder)
	for id, p := range pieces {
		if p.kind == spControl || p.kind == spUserDefined || p.kind == spUnknown && c.tokenizerClass != "" {
			w.addToken(id, p.text, p.kind != spUserDefined)
		}
	}
	if m.kind == 1 {
		w.unigram(pieces, unk, m.byteFallback)
	} else {
		w.bpe(pieces, m.byteFallback, unk)
	}
	return Parse(w.bytes())
}

// spMerges are the merges of a BPE vocabulary: each cut of a piece in two pieces, the best
// pieces first, as convert_slow_tokenizer.py of Hugging Face transformers orders them.
func spMerges(pieces []spPiece) []string {
	ids := make(map[string]int, len(pieces))
	for id, p := range pieces {
		ids[p.text] = id
	}
	type merge struct {
		left, right string
		score       float32
		chars, more int // characters of left and right
	}
	var all []merge
	for _, p := range pieces {
		first := len(all)
		chars, count := 0, utf8.RuneCountInString(p.text)
		for i := range p.text {
			if i > 0 {
				left, right := p.text[:i], p.text[i:]
				if _, ok := ids[left]; ok {
					if _, ok := ids[right]; ok {
						all = append(all, merge{left, right, p.score, chars, count - chars})
					}
				}
			}
			chars++
		}
		slices.SortStableFunc(all[first:], func(a, b merge) int {
			if d := ids[a.left] - ids[b.left]; d != 0 {
				return d
			}
			return ids[a.right] - ids[b.right]
		})
	}
	slices.SortStableFunc(all, func(a, b merge) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		case a.chars != b.chars:
			return b.chars - a.chars
		}
		return b.more - a.more
	})
	var out []string
	for _, m := range all {
		out = append(out, m.left, m.right)
	}
	return out
}

// encodeBase64 is the inverse of decodeBase64.
func encodeBase64(data []byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out strings.Builder
	for len(data) > 0 {
		var v [3]byte
		n := copy(v[:], data)
		data = data[n:]
		bits := uint32(v[0])<<16 | uint32(v[1])<<8 | uint32(v[2])
		for i := range 4 {
			if i <= n {
				out.WriteByte(alphabet[bits>>(18-6*i)&63])
			} else {
				out.WriteByte('=')
			}
		}
	}
	return out.String()
}
