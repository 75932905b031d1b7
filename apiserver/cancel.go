package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// cancelsAtOnce bounds how many executions one request cancels at the same time.
const cancelsAtOnce = 16

// requestedBy names the facade in spec.cancel.
const requestedBy = "rest"

func (s *server) cancelByIDs(w http.ResponseWriter, r *http.Request) error {
	var request cancelByIDsRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	ids, err := checkNames("executionIds", request.ExecutionIDs)
	if err != nil {
		return err
	}
	outcomes, err := s.cancel(r.Context(), ids)
	if err != nil {
		return err
	}
	answer := cancelByIDsResponse{Cancelled: []string{}, NotFound: []string{}, AlreadyFinished: []string{}}
	for i, id := range ids {
		switch outcomes[i] {
		case CancelNotFound:
			answer.NotFound = append(answer.NotFound, id)
		case CancelTooLate:
			answer.AlreadyFinished = append(answer.AlreadyFinished, id)
		case CancelAccepted, CancelRepeated:
			answer.Cancelled = append(answer.Cancelled, id)
		}
	}
	return reply(w, answer)
}

func (s *server) cancelByTaskNames(w http.ResponseWriter, r *http.Request) error {
	var request cancelByTaskNamesRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	names, err := checkNames("taskNames", request.TaskNames)
	if err != nil {
		return err
	}
	answer := cancelByTaskNamesResponse{Cancelled: []string{}, TaskNotFound: []string{}}
	var ids []string
	for _, name := range names {
		executions, err := s.store.Executions(r.Context(), name)
		if err != nil {
			return err
		}
		if len(executions) == 0 {
			task, err := s.store.Task(r.Context(), name)
			if err != nil {
				return err
			}
			if task == nil {
				answer.TaskNotFound = append(answer.TaskNotFound, name)
			}
		}
		ids = append(ids, unfinished(executions)...)
	}
	outcomes, err := s.cancel(r.Context(), ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if outcomes[i] == CancelAccepted || outcomes[i] == CancelRepeated {
			answer.Cancelled = append(answer.Cancelled, id)
		}
	}
	return reply(w, answer)
}

// cancelAll counts the executions that this request cancelled, not those that others had cancelled before.
func (s *server) cancelAll(w http.ResponseWriter, r *http.Request) error {
	executions, err := s.store.Executions(r.Context(), "")
	if err != nil {
		return err
	}
	outcomes, err := s.cancel(r.Context(), unfinished(executions))
	if err != nil {
		return err
	}
	answer := cancelAllResponse{}
	for _, outcome := range outcomes {
		if outcome == CancelAccepted {
			answer.Count++
		}
	}
	return reply(w, answer)
}

func unfinished(executions []v1alpha1.TaskExecution) (ids []string) {
	for i := range executions {
		if !executions[i].Status.Phase.IsTerminal() {
			ids = append(ids, executions[i].Name)
		}
	}
	return ids
}

// cancel asks for each execution to be stopped, and gives the outcomes in the same order. Each is tried,
// whatever becomes of the others; where some failed, the error names those, and those that were cancelled all the
// same. The request can be repeated: what is being cancelled counts as cancelled again.
func (s *server) cancel(ctx context.Context, ids []string) ([]CancelOutcome, error) {
	outcomes, failures := make([]CancelOutcome, len(ids)), make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(cancelsAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			outcomes[i], failures[i] = s.store.Cancel(ctx, id, v1alpha1.CancelRequest{RequestedBy: requestedBy})
			return nil
		})
	}
	_ = group.Wait() // each failure is kept in its place
	err := errors.Join(failures...)
	if err == nil {
		return outcomes, nil
	}
	if len(ids) == 1 {
		return nil, err
	}
	answer := *problemOf(err)
	for i, id := range ids {
		if failures[i] != nil {
			answer.Failed = append(answer.Failed, id)
		} else if outcomes[i] == CancelAccepted || outcomes[i] == CancelRepeated {
			answer.Cancelled = append(answer.Cancelled, id)
		}
	}
	answer.Detail = fmt.Sprintf("%d of %d executions were cancelled, and %d could not be; repeat the request. The first failure: %s",
		len(answer.Cancelled), len(ids), len(answer.Failed), answer.Detail)
	return nil, fmt.Errorf("%w (%w)", &answer, err)
}
