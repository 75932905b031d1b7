// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/controllers/logs/idle"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// errVanished means that a log that Look found no longer exists. It may have been archived meanwhile.
var errVanished = errors.New("the container's log is gone")

// patient opens logs for one read. It follows the log of one container until that is silent for too long.
type patient struct {
	source.Source
	follow  *source.ContainerRun
	silence time.Duration
	// lenient means that a log that can no longer be read is skipped.
	lenient bool
}

// Open opens a log. Unless lenient, it returns errVanished if the log does not exist.
func (p patient) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	r.Follow = p.follow != nil && *p.follow == r.ContainerRun
	if !r.Follow {
		body, err := p.Source.Open(ctx, r)
		return body, p.judge(err)
	}
	body, err := idle.Open(ctx, p.silence, func(ctx context.Context) (io.ReadCloser, error) { return p.Source.Open(ctx, r) })
	if err != nil {
		return nil, p.judge(err)
	}
	return untilSilent{body}, nil
}

// unfollowed returns the source that does not follow.
func unfollowed(s source.Source) source.Source {
	if p, ok := s.(patient); ok {
		return p.Source
	}
	return s
}

func (p patient) judge(err error) error {
	if !p.lenient && (apierrors.IsNotFound(err) || apierrors.IsBadRequest(err)) {
		return fmt.Errorf("%w: %v", errVanished, err) //nolint:errorlint // only errVanished is to be unwrapped
	}
	return err
}

// untilSilent ends without an error after a period of silence.
type untilSilent struct{ io.ReadCloser }

func (b untilSilent) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if errors.Is(err, idle.ErrTimeout) {
		err = io.EOF
	}
	return n, err
}
