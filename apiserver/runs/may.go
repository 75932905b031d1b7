// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"encoding/json"

	"github.com/taskexec/taskexec/apiserver/access"
)

// deedsOf returns what can be done with a run. With byName, a right to the run's own name counts too.
func deedsOf(run *listed, byName bool) (deeds []access.Deed) {
	name, task := "", run.Spec.TaskRef.Name
	if byName {
		name = run.Name
	}
	one := func(word, verb, resource string) {
		need := access.Need{Right: access.RightTo(verb, resource, access.ByExecution), Name: name, Task: task}
		deeds = append(deeds, access.Deed{Word: word, Needs: []access.Need{need}})
	}
	if !run.archived {
		execute := access.Need{Right: access.RightTo("execute", "tasks", access.ByTask), Name: task}
		deeds = append(deeds, access.Deed{Word: "rerun", Needs: []access.Need{execute}})
		one("cancel", "cancel", "taskexecutions")
		one("delete", "delete", "taskexecutions")
	}
	one("logs", "get", "taskexecutions/logs")
	one("rawlogs", "get", "taskexecutions/rawlogs")
	return deeds
}

// allow adds what the caller may do with each run of a list.
func allow(ctx context.Context, in *access.Scope, runs []listed) error {
	objects := make([][]access.Deed, len(runs))
	for i := range runs {
		objects[i] = deedsOf(&runs[i], false)
	}
	words, err := in.Allowed(ctx, objects)
	for i := range words {
		runs[i].may = words[i]
	}
	return err
}

// allowOne adds what the caller may do with a run.
func allowOne(ctx context.Context, in *access.Scope, run *listed) error {
	words, err := in.Allowed(ctx, [][]access.Deed{deedsOf(run, true)})
	if err == nil {
		run.may = words[0]
	}
	return err
}

// insertMay adds the field may to an encoded run, as one line.
func insertMay(body []byte, may []string) ([]byte, error) {
	if may == nil {
		return body, nil
	}
	raw, err := json.Marshal(may)
	if err != nil {
		return nil, err
	}
	with := make([]byte, 0, len(body)+len(raw)+16)
	with = append(append(with, body[:len(body)-2]...), `,"may":`...)
	return append(append(with, raw...), "}\n"...), nil
}
