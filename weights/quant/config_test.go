package quant

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// published has the members, order and spelling of a W8A8 model as llm-compressor saves it.
const published = `{
  "architectures": ["BertModel"],
  "quantization_config": {
    "config_groups": {
      "group_0": {
        "format": "int-quantized",
        "input_activations": {
          "actorder": null, "block_structure": null, "dynamic": true, "group_size": null, "num_bits": 8,
          "observer": null, "observer_kwargs": {}, "strategy": "token", "symmetric": true, "type": "int"
        },
        "output_activations": null,
        "targets": ["Linear"],
        "weights": {
          "actorder": null, "block_structure": null, "dynamic": false, "group_size": null, "num_bits": 8,
          "observer": "minmax", "observer_kwargs": {}, "strategy": "channel", "symmetric": true, "type": "int",
          "scale_dtype": null, "zp_dtype": null
        }
      }
    },
    "format": "int-quantized",
    "global_compression_ratio": 1.46,
    "ignore": ["lm_head", "gate"],
    "kv_cache_scheme": null,
    "quant_method": "compressed-tensors",
    "quantization_status": "compressed",
    "sparsity_config": {},
    "transform_config": {},
    "version": "0.12.2"
  }
}`

func TestReadConfigReadsWhatIsPublished(t *testing.T) {
	c, err := ReadConfig([]byte(published))
	if want := (&Config{Targets: []string{"Linear"}, Ignore: []string{"lm_head", "gate"}}); err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, %v, want %+v", c, err, want)
	}
	for _, without := range []string{`{}`, `{"model_type":"bert","quantization_config":null}`} {
		if c, err := ReadConfig([]byte(without)); c != nil || err != nil {
			t.Errorf("%s: %+v, %v", without, c, err)
		}
	}
	weightOnly := swap(published, published[strings.Index(published, `{
          "actorder"`):strings.Index(published, `,
        "output_activations"`)], "null")
	if _, err := ReadConfig([]byte(weightOnly)); err != nil {
		t.Errorf("activations not quantised: %v", err)
	}
}

// swap replaces the first occurrence, which must be there.
func swap(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic("the test's text has no " + old)
	}
	return strings.Replace(text, old, new, 1)
}

