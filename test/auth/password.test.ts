import { describe, expect, it } from 'vitest'
import { hashPassword, verifyPassword } from '../../src/auth/password.ts'

describe('a stored password', () => {
  it('carries its parameters and opens with the same text only', async () => {
    const stored = await hashPassword('correct horse')
    expect(stored).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await verifyPassword('correct horse', stored)).toBe(true)
    expect(await verifyPassword('correct horse ', stored)).toBe(false)
    expect(await verifyPassword('', stored)).toBe(false)
  })

  it('is salted: the same password is stored differently twice', async () => {
    expect(await hashPassword('correct horse')).not.toBe(await hashPassword('correct horse'))
  })

  it('is verified with the parameters it was made with, not with those of today', async () => {
    // RFC 7914 §12, third vector, cut to its first 32 bytes: PBKDF2's output begins the same way.
    const stored = '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI'
    expect(await verifyPassword('password', stored)).toBe(true)
    expect(await verifyPassword('passwore', stored)).toBe(false)
  })

  it('takes a password in either Unicode spelling', async () => {
    const stored = await hashPassword('caf\u00e9 au lait')
    expect(await verifyPassword('cafe\u0301 au lait', stored)).toBe(true)
  })

  it.each(['', 'none', 'plain text', '$scrypt$ln=14$x$y', 'pbkdf2_sha256$600000$a$b'])(
    'in a form that is not known (%j) opens to nothing',
    async (stored) => {
      expect(await verifyPassword(stored, stored)).toBe(false)
    },
  )

  it('is compared for unknown users too, with about the same work', async () => {
    const stored = await hashPassword('correct horse')
    const time = async (hash: string | undefined) => {
      const started = Date.now()
      await verifyPassword('wrong', hash)
      return Date.now() - started
    }
    const [known, unknown] = [await time(stored), await time(undefined)]
    expect(await verifyPassword('wrong', undefined)).toBe(false)
    expect(unknown).toBeGreaterThan(known / 3)
    console.log(`scrypt: ${known} ms for a user, ${unknown} ms for nobody`)
  })
})
