// Package chat turns the messages of a chat into the text that a model continues, by the
// template that the model's folder has for it.
//
// Begin with [ReadConfig], which reads tokenizer_config.json and chat_template.jinja, and
// [Config.Render]:
//
//	c, err := chat.ReadConfig(tokenizerConfig, nil)
//	text, err := c.Render("", []byte(`{"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true}`))
//
// Templates are Jinja 2 as Hugging Face transformers runs it: trim_blocks and lstrip_blocks
// are on, one newline at the end is dropped, and lists cannot be changed. [Parse] accepts a
// subset of the language:
//
//   - statements: for (with if, else, break and continue), if, set (also of a namespace's
//     member, and of a block), generation;
//   - expressions: all operators but ** and chained comparisons, slices, calls, filters and
//     tests;
//   - functions: range, namespace, dict, raise_exception;
//   - the filters, tests and methods of text, lists and mappings that the templates of
//     published models use; see filters.go.
//
// What is outside it is refused by name with [ErrUnsupported]: macro, include, import,
// extends, call, filter blocks, recursive loops, strftime_now. No template reads a file, the
// clock or the network, and none runs without a limit: a template has at most [MaxTemplate]
// bytes, and a call at most [MaxSteps] steps and [MaxText] bytes of text.
package chat
