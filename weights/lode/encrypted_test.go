package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestEncryptClassify(t *testing.T) {
	if testing.Short() {
		t.Skip("ciphertexts take long under the race detector, which runs with -short; make test has this test")
	}
	const dir = "../thex-kinds-en"
	url, _, end := serving(t, "--model", model, "--encrypted", dir, "--encrypted-tokens", "32")
	defer end()
	url += "/encrypted"
	for _, c := range []struct {
		name, out, err string
		args           []string
		status         int
	}{
		{"a text", "conversation\t[", "exchange 8:", []string{"--server", url, "--model", dir, "Where is the station?"}, 0},
		{"another length", "", "other parameters", []string{"--server", url, "--model", dir, "--tokens", "64", "Where is the station?"}, 1},
		{"no such path", "", "404", []string{"--server", url + "/nothing", "--model", dir, "Where is the station?"}, 1},
		{"no server given", "", "--server", []string{"--model", dir, "Where is the station?"}, 2},
	} {
		var out, complaint bytes.Buffer
		status := run(&env{in: strings.NewReader(""), out: &out, err: &complaint}, append([]string{"encrypt-classify"}, c.args...))
		if status != c.status || !strings.HasPrefix(out.String(), c.out) || !strings.Contains(complaint.String(), c.err) {
			t.Errorf("%s: status %d, %q, %q", c.name, status, out.String(), complaint.String())
		}
	}
}

// Alone, the evaluator answers pages of the origins that may call it, and nothing but encrypted runs.
func TestAnEvaluatorAloneAnswersPages(t *testing.T) {
	url, _, end := serving(t, "--encrypted", "../thex-kinds-en", "--origin", "https://example.org")
	for path, status := range map[string]int{"/encrypted/v1/model": 200, "/v1/embeddings": 404} {
		r, err := http.NewRequest("GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://example.org")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if allow := a.Header.Get("Access-Control-Allow-Origin"); a.StatusCode != status || status == 200 && allow != "https://example.org" {
			t.Errorf("%s: %d, allowed %q", path, a.StatusCode, allow)
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestEncryptedRunsHaveNoTokens(t *testing.T) {
	_, errs, status := lode("", "serve", "--addr", "127.0.0.1:0", "--model", model, "--encrypted", "../thex-kinds-en", "--token-file", "serve.go")
	if status != 2 || !strings.Contains(errs, "--token-file") {
		t.Errorf("status %d, %s", status, errs)
	}
}
