package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/chat"
)

func main() {
	object := js.Global().Get("Object").New()
	object.Set("open", js.FuncOf(open))
	js.Global().Set("__lodestoneChat", object)
	select {}
}

// open is open(tokenizerConfig, chatTemplate), each a Uint8Array or null. It returns a function
// render(template, variables), which returns {text} or {code, message}.
func open(_ js.Value, args []js.Value) any {
	config, err := chat.ReadConfig(bytesOf(args[0]), bytesOf(args[1]))
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		if err != nil {
			return failure(err)
		}
		text, err := config.Render(args[0].String(), []byte(args[1].String()))
		if err != nil {
			return failure(err)
		}
		return map[string]any{"text": text}
	})
}

func failure(err error) any {
	code, message := chat.Code(err)
	return map[string]any{"code": code, "message": message, "details": map[string]any{}}
}

func bytesOf(v js.Value) []byte {
	if v.IsNull() {
		return nil
	}
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}
