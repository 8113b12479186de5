/** Converts `notify` of the file to settings. */
import { type Duration, milliseconds, seconds } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import {
  type CommandSettings,
  NOTIFY_STATES,
  type NotifyCommands,
  type ServiceNotification,
  type SubjectNotification,
  type UpDownCommands,
  type WebhookSettings,
} from '../notification-settings.ts';
import { NOTIFY_DEFAULTS } from '../schema/defaults.ts';
import type {
  BeforeMasterFile,
  CommandFile,
  GroupNotifyFile,
  InstanceNotifyFile,
  ServerNotifyFile,
  ServiceNotifyFile,
  WebhookFile,
} from '../schema/notify-schema.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';
import { isSecretReference, lowerSecretLine } from './secret-line.ts';

const COMMAND_TIMEOUT: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(600),
  zero: false,
};
const BEFORE_MASTER_TIMEOUT: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(60),
  zero: false,
};
const WEBHOOK_TIMEOUT: DurationRange = {
  minimum: milliseconds(100),
  maximum: seconds(60),
  zero: false,
};

/** The path of a key below `notify`. */
type NotifyPath = (...keys: (string | number)[]) => Path;

/** Undefined: no notifications. */
export function lowerNotify(
  file: InstanceNotifyFile | GroupNotifyFile | undefined,
  at: NotifyPath,
  host: HostFacts,
  findings: Findings,
): SubjectNotification | undefined {
  if (file === undefined || Object.keys(file).length === 0) return undefined;
  const commands: { -readonly [State in keyof NotifyCommands]: CommandSettings } = {};
  for (const state of NOTIFY_STATES) {
    const command = file[state];
    if (command !== undefined) commands[state] = lowerCommand(command, at, state, findings);
  }
  const before = 'before_master' in file ? file.before_master : undefined;
  return {
    commands,
    fifo: file.fifo,
    webhooks: lowerWebhooks(file.webhooks, at, host, findings),
    beforeMaster: before && {
      ...programOf(before.command, before.user, at('before_master', 'command'), findings),
      timeout: beforeMasterTimeout(before, at, findings),
    },
  };
}

/** Undefined: no notifications, neither of the service nor of its servers. */
export function lowerServiceNotify(
  file: ServiceNotifyFile | undefined,
  servers: ReadonlyMap<string, UpDownCommands>,
  at: NotifyPath,
  host: HostFacts,
  findings: Findings,
): ServiceNotification | undefined {
  if (servers.size === 0 && Object.keys(file ?? {}).length === 0) return undefined;
  const { up, down, server_up, server_down, fifo, webhooks } = file ?? {};
  const keys = { up: 'server_up', down: 'server_down' } as const;
  return {
    commands: lowerUpDown({ up, down }, at, findings),
    serverCommands: lowerUpDown({ up: server_up, down: server_down }, at, findings, keys),
    servers,
    fifo,
    webhooks: lowerWebhooks(webhooks, at, host, findings),
  };
}

/** @param keys the keys of the two states below `at` */
export function lowerUpDown(
  { up, down }: ServerNotifyFile,
  at: NotifyPath,
  findings: Findings,
  keys: Readonly<Record<'up' | 'down', string>> = { up: 'up', down: 'down' },
): UpDownCommands {
  return {
    ...(up === undefined ? {} : { up: lowerCommand(up, at, keys.up, findings) }),
    ...(down === undefined ? {} : { down: lowerCommand(down, at, keys.down, findings) }),
  };
}

/** The part of `before_master` that the engine needs. */
export function lowerBeforeMaster(
  file: InstanceNotifyFile | undefined,
  priority: number | undefined,
  at: NotifyPath,
  findings: Findings,
): InstanceSettings['beforeMaster'] {
  const before = file?.before_master;
  if (before === undefined) return undefined;
  if (isOwner(priority)) {
    const message = '"before_master" has no effect with priority 255, which is MASTER immediately';
    findings.error(at('before_master'), 'conflict', message, 'key');
  }
  const deadline = beforeMasterTimeout(before, at, findings);
  return { deadline, onFailure: before.on_failure ?? NOTIFY_DEFAULTS.before_master.on_failure };
}

export function lowerWebhooks(
  files: readonly WebhookFile[] | undefined,
  at: NotifyPath,
  host: HostFacts,
  findings: Findings,
): WebhookSettings[] {
  return (files ?? []).map(({ url, timeout, ...given }, index) => {
    const path = at('webhooks', index, 'url');
    const textOf = (key: 'secret' | 'token') =>
      lowerSecret(given[key], key, at('webhooks', index, key), host, findings);
    const [secret, token] = [textOf('secret'), textOf('token')];
    if (!URL.canParse(url)) {
      // The URL may be a secret.
      findings.error(path, 'type', 'must be a valid URL');
    } else if (given.token !== undefined && url.startsWith('http:')) {
      findings.warn(path, 'the token is sent unencrypted: use https');
    }
    const limit = timeout ?? NOTIFY_DEFAULTS.webhook.timeout;
    return {
      url,
      secret: secret.text,
      token: token.text,
      references: { secret: secret.reference, token: token.reference },
      timeout: lowerDuration(limit, WEBHOOK_TIMEOUT, at('webhooks', index, 'timeout'), findings),
    };
  });
}

/** The text itself, or that of the file which it names. */
function lowerSecret(
  given: string | undefined,
  key: 'secret' | 'token',
  path: Path,
  host: HostFacts,
  findings: Findings,
): { readonly text: string | undefined; readonly reference: string | undefined } {
  if (given === undefined || !isSecretReference(given))
    return { text: given, reference: undefined };
  const text = lowerSecretLine(given, key, path, host, findings);
  // It becomes a part of a header.
  if (key === 'token' && text !== undefined && !/^[!-~]+$/.test(text)) {
    findings.error(path, 'unavailable', 'the file has no token: expected printable characters');
  }
  return { text, reference: given };
}

function beforeMasterTimeout(
  { timeout = NOTIFY_DEFAULTS.before_master.timeout }: BeforeMasterFile,
  at: NotifyPath,
  findings: Findings,
): Duration {
  return lowerDuration(timeout, BEFORE_MASTER_TIMEOUT, at('before_master', 'timeout'), findings);
}

function lowerCommand(
  file: CommandFile,
  at: NotifyPath,
  state: string,
  findings: Findings,
): CommandSettings {
  const inMapping = 'command' in file;
  const {
    command,
    user,
    timeout = NOTIFY_DEFAULTS.command.timeout,
  } = inMapping ? file : { command: file };
  return {
    ...programOf(command, user, inMapping ? at(state, 'command') : at(state), findings),
    timeout: lowerDuration(timeout, COMMAND_TIMEOUT, at(state, 'timeout'), findings),
  };
}

function programOf(
  command: readonly string[],
  user: string | undefined,
  path: Path,
  findings: Findings,
): Pick<CommandSettings, 'command' | 'user'> {
  const [program = ''] = command;
  if (!program.startsWith('/')) {
    const message = `expected the absolute path of a program, found "${program}": it runs without a shell`;
    findings.error([...path, 0], 'type', message);
  }
  const broken = command.findIndex((part) => part.includes('\0'));
  if (broken >= 0) findings.error([...path, broken], 'type', 'must not contain NUL');
  findings.command(path, command, user);
  return { command, user };
}
