/**
 * The router every room builds on: both trailing-slash forms of a path, bodies checked against the
 * route's schema, refusals in the contract's shape. It knows no resource.
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from '../env.ts'
import { toErrorBody } from './field-errors.ts'
import './messages.ts'

export type Base = { Bindings: Env; Variables: { requestId: string } }

/** `strict: false`: a path registered without its slash answers with and without, never a redirect. */
export const createRouter = <V extends object = object>() =>
  new OpenAPIHono<{ Bindings: Env; Variables: Base['Variables'] & V }>({
    strict: false,
    defaultHook: (result, c) =>
      result.success ? undefined : c.json(toErrorBody(result.error.issues), 400),
  })
