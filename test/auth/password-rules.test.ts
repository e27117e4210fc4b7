import { describe, expect, it } from 'vitest'
import { passwordProblems } from '../../src/auth/password-rules.ts'

const person = { email: 'olga.berg@example.com', firstName: 'Olga', lastName: 'Berg-Lindqvist' }

const short = 'This password is too short. It must contain at least 8 characters.'
const common = 'This password is too common.'
const numeric = 'This password is entirely numeric.'
const like = (field: string) => `The password is too similar to the ${field}.`

describe('the password rules', () => {
  it.each([
    ['correct horse battery', []],
    ['zK8#mvQ2', []],
    ['zK8#mvQ', [short]],
    ['password', [common]],
    ['PassWord', [common]],
    [' password1 ', [common]],
    ['12345678', [common, numeric]],
    ['5829104736', [numeric]],
    ['582910', [short, numeric]],
    ['olga.berg@example.com', [like('email')]],
    ['Olga.Berg1', []],
    ['Olga.Berg.Example', [like('email')]],
    ['example.org', [like('email')]],
    ['lindqvist77', [like('last name')]],
    ['Olga', [like('email'), short]],
  ])('answer to %j with %j', (password, problems) => {
    expect(passwordProblems(password, person)).toEqual(problems)
  })

  it('count characters, not code units', () => {
    expect(passwordProblems('😀😁😂🤣', person)).toEqual([short])
  })

  it('find likeness to a first name alone', () => {
    expect(passwordProblems('wilhelmina!', { ...person, firstName: 'Wilhelmina' })).toEqual([
      like('first name'),
    ])
  })
})
