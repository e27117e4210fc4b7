/** What the demo organisation holds: names and values only. A JSON value is a string of JSON. */

export const organisationName = 'Burgee demo'
export const projectName = 'Web shop'
export const environmentNames = ['Development', 'Production']
export const keyName = 'Demo key'

export type FlagState = { enabled: boolean; feature_state_value: string | number | boolean | null }

export type DemoFeature = {
  feature: { name: string; description: string; [field: string]: unknown }
  /** Where Production differs from what the feature was created with. */
  production: FlagState
}

const palette = (primary: string, rounded: boolean) => JSON.stringify({ primary, rounded })

export const demoFeatures: DemoFeature[] = [
  {
    feature: {
      name: 'new_checkout',
      description: 'The one-page checkout. On in Development, not yet in Production.',
      default_enabled: true,
    },
    production: { enabled: false, feature_state_value: null },
  },
  {
    feature: {
      name: 'welcome_text',
      description: 'The line at the top of the home page.',
      default_enabled: true,
      initial_value: 'Hello from Development',
    },
    production: { enabled: true, feature_state_value: 'Free delivery this week' },
  },
  {
    feature: {
      name: 'max_basket_items',
      description: 'How many items a basket may hold.',
      default_enabled: true,
      initial_value: '50',
    },
    production: { enabled: true, feature_state_value: 25 },
  },
  {
    feature: {
      name: 'theme',
      description: 'Colours and shapes of the shop, as JSON.',
      default_enabled: true,
      initial_value: palette('#0f766e', true),
    },
    production: { enabled: true, feature_state_value: palette('#1d4ed8', false) },
  },
  {
    feature: {
      name: 'buy_button',
      description: 'The wording of the button: half of all visitors see one of two variants.',
      type: 'MULTIVARIATE',
      default_enabled: true,
      initial_value: 'Buy now',
      multivariate_options: [
        { type: 'unicode', string_value: 'Add to basket', default_percentage_allocation: 30 },
        { type: 'unicode', string_value: 'Get it today', default_percentage_allocation: 20 },
      ],
    },
    production: { enabled: true, feature_state_value: 'Buy now' },
  },
]
