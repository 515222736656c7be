package transformer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// model plans every tensor that a configuration asks for, and its encoder's.
func (l *loader) model(m *Model) error {
	if err := l.stack(m, l.options.Head); err != nil {
		return err
	}
	if c := m.Config.Encoder; c != nil {
		m.Encoder = &Model{Config: c, dev: l.dev, mark: l.dev.Mark()}
		if err := l.stack(m.Encoder, false); err != nil {
			return err
		}
		m.Encoder.end = l.dev.Mark()
	}
	extras := l.options.Extra
	if l.options.More != nil {
		more, err := l.options.More(func(name string) []int { return l.tensors[name].Shape }, l.stacks[0].prefix)
		if err != nil {
			return err
		}
		extras = append(slices.Clip(extras), more...)
	}
	p := &planner{loader: l, keys: &keyMap{}, noQ4: true}
	for _, e := range extras {
		p.extra(m, e)
	}
	l.stacks = append(l.stacks, p)
	return p.err
}

// stack plans one stack of layers.
func (l *loader) stack(m *Model, head bool) error {
	c := m.Config
	p := &planner{loader: l, keys: keyMaps[c.Family], config: c}
	if p.keys == nil {
		return lean.Errorf("transformer: %w: family %q", ErrUnsupported, c.Family)
	}
	if !p.findPrefix(c.SharedTokens) {
		return lean.Errorf("transformer: %w: no %q (with prefix %q): are these the weights of a %s model?",
			ErrMissingTensor, p.keys.tokens+".weight", p.keys.prefixes, c.Family)
	}
	l.stacks = append(l.stacks, p)
	p.embeddings(m)
	m.layers = make([]layer, c.NumLayers)
	for i := range m.layers {
		p.layer(&m.layers[i], c, i)
		if l.options.Fold {
			p.foldLayer(&m.layers[i], c)
		}
	}
	for b := range c.branches() {
		if c.FinalNorm {
			m.finalNorm[b] = p.norm(branchName(p.keys.finalNorm, b), c.HiddenSize)
		}
	}
	if c.Approx != nil {
		p.reciprocal(&m.recip, c.Approx.Hidden)
	}
	if head {
		p.head(m)
	}
	return p.err
}

// findPrefix finds the prefix that all names of the stack have, and its table of tokens.
// shared: a decoder that is stored without a table has the encoder's; its prefix is then
// known by the norm of its first layer.
func (p *planner) findPrefix(shared bool) bool {
	for _, x := range p.keys.prefixes {
		for _, name := range append(slices.Clone(p.keys.sharedTokens), p.keys.tokens) {
			if _, found := p.tensors[x+name+".weight"]; found {
				p.prefix, p.tokens = x, x+name
				return true
			}
		}
	}
	for _, name := range p.keys.encoderTokens {
		if _, found := p.tensors[name+".weight"]; !found || !shared {
			continue
		}
		for _, x := range p.keys.prefixes {
			if _, found := p.tensors[x+p.keys.layer+"0."+p.keys.attnNorm+".weight"]; found {
				p.prefix, p.tokens = x, name
				return true
			}
		}
	}
	return false
}

// branches is the number of branches of each layer.
func (c *Config) branches() int {
	if c.Vision != nil {
		return 2
	}
	return 1
}

