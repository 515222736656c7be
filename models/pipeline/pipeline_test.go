//go:build !js

package pipeline_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

const (
	encoder    = "../../weights/prompt-magneto-en-de-fr"
	tagger     = "../../weights/tagger-magneto-en-de"
	translator = "../../weights/translator-magneto-en-de"
)

func device() *kernels.Device { return kernels.NewDevice(kernels.NewReference(0)) }

// shipped is a copy of a folder of weights/, in memory, that a test may change.
func shipped(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: text}
	}
	return files
}

func TestAFolderIsHeldAgainstItsManifest(t *testing.T) {
	open := func(files fstest.MapFS) error {
		_, err := pipeline.Open(device(), pipeline.FS(files), pipeline.FeatureExtraction, pipeline.Options{})
		return err
	}
	if err := open(shipped(t, encoder)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(files fstest.MapFS)
		kind   error
		names  string
	}{
		{"another tokenizer of the same size", func(f fstest.MapFS) { flip(f["tokenizer.json"], 5000) }, folder.ErrHash, "tokenizer.json"},
		{"a longer config.json", func(f fstest.MapFS) { f["config.json"].Data = append(f["config.json"].Data, '\n') }, folder.ErrSize, "config.json"},
		{"one bit of the weights", func(f fstest.MapFS) { flip(f["model.safetensors"], len(f["model.safetensors"].Data)/2) }, folder.ErrHash, "model.safetensors"},
		{"weights cut short", func(f fstest.MapFS) { f["model.safetensors"].Data = f["model.safetensors"].Data[:1<<20] }, folder.ErrSize, "model.safetensors"},
		{"weights that are not listed", func(f fstest.MapFS) {
			f["manifest.json"].Data = []byte(strings.ReplaceAll(string(f["manifest.json"].Data), "model.safetensors", "other.safetensors"))
		}, folder.ErrUnlisted, "model.safetensors"},
	} {
		files := shipped(t, encoder)
		c.change(files)
		err := open(files)
		if !errors.Is(err, c.kind) || !errors.Is(err, folder.ErrIntegrity) || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v", c.name, err)
		}
		if code, _ := pipeline.Code(err); code != "integrity" {
			t.Errorf("%s: code %q", c.name, code)
		}
	}
	// Without a manifest nothing is verified, and a page is told so by Folder.Manifest.
	files := shipped(t, encoder)
	delete(files, "manifest.json")
	f, err := pipeline.Read(device(), pipeline.FS(files), pipeline.Options{})
	if err != nil || f.Manifest != nil {
		t.Errorf("without a manifest: %v, %v", f, err)
	}
}

func flip(f *fstest.MapFile, at int) { f.Data[at] ^= 1 }

func TestAfterAnErrorTheDeviceIsAsBefore(t *testing.T) {
	dev := device()
	mark := dev.Mark()
	for _, c := range []struct {
		name string
		open func() error
	}{
		{"no decoder", func() error {
			_, err := pipeline.Open(dev, pipeline.Dir(encoder), pipeline.TextGeneration, pipeline.Options{})
			return err
		}},
		{"an encoder besides", func() error {
			_, err := pipeline.Open(dev, pipeline.Dir(translator), pipeline.TextGeneration, pipeline.Options{})
			return err
		}},
		{"another head", func() error {
			_, err := pipeline.Open(dev, pipeline.Dir(tagger), pipeline.TextClassification, pipeline.Options{})
			return err
		}},
		{"damaged weights", func() error {
			files := shipped(t, encoder)
			flip(files["model.safetensors"], len(files["model.safetensors"].Data)-100)
			_, err := pipeline.Open(dev, pipeline.FS(files), pipeline.FeatureExtraction, pipeline.Options{})
			return err
		}},
		{"an unknown dtype", func() error {
			_, err := pipeline.Open(dev, pipeline.Dir(encoder), pipeline.FeatureExtraction, pipeline.Options{DType: "q3"})
			return err
		}},
	} {
		if err := c.open(); err == nil {
			t.Errorf("%s: no error", c.name)
		}
		if dev.Mark() != mark {
			t.Errorf("%s: the device keeps memory", c.name)
		}
	}
}

