package download

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ErrAddress: what should name a folder on a server does not.
var ErrAddress = errors.New("not the address of a model folder")

// Hub is the address of Hugging Face's hub.
const Hub = "https://huggingface.co"

// Source is a model folder on a server.
type Source struct {
	base   string // the folder's address with a slash at its end
	suffix string // follows a file's name: a query
}

// HuggingFace is a model of a hub with the addresses of Hugging Face's, by its id
// ("org/name") and revision ("main", a tag, a commit). hub is the hub's address.
func HuggingFace(hub, id, revision string) (Source, error) {
	if !ValidID(id) {
		return Source{}, fmt.Errorf("download: %w: id %q; expected owner/name", ErrAddress, id)
	}
	if revision == "" || strings.Trim(revision, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/") != "" || strings.Contains(revision, "..") {
		return Source{}, fmt.Errorf("download: %w: revision %q; expected a branch, a tag or a commit", ErrAddress, revision)
	}
	return Address(strings.TrimSuffix(hub, "/") + "/" + id + "/resolve/" + url.PathEscape(revision) + "/")
}

// ValidID tells whether an id has the form of Hugging Face's: owner/name.
func ValidID(id string) bool {
	owner, name, ok := strings.Cut(id, "/")
	return ok && validPart(owner) && validPart(name)
}

func validPart(s string) bool {
	return s != "" && len(s) <= 96 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == "" &&
		!strings.Contains(s, "..") && s[0] != '-' && s[0] != '.'
}

// Address is a folder by its address, http or https. A query is repeated for each file. A
// user name and a password are sent as HTTP's basic authentication.
func Address(address string) (Source, error) {
	u, err := url.Parse(address)
	if err != nil {
		// url.Parse repeats the address, which may hold a password.
		return Source{}, fmt.Errorf("download: %w: it cannot be parsed", ErrAddress)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return Source{}, fmt.Errorf("download: %w: %s; expected https://host/folder/", ErrAddress, Redacted(address))
	}
	s := Source{}
	if u.RawQuery != "" {
		s.suffix = "?" + u.RawQuery
	}
	u.RawQuery, u.Fragment, u.RawFragment = "", "", ""
	s.base = strings.TrimSuffix(u.String(), "/") + "/"
	return s, nil
}

// String is the folder's address, without secrets.
func (s Source) String() string { return Redacted(s.base) }

// file is the address of a file of the folder.
func (s Source) file(name string) string { return s.base + name + s.suffix }

// Redacted is an address without what may be secret: user name, password, query, fragment.
func Redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = nil, "", "", "", false
	return u.String()
}
