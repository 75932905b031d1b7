// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import "slices"

// split divides an income among debts: each gets the same, but not more than it owes. It returns what each gets at
// most, and what is left when all debts are paid. Debts and income are in bytes.
//
// Each debt d gets min(d, level), where the level is chosen so that the sum is the income (max-min fairness).
func split(debts []float64, income float64) (level, left float64) {
	for i, debt := range slices.Sorted(slices.Values(debts)) {
		share := income / float64(len(debts)-i)
		if share < debt-level {
			return level + share, 0
		}
		income -= (debt - level) * float64(len(debts)-i)
		level = debt
	}
	return level, max(0, income)
}

// due returns how many bytes of income it takes to pay a debt, while each of the other debts gets the same, but not
// more than it owes. debt is one of debts.
func due(debt float64, debts []float64) (income float64) {
	for _, other := range debts {
		income += min(other, debt)
	}
	return income
}

func debtsOf(accounts map[string]*account) []float64 {
	debts := make([]float64, 0, len(accounts))
	for _, a := range accounts {
		debts = append(debts, a.debt)
	}
	return debts
}
