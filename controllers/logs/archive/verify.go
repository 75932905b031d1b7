// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"fmt"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// Verified is what Verify counted.
type Verified struct {
	Parts        int
	Lines, Bytes int64
}

// Verify reads every part of an archive and compares its lines and bytes with the index. The errors name the parts.
func (r *Reader) Verify(ctx context.Context, ix *Index) (v Verified, err error) {
	var problems []error
	for i := range ix.Streams {
		s := &ix.Streams[i]
		open := false
		for n := range s.Parts {
			part, endsOpen, err := r.measurePart(ctx, ix.partKey(&s.StreamID, n), open)
			open = endsOpen
			if err != nil {
				problems = append(problems, err)
				continue
			}
			v.Parts, v.Lines, v.Bytes = v.Parts+1, v.Lines+part.Lines, v.Bytes+part.Bytes
			if part.Lines != s.Parts[n].Lines || part.Bytes != s.Parts[n].Bytes {
				problems = append(problems, fmt.Errorf("the part %s has %d lines in %d bytes, and the index says %d in %d",
					ix.partKey(&s.StreamID, n), part.Lines, part.Bytes, s.Parts[n].Lines, s.Parts[n].Bytes))
			}
		}
	}
	return v, errors.Join(problems...)
}

func (r *Reader) measurePart(ctx context.Context, key string, continues bool) (Part, bool, error) {
	reader, err := r.GetPatiently(ctx, key, r.patience)
	if err != nil {
		return Part{}, false, &bucket.Error{Doing: "reading the part " + key, Err: err}
	}
	defer func() { _ = reader.Close() }() // nothing was written
	part, open, err := measure(reader, continues)
	if err != nil {
		return Part{}, false, &bucket.Error{Doing: "reading the part " + key, Err: err}
	}
	return part, open, nil
}

// Walk calls visit with the index of each archive in a namespace, in the order of UIDs, after a given UID. An index that cannot be
// read is passed as an error.
func (r *Reader) Walk(ctx context.Context, namespace string, after types.UID, visit func(types.UID, *Index, error) error) error {
	return r.List(ctx, namespace+"/", "/", func(object *blob.ListObject) error {
		uid := types.UID(object.Key[len(namespace)+1 : max(len(namespace)+1, len(object.Key)-1)])
		if !object.IsDir || uid <= after {
			return nil
		}
		key := (&Execution{Namespace: namespace, UID: uid}).indexKey()
		ix, err := r.read(ctx, key)
		if err != nil {
			err = &bucket.Error{Doing: "reading the index " + key, Err: err}
		}
		return visit(uid, ix, err)
	})
}

// Namespaces returns the namespaces that have logs.
func (r *Reader) Namespaces(ctx context.Context) (found []string, err error) {
	err = r.List(ctx, "", "/", func(object *blob.ListObject) error {
		if object.IsDir && object.Key[0] != '.' {
			found = append(found, object.Key[:len(object.Key)-1])
		}
		return nil
	})
	return found, err
}
