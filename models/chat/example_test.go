package chat_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/chat"
)

func ExampleConfig_Render() {
	config, err := chat.ReadConfig([]byte(`{"chat_template": "{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}", "eos_token": "</s>"}`), nil)
	if err != nil {
		panic(err)
	}
	text, err := config.Render("", []byte(`{"messages": [{"role": "user", "content": "Guten Morgen"}]}`))
	fmt.Println(text, err)
	// Output: <user>Guten Morgen</s> <nil>
}
