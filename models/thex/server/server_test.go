//go:build !js

package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/client"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

func send(t *testing.T, method, url string, body []byte) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, b
}

func keysOf(t *testing.T, p *thex.Plan) (*client.Keys, []byte) {
	t.Helper()
	k, err := client.NewKeys(p)
	if err != nil {
		t.Fatal(err)
	}
	var m bytes.Buffer
	if err := k.WriteMessage(&m); err != nil {
		t.Fatal(err)
	}
	return k, m.Bytes()
}

// TestASentenceOverHTTPAndHostileMessages sends a sentence, with a hostile message before
// each step, which is refused and changes nothing.
func TestASentenceOverHTTPAndHostileMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("ciphertexts take long under the race detector, which runs with -short; make test has this test")
	}
	f, err := thex.OpenFolder("../../../weights/thex-kinds-en", thex.DefaultTokens)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1e9, 0)
	s, err := server.New(evaluator.NewModel(f.Plan, f.Weights), f.Labels, server.Options{MaxRuns: 1, Now: func() time.Time { return now }, ReadTimeout: 100 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	post := func(m []byte) (int, []byte) { t.Helper(); return send(t, "POST", h.URL+"/v1/messages", m) }
	refused := func(name string, want int, says string, m []byte) {
		t.Helper()
		if got, text := post(m); got != want || !strings.Contains(string(text), says) {
			t.Errorf("%s: %d %.200q, expected %d with %q", name, got, text, want, says)
		}
	}

	keys, upload := keysOf(t, f.Plan)
	ids, _, err := f.IDs("Tom is still just a boy.")
	if err != nil {
		t.Fatal(err)
	}
	run, message, err := keys.Begin(f.Embeddings, ids)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := keys.Fingerprint()
	at := h.URL + "/v1/keys/" + hex.EncodeToString(fingerprint[:])

	refused("keys that were never sent", 412, "send them", message)
	if got, _ := send(t, "GET", at, nil); got != 404 {
		t.Errorf("unknown keys: %d", got)
	}
	changed := func(m []byte, at int, with ...byte) []byte {
		y := append([]byte{}, m...)
		copy(y[at:], with)
		return y
	}
	for name, c := range map[string]struct {
		want int
		body []byte
	}{
		"half of the keys":          {400, upload[:len(upload)/2]},
		"keys with another":         {412, changed(upload, wire.HeaderBytes+100, 1, 2, 3, 4)},
		"a key of another rotation": {412, changed(upload, wire.HeaderBytes, 9)},
		"a message":                 {400, message},
		"nothing":                   {400, nil},
	} {
		if got, text := send(t, "PUT", h.URL+"/v1/keys", c.body); got != c.want {
			t.Errorf("%s: %d %s, expected %d", name, got, text, c.want)
		}
	}
	if got, text := send(t, "PUT", h.URL+"/v1/keys", upload); got != 204 {
		t.Fatalf("keys: %d %s", got, text)
	}
	if got, _ := send(t, "GET", at, nil); got != 204 {
		t.Errorf("known keys: %d", got)
	}

	gigabyte := binary.LittleEndian.AppendUint64(nil, 1<<30)
	part := wire.HeaderBytes // of a message with one part: level, seed, c0
	refused("some other file", 400, `begins with "GET "`, []byte("GET / "+strings.Repeat("x", 200)))
	refused("another version", 422, "version", changed(message, 4, 9))
	refused("another kind", 400, "kind", changed(message, 6, 7))
	refused("an answer", 400, "expected a message of the client", changed(message, 6, 3))
	refused("other parameters", 422, "hash", changed(message, 8, 1, 2, 3))
	refused("another client's keys", 412, "send them", changed(message, 40, 1, 2, 3))
	refused("a length of 1 GB", 400, "wrong size", changed(message, 96, gigabyte...))
	refused("four billion parts", 400, "wrong size", changed(message, 92, 255, 255, 255, 255))
	refused("an exchange behind the last", 409, "out of order", changed(message, 88, 200))
	refused("wrong level", 400, "wrong level", changed(message, part, 4))
	refused("a residue that is none", 400, "residue", changed(message, part+1+thex.SeedBytes, 255, 255, 255, 255, 255, 255))
	refused("truncated", 400, "truncated", message[:len(message)-1])
	refused("half a header", 400, "truncated", message[:50])
	refused("bytes behind", 400, "wrong size", append(append([]byte{}, message...), 0))

	other, _ := keysOf(t, f.Plan)
	_, foreign, err := other.Begin(f.Embeddings, ids)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; message != nil; n++ {
		got, answer := post(message)
		if got != 200 {
			t.Fatalf("message %d: %d %s", n, got, answer)
		}
		if n == 0 {
			refused("a replayed message", 409, "answered once", message)
			refused("another session's keys in the run", 412, "wrong evaluation keys", changed(message, 40, foreign[40:72]...))
			refused("a second run where one is allowed", 503, "unfinished", func() []byte {
				_, m, err := keys.Begin(f.Embeddings, ids)
				if err != nil {
					t.Fatal(err)
				}
				return m
			}())
			for name, c := range map[string][]byte{"another exchange": changed(answer, 88, 1), "another run": changed(answer, 72, 1, 2, 3), "truncated": answer[:len(answer)-3], "level": changed(answer, wire.HeaderBytes, 2), "nothing": nil} {
				if _, err := run.Next(c); err == nil {
					t.Errorf("the client takes an answer with %s", name)
				}
			}
		}
		if message, err = run.Next(answer); err != nil {
			t.Fatal(err)
		}
	}
	plain, err := thex.Plaintext(f.Plan.Shape, f.Weights, f.Embeddings, ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range run.Logits() {
		if d := v - plain[i]; d > 4e-3 || d < -4e-3 {
			t.Errorf("logits %v, in clear %v", run.Logits(), plain)
		}
	}

	// A run that waits too long is dropped.
	run, message, err = keys.Begin(f.Embeddings, ids)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := post(message)
	if message, err = run.Next(answer); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	refused("a run that waited too long", 404, "begin again", message)

	var d server.Description
	if got, text := send(t, "GET", h.URL+"/v1/model", nil); got != 200 || json.Unmarshal(text, &d) != nil || len(d.Messages) != 9 || d.KeyBytes != len(upload) || d.Labels[0] != "conversation" {
		t.Errorf("%d %s", got, text)
	}
}
