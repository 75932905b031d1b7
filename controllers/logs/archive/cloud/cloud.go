// Package cloud lets archives be in the stores of three clouds, for a program that imports it. Their clients are more than
// the rest of the controller: about 30 MiB of its memory, whether they are used or not.
package cloud

import (
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)
