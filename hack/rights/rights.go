// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rights compares what an account did, according to the API server's audit log, with what RBAC allows.
package rights

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// policy is an audit policy that logs only the requests of some users, without bodies. It logs a watch when it
// begins.
const policy = `{"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],
"rules":[{"level":"Metadata","users":%s}]}`

// Log is an audit log that an API server writes.
type Log struct{ dir string }

// NewLog writes the audit policy for users into a folder.
func NewLog(dir string, users ...string) (*Log, error) {
	names, err := json.Marshal(users)
	if err != nil {
		return nil, err
	}
	l := &Log{dir}
	if err := os.WriteFile(l.policy(), fmt.Appendf(nil, policy, names), 0o600); err != nil {
		return nil, fmt.Errorf("writing the policy of the audit log: %w", err)
	}
	return l, nil
}

func (l *Log) policy() string { return filepath.Join(l.dir, "audit-policy.json") }
func (l *Log) file() string   { return filepath.Join(l.dir, "audit.log") }

// Flags returns the flags of kube-apiserver for the log, by name.
func (l *Log) Flags() map[string]string {
	return map[string]string{"audit-policy-file": l.policy(), "audit-log-path": l.file(), "audit-log-mode": "blocking-strict"}
}

// Of returns what a user has done so far.
func (l *Log) Of(user string) (Used, error) { return readFile(l.file(), user) }

func readFile(name, user string) (Used, error) {
	file, err := os.Open(name)
	if err != nil {
		return Used{}, fmt.Errorf("reading the audit log: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return Read(file, user)
}

// ReadFolder reads the requests of a user from an audit log and its rotated files. These are the files of a folder
// whose names match a pattern of filepath.Match. It returns an error if there is none.
func ReadFolder(folder, pattern, user string) (Used, error) {
	all := Used{map[Right]bool{}, map[Right]bool{}}
	names, err := filepath.Glob(filepath.Join(folder, pattern))
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there is no %s in %s", pattern, folder)
	}
	for _, name := range names {
		used, readErr := readFile(name, user)
		if readErr != nil {
			return all, fmt.Errorf("%s: %w", name, readErr)
		}
		maps.Copy(all.Rights, used.Rights)
		maps.Copy(all.Refused, used.Refused)
	}
	return all, err
}

// Lasting returns the rights without refusals of rights that were also granted, or that granted has. An API server that
// has just started refuses everything until it has read the roles, and a client may not ask for the same again: a cache
// that was refused its streaming watch asks for a list, and later for the watch.
func (u Used) Lasting(granted map[Right]bool) Used {
	lasting := Used{u.Rights, maps.Clone(u.Refused)}
	maps.DeleteFunc(lasting.Refused, func(right Right, _ bool) bool { return u.Rights[right] || granted[right] })
	return lasting
}

// Right is one verb on one resource, as in RBAC: "patch batch/jobs", or "get pods/log" in the core group.
type Right string

func rightOf(verb, group, resource string) Right {
	if group != "" {
		resource = group + "/" + resource
	}
	return Right(verb + " " + resource)
}

// Used is what an account did.
type Used struct {
	// Rights has the rights that the account used, Refused those that it was refused.
	Rights, Refused map[Right]bool
}

// event has the fields of an audit.k8s.io/v1 event that Read needs.
type event struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef *struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

// maxEvent limits an event in bytes. An event without bodies has a few hundred.
const maxEvent = 1 << 20

// Read reads the requests of a user from an audit log with one JSON event per line. It skips an incomplete last line,
// and requests without a resource, such as discovery. If a line is not an event, the error says which.
func Read(log io.Reader, user string) (Used, error) {
	used := Used{map[Right]bool{}, map[Right]bool{}}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxEvent)
	lines.Split(wholeLines)
	for n := 1; lines.Scan(); n++ {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return used, fmt.Errorf("line %d of the audit log: %w", n, err)
		}
		if e.User.Username != user || e.ObjectRef == nil {
			continue
		}
		resource := e.ObjectRef.Resource
		if e.ObjectRef.Subresource != "" {
			resource += "/" + e.ObjectRef.Subresource
		}
		right := rightOf(e.Verb, e.ObjectRef.APIGroup, resource)
		if e.ResponseStatus.Code == http.StatusForbidden && e.Annotations["authorization.k8s.io/decision"] == "forbid" {
			used.Refused[right] = true
		} else {
			used.Rights[right] = true
		}
	}
	return used, lines.Err()
}

// wholeLines is like bufio.ScanLines, but skips an incomplete last line.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if atEOF && !slices.Contains(data, '\n') {
		return len(data), nil, nil
	}
	return bufio.ScanLines(data, atEOF)
}

// Granted returns the rights that the Roles and ClusterRoles of a manifest grant.
func Granted(manifest io.Reader) (map[Right]bool, error) {
	granted := map[Right]bool{}
	decoder := yaml.NewYAMLOrJSONDecoder(manifest, 4096)
	for {
		var role struct {
			Rules []rbacv1.PolicyRule `json:"rules"`
		}
		err := decoder.Decode(&role)
		if errors.Is(err, io.EOF) {
			return granted, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the rules: %w", err)
		}
		maps.Copy(granted, ofRules(role.Rules))
	}
}

// Compare lists what is wrong: rights that were refused, used without being granted, or granted and not used. Rights
// in elsewhere may be unused. They must be granted.
func Compare(used Used, granted, elsewhere map[Right]bool) (wrong []string) {
	for right := range used.Refused {
		wrong = append(wrong, fmt.Sprintf("%s was refused", right))
	}
	for right := range used.Rights {
		if !granted[right] {
			wrong = append(wrong, fmt.Sprintf("%s is used and granted by no rule", right))
		}
	}
	for right := range granted {
		if !used.Rights[right] && !elsewhere[right] {
			wrong = append(wrong, fmt.Sprintf("%s is granted and never used", right))
		}
	}
	for right := range elsewhere {
		if !granted[right] {
			wrong = append(wrong, fmt.Sprintf("%s is excepted and not granted", right))
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// String lists the used rights for a log.
func (u Used) String() string {
	var all []string
	for right := range u.Rights {
		all = append(all, string(right))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
