// props makes what a component is given changeable from outside, for its test.
export function props<T extends object>(given: T): T {
  const changeable = $state(given)
  return changeable
}
