/**
 * Where an identity lives. One D1 database holds ten gigabytes; past that, identities and traits are
 * spread over databases of their own, and this file is the only place that knows.
 */
import type { Env } from '../env.ts'

/** 32-bit FNV-1a over UTF-16 units with a final mix: spreads similar texts, needs no secrecy. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * The shard, from 0, of an identity among `count`: the one with the highest score (rendezvous
 * hashing), so that of n shards a new one takes only its own n-th of the identities.
 */
export function shardOf(count: number, environmentId: number, identifier: string): number {
  let best = 0
  let highest = -1
  for (let shard = 0; shard < count; shard++) {
    const score = hash32(`${shard}:${environmentId}:${identifier}`)
    if (score > highest) {
      best = shard
      highest = score
    }
  }
  return best
}

/**
 * Every database with identities: those bound as `IDENTITIES_0`, `IDENTITIES_1`, …; without any, the
 * main one. Whoever knows an identity by its id only has to ask them all.
 */
export function identityDatabases(env: Env): D1Database[] {
  const shards: D1Database[] = []
  for (;;) {
    const shard = env[`IDENTITIES_${shards.length}`]
    if (shard === undefined) break
    shards.push(shard)
  }
  return shards.length === 0 ? [env.DB] : shards
}

/** The one database that holds an identity, its traits included. */
export function identityDatabase(env: Env, environmentId: number, identifier: string): D1Database {
  const databases = identityDatabases(env)
  return databases[shardOf(databases.length, environmentId, identifier)] ?? env.DB
}
