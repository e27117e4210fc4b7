/**
 * What the SDK endpoints are called and what they take and give, for the API's description. Their
 * bodies are read by hand, for speed and for the contract's exact errors; tests hold the two together.
 */
import type { RouteConfig } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import type { createSdkRouter } from './router.ts'
import * as shapes from './schemas.ts'

type Told = {
  method: 'get' | 'post' | 'put'
  path: string
  summary: string
  query?: z.ZodObject
  body?: z.ZodType
  /** Answer by status; null: without a body. */
  answers: Record<number, z.ZodType | null>
}

const feature = z.string().optional().openapi({ description: 'One flag by its name.' })

const v1: Told[] = [
  {
    method: 'get',
    path: '/flags',
    summary: 'The flags of the environment.',
    query: z.object({ feature }),
    answers: { 200: z.array(shapes.flag), 304: null, 404: shapes.detail },
  },
  {
    method: 'get',
    path: '/identities',
    summary: 'The flags and traits of an identity, which is created unless it is transient.',
    query: z.object({
      identifier: z.string(),
      transient: z.string().optional().openapi({ description: 'Any value at all means yes.' }),
      feature,
    }),
    answers: { 200: shapes.identity, 400: shapes.fieldErrors, 404: shapes.detail },
  },
  {
    method: 'post',
    path: '/identities',
    summary: 'Sets traits of an identity and answers its flags and traits.',
    body: shapes.identifyBody,
    answers: { 200: shapes.identity, 400: shapes.fieldErrors },
  },
  {
    method: 'post',
    path: '/bulk-identities',
    summary: 'Stores up to a hundred identities with these traits and no others.',
    body: shapes.bulkBody,
    answers: { 202: null, 400: shapes.fieldErrors },
  },
  {
    method: 'put',
    path: '/bulk-identities',
    summary: 'Adds traits to up to a hundred identities.',
    body: shapes.bulkBody,
    answers: { 202: null, 400: shapes.fieldErrors },
  },
  {
    method: 'get',
    path: '/environment-document',
    summary: 'Everything that local evaluation needs; server-side keys only.',
    answers: { 200: shapes.environmentDocument, 304: null },
  },
  {
    method: 'post',
    path: '/analytics/flags',
    summary: 'How often flags were evaluated, by name.',
    body: shapes.counts,
    answers: { 200: null, 400: shapes.fieldErrors },
  },
  {
    method: 'post',
    path: '/traits',
    summary: 'Sets one trait (legacy).',
    body: shapes.traitOfIdentity,
    answers: { 200: shapes.traitOfIdentity, 400: shapes.fieldErrors },
  },
  {
    method: 'put',
    path: '/traits/bulk',
    summary: 'Sets or deletes traits of several identities (legacy).',
    body: z.array(shapes.traitOfIdentity),
    answers: { 200: z.array(shapes.traitOfIdentity), 400: shapes.fieldErrors },
  },
  {
    method: 'post',
    path: '/traits/increment-value',
    summary: 'Adds to a whole-number trait (legacy).',
    body: shapes.increment,
    answers: { 200: shapes.incremented, 400: shapes.fieldErrors },
  },
  {
    method: 'get',
    path: '/identities/{identifier}',
    summary: 'Flags, traits and segments of an identity (legacy).',
    answers: { 200: shapes.legacyIdentity, 404: shapes.detail },
  },
  {
    method: 'post',
    path: '/identities/{identifier}/traits/{key}',
    summary: 'Sets one trait (legacy).',
    body: z.object({ trait_value: z.unknown() }),
    answers: { 200: z.looseObject({ trait_key: z.string() }), 400: shapes.fieldErrors },
  },
  {
    method: 'get',
    path: '/flags/{identifier}',
    summary: 'The flags of an identity, without variants (legacy).',
    query: z.object({ feature }),
    answers: { 200: z.array(shapes.flag), 404: shapes.detail },
  },
  {
    method: 'get',
    path: '/flags/{identifier}/multivariate-options',
    summary: 'The values a feature, named by its id, can take.',
    answers: { 200: shapes.multivariateOptions, 404: shapes.detail },
  },
]

const v2: Told[] = [
  {
    method: 'post',
    path: '/analytics/flags',
    summary: 'How often flags were evaluated, one by one.',
    body: shapes.evaluations,
    answers: { 204: null, 400: shapes.fieldErrors },
  },
]

const content = (schema: z.ZodType) => ({ 'application/json': { schema } })

const toRoute = ({ method, path, summary, query, body, answers }: Told): RouteConfig => ({
  method,
  path,
  summary,
  security: [{ EnvironmentKey: [] }],
  request: {
    ...(query && { query }),
    ...(body && { body: { content: content(body), required: true } }),
  },
  responses: {
    ...Object.fromEntries(
      Object.entries(answers).map(([status, schema]) => [
        status,
        { description: summary, ...(schema && { content: content(schema) }) },
      ]),
    ),
    403: { description: 'No key, or one that is not good.', content: content(shapes.detail) },
  },
})

type Router = ReturnType<typeof createSdkRouter>

export function describeSdk(routers: { v1: Router; v2: Router }): void {
  for (const told of v1) routers.v1.openAPIRegistry.registerPath(toRoute(told))
  for (const told of v2) routers.v2.openAPIRegistry.registerPath(toRoute(told))
}
