package chat

import (
	"errors"
	"testing"
	"unicode/utf8"
)

// FuzzRender: any template with any messages ends, within the limits, with a text or an error
// of this package.
func FuzzRender(f *testing.F) {
	for _, c := range readGoldens(f).Cases {
		f.Add(c.Template, []byte(c.Variables))
	}
	f.Fuzz(func(t *testing.T, template string, variables []byte) {
		parsed, err := Parse(template)
		if err == nil {
			var text string
			if text, err = parsed.Render(variables); len(text) > MaxText {
				t.Fatalf("%d bytes of text", len(text))
			}
			if utf8.ValidString(template) && !utf8.ValidString(text) {
				t.Fatalf("%q is not UTF-8", text)
			}
		}
		if err == nil {
			return
		}
		for _, kind := range []error{ErrTemplate, ErrUnsupported, ErrMessages, ErrLimit} {
			if errors.Is(err, kind) {
				return
			}
		}
		t.Fatalf("an error of no kind: %v", err)
	})
}

// FuzzReadConfig: any file is read or refused, and what it holds renders or is refused.
func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(`{"chat_template": [{"name": "default", "template": "{{ bos_token }}"}], "bos_token": {"content": "<s>"}}`))
	f.Add([]byte(`{"chat_template": "{% if x %}", "eos_token": "</s>"}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := ReadConfig(file, nil)
		if err != nil {
			if !errors.Is(err, ErrTemplate) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		c.Render("", []byte(`{"messages": []}`))
	})
}
