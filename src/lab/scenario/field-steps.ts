/**
 * Steps that change the surroundings of a director as operators and hosts in the field do: its own address,
 * its link, other programs beside the agent, and what the agent may open or write. `run/field.ts` performs
 * them; most check their own condition, and fail if it does not hold.
 */
import * as z from 'zod';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { parseIp } from '../../net/address.ts';
import { directorName } from './names.ts';
import { entry, lastsAt, onDirector, time, whichDirector } from './step-entry.ts';

const RENUMBER =
  "The director's own address is replaced as administrators do it: the new one is added, then the old " +
  'one deleted (`promote_secondaries` is 1). Without `to`: its first address again. Fails if the ' +
  'director has lost the address that it had.';

export const FIELD_STEPS = {
  renumber: entry(
    z
      .union(
        [
          directorName(),
          mapping(
            {
              node: whichDirector,
              to: z.string().meta({ description: 'With its prefix length: 203.0.113.21/24.' }),
            },
            RENUMBER,
          ),
        ],
        { error: 'expected a director (lb1 to lb8), or { node, to }' },
      )
      .meta({ description: RENUMBER }),
    {
      lower: (value, { path, findings }) => {
        const { node, to } =
          typeof value === 'string' ? { node: value, to: undefined } : { ...value };
        if (to !== undefined && !isPrefixed(to)) {
          findings.error(
            [...path, 'to'],
            'range',
            'expected an IPv4 address and its prefix length',
          );
        }
        return { node, to };
      },
      describe: ({ node, to }) => `renumber ${node} ${to === undefined ? 'back' : `to ${to}`}`,
    },
  ),
  change_mac: onDirector(
    'change MAC',
    'The interface of the director gets another MAC address, each time a new one.',
  ),
  bridge_port: onDirector(
    'bridge port',
    'The interface of the director becomes a port of a bridge; its addresses stay on it.',
  ),
  bridge_release: onDirector('bridge release', 'The interface is taken out of the bridge again.'),
  second_agent: onDirector(
    'second agent',
    'A second vrrp-agent is started in the network namespace of the first, with files of its own. ' +
      'Fails unless it refuses to run.',
    true,
  ),
  foreign_router: entry(
    mapping(
      {
        priority: wholeNumber(1, 255).meta({ description: 'What it advertises.' }),
        for: duration().meta({ description: 'Up to 60s.' }),
      },
      'The client advertises the virtual router with an address that no director has, as a second ' +
        'cluster with the same VRID does.',
    ),
    {
      lower: (file, context) => ({ priority: file.priority, lasts: lastsAt(file.for, context) }),
      describe: ({ priority, lasts }) =>
        `foreign router of priority ${priority} for ${time(lasts)}`,
      isLasting: true,
    },
  ),
  stall_log: onDirector(
    'stall log',
    'What reads the log of the agent stops, and the pipe is full. Fails unless `status` is answered.',
    true,
  ),
  read_log: onDirector('read log', 'The log is read again.', true),
  tracked_file: entry(
    mapping(
      {
        node: whichDirector,
        as: choice(['fifo', 'file']).meta({
          description: '`fifo`: a named pipe without a writer. `file`: the regular file again.',
        }),
      },
      'Each vrrp-agent of the scenario tracks a file with the number 0; this one is replaced. Fails ' +
        'unless `status` is answered.',
    ),
    {
      lower: ({ node, as }) => ({ node, as }),
      describe: ({ node, as }) => `tracked file of ${node} becomes a ${as}`,
      isCommand: true,
    },
  ),
  descriptors: entry(
    mapping(
      {
        node: whichDirector,
        spare: choice(['none', 'many']).meta({
          description: '`none`: the agent and its children can open nothing more (EMFILE).',
        }),
      },
      'The limit of open files of the running agent changes (prlimit).',
    ),
    {
      lower: ({ node, spare }) => ({ node, spare }),
      describe: ({ node, spare }) => `${spare} spare descriptors: ${node}`,
      isCommand: true,
    },
  ),
};

function isPrefixed(text: string): boolean {
  const [address = '', length] = text.split('/');
  const bits = Number(length);
  return parseIp(address) !== undefined && !address.includes(':') && bits >= 1 && bits <= 32;
}
