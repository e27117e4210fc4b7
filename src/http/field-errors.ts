/** Zod issues → the contract's error map: field → messages, nested like the input. Pure. */
import type { FieldErrors } from '../outcome.ts'

type Issue = { path: PropertyKey[]; message: string; code?: string | undefined }
type Node = { messages: string[]; isOfWrongType: boolean; children: Map<PropertyKey, Node> }

const emptyNode = (): Node => ({ messages: [], isOfWrongType: false, children: new Map() })

function toErrors(node: Node): string[] | FieldErrors | FieldErrors[] {
  if (node.children.size === 0) return node.messages
  const keys = [...node.children.keys()]
  if (keys.every((key) => typeof key === 'number')) {
    const list: FieldErrors[] = Array.from({ length: Math.max(...keys) + 1 }, () => ({}))
    for (const [key, child] of node.children) {
      const errors = toErrors(child)
      list[key as number] = Array.isArray(errors)
        ? { non_field_errors: errors as string[] }
        : errors
    }
    return list
  }
  const errors: FieldErrors = Object.create(null)
  for (const [key, child] of node.children) errors[String(key)] = toErrors(child)
  if (node.messages.length > 0) errors.non_field_errors = node.messages
  return errors
}

function readIssues(issues: readonly Issue[]) {
  const root = emptyNode()
  for (const issue of issues) {
    let node = root
    for (const key of issue.path) {
      let child = node.children.get(key)
      if (child === undefined) {
        child = emptyNode()
        node.children.set(key, child)
      }
      node = child
    }
    // What is of the wrong type has no length either: text that stands for a list is not "too long".
    if (!node.isOfWrongType) node.messages.push(issue.message)
    if (issue.code === 'invalid_type') node.isOfWrongType = true
  }
  return toErrors(root)
}

const isMessages = (errors: ReturnType<typeof toErrors>): errors is string[] =>
  Array.isArray(errors) && errors.every((error) => typeof error === 'string')

/**
 * What concerns no field stands under `non_field_errors`. A list that was sent gets a list back, item by
 * item (contract §0.3); items without an error are `{}`.
 */
export function toErrorBody(issues: readonly Issue[]): FieldErrors | FieldErrors[] {
  const errors = readIssues(issues)
  return isMessages(errors) ? { non_field_errors: errors } : errors
}

/** The same for what is no list as a whole. */
export function toFieldErrors(issues: readonly Issue[]): FieldErrors {
  const errors = toErrorBody(issues)
  return Array.isArray(errors) ? { non_field_errors: errors } : errors
}
