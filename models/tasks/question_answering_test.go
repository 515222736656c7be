package tasks

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// question is one and the text that its answer is looked for in.
type question struct{ Question, Context string }

// ask asks them.
func ask(r *QuestionAnswering, list []question, o QuestionAnsweringOptions) ([][]Answer, error) {
	var questions, contexts []string
	for _, q := range list {
		questions, contexts = append(questions, q.Question), append(contexts, q.Context)
	}
	return r.Run(nil, questions, contexts, o)
}

// brute is the answers by trying every span: the computation in float64 of a question
// whose context fits one window, without widening.
func brute(t *testing.T, model *headstest.Model, r *QuestionAnswering, q question, most int) []Answer {
	t.Helper()
	e, err := r.tok.EncodePair(q.Question, q.Context, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := r.tok.Encode(q.Question, tokenizer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	logits := model.Logits(e.IDs, e.TypeIDs)
	rows, text := []int{0}, 0
	for i, special := range e.SpecialTokensMask {
		if special == 0 {
			if text++; text > len(alone.IDs) {
				rows = append(rows, i)
			}
		}
	}
	var begins, ends []float64
	for _, i := range rows {
		begins, ends = append(begins, logits[i][0]), append(ends, logits[i][1])
	}
	begins, ends = exact(begins), exact(ends)
	all := []Answer{{Score: begins[0] * ends[0]}}
	for i := 1; i < len(rows); i++ {
		for j := i; j < len(rows) && j < i+most; j++ {
			start, end := e.Offsets[rows[i]].Start, e.Offsets[rows[j]].End
			for q.Context[start] == ' ' {
				start++
			}
			for end > start+1 && q.Context[end-1] == ' ' {
				end--
			}
			if same := find(all, Answer{Start: start, End: end}); same != nil {
				same.Score += begins[i] * ends[j] // bytes of one character
				continue
			}
			all = append(all, Answer{Answer: q.Context[start:end], Score: begins[i] * ends[j], Start: start, End: end})
		}
	}
	slices.SortStableFunc(all, func(a, b Answer) int {
		if a.Score > b.Score {
			return -1
		}
		return 1
	})
	return all
}

var questions = []question{
	{"where was ada born?", "Ada Lovelace was born in London, the capital."},
	{"who lives in paris?", "🙂 a poet lives in Paris"},
	{"", "london"},
}

func TestAnswersAreTheLikeliestSpans(t *testing.T) {
	for _, family := range headstest.Families {
		t.Run(family, func(t *testing.T) {
			model := headstest.New(family, heads.QuestionAnswering)
			r := tiny(t, NewQuestionAnswering, model)
			list := questions
			if family == "roberta" { // bytes: all must fit 40
				list = []question{{"where?", "in the Paris é"}}
			}
			for _, most := range []int{0, 2} {
				got, err := ask(r, list, QuestionAnsweringOptions{TopK: 4, MaxAnswerLen: most, NoAlignToWords: true, HandleImpossibleAnswer: true})
				if err != nil {
					t.Fatal(err)
				}
				for i, q := range list {
					bound := most
					if bound == 0 {
						bound = 15
					}
					want := brute(t, model, r, q, bound)
					want = want[:min(4, len(want))]
					if len(got[i]) != len(want) {
						t.Fatalf("%d answers, want %d", len(got[i]), len(want))
					}
					for k, y := range got[i] {
						if y.Answer != want[k].Answer || !near(y.Score, want[k].Score) || y.Start != want[k].Start || y.End != want[k].End {
							t.Errorf("question %d, place %d: %v, want %v", i, k, y, want[k])
						}
						if q.Context[y.Start:y.End] != y.Answer {
							t.Errorf("%v is not in the context", y)
						}
					}
				}
			}
		})
	}
}

func TestTypesSayWhatIsQuestionAndWhatIsContext(t *testing.T) {
	model := headstest.New("bert", heads.QuestionAnswering)
	r := tiny(t, NewQuestionAnswering, model)
	e, err := r.tok.EncodePair("who", "ada", tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		t.Fatal(err)
	}
	f := frame(e, 1)
	ids, types := f.cut(f.IDs, 0, 1), f.cut(f.TypeIDs, 0, 1)
	if !slices.Equal(ids, e.IDs) || !slices.Equal(types, []int32{0, 0, 0, 1, 1}) {
		t.Errorf("ids %v, types %v", ids, types)
	}
	if d := model.Logits(ids, types)[3][0] - model.Logits(ids, make([]int32, 5))[3][0]; near(d, 0) {
		t.Error("the types of this model say nothing: the test above would not see them")
	}
}

func TestAnswersAreFoundFarDownInALongContext(t *testing.T) {
	model := headstest.New("bert", heads.QuestionAnswering)
	r := tiny(t, NewQuestionAnswering, model)
	context := strings.Repeat("the capital of france is paris. ", 12)
	const room = headstest.Positions - 5 // [CLS] who [SEP] … [SEP], and one for "?"
	got, err := ask(r, []question{{"who?", context}}, QuestionAnsweringOptions{TopK: 500, MaxAnswerLen: 3, DocStride: 9, NoAlignToWords: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.tok.EncodePair("who?", context, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		t.Fatal(err)
	}
	n := len(e.IDs) - 5
	best := map[[2]int]float64{}
	for from := 0; ; from += room - 9 {
		to := min(n, from+room)
		ids := slices.Concat(e.IDs[:4], e.IDs[4+from:4+to], e.IDs[len(e.IDs)-1:])
		types := slices.Concat([]int32{0, 0, 0, 0}, slices.Repeat([]int32{1}, to-from+1))
		logits := model.Logits(ids, types)
		begins, ends := []float64{logits[0][0]}, []float64{logits[0][1]}
		for i := range to - from {
			begins, ends = append(begins, logits[4+i][0]), append(ends, logits[4+i][1])
		}
		begins, ends = exact(begins), exact(ends)
		for i := range to - from {
			for j := i; j < min(to-from, i+3); j++ {
				at := [2]int{e.Offsets[4+from+i].Start, e.Offsets[4+from+j].End}
				best[at] = max(best[at], begins[i+1]*ends[j+1])
			}
		}
		if to == n {
			break
		}
	}
	if len(got[0]) != len(best) {
		t.Errorf("%d answers, want %d", len(got[0]), len(best))
	}
	last := 0
	for _, y := range got[0] {
		if !near(y.Score, best[[2]int{y.Start, y.End}]) {
			t.Errorf("%v, want %g", y, best[[2]int{y.Start, y.End}])
		}
		last = max(last, y.End)
	}
	if last < len(strings.TrimSpace(context)) {
		t.Errorf("the last answer ends at %d of %d", last, len(context))
	}
}

func TestAnswersAreWidenedToWords(t *testing.T) {
	for _, c := range []struct {
		text       string
		start, end int
		want       string
	}{
		{"ada lovelaces house", 6, 8, "lovelaces"},
		{"ada lovelace's", 4, 9, "lovelace"},
		{"Zürich", 3, 4, "Zürich"},
		{"東京都 is", 3, 6, "京"},
		{"a-b", 0, 1, "a"},
		{"", 0, 0, ""},
	} {
		start, end := widen(c.text, c.start, c.end)
		if got := c.text[start:end]; got != c.want {
			t.Errorf("%q[%d:%d]: %q, want %q", c.text, c.start, c.end, got, c.want)
		}
	}
	r := tiny(t, NewQuestionAnswering, headstest.New("bert", heads.QuestionAnswering))
	got, err := ask(r, []question{{"who?", "Lovelaces"}}, QuestionAnsweringOptions{TopK: 9})
	if err != nil || len(got[0]) != 1 || got[0][0].Answer != "Lovelaces" || got[0][0].Score > 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestQuestionsThatCannotBeAskedAreRefused(t *testing.T) {
	r := tiny(t, NewQuestionAnswering, headstest.New("bert", heads.QuestionAnswering))
	for _, c := range []struct {
		q    question
		o    QuestionAnsweringOptions
		err  error
		says string
	}{
		{question{"who?", ""}, QuestionAnsweringOptions{TopK: 1}, ErrInput, "question 0: invalid input: its context has no token"},
		{question{strings.Repeat("who ", 50), "ada"}, QuestionAnsweringOptions{TopK: 1}, transformer.ErrTooLong, "text 0: 53 tokens around it leave none of 40"},
		{question{"who?", "ada"}, QuestionAnsweringOptions{TopK: -1}, ErrInput, "top_k is -1"},
		{question{"who?", "ada"}, QuestionAnsweringOptions{TopK: 1, MaxAnswerLen: 513}, ErrInput, "max_answer_len is 513 (1 to 512)"},
		{question{"who?", "ada"}, QuestionAnsweringOptions{TopK: 1, DocStride: 500}, ErrInput, "a stride of 500 tokens"},
		{question{"\xff", "ada"}, QuestionAnsweringOptions{TopK: 1}, tokenizer.ErrInvalidText, "question 0"},
	} {
		if _, err := ask(r, []question{c.q}, c.o); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.20q: error %v, expected %v saying %q", c.q, err, c.err, c.says)
		}
	}
}