func (p *planner) embeddings(m *Model) {
	c, k, d := m.Config, p.keys, m.Config.HiddenSize
	// Two stacks may share one table.
	if shared, ok := p.shared[p.tokens]; ok && shared.Rows == c.VocabSize && shared.Dim == d {
		m.tokens = shared
	} else {
		m.tokens = p.table(p.tokens, c.VocabSize, d, true)
		p.shared[p.tokens] = m.tokens
	}
	text := 0
	if v := c.Vision; v != nil {
		text = 1
		p.exact(&m.patches, d, v.Channels*v.PatchSize*v.PatchSize, p.prefix+k.patches+".weight", d, v.Channels, v.PatchSize, v.PatchSize)
		m.patches.Bias = kernels.Vector{At: p.dev.Alloc(uint64(d) * 4), Len: d}
		p.floats(p.prefix+k.patches+".bias", m.patches.Bias.At, d)
		m.wholeView = p.dev.NewTensor(1, d)
		p.floats(p.prefix+k.wholeView, m.wholeView.At, 1, 1, d)
		m.positions[0] = p.table(p.prefix+branchName(k.positions, 0), v.Tokens()+c.PositionOffset, d, false)
	}
	if c.LearnedPositions {
		m.positions[text] = p.table(p.prefix+branchName(k.positions, text), c.MaxPositions+c.PositionOffset, d, false)
	}
	if c.TypeVocabSize > 0 {
		m.types = p.table(p.prefix+k.types, c.TypeVocabSize, d, false)
	}
	if c.EmbedNorm {
		name := k.embedNorm
		if _, old := p.tensors[p.prefix+k.embedNormOld+".weight"]; old && k.embedNormOld != "" {
			name = k.embedNormOld
		}
		m.embedNorm = p.norm(name, d)
	}
	m.learned = m.tokens
	if _, own := p.tensors[p.prefix+k.knowledgeTokens+".weight"]; own && k.knowledgeTokens != "" {
		m.learned = p.table(p.prefix+k.knowledgeTokens, c.VocabSize, d, true)
	}
	if c.RelBuckets > 0 {
		m.relative = p.host(p.prefix+k.relative+".weight", c.RelBuckets, c.NumHeads)
		if c.CrossAttention {
			m.crossRel = p.host(p.prefix+k.crossRelative+".weight", c.RelBuckets, c.NumHeads)
		}
	}
}

func (p *planner) layer(y *layer, c *Config, i int) {
	k, d, at := p.keys, c.HiddenSize, p.keys.layer+strconv.Itoa(i)+"."
	y.alpha, y.branches = c.Alpha, make([]branch, c.branches())
	for b := range y.branches {
		z := &y.branches[b]
		name := func(s string) string { return branchName(at+s, b) }
		z.attnNorm = p.norm(name(k.attnNorm), d)
		if k.qkv != "" {
			p.turnedProjections(&z.qkv, d, name(k.qkv))
		} else {
			p.projections(&z.qkv, d, !c.NoQKVBias, projection{name(k.q), c.queries()}, projection{name(k.k), c.keyValues()}, projection{name(k.v), c.keyValues()})
		}
		p.affine(&z.out, d, c.queries(), name(k.out), !c.NoOutBias)
		z.ffnNorm = p.norm(name(k.ffnNorm), d)
		if c.Norm == SubLN {
			z.inner = p.norm(name(k.innerNorm), c.queries())
		}
		if c.Gated {
			p.affine(&z.ffn.gate, c.IntermediateSize, d, name(k.gate), !c.NoFFNBias)
		}
		if !c.isMoE(i) {
			p.feedForward(&z.ffn, c, name(k.fc1), name(k.fc2), name(k.innerFFN))
		}
	}
	if c.CrossAttention {
		y.cross = &crossAttention{norm: p.norm(at+k.crossNorm, d)}
		p.linear(&y.cross.q, d, d, at+k.crossQ)
		p.projections(&y.cross.kv, d, true, projection{at + k.crossK, d}, projection{at + k.crossV, d})
		p.linear(&y.cross.out, d, d, at+k.crossOut)
	}
	if c.isMoE(i) {
		y.experts = p.experts(c, at)
	}
	if c.hasKnowledge(i) {
		y.knowledge = &knowledge{}
		p.linear(&y.knowledge.keys, d, d, at+k.knowledgeKeys)
		p.linear(&y.knowledge.values, d, d, at+k.knowledgeValues)
	}
}

func (p *planner) feedForward(y *feedForward, c *Config, fc1, fc2, inner string) {
	d, f := c.HiddenSize, c.IntermediateSize
	p.affine(&y.fc1, f, d, fc1, !c.NoFFNBias)
	p.affine(&y.fc2, d, f, fc2, !c.NoFFNBias)
	if c.Norm == SubLN {
		y.inner = p.norm(inner, f)
	}
}

