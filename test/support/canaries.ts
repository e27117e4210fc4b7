/** Secrets that can be recognised wherever they come out again, also in another dress. */
import { sha256Hex } from '../../src/storage/digest.ts'

const hexOf = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const base64Of = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

/** As base64 has it inside of a longer text: what its neighbours have a part in is cut off. */
const base64Within = (bytes: Uint8Array) =>
  [0, 1, 2].map((shift) => {
    const shifted = new Uint8Array(shift + bytes.length - ((shift + bytes.length) % 3))
    shifted.set(bytes.subarray(0, shifted.length - shift), shift)
    return base64Of(shifted).slice(shift === 0 ? 0 : 4)
  })

async function formsOf(secret: string) {
  const bytes = new TextEncoder().encode(secret)
  const hash = await sha256Hex(secret)
  const hashBytes = Uint8Array.from(hash.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  // Beyond what canaries have in common.
  const parts = secret.length < 24 ? [] : [secret.slice(0, 18), secret.slice(-12)]
  const plain = {
    itself: [secret],
    'in part': parts,
    'in JSON': [JSON.stringify(secret).slice(1, -1)],
    'in ASCII': [secret.replace(/[^ -~]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`)],
    'in a URL': [
      encodeURIComponent(secret),
      new URLSearchParams([['', secret]]).toString().slice(1),
    ],
    'in base64': secret.length < 16 ? [] : base64Within(bytes),
    'in hex': [hexOf(bytes)],
  }
  // Twelve digits of a session's hash name it in the log.
  const hashed = { hashed: [hash.slice(0, 16), base64Of(hashBytes).slice(0, 16)] }
  return { plain, hashed }
}

type Kind = keyof Awaited<ReturnType<typeof formsOf>>
type Form = { kind: Kind; name: string; dress: string; text: string }

export function createJar() {
  const forms: Form[] = []

  /** In any case of letters: hex has two, and base64 is long enough. */
  const search = (text: string, mayBe: (form: Form) => boolean) => {
    const lower = text.toLowerCase()
    const found = forms.filter((form) => lower.includes(form.text) && mayBe(form))
    return [...new Set(found.map(({ name, dress }) => `${name} ${dress}`))]
  }

  return {
    async keep(name: string, secret: string): Promise<string> {
      for (const [kind, dresses] of Object.entries(await formsOf(secret))) {
        for (const [dress, texts] of Object.entries(dresses)) {
          const lower = texts.map((text) => text.toLowerCase())
          forms.push(
            ...[...new Set(lower)].map((text) => ({ kind: kind as Kind, name, dress, text })),
          )
        }
      }
      return secret
    },
    names: () => [...new Set(forms.map(({ name }) => name))],
    /** Which of the canaries a text holds, and how; `shown` are those that it may. */
    foundIn: (text: string, shown: string[] = []) =>
      search(text, ({ name }) => !shown.includes(name)),
    /** The same for places where hashes are at home. */
    openIn: (text: string) => search(text, ({ kind }) => kind === 'plain'),
  }
}
