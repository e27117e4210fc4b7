/**
 * A program of its own that answers questions over IPC, one at a time. It ends with its parent: both
 * sides treat a closed channel as the end.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { command, type Role } from './cores.ts'

export type Child<Question, Answer> = {
  ask: (question: Question) => Promise<Answer>
  stop: () => Promise<void>
}

type Reply<Answer> = { answer: Answer } | { failure: string }

export function startChild<Question, Answer>(role: Role, file: string): Child<Question, Answer> {
  const [program, ...args] = command(role, join(import.meta.dirname, file))
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const ask = (question: Question) =>
    new Promise<Answer>((resolve, reject) => {
      const gone = () => reject(new Error(`${file} ended before it answered`))
      child.once('exit', gone)
      child.once('message', (reply: Reply<Answer>) => {
        child.off('exit', gone)
        if ('answer' in reply) resolve(reply.answer)
        else reject(new Error(`${file}: ${reply.failure}`))
      })
      child.send(question as object)
    })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    if (child.connected) child.disconnect()
    await exited
  }
  return { ask, stop }
}

/** The child's side. `end` frees what would keep the process, or its own children, alive. */
export function answerParent<Question, Answer>(
  answer: (question: Question) => Promise<Answer>,
  end: () => Promise<void> = async () => undefined,
): void {
  const send = (reply: Reply<Answer>) => process.send?.(reply)
  process.on('message', (question: Question) => {
    answer(question).then(
      (given) => send({ answer: given }),
      (error: unknown) =>
        send({ failure: error instanceof Error ? String(error.stack) : String(error) }),
    )
  })
  process.once('disconnect', () => {
    end().finally(() => process.exit())
  })
  // The terminal's Ctrl-C reaches the whole group: the parent decides, and its end is ours.
  process.on('SIGINT', () => undefined)
}
