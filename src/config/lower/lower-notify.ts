/** `notify` of the file as settings. */

import { type Duration, milliseconds, seconds } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import {
  type CommandSettings,
  NOTIFY_STATES,
  type NotifyCommands,
  type SubjectNotification,
  type WebhookSettings,
} from '../notification-settings.ts';
import type {
  CommandFile,
  GroupNotifyFile,
  InstanceNotifyFile,
  WebhookFile,
} from '../schema/notify-schema.ts';
import type { DurationRange } from './lower-timing.ts';
import { lowerDuration } from './lower-timing.ts';

const COMMAND_TIMEOUT = seconds(30);
const COMMAND_TIMEOUTS: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(600),
  zero: false,
};
const BEFORE_MASTER_TIMEOUT = seconds(1);
const BEFORE_MASTER_TIMEOUTS: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(60),
  zero: false,
};
const WEBHOOK_TIMEOUT = seconds(5);
const WEBHOOK_TIMEOUTS: DurationRange = {
  minimum: milliseconds(100),
  maximum: seconds(60),
  zero: false,
};

/** Where a key below `notify` was written. */
export type NotifyPath = (...keys: (string | number)[]) => Path;

/** Undefined: nothing is asked for. */
export function lowerNotify(
  file: InstanceNotifyFile | GroupNotifyFile | undefined,
  at: NotifyPath,
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
    webhooks: lowerWebhooks(file.webhooks, at, findings),
    beforeMaster:
      before === undefined
        ? undefined
        : {
            ...programOf(before.command, before.user, at('before_master', 'command'), findings),
            timeout: beforeMasterTimeout(before.timeout, at, findings),
          },
  };
}

/** The engine's part of it: undefined when a take-over waits for nothing. */
export function lowerBeforeMaster(
  file: InstanceNotifyFile | undefined,
  priority: number,
  at: NotifyPath,
  findings: Findings,
): InstanceSettings['beforeMaster'] {
  const before = file?.before_master;
  if (before === undefined) return undefined;
  if (isOwner(priority)) {
    const message =
      'the owner of the addresses (priority 255) is MASTER at once: nothing can run before';
    findings.error(at('before_master'), 'conflict', message, 'key');
  }
  const deadline = beforeMasterTimeout(before.timeout, at, findings);
  return { deadline, onFailure: before.on_failure ?? 'proceed' };
}

export function lowerWebhooks(
  files: readonly WebhookFile[] | undefined,
  at: NotifyPath,
  findings: Findings,
): WebhookSettings[] {
  return (files ?? []).map(({ url, secret, token, timeout }, index) => {
    const path = at('webhooks', index, 'timeout');
    if (!URL.canParse(url)) {
      findings.error(
        at('webhooks', index, 'url'),
        'type',
        `${url} is no address that can be asked`,
      );
    } else if (token !== undefined && url.startsWith('http:')) {
      findings.warn(at('webhooks', index, 'url'), 'the token is sent readable: use https');
    }
    return {
      url,
      secret,
      token,
      timeout: lowerDuration(timeout, WEBHOOK_TIMEOUT, WEBHOOK_TIMEOUTS, path, findings),
    };
  });
}

function beforeMasterTimeout(
  timeout: string | undefined,
  at: NotifyPath,
  findings: Findings,
): Duration {
  return lowerDuration(
    timeout,
    BEFORE_MASTER_TIMEOUT,
    BEFORE_MASTER_TIMEOUTS,
    at('before_master', 'timeout'),
    findings,
  );
}

function lowerCommand(
  file: CommandFile,
  at: NotifyPath,
  state: string,
  findings: Findings,
): CommandSettings {
  if ('command' in file) {
    const { command, user, timeout } = file;
    return {
      ...programOf(command, user, at(state, 'command'), findings),
      timeout: lowerDuration(
        timeout,
        COMMAND_TIMEOUT,
        COMMAND_TIMEOUTS,
        at(state, 'timeout'),
        findings,
      ),
    };
  }
  return { ...programOf(file, undefined, at(state), findings), timeout: COMMAND_TIMEOUT };
}

function programOf(
  command: readonly string[],
  user: string | undefined,
  path: Path,
  findings: Findings,
): Pick<CommandSettings, 'command' | 'user'> {
  const [program = ''] = command;
  if (!program.startsWith('/')) {
    const message = `expected the full path of a program, found "${program}": no shell looks for it`;
    findings.error([...path, 0], 'type', message);
  }
  const broken = command.findIndex((part) => part.includes('\0'));
  if (broken >= 0) findings.error([...path, broken], 'type', 'an argument cannot contain NUL');
  findings.command(path, command, user);
  return { command, user };
}
