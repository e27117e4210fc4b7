/** Organisations and their members as JSON: contract admin-api §B.2. */
import { z } from '@hono/zod-openapi'
import { toTimestamp } from '../http/fields.ts'
import type { Member, SeenOrganisation } from '../storage/organisations.ts'
import { personFields, personView } from './person-view.ts'

const subscriptionSchema = z.object({
  id: z.int().nullable(),
  uuid: z.string().nullable(),
  subscription_id: z.string().nullable(),
  subscription_date: z.string().nullable(),
  plan: z.string(),
  max_seats: z.int().nullable(),
  max_api_calls: z.int().nullable(),
  cancellation_date: z.string().nullable(),
  customer_id: z.string().nullable(),
  billing_status: z.string().nullable(),
  payment_method: z.string().nullable(),
  notes: z.string().nullable(),
  deleted_at: z.string().nullable(),
  has_active_billing_periods: z.boolean(),
})

export const organisationSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    name: z.string(),
    created_date: z.string(),
    webhook_notification_email: z.string().nullable(),
    num_seats: z.int(),
    subscription: subscriptionSchema,
    role: z.string().nullable(),
    persist_trait_data: z.boolean(),
    block_access_to_admin: z.boolean(),
    restrict_project_create_to_admin: z.boolean(),
    force_2fa: z.boolean(),
  })
  .openapi('Organisation')

/** The same for everybody: null is the contract's word for "no limit". */
const subscription: z.infer<typeof subscriptionSchema> = {
  id: null,
  uuid: null,
  subscription_id: null,
  subscription_date: null,
  plan: 'free',
  max_seats: null,
  max_api_calls: null,
  cancellation_date: null,
  customer_id: null,
  billing_status: null,
  payment_method: null,
  notes: null,
  deleted_at: null,
  has_active_billing_periods: false,
}

export const organisationView = ({
  organisation,
  seats,
  role,
}: SeenOrganisation): z.infer<typeof organisationSchema> => ({
  id: organisation.id,
  uuid: organisation.uuid,
  name: organisation.name,
  created_date: toTimestamp(organisation.createdAt),
  webhook_notification_email: organisation.webhookNotificationEmail,
  num_seats: seats,
  subscription,
  role,
  persist_trait_data: organisation.persistTraitData,
  block_access_to_admin: false,
  restrict_project_create_to_admin: organisation.restrictProjectCreateToAdmin,
  force_2fa: organisation.force2fa,
})

export const memberSchema = z
  .object({
    ...personFields,
    uuid: z.string(),
    role: z.string(),
    date_joined: z.string(),
  })
  .openapi('Member')

export const memberView = ({ user, role }: Member): z.infer<typeof memberSchema> => ({
  ...personView(user),
  uuid: user.uuid,
  role,
  date_joined: toTimestamp(user.createdAt),
})
