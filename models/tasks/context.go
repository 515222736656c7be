package tasks

// Context says whether a run is to stop: Err is called between layers, and its error
// ends the run. A context.Context is a Context; nil lets a run finish.
//
// It is an interface of its own because package context is not part of the engine that a
// page loads, where Err also lets the worker's event loop turn.
type Context interface{ Err() error }

// pauseOf is ctx as the layers below take it.
func pauseOf(ctx Context) func() error {
	if ctx == nil {
		return nil
	}
	return ctx.Err
}
