/** Zod issues → the contract's error map: field → messages, nested like the input. Pure. */
import type { FieldErrors } from '../outcome.ts'

type Issue = { path: PropertyKey[]; message: string }
type Node = { messages: string[]; children: Map<PropertyKey, Node> }

const emptyNode = (): Node => ({ messages: [], children: new Map() })

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

/** What concerns no field stands under `non_field_errors`; list items without an error are `{}`. */
export function toFieldErrors(issues: readonly Issue[]): FieldErrors {
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
    node.messages.push(issue.message)
  }
  const errors = toErrors(root)
  return Array.isArray(errors) ? { non_field_errors: errors as string[] } : errors
}