func TestATaskOfAModelWithoutItsPartsIsRefused(t *testing.T) {
	dev := device()
	f, err := pipeline.Read(dev, pipeline.Dir(encoder), pipeline.Options{NoTokenizer: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Load(dev, pipeline.NoHead, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.FeatureExtraction.Of(m); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("vectors without a tokenizer: %v", err)
	}
	if _, err := pipeline.FillMask.Of(m); !errors.Is(err, tasks.ErrHead) {
		t.Errorf("masks without a head: %v", err)
	}
	if _, err := pipeline.Translation.Of(m); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("translation by an encoder: %v", err)
	}
	if _, err := f.Load(dev, "image-classification", pipeline.Options{}); !errors.Is(err, heads.ErrKind) {
		t.Errorf("an unknown head: %v", err)
	}
}

// Every task by its name, on tiny models of the real layouts.
func TestEveryHeadOpensItsTask(t *testing.T) {
	for kind, open := range map[heads.Kind]func(pipeline.Files) error{
		heads.MaskedLM:               opens(pipeline.FillMask),
		heads.SequenceClassification: opens(pipeline.TextClassification),
		heads.TokenClassification:    opens(pipeline.TokenClassification),
		heads.QuestionAnswering:      opens(pipeline.QuestionAnswering),
		heads.MultipleChoice:         opens(pipeline.MultipleChoice),
	} {
		texts, err := headstest.New("bert", kind, "a", "b").Files()
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for name, text := range texts {
			files[name] = &fstest.MapFile{Data: text}
		}
		if err := open(pipeline.FS(files)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func opens[T any](task pipeline.Task[T]) func(pipeline.Files) error {
	return func(files pipeline.Files) error {
		_, err := pipeline.Open(device(), files, task, pipeline.Options{})
		return err
	}
}

func TestOnlyRegularFilesOfARealSizeAreRead(t *testing.T) {
	for _, c := range []struct {
		name string
		put  func(t *testing.T, dir string)
		says string
	}{
		{"a pipe for config.json", func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, "config.json"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "config.json is not a regular file"},
		{"a device for config.json", func(t *testing.T, dir string) {
			if err := os.Symlink("/dev/zero", filepath.Join(dir, "config.json")); err != nil {
				t.Fatal(err)
			}
		}, "config.json is not a regular file"},
		{"a sparse config.json of 20 GB", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "config.json")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, 20<<30); err != nil {
				t.Fatal(err)
			}
		}, "config.json: the file is too large: it has 21474836480 bytes, the limit for this file is 1048576"},
		{"a folder for tokenizer.json", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "config.json"), read(t, encoder+"/config.json"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "tokenizer.json"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "tokenizer.json is not a regular file"},
		{"no such folder", func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		}, "config.json"},
	} {
		dir := t.TempDir()
		c.put(t, dir)
		_, err := pipeline.Read(device(), pipeline.Dir(dir), pipeline.Options{})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; expected it to say %q", c.name, err, c.says)
		}
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		files := shipped(t, encoder)
		delete(files, "manifest.json")
		delete(files, name)
		_, err := pipeline.Open(device(), pipeline.FS(files), pipeline.FeatureExtraction, pipeline.Options{})
		if !errors.Is(err, pipeline.ErrNoFile) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestShardsAreReadByTheirIndex(t *testing.T) {
	files := shipped(t, encoder)
	delete(files, "manifest.json")
	files["model-00001-of-00001.safetensors"] = files["model.safetensors"]
	delete(files, "model.safetensors")
	f, err := pipeline.Read(device(), pipeline.FS(files), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files["model.safetensors.index.json"] = &fstest.MapFile{Data: []byte(`{"metadata":{},"weight_map":{"output_projection.weight":"../model.safetensors"}}`)}
	if _, err := f.Load(device(), pipeline.NoHead, pipeline.Options{}); err == nil {
		t.Error("a shard outside of the folder was opened")
	}
	files["model.safetensors.index.json"].Data = []byte(`{"metadata":{},"weight_map":{"output_projection.weight":"model-00001-of-00001.safetensors"}}`)
	if _, err := f.Load(device(), pipeline.NoHead, pipeline.Options{}); err != nil {
		t.Error(err)
	}
}

func TestFilesThatDoNotBelongTogetherAreRefused(t *testing.T) {
	files := shipped(t, encoder)
	delete(files, "manifest.json")
	files["config.json"].Data = []byte(strings.Replace(string(files["config.json"].Data), `"vocab_size": 16384`, `"vocab_size": 16000`, 1))
	if _, err := pipeline.Read(device(), pipeline.FS(files), pipeline.Options{}); !errors.Is(err, pipeline.ErrDisagree) {
		t.Errorf("a tokenizer with more tokens than the model: %v", err)
	}
	files["config.json"].Data = []byte("{")
	if _, err := pipeline.Read(device(), pipeline.FS(files), pipeline.Options{}); !errors.Is(err, transformer.ErrConfig) || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("half a config.json: %v", err)
	}
}

func TestLoadingEndsWhenItsContextDoes(t *testing.T) {
	stop := errors.New("stop")
	_, err := pipeline.Open(device(), pipeline.Dir(encoder), pipeline.FeatureExtraction, pipeline.Options{Context: ended{stop}})
	if !errors.Is(err, stop) {
		t.Errorf("error %v, expected %v", err, stop)
	}
}

type ended struct{ err error }

func (e ended) Err() error { return e.err }

func TestFeatureExtractionOfATranslatorIsRefusedBeforeItsWeights(t *testing.T) {
	files := shipped(t, translator)
	delete(files, "model.safetensors")
	_, err := pipeline.Open(device(), pipeline.FS(files), pipeline.FeatureExtraction, pipeline.Options{})
	if !errors.Is(err, tasks.ErrModel) || !strings.Contains(err.Error(), "load it for translation, summarization or text2text-generation") {
		t.Errorf("error %v, expected the tasks of this folder", err)
	}
}

func TestAFoldersChatTemplateIsRead(t *testing.T) {
	files := shipped(t, encoder)
	delete(files, "manifest.json")
	const hi = `{"messages": [{"role": "user", "content": "Hi"}]}`
	for _, c := range []struct {
		name, config, jinja, want, says string
	}{
		{name: "none", says: "neither chat_template.jinja nor a chat_template"},
		{name: "tokenizer_config.json", config: `{"chat_template": "{{ eos_token }}{{ messages[0].content }}", "eos_token": "</s>"}`, want: "</s>Hi"},
		{name: "both", config: `{"chat_template": "a", "eos_token": "</s>"}`, jinja: "b{{ eos_token }}", want: "b</s>"},
		{name: "a template that is too large", jinja: strings.Repeat("a", 300_000), says: "too large"},
	} {
		for name, text := range map[string]string{"tokenizer_config.json": c.config, "chat_template.jinja": c.jinja} {
			delete(files, name)
			if text != "" {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		f, err := pipeline.Read(device(), pipeline.FS(files), pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		chats, err := f.Chat(device())
		if err == nil {
			got, err = chats.Render("", []byte(hi))
		}
		if got != c.want || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v, expected %q, %q", c.name, got, err, c.want, c.says)
		}
	}
	listed := shipped(t, encoder)
	listed["chat_template.jinja"] = &fstest.MapFile{Data: []byte("of nobody")}
	f, err := pipeline.Read(device(), pipeline.FS(listed), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if chats, err := f.Chat(device()); err != nil {
		t.Error(err)
	} else if text, err := chats.Render("", []byte(hi)); err == nil {
		t.Errorf("a template that the manifest does not list wrote %q", text)
	}
}
