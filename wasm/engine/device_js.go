package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/kernels/rate"
	"github.com/lodestone-wasm/lodestone/kernels/webgpu"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// The rows of the two calls that decide between devices: a sentence, and a batch of them.
const (
	sentenceRows = 16
	batchRows    = 256
)

// device serves DeviceRequest of web/src/worker/webgpu.ts: it tests a GPU and moves the engine
// there, before a model is loaded. With "auto" it first measures a pass of the model's width
// on both devices, unless an earlier measurement found the GPU faster.
func (e *engine) device(request js.Value, j *job) (any, error) {
	e.forget()
	stay := func(reason string) (any, error) { return map[string]any{"device": "wasm", "reason": reason}, nil }
	recorder, err := webgpu.New(request.Get("bridge"))
	if err != nil {
		return nil, err
	}
	gpu := kernels.NewDevice(recorder)
	reply := map[string]any{"device": "wasm"}
	if request.Get("measure").Bool() {
		times, err := e.compare(gpu, request, j)
		if err != nil {
			return stay(err.Error())
		}
		reply["times"] = float32Value(times)
		// The device whose passes take less in proportion, both of them counting alike.
		if times[0]/times[1]*times[2]/times[3] <= 1 {
			return reply, nil
		}
	}
	if err := webgpu.SelfTest(e.processor, gpu); err != nil {
		return stay(err.Error())
	}
	e.move(gpu)
	reply["device"] = "webgpu"
	return reply, nil
}

// compare measures, in milliseconds, a sentence on the processor and on the GPU, and a batch
// on the processor and on the GPU.
func (e *engine) compare(gpu *kernels.Device, request js.Value, j *job) (times []float32, err error) {
	dtype, ok := map[string]kernels.DType{"f32": kernels.F32, "f16": kernels.F16, "q8": kernels.I8, "q4": kernels.Q4}[request.Get("dtype").String()]
	if !ok {
		return nil, lean.Errorf("engine: %w: dtype %q to measure", pipeline.ErrRequest, request.Get("dtype").String())
	}
	for _, rows := range []int{sentenceRows, batchRows} {
		if rows == batchRows && times[1] > 8*times[0] {
			return append(times, times...), nil // far slower: a batch would take seconds
		}
		for _, d := range []*kernels.Device{e.processor, gpu} {
			ms, err := rate.Pass(d, dtype, rows, request.Get("hidden").Int(), rate.Clock{Now: now, Pause: j.Err})
			if err != nil {
				return nil, err
			}
			times = append(times, max(float32(ms), 1e-3))
		}
	}
	return times, nil
}

// move takes another device for the next model.
func (e *engine) move(to *kernels.Device) { e.dev, e.empty = to, to.Mark() }
