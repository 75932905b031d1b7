package apiserver

import (
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// systemNamespaces are Kubernetes' own. A Secret there may be a credential of the cluster, such as a bootstrap token.
// config/admission has the same list.
var systemNamespaces = []string{metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease}

// watched returns the namespaces that the watch cache is of; one empty name means all.
func (o *Options) watched() []string {
	if o.AllNamespaces {
		return []string{metav1.NamespaceAll}
	}
	return append([]string{o.Namespace}, o.OtherNamespaces...)
}

// several reports whether namespaces are served under their names.
func (o *Options) several() bool { return o.AllNamespaces || len(o.OtherNamespaces) > 0 }

// serves reports whether a namespace is served. A server that was given no list serves each.
func (s *server) serves(namespace string) bool {
	return namespace == s.namespace || len(s.named) == 0 || slices.Contains(s.named, namespace)
}

// takesSecrets refuses sensitive params where the facade must make no Secret: in the namespaces of Kubernetes and in its own.
func (h *submitRoom) takesSecrets(in *scope, secret map[string][]byte) error {
	if len(secret) == 0 || in.namespace != h.ownNamespace && !slices.Contains(systemNamespaces, in.namespace) {
		return nil
	}
	return problemf(http.StatusForbidden, "sensitive params are not taken in the namespace %q, because they are kept in a Secret there and the namespace "+
		"belongs to the system; put the task into another namespace", in.namespace)
}
