/**
 * The Terraform provider's Go client as the wire sees it (contract admin-api §A.1): which fields it
 * always sends, which only when they are not zero, and what it stops at in an answer.
 */
import { api, done } from './admin.ts'

type Fields = Record<string, unknown>

/** Go's `omitempty`: false, 0, blank text and what is not there never reach the wire. */
const nonZero = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => Boolean(value)))

export type Value = {
  type: 'unicode' | 'int' | 'bool'
  string_value: string | null
  integer_value: number | null
  boolean_value: boolean | null
}

export type Project = { id: number; uuid: string; name: string; organisation: number }
export type Environment = { id: number; uuid: string; api_key: string; project: number }
export type Feature = {
  id: number
  uuid: string
  name: string
  type: string
  project: number
  tags: number[]
  owners: { id: number }[]
  group_owners: { id: number }[]
}
export type Tag = { id: number; uuid: string; label: string; project: number }
export type Option = Value & { id: number; uuid: string; feature: number }
export type State = {
  id: number
  uuid: string
  enabled: boolean
  feature: number
  environment: number
  feature_segment: number | null
  feature_state_value: Value
}
export type Link = { id: number; segment: number; priority: number }
export type Segment = { id: number; uuid: string; project: number; feature: number | null }

type Identified = { id: number; uuid: string }

/** Fields beside the required ones; what the configuration leaves unset is zero. */
type Unset = { id?: number; uuid?: string }

/** Owners as a configuration has them; what it does not set is not there. */
export type Owners = { owners?: number[]; group_owners?: number[] }

/** A value as the provider holds it: pointers, so null is sent. */
export const typedValue = (set: Partial<Value>): Value => ({
  type: 'unicode',
  string_value: null,
  integer_value: null,
  boolean_value: null,
  ...set,
})

export function createClient(auth: string) {
  const call = <T>(method: string, path: string, body?: unknown) =>
    done(api<T>(method, path, body, auth))
  const get = <T>(path: string) => call<T>('GET', path)
  return {
    get,
    /** Only 404 tells the provider that a thing is gone. */
    isGone: async (path: string) => (await api('GET', path, undefined, auth)).status === 404,
    remove: (path: string) => call<null>('DELETE', path),

    saveProject: (project: Fields & Unset & { name: string; organisation: number }) => {
      const { id, name, organisation, ...rest } = project
      const body = { name, organisation, ...nonZero(rest) }
      return id === undefined
        ? call<Project>('POST', 'projects/', body)
        : call<Project>('PUT', `projects/${id}/`, body)
    },

    saveEnvironment: (environment: Fields & { name: string; project: number }, key?: string) => {
      const { name, project, description = '', ...rest } = environment
      const body = { name, project, description, ...nonZero(rest) }
      return key === undefined
        ? call<Environment>('POST', 'environments/', body)
        : call<Environment>('PUT', `environments/${key}/`, body)
    },

    saveFeature: async (projectUuid: string, feature: Fields & Unset & { name: string }) => {
      const { id, uuid, name, type = 'STANDARD', description = '', tags = [], ...rest } = feature
      const project = (await get<Project>(`projects/get-by-uuid/${projectUuid}/`)).id
      const { default_enabled, initial_value, is_archived, owners, group_owners } = rest
      const switches = { default_enabled, initial_value, is_archived }
      const optional = nonZero({ id, uuid, ...switches, owners, group_owners })
      const body = { name, type, description, tags, project, ...optional }
      const path = `projects/${project}/features/`
      return id === undefined
        ? call<Feature>('POST', path, body)
        : call<Feature>('PUT', `${path}${id}/`, body)
    },

    /** After every update: first what goes, then what comes, and never what the state does not name. */
    moveOwners: async (feature: Feature, state: Owners, plan: Owners) => {
      const path = `projects/${feature.project}/features/${feature.id}/`
      const lists = [
        ['owners', 'user_ids', state.owners, plan.owners],
        ['group-owners', 'group_ids', state.group_owners, plan.group_owners],
      ] as const
      for (const [list, field, before, after] of lists) {
        if (before === undefined || after === undefined) continue
        const gone = before.filter((id) => !after.includes(id))
        const added = after.filter((id) => !before.includes(id))
        if (gone.length > 0) await call('POST', `${path}remove-${list}/`, { [field]: gone })
        if (added.length > 0) await call('POST', `${path}add-${list}/`, { [field]: added })
      }
    },

    /** Colour and description are sent even when they are unset. */
    saveTag: async (projectUuid: string, tag: Fields & Unset & { label: string }) => {
      const { id, uuid, label, color = '', description = null } = tag
      const project = (await get<Project>(`projects/get-by-uuid/${projectUuid}/`)).id
      const body = { label, color, description, ...nonZero({ id, uuid, project }) }
      const path = `projects/${project}/tags/`
      return id === undefined
        ? call<Tag>('POST', path, body)
        : call<Tag>('PUT', `${path}${id}/`, body)
    },

    saveOption: async (featureUuid: string, option: Partial<Option> & Fields) => {
      const { id, type = 'unicode', default_percentage_allocation = 0, ...rest } = option
      const feature = await get<Feature>(`features/get-by-uuid/${featureUuid}/`)
      const values = nonZero({
        integer_value: rest.integer_value,
        string_value: rest.string_value,
        boolean_value: rest.boolean_value,
      })
      const body = { type, default_percentage_allocation, feature: feature.id, ...values }
      const path = `projects/${feature.project}/features/${feature.id}/mv-options/`
      return id === undefined
        ? call<Option>('POST', path, body)
        : call<Option>('PUT', `${path}${id}/`, { id, uuid: option.uuid, ...body })
    },

    /** The one default state: more or fewer than one result are an error to the provider. */
    findState: async (environmentKey: string, featureId: number) => {
      const path = `environments/${environmentKey}/featurestates/?feature=${featureId}`
      const { results } = await get<{ results: State[] }>(path)
      if (results.length !== 1 || results[0] === undefined) throw new Error('not exactly one state')
      return results[0]
    },

    updateState: (state: State) => {
      const { id, uuid, feature, environment, enabled, feature_segment, feature_state_value } =
        state
      const body = { id, uuid, feature, environment, enabled, feature_state_value }
      return call<State>('PUT', `features/featurestates/${id}/`, {
        ...body,
        ...nonZero({ feature_segment }),
      })
    },

    createSegmentOverride: async (
      environmentKey: string,
      at: { feature: number; segment: number; priority: number },
      set: { enabled: boolean; feature_state_value: Value },
    ) => {
      const environment = (await get<Environment>(`environments/${environmentKey}/`)).id
      const link = await call<Link>('POST', 'features/feature-segments/', { ...at, environment })
      const body = { uuid: '', feature: at.feature, environment, ...set, feature_segment: link.id }
      return call<State>('POST', 'features/featurestates/', body)
    },

    updatePriority: ({ id }: Link, priority: number) =>
      call('POST', 'features/feature-segments/update-priorities/', [{ priority, id }]),

    saveSegment: async (
      projectUuid: string,
      segment: Partial<Identified> & { name: string; rules: Fields[] } & Fields,
    ) => {
      const { id, uuid, name, rules, description, feature } = segment
      const project = (await get<Project>(`projects/get-by-uuid/${projectUuid}/`)).id
      const body = { name, project, rules, ...nonZero({ id, uuid, description, feature }) }
      const path = `projects/${project}/segments/`
      return id === undefined
        ? call<Segment>('POST', path, body)
        : call<Segment>('PUT', `${path}${id}/`, body)
    },
  }
}

export type Client = ReturnType<typeof createClient>
