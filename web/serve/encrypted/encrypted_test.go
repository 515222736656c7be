package encrypted

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEncryptedRunsStandBesideTheFiles(t *testing.T) {
	h, err := Handler("../../../weights/thex-kinds-en", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		status int
		text   string
	}{
		{"/", 418, ""},
		{"/encrypted/v1/model", 200, `"labels":["conversation","story","novel"]`},
		{"/encrypted/v1/keys/00", 400, "64 hexadecimal digits"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", c.path, nil))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
			t.Errorf("%s: %d %q, expected %d with %q", c.path, w.Code, w.Body.String(), c.status, c.text)
		}
	}
	if _, err := Handler("../../../weights/writer-magneto-en", http.NotFoundHandler()); err == nil {
		t.Error("a folder without a THE-X classifier is taken")
	}
}
