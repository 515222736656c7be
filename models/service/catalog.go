package service

import (
	_ "embed"
	"strings"
)

type modelInfo struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
	Task    string `json:"task"`
}

func (c *call) info(e *entry) modelInfo {
	return modelInfo{e.ID, "model", c.started.Unix(), "lodestone", e.Task}
}

// listModels is GET /v1/models.
func (c *call) listModels() (any, error) {
	all := []modelInfo{}
	for _, e := range c.models.entries {
		all = append(all, c.info(e))
	}
	return map[string]any{"object": "list", "data": all}, nil
}

// oneModel is GET /v1/models/{id}.
func (c *call) oneModel() (any, error) {
	id := strings.TrimPrefix(c.r.URL.Path, c.route.path)
	for _, e := range c.models.entries {
		if e.ID == id {
			return c.info(e), nil
		}
	}
	return nil, problem(notFound, "model", "model_not_found", "no model has this id; GET /v1/models lists them")
}

//go:embed openapi.json
var openapiText []byte

// openapi is GET /openapi.json.
func (c *call) openapi() (any, error) { return plain{"application/json", openapiText}, nil }

// health is GET /health. The service is healthy as soon as it runs; models are opened by
// the first request that needs them.
func (c *call) health() (any, error) { return plain{"text/plain; charset=utf-8", nil}, nil }
