// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/taskexec/taskexec/controllers/logs/idle"
)

// store is the bucket of an archive. It turns a panic in a driver into an error: the server at the address may be no
// store at all, and drivers trust its answers. In gocloud.dev v0.47 the driver for Azure panics on an answer without
// Last-Modified, and when a write fails after its bytes were accepted (its pipe is nil by then).
type store struct {
	bucket *blob.Bucket
	log    logr.Logger
}

// guard is deferred. It turns a panic into an error of the function that defers it.
func (s store) guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the store's client failed on the store's answer: %v", p)
		s.log.V(1).Info("A store's client panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

func (s store) openBucket(ctx context.Context, address string) (_ *blob.Bucket, err error) {
	defer s.guard(&err)
	return blob.OpenBucket(ctx, address)
}

// create writes an object that does not exist. If it exists, the error's code is FailedPrecondition. create holds up to
// uploadChunk bytes in memory.
func (s store) create(ctx context.Context, key string, from io.Reader) (err error) {
	defer s.guard(&err)
	return s.bucket.Upload(ctx, key, from, &blob.WriterOptions{
		ContentType: "text/plain; charset=utf-8", BufferSize: uploadChunk, MaxConcurrency: 1, IfNotExist: true,
	})
}

// replace writes an object, whether or not it exists. It uses Upload, because WriteAll uses the pipe that can panic
// (see store).
func (s store) replace(ctx context.Context, key string, content []byte) (err error) {
	defer s.guard(&err)
	return s.bucket.Upload(ctx, key, bytes.NewReader(content), &blob.WriterOptions{ContentType: "application/json"})
}

// open reads an object from an offset on, to its end if length is negative.
func (s store) open(ctx context.Context, key string, offset, length int64) (_ *object, err error) {
	defer s.guard(&err)
	reader, err := s.bucket.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, err
	}
	return &object{Reader: reader, store: s}, nil
}

// openPatiently opens a whole object, and limits the time of opening and of each Read (see package idle). A store that
// hangs must not block its readers for ever.
func (s store) openPatiently(ctx context.Context, key string, patience time.Duration) (io.ReadCloser, error) {
	return idle.Open(ctx, patience, func(ctx context.Context) (io.ReadCloser, error) {
		return s.open(ctx, key, 0, -1)
	})
}

// object is an object that is being read.
type object struct {
	*blob.Reader
	store store
}

func (o *object) Read(p []byte) (n int, err error) {
	defer o.store.guard(&err)
	return o.Reader.Read(p)
}

func (o *object) Close() (err error) {
	defer o.store.guard(&err)
	return o.Reader.Close()
}

// WriteTo replaces that of blob.Reader, whose panics would not be caught.
func (o *object) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, struct{ io.Reader }{o})
}

// isMissing reports whether an error means that the object does not exist. The driver for Azure also reports this if
// the store's name cannot be resolved.
func isMissing(err error) bool {
	return gcerrors.Code(err) == gcerrors.NotFound && !errors.As(err, new(*net.DNSError))
}

func (s store) attributes(ctx context.Context, key string) (_ *blob.Attributes, err error) {
	defer s.guard(&err)
	return s.bucket.Attributes(ctx, key)
}

func (s store) delete(ctx context.Context, key string) (err error) {
	defer s.guard(&err)
	return s.bucket.Delete(ctx, key)
}

// list calls visit with each object, or folder if there is a delimiter, below a prefix.
func (s store) list(ctx context.Context, prefix, delimiter string, visit func(*blob.ListObject) error) error {
	objects := s.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
	for {
		object, err := s.next(ctx, objects)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(object); err != nil {
			return err
		}
	}
}

func (s store) next(ctx context.Context, objects *blob.ListIterator) (_ *blob.ListObject, err error) {
	defer s.guard(&err)
	return objects.Next(ctx)
}
