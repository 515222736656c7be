package attacks

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var firstOffsets = regexp.MustCompile(`"data_offsets":\s*\[[^\]]*\]`)
var firstShape = regexp.MustCompile(`"shape":\s*\[[^\]]*\]`)

// sizes are numbers in the header of the weights, and its length, that overflow when they are
// added or multiplied.
func sizes(s *set) {
	file := s.base[weightsFile]
	for _, n := range []uint64{0, 1, 7, 1 << 22, 1<<22 + 1, 1 << 31, 1 << 32, 1 << 53, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 8, 1<<64 - 1} {
		changed := append(binary.LittleEndian.AppendUint64(nil, n), file[8:]...)
		s.add(fmt.Sprintf("a header of %d bytes", n), weightsFile, changed)
	}
	for _, pair := range []string{
		"[0,18446744073709551615]", "[0,9223372036854775807]", "[0,9223372036854775808]", "[18446744073709551612,4]", "[-4,4]", "[0,-1]", "[0,4294967296]",
		"[0,1e30]", "[0,2112.5]", "[0,\"2112\"]", "[0]", "[]", "[0,2112,2112]", "[2112,0]", "null", "[0,99999999999999999999999999]",
	} {
		s.header("data_offsets "+pair, func(h string) string {
			at := firstOffsets.FindString(h)
			return replaceOnce(h, at, `"data_offsets":`+pair)
		})
	}
}

// shapes are shapes that do not have the bytes of their tensor, and bytes that no tensor has.
func shapes(s *set) {
	for _, shape := range []string{
		"[1000000,16]", "[33,1000000]", "[4294967296,4294967296]", "[9223372036854775807,2]", "[0]", "[0,16]", "[-33,-16]", "[33]", "[33,16,1]", "[528]", "[16,33]",
		"[1,1,1,1,1,1,1,1,528]", "[33.0,16]", "[\"33\",16]", "[null]", "null", "[[33,16]]", "[33,16,0]", "[34,16]", "[32,16]",
	} {
		s.header("shape "+shape, func(h string) string {
			at := firstShape.FindString(h)
			return replaceOnce(h, at, `"shape":`+shape)
		})
	}
	file := s.base[weightsFile]
	for _, n := range []int{0, 4, 8, 9, 200, len(file) / 2, len(file) - 1} {
		s.add(fmt.Sprintf("the file ends after %d bytes", n), weightsFile, file[:n:n])
	}
	s.add("a byte behind the last tensor", weightsFile, append(file[:len(file):len(file)], 0))
	h, data := split(file)
	s.add("a hole before the data", weightsFile, weights(h, append(make([]byte, 8), data...)))
	s.header("two tensors on the same bytes", func(h string) string {
		all := firstOffsets.FindAllString(h, 3)
		return replaceOnce(h, all[1], all[0])
	})
	s.header("one name twice", func(h string) string {
		return replaceOnce(h, "}}", `},"classifier.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`)
	})
}

// counts are numbers of things that would be allocated before anything else is known.
func counts(s *set) {
	for _, c := range [][2]string{
		{"vocab_size", "1000000000"}, {"vocab_size", "2147483647"}, {"vocab_size", "4294967296"}, {"num_hidden_layers", "1000000000"}, {"num_hidden_layers", "65536"},
		{"hidden_size", "1000000000"}, {"hidden_size", "1048576"}, {"intermediate_size", "2147483648"}, {"intermediate_size", "1000000000000"}, {"num_attention_heads", "16777216"},
		{"max_position_embeddings", "1000000000"}, {"max_position_embeddings", "9007199254740993"}, {"type_vocab_size", "1000000000"}, {"vocab_size", "1e300"}, {"num_hidden_layers", "1e18"},
	} {
		s.config(c[0], c[1])
	}
	labels := map[string]string{}
	for i := range 100_000 {
		labels[strconv.Itoa(i)] = "x"
	}
	s.config("id2label", string(marshal(labels)))
	s.config("id2label", `{"2000000000":"a","0":"b"}`)
	h, data := split(s.base[weightsFile])
	var many strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&many, `"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, i)
	}
	s.add("70,000 tensors", weightsFile, weights("{"+many.String()+h[1:], data))
	s.add("5,000 tensors of no bytes", weightsFile, weights("{"+many.String()[:strings.Index(many.String(), `"t5000"`)]+h[1:], data))
	s.add("a name of a megabyte", weightsFile, weights(`{"`+strings.Repeat("a", 1<<20)+`":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`+h[1:], data))
	s.add("metadata of three megabytes", weightsFile, weights(`{"__metadata__":{"a":"`+strings.Repeat("b", 3<<20)+`"},`+h[1:], data))
	s.add("JSON in JSON a hundred thousand times", configFile, []byte(strings.Repeat(`{"a":`, 100_000)))
	s.add("a list in a list a hundred thousand times", tokenizerFile, []byte(strings.Repeat("[", 100_000)))
	s.add("a header of lists", weightsFile, weights(strings.Repeat("[", 100_000), data))
	s.add("a config.json of two megabytes", configFile, member(s.base[configFile], "a", `"`+strings.Repeat("a", 2<<20)+`"`))
	s.add("a number of a hundred thousand digits", configFile, member(s.base[configFile], "vocab_size", strings.Repeat("9", 100_000)))
}

// types are values of other types than a reader expects.
func types(s *set) {
	for _, key := range []string{"hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "layer_norm_eps", "model_type"} {
		for _, value := range []string{"null", "true", `"16"`, "[16]", `{"a":16}`} {
			if key == "model_type" && value == `"16"` {
				continue // that is an unknown family
			}
			s.config(key, value)
		}
	}
	s.config("architectures", `"BertForSequenceClassification"`)
	s.config("architectures", `[1,2]`)
	s.config("id2label", `["a","b"]`)
	s.config("id2label", `{"0":1,"1":2}`)
	s.config("id2label", `{"a":"0","b":"1"}`)
	s.config("hidden_act", `7`)
	for _, dtype := range []string{"F64", "F16", "I8", "U8", "BOOL", "I64", "F8_E4M3", "F32 ", "f32", ""} {
		s.header(fmt.Sprintf("dtype %q", dtype), func(h string) string { return replaceOnce(h, `"F32"`, strconv.Quote(dtype)) })
	}
	for _, file := range []string{configFile, tokenizerFile} {
		for _, text := range []string{"null", "[]", "7", "", "{}{}", "{\"a\":\"\xff\xfe\"}"} {
			s.add(file+": "+short(strconv.Quote(text)), file, []byte(text))
		}
	}
	var last map[string]json.RawMessage
	must(json.Unmarshal(s.base[configFile], &last))
	s.add("config.json with a comma too many", configFile, []byte(strings.TrimSuffix(string(marshal(last)), "}")+",}"))
}
