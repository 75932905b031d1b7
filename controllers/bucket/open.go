// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
)

// InCloud reports whether a program needs package cloud for the store of an archive's URL.
func InCloud(address string) bool {
	scheme, _, _ := strings.Cut(address, "://")
	return slices.Contains([]string{"s3", "gs", "azblob"}, scheme)
}

// Open opens the bucket of an archive by its URL: file:///folder, s3://bucket, gs://bucket or azblob://container, with
// the parameters of gocloud.dev's drivers, such as ?region=eu-central-1&prefix=logs/. Its errors do not contain the
// parameters, which may be secret.
func Open(ctx context.Context, address string) (*blob.Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the archive's URL cannot be parsed; want one such as file:///folder or s3://bucket?region=eu-central-1")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("the parameters of the archive's URL, after its ?, cannot be parsed; want some such as region=eu-central-1&prefix=logs/")
	}
	switch u.Scheme {
	case "file":
		for key, value := range map[string]string{"create_dir": "true", "metadata": "skip", "no_tmp_dir": "true"} {
			if !query.Has(key) {
				query.Set(key, value)
			}
		}
	default:
		if !InCloud(address) {
			return nil, fmt.Errorf("the archive's URL begins with %q, want file://, s3://, gs:// or azblob://", u.Scheme)
		}
		if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
			return nil, fmt.Errorf("this program was built without the client for an archive at %s:// (package cloud)", u.Scheme)
		}
	}
	u.RawQuery = query.Encode() // has no spaces, so redact finds its end
	bucket, err := Bucket{}.openBucket(ctx, u.String())
	if err != nil {
		about := fmt.Sprintf("%s://%s%s", u.Scheme, u.Host, u.Path)
		err = Redact(errors.New(strings.TrimPrefix(err.Error(), "open bucket "+u.String()+": ")))
		return nil, fmt.Errorf("opening the archive %s: %w", about, err)
	}
	return bucket, nil
}
