/**
 * The values that every panel of the dashboard must show, in a pair whose MASTER is killed. `sample` is a
 * director with IPVS that has no VRRP.
 */

type Range = readonly [least: number, most: number];

export interface PanelValues {
  /** Before the MASTER is killed, or ten seconds later. */
  readonly when: 'before' | 'after';
  /** By legend. */
  readonly values: Readonly<Record<string, number | Range>>;
  /** Series that are not named; default: there are none. */
  readonly others?: Range;
}

function before(values: PanelValues['values'], others?: Range): PanelValues {
  return { when: 'before', values, ...(others === undefined ? {} : { others }) };
}

function after(values: PanelValues['values'], others?: Range): PanelValues {
  return { when: 'after', values, ...(others === undefined ? {} : { others }) };
}

/** A second of it was an outage, at least three; the test takes less than two minutes. */
const SHORT_OF_ALL: Range = [0.5, 0.99];

/** One of the fleet that has gone: its series end, but a rate still sees them. */
const ENDING: Range = [0, 2];

export const DASHBOARD_VALUES: Readonly<Record<string, readonly PanelValues[]>> = {
  'Agents that answer': [before({ answer: 3, all: 3 }), after({ answer: 2, all: 3 })],
  'Without MASTER': [before({ routers: 0 }), after({ routers: 0 })],
  'With several MASTERs': [after({ routers: 0 })],
  'In FAULT': [before({ instances: 0 }), after({ instances: 0 })],
  'Lowest availability, 1 day': [before({ lowest: 1 }), after({ lowest: SHORT_OF_ALL })],
  Versions: [before({ VERSION: 2 }), after({ VERSION: 1 })],
  'Who is MASTER': [before({ 'web on lb1': 1 }), after({ 'web on lb2': 1 })],
  'Changes of state in 10 minutes': [after({ 'web on lb2': [0.9, 2.5] }, [0, 2.5])],
  States: [before({ 'web on lb1': 2, 'web on lb2': 1 }), after({ 'web on lb2': 2 })],
  Priority: [before({ 'web on lb1': 150, 'web on lb2': 100 }), after({ 'web on lb2': 100 })],
  'Two MASTERs': [after({ 'web on lb2': 0 }, [0, 0])],
  'Advertisements a second': [
    before({ 'sent: web on lb1': [0.5, 1.5], 'received: web on lb2': [0.5, 1.5] }, [0, 0]),
    after({ 'sent: web on lb2': [0.2, 1.5] }, ENDING),
  ],
  'Refused packets a second': [
    after({ 'checksum-error on lb2': 0, 'vrid-error on lb2': 0 }, [0, 0]),
  ],
  'Lateness of the timers': [before({ lb1: [0, 0.1], lb2: [0, 0.1] })],
  'Stalls and packets not sent': [after({ 'stalls of lb2': 0, 'not sent by lb2': 0 }, [0, 0])],
  'Peer link': [before({ 'lb1 hears lb2': 1, 'lb2 hears lb1': 1 }), after({ 'lb2 hears lb1': 0 })],
  'Peers: round trip and clock': [
    before({
      'round trip lb1 to lb2': [0.000_001, 0.05],
      'round trip lb2 to lb1': [0.000_001, 0.05],
      'clock of lb2 seen by lb1': [-0.05, 0.05],
      'clock of lb1 seen by lb2': [-0.05, 0.05],
    }),
  ],
  'Configuration differs': [before({ 'lb1 and lb2': 0, 'lb2 and lb1': 0 })],
  Availability: [
    before({ 'web, 1 hour': 1, 'web, 1 day': 1, 'web, 30 days': 1 }),
    after({
      'web, 1 hour': SHORT_OF_ALL,
      'web, 1 day': SHORT_OF_ALL,
      'web, 30 days': SHORT_OF_ALL,
    }),
  ],
  Outages: [
    before({ 'web, 1 day': 0, 'web, 30 days': 0 }),
    after({ 'web, 1 day': 1, 'web, 30 days': 1 }),
  ],
  Served: [before({ web: 1 }), after({ web: 1 })],
  'Healthy servers': [after({ 'shop on sample': 0.75 })],
  'Servers that take new connections': [after({ 'shop on sample': 3 })],
  Servers: [
    after({
      'shop: 10.0.0.11:80 on sample': 1,
      'shop: 10.0.0.12:80 on sample': 1,
      'shop: 10.0.0.13:80 on sample': 1,
      'shop: 10.0.0.14:80 on sample': 0,
    }),
  ],
  Connections: [after({ 'local on sample': 207, 'sync on sample': 14 })],
  'New connections a second': [
    before({ 'shop on sample': 0 }),
    after({ 'shop on sample': [1, 60] }),
  ],
  Traffic: [
    after({ 'in: shop on sample': [1_000, 60_000], 'out: shop on sample': [2_000, 120_000] }),
  ],
  'Connections that a failover would lose': [after({ 'between sample and lb9': 12 })],
  'Connections lost': [before({ 'web on sample': 0 }), after({ 'web on sample': [3, 40] })],
  'Checker and notifications': [
    after({ 'checker of sample': 1, 'done on lb2': 0, 'lost on lb2': 0 }, [0, 0]),
  ],
};
