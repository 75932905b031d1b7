// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/util/wait"

	_ "github.com/taskexec/taskexec/controllers/bucket/cloud"
)

// badStores returns the addresses of servers that misbehave in various ways.
func badStores(t *testing.T) map[string]string {
	t.Helper()
	serve := func(answer http.HandlerFunc) string {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().String()
	_ = listener.Close()
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	return map[string]string{
		"nobody listens":           dead,
		"403":                      serve(text(http.StatusForbidden, "no")),
		"403 with XML":             serve(text(http.StatusForbidden, "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>no</Message></Error>")),
		"500":                      serve(text(http.StatusInternalServerError, "<html>oh</html>")),
		"a login page":             serve(text(http.StatusOK, "<html>please log in</html>")),
		"an empty answer":          serve(text(http.StatusOK, "")),
		"an empty document":        serve(text(http.StatusOK, "<?xml version=\"1.0\"?><EnumerationResults></EnumerationResults>")),
		"a list of nothings":       serve(text(http.StatusOK, "<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob></Blob><BlobPrefix></BlobPrefix></Blobs></EnumerationResults>")),
		"created, and that is all": serve(text(http.StatusCreated, "")),
		"a redirect to nowhere": serve(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+dead+"/", http.StatusFound)
		}),
		"it hangs up": serve(func(w http.ResponseWriter, _ *http.Request) {
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = connection.Close()
			}
		}),
		"it hangs up within": serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = connection.Close()
			}
		}),
	}
}

// urlsAt returns the URL of an archive of some kind at an address, and sets the clients' environment variables.
func urlsAt(t *testing.T, kind, address string) string {
	t.Helper()
	switch kind {
	case "s3":
		return "s3://logs?region=us-east-1&use_path_style=true&endpoint=http://" + address
	case "azblob":
		return "azblob://logs?storage_account=account&localemu=true&protocol=http&domain=" + address
	default:
		t.Setenv("STORAGE_EMULATOR_HOST", address)
		return "gs://logs"
	}
}

// Whatever the server of a store answers, the controller's archive and its reader get an error, and the program goes
// on.
func TestCase38StoreThatAnswersAnything(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	for fault, address := range badStores(t) {
		for _, kind := range []string{"s3", "azblob", "gs"} {
			b := opened(t, urlsAt(t, kind, address))
			t.Run(kind+", "+fault, func(t *testing.T) {
				t.Parallel()
				writesTo(t, b)
				readsFrom(t, b)
			})
		}
	}
}

// writesTo archives a log for a while and checks that the Writer survives.
func writesTo(t *testing.T, b *blob.Bucket) {
	t.Helper()
	w, err := NewWriter(WriterOptions{
		Bucket: b, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 1000, PartAge: time.Hour,
		Retry: wait.Backoff{Duration: time.Millisecond}, StopTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, fresh := range []bool{true, false} {
		l := w.Begin(ours, fresh)
		s := l.Stream(&main)
		printed(s, 0, 100)
		s.End()
		l.End()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
}

// readsFrom makes every kind of request that an archive gets.
func readsFrom(t *testing.T, b *blob.Bucket) {
	t.Helper()
	limit := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	r := NewReader(b)
	if ix, err := r.Index(limit(), ours); err == nil && ix != nil && len(ix.Streams) > 0 {
		t.Errorf("an index out of nothing: %+v", ix)
	}
	ix := &Index{Version: 1, Execution: ours, Streams: []Stream{{StreamID: StreamID{Pod: "p", Container: "c"}, Parts: []Part{{Lines: 1, Bytes: 10}}}}}
	log := r.Open(limit(), ix, 0, 0)
	if raw, err := io.ReadAll(log); err == nil {
		t.Errorf("a log out of nothing: %q", raw)
	}
	_ = log.Close()
	if err := r.Delete(limit(), ours); errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
