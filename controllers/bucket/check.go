// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package bucket

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"k8s.io/apimachinery/pkg/util/wait"

	storecode "github.com/taskexec/taskexec/controllers/bucket/code"
)

const (
	// checkFolder holds the objects of checks. No namespace can have its name, so no archive is there.
	checkFolder = ".taskexec-check/"
	// checkStep is how long each request of a check may take.
	checkStep = 20 * time.Second
	// checkRetry is the longest wait between two checks of a store that failed one.
	checkRetry = time.Minute
)

// Check tries all that a controller needs of a store, with an object of a random name: read an object that does not
// exist, create it, fail to create it again, read it and delete it. The error names the failed step and the probable
// cause: endpoint, region, credentials, permissions, conditional writes. It contains no secret of the URL. Each step
// takes at most 20 seconds.
func (s Bucket) Check(ctx context.Context) error {
	if err := s.CheckReading(ctx); err != nil {
		return err
	}
	key, content := checkFolder+rand.Text(), []byte("Written by Taskexec to check the store at its start. It may be removed.\n")
	for _, step := range []struct {
		tried, permission string
		do                func(context.Context) error
	}{
		{"writing an object that does not exist", "write objects (s3:PutObject)", func(ctx context.Context) error {
			return s.Create(ctx, key, bytes.NewReader(content))
		}},
		{"writing an object that exists, which must be refused", "write objects (s3:PutObject)", func(ctx context.Context) error {
			err := s.Create(ctx, key, strings.NewReader("another"))
			switch {
			case err == nil:
				return errUnconditional
			case gcerrors.Code(err) == gcerrors.FailedPrecondition:
				return nil
			default:
				return err
			}
		}},
		{"reading an object", "read objects (s3:GetObject)", func(ctx context.Context) error { return s.same(ctx, key, content) }},
		{"deleting an object", "delete objects (s3:DeleteObject)", func(ctx context.Context) error { return s.Remove(ctx, key) }},
	} {
		if err := atStep(ctx, step.do); err != nil {
			return &failedCheck{tried: step.tried, permission: step.permission, err: err}
		}
	}
	return nil
}

// CheckReading tries all that a read-only program needs: the bucket must exist, and an object that does not exist must
// read as missing. Otherwise the program cannot know whether a log is archived.
func (s Bucket) CheckReading(ctx context.Context) error {
	err := atStep(ctx, func(ctx context.Context) error {
		reader, err := s.Get(ctx, checkFolder+"none", 0, -1)
		if err == nil {
			_ = reader.Close()
			return errNoStore
		}
		if code, _ := storecode.Of(err); !IsMissing(err) || noBucket[code] {
			return err
		}
		err = s.List(ctx, checkFolder, "/", func(*blob.ListObject) error { return io.EOF })
		if IsMissing(err) {
			return errNoBucket // for an object, some stores only say that it does not exist
		}
		return nil
	})
	if err != nil {
		return &failedCheck{tried: "reading an object that does not exist", permission: "read and list objects (s3:GetObject, and s3:ListBucket, without which S3 refuses what does not exist)", err: err}
	}
	return nil
}

// KeepChecking checks until a check succeeds or ctx ends. It calls told when the outcome changes, with an error or nil.
// It never gives up: a store that is unavailable or not set up yet must not stop runs.
func KeepChecking(ctx context.Context, check func(context.Context) error, told func(error)) {
	backoff := wait.Backoff{Duration: 2 * time.Second, Factor: 2, Steps: 6, Cap: checkRetry}
	last := ""
	for {
		err := check(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			told(nil)
			return
		}
		if text := err.Error(); text != last {
			last = text
			told(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff.Step()):
		}
	}
}

func atStep(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	return do(ctx)
}

// same returns an error if an object does not have the content that was written.
func (s Bucket) same(ctx context.Context, key string, content []byte) error {
	reader, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // nothing was written
	got, err := io.ReadAll(io.LimitReader(reader, int64(len(content))+1))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, content) {
		return fmt.Errorf("%w: the object has other bytes than were written", errNoStore)
	}
	return nil
}

// These are problems that a check finds although the store reports no error.
var (
	errUnconditional = errors.New("the object was overwritten")
	errNoStore       = errors.New("the answer is not that of a store")
	errNoBucket      = errors.New("the bucket does not exist")
)

// failedCheck is an error of a check, with the step that failed.
type failedCheck struct {
	tried, permission string
	err               error
}

func (f *failedCheck) Error() string {
	return fmt.Sprintf("%s: %s: %v", f.tried, f.advice(), Redact(f.err))
}

func (f *failedCheck) Unwrap() error { return f.err }
