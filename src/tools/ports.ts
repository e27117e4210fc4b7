/** Asks the system about ports on 127.0.0.1. Reserves none: between asking and taking, others may. */
import { createServer } from 'node:net'

/** The port that could be taken, or null when another program holds it. 0 asks for any. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(null) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(taken))
    })
  })
}

/** Asks for a second: a server that was just killed needs a moment to let go of its port. */
export async function availablePort(port: number): Promise<number | null> {
  for (let tries = 0; tries < 5; tries++) {
    const found = await tryPort(port)
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return null
}
