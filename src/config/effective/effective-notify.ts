/** `notify` back in the words of the file. */

import { formatDuration } from '../../net/time.ts';
import type { BeforeMasterSettings } from '../../protocol/engine/settings.ts';
import {
  type CommandSettings,
  NOTIFY_STATES,
  type SubjectNotification,
  type WebhookSettings,
} from '../notification-settings.ts';
import type { CommandFile, InstanceNotifyFile, WebhookFile } from '../schema/notify-schema.ts';

/** Stands where a secret was. */
export const MASK = '********';

export function effectiveNotify(
  { commands, fifo, webhooks, beforeMaster }: SubjectNotification,
  before: BeforeMasterSettings | undefined,
): InstanceNotifyFile {
  const file: { -readonly [Key in keyof InstanceNotifyFile]: InstanceNotifyFile[Key] } = {
    ...effectiveWebhooks(webhooks),
  };
  for (const state of NOTIFY_STATES) {
    const command = commands[state];
    if (command !== undefined) file[state] = effectiveCommand(command);
  }
  if (fifo !== undefined) file.fifo = fifo;
  if (beforeMaster !== undefined && before !== undefined) {
    file.before_master = { ...effectiveCommand(beforeMaster), on_failure: before.onFailure };
  }
  return file;
}

export function effectiveWebhooks(webhooks: readonly WebhookSettings[]): {
  webhooks?: WebhookFile[];
} {
  if (webhooks.length === 0) return {};
  return {
    webhooks: webhooks.map(({ url, secret, token, timeout }) => ({
      url,
      ...(secret === undefined ? {} : { secret }),
      ...(token === undefined ? {} : { token }),
      timeout: formatDuration(timeout),
    })),
  };
}

/** The same with every secret replaced. */
export function maskNotify<File extends { webhooks?: WebhookFile[] | undefined }>(
  file: File,
): File {
  if (file.webhooks === undefined) return file;
  const webhooks = file.webhooks.map((webhook) => ({
    ...webhook,
    ...(webhook.secret === undefined ? {} : { secret: MASK }),
    ...(webhook.token === undefined ? {} : { token: MASK }),
  }));
  return { ...file, webhooks };
}

function effectiveCommand({
  command,
  user,
  timeout,
}: CommandSettings): Extract<CommandFile, { command: string[] }> {
  return {
    command: [...command],
    ...(user === undefined ? {} : { user }),
    timeout: formatDuration(timeout),
  };
}
