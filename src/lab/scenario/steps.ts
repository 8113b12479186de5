/**
 * The steps of a scenario, one entry per kind: its key in the file, how the value becomes an action,
 * and the words that reports use for it. `network-steps.ts` has those that change the network,
 * `field-steps.ts` those that change a director's surroundings. `run/testbed.ts` performs the actions.
 */
import * as z from 'zod';
import type { Findings, Path } from '../../config/finding.ts';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { FORGERIES, HARMLESS } from '../packets/forged-frame.ts';
import { FIELD_STEPS } from './field-steps.ts';
import { durationAt, type Inventory, vipAt } from './inventory.ts';
import { machineName } from './names.ts';
import { NETWORK_STEPS } from './network-steps.ts';
import {
  entry,
  lastsAt,
  onDirector,
  onProgram,
  type StepContext,
  type StepEntry,
  time,
  whichDirector,
  whichMachine,
} from './step-entry.ts';

function addressChange(verb: string, description: string) {
  const keys = {
    node: whichMachine,
    address: z
      .string()
      .meta({ description: 'Which virtual address. Default: the first.' })
      .optional(),
    on: choice(['eth0', 'lo'])
      .meta({
        description:
          'Which interface. `lo`: as directors of LVS-DR have it; the step sets `arp_ignore` to 1.',
        default: 'eth0',
      })
      .optional(),
  };
  const schema = z
    .union([machineName(), mapping(keys, description)], {
      error: 'expected a machine (lb1 to lb8, client), or { node, address, on }',
    })
    .meta({ description });
  return entry(schema, {
    lower: (value, { path, inventory, findings }) => {
      const { node, address, on } = typeof value === 'string' ? { node: value } : value;
      const isOnLoopback = on === 'lo';
      return {
        node,
        address: vipAt(address, [...path, 'address'], inventory, findings),
        isOnLoopback,
      };
    },
    describe: ({ node, address, isOnLoopback }) =>
      `${address} ${verb} on ${isOnLoopback ? 'lo of ' : ''}${node}`,
  });
}

const STEPS = {
  crash: onDirector(
    'crash',
    'The machine loses power: link and agent are gone, and nothing is announced.',
  ),
  boot: onDirector('boot', 'A crashed machine starts, without any virtual address.'),
  kill: onProgram(
    'kill',
    'SIGKILL to the agent, or to etcd; the kernel keeps running, with its addresses.',
  ),
  stop: onProgram('stop', 'SIGTERM to the agent, or to etcd, as from a service manager.'),
  start: onProgram('start', 'The agent, or etcd with its data, is started.'),
  restart: onProgram('restart', 'The agent, or etcd, is stopped and started again.'),
  hang: onProgram(
    'hang',
    'SIGSTOP to the agent, or to etcd; the kernel keeps running and answers for its addresses.',
  ),
  freeze: onDirector('freeze', 'The whole machine stops, like a paused virtual machine.'),
  thaw: onProgram('thaw', 'A hung agent or etcd, or a frozen machine continues.'),
  reload: entry(
    mapping(
      {
        node: whichDirector,
        set: z
          .record(z.string(), z.unknown())
          .meta({ description: 'Instance keys with their new values.' }),
      },
      'The configuration file changes and the agent reloads it (SIGHUP).',
    ),
    {
      lower: ({ node, set }): { node: string; set: Readonly<Record<string, unknown>> } => ({
        node,
        set,
      }),
      describe: ({ node, set }) => `reload ${node} with ${describeSettings(set)}`,
    },
  ),
  failover: onDirector(
    'failover',
    '`vrrp-agent failover --all`: hands the addresses over to another director.',
    true,
  ),
  release: onDirector(
    'release',
    '`vrrp-agent failover --release`: the director may become MASTER again.',
    true,
  ),
  maintenance: entry(
    mapping(
      {
        node: whichDirector,
        state: choice(['on', 'off']).meta({ description: 'Begin or end it.' }),
      },
      '`vrrp-agent maintenance on|off`.',
    ),
    {
      lower: ({ node, state }) => ({ node, state }),
      describe: ({ node, state }) => `maintenance ${state}: ${node}`,
      isCommand: true,
    },
  ),
  cpu_stress: entry(
    mapping(
      {
        for: duration().meta({ description: 'Up to 60s.' }),
        loops: wholeNumber(1, 64)
          .meta({ description: 'Busy loops. Default: two for each processor.' })
          .optional(),
      },
      'Busy loops at ordinary priority on the host that runs the lab.',
    ),
    {
      lower: (file, context) => ({ lasts: lastsAt(file.for, context), loops: file.loops }),
      describe: ({ lasts }) => `CPU stress for ${time(lasts)}`,
      isLasting: true,
    },
  ),
  flood: entry(
    mapping(
      {
        packet: choice([...HARMLESS, ...FORGERIES]).meta({
          description:
            'An advertisement that must not change anything: lower priority, foreign VRID, or ' +
            'priority 255 with an error for which it must be refused.',
        }),
        per_second: wholeNumber(1, 50_000).meta({ description: 'How many.' }),
        for: duration().meta({ description: 'Up to 60s.' }),
      },
      'The client sends advertisements.',
    ),
    {
      lower: (file, context) => ({
        packet: file.packet,
        perSecond: file.per_second,
        lasts: lastsAt(file.for, context),
      }),
      describe: ({ packet, perSecond, lasts }) =>
        `flood: ${packet}, ${perSecond}/s for ${time(lasts)}`,
      isLasting: true,
    },
  ),
  delete_address: addressChange('deleted', 'A virtual address is deleted by hand.'),
  add_address: addressChange('added', 'A virtual address is added by hand.'),
  ...NETWORK_STEPS,
  ...FIELD_STEPS,
};

