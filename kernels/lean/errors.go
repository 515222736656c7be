package lean

import "errors"

// Errorf is fmt.Errorf for the verbs and types listed in the package comment. The error wraps
// every argument of %w: errors.Is and errors.As examine all of them.
func Errorf(format string, args ...any) error {
	vetErrorf(format, args...)
	text := string(appendf(nil, format, args, true))
	causes, verbs := wrapped(format, args)
	switch {
	case len(causes) == 0:
		return errors.New(text)
	case verbs == 1:
		return &wrapOne{text, causes[0]}
	}
	return &wrapMany{text, causes}
}

// wrapped returns the errors among the arguments of %w, and the number of %w.
func wrapped(format string, args []any) (causes []error, verbs int) {
	next := 0
	for i := 0; i < len(format) && next < len(args); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format) && '0' <= format[i] && format[i] <= '9'; i++ {
		}
		if i == len(format) || format[i] == '%' {
			continue
		}
		if format[i] == 'w' {
			verbs++
			if err, ok := args[next].(error); ok {
				causes = append(causes, err)
			}
		}
		next++
	}
	return causes, verbs
}

type wrapOne struct {
	text  string
	cause error
}

func (e *wrapOne) Error() string { return e.text }
func (e *wrapOne) Unwrap() error { return e.cause }

type wrapMany struct {
	text   string
	causes []error
}

func (e *wrapMany) Error() string   { return e.text }
func (e *wrapMany) Unwrap() []error { return e.causes }
