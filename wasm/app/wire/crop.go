package wire

import "github.com/lodestone-wasm/lodestone/ui/crop"

// Crop are the options of CROP, besides its models.
func Crop() map[string]any { return map[string]any{"src_lang": "de", "pivot_lang": "en"} }

// line is a CropLine of the module.
type line struct {
	Words  []string `json:"words"`
	Labels []string `json:"labels"`
	Note   string   `json:"note"`
}

// Step reads a step of CROP.
func Step(text string) (crop.Step, error) {
	var s struct {
		Name         string  `json:"name"`
		Input        []line  `json:"input"`
		Output       []line  `json:"output"`
		Milliseconds float64 `json:"milliseconds"`
	}
	if err := decode("crop", text, &s); err != nil {
		return crop.Step{}, err
	}
	lines := func(all []line) (out []crop.Line) {
		for _, l := range all {
			out = append(out, crop.Line(l))
		}
		return out
	}
	return crop.Step{Name: s.Name, In: lines(s.Input), Out: lines(s.Output), Took: Duration(s.Milliseconds)}, nil
}
