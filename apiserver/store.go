package apiserver

// Stores has one Store for each namespace.
type Stores interface {
	// In returns the Store of a namespace, which need not exist.
	In(namespace string) Store
}

// inKubernetes is the Stores over a Kubernetes API server.
type inKubernetes struct{ *kubeStores }

// In returns the Store of a namespace.
func (k inKubernetes) In(namespace string) Store { return k.kubeStores.In(namespace) }

// Store is what the facade needs of Kubernetes in one namespace: what each of its rooms needs. What it returns is shared
// and must not be changed. Reads see this process's own writes.
type Store interface {
	guardStore
	tasksStore
	submitStore
	runsStore
	logsStore
	scheduleStore
	explainStore
}
