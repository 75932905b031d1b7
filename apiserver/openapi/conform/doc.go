// Package conform tells whether requests and their answers are as an OpenAPI document describes them. Tests use it:
// all that they send and get is compared with what the API says of itself.
package conform
