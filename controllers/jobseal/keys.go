// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package jobseal proves which Jobs the controller created. Kubernetes does not record who created an object, and
// anybody who may create Jobs can copy each label, owner reference and field of a real one. So the controller signs the
// Jobs that it creates.
//
// Each process has a key pair of its own. The private key never leaves its memory. The public key is published in a
// ConfigMap of the controller's own namespace before the first Job is created. So the next process can verify the Jobs
// of this one, which may have crashed before a status named them. No secret has to be kept, and a run costs no
// additional write.
package jobseal

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Keys are public keys by their ids.
type Keys map[string]ed25519.PublicKey

// Made reports whether the holder of one of the keys created a Job for the execution with that UID.
func (k Keys) Made(job metav1.Object, execution types.UID) bool {
	id, signature := parseSeal(job.GetAnnotations()[v1alpha1.AnnotationSeal])
	key, known := k[id]
	return known && ed25519.Verify(key, message(job, execution), signature)
}

// message is the signed text. It does not cover the content of the Job, because webhooks of the cluster may change the
// template after the controller has signed. No name and no UID contains a line break.
func message(job metav1.Object, execution types.UID) []byte {
	return []byte(strings.Join([]string{"taskexec.dev Job", job.GetNamespace(), job.GetName(), string(execution)}, "\n"))
}

// seal is the value of the annotation: the key's id and the signature.
func seal(private ed25519.PrivateKey, id string, job metav1.Object, execution types.UID) string {
	return id + " " + base64.StdEncoding.EncodeToString(ed25519.Sign(private, message(job, execution)))
}

// parseSeal parses a seal. It returns no signature if the text is not a seal.
func parseSeal(text string) (id string, signature []byte) {
	id, encoded, _ := strings.Cut(text, " ")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", nil
	}
	return id, signature
}

// idLength is in hex digits.
const idLength = 16

func idOf(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])[:idLength]
}

// maxKeys bounds how many public keys are kept. A key is needed while a Job may exist that no status names, and while a
// Job outlives its execution. Both times are short, and a process that crashes right away makes no key.
const maxKeys = 100

// entry returns the ConfigMap's entry for a key: when it was published, and the key.
func entry(key ed25519.PublicKey, now time.Time) string {
	return now.UTC().Format(time.RFC3339) + " " + base64.StdEncoding.EncodeToString(key)
}

// parseEntry returns no key if the text is not an entry for that id.
func parseEntry(id, text string) (key ed25519.PublicKey, published time.Time) {
	at, encoded, _ := strings.Cut(text, " ")
	published, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, time.Time{}
	}
	key, err = base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != ed25519.PublicKeySize || idOf(key) != id {
		return nil, time.Time{}
	}
	return key, published
}

// keysIn reads the data of the ConfigMap. It skips entries that are not our keys.
func keysIn(data map[string]string) Keys {
	keys := Keys{}
	for id, text := range data {
		if key, _ := parseEntry(id, text); key != nil {
			keys[id] = key
		}
	}
	return keys
}

// withKey returns the data of the ConfigMap with one more key. If there are too many keys, it drops the oldest. Entries
// that are not keys are dropped first.
func withKey(data map[string]string, key ed25519.PublicKey, now time.Time) map[string]string {
	published := func(id string) time.Time {
		_, at := parseEntry(id, data[id])
		return at
	}
	newest := slices.SortedFunc(maps.Keys(data), func(a, b string) int {
		return cmp.Or(published(b).Compare(published(a)), cmp.Compare(a, b))
	})
	kept := map[string]string{idOf(key): entry(key, now)}
	for _, id := range newest[:min(len(newest), maxKeys-1)] {
		kept[id] = data[id]
	}
	return kept
}
