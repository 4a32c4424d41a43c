import { z } from '@hono/zod-openapi'
import { encodeId, idsOfCommit } from '../kernel/id.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { sha256 } from '../platform/hash.ts'
import { route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { type ApiKey, apiKeyText, type Scope } from './domain/api-key.ts'
import type { Organization } from './domain/organization.ts'
import {
  apiKeyRow,
  changedSettings,
  findApiKey,
  getOrganization,
  listApiKeys,
  newApiKeys,
  revokedApiKeys,
} from './repository.ts'
import {
  apiKeySchema,
  apiKeyToWire,
  newApiKeySchema,
  settingsAfter,
  settingsPatchSchema,
  settingsSchema,
  settingsToWire,
} from './schemas.ts'

export const organizationRoutes = router()

route(
  organizationRoutes,
  {
    method: 'get',
    path: '/settings',
    tags: ['Organization'],
    summary: 'The organization and its settings',
    responses: answers(200, settingsSchema, 'The settings'),
  },
  async (c) => {
    const organization = await getOrganization(c.get('database'), c.get('caller').organizationId)
    return c.json(settingsToWire(organization), 200)
  },
)

route(
  organizationRoutes,
  {
    method: 'patch',
    path: '/settings',
    tags: ['Organization'],
    summary: 'Change settings',
    description: 'Members that are left out stay as they are. Invoices that are final are not touched.',
    middleware: requires('admin'),
    request: { body: jsonBody(settingsPatchSchema) },
    responses: answers(200, settingsSchema, 'The settings as they are now'),
  },
  async (c) => {
    const before = await getOrganization(c.get('database'), c.get('caller').organizationId)
    const settings = settingsAfter(before.settings, c.req.valid('json'))
    const organization: Organization = { ...before, version: before.version + 1, settings }
    const body = settingsToWire(organization)
    const commitId = newCommitId()
    const event = eventOf(c, commitId, idsOfCommit(commitId), {
      type: 'settings.updated',
      subjectId: organization.id,
      sequence: organization.version,
      data: body,
      previous: settingsToWire(before),
    })
    const fragments = [...changedSettings(organization, before), ...eventFragments([event])]
    return commitAndAnswer(c, { id: commitId, cause: 'update_settings', fragments }, { status: 200, body })
  },
)

route(
  organizationRoutes,
  {
    method: 'post',
    path: '/api_keys',
    tags: ['Organization'],
    summary: 'Make an API key',
    description:
      'The key is shown in this answer only. A key cannot make one that may do more than itself. A publishable key, `pk_…`, may be seen by everybody: it writes usage events from the pages it is for, and nothing else.',
    middleware: requires('admin'),
    request: { body: jsonBody(newApiKeySchema) },
    responses: answers(201, apiKeySchema, 'The new key'),
  },
  async (c) => {
    const { name, kind, scopes: asked = ['read', 'write'], origins = null } = c.req.valid('json')
    const caller = c.get('caller')
    if (kind === 'secret') mayGrant(caller.scopes, asked)
    const scopes: readonly Scope[] = kind === 'secret' ? asked : ['usage']
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const key = apiKeyText(caller.mode, crypto.getRandomValues(new Uint8Array(24)), kind)
    const apiKey: ApiKey = { id: ids('api_key'), name, scopes, origins, ending: key.slice(-4) }
    const row = apiKeyRow(caller.organizationId, apiKey, await sha256(key), realNow())
    const data = apiKeyToWire(row)
    const event = eventOf(c, commitId, ids, {
      type: 'api_key.created',
      subjectId: apiKey.id,
      sequence: 1,
      data,
      previous: null,
    })
    const fragments = [newApiKeys([row]), ...eventFragments([event])]
    // A replay shows the key as `ending` only: the key itself is stored nowhere, not even as an answer.
    const response = await commitAndAnswer(
      c,
      { id: commitId, cause: 'create_api_key', fragments },
      { status: 201, body: data },
    )
    if (response.headers.has('Idempotent-Replayed')) return response
    return c.json({ ...data, key }, 201)
  },
)

route(
  organizationRoutes,
  {
    method: 'get',
    path: '/api_keys',
    tags: ['Organization'],
    summary: 'List API keys',
    middleware: requires('admin'),
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(apiKeySchema, 'ApiKey'), 'A page of keys, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await listApiKeys(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, apiKeyToWire), 200)
  },
)

route(
  organizationRoutes,
  {
    method: 'delete',
    path: '/api_keys/{id}',
    tags: ['Organization'],
    summary: 'Revoke an API key',
    description: 'It stops working within 30 seconds.',
    middleware: requires('admin'),
    request: { params: z.object({ id: idSchema('api_key') }) },
    responses: answers(200, apiKeySchema, 'The revoked key'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const row = await findApiKey(c.get('database'), c.get('caller').organizationId, id)
    if (row === null) throw missing('API key', encodeId('api_key', id))
    const revoked = { ...row, version: row.version + 1, revokedAt: realNow() }
    const commitId = newCommitId()
    const data = apiKeyToWire(revoked)
    const event = eventOf(c, commitId, idsOfCommit(commitId), {
      type: 'api_key.revoked',
      subjectId: id,
      sequence: revoked.version,
      data,
      previous: {},
    })
    const fragments = [revokedApiKeys([revoked]), ...eventFragments([event])]
    return commitAndAnswer(c, { id: commitId, cause: 'revoke_api_key', fragments }, { status: 200, body: data })
  },
)

function mayGrant(held: readonly string[], asked: readonly Scope[]): void {
  const beyond = asked.filter((scope) => !held.includes(scope))
  if (beyond.length === 0) return
  throw new Problem('forbidden', {
    detail: `This key cannot give the scopes ${beyond.join(', ')}, which it does not have.`,
    hint: 'Make the key with one that has these scopes.',
  })
}
