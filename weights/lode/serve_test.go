package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	line chan struct{} // a value for each write
}

func (w *buffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.line <- struct{}{}:
	default:
	}
	return w.b.Write(p)
}

func (w *buffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// serving starts `lode serve` and returns its address, what it prints, and how to end it.
func serving(t *testing.T, args ...string) (url string, out *buffer, end func() error) {
	t.Helper()
	out, log := &buffer{line: make(chan struct{}, 64)}, &buffer{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		var err error
		if status := run(&env{in: strings.NewReader(""), out: out, err: log, ctx: ctx}, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)); status != 0 {
			err = fmt.Errorf("exit status %d: %s", status, log.String())
		}
		ended <- err
	}()
	t.Cleanup(cancel)
	address := regexp.MustCompile(`http://[0-9.:]+`)
	for !strings.Contains(out.String(), "curl ") {
		select {
		case err := <-ended:
			t.Fatalf("lode serve ended: %v; %s", err, log.String())
		case <-out.line:
		}
	}
	return address.FindString(out.String()), out, func() error { cancel(); return <-ended }
}

func vectorsOf(t *testing.T, url, token, body string) [][]float32 {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/v1/embeddings", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	y, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Body.Close()
	text, err := io.ReadAll(y.Body)
	if err != nil || y.StatusCode != 200 {
		t.Fatalf("status %d: %s, %v", y.StatusCode, text, err)
	}
	var v struct {
		Data []struct{ Embedding []float32 }
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for _, d := range v.Data {
		all = append(all, d.Embedding)
	}
	return all
}

func TestServeGivesTheVectorsOfEmbedToTheBit(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte("# of this test\na-token-of-this-test\n\nanother-token-of-it\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url, out, end := serving(t, "--model", "m="+model, "--token-file", tokens)
	texts := []string{"Guten Morgen", "good morning", "The cat sat on the mat.", "bonjour 🙂"}
	want := lines[[]float32](t, must(t, strings.Join(texts, "\n")+"\n", "embed", "--model", model, "--normalize"))
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	got := vectorsOf(t, url, "another-token-of-it", `{"model":"m","input":`+string(input)+`}`)
	for i := range want {
		if len(got) != len(want) || !slices.Equal(got[i], want[i]) {
			t.Fatalf("vector %d of %d differs", i, len(got))
		}
	}
	for _, text := range texts {
		want := lines[[]float32](t, must(t, text+"\n", "embed", "--model", model, "--normalize"))
		one, _ := json.Marshal(text)
		if got := vectorsOf(t, url, "a-token-of-this-test", `{"model":"m","input":`+string(one)+`}`); !slices.Equal(got[0], want[0]) {
			t.Errorf("%q alone: the vector differs", text)
		}
	}

	// The line that is printed is a call that works.
	_, call, _ := strings.Cut(out.String(), "\n")
	curl, err := exec.LookPath("curl")
	if err == nil {
		y, err := exec.Command("sh", "-c", strings.Replace(call, "curl", curl, 1)).CombinedOutput()
		if err != nil || !strings.Contains(string(y), `"object":"embedding"`) {
			t.Errorf("%s: %v, %s", call, err, y)
		}
	}
	if err := end(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := http.Get(url + "/health"); err == nil {
		t.Error("after its end it still answers")
	}
}

// A request that runs when the service is ended is answered.
func TestServeLetsRequestsComeToAnEnd(t *testing.T) {
	url, _, end := serving(t, "--model", "m="+model)
	body, send := io.Pipe()
	r, err := http.NewRequest("POST", url+"/v1/embeddings", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Expect", "100-continue")
	reads := make(chan struct{}) // closed when the service reads the body
	r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reads) }}))
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour, DisableKeepAlives: true}}
	answer := make(chan int, 1)
	go func() {
		y, err := client.Do(r)
		if err != nil {
			t.Error(err)
			answer <- 0
			return
		}
		y.Body.Close()
		answer <- y.StatusCode
	}()
	<-reads
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	io.WriteString(send, `{"model":"m","input":"a"}`)
	send.Close()
	if code := <-answer; code != 200 {
		t.Errorf("status %d", code)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeSaysWhatItCannotServe(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(empty, []byte("# none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		names  string
	}{
		{nil, 2, "--model"},
		{[]string{"--model", t.TempDir()}, 1, "config.json"},
		{[]string{"--model", model, "--model", model}, 1, "two models"},
		{[]string{"--model", model, "--token-file", empty}, 1, "no token"},
		{[]string{"--model", model, "--addr", "127.0.0.1:-1"}, 1, "invalid port"},
		{[]string{"--model", model, "x"}, 2, "1 argument (x)"},
	} {
		if _, errs, status := lode("", append([]string{"serve"}, c.args...)...); status != c.status || !strings.Contains(errs, c.names) {
			t.Errorf("lode serve %q: status %d, %q; expected %d naming %s", c.args, status, errs, c.status, c.names)
		}
	}
}
