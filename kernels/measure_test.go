package kernels

import (
	"reflect"
	"slices"
	"testing"
)

// sizes are what a measured run takes from the backend that it stands for.
var sizes = []string{"Name", "Base", "PackedSize", "QuantScratch", "QuantLevels", "LevelsQ4", "ScratchQ4", "AttentionScratch"}

// Every operation of Backend is one that still does not do: one that is called on a
// backend that is not there panics.
func TestAMeasuredRunReachesNoOperation(t *testing.T) {
	typ := reflect.TypeFor[Backend]()
	v := reflect.ValueOf(still{}) // around nil
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		if slices.Contains(sizes, m.Name) {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			args := make([]reflect.Value, m.Type.NumIn())
			for i := range args {
				args[i] = reflect.Zero(m.Type.In(i))
			}
			v.MethodByName(m.Name).Call(args)
		})
	}
}

func TestMeasureCountsAndLeavesTheDeviceAsItWas(t *testing.T) {
	d := NewDevice(NewReference(0))
	x := d.NewTensor(2, 3)
	d.Set(x, []float32{1, 2, 3, 4, 5, 6})
	used, peak, size := d.Used(), d.Peak(), d.Backend().Size()
	n, err := d.Measure(func() error {
		mark := d.Mark()
		y := d.NewTensor(1000, 1000)
		d.Add(x, x, x, 1)
		d.Release(mark)
		d.NewTensor(10, 16)
		d.Get(make([]float32, 6), x)
		d.Zero(y.At, 0)
		return d.Err()
	})
	if err != nil || n != 1000*1000*4 {
		t.Errorf("%d bytes, %v", n, err)
	}
	got := make([]float32, 6)
	d.Get(got, x)
	if err := d.Err(); err != nil || !slices.Equal(got, []float32{1, 2, 3, 4, 5, 6}) || d.Used() != used || d.Peak() != peak || d.Backend().Size() != size {
		t.Errorf("%v, %v, %d used of %d, peak %d", got, err, d.Used(), d.Backend().Size(), d.Peak())
	}
	// Errors are those of the run, and forgotten afterwards.
	if _, err := d.Measure(func() error { d.Alloc(MaxMemory); return nil }); err == nil {
		t.Error("more than a memory holds was measured")
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}
