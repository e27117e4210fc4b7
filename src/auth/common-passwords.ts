/**
 * Passwords that guessing tools try first. Short and all-digit ones are mostly absent: other rules
 * refuse those already.
 */
const words = `
  password password1 password12 password123 password1234 password! password1! password01 passw0rd
  passw0rd1 p@ssword p@ssw0rd p@ssword1 p@ssw0rd1 pa$$word pa$$w0rd passpass passwords passwort
  mypassword yourpassword newpassword thepassword drowssap changeme changeme1 changeme123 changeit
  letmein1 letmein123 letmeinnow welcome1 welcome12 welcome123 welcome1! qwertyui qwertyuiop
  qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty qwer1234 qwe123qwe 1qaz2wsx
  1q2w3e4r 1q2w3e4r5t zaq12wsx !qaz2wsx q1w2e3r4 asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123
  abcd1234 abcdefgh abcdefg1 abc12345 abc123abc a1b2c3d4 aa123456 a1234567 a12345678 iloveyou
  iloveyou1 iloveyou2 sunshine sunshine1 princess princess1 football football1 baseball baseball1
  basketball superman superman1 batman123 spiderman starwars starwars1 pokemon1 pokemon123 dragon123
  monkey123 shadow123 master123 michael1 jennifer jordan23 charlie1 liverpool chelsea1 arsenal1
  computer computer1 internet samsung1 whatever trustno1 blink182 victoria michelle jessica1
  administrator admin123 admin1234 admin12345 adminadmin administrador root1234 rootroot toor1234
  test1234 testtest testing1 testing123 guest123 default1 secret123 secretsecret temp1234 hello123
  hello1234 helloworld access14 login123 user1234 killer123 freedom1 hottie101 lovelove loveyou1
  flagsmith featureflag featureflags 12345678 123456789 1234567890 11111111 00000000 87654321
  123123123 12341234 88888888 12344321 147258369 987654321 123qwe123 123abc123 1password
`

export const commonPasswords: ReadonlySet<string> = new Set(words.trim().split(/\s+/))
