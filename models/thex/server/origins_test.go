package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/thex/server"
)

func TestPagesOfOtherOriginsCallOnlyWhereTheyMay(t *testing.T) {
	const page = "https://example.org"
	for _, c := range []struct {
		name, method, origin string
		origins              []string
		status               int
		allow                string
	}{
		{"an origin that is listed", "POST", page, []string{"https://other.example", page}, 418, page},
		{"every origin", "POST", page, []string{"*"}, 418, page},
		{"an origin that is not listed", "POST", page, []string{"https://other.example"}, 418, ""},
		{"no origin is listed", "POST", page, nil, 418, ""},
		{"a preflight", "OPTIONS", page, []string{page}, 204, page},
		{"a preflight of another origin", "OPTIONS", page, nil, 204, ""},
	} {
		h := server.Origins(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }), c.origins...)
		r := httptest.NewRequest(c.method, "/v1/messages", nil)
		r.Header.Set("Origin", c.origin)
		if c.method == "OPTIONS" {
			r.Header.Set("Access-Control-Request-Method", "PUT")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != c.status || got != c.allow {
			t.Errorf("%s: %d with %q, expected %d with %q", c.name, w.Code, got, c.status, c.allow)
		}
		if methods := w.Header().Get("Access-Control-Allow-Methods"); (methods != "") != (c.method == "OPTIONS" && c.allow != "") {
			t.Errorf("%s: methods %q", c.name, methods)
		}
	}
}
