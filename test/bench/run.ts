/**
 * `npm run bench`: every benchmark, or those named (`npm run bench -- flags`). Speed is printed as
 * ratios measured side by side in one run; it is never asserted, because machines are shared.
 */
import { cpus } from 'node:os'
import { benchAdmin } from './admin.ts'
import { benchAudit } from './audit.ts'
import { benchDelivery } from './delivery.ts'
import { benchEngine } from './engine.ts'
import { benchEnvironmentDocument } from './environment-document.ts'
import { benchFlags } from './flags.ts'
import { benchIdentities } from './identities.ts'
import { benchImport } from './import.ts'
import { benchIntegrity } from './integrity.ts'
import { benchLists } from './lists.ts'

const benches: Record<string, () => Promise<void>> = {
  flags: benchFlags,
  identities: benchIdentities,
  document: benchEnvironmentDocument,
  engine: benchEngine,
  admin: benchAdmin,
  lists: benchLists,
  import: benchImport,
  audit: benchAudit,
  integrity: benchIntegrity,
  delivery: benchDelivery,
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(
    `No benchmark ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}.`,
  )
  process.exit(2)
}

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
)
for (const [name, bench] of Object.entries(benches)) {
  if (named.length === 0 || named.includes(name)) await bench()
}
