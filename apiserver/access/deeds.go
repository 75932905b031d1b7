// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Deed is something that a caller may do with an object, and the rights that it takes.
type Deed struct {
	// Word is how answers name it.
	Word string
	// Needs are the rights. The caller needs all of them.
	Needs []Need
}

// Need is a right to one object. The caller has it by its right to all objects of the namespace, to the one of that name,
// or to the runs of that task.
type Need struct {
	Right Right
	// Name is the name of the object. If it is empty, rights to single names do not count.
	Name string
	// Task is the task of a run, empty for other objects.
	Task string
}

// maxNarrowQuestions bounds how many rights to single names are asked for one answer. Beyond it, a right does not count.
const maxNarrowQuestions = 500

// Allowed returns the words of the deeds that the caller may do, for each object. Each right is asked for once, however
// many objects there are: first for all names, and then, if it is missing, for each different name or task.
func (in *Scope) Allowed(ctx context.Context, objects [][]Deed) (words [][]string, err error) {
	words = make([][]string, len(objects))
	known := answers{}
	if in.Guard.Gate != nil {
		if err := in.learn(ctx, known, wide(in.Namespace, objects)); err != nil {
			return nil, err
		}
		narrow := known.narrow(in.Namespace, objects)
		if err := in.learn(ctx, known, narrow[:min(len(narrow), maxNarrowQuestions)]); err != nil {
			return nil, err
		}
	}
	for i, deeds := range objects {
		words[i] = []string{}
		for _, deed := range deeds {
			if in.Guard.Gate == nil || !slices.ContainsFunc(deed.Needs, func(n Need) bool { return !known.has(in.Namespace, n) }) {
				words[i] = append(words[i], deed.Word)
			}
		}
	}
	return words, nil
}

// answers are the answers to questions.
type answers map[auth.Question]bool

// wide returns the questions about all names, each once.
func wide(namespace string, objects [][]Deed) (questions []auth.Question) {
	seen := answers{}
	eachNeed(objects, func(n Need) {
		if q := n.Right.any(namespace); !seen[q] {
			seen[q] = true
			questions = append(questions, q)
		}
	})
	return questions
}

// narrow returns the questions about single names for the rights that the caller does not have to all names, each once.
func (a answers) narrow(namespace string, objects [][]Deed) (questions []auth.Question) {
	seen := answers{}
	eachNeed(objects, func(n Need) {
		if a[n.Right.any(namespace)] {
			return
		}
		for _, q := range n.narrow(namespace) {
			if !seen[q] {
				seen[q] = true
				questions = append(questions, q)
			}
		}
	})
	return questions
}

func eachNeed(objects [][]Deed, visit func(Need)) {
	for _, deeds := range objects {
		for _, deed := range deeds {
			for _, need := range deed.Needs {
				visit(need)
			}
		}
	}
}

// narrow returns the questions about the name and the task of a need.
func (n Need) narrow(namespace string) (questions []auth.Question) {
	if n.Name != "" {
		q := n.Right.any(namespace)
		q.Name = n.Name
		questions = append(questions, q)
	}
	if n.Task != "" {
		questions = append(questions, n.Right.ofTask(namespace, n.Task))
	}
	return questions
}

func (a answers) has(namespace string, n Need) bool {
	return a[n.Right.any(namespace)] || slices.ContainsFunc(n.narrow(namespace), func(q auth.Question) bool { return a[q] })
}

// learn asks questions and adds the answers.
func (in *Scope) learn(ctx context.Context, to answers, questions []auth.Question) error {
	allowed := make([]bool, len(questions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(narrowAtOnce)
	for i, q := range questions {
		group.Go(func() (err error) {
			allowed[i], err = in.allowed(ctx, q)
			return err
		})
	}
	err := group.Wait()
	for i, q := range questions {
		to[q] = allowed[i]
	}
	return err
}

// WantsMay reports whether the query of a request asks what the caller may do (may=true). It does not look at other
// parameters.
func WantsMay(r *http.Request) (may bool, err error) {
	values, given := r.URL.Query()["may"]
	if !given {
		return false, nil
	}
	if len(values) != 1 || web.Boolean(&may, values[0]) != "" {
		return false, web.Problemf(http.StatusBadRequest, "the parameter may is %q, want true or false, once", values)
	}
	return may, nil
}
