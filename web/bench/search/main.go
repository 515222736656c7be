// Search measures the search of a site's index on real documentation: keywords, static
// vectors, both fused, and both reranked by the sentence encoder, beside other search
// libraries on the same pages and queries. README.md in this folder has the method.
//
//	make search-eval
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
)

// question is a query and the pages that answer it.
type question struct {
	Text  string   `json:"text"`
	Set   string   `json:"set"` // "headings", "paraphrases", "german"
	Pages []string `json:"pages"`
	Tune  bool     `json:"tune"`
}

// readQuestions reads a file of questions that were written by hand: pages, English, German.
func readQuestions(name string) ([]question, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []question
	lines := bufio.NewScanner(f)
	for n := 0; lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %q has %d fields; 3 were expected", name, line, len(fields))
		}
		pages := strings.Fields(fields[0])
		out = append(out, question{fields[1], "paraphrases", pages, n%2 == 0}, question{fields[2], "german", pages, n%2 == 0})
		n++
	}
	return out, lines.Err()
}

// quality is the mean of the measures over questions. All relevant pages count alike.
type quality struct {
	NDCG, Recall float64
	N            int
}

// add adds a ranking.
func (q *quality) add(found, relevant []string) {
	is := map[string]bool{}
	for _, p := range relevant {
		is[p] = true
	}
	dcg, ideal, hit := 0.0, 0.0, 0
	for i, p := range found[:min(10, len(found))] {
		if is[p] {
			dcg += 1 / math.Log2(float64(i)+2)
			hit++
			delete(is, p) // a page counts once
		}
	}
	for i := range min(10, len(relevant)) {
		ideal += 1 / math.Log2(float64(i)+2)
	}
	q.NDCG += dcg / ideal
	q.Recall += float64(hit) / float64(min(10, len(relevant)))
	q.N++
}

func (q quality) String() string {
	n := float64(max(q.N, 1))
	return fmt.Sprintf("%.3f %.3f", q.NDCG/n, q.Recall/n)
}

// readLists reads the pages that another engine found for each question.
func readLists(name string) (lists [][]string, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return lists, json.Unmarshal(b, &lists)
}

func writeJSON(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}
