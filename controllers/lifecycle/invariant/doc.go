// Package invariant says what holds of an execution whatever happens to it: of each status that is written, and from
// each one to the next. It is not part of the operator. The model of lifecycle is judged by it, and so are the runs
// that have the whole controller die, fail and be doubled.
package invariant
