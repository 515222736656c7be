package strictjson_test

import (
	"errors"
	"fmt"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// A configuration is read member by member; what is of no interest is skipped,
// which still checks it.
func ExampleDecoder_Object() {
	d := strictjson.NewDecoder([]byte(`{"layers": 4, "heads": [4, 4, 8, 8], "note": {"by": "us"}}`))
	var layers int64
	var heads []int64
	err := d.Object(func(key string) (err error) {
		switch key {
		case "layers":
			layers, err = d.Int()
		case "heads":
			err = d.Array(func(int) error {
				h, err := d.Int()
				heads = append(heads, h)
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	fmt.Println(layers, heads, err)

	d = strictjson.NewDecoder([]byte(`{"layers": 4, "layers": 5}`))
	err = d.Skip()
	fmt.Println(errors.Is(err, strictjson.ErrDuplicateKey))
	fmt.Println(err)
	// Output:
	// 4 [4 4 8 8] <nil>
	// true
	// invalid JSON: duplicate key: byte 22: key "layers" occurs twice
}
