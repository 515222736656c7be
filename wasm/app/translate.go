//go:build js && wasm

package main

import (
	"context"

	"github.com/lodestone-wasm/lodestone/ui"
)

// translator is ui.Translator by the model of that name.
type translator struct{ *model }

// Translate translates a sentence.
func (t translator) Translate(ctx context.Context, text, from, to string, piece func(string)) (ui.Generated, error) {
	return t.generate(ctx, text, map[string]any{"src_lang": from, "tgt_lang": to}, piece)
}

// Card fetches the model's card.
func (t translator) Card(context.Context) (string, error) {
	return fetchText(t.folder + "MODEL_CARD.md")
}

// Copy puts text on the clipboard.
func (translator) Copy(text string) error { return copyText(text) }

// translation puts what the view "Translate" holds into its boxes; the loop calls it after every render.
func (b *boxes) translation(t *ui.Translation) {
	if b.page.root.Current != "translate" {
		return
	}
	v := t.View()
	b.put("translate-text", v.Source)
	b.fill("translation", v.Output)
}
