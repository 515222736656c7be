package describe

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Measures of the picture, in its own units.
const (
	columnWidth = 360
	columnGap   = 24
	margin      = 16
	blockHeight = 30
	normHeight  = 20
	blockGap    = 6
	groupHead   = 26
	inset       = 12
	barHeight   = 18
)

// Style is the colours of the picture's classes; a file has them inside, a page in its
// own style sheet.
const Style = `.lodestone-model{--ground:#fff;--ink:#1d2327;--soft:#616a71;--line:#cfcac0;--table:#cfe3ea;--norm:#eee6d3;--attention:#f6d5c9;--ffn:#dcd3ea;--experts:#f0dcae;--head:#d5e2cd;font:13px system-ui,sans-serif}` +
	`@media(prefers-color-scheme:dark){.lodestone-model{--ground:#15181b;--ink:#eceae6;--soft:#a4abaf;--line:#444b51;--table:#24505f;--norm:#4a4230;--attention:#6e3524;--ffn:#453560;--experts:#5f4a1c;--head:#34502a}}` +
	`.lodestone-model .ground{fill:var(--ground)}.lodestone-model text{fill:var(--ink)}.lodestone-model .soft{fill:var(--soft)}.lodestone-model .strong{font-weight:600}` +
	`.lodestone-model .small{font-size:11px}.lodestone-model .frame{fill:none;stroke:var(--line)}.lodestone-model .way{stroke:var(--line);fill:none}` +
	`.lodestone-model .table{fill:var(--table)}.lodestone-model .norm{fill:var(--norm)}.lodestone-model .attention{fill:var(--attention)}.lodestone-model .ffn{fill:var(--ffn)}` +
	`.lodestone-model .experts{fill:var(--experts)}.lodestone-model .head{fill:var(--head)}.lodestone-model .square{fill:var(--ink);fill-opacity:.45}`

// SVG draws the model: each stack from its tables to its output, layers that are alike in
// one frame, and what each part weighs. With standalone it is a file of its own, with
// Style and a ground; without, it is a part of a page that has the style.
func (d *Description) SVG(standalone bool) []byte {
	p := &pen{}
	width := 2*margin + len(d.Stacks)*columnWidth + (len(d.Stacks)-1)*columnGap
	low := 0
	for i := range d.Stacks {
		low = max(low, p.stack(d, i, margin+i*(columnWidth+columnGap)))
	}
	height := p.bars(d, low+18, width) + margin
	var b []byte
	b = append(b, `<svg xmlns="http://www.w3.org/2000/svg" class="lodestone-model" role="img" viewBox="0 0 `...)
	b = lean.Appendf(b, `%d %d" width="%d" height="%d" aria-label="`, width, height, width, height)
	b = append(appendText(b, d.Summary()), `">`...)
	if standalone {
		b = append(append(append(b, `<style>`...), Style...), `</style>`...)
		b = lean.Appendf(b, `<rect class="ground" width="%d" height="%d"/>`, width, height)
	}
	return append(append(b, p.b...), `</svg>`...)
}

// Summary is the model in a sentence.
func (d *Description) Summary() string {
	text := d.Kind
	if d.ModelType != "" {
		text = d.ModelType + " " + text
	}
	for i, s := range d.Stacks {
		sep := ": "
		if i > 0 {
			sep = "; "
		}
		text += sep
		if len(d.Stacks) > 1 {
			text += s.Name + " of "
		}
		text += lean.Sprintf("%d layers of %d, %s, %d heads, feed-forward %d (%s), %s positions", s.Layers, s.HiddenSize, s.Norm, s.Heads, s.IntermediateSize, s.Activation, s.Positions)
		if r := s.Routing; r != nil {
			text += lean.Sprintf(", %d of them with %d experts (best %d)", len(r.Layers), r.Experts, r.TopK)
		}
		if k := s.Knowledge; k != nil {
			text += lean.Sprintf(", %d of them with knowledge", len(k.Layers))
		}
	}
	return text + "; " + count(d.Parameters) + " parameters"
}

// pen writes SVG.
type pen struct{ b []byte }

