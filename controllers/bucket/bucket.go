// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bucket is the access to the object store of an archive: a folder, S3, Google Cloud Storage or Azure. It opens
// and checks the store, tells a person what is wrong with it, and keeps its secrets out of every error.
package bucket

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

// uploadChunk bounds the memory of one upload in bytes, if the driver allows. It is the minimum of S3.
const uploadChunk = 5 << 20

// Bucket is the bucket of an archive. It turns a panic in a driver into an error: the server at the address may be no
// store at all, and drivers trust its answers. In gocloud.dev v0.47 the driver for Azure panics on an answer without
// Last-Modified, and when a write fails after its bytes were accepted (its pipe is nil by then).
type Bucket struct {
	blob *blob.Bucket
	log  logr.Logger
}

// New returns a Bucket over one that Open returned. log gets the stacks of panics.
func New(b *blob.Bucket, log logr.Logger) Bucket { return Bucket{b, log} }

// guard is deferred. It turns a panic into an error of the function that defers it.
func (s Bucket) guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the store's client failed on the store's answer: %v", p)
		s.log.V(1).Info("A store's client panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

func (s Bucket) openBucket(ctx context.Context, address string) (_ *blob.Bucket, err error) {
	defer s.guard(&err)
	return blob.OpenBucket(ctx, address)
}

// Create writes an object that does not exist. If it exists, the error's code is FailedPrecondition. Create holds up to
// uploadChunk bytes in memory.
func (s Bucket) Create(ctx context.Context, key string, from io.Reader) (err error) {
	defer s.guard(&err)
	return s.blob.Upload(ctx, key, from, &blob.WriterOptions{
		ContentType: "text/plain; charset=utf-8", BufferSize: uploadChunk, MaxConcurrency: 1, IfNotExist: true,
	})
}

// Replace writes an object, whether or not it exists. It uses Upload, because WriteAll uses the pipe that can panic
// (see Bucket).
func (s Bucket) Replace(ctx context.Context, key string, content []byte) (err error) {
	defer s.guard(&err)
	return s.blob.Upload(ctx, key, bytes.NewReader(content), &blob.WriterOptions{ContentType: "application/json"})
}

// Get reads an object from an offset on, to its end if length is negative.
func (s Bucket) Get(ctx context.Context, key string, offset, length int64) (_ *Object, err error) {
	defer s.guard(&err)
	reader, err := s.blob.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, err
	}
	return &Object{Reader: reader, store: s}, nil
}

// GetPatiently opens a whole object, and limits the time of opening and of each Read (see package idle). A store that
// hangs must not block its readers for ever.
func (s Bucket) GetPatiently(ctx context.Context, key string, patience time.Duration) (io.ReadCloser, error) {
	return idle.Open(ctx, patience, func(ctx context.Context) (io.ReadCloser, error) {
		return s.Get(ctx, key, 0, -1)
	})
}

// Object is an object that is being read.
type Object struct {
	*blob.Reader
	store Bucket
}

func (o *Object) Read(p []byte) (n int, err error) {
	defer o.store.guard(&err)
	return o.Reader.Read(p)
}

// Close ends the reading.
func (o *Object) Close() (err error) {
	defer o.store.guard(&err)
	return o.Reader.Close()
}

// WriteTo replaces that of blob.Reader, whose panics would not be caught.
func (o *Object) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, struct{ io.Reader }{o})
}

// IsMissing reports whether an error means that the object does not exist. The driver for Azure also reports this if
// the store's name cannot be resolved.
func IsMissing(err error) bool {
	return gcerrors.Code(err) == gcerrors.NotFound && !errors.As(err, new(*net.DNSError))
}

// Attributes returns the size and the time of an object.
func (s Bucket) Attributes(ctx context.Context, key string) (_ *blob.Attributes, err error) {
	defer s.guard(&err)
	return s.blob.Attributes(ctx, key)
}

// Remove deletes an object. An object that does not exist is no error.
func (s Bucket) Remove(ctx context.Context, key string) (err error) {
	defer s.guard(&err)
	if err := s.blob.Delete(ctx, key); err != nil && !IsMissing(err) {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// List calls visit with each object, or folder if there is a delimiter, below a prefix.
func (s Bucket) List(ctx context.Context, prefix, delimiter string, visit func(*blob.ListObject) error) error {
	objects := s.blob.List(&blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
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

func (s Bucket) next(ctx context.Context, objects *blob.ListIterator) (_ *blob.ListObject, err error) {
	defer s.guard(&err)
	return objects.Next(ctx)
}
