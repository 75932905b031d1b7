// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package bucket

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"

	storecode "github.com/taskexec/taskexec/controllers/bucket/code"
)

// These are error codes of S3, Azure and package cloud, by meaning.
var (
	noBucket = map[string]bool{"NoSuchBucket": true, "ContainerNotFound": true, "InvalidBucketName": true}
	regions  = map[string]bool{
		"PermanentRedirect": true, "AuthorizationHeaderMalformed": true, "IllegalLocationConstraintException": true,
		"TemporaryRedirect": true, "MissingRegion": true,
	}
	credentials = map[string]bool{
		"InvalidAccessKeyId": true, "SignatureDoesNotMatch": true, "InvalidToken": true, "ExpiredToken": true, "TokenRefreshRequired": true,
		"AuthenticationFailed": true, "InvalidAuthenticationInfo": true, "NoAuthenticationInformation": true, "NoCredentials": true,
		"RequestTimeTooSkewed": true,
	}
	permissions = map[string]bool{
		"AccessDenied": true, "AllAccessDisabled": true, "AuthorizationFailure": true, "AuthorizationPermissionMismatch": true,
		"InsufficientAccountPermissions": true, "AccountIsDisabled": true,
	}
	unknownFeature = map[string]bool{"NotImplemented": true, "UnsupportedHeader": true, "UnsupportedOperation": true}
)

// advice says what is probably wrong and what to check. It judges an error by the store's code if there is one,
// otherwise by the error of the connection.
func (f *failedCheck) advice() string {
	code, status := storecode.Of(f.err)
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(f.err, errUnconditional):
		return "the store ignores conditional writes (If-None-Match: *), so nothing protects a log from a second writer; use a store that supports them"
	case errors.Is(f.err, errNoStore):
		return "the endpoint is not a store, or a proxy answers instead; check the endpoint"
	case noBucket[code], errors.Is(f.err, errNoBucket):
		return "the bucket or container does not exist; check its name, the region and the account"
	case regions[code], status == http.StatusMovedPermanently:
		return "the region is missing or wrong; check region= in the URL, or AWS_REGION"
	case credentials[code], status == http.StatusUnauthorized:
		return "the credentials are missing, expired or unknown to the store; check the environment, the mounted key or the workload identity of this program"
	case unknownFeature[code], status == http.StatusNotImplemented:
		return "the store does not support conditional writes (If-None-Match: *) or another part of the request; use a store or version that does"
	case permissions[code], status == http.StatusForbidden:
		return "the credentials are valid but lack a permission; allow them to " + f.permission
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return "the store is reachable but does not work now; it is tried again"
	case errors.As(f.err, &dns):
		return "the name of the endpoint cannot be resolved; check endpoint= and region= in the URL, the account's name, and DNS"
	case errors.As(f.err, &certificate), errors.As(f.err, &authority):
		return "the endpoint's certificate is not trusted; check the endpoint and the certificates that this program trusts"
	case errors.Is(f.err, context.DeadlineExceeded):
		return "there was no answer in time; check the endpoint, and network policies and proxies on the way"
	case errors.Is(f.err, syscall.ECONNREFUSED), errors.As(f.err, new(*net.OpError)):
		return "the endpoint cannot be reached; check endpoint= in the URL, and network policies and proxies on the way"
	default:
		return "check the URL's endpoint, region and bucket, and the credentials"
	}
}
