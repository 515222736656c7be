package main

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
)

func TestEncryptClassify(t *testing.T) {
	if testing.Short() {
		t.Skip("computes on ciphertexts")
	}
	const dir = "../thex-kinds-en"
	folder, err := thex.OpenFolder(dir, 32)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(evaluator.NewModel(folder.Plan, folder.Weights), folder.Labels, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	for _, c := range []struct {
		name, out, err string
		args           []string
		status         int
	}{
		{"a text", "conversation\t[", "exchange 8:", []string{"--server", h.URL, "--model", dir, "Where is the station?"}, 0},
		{"another length", "", "other parameters", []string{"--server", h.URL, "--model", dir, "--tokens", "64", "Where is the station?"}, 1},
		{"no such path", "", "404", []string{"--server", h.URL + "/nothing", "--model", dir, "Where is the station?"}, 1},
		{"no server", "", "--server", []string{"--model", dir, "Where is the station?"}, 2},
	} {
		var out, complaint bytes.Buffer
		status := run(&env{strings.NewReader(""), &out, &complaint}, append([]string{"encrypt-classify"}, c.args...))
		if status != c.status || !strings.HasPrefix(out.String(), c.out) || !strings.Contains(complaint.String(), c.err) {
			t.Errorf("%s: status %d, %q, %q", c.name, status, out.String(), complaint.String())
		}
	}
}
