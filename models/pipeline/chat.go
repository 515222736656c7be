package pipeline

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/chat"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// ReadChat reads the chat templates of a folder: tokenizer_config.json and
// chat_template.jinja. A folder without them has none. files may differ from those that the
// folder was opened with: a page fetches these two when a chat is first written. A manifest
// that does not list a file leaves it unread.
func (f *Folder) ReadChat(dev *kernels.Device, files Files) (*chat.Config, error) {
	from := *f
	from.files = files
	config, err := from.readListed(dev, TokenizerConfigFile, maxTokenizerConfig)
	if err != nil {
		return nil, err
	}
	jinja, err := from.readListed(dev, ChatTemplateFile, chat.MaxTemplate)
	if err != nil {
		return nil, err
	}
	return chat.ReadConfig(config, jinja)
}

// Chat is ReadChat of the files that the folder was opened with.
func (f *Folder) Chat(dev *kernels.Device) (*chat.Config, error) { return f.ReadChat(dev, f.files) }

// readListed is a small file, nil if the folder or its manifest does not have it.
func (f *Folder) readListed(dev *kernels.Device, name string, limit int64) ([]byte, error) {
	text, err := f.read(dev, name, limit)
	if errors.Is(err, ErrNoFile) || errors.Is(err, folder.ErrUnlisted) {
		return nil, nil
	}
	return text, err
}
