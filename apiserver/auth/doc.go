// Package auth asks Kubernetes who a caller is, and what it may do: bearer tokens by TokenReview, rights by
// SubjectAccessReview, as the API server's own aggregated servers do, with the libraries that they use. It keeps no
// users and no rules of its own.
//
// Answers are kept for up to CacheTTL. Whatever cannot be asked is an error and never a yes.
package auth
