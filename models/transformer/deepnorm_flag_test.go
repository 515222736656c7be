package transformer

import (
	"errors"
	"strings"
	"testing"
)

// α of DeepNorm (arXiv 2203.00555) is not among the weights: a folder that normalises after each sublayer must say which of the two it is.
func TestAPostLNFolderMustSayWhetherItIsDeepNorm(t *testing.T) {
	for _, c := range []struct {
		extra string
		norm  Norm
	}{{`,"deepnorm":false`, PostLN}, {`,"deepnorm":true`, DeepNorm}} {
		for _, text := range []string{decoderConfig(`"subln":false,"decoder_normalize_before":false` + c.extra), tinyConfig(`"subln":false,"encoder_normalize_before":false` + c.extra)} {
			if got := parse(t, text); got.Norm != c.norm {
				t.Errorf("%s: %v, expected %v", c.extra, got.Norm, c.norm)
			}
			without := strings.Replace(text, c.extra, "", 1)
			if _, err := ParseConfig([]byte(without)); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "deepnorm") {
				t.Errorf("without the flag: %v", err)
			}
		}
	}
}