// head plans the output projection: a matrix of its own, or the table of tokens.
func (p *planner) head(m *Model) {
	c := m.Config
	if p.keys.headAtRoot {
		prefix := p.prefix
		p.prefix = ""
		defer func() { p.prefix = prefix }()
	}
	_, own := p.tensors[p.prefix+p.keys.head+".weight"]
	_, packed := p.tensors[p.prefix+p.keys.head+".weight_packed"]
	own = (own || packed) && !(p.keys.copiesHead && c.TiedHead)
	switch {
	case !c.HasHead:
		p.err = lean.Errorf("transformer: %w: a %s model has no output projection here", ErrUnsupported, c.Family)
	case own || !c.TiedHead:
		p.matrix(&m.head, c.VocabSize, c.HiddenSize, p.keys.head)
	case p.err == nil:
		p.tied(&m.head, m.tokens)
	}
}

// tied plans a matrix that is the table t. The table's rows and scales serve both;
// only the packed form is a copy.
func (p *planner) tied(w *kernels.Weight, t kernels.Table) {
	*w = p.dev.NewWeight(t.DType, t.Rows, t.Dim, false)
	w.Scale = t.Scale
	p.after = append(p.after, func() error {
		p.dev.Pack(*w, 0, t.Rows, t.At)
		return p.dev.Err()
	})
}

// extra plans a tensor of a task.
func (p *planner) extra(m *Model, e Extra) {
	cols := e.Shape[len(e.Shape)-1]
	rows := 1
	for _, n := range e.Shape[:len(e.Shape)-1] {
		rows *= n
	}
	switch {
	case e.Linear != nil:
		switch t := p.tensors[e.Name]; {
		case e.Tied && p.err == nil:
			p.tied(e.Linear, m.tokens)
		case e.Exact && isFloat(t.DType):
			p.exact(e.Linear, rows, cols, e.Name, e.Shape...)
		default:
			p.matrix(e.Linear, rows, cols, strings.TrimSuffix(e.Name, ".weight"))
		}
		if e.Bias == "" {
			e.Bias = strings.TrimSuffix(e.Name, ".weight") + ".bias"
		}
		if !e.NoBias && p.err == nil {
			e.Linear.Bias = kernels.Vector{At: p.dev.Alloc(uint64(e.Linear.Out) * 4), Len: e.Linear.Out}
			p.floats(e.Bias, e.Linear.Bias.At, e.Linear.Out)
		}
	case e.Matrix != nil:
		*e.Matrix = p.dev.NewTensor(rows, cols)
		p.floats(e.Name, e.Matrix.At, e.Shape...)
	case e.Host != nil:
		*e.Host = p.host(e.Name, e.Shape...)
	}
}

// leftovers refuses tensors that nobody asked for, unless they are known to say
// nothing about the result: a checkpoint whose configuration does not explain it
// would give wrong numbers in silence.
func (l *loader) leftovers() error {
	var names []string
	for name := range l.tensors {
		known := l.sinks[name] != nil
		of := name // with what quantising adds to a tensor: its scales belong to it
		if i := strings.LastIndex(name, ".weight_"); i >= 0 {
			of = name[:i+len(".weight")]
		}
		for _, p := range l.stacks {
			rest, mine := strings.CutPrefix(of, p.prefix)
			weight := p.keys.head + ".weight" // and its scales
			head := p.keys.head != "" && (strings.HasPrefix(rest, weight) || p.keys.headAtRoot && strings.HasPrefix(name, weight))
			known = known || head || p.keys.ignores(of) || mine && p.keys.ignores(rest)
		}
		if !known {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	lean.SortStrings(names)
	return lean.Errorf("transformer: %w: %q (%d in all): config.json does not say what it is for", ErrUnexpectedTensor, names[0], len(names))
}
