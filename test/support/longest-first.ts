/**
 * In which order test files start. Without a cache vitest begins with the largest file, and a small one
 * that takes a minute and a half would run alone at the end. Decides nothing else.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Together, because a runtime only goes on with the next file where that is of its project. */
const projects = ['workerd-alone', 'workerd', 'unit', 'e2e']
/** Longer than their size says. */
const long = /\/test\/(ledger\/(faults|fold)|http\/matrix)\.test\.ts$/

const rank = ({ project, moduleId }: TestSpecification): number =>
  2 * projects.indexOf(project.name) + (long.test(moduleId) ? 0 : 1)

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
