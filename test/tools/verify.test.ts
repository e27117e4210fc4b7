import { describe, expect, test } from 'vitest'
import { add, type Report, sumOf } from '../../src/tools/verify.ts'

const file = (status: string, ...tests: string[]): Report['testResults'][number] => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
})

describe('the sum of npm test', () => {
  test('counts tests', () => {
    const testResults = [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')]
    const report = { numPassedTests: 3, numFailedTests: 1, testResults }
    expect(sumOf(report)).toEqual({ passed: 3, failed: 1 })
  })

  test('counts a file that could not run as one failure', () => {
    const testResults = [file('passed', 'passed'), file('failed'), file('failed', 'skipped')]
    const report = { numPassedTests: 1, numFailedTests: 0, testResults }
    expect(sumOf(report)).toEqual({ passed: 1, failed: 2 })
  })

  test('adds up over the runs', () => {
    expect(add({ passed: 1, failed: 2 }, { passed: 10, failed: 20 })).toEqual({
      passed: 11,
      failed: 22,
    })
  })
})
