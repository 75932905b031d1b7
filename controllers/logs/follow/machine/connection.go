package machine

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func (m *Machine) turnTaken(e Event) {
	if m.flow.unjudged(m.log.FileSize) {
		m.lookUp(beforeConnect)
		return
	}
	m.connect(e.Now)
}

func (m *Machine) connect(now time.Time) {
	m.pace.connect(now)
	m.said, m.mayHang = false, false
	m.do(Action{Kind: Connect, Since: m.window.Since(), Follow: !m.final})
}

// refused gives up when the pod is gone. That a log is not found says less: a kubelet that starts again does not find it
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
		m.conclude(e.FinishedAt)
	case e.Left, m.end == Again, verdict == toConfirm:
		m.do(Action{Kind: Wait, FirstPause: fresh})
	default:
		m.do(pause(m.final, fresh))
	}
}

// pause before the next try. A try that brought lines begins with the shortest pause again. The end of a response is mostly
// the end of the container, of which the pod's status is about to tell: then the last read is due at once.
func pause(final, fresh bool) Action {
	return Action{Kind: Wait, Pause: true, FirstPause: fresh, UntilEnd: !final}
}

// conclude judges, at the end of the log, what was left open.
func (m *Machine) conclude(finishedAt time.Time) {
	m.judgeResume(finishedAt)
	if !m.head.judged && m.resume.begun {
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
