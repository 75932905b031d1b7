// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/taskexec/taskexec/apiserver/web"
)

// FuzzLogQuery: every query is answered or refused.
func FuzzLogQuery(f *testing.F) {
	for _, seed := range []string{"limit=5&level=warn", "cursor=AQ&tail=1", "since=10m&attempt=2", "follow=true&follow=true", "%zz=;", "since=9999999999h"} {
		f.Add(seed, "text/plain;q=1, */*", "")
	}
	f.Fuzz(func(t *testing.T, query, accept, last string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.Header.Set("Accept", accept)
		r.Header.Set("Last-Event-ID", last)
		q, err := logQueryOf(r, time.Unix(1_700_000_000, 0))
		if err != nil {
			if p := web.ProblemOf(err); p.Status != 400 || !json.Valid(web.MustJSON(p)) {
				t.Errorf("%q is answered by %v", query, err)
			}
			return
		}
		if q.limit < 0 || q.limit > web.MaxPage || q.tail < 0 || q.tail > web.MaxPage {
			t.Errorf("%q gives %+v", query, q)
		}
	})
}
