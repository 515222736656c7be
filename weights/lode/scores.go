package main

import (
	"math"
	"regexp"
	"strings"
)

// The scores of translations as sacrebleu computes them by default. references[i] are
// the references of hypothesis i, one or more.

// thirteenA are the rules of mteval-v13a's tokens, in order.
var thirteenA = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile("([\\{-~\\[-` -&(-+:-@/])"), " $1 "},
	{regexp.MustCompile(`([^0-9])([.,])`), "$1 $2 "},
	{regexp.MustCompile(`([.,])([^0-9])`), " $1 $2"},
	{regexp.MustCompile(`([0-9])(-)`), "$1 $2 "},
}

var entitiesOfText = strings.NewReplacer("<skipped>", "", "-\n", "", "\n", " ", "&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">")

// tokens13a are the tokens that BLEU counts.
func tokens13a(text string) []string {
	text = " " + entitiesOfText.Replace(strings.TrimRight(text, " \t\r\n")) + " "
	for _, r := range thirteenA {
		text = r.find.ReplaceAllString(text, r.put)
	}
	return strings.Fields(text)
}

// grams counts the n-grams of tokens.
func grams(tokens []string, n int) map[string]int {
	all := map[string]int{}
	for i := 0; i+n <= len(tokens); i++ {
		all[strings.Join(tokens[i:i+n], "\x00")]++
	}
	return all
}

// bleu is the BLEU of a corpus in percent: up to 4-grams of 13a tokens, exponential
// smoothing, the reference length that is closest.
func bleu(hypotheses []string, references [][]string) float64 {
	var match, total [4]float64
	length, wanted := 0, 0
	for i, h := range hypotheses {
		tokens := tokens13a(h)
		length += len(tokens)
		var refs [][]string
		closest := -1
		for _, r := range references[i] {
			t := tokens13a(r)
			refs = append(refs, t)
			d, e := abs(len(t)-len(tokens)), abs(closest-len(tokens))
			if closest < 0 || d < e || d == e && len(t) < closest {
				closest = len(t)
			}
		}
		wanted += closest
		for n := range 4 {
			most := map[string]int{}
			for _, r := range refs {
				for g, c := range grams(r, n+1) {
					most[g] = max(most[g], c)
				}
			}
			for g, c := range grams(tokens, n+1) {
				match[n] += float64(min(c, most[g]))
				total[n] += float64(c)
			}
		}
	}
	smooth, sum := 1.0, 0.0
	for n := range 4 {
		switch {
		case total[n] == 0 || match[0] == 0:
			return 0
		case match[n] == 0:
			smooth *= 2
			sum += math.Log(100 / (smooth * total[n]))
		default:
			sum += math.Log(100 * match[n] / total[n])
		}
	}
	return math.Min(1, math.Exp(1-float64(wanted)/float64(length))) * math.Exp(sum/4)
}

func abs(n int) int { return max(n, -n) }

// chrfOrder is the longest n-gram of characters that chrF counts.
const chrfOrder = 6

// chrfCounts are, for each order, n-grams that match, of the hypothesis, of the reference.
type chrfCounts [chrfOrder][3]float64

func countCharacters(hypothesis, reference string) (y chrfCounts) {
	split := func(s string) []string { return strings.Split(strings.Join(strings.Fields(s), ""), "") }
	h, r := split(hypothesis), split(reference)
	for n := range chrfOrder {
		a, b := grams(h, n+1), grams(r, n+1)
		for g, c := range a {
			y[n][0] += float64(min(c, b[g]))
			y[n][1] += float64(c)
		}
		for _, c := range b {
			y[n][2] += float64(c)
		}
	}
	return y
}

// score is chrF2 of counts, in percent: the mean of precision and of recall over the
// orders that both sides have, recall counted twice.
func (c chrfCounts) score() float64 {
	p, r, n := 0.0, 0.0, 0.0
	for _, x := range c {
		if x[1] > 0 && x[2] > 0 {
			p, r, n = p+x[0]/x[1], r+x[0]/x[2], n+1
		}
	}
	if p+r == 0 {
		return 0
	}
	return 100 * 5 * (p / n) * (r / n) / (4*p/n + r/n)
}

// chrf is the chrF2 of a corpus; a hypothesis is held against the reference that fits best.
func chrf(hypotheses []string, references [][]string) float64 {
	var all chrfCounts
	for i, h := range hypotheses {
		var best chrfCounts
		for k, r := range references[i] {
			if c := countCharacters(h, r); k == 0 || c.score() > best.score() {
				best = c
			}
		}
		for n := range all {
			for j := range all[n] {
				all[n][j] += best[n][j]
			}
		}
	}
	return all.score()
}
