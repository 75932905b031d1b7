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

// CacheTTL is how long an answer of the API server is taken for true. A right that is missing is asked for sooner: it
// may have been given because of the refusal.
const (
	CacheTTL     = 10 * time.Second
	denyCacheTTL = 2 * time.Second
)

// askTimeout bounds one question, its repetitions included.
const askTimeout = 5 * time.Second

// retries of a question that the API server could not answer at that moment.
func retries() *wait.Backoff {
	return &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 3}
}

// Kubernetes asks an API server. It is safe for concurrent use.
type Kubernetes struct {
	authenticator authenticator.Request
	authorizer    authorizer.UnconditionalAuthorizer
	// audiences that a token must be made for, one of them at least.
	audiences authenticator.Audiences
	issued    *issued
}

// New asks the API server of config, whose user must be allowed to create tokenreviews and subjectaccessreviews, as
// the cluster's own role system:auth-delegator is. Without audiences, tokens must be made for the API server itself.
func New(config *rest.Config, audiences []string) (*Kubernetes, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client that asks who callers are: %w", err)
	}
	// There are no APIAudiences: they would be assumed where the API server names none, and then a token of any
	// audience would do.
	authenticator, _, err := authenticatorfactory.DelegatingAuthenticatorConfig{
		TokenAccessReviewClient:  clientset.AuthenticationV1(),
		TokenAccessReviewTimeout: askTimeout,
		WebhookRetryBackoff:      retries(),
		CacheTTL:                 CacheTTL,
	}.New()
	if err != nil {
		return nil, fmt.Errorf("making the authenticator: %w", err)
	}
	authorizer, err := authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: clientset.AuthorizationV1(),
		AllowCacheTTL:             CacheTTL,
		DenyCacheTTL:              denyCacheTTL,
		WebhookRetryBackoff:       retries(),
	}.New()
	if err != nil {
		return nil, fmt.Errorf("making the authorizer: %w", err)
	}
	keys := func(ctx context.Context) ([]byte, error) {
		return clientset.Discovery().RESTClient().Get().AbsPath(keysPath).DoRaw(ctx)
	}
	return &Kubernetes{authenticator, authorizer, audiences, newIssued(keys, audiences)}, nil
}

// ErrBadToken: the API server does not know the token, or it expired, or was made for another audience.
var ErrBadToken = errors.New("the token is not valid here")

// Authenticate gives the user of a token that was made for the audiences of New.
func (k *Kubernetes) Authenticate(ctx context.Context, token string) (user.Info, error) {
	return k.authenticate(ctx, token, k.audiences)
}

// AuthenticateForAPIServer gives the user of a token that was made for the API server.
func (k *Kubernetes) AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error) {
	return k.authenticate(ctx, token, nil)
}

// authenticate returns ErrBadToken, or another error when it could not be found out.
func (k *Kubernetes) authenticate(ctx context.Context, token string, audiences authenticator.Audiences) (user.Info, error) {
	if len(audiences) > 0 {
		ctx = authenticator.WithAudiences(ctx, audiences)
	}
	// A request that has nothing but the token: the library would look for one elsewhere, and take it out.
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

// Issued reports whether the cluster itself signed a token for the audiences of New. It asks nobody but for the keys, at
// most once a minute. A token that it reports need not be valid any more.
func (k *Kubernetes) Issued(ctx context.Context, token string) bool {
	return k.issued.has(ctx, token, time.Now())
}

// notAsked tells an API server that did not answer from one that answered no: what it says of a token comes as a
// plain error.
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

// isAnonymous tells of a user that proved nothing, as an API server may name one.
func isAnonymous(u user.Info) bool {
	return u.GetName() == "" || u.GetName() == user.Anonymous || slices.Contains(u.GetGroups(), user.AllUnauthenticated)
}

// Question is whether a verb is allowed: on a resource of taskexec.dev, or on a path that is no resource's.
type Question struct {
	Verb string
	// Resource and Subresource as RBAC has them, such as tasks.
	Resource, Subresource string
	Namespace             string
	// Name of one; empty means any of the namespace.
	Name string
	// Path, where there is no Resource.
	Path string
}

// Allowed tells whether a user may do something. The error says that it could not be found out.
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
