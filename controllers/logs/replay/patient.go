package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

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
	inner, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(p.silence, cancel)
	body, err := p.Source.Open(inner, r)
	if err != nil {
		timer.Stop()
		cancel()
		return nil, p.judge(err)
	}
	return &impatientBody{ReadCloser: body, outer: ctx, inner: inner, cancel: cancel, timer: timer, silence: p.silence}, nil
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

// impatientBody ends when nothing came for a while.
type impatientBody struct {
	io.ReadCloser
	outer, inner context.Context //nolint:containedctx // of one request, which the body does not outlive
	cancel       context.CancelFunc
	timer        *time.Timer
	silence      time.Duration
}

func (b *impatientBody) Read(to []byte) (int, error) {
	b.timer.Reset(b.silence)
	n, err := b.ReadCloser.Read(to)
	b.timer.Stop() // what the reader does with it may take longer
	if err != nil && b.inner.Err() != nil && b.outer.Err() == nil {
		err = io.EOF
	}
	return n, err
}

func (b *impatientBody) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
