import type { MicrosoftMailSettings } from '../../../schemas/settings.ts'
import type {
  AccountPage,
  AccountRef,
  Applied,
  Connector,
  Outcome,
  PasswordAnswer,
  Plan,
} from '../contract.ts'
import { HttpExchange, type HttpLimits, serviceUrl } from '../http-exchange.ts'
import { alone, inTurns } from '../in-turns.ts'
import { Acting } from './acting.ts'
import { fault, refusalUnder } from './faults.ts'
import { Graph } from './graph.ts'
import { Looking, UserPage, userPath } from './look.ts'
import { whyRefused } from './password-policy.ts'
import { RecentWrites } from './recent-writes.ts'
import { Tokens } from './tokens.ts'
import { hashOf, listedOf, observationOf, profileValues, selected, userOf } from './user.ts'

export interface MicrosoftSecret {
  readonly tenant: string
  readonly clientId: string
  readonly clientSecret: string
  /** Base addresses of a national cloud; without them the global one. */
  readonly graph?: string
  readonly login?: string
  /** An authority of one's own, PEM: for what stands between a body and the cloud. Empty: the machine's own list. */
  readonly ca?: string
}

const globalCloud = { graph: 'https://graph.microsoft.com', login: 'https://login.microsoftonline.com' }
const pageSize = 100

/** Mailboxes of Microsoft 365, by Microsoft Graph 1.0. How it keeps its promises is told in `docs/microsoft-365.md`. */
export function createMicrosoftConnector(
  settings: MicrosoftMailSettings,
  secret: MicrosoftSecret,
  { trustedFor = 60_000, ...limits }: Partial<HttpLimits> & { trustedFor?: number } = {},
): Connector {
  const http = new HttpExchange(settings.id, { ca: secret.ca, limits })
  const recent = new RecentWrites(trustedFor)
  let opened: { graph: Graph; looking: Looking } | null = null

  /** A secret that lacks something is found out at the first use, and is a fault like any other. */
  function open() {
    if (opened !== null) return opened
    const base = serviceUrl(settings.id, secret.graph ?? globalCloud.graph)
    const login = serviceUrl(settings.id, secret.login ?? globalCloud.login)
    const { tenant, clientId, clientSecret } = secret
    if (!tenant || !clientId || !clientSecret) throw fault('misconfigured', true)
    const tokens = new Tokens(http, { login, graph: base, tenant, clientId, clientSecret })
    const graph = new Graph(http, tokens, base)
    opened = { graph, looking: new Looking(graph, settings, recent) }
    return opened
  }

  async function applyAll(plans: readonly Plan[]): Promise<Outcome<Applied>[]> {
    const { graph, looking } = open()
    const found = await looking.at(plans.map(plan => plan.account))
    return inTurns(plans, async (plan, at) => {
      const own = found[at]
      if (own === undefined) throw fault('missing', true)
      if (!own.ok) throw own.error
      const user = await new Acting(graph, settings, looking, recent, plan, own.value.user).run()
      return { accountId: user.id, name: user.name }
    })
  }

  async function page(cursor: string | null): Promise<AccountPage> {
    const { graph } = open()
    const first = `/users?$top=${pageSize}&$select=${selected.join(',')}`
    const read = UserPage.safeParse(await graph.get(cursor === null ? first : graph.continuation(cursor)))
    if (!read.success || (cursor === null && read.data.value.length === 0)) throw fault('misconfigured', true)
    const next = read.data['@odata.nextLink'] ?? null
    if (next !== null) graph.continuation(next)
    return { accounts: read.data.value.map(user => listedOf(settings, userOf(settings, user))), next }
  }

  async function setPassword(account: AccountRef, password: string): Promise<PasswordAnswer> {
    const { graph, looking } = open()
    const { user } = await looking.one(account)
    if (user === null) throw fault('missing', false)
    if (user.synchronised) throw fault('misconfigured', false)
    try {
      await graph.write('PATCH', userPath(user.id), {
        passwordProfile: { password, forceChangePasswordNextSignIn: false },
      })
      return { set: true }
    } catch (error) {
      const refusal = refusalUnder(error)
      if (refusal?.status === 400 && refusal.about === 'password')
        return { set: false, why: whyRefused(password, user.name, user.profile) }
      throw error
    }
  }

  return {
    system: settings.id,
    profileHash: profile => hashOf(profileValues(profile), true),
    observe: accounts =>
      guarded(accounts, async () =>
        (await open().looking.at(accounts)).map(found =>
          found.ok ? { ok: true, value: observationOf(found.value.user, found.value.unmarked) } : found,
        ),
      ),
    apply: plans => guarded(plans, () => applyAll(plans)),
    list: cursor => alone(() => page(cursor)),
    setPassword: (account, password) => alone(() => setPassword(account, password)),
    close: async () => http.close(),
  }
}

/** What concerns everybody is everybody's error. */
async function guarded<T>(all: readonly unknown[], act: () => Promise<Outcome<T>[]>): Promise<Outcome<T>[]> {
  if (all.length === 0) return []
  const outcome = await alone(act)
  return outcome.ok ? outcome.value : all.map(() => outcome)
}
