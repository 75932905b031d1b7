// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobseal

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ConfigMapName is the name of the ConfigMap with the public keys.
const ConfigMapName = "taskexec-controller-keys"

// Sealer signs the Jobs of one process and verifies those of all. It is safe for use in parallel.
type Sealer struct {
	api       client.Client
	live      client.Reader
	clock     clock.PassiveClock
	configMap types.NamespacedName

	public  ed25519.PublicKey
	private ed25519.PrivateKey

	mu        sync.Mutex
	published bool
	known     Keys
}

// New creates a key pair. The public key is published in the namespace, which only operators of the cluster should be
// able to write to: anybody who can write the ConfigMap can forge Jobs.
func New(api client.Client, live client.Reader, clock clock.PassiveClock, namespace string) (*Sealer, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("making the key that Jobs are sealed with: %w", err)
	}
	return &Sealer{
		api: api, live: live, clock: clock, configMap: types.NamespacedName{Namespace: namespace, Name: ConfigMapName},
		public: public, private: private, known: Keys{idOf(public): public},
	}, nil
}

// Seal signs a Job that is about to be created for the execution with that UID. First it publishes the public key,
// once. It returns an error if that fails, because a crash would lose a Job that nobody can verify.
func (s *Sealer) Seal(ctx context.Context, job metav1.Object, execution types.UID) error {
	if err := s.publish(ctx); err != nil {
		return fmt.Errorf("publishing the key that proves which Jobs are the controller's, in ConfigMap %s: %w", s.configMap, err)
	}
	annotations := job.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationSeal] = seal(s.private, idOf(s.public), job, execution)
	job.SetAnnotations(annotations)
	return nil
}

// Made reports whether this process or one before it created a Job for the execution with that UID. It reads the
// published keys if it does not know the Job's key.
func (s *Sealer) Made(ctx context.Context, job metav1.Object, execution types.UID) (bool, error) {
	id, _ := parseSeal(job.GetAnnotations()[v1alpha1.AnnotationSeal])
	if id == "" {
		return false, nil
	}
	s.mu.Lock()
	keys := s.known
	s.mu.Unlock()
	if _, known := keys[id]; !known {
		var err error
		if keys, err = s.Known(ctx); err != nil {
			return false, err
		}
	}
	return keys.Made(job, execution), nil
}

// Known reads all published keys and adds this process' own.
func (s *Sealer) Known(ctx context.Context) (Keys, error) {
	configMap := &corev1.ConfigMap{}
	if err := client.IgnoreNotFound(s.live.Get(ctx, s.configMap, configMap)); err != nil {
		return nil, fmt.Errorf("reading the keys that prove which Jobs are the controller's, in ConfigMap %s: %w", s.configMap, err)
	}
	return s.learn(configMap.Data), nil
}

func (s *Sealer) learn(data map[string]string) Keys {
	keys := keysIn(data)
	keys[idOf(s.public)] = s.public
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = keys // never written to again, so that it can be read without the lock
	return maps.Clone(keys)
}

// publish writes the public key to the ConfigMap, unless that is done. If the answer to a write is lost, the next
// attempt finds the key.
func (s *Sealer) publish(ctx context.Context) error {
	s.mu.Lock()
	published := s.published
	s.mu.Unlock()
	if published {
		return nil
	}
	err := retry.OnError(retry.DefaultBackoff, isRace, func() error { return s.tryToPublish(ctx) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.published = true
	return nil
}

// isRace reports whether another worker or controller wrote the ConfigMap meanwhile.
func isRace(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }

func (s *Sealer) tryToPublish(ctx context.Context) error {
	configMap := &corev1.ConfigMap{}
	err := s.live.Get(ctx, s.configMap, configMap)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return err
	}
	s.learn(configMap.Data)
	if _, is := configMap.Data[idOf(s.public)]; is {
		return nil
	}
	configMap.Data = withKey(configMap.Data, s.public, s.clock.Now())
	if !missing {
		return s.api.Update(ctx, configMap)
	}
	configMap.Namespace, configMap.Name = s.configMap.Namespace, s.configMap.Name
	configMap.Labels = map[string]string{"app.kubernetes.io/name": "taskexec", "app.kubernetes.io/component": "controller"}
	return s.api.Create(ctx, configMap)
}
