package pipeline

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/chat"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// ChatFiles are tokenizer_config.json and chat_template.jinja, which hold the chat templates
// of a folder; nil for one that the folder or its manifest does not have. files may differ
// from those that the folder was opened with: a page fetches these two with the first chat.
func (f *Folder) ChatFiles(dev *kernels.Device, files Files) (config, jinja []byte, err error) {
	from := *f
	from.files = files
	if config, err = from.readListed(dev, TokenizerConfigFile, maxTokenizerConfig); err != nil {
		return nil, nil, err
	}
	jinja, err = from.readListed(dev, ChatTemplateFile, chat.MaxTemplate)
	return config, jinja, err
}

// Chat reads the chat templates of a folder. A folder without them has none.
func (f *Folder) Chat(dev *kernels.Device) (*chat.Config, error) {
	config, jinja, err := f.ChatFiles(dev, f.files)
	if err != nil {
		return nil, err
	}
	return chat.ReadConfig(config, jinja)
}

// readListed is a small file, nil if the folder or its manifest does not have it.
func (f *Folder) readListed(dev *kernels.Device, name string, limit int64) ([]byte, error) {
	text, err := f.read(dev, name, limit)
	if errors.Is(err, ErrNoFile) || errors.Is(err, folder.ErrUnlisted) {
		return nil, nil
	}
	return text, err
}