type StepTable = typeof STEPS;
export type StepKind = keyof StepTable;

export type Action = {
  readonly [Kind in StepKind]: { readonly kind: Kind } & Readonly<
    ReturnType<StepTable[Kind]['lower']>
  >;
}[StepKind];

export interface ScenarioStep {
  /** Microseconds on the clock of the steps. */
  readonly at: number;
  readonly action: Action;
}

/** Those that `run/field.ts` performs on one director. */
export type FieldAction = Extract<
  Action,
  { readonly kind: Exclude<keyof typeof FIELD_STEPS, 'foreign_router'> }
>;

const KINDS = Object.keys(STEPS) as readonly StepKind[];

function entryOf(kind: StepKind): StepEntry<unknown, object> {
  return STEPS[kind] as StepEntry<unknown, object>;
}

type StepKeys = { [Kind in StepKind]: z.ZodOptional<StepTable[Kind]['schema']> };
const stepKeys = Object.fromEntries(
  KINDS.map((kind) => [kind, entryOf(kind).schema.optional()]),
) as StepKeys;

/** `at` and exactly one other key. */
export const step = mapping(
  { at: duration().meta({ description: 'When, from the start of the clock.' }), ...stepKeys },
  'Something that happens.',
);

export type StepFile = z.infer<typeof step>;

/** Undefined after reporting a step that cannot be used. */
export function lowerStep(
  file: StepFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): ScenarioStep | undefined {
  const at = durationAt(file.at, [...path, 'at'], findings, [0, inventory.duration]);
  const named = KINDS.filter((kind) => file[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    findings.error(path, 'missing', 'this step has no action: add one, such as "kill: lb1"');
    return undefined;
  }
  if (named.length > 1) {
    const message = `a step has one action, this one has ${named.join(' and ')}`;
    findings.error(path, 'conflict', message);
    return undefined;
  }
  const context = { path: [...path, kind], inventory, findings };
  const action = { kind, ...entryOf(kind).lower(file[kind], context) } as Action;
  checkMachines(action, context);
  return { at, action };
}

function checkMachines(action: Action, { path, inventory, findings }: StepContext): void {
  const named = machinesOf(action);
  for (const name of named) {
    if (inventory.machines.has(name)) continue;
    findings.error(path, 'conflict', `this scenario has no ${name}`);
  }
  if (entryOf(action.kind).isCommand !== true) return;
  for (const { name, agent } of inventory.nodes) {
    if (!named.includes(name) || agent === 'vrrp-agent') continue;
    findings.error(path, 'conflict', `${agent}, which runs on ${name}, has no such command`);
  }
}

function machinesOf(action: Action): readonly string[] {
  if ('from' in action) return [...action.from, ...action.to];
  if ('nodes' in action) return action.nodes;
  if ('sender' in action) return [action.sender, action.node];
  return 'node' in action ? [action.node] : [];
}

/** For progress, reports and test names. */
export function describeAction(action: Action): string {
  return entryOf(action.kind).describe(action);
}

export function isLasting({ kind }: Action): boolean {
  return entryOf(kind).isLasting === true;
}

function describeSettings(set: Readonly<Record<string, unknown>>): string {
  return Object.entries(set)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}
