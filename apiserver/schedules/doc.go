// Package schedules reads and changes the schedules of a namespace.
package schedules
