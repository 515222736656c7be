package strictjson

import (
	"encoding/json"
	"testing"
)

// Whatever is appended reads back here and in encoding/json.
func TestAppendStringReadsBack(t *testing.T) {
	for _, s := range []string{"", "a", `"\/`, "\x00\x01\x1f\x20\x7f", "é▁😀\u2028", "</script>", "\r\n\t"} {
		b := AppendString([]byte("x"), s)
		got, err := NewDecoder(b[1:]).String()
		if err != nil || got != s || b[0] != 'x' {
			t.Errorf("%q became %s, read as %q, %v", s, b, got, err)
		}
		var other string
		if err := json.Unmarshal(b[1:], &other); err != nil || other != s {
			t.Errorf("%q: encoding/json reads %q, %v", s, other, err)
		}
	}
	if got := string(AppendString(nil, "a\xffb")); got != "\"a\ufffdb\"" {
		t.Errorf("invalid UTF-8 became %q", got)
	}
}
