/**
 * flagsmith-nodejs evaluating locally, fed with the very text that the environment document
 * endpoint sends. Only its public interface is used.
 */
import { Flagsmith } from 'flagsmith-nodejs'
import { documentParts, type IdentityOverride } from '../../src/document/document-view.ts'
import { overrideChunks } from '../../src/document/override-pages.ts'
import type { Document, FlagValue } from '../../src/engine/document.ts'
import type { TraitValue } from '../../src/engine/index.ts'

export type Decision = { enabled: boolean; value: FlagValue }

async function documentText(document: Document, overrides: IdentityOverride[]): Promise<string> {
  const { before, after } = documentParts(document)
  const chunks: string[] = []
  // Two pages, so that a page ends wherever it may.
  const half = Math.ceil(overrides.length / 2)
  const pages = [overrides.slice(0, half), overrides.slice(half)]
  for await (const chunk of overrideChunks(document, pages)) chunks.push(chunk)
  return [before, ...chunks, after].join('')
}

export type LocalSdk = {
  identityFlags(identifier: string, traits: ReadonlyMap<string, TraitValue>): Promise<Decision[]>
  environmentFlags(): Promise<Decision[]>
  close(): Promise<void>
}

/** Decisions come in the document's feature order. */
export async function localSdk(
  document: Document,
  overrides: IdentityOverride[] = [],
): Promise<LocalSdk> {
  const text = await documentText(document, overrides)
  const sdk = new Flagsmith({
    environmentKey: 'ser.parity',
    enableLocalEvaluation: true,
    fetch: async () => new Response(text),
  })
  type Flags = Awaited<ReturnType<typeof sdk.getEnvironmentFlags>>
  const decisions = (flags: Flags) =>
    document.features.map(({ name }) => ({
      enabled: flags.isFeatureEnabled(name),
      value: flags.getFeatureValue(name) as FlagValue,
    }))
  return {
    identityFlags: async (identifier, traits) =>
      decisions(await sdk.getIdentityFlags(identifier, Object.fromEntries(traits))),
    environmentFlags: async () => decisions(await sdk.getEnvironmentFlags()),
    close: () => sdk.close(),
  }
}
