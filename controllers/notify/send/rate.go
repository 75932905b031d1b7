// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

// perMinute is how many messages a receiver of each type takes a minute, by the documents that the vendors' files name.
// Slack takes one a second and short bursts. Webhooks and mail servers have no common limit.
var perMinute = map[Type]int{Webhook: 600, Feishu: 100, DingTalk: 20, WeCom: 20, Slack: 60, Email: 30}

// PerMinute returns how many messages a target of a type gets a minute at most, unless it sets less itself.
func PerMinute(t Type) int { return perMinute[t] }

// Summed reports whether messages of a flood may be summed up for a target of a type. People want one message; a program
// behind a webhook counts events, and gets each.
func Summed(t Type) bool { return t != Webhook }
