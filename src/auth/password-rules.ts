/** What a new password may be (contract admin-api §B.1, §E.1). Pure; the messages are the contract's. */
import { commonPasswords } from './common-passwords.ts'

export type Person = { email: string; firstName: string; lastName: string }

const minLength = 8
const tooAlike = 0.7

const countOf = (text: string): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  return counts
}

/** Letters that two texts share, whatever their order, as a part of all their letters: 0 to 1. */
function likeness(one: string, other: string): number {
  const [left, right] = [countOf(one), countOf(other)]
  let shared = 0
  for (const [letter, count] of left) shared += Math.min(count, right.get(letter) ?? 0)
  return (2 * shared) / ([...one].length + [...other].length)
}

/** An e-mail address is compared whole and in the parts between its signs. */
const isLike = (password: string, value: string): boolean =>
  [value, ...value.split(/[^\p{L}\p{N}_]+/u)].some(
    (part) => part !== '' && likeness(password, part.toLowerCase()) >= tooAlike,
  )

/** Everything that is wrong with a password, in the contract's words; an empty list when it is fine. */
export function passwordProblems(password: string, person: Person): string[] {
  const lower = password.toLowerCase()
  const attributes = [
    ['email', person.email],
    ['first name', person.firstName],
    ['last name', person.lastName],
  ] as const
  const alike = attributes.find(([, value]) => isLike(lower, value))
  const problems: string[] = []
  if (alike !== undefined) problems.push(`The password is too similar to the ${alike[0]}.`)
  if ([...password].length < minLength) {
    problems.push(`This password is too short. It must contain at least ${minLength} characters.`)
  }
  if (commonPasswords.has(lower.trim())) problems.push('This password is too common.')
  if (/^\p{Nd}+$/u.test(password)) problems.push('This password is entirely numeric.')
  return problems
}
