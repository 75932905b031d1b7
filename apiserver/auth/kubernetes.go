// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// CacheTTL is how long an answer of the API server is cached. A missing right is asked for again sooner, because the
// refusal may lead somebody to grant it.
const (
	CacheTTL     = 10 * time.Second
	denyCacheTTL = 2 * time.Second
)

// askTimeout bounds one request to the API server, with its retries.
const askTimeout = 5 * time.Second

// retries returns how often a request is repeated that the API server could not answer.
func retries() *wait.Backoff {
	return &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 3}
}

// Kubernetes asks an API server. It is safe for concurrent use.
type Kubernetes struct {
	authenticator authenticator.Request
	authorizer    authorizer.UnconditionalAuthorizer
	// audiences are the accepted audiences. A token must be for at least one of them.
	audiences authenticator.Audiences
	issued    *issued
}

// New returns a Kubernetes that asks the API server of config. The user of config must be allowed to create tokenreviews
// and subjectaccessreviews, for example by the ClusterRole system:auth-delegator. Without audiences, tokens must be for
// the API server itself.
func New(config *rest.Config, audiences []string) (*Kubernetes, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for reviews: %w", err)
	}
	// APIAudiences stays empty: the library would assume them if the API server names no audience, and then accept a token
	// of any audience.
	authenticator, _, err := authenticatorfactory.DelegatingAuthenticatorConfig{
		TokenAccessReviewClient:  clientset.AuthenticationV1(),
		TokenAccessReviewTimeout: askTimeout,
		WebhookRetryBackoff:      retries(),
		CacheTTL:                 CacheTTL,
	}.New()
	if err != nil {
		return nil, fmt.Errorf("creating the authenticator: %w", err)
	}
	authorizer, err := authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: clientset.AuthorizationV1(),
		AllowCacheTTL:             CacheTTL,
		DenyCacheTTL:              denyCacheTTL,
		WebhookRetryBackoff:       retries(),
	}.New()
	if err != nil {
		return nil, fmt.Errorf("creating the authorizer: %w", err)
	}
	keys := func(ctx context.Context) ([]byte, error) {
		return clientset.Discovery().RESTClient().Get().AbsPath(keysPath).DoRaw(ctx)
	}
	return &Kubernetes{authenticator, authorizer, audiences, newIssued(keys, audiences)}, nil
}

// ErrBadToken means that the API server does not know the token, that the token has expired or is for another audience.
var ErrBadToken = errors.New("the token is not valid here")

// Authenticate returns the user of a token that is for the audiences of New. It returns ErrBadToken if the token is not
// valid, and another error if that could not be found out.
func (k *Kubernetes) Authenticate(ctx context.Context, token string) (user.Info, error) {
	return k.authenticate(ctx, token, k.audiences)
}

// AuthenticateForAPIServer is Authenticate for a token that is for the API server.
func (k *Kubernetes) AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error) {
	return k.authenticate(ctx, token, nil)
}

func (k *Kubernetes) authenticate(ctx context.Context, token string, audiences authenticator.Audiences) (user.Info, error) {
	if len(audiences) > 0 {
		ctx = authenticator.WithAudiences(ctx, audiences)
	}
	// The library also takes tokens from other parts of a request, and removes the header. So it gets a request with
	// nothing but this header.
	request := (&http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}}).WithContext(ctx)
	response, ok, err := k.authenticator.AuthenticateRequest(request)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && notAsked(err):
		return nil, fmt.Errorf("reviewing a token: %w", err)
	case err != nil || !ok || isAnonymous(response.User):
		return nil, ErrBadToken
	}
	return response.User, nil
}

// Issued reports whether the cluster signed a token for the audiences of New. The token may have been revoked since. Issued
// sends no request but to read the keys, at most once a minute.
func (k *Kubernetes) Issued(ctx context.Context, token string) bool {
	return k.issued.has(ctx, token, time.Now())
}

// notAsked reports whether an error means that the API server did not answer. If it answered that a token is not valid,
// the library returns a plain error.
func notAsked(err error) bool {
	var many utilerrors.Aggregate
	if errors.As(err, &many) {
		return slices.ContainsFunc(many.Errors(), notAsked)
	}
	var status apierrors.APIStatus
	var unreachable *url.Error
	return errors.As(err, &status) || errors.As(err, &unreachable) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// isAnonymous reports whether a user is not authenticated. An API server may return such a user.
func isAnonymous(u user.Info) bool {
	return u.GetName() == "" || u.GetName() == user.Anonymous || slices.Contains(u.GetGroups(), user.AllUnauthenticated)
}

// Question asks whether a verb is allowed on a resource of taskexec.dev, or on a path that is not a resource.
type Question struct {
	Verb string
	// Resource and Subresource as in RBAC, such as tasks.
	Resource, Subresource string
	Namespace             string
	// Name of the object. If it is empty, the question is about all objects of the namespace.
	Name string
	// Path, if there is no Resource.
	Path string
}

// Allowed reports whether a user may do something. An error means that it could not be found out.
func (k *Kubernetes) Allowed(ctx context.Context, u user.Info, q Question) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	attributes := authorizer.AttributesRecord{User: u, Verb: q.Verb, Path: q.Path}
	if q.Path == "" {
		attributes.ResourceRequest = true
		attributes.APIGroup, attributes.APIVersion = v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version
		attributes.Resource, attributes.Subresource = q.Resource, q.Subresource
		attributes.Namespace, attributes.Name = q.Namespace, q.Name
	}
	decision, _, err := k.authorizer.Authorize(ctx, attributes)
	if err != nil {
		return false, fmt.Errorf("reviewing access: %w", err)
	}
	return decision == authorizer.DecisionAllow, nil
}
