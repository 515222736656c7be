package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The kinds of errors.
var (
	// ErrNotFound: the server has no such file.
	ErrNotFound = errors.New("no such file on the server")
	// ErrRefused: the server does not give the file to this caller.
	ErrRefused = errors.New("the server refuses the file")
	// ErrServer: the server fails, or sends what it did not announce.
	ErrServer = errors.New("the server failed")
	// ErrTooLarge: a file is larger than any real one of its name.
	ErrTooLarge = errors.New("the file is too large")
)

// Client fetches folders. Its zero value is ready.
type Client struct {
	// HTTP makes requests; nil is a client of this package. Its CheckRedirect is not used.
	HTTP *http.Client
	// Token, if it is not empty, is sent to the server of the folder as a bearer token. It
	// follows no redirect to another host.
	Token string
	// Attempts is how often a request is made that brings nothing, 0 is 5.
	Attempts int
	// Silence is how long a server may send nothing before the request is made again, 0 is
	// 30 seconds.
	Silence time.Duration
	// Pause waits between two requests; nil waits for the time that it is given.
	Pause func(ctx context.Context, d time.Duration) error
	// Progress, if set, is called with the bytes of a file that have arrived, of how many
	// (−1: unknown).
	Progress func(file string, done, total int64)
	// Retrying, if set, is called before a request is made again.
	Retrying func(file string, err error, after time.Duration)
}

func (c *Client) attempts() int {
	if c.Attempts > 0 {
		return c.Attempts
	}
	return 5
}

func (c *Client) silence() time.Duration {
	if c.Silence > 0 {
		return c.Silence
	}
	return 30 * time.Second
}

func (c *Client) pause(ctx context.Context, d time.Duration) error {
	if c.Pause != nil {
		return c.Pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer is a server's answer to a request for a file.
type answer struct {
	*http.Response
	sha256 string // of the whole file as Hugging Face's hub states it, "" if it does not
	size   int64  // the same, −1
}

// passes is an error for which the request is worth making again.
type passes struct {
	error
	after time.Duration // what the server asks for; 0: nothing
}

func (p passes) Unwrap() error { return p.error }

// get makes one request. from is the byte to begin with; then validator is the ETag of what
// is there already, or "" where any content will do because its SHA-256 is known.
func (c *Client) get(ctx context.Context, s Source, name string, from int64, validator string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.file(name), nil)
	if err != nil {
		return nil, fmt.Errorf("download: %w: %s", ErrAddress, s)
	}
	// Ranges are of the bytes on the wire, so these have to be those of the file.
	r.Header.Set("Accept-Encoding", "identity")
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if from > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		if validator != "" {
			r.Header.Set("If-Range", validator)
		}
	}
	y := &answer{size: -1}
	client := http.Client{Transport: transport}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("more than 10 redirects")
		}
		if r.URL.Scheme == "http" && via[0].URL.Scheme == "https" {
			return errors.New("it redirects from https to http")
		}
		y.linked(r.Response.Header)
		return nil
	}
	if y.Response, err = client.Do(r); err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without the address, which may hold secrets
		}
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSilence) {
			return nil, ctx.Err()
		}
		return nil, passes{error: fmt.Errorf("download: %s%s: %w", s, name, silent(ctx, err))}
	}
	y.linked(y.Header)
	return y, c.status(s, name, y)
}

// linked reads what Hugging Face's hub states of a large file before it redirects.
func (y *answer) linked(h http.Header) {
	if sum := strings.Trim(h.Get("X-Linked-Etag"), `"`); len(sum) == 64 && strings.Trim(sum, "0123456789abcdef") == "" {
		y.sha256 = sum
	}
	if n, err := strconv.ParseInt(h.Get("X-Linked-Size"), 10, 64); err == nil && n >= 0 {
		y.size = n
	}
}

// status is the error of a status other than 200, 206 and 416, whose body is closed.
func (c *Client) status(s Source, name string, y *answer) error {
	var kind error
	advice := ""
	switch code := y.StatusCode; {
	case code == http.StatusOK, code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		kind = ErrNotFound
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		kind, advice = ErrRefused, "; a private or gated model needs a token (HF_TOKEN), and an id that does not exist is answered so too"
	default:
		kind = ErrServer
	}
	io.Copy(io.Discard, io.LimitReader(y.Body, 64<<10))
	y.Body.Close()
	err := fmt.Errorf("download: %s%s: %w: status %s%s", s, name, kind, y.Status, advice)
	if y.StatusCode == http.StatusTooManyRequests || y.StatusCode == http.StatusRequestTimeout || y.StatusCode >= 500 {
		return passes{err, retryAfter(y.Header.Get("Retry-After"))}
	}
	return err
}

// The longest pause that a server may ask for, and the longest of this package's own.
const (
	longestAsked = 5 * time.Minute
	longestOwn   = 30 * time.Second
)

// retryAfter reads the header of that name where it is in seconds.
func retryAfter(header string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(header))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longestAsked)
}

// retried makes requests until one succeeds, fails for good, or attempts in a row brought
// nothing. once makes one and tells whether it brought bytes.
func (c *Client) retried(ctx context.Context, name string, once func() (brought bool, err error)) error {
	for attempt := 1; ; attempt++ {
		brought, err := once()
		var p passes
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &p):
			return err
		case brought:
			attempt = 1
		case attempt >= c.attempts():
			return fmt.Errorf("%w (asked %d times)", p.error, attempt)
		}
		wait := p.after
		if wait == 0 {
			wait = min(time.Second<<(attempt-1), longestOwn)
		}
		if c.Retrying != nil {
			c.Retrying(name, p.error, wait)
		}
		if err := c.pause(ctx, wait); err != nil {
			return err
		}
	}
}

// transport has limits on what may be silent.
var transport = &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	ForceAttemptHTTP2:     true,
	TLSHandshakeTimeout:   15 * time.Second,
	ResponseHeaderTimeout: 30 * time.Second,
	IdleConnTimeout:       time.Minute,
	MaxIdleConnsPerHost:   4,
}

// errSilence is why a request ends whose server sends nothing.
var errSilence = errors.New("the server sent nothing for too long")

// silent is errSilence where that ended ctx, else err.
func silent(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilence) {
		return errSilence
	}
	return err
}
