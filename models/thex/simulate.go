package thex

// Simulate is a whole run of a sentence on a simulator: both sides, no encryption.
func Simulate(s *Simulator, p *Plan, w *Weights, e *Embeddings, ids []int32) ([]float64, error) {
	c, err := NewClient(p, e, ids)
	if err != nil {
		return nil, err
	}
	run := NewRun[*Simulated](s, p, w)
	up := []*Simulated{s.Encrypt(c.First(), p.Exchanges[0].Up[0].Level)}
	for n, x := range p.Exchanges {
		down, err := run.Step(up)
		if err != nil {
			return nil, err
		}
		slots := make([][]complex128, len(down))
		refreshed := map[int]*Simulated{}
		for i, d := range down {
			if d.level != x.Down[i].Level {
				return nil, wrong("part %d of answer %d has level %d, the plan says %d", i, n, d.level, x.Down[i].Level)
			}
			if x.Down[i].Role == Refresh {
				refreshed[x.Down[i].Index] = d
			} else {
				slots[i] = d.slots
			}
		}
		if n == len(p.Exchanges)-1 {
			return c.Logits(slots[0])
		}
		answer, err := c.Answer(n, slots)
		if err != nil {
			return nil, err
		}
		up = up[:0]
		for i, part := range p.Exchanges[n+1].Up {
			if part.Role == Refresh {
				up = append(up, s.Refresh(refreshed[part.Index], part.Level))
			} else {
				up = append(up, s.Encrypt(answer[i], part.Level))
			}
		}
	}
	return nil, wrong("the plan has no exchanges")
}
