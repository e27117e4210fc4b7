/** snake_case stands in the contract only; inside, the same fields are camelCase. */

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

type CamelKeys<T> = {
  [K in keyof T as K extends string ? Camel<K> : never]: Exclude<T[K], undefined>
}

const camel = (name: string) =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** The fields that are there, under their inner names: what a body leaves out stays out. */
export const camelKeys = <T extends object>(body: T): CamelKeys<T> =>
  Object.fromEntries(
    Object.entries(body)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [camel(name), value]),
  ) as CamelKeys<T>

type Snake<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : S

type SnakeKeys<T> = { [K in keyof T as K extends string ? Snake<K> : never]: T[K] }

/** The same fields under the contract's names. */
export const snakeKeys = <T extends object>(row: T): SnakeKeys<T> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  ) as SnakeKeys<T>
