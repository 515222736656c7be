//go:build !js

package evaluator_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/client"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

const shipped = "../../../weights/thex-kinds-en"

// both is the model that ships, both sides of it, and keys of a client that the server has read.
type both struct {
	*thex.Folder
	model    *evaluator.Model
	client   *client.Keys
	keys     *evaluator.Keys
	keyBytes int
}

var opened = sync.OnceValues(func() (*both, error) {
	f, err := thex.OpenFolder(shipped, thex.DefaultTokens)
	if err != nil {
		return nil, err
	}
	b := &both{Folder: f, model: evaluator.NewModel(f.Plan, f.Weights)}
	if b.client, err = client.NewKeys(f.Plan); err != nil {
		return nil, err
	}
	var message bytes.Buffer
	if err = b.client.WriteMessage(&message); err != nil {
		return nil, err
	}
	b.keyBytes = message.Len()
	b.keys, err = b.model.ReadKeys(&message)
	return b, err
})

func open(t testing.TB) *both {
	t.Helper()
	b, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// exchange hands a message of the client to the server.
func (b *both) exchange(run **evaluator.Run, message []byte) ([]byte, error) {
	r := bytes.NewReader(message)
	h, err := wire.ReadHeader(r)
	if err != nil {
		return nil, err
	}
	if *run == nil {
		if *run, err = b.model.Begin(h, b.keys); err != nil {
			return nil, err
		}
	}
	return (*run).Answer(h, r)
}

// classify is a whole run through the wire format: logits, and bytes both ways.
func (b *both) classify(ids []int32) (logits []float64, up, down int, err error) {
	c, message, err := b.client.Begin(b.Embeddings, ids)
	var server *evaluator.Run
	for err == nil && message != nil {
		up += len(message)
		var answer []byte
		if answer, err = b.exchange(&server, message); err == nil {
			down += len(answer)
			message, err = c.Next(answer)
		}
	}
	if err != nil {
		return nil, up, down, err
	}
	return c.Logits(), up, down, nil
}

func texts(t testing.TB, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var y struct{ Cases []struct{ Text string } }
	if err := json.Unmarshal(text, &y); err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, c := range y.Cases {
		s = append(s, c.Text)
	}
	return s
}

// collection is the English sentences of the demo.
func collection(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../../../web/demo/collection.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 && f[2] == "en" {
			s = append(s, f[3])
		}
	}
	return s
}

func best(v []float64) int {
	k := 0
	for i := range v {
		if v[i] > v[k] {
			k = i
		}
	}
	return k
}

// errorBound is how far logits may be from the plaintext model's; the simulator of
// package thex has the same bound.
const errorBound = 4e-3

// TestASentenceEndToEnd sends three held-out sentences through the wire format. With
// THEX_SENTENCES=n it sends n (make thex): the held-out ones, then sentences of the demo,
// which the model was not trained on as such, but some of which may be in its texts.
func TestASentenceEndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("ciphertexts take long under the race detector, which runs with -short; make test has this test")
	}
	want := 3
	if s := os.Getenv("THEX_SENTENCES"); s != "" {
		var err error
		if want, err = strconv.Atoi(s); err != nil || want < 1 {
			t.Fatalf("THEX_SENTENCES=%q", s)
		}
	}
	begin := time.Now()
	b := open(t)
	t.Logf("keys %.1f MB, made and read in %.1f s", float64(b.keyBytes)/1e6, time.Since(begin).Seconds())
	if b.keyBytes > 64e6 {
		t.Errorf("the keys have %d bytes, expected at most 64 MB", b.keyBytes)
	}
	n, same, worst, simulated := 0, 0, 0.0, 0.0
	for _, text := range append(texts(t, "../../tasks/testdata/thex-kinds-en.json"), collection(t)...) {
		ids, truncated, err := b.IDs(text)
		if err != nil {
			t.Fatal(err)
		}
		if truncated || n == want {
			continue
		}
		n++
		plain, err := thex.Plaintext(b.Plan.Shape, b.Weights, b.Embeddings, ids)
		if err != nil {
			t.Fatal(err)
		}
		model, err := thex.Simulate(thex.NewSimulator(uint64(n)), b.Plan, b.Weights, b.Embeddings, ids)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		got, up, down, err := b.classify(ids)
		if err != nil {
			t.Fatal(err)
		}
		apart, fromModel := 0.0, 0.0
		for i := range got {
			apart, fromModel = max(apart, math.Abs(got[i]-plain[i])), max(fromModel, math.Abs(got[i]-model[i]))
		}
		worst, simulated = max(worst, apart), max(simulated, fromModel)
		if best(got) == best(plain) {
			same++
		}
		t.Logf("%.1f s, up %.2f MB, down %.2f MB, %d tokens: %s %.4f, off by %.2g (%.2g from the simulator): %q", time.Since(begin).Seconds(), float64(up)/1e6, float64(down)/1e6, len(ids), b.Labels[best(got)], got, apart, fromModel, text)
		if up+down > 60e6 {
			t.Errorf("%d bytes, expected at most 60 MB", up+down)
		}
	}
	t.Logf("%d of %d labels alike, logits off by at most %.2g, from the simulator's by %.2g", same, n, worst, simulated)
	if n < want && n < 190 || same < n-n/100 || worst > errorBound || simulated > 2*errorBound {
		t.Errorf("%d of %d labels alike (%d asked for), off by %v and %v", same, n, want, worst, simulated)
	}
}
