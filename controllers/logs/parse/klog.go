package parse

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// klogHeader is Lmmdd hh:mm:ss.uuuuuu threadid file:line], see k8s.io/klog/v2.
var klogHeader = regexp.MustCompile(`^([IWEF])\d{4} \d{2}:\d{2}:\d{2}\.\d{6}\s+\d+ ([^\s:\]]+:\d+)\] ?`)

var klogLevels = map[byte]v1alpha1.LogLevel{
	'I': v1alpha1.LogInfo, 'W': v1alpha1.LogWarn, 'E': v1alpha1.LogError, 'F': v1alpha1.LogError,
}

// klogLine reads a line of klog, plain or structured ("message" key="value").
func klogLine(line []byte) (parsed, bool) {
	header := klogHeader.FindSubmatch(line)
	if header == nil {
		return parsed{}, false
	}
	rest := line[len(header[0]):]
	p := parsed{level: klogLevels[line[0]], message: string(rest), fields: map[string]any{"caller": string(header[2])}}
	quoted, tail, ok := bytes.Cut(bytes.TrimPrefix(rest, []byte(`"`)), []byte(`" `))
	if !ok || len(rest) == 0 || rest[0] != '"' || bytes.HasSuffix(quoted, []byte(`\`)) {
		if bare := strings.TrimSpace(p.message); len(bare) > 1 && bare[0] == '"' && strings.Count(bare, `"`) == 2 && strings.HasSuffix(bare, `"`) {
			p.message = strings.Trim(bare, `"`)
		}
		return p, true
	}
	if fields, ok := pairs(tail); ok {
		fields["caller"] = p.fields["caller"]
		p.message, p.fields = string(quoted), fields
	}
	return p, true
}
