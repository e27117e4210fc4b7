/** The text that `npm start` prints: what one needs to use the server, and nothing else. Pure. */
import type { Demo } from './state-folder.ts'

const example = 'welcome_text'

function environmentLines({ name, client_key, server_key }: Demo['environments'][number]): string {
  return `  ${name.padEnd(21)}${client_key}  client-side key
  ${''.padEnd(21)}${server_key}  server-side key`
}

/** Runs in a file of its own (.mjs) and in the prompt of `node` alike, hence the dynamic import. */
export function sdkSnippet({ url, environments }: Demo): string {
  return `const { Flagsmith } = await import('flagsmith-nodejs')
const flagsmith = new Flagsmith({
  environmentKey: '${environments[0]?.server_key}',
  apiUrl: '${url}/api/v1/',
})
const flags = await flagsmith.getEnvironmentFlags()
console.log(flags.getFeatureValue('${example}'))`
}

export const curlLine = ({ url, environments }: Demo): string =>
  `curl -H 'X-Environment-Key: ${environments[0]?.client_key}' ${url}/api/v1/flags/`

export function startBlock(demo: Demo, files: { demo: string; log: string }): string {
  return `
Burgee is running.

  URL                  ${demo.url}
  E-mail               ${demo.email}
  Password             ${demo.password}
  Organisation API key ${demo.organisation_api_key}

${demo.environments.map(environmentLines).join('\n')}

The flags of ${demo.environments[0]?.name}, in a shell:

${curlLine(demo)}

The same with Flagsmith's SDK for Node (in this folder, or after \`npm install flagsmith-nodejs\`):

${sdkSnippet(demo)}

  For scripts          ${files.demo}
  Log                  ${files.log}
  Stop                 Ctrl-C
`
}
