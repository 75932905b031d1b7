// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloud adds the clients of three clouds to a program that imports it, so that archives can be in their stores.
// The clients take about 30 MiB of memory, more than the rest of the controller, whether they are used or not.
package cloud

import (
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
	"google.golang.org/api/googleapi"

	"github.com/taskexec/taskexec/controllers/bucket/code"
)

func init() { code.Register(codeOf) }

// codeOf reads the errors of the three clients. When a client fails before it sends a request, the code is one of our
// own: MissingRegion or NoCredentials.
func codeOf(err error) (name string, status int) {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	var azure *azcore.ResponseError
	var google *googleapi.Error
	var region *aws.MissingRegionError
	var unsigned *v4.SigningError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &api):
		return api.ErrorCode(), status
	case errors.As(err, &azure):
		return azure.ErrorCode, azure.StatusCode
	case errors.As(err, &google):
		return "", google.Code
	case errors.As(err, &region):
		return "MissingRegion", status
	case errors.As(err, &unsigned):
		return "NoCredentials", status
	}
	return "", status
}
