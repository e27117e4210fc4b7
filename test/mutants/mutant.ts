/** A deliberate defect, and the tests that have to notice it. */

export type Mutant = {
  /** Says what is wrong with it, in the words of a reviewer. */
  name: string
  file: string
  /** Stands in the file exactly once. */
  find: string
  replace: string
  /** The test file that has to notice. */
  test: string
  /**
   * Stands in the name of the test that is the first to fail. A mutant that merely breaks everything fails
   * in the file's first test instead, and proves nothing.
   */
  by: string
}

/** Why the mutant cannot be made of this text; null when it can. */
export function misfitOf({ name, file, find }: Mutant, text: string): string | null {
  const count = text.split(find).length - 1
  if (count === 1) return null
  return `the mutant no longer fits: ${name}: ${JSON.stringify(find)} is ${count} times in ${file}`
}

/** A function, because a replacement's `$` has no meaning here. */
export const mutate = ({ find, replace }: Mutant, text: string): string =>
  text.replace(find, () => replace)
