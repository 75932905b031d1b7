// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func (m *Machine) turnTaken(e Event) {
	if m.endedLong != nil || m.flow.unjudged(m.log.FileSize) {
		m.lookUp(beforeConnect)
		return
	}
	m.connect(e.Now)
}

func (m *Machine) connect(now time.Time) {
	m.pace.connect(now)
	m.gapSaid, m.mayHang = false, false
	m.do(Action{Kind: Connect, Since: m.window.Since(), Follow: !m.final})
}

// refused gives up if the pod is gone. A log that is not found proves less: a kubelet that restarts does not find it
// either.
func (m *Machine) refused(e Event) {
	if e.PodGone {
		m.abandonLong(v1alpha1.ReasonLogsPodGone)
		m.do(Action{Kind: Finish, Reason: v1alpha1.ReasonLogsPodGone})
		return
	}
	m.do(pause(m.final, false))
}

func (m *Machine) disconnected(e Event) {
	clean := m.end == Closed && !m.ending.isNoLog(m.final)
	m.pace.renewed = e.Renewed
	m.pace.disconnect(e.Now, clean)
	m.resume.disconnected(&m.pace)
	fresh := m.pace.fresh > 0
	verdict := notTheEnd
	if clean && m.final {
		verdict = m.ending.judge(fresh, m.resume.begun, m.window.Replayed())
	}
	switch {
	case verdict == theEnd:
		m.conclude()
	case e.Left, m.end == Again, verdict == toConfirm:
		m.do(Action{Kind: Wait, FirstPause: fresh})
	default:
		m.do(pause(m.final, fresh))
	}
}

// pause returns the pause before the next attempt. After an attempt that brought lines it starts with the shortest
// pause again. A response mostly ends because its container has ended, which the pod's status reports soon: then the
// pause ends.
func pause(final, fresh bool) Action {
	return Action{Kind: Wait, Pause: true, FirstPause: fresh, UntilEnd: !final}
}

// conclude judges, at the end of the log, whatever is not judged yet.
func (m *Machine) conclude() {
	m.judgeResume(time.Time{})
	if !m.head.judged {
		m.judgeHead()
	}
	m.concluding = true
	if l := m.long; l != nil {
		m.long = nil
		m.do(Action{Kind: CutLine})
		m.longEnded(l)
		return
	}
	m.next()
}
