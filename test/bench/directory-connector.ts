import { createDirectoryConnector } from '../../functions/connectors/active-directory/index.ts'
import type { AccountRef, Profile } from '../../functions/connectors/contract.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Observation, Step } from '../../schemas/target.ts'
import { resultOf } from '../connectors/asking.ts'
import { type Act, type Arena, arrival, type Contestant, type Subject } from './directory-arena.ts'

const right = (id: string) => ({ id, operations: [], specific: [], until: null })
const steps: Partial<Record<Act, Step[]>> = {
  create: [{ act: 'create' }, { act: 'enable' }],
  'two-groups': [
    { act: 'grant', right: right('internet:controlado') },
    { act: 'grant', right: right('entitlement:vpn') },
  ],
  disable: [{ act: 'disable' }],
  reactivate: [{ act: 'restore' }, { act: 'set-expiry', expiresAt: arrival }, { act: 'enable' }],
}
const refOf = ({ name, nationalId, guid }: Subject): AccountRef => ({
  personId: name,
  nationalId,
  accountId: guid || null,
  name,
  adopted: false,
})

export const profileOf = ({ nationalId, name }: Subject): Profile => ({
  nationalId,
  givenNames: 'Rosa Amelia',
  surnames: `Pizarro ${name.replace(/\d/g, digit => 'abcdefghij'.charAt(Number(digit)))}`,
  position: 'Asistente social',
  unit: 'Dirección de Desarrollo Comunitario',
})

/** Our connector, as the engine uses it. */
export function connectorContestant({ url, ca, service, settings }: Arena, connections: number): Contestant {
  const connector = createDirectoryConnector(settings, { url, ca, ...service }, { connections })
  let observed: Observation[] = []
  const observe = async (people: Subject[]) => (await connector.observe(people.map(refOf))).map(resultOf)
  const apply = async (act: Act, people: Subject[], seen: Observation[]) => {
    const plans = people.map((subject, at) => ({
      account: refOf(subject),
      profile: profileOf(subject),
      observed: seen[at] ?? absentAccount,
      steps: steps[act] ?? [],
    }))
    return (await connector.apply(plans)).map(resultOf)
  }
  return {
    async prepare(act, people) {
      if (act === 'create' || act === 'look-up') return
      const state = await observe(people)
      if (act === 'reactivate') {
        const plans = people.map((subject, at) => ({
          account: refOf(subject),
          profile: profileOf(subject),
          observed: state[at] ?? absentAccount,
          steps: [{ act: 'retire' }] as Step[],
        }))
        for (const outcome of await connector.apply(plans)) resultOf(outcome)
      }
      observed = await observe(people)
    },
    async run(act, people) {
      if (act === 'look-up') await observe(people)
      else if (act === 'disable') {
        await apply(act, people, await observe(people))
        await observe(people)
      } else {
        const done = await apply(act, people, act === 'create' ? [] : observed)
        for (const [at, subject] of people.entries()) subject.guid = done[at]?.accountId ?? ''
      }
    },
    close: () => connector.close(),
  }
}
