//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/notes"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// chooser is a notes.Answerer: the module's KformerForMultipleChoice.
type chooser struct{ pipeline }

// Load loads the folder in a worker of its own.
func (l *chooser) Load(ctx context.Context, progress func(host.Progress)) error {
	return l.load(ctx, progress, map[string]any{}, func(module js.Value, url string, options js.Value) (js.Value, error) {
		return await(module.Get("KformerForMultipleChoice").Call("from_pretrained", url, options))
	})
}

// Learn replaces the notes.
func (l *chooser) Learn(ctx context.Context, texts []string) error {
	handle, err := l.get()
	if err != nil {
		return err
	}
	abort, release := signal(ctx)
	defer release()
	_, err = await(handle.Call("setKnowledge", values(texts), map[string]any{"signal": abort}))
	return err
}

// Answer asks a question.
func (l *chooser) Answer(ctx context.Context, question string, answers []string, withNotes bool) ([]notes.Choice, error) {
	handle, err := l.get()
	if err != nil {
		return nil, err
	}
	abort, release := signal(ctx)
	defer release()
	found, err := await(handle.Invoke(question, values(answers), map[string]any{"use_notes": withNotes, "signal": abort}))
	if err != nil {
		return nil, err
	}
	return wire.Choices(stringify(found, nil), len(answers))
}
