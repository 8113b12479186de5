/** The schema of `witness`: etcd, which decides between directors that do not see each other. */
import * as z from 'zod';
import { WITNESS_DEFAULTS } from './defaults.ts';
import { choice, duration, mapping, pattern } from './schema-parts.ts';

const FILE_FORM = 'an absolute path, file: with an absolute path, or credential: with a name';

const fileReference = pattern(
  /^((file:)?\/[ -~\u00a0-\uffff]{1,4090}|credential:[A-Za-z0-9][A-Za-z0-9._-]{0,254})$/,
  FILE_FORM,
);

const etcd = mapping(
  {
    endpoints: z
      .array(z.string())
      .min(1, 'must not be empty')
      .max(16, 'must not have more than 16 entries')
      .meta({
        description:
          'The client URLs of the members of one cluster, the same on all directors: `https://` or `http://`, ' +
          'a host and a port. Without a port: 2379.',
        examples: [['https://203.0.113.21:2379', 'https://[2001:db8::21]:2379']],
      }),
    prefix: pattern(
      /^\/[!-~]{0,198}$/,
      'a path that begins with a slash, of at most 200 printable characters without blanks',
    )
      .meta({
        description:
          'The keys are this and the name of the instance. The same on the directors of one pair, and another ' +
          'one for each pair that uses the same etcd.',
        default: WITNESS_DEFAULTS.etcd.prefix,
      })
      .optional(),
    ca: fileReference
      .meta({
        description:
          'Certificates (PEM) of the authorities that may have signed the certificate of etcd. Default: those ' +
          'that Node.js knows.',
        examples: ['/etc/vrrp-agent/etcd-ca.pem'],
      })
      .optional(),
    cert: fileReference
      .meta({ description: 'Certificate of this director for etcd (PEM). Needs `key`.' })
      .optional(),
    key: fileReference
      .meta({
        description:
          'Its private key (PEM), readable by the user of the agent alone. Files are read again at each reload.',
      })
      .optional(),
    username: pattern(/^[!-~\u00a0-\uffff]{1,200}$/, 'a user name')
      .meta({
        description:
          'User of etcd. Needs `password`. The gateway of etcd does not take users from certificates.',
      })
      .optional(),
    password: pattern(
      /^(file:\/[ -~\u00a0-\uffff]{1,4090}|credential:[A-Za-z0-9][A-Za-z0-9._-]{0,254})$/,
      'file: with an absolute path, or credential: with a name',
    )
      .meta({
        description:
          'Where the password is: `file:`, readable by the user of the agent alone, or `credential:` (a file ' +
          'in $CREDENTIALS_DIRECTORY).',
        examples: ['file:/etc/vrrp-agent/etcd.password', 'credential:etcd'],
      })
      .optional(),
  },
  'An etcd cluster, version 3.4 or newer, by its JSON gateway, which is part of it.',
);

export const witness = mapping(
  {
    etcd,
    ttl: duration()
      .meta({
        description:
          'How long a director may keep the VIPs without asking again, and how long the others wait for it: 2s ' +
          'to 60s, in whole seconds, and at least eight heartbeats of "peer_link". The same on all directors.',
        default: WITNESS_DEFAULTS.ttl,
      })
      .optional(),
    on_loss: choice(['release', 'go_on'])
      .meta({
        description:
          'What a director does that sees neither the other directors nor the witness. `release`: it gives up ' +
          'the VIPs, so that there are never two owners; `go_on`: it follows the RFC, so that the VIPs are ' +
          'served, perhaps twice.',
        default: WITNESS_DEFAULTS.on_loss,
      })
      .optional(),
  },
  'A third place that decides which director may have the VIPs while they do not see each other. Used by ' +
    'instances with `witness: true`. Off if this key is absent.',
);
