// Package v1alpha1 is the API of taskexec.dev: what a user may ask for and what the controller answers.
//
// A Task says what can be run. A TaskExecution records one run of it. Everything that Taskexec knows about
// a run stands in these two resources; there is no other store.
//
// +kubebuilder:object:generate=true
// +groupName=taskexec.dev
package v1alpha1