func (p *pen) rect(x, y, w, h, r int, class string) {
	p.b = lean.Appendf(p.b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" class="%s"/>`, x, y, w, h, r, class)
}

func (p *pen) text(x, y int, class, anchor, text string) {
	p.b = lean.Appendf(p.b, `<text x="%d" y="%d" class="%s" text-anchor="%s">`, x, y, class, anchor)
	p.b = append(appendText(p.b, text), `</text>`...)
}

// stack draws one stack and returns where it ends.
func (p *pen) stack(d *Description, i, x int) int {
	s := &d.Stacks[i]
	y := margin
	p.text(x, y+14, "strong", "start", lean.Sprintf("%s, %d wide, %s", s.Name, s.HiddenSize, s.Norm))
	if s.Alpha != 1 {
		p.text(x+columnWidth, y+14, "soft small", "end", "residual × "+strconv.FormatFloat(s.Alpha, 'g', 5, 64))
	}
	y += 26
	y = p.blocks(s.top(), x, y, columnWidth)
	for _, g := range s.groups() {
		y += 4
		begin := y
		p.text(x+inset, y+17, "soft small", "start", g.title)
		y = p.blocks(g.blocks, x+inset, y+groupHead, columnWidth-2*inset)
		p.rect(x, begin, columnWidth, y-begin+4, 10, "frame")
		y += 4 + blockGap
	}
	y += 4
	return p.blocks(s.bottom(d.Head), x, y, columnWidth)
}

func (p *pen) blocks(all []block, x, y, w int) int {
	for _, b := range all {
		h := blockHeight
		if b.class == "norm" {
			h = normHeight
		}
		rows := 0
		const side, perRow = 9, 32
		if b.dots > 1 {
			rows = (min(b.dots, 4*perRow) + perRow - 1) / perRow
			h += rows*(side+1) + 4
		}
		p.rect(x, y, w, h, 6, b.class)
		class := ""
		base := y + 20
		if b.class == "norm" {
			class, base = "small", y+14
		}
		p.text(x+10, base, class, "start", b.text)
		if b.note != "" {
			p.text(x+w-10, base, "soft small", "end", b.note)
		}
		for k := range min(b.dots, rows*perRow) {
			p.rect(x+10+k%perRow*(side+1), y+blockHeight-2+k/perRow*(side+1), side-2, side-2, 1, "square")
		}
		y += h + blockGap
	}
	return y
}

// bars draws the parameters by part and the bytes by type.
func (p *pen) bars(d *Description, y, width int) int {
	full := width - 2*margin
	p.text(margin, y, "strong", "start", count(d.Parameters)+" parameters")
	y += 10
	type share struct {
		name string
		n    int64
	}
	var shares []share
	for _, s := range d.Stacks {
		for _, part := range s.Parts {
			found := false
			for i := range shares {
				if shares[i].name == part.Name {
					shares[i].n += part.Parameters
					found = true
				}
			}
			if !found {
				shares = append(shares, share{part.Name, part.Parameters})
			}
		}
	}
	x := margin
	for i, s := range shares {
		w := int(float64(s.n) / float64(max(1, d.Parameters)) * float64(full))
		if i == len(shares)-1 {
			w = margin + full - x
		}
		if w > 0 {
			p.rect(x, y, w, barHeight, 0, classOf(s.name))
		}
		x += w
	}
	y += barHeight + 18
	x = margin
	for _, s := range shares {
		label := s.name + " " + count(s.n)
		w := 20 + 7*len(label)
		if x > margin && x+w > margin+full {
			x, y = margin, y+18
		}
		p.rect(x, y-9, 10, 10, 2, classOf(s.name))
		p.text(x+15, y, "small", "start", label)
		x += w
	}
	y += 30
	p.text(margin, y, "strong", "start", "bytes of the weights by type")
	y += 10
	most := int64(1)
	for _, s := range d.Sizes {
		most = max(most, s.Bytes)
	}
	for _, s := range d.Sizes {
		p.text(margin, y+13, "small", "start", s.Type)
		w := max(1, int(float64(s.Bytes)/float64(most)*float64(full-150)))
		p.rect(margin+34, y+2, w, barHeight-5, 3, "table")
		text := bytes(s.Bytes)
		if !s.Exact {
			text = "from " + text
		}
		p.text(margin+42+w, y+13, "small", "start", text)
		y += barHeight + 2
	}
	return y
}

// classOf is the colour of a part.
func classOf(part string) string {
	switch part {
	case "tokens", "positions", "types", "image":
		return "table"
	case "attention", "cross-attention", "relative positions":
		return "attention"
	case "feed-forward":
		return "ffn"
	case "experts", "router", "knowledge":
		return "experts"
	case "head":
		return "head"
	}
	return "norm"
}

// appendText escapes text for XML, between tags and in an attribute; what XML cannot
// hold is left out.
func appendText(b []byte, text string) []byte {
	for _, r := range text {
		switch {
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF:
		default:
			b = append(b, string(r)...)
		}
	}
	return b
}
