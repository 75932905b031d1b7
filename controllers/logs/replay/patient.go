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

// errVanished: a log that was there at the last look is not there any more; it may have been archived meanwhile.
var errVanished = errors.New("the container's log is gone")

// patient opens logs for one reading: it follows that of one container, but never in silence for long.
type patient struct {
	source.Source
	follow  *source.ContainerRun
	silence time.Duration
	// lenient: a log that cannot be read any more is passed over.
	lenient bool
}

// Open leaves out errors that say that there is no such log, if lenient, and makes them errVanished if not.
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

// unfollowed gives what is there by now.
func unfollowed(s source.Source) source.Source {
	if p, ok := s.(patient); ok {
		return p.Source
	}
	return s
}

func (p patient) judge(err error) error {
	if !p.lenient && (apierrors.IsNotFound(err) || apierrors.IsBadRequest(err)) {
		return fmt.Errorf("%w: %v", errVanished, err) //nolint:errorlint // it is to be known as errVanished alone
	}
	return err
}

// untilSilent ends, as if that were all, when nothing came for a while.
type untilSilent struct{ io.ReadCloser }

func (b untilSilent) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if errors.Is(err, idle.ErrTimeout) {
		err = io.EOF
	}
	return n, err
}