func TestReadConfigRefuses(t *testing.T) {
	for _, tt := range []struct {
		old, new string
		want     error
		says     string
	}{
		{`"compressed-tensors"`, `"gptq"`, ErrUnsupported, `quant_method "gptq"`},
		{`"quant_method": "compressed-tensors",`, ``, ErrUnsupported, `quant_method ""`},
		{`"compressed-tensors"`, `7`, ErrConfig, "expected a string"},
		{`"format": "int-quantized",
    "global`, `"format": "pack-quantized",
    "global`, ErrUnsupported, `format "pack-quantized"`},
		{`"format": "int-quantized",
    "global`, `"global`, ErrConfig, "no format"},
		{`"format": "int-quantized",
        "input`, `"format": "float-quantized",
        "input`, ErrUnsupported, `group_0.format "float-quantized"`},
		{`"num_bits": 8,
          "observer": "minmax"`, `"num_bits": 4, "observer": "minmax"`, ErrUnsupported, "weights.num_bits is 4"},
		{`"num_bits": 8,
          "observer": "minmax"`, `"num_bits": 8.0, "observer": "minmax"`, ErrConfig, "not an integer"},
		{`"num_bits": 8,
          "observer": "minmax"`, `"observer": "minmax"`, ErrConfig, "weights has no num_bits"},
		{`"num_bits": 8,
          "observer": null`, `"num_bits": 16, "observer": null`, ErrUnsupported, "input_activations.num_bits is 16"},
		{`"strategy": "channel"`, `"strategy": "group"`, ErrUnsupported, `weights.strategy "group"`},
		{`"strategy": "channel"`, `"strategy": "tensor"`, ErrUnsupported, `weights.strategy "tensor"`},
		{`"strategy": "channel", "symmetric": true`, `"strategy": "channel", "symmetric": false`, ErrUnsupported, "weights.symmetric is false"},
		{`"strategy": "channel", "symmetric": true, "type": "int"`, `"strategy": "channel", "symmetric": true, "type": "float"`, ErrUnsupported, `weights.type "float"`},
		{`"strategy": "channel", "symmetric": true, "type": "int"`, `"strategy": "channel", "symmetric": true`, ErrConfig, "weights has no type"},
		{`"dynamic": false, "group_size": null`, `"dynamic": true, "group_size": null`, ErrUnsupported, "weights.dynamic is true"},
		{`"dynamic": true, "group_size": null`, `"dynamic": false, "group_size": null`, ErrUnsupported, "input_activations.dynamic is false"},
		{`"dynamic": true, "group_size": null`, `"group_size": null`, ErrConfig, "input_activations has no dynamic"},
		{`"dynamic": false, "group_size": null`, `"dynamic": false, "group_size": 128`, ErrUnsupported, "weights.group_size"},
		{`"strategy": "token"`, `"strategy": "tensor"`, ErrUnsupported, `input_activations.strategy "tensor"`},
		{`"actorder": null, "block_structure": null, "dynamic": false`, `"actorder": "group", "dynamic": false`, ErrUnsupported, "weights.actorder"},
		{`"output_activations": null`, `"output_activations": {"num_bits": 8}`, ErrUnsupported, "output_activations"},
		{`"kv_cache_scheme": null`, `"kv_cache_scheme": {"num_bits": 8}`, ErrUnsupported, "kv_cache_scheme"},
		{`"sparsity_config": {}`, `"sparsity_config": {"format": "sparse-24-bitmask"}`, ErrUnsupported, "sparsity_config"},
		{`"transform_config": {}`, `"transform_config": ["hadamard"]`, ErrUnsupported, "transform_config"},
		{`"transform_config": {}`, `"transform_config": true`, ErrUnsupported, "transform_config"},
		{`"transform_config": {}`, `"transform_config": 0`, ErrUnsupported, "transform_config"},
		{`"quantization_status": "compressed"`, `"quantization_status": "calibration"`, ErrUnsupported, `"calibration"`},
		{`"version"`, `"auto_map"`, ErrUnsupported, "auto_map is not known"},
		{`"targets"`, `"goals"`, ErrUnsupported, "group_0.goals is not known"},
		{`"scale_dtype"`, `"scale_type"`, ErrUnsupported, "weights.scale_type is not known"},
		{`"quantization_config"`, `"compression_config"`, ErrUnsupported, "compression_config"},
		{`["lm_head", "gate"]`, `"lm_head"`, ErrConfig, "expected an array"},
		{`"global_compression_ratio": 1.46`, `"format": "int-quantized"`, ErrConfig, "twice"},
		{`"architectures"`, `"quantization_config": null, "architectures"`, ErrConfig, "twice"},
		{`["BertModel"]`, `[`, ErrConfig, "byte"},
	} {
		_, err := ReadConfig([]byte(swap(published, tt.old, tt.new)))
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s → %s: %v, want %v that says %s", tt.old, tt.new, err, tt.want, tt.says)
		}
	}
	for text, want := range map[string]error{
		``:                           ErrConfig,
		`[]`:                         ErrConfig,
		`{} {}`:                      ErrConfig,
		`{"quantization_config":[]}`: ErrConfig,
		`{"quantization_config":{"quant_method":"bitsandbytes","load_in_8bit":true}}`:                                                                ErrUnsupported,
		`{"quantization_config":{"quant_method":"compressed-tensors","format":"int-quantized"}}`:                                                     ErrConfig,
		`{"quantization_config":{"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{}}}`:                                  ErrConfig,
		`{"quantization_config":{"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{"g":{"targets":["Linear"]}}}}`:        ErrConfig,
		`{"quantization_config":{"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{"g":{"weights":{"num_bits":true}}}}}`: ErrConfig,
	} {
		if _, err := ReadConfig([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// What is written reads back, removing it gives back the original byte for byte, and
// nothing else moves.
func TestWriteAndRemoveConfig(t *testing.T) {
	ignore := []string{"layers.0.\"moe\".gate", "embed_positions"}
	for _, c := range []Config{
		{Targets: []string{"Linear", "Embedding"}, Ignore: ignore},
		{FourBit: []string{"Linear"}, Ignore: ignore},
		{Targets: []string{"Embedding", "lm_head"}, FourBit: []string{"Linear"}, Ignore: ignore},
	} {
		writeAndRemove(t, c)
	}
}

func writeAndRemove(t *testing.T, c Config) {
	t.Helper()
	for name, before := range map[string]string{
		"indented":      "{\n  \"b\": 1,\n  \"a\": {\"quantization_config\": 2}\n}\n",
		"one line":      `{"b": 1, "a": [1, 2,  3]}`,
		"tabs":          "{\n\t\"b\": 1.50,\n\t\"a\": 1e3\n}",
		"crlf":          "{\r\n  \"b\": 1,\r\n  \"a\": 2\r\n}\r\n",
		"empty":         "{}",
		"one member":    "{\n  \"b\": \"\\u00e9 }\"\n}",
		"leading space": " \n{\"b\":1} \n",
	} {
		written, err := WriteConfig([]byte(before), c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !json.Valid(written) {
			t.Fatalf("%s: not JSON: %s", name, written)
		}
		if got, err := ReadConfig(written); err != nil || !reflect.DeepEqual(*got, c) {
			t.Errorf("%s: read back %+v, %v from\n%s", name, got, err, written)
		}
		again, err := WriteConfig(written, c)
		if err != nil || string(again) != string(written) {
			t.Errorf("%s: written twice differs (%v):\n%s\n%s", name, err, written, again)
		}
		removed, err := RemoveConfig(written)
		if err != nil || string(removed) != before {
			t.Errorf("%s: removed, it is\n%q, want\n%q (%v)", name, removed, before, err)
		}
		same, err := RemoveConfig([]byte(before))
		if err != nil || string(same) != before {
			t.Errorf("%s: nothing to remove, but %q, %v", name, same, err)
		}
	}
	got, err := WriteConfig([]byte("{\n  \"a\": 1\n}"), Config{})
	if want := "{\n  \"a\": 1,\n  \"quantization_config\": {\n    \"config_groups\": {\n      \"group_0\": {\n        \"input_activations\": {\n          \"actorder\": null,"; err != nil || !strings.HasPrefix(string(got), want) {
		t.Errorf("%v\n%s", err, got)
	}
}

// packed4 is a W4A16 model as llm-compressor saves it.
const packed4 = `{"quantization_config": {
  "config_groups": {"group_0": {
    "format": "pack-quantized", "input_activations": null, "output_activations": null, "targets": ["Linear"],
    "weights": {"actorder": "static", "block_structure": null, "dynamic": false, "group_size": 128, "num_bits": 4, "observer": "mse",
      "observer_kwargs": {}, "scale_dtype": null, "strategy": "group", "symmetric": true, "type": "int", "zp_dtype": null}}},
  "format": "pack-quantized", "global_compression_ratio": null, "ignore": ["lm_head"], "kv_cache_scheme": null,
  "quant_method": "compressed-tensors", "quantization_status": "compressed", "sparsity_config": {}, "transform_config": {}, "version": "0.13.0"}}`

func TestReadConfigOfFourBits(t *testing.T) {
	c, err := ReadConfig([]byte(packed4))
	if want := (&Config{FourBit: []string{"Linear"}, Ignore: []string{"lm_head"}}); err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, %v, want %+v", c, err, want)
	}
	for _, tt := range []struct{ old, new, says string }{
		{`"group_size": 128`, `"group_size": 32`, ""},
		{`"strategy": "group"`, `"group_size2": null`, "group_size2 is not known"},
		{`"group_size": 128`, `"group_size": 16`, "weights.group_size is 16"},
		{`"group_size": 128`, `"group_size": 48`, "weights.group_size is 48"},
		{`"group_size": 128`, `"group_size": -32`, "weights.group_size is -32"},
		{`"group_size": 128`, `"group_size": null`, "weights.group_size is 0"},
		{`"num_bits": 4`, `"num_bits": 8`, "weights.num_bits is 8"},
		{`"num_bits": 4`, `"num_bits": 2`, "weights.num_bits is 2"},
		{`"symmetric": true`, `"symmetric": false`, "weights.symmetric is false"},
		{`"strategy": "group"`, `"strategy": "tensor"`, `weights.strategy "tensor"`},
		{`"strategy": "group"`, `"strategy": "channel"`, "weights.group_size is 128"},
		{`"actorder": "static"`, `"actorder": "group"`, "weights.actorder is group"},
		{`"actorder": "static"`, `"actorder": null`, ""},
		{`"format": "pack-quantized", "input`, `"format": "int-quantized", "input`, `"int-quantized", which config_groups.group_0 says`},
		{`"format": "pack-quantized", "input`, `"format": "nvfp4-pack-quantized", "input`, `group_0.format "nvfp4-pack-quantized"`},
		{`"format": "pack-quantized", "global`, `"format": "mixed-precision", "global`, ""},
		{`"format": "pack-quantized", "input`, `"input`, ""},
	} {
		_, err := ReadConfig([]byte(swap(packed4, tt.old, tt.new)))
		switch {
		case tt.says == "" && err != nil:
			t.Errorf("%s → %s: %v", tt.old, tt.new, err)
		case tt.says != "" && (!errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s → %s: %v, want one that says %s", tt.old, tt.new, err, tt.says)
		}
	}
}

// A config that is there is replaced where it stands, and removed from where it stands.
func TestConfigInTheMiddle(t *testing.T) {
	for before, after := range map[string]string{
		`{"a": 1, "quantization_config": {"x": [1]}, "b": 2}`:          `{"a": 1, "b": 2}`,
		`{"quantization_config": {"x": 1}, "b": 2}`:                    `{"b": 2}`,
		"{\n  \"quantization_config\": null,\n  \"b\": 2\n}":           "{\n  \"b\": 2\n}",
		"{\n  \"a\": 1,\n  \"quantization_config\": 5,\n  \"b\": 2\n}": "{\n  \"a\": 1,\n  \"b\": 2\n}",
		`{ "quantization_config": 5 }`:                                 `{}`,
	} {
		removed, err := RemoveConfig([]byte(before))
		if err != nil || string(removed) != after {
			t.Errorf("%s without it: %s, %v", before, removed, err)
		}
		written, err := WriteConfig([]byte(before), Config{})
		if err != nil {
			t.Errorf("%s: %v", before, err)
		}
		if back, err := RemoveConfig(written); err != nil || string(back) != after {
			t.Errorf("%s replaced and removed: %s, %v", before, back, err)
		}
	}
	for _, bad := range []string{``, `[]`, `{"a":1,"a":2}`, `{} x`, `{"a":`} {
		if _, err := WriteConfig([]byte(bad), Config{}); !errors.Is(err, ErrConfig) {
			t.Errorf("write into %q: %v", bad, err)
		}
		if _, err := RemoveConfig([]byte(bad)); !errors.Is(err, ErrConfig) {
			t.Errorf("remove from %q: %v", bad, err)
		}
	}
}

// FuzzConfig: whatever is JSON takes a configuration, gives it back, and nothing panics.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(published))
	f.Add([]byte(packed4))
	f.Add([]byte("{\r\n\t\"a\":{}}"))
	f.Add([]byte(`{"quantization_config":{"quant_method":"compressed-tensors","config_groups":{"":{}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ReadConfig(text)
		c := Config{Targets: []string{"Linear"}, Ignore: []string{"x"}}
		written, err := WriteConfig(text, c)
		if err != nil {
			return
		}
		got, err := ReadConfig(written)
		if errors.Is(err, ErrUnsupported) && strings.Contains(string(text), "compression_") {
			return
		}
		if err != nil || !reflect.DeepEqual(*got, c) {
			t.Fatalf("%q became %q: %+v, %v", text, written, got, err)
		}
		removed, err := RemoveConfig(written)
		if err != nil || !json.Valid(removed) {
			t.Fatalf("%q without it: %q, %v", written, removed, err)
		}
	})
}
