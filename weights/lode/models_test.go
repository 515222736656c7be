package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hub serves the default model as the hub has it, and at an address of its own.
func hub(t *testing.T) (*httptest.Server, *int) {
	t.Helper()
	requests := 0
	files := http.FileServer(http.Dir(".."))
	mux := http.NewServeMux()
	mux.Handle("/models/", http.StripPrefix("/models", files))
	mux.HandleFunc("/owner/thex/resolve/main/{file}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("file")
		if name == "manifest.json" || name == "LICENSE" || name == "MODEL_CARD.md" {
			http.NotFound(w, r) // the hub's models have none
			return
		}
		r.URL.Path = "/thex-kinds-en/" + name
		if text, err := os.ReadFile("../thex-kinds-en/" + name); err == nil && name == "model.safetensors" {
			w.Header().Set("X-Linked-Etag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(text))))
		}
		files.ServeHTTP(w, r)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("LODESTONE_CACHE", t.TempDir())
	t.Setenv("HF_ENDPOINT", server.URL)
	return server, &requests
}

// One model under each of its names gives one result.
func TestAModelIsNamedInOneOfFourWays(t *testing.T) {
	server, requests := hub(t)
	const text = "Where is the station?"
	want := must(t, "", "run", "text-classification", "../thex-kinds-en", text)
	for _, c := range []struct {
		name    string
		fetches bool
	}{{"thex-kinds-en", false}, {"owner/thex", true}, {server.URL + "/models/thex-kinds-en", true}} {
		if out, errs, status := lode("", "run", "text-classification", "--offline", c.name, text); (status == 0) == c.fetches || status != 0 && !strings.Contains(errs, "lode get "+c.name) {
			t.Errorf("%s with --offline: status %d, %s%s", c.name, status, out, errs)
		}
		for range 2 {
			before := *requests
			if got := must(t, "", "run", "text-classification", c.name, text); got != want {
				t.Errorf("%s: %q, expected %q", c.name, got, want)
			}
			if (*requests > before) != c.fetches {
				t.Errorf("%s: %d requests", c.name, *requests-before)
			}
			c.fetches = false // the second time it is in the cache
		}
	}
}

func TestAModelThatIsNoneIsRefusedWithTheNearest(t *testing.T) {
	hub(t)
	for _, c := range []struct {
		args  []string
		names string
	}{
		{[]string{"embed", "--model", "prompt-magneto-de"}, `did you mean "prompt-magneto-en-de-fr"?`},
		{[]string{"embed", "--model", "./no-such-folder"}, "there is no folder"},
		{[]string{"embed", "--model", "owner/other"}, "no such file on the server"},
		{[]string{"embed", "--model", "owner/thex@"}, "revision"},
		{[]string{"embed", "--model", "../no/../such"}, "there is no folder"},
		{[]string{"get", ".."}, "folder already"},
		{[]string{"get", "--offline", "owner/thex"}, "--offline"},
	} {
		if _, errs, status := lode("a\n", c.args...); status == 0 || !strings.Contains(errs, c.names) {
			t.Errorf("%q: status %d, %s", c.args, status, errs)
		}
	}
}

func TestGetSaysWhereTheFolderIsAndHowItWasVerified(t *testing.T) {
	server, _ := hub(t)
	to := filepath.Join(t.TempDir(), "model")
	for _, c := range []struct {
		name, verified string
		args           []string
	}{
		{"owner/thex", "server", nil},
		{server.URL + "/models/thex-kinds-en/", "manifest", []string{"--to", to}},
		{"kformer-notes-en", "manifest", nil},
	} {
		for range 2 { // what is there stays
			out := must(t, "", append([]string{"get", "--json", c.name}, c.args...)...)
			var y fetched
			if err := json.Unmarshal([]byte(out), &y); err != nil {
				t.Fatal(err)
			}
			for _, f := range y.Files {
				if f.Path == "model.safetensors" && f.Verified != c.verified && f.Verified != "size" {
					t.Errorf("%s: %+v", c.name, f)
				}
			}
			info, err := os.Stat(filepath.Join(y.Dir, "model.safetensors"))
			if err != nil || y.Bytes <= info.Size() {
				t.Errorf("%s: %d bytes in %s, %v", c.name, y.Bytes, y.Dir, err)
			}
		}
	}
}
