// Package archivetest has stores for tests of what archives.
package archivetest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	_ "github.com/taskexec/taskexec/controllers/logs/archive/cloud" // s3://
)

// S3 gives the URL of a bucket that an S3 server has in memory until the test ends. Its requests go through between.
func S3(t *testing.T, between func(store http.Handler) http.Handler) (url string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("logs"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(between(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	return "s3://logs?region=us-east-1&use_path_style=true&endpoint=" + server.URL
}

// S3ThatGoes is a bucket that is away as long as the switch says so: each request gets a 503.
func S3ThatGoes(t *testing.T) (url string, away *atomic.Bool) {
	t.Helper()
	away = &atomic.Bool{}
	return S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if away.Load() {
				http.Error(w, "the store is away", http.StatusServiceUnavailable)
				return
			}
			store.ServeHTTP(w, r)
		})
	}), away
}
