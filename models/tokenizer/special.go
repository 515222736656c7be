package tokenizer

// SpecialTokens are the texts of the added tokens that Decode leaves out on request, in
// the order of tokenizer.json.
func (t *Tokenizer) SpecialTokens() []string {
	var all []string
	for _, a := range t.added {
		if a.special {
			all = append(all, a.content)
		}
	}
	return all
}
