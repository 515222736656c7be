package strictjson

// Document is a JSON object whose syntax has been checked, whole, once. Several readers
// then take their members from it without checking the rest again: config.json is read
// by the architecture, the head, the prompt, the connector and the generation settings.
type Document struct {
	data    []byte
	members []member
}

// member is a key and where its value stands in the data.
type member struct {
	key        string
	start, end int
}

// ReadDocument checks data, which must hold one object and nothing behind it, and must
// not change while the Document is in use. A byte order mark before it is skipped, since
// editors write one. The error is [ErrSyntax].
func ReadDocument(data []byte) (*Document, error) {
	doc := &Document{data: data}
	d := NewDecoder(data)
	if len(data) >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf {
		d.pos = 3
	}
	err := d.Object(func(key string) error {
		d.space()
		start := d.pos
		err := d.Skip()
		doc.members = append(doc.members, member{key, start, d.pos})
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// Members calls f for each member in the order of the text, with a decoder that stands
// at the value. f may leave the value unread. The first error of f is returned.
func (doc *Document) Members(f func(key string, v *Decoder) error) error {
	for _, m := range doc.members {
		if err := f(m.key, doc.at(m)); err != nil {
			return err
		}
	}
	return nil
}

// Member returns a decoder that stands at the value of key, and false if there is none.
func (doc *Document) Member(key string) (*Decoder, bool) {
	for _, m := range doc.members {
		if m.key == key {
			return doc.at(m), true
		}
	}
	return nil, false
}

// at is a decoder of one value. Errors count bytes from the beginning of the document.
func (doc *Document) at(m member) *Decoder {
	return &Decoder{data: doc.data[:m.end], pos: m.start, depth: 1, key: m.key}
}
