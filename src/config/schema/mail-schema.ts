/** The schema of `notify.mail`. */
import * as z from 'zod';
import { MAIL_TOPICS } from '../notification-settings.ts';
import { NOTIFY_DEFAULTS } from './defaults.ts';
import { choice, duration, mapping, pattern } from './schema-parts.ts';

const address = pattern(
  /^[^\s<>()[\],;:\\"@\p{Cc}]{1,64}@[^\s<>()[\],;:\\"@\p{Cc}]{1,253}$/u,
  'a mail address, like ops@example.net',
);

export const mail = mapping(
  {
    server: pattern(
      /^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/,
      'a host name or an IP address, IPv6 in brackets, with a port or without',
    ).meta({
      description: 'The mail server (SMTP). Default of its port: 25; with `tls: implicit` 465.',
      examples: ['mail.example.net', '192.0.2.25:587', '[2001:db8::25]:25'],
    }),
    from: address.meta({ description: 'Sender.', examples: ['lb1@example.net'] }),
    to: z
      .array(address)
      .min(1, 'must not be empty')
      .max(16, 'must not have more than 16 entries')
      .meta({ description: 'Recipients, like `[ops@example.net]`.' }),
    events: z
      .array(choice(MAIL_TOPICS))
      .min(1, 'must not be empty')
      .meta({
        description:
          'What is mailed. `state`: changes of state of instances and sync groups; `server`: real servers ' +
          'that go down and come back; `service`: services that have no server, and fallbacks; `error`: ' +
          'every other event of level `error`.',
        default: NOTIFY_DEFAULTS.mail.events,
      })
      .optional(),
    only: z
      .array(z.string())
      .min(1, 'must not be empty')
      .meta({
        description:
          'Names of instances, sync groups and services: mail is sent about these, and about what concerns ' +
          'the whole agent. Default: about all.',
      })
      .optional(),
    digest: duration()
      .meta({
        description:
          'Least time from one mail to the next, 10s to 24h: what happens in the meantime is in the next one.',
        default: NOTIFY_DEFAULTS.mail.digest,
      })
      .optional(),
    tls: choice(['auto', 'starttls', 'implicit', 'off'])
      .meta({
        description:
          '`auto`: encrypts if the server offers it, and does not check its certificate; `starttls`, ' +
          '`implicit` (TLS from the first byte): encrypts, with a valid certificate, or does not send; `off`.',
        default: NOTIFY_DEFAULTS.mail.tls,
      })
      .optional(),
    user: z
      .string()
      .min(1, 'must not be empty')
      .max(255, 'must not be longer than 255 characters')
      .meta({ description: 'Login at the server. Needs `password`.' })
      .optional(),
    password: pattern(
      /^(file:\/[ -~\u00a0-\uffff]{1,4090}|credential:[A-Za-z0-9][A-Za-z0-9._-]{0,254})$/,
      'file: with an absolute path, or credential: with a name',
    )
      .meta({
        description:
          'Where the password is: `file:` (readable by the user of the agent alone) or `credential:` (a file ' +
          'in $CREDENTIALS_DIRECTORY).',
        examples: ['file:/etc/vrrp-agent/mail.password', 'credential:mail'],
      })
      .optional(),
    helo: pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, 'a host name')
      .meta({ description: 'The name that this host gives to the server. Default: the hostname.' })
      .optional(),
    timeout: duration()
      .meta({
        description: 'Timeout of each attempt, 1s to 2m.',
        default: NOTIFY_DEFAULTS.mail.timeout,
      })
      .optional(),
  },
  'Mail about what happens. In a storm it is a digest.',
);

export type MailFile = z.infer<typeof mail>;
