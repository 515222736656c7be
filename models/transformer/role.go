package transformer

import (
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Part is what a tensor of a checkpoint belongs to.
type Part uint8

// The parts of a model. Unused are tensors that say nothing about its states.
const (
	Unused Part = iota
	TokenTable
	PositionTable
	TypeTable
	ImagePatches
	RelativeBias
	Norms
	SelfAttention
	CrossAttention
	FeedForward
	ExpertNetworks
	ExpertRouter
	KnowledgeRows
	OutputHead
)

var partNames = [...]string{"unused", "tokens", "positions", "types", "image", "relative positions", "norms", "attention",
	"cross-attention", "feed-forward", "experts", "router", "knowledge", "head"}

func (p Part) String() string {
	if int(p) < len(partNames) {
		return partNames[p]
	}
	return "unknown"
}

// Role is the place of a tensor in the model that a configuration describes.
type Role struct {
	Part Part
	// Encoder tells whether it belongs to the encoder of an encoder–decoder. A table that
	// both stacks share is the encoder's.
	Encoder bool
	// Layer is −1 outside the layers.
	Layer int
	// Matrix tells whether dtype q8 and q4 quantise it: the matrix of a linear layer, or
	// (Table) a table of tokens, which q4 leaves at 8 bits, as it does with the head.
	Matrix, Table bool
	// Turned: the matrix is stored as [in, out], so that its rows are columns.
	Turned bool
}

// Roles says what each tensor of a checkpoint is for, by its name: the same table of
// names by which Load finds it. Scales of rows have the role of their matrix, and are no
// Matrix themselves.
func (c *Config) Roles(tensors []safetensors.Tensor) []Role {
	byName := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		byName[t.Name] = t
	}
	var stacks []*planner
	var copied []bool // the head in the file is a copy of the table of tokens
	for _, s := range []*Config{c.Encoder, c} {
		if s == nil || keyMaps[s.Family] == nil {
			continue
		}
		p := &planner{loader: &loader{tensors: byName}, keys: keyMaps[s.Family]}
		tied := s.TiedHead && p.keys.copiesHead
		if p.findPrefix(s.SharedTokens) {
			stacks, copied = append(stacks, p), append(copied, tied)
		}
	}
	roles := make([]Role, len(tensors))
	for i, t := range tensors {
		roles[i] = Role{Layer: -1}
		for n, p := range stacks {
			if r := p.role(t, copied[n]); r.Part != Unused {
				r.Encoder = len(stacks) == 2 && n == 0
				roles[i] = r
				break
			}
		}
	}
	return roles
}

// remember leaves in the model what Roles and whoever describes it need of the files.
func (l *loader) remember(m *Model) {
	for _, t := range l.tensors {
		m.tensors = append(m.tensors, t)
	}
	v := m.tensors
	lean.Sort(len(v), func(i, j int) bool { return v[i].Name < v[j].Name }, func(i, j int) { v[i], v[j] = v[j], v[i] })
	if l.options.DType == "q8" {
		m.kept = append([]string{}, l.kept...)
	}
}

// role is what a tensor is in one stack.
func (p *planner) role(t safetensors.Tensor, copied bool) Role {
	r := Role{Layer: -1}
	if p.keys.head != "" && p.keys.headAtRoot && t.Name == p.keys.head+".weight" {
		if !copied {
			r.Part, r.Matrix = OutputHead, true
		}
		return r
	}
	if p.keys.reciprocal != "" && strings.HasPrefix(t.Name, p.prefix+p.keys.reciprocal) {
		r.Part = SelfAttention // THE-X's T divides its shares
		return r
	}
	name, mine := strings.CutPrefix(t.Name, p.prefix)
	if !mine {
		return r
	}
	k, weight := p.keys, false
	for _, end := range []string{".weight", ".weight_packed", ".weight_scale", ".weight_shape", ".bias", ".gamma", ".beta", k.normWeight, k.normBias} {
		if base, ok := strings.CutSuffix(name, end); ok && end != "" {
			name, weight = base, end == ".weight" || end == ".weight_packed"
			break
		}
	}
	if inLayer, ok := strings.CutPrefix(name, k.layer); ok {
		if number, rest, ok := strings.Cut(inLayer, "."); ok {
			if n, err := strconv.Atoi(number); err == nil && n >= 0 {
				r.Layer, r.Part = n, k.layerPart(rest)
				r.Matrix = weight && len(t.Shape) == 2 && r.Part != ExpertRouter && r.Part != Norms
				r.Turned = r.Matrix && k.turned
				return r
			}
		}
	}
	switch {
	case p.prefix+name == p.tokens || is(name, k.knowledgeTokens):
		r.Part, r.Table = TokenTable, weight
	case is(name, k.positions):
		r.Part = PositionTable
	case is(name, k.types):
		r.Part = TypeTable
	case is(name, k.patches, k.wholeView):
		r.Part = ImagePatches
	case is(name, k.relative, k.crossRelative):
		r.Part = RelativeBias
	case is(name, k.embedNorm, k.embedNormOld, k.finalNorm):
		r.Part = Norms
	case is(name, k.head) && !copied:
		r.Part, r.Matrix = OutputHead, weight
	}
	return r
}

// layerPart is what a name inside a layer belongs to; what no other part claims is the
// feed-forward's.
func (k *keyMap) layerPart(name string) Part {
	switch {
	case is(name, k.attnNorm, k.innerNorm, k.crossNorm, k.ffnNorm, k.innerFFN):
		return Norms
	case k.experts != "" && strings.HasPrefix(name, k.experts):
		return ExpertNetworks
	case is(name+".weight", k.router, k.routerReduction, k.routerTemper) || is(name, k.routerUnitName, k.routerTemper):
		return ExpertRouter
	case is(name, k.q, k.k, k.v, k.out, k.qkv):
		return SelfAttention
	case is(name, k.crossQ, k.crossK, k.crossV, k.crossOut):
		return CrossAttention
	case is(name, k.knowledgeKeys, k.knowledgeValues):
		return KnowledgeRows
	}
	return FeedForward
}

// is tells whether name is one of patterns, of either branch; "" is none.
func is(name string, patterns ...string) bool {
	for _, p := range patterns {
		if p != "" && (name == branchName(p, 0) || name == branchName(p, 1)) {
			return true
		}
	}
	return false
}

// IsMoE tells whether layer i is a mixture of experts.
func (c *Config) IsMoE(i int) bool { return c.isMoE(i) }

// HasKnowledge tells whether layer i has rows for knowledge.
func (c *Config) HasKnowledge(i int) bool { return c.hasKnowledge(i) }
