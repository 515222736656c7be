package promise

import "syscall/js"

// Rejection is what a promise was rejected with, or what JavaScript threw.
type Rejection struct{ Value js.Value }

// Error is the message of an Error object, and of another value its text.
func (r *Rejection) Error() string {
	if r.Value.Type() == js.TypeObject {
		return r.Value.Get("message").String()
	}
	return r.Value.String()
}

// Await blocks this goroutine until v is settled, if it is a promise, and returns its
// value, or a *Rejection. Other goroutines and the event loop run meanwhile. It must not
// be called inside of a js.Func, which blocks the event loop.
func Await(v js.Value) (js.Value, error) {
	if !v.InstanceOf(class) {
		return v, nil
	}
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	fulfilled := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: first(args)}
		return nil
	})
	defer fulfilled.Release()
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: &Rejection{first(args)}}
		return nil
	})
	defer rejected.Release()
	v.Call("then", fulfilled, rejected)
	o := <-settled
	return o.value, o.err
}

var class = js.Global().Get("Promise")

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}
