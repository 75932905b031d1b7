// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
)

// s3With is a reader of an S3 store that answers some requests differently.
func s3With(t *testing.T, other func(w http.ResponseWriter, r *http.Request) bool) *Reader {
	t.Helper()
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	url := buckettest.S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !other(w, r) {
				store.ServeHTTP(w, r)
			}
		})
	})
	return NewReader(opened(t, url))
}

// answers refuses a request with an S3 error code.
func answers(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>no</Message></Error>`)
	return true
}

// The check at start says what is wrong with a store, with a distinct message for each problem, and what to do.
func TestCase39CheckSaysWhatIsWrong(t *testing.T) {
	on := func(method string, status int, code string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return (r.Method == method || method == "") && answers(w, status, code)
		}
	}
	for name, c := range map[string]struct {
		other func(http.ResponseWriter, *http.Request) bool
		says  []string
	}{
		"nothing":                {func(http.ResponseWriter, *http.Request) bool { return false }, nil},
		"no such bucket":         {on("", 404, "NoSuchBucket"), []string{"bucket or container does not exist"}},
		"another region":         {on("", 301, "PermanentRedirect"), []string{"region is missing or wrong", "AWS_REGION"}},
		"signed for another":     {on("", 400, "AuthorizationHeaderMalformed"), []string{"region is missing or wrong"}},
		"an unknown key":         {on("", 403, "InvalidAccessKeyId"), []string{"credentials are missing, expired or unknown"}},
		"a wrong secret":         {on("", 403, "SignatureDoesNotMatch"), []string{"credentials are missing, expired or unknown"}},
		"no right to list":       {on("GET", 403, "AccessDenied"), []string{"reading an object that does not exist", "s3:ListBucket"}},
		"no right to write":      {on("PUT", 403, "AccessDenied"), []string{"writing an object that does not exist", "s3:PutObject"}},
		"no right to delete":     {on("DELETE", 403, "AccessDenied"), []string{"deleting an object", "s3:DeleteObject"}},
		"no conditional writes":  {on("PUT", 501, "NotImplemented"), []string{"conditional writes (If-None-Match: *)", "does not support"}},
		"it is out of order":     {on("", 503, "SlowDown"), []string{"does not work now"}},
		"conditions are ignored": {func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("If-None-Match"); return false }, []string{"ignores conditional writes", "must be refused"}},
		"it says yes to all":     {func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, "<html>"); return true }, []string{"not a store", "endpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := s3With(t, c.other).Check(t.Context())
			if (err == nil) != (c.says == nil) {
				t.Fatalf("got %v", err)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
		})
	}
}

// The store is unreachable, has no valid name, or is requested without credentials.
func TestCase39CheckOfWhatIsNotThere(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().String()
	_ = listener.Close()
	for url, says := range map[string]string{
		"s3://logs?region=us-east-1&use_path_style=true&endpoint=http://" + dead:       "cannot be reached",
		"s3://logs?region=us-east-1&use_path_style=true&endpoint=http://store.invalid": "name of the endpoint cannot be resolved",
		"azblob://logs?storage_account=account&domain=store.invalid":                   "name of the endpoint cannot be resolved",
	} {
		b, err := bucket.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		err = NewReader(b).Check(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want it to say %q", url, err, says)
		}
		_ = b.Close()
	}
}

// A check leaves nothing behind. For a reader it needs no right to write.
func TestCase39CheckLeavesNothing(t *testing.T) {
	for name, open := range drivers() {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			r := NewReader(b)
			for range 2 {
				if err := r.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if object, err := b.List(nil).Next(t.Context()); !errors.Is(err, io.EOF) {
				t.Errorf("left %+v, %v", object, err)
			}
		})
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := NewReader(opened(t, "file://"+folder)).CheckReading(t.Context()); err != nil {
		t.Error(err)
	}
	reads := s3With(t, func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method != http.MethodGet && answers(w, 403, "AccessDenied")
	})
	if err := reads.CheckReading(t.Context()); err != nil {
		t.Error(err)
	}
}

// A store that is unavailable when the controller starts is checked until it is available. The check blocks nothing.
func TestCase39StoreThatIsAwayAtTheStart(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	r := s3With(t, func(w http.ResponseWriter, _ *http.Request) bool { return away.Load() && answers(w, 503, "SlowDown") })
	var told []error
	bucket.KeepChecking(t.Context(), r.Check, func(err error) {
		told = append(told, err)
		away.Store(false)
	})
	if len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("told %v", told)
	}
}

// A store that hangs within a part does not block a reader for ever. The reader reports it as unavailable.
func TestCase39StoreThatHangsWithinAPart(t *testing.T) {
	for name, sent := range map[string]int{"before it": 0, "within it": 100} {
		t.Run(name, func(t *testing.T) {
			hang := make(chan struct{})
			r := s3With(t, func(w http.ResponseWriter, request *http.Request) bool {
				if request.Method != http.MethodGet || !strings.HasSuffix(request.URL.Path, ".log") {
					return false
				}
				if sent > 0 {
					w.Header().Set("Content-Length", "10000")
					w.Header().Set("Last-Modified", "Mon, 02 Jan 2026 15:04:05 GMT")
					_, _ = io.WriteString(w, strings.Repeat("x", sent))
					_ = http.NewResponseController(w).Flush()
				}
				select {
				case <-hang:
				case <-request.Context().Done():
				}
				return true
			})
			defer close(hang)
			r.patience = 50 * time.Millisecond
			ix := &Index{Version: 1, Execution: ours, Streams: []Stream{{StreamID: StreamID{Pod: "p", Container: "c"}, Parts: []Part{{Lines: 1, Bytes: 10_000}}}}}
			log := r.Open(t.Context(), ix, 0, 0)
			defer func() { _ = log.Close() }()
			got, err := io.ReadAll(log)
			var away *bucket.Error
			if len(got) != sent || !errors.As(err, &away) || away.Gone() || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}
