/** Converts notifications back to the `notify` of the file. */
import { formatEndpoint } from '../../net/endpoint.ts';
import { formatDuration } from '../../net/time.ts';
import { originOf } from '../../net/url.ts';
import type { BeforeMasterSettings } from '../../protocol/engine/settings.ts';
import type {
  CommandSettings,
  IpvsNotification,
  MailSettings,
  NotificationSettings,
  ServiceNotification,
  SubjectNotification,
  UpDownCommands,
  WebhookSettings,
} from '../notification-settings.ts';
import type { MailFile } from '../schema/mail-schema.ts';
import type {
  AgentNotifyFile,
  BeforeMasterFile,
  CommandFile,
  GroupNotifyFile,
  InstanceNotifyFile,
  IpvsNotifyFile,
  ServerNotifyFile,
  ServiceNotifyFile,
  WebhookFile,
} from '../schema/notify-schema.ts';
import { type Complete, present } from './complete.ts';
import { MASK } from './mask.ts';

type CommandMapping = Exclude<CommandFile, string[]>;

export function effectiveAgentNotify({
  fifo,
  webhooks,
  mail,
}: NotificationSettings): AgentNotifyFile | undefined {
  if (fifo === undefined && webhooks.length === 0 && mail === undefined) return undefined;
  return present<AgentNotifyFile>({
    fifo,
    webhooks: effectiveWebhooks(webhooks),
    mail: mail && effectiveMail(mail),
  });
}

/** Shows where the password is, which is no secret. */
function effectiveMail({ server, from, to, topics, only, digest }: MailSettings): MailFile {
  const { host, port, tls, login, helo, timeout } = server;
  return present<MailFile>({
    server: formatEndpoint({ address: host, port }),
    ...{ from, to: [...to], events: [...topics], only: only && [...only] },
    digest: formatDuration(digest),
    tls,
    user: login?.user,
    password: login?.reference,
    helo,
    timeout: formatDuration(timeout),
  });
}

export function effectiveInstanceNotify(
  notification: SubjectNotification,
  engine: BeforeMasterSettings | undefined,
): InstanceNotifyFile {
  const { beforeMaster } = notification;
  return present<InstanceNotifyFile>({
    ...groupKeys(notification),
    before_master: beforeMaster && engine && effectiveBeforeMaster(beforeMaster, engine.onFailure),
  });
}

export function effectiveGroupNotify(notification: SubjectNotification): GroupNotifyFile {
  return present<GroupNotifyFile>(groupKeys(notification));
}

/** Undefined: none for all services. */
export function effectiveIpvsNotify({
  fifo,
  webhooks,
}: IpvsNotification): IpvsNotifyFile | undefined {
  if (fifo === undefined && webhooks.length === 0) return undefined;
  return present<IpvsNotifyFile>({ fifo, webhooks: effectiveWebhooks(webhooks) });
}

export function effectiveServiceNotify(
  notification: ServiceNotification,
): ServiceNotifyFile | undefined {
  const { commands, serverCommands, fifo, webhooks } = notification;
  const { up: server_up, down: server_down } = effectiveUpDown(serverCommands);
  const file = present<ServiceNotifyFile>({
    ...{ up: undefined, down: undefined, ...effectiveUpDown(commands) },
    ...{ server_up, server_down, fifo },
    webhooks: effectiveWebhooks(webhooks),
  });
  return Object.keys(file).length === 0 ? undefined : file;
}

export function effectiveUpDown({ up, down }: UpDownCommands): ServerNotifyFile {
  return present<ServerNotifyFile>({
    up: up && effectiveCommand(up),
    down: down && effectiveCommand(down),
  });
}

function groupKeys({ commands, fifo, webhooks }: SubjectNotification): Complete<GroupNotifyFile> {
  const { master, backup, fault, stop, any } = commands;
  return {
    webhooks: effectiveWebhooks(webhooks),
    master: master && effectiveCommand(master),
    backup: backup && effectiveCommand(backup),
    fault: fault && effectiveCommand(fault),
    stop: stop && effectiveCommand(stop),
    any: any && effectiveCommand(any),
    fifo,
  };
}

function effectiveWebhooks(webhooks: readonly WebhookSettings[]): WebhookFile[] | undefined {
  if (webhooks.length === 0) return undefined;
  return webhooks.map(({ url, secret, token, references, timeout }) =>
    present<WebhookFile>({
      url,
      secret: references?.secret ?? secret,
      token: references?.token ?? token,
      timeout: formatDuration(timeout),
    }),
  );
}

function effectiveCommand({ command, user, timeout }: CommandSettings): CommandMapping {
  return present<CommandMapping>({
    command: [...command],
    user,
    timeout: formatDuration(timeout),
  });
}

function effectiveBeforeMaster(
  { command, user, timeout }: CommandSettings,
  onFailure: BeforeMasterSettings['onFailure'],
): BeforeMasterFile {
  return present<BeforeMasterFile>({
    command: [...command],
    user,
    timeout: formatDuration(timeout),
    on_failure: onFailure,
  });
}

/** Replaces every secret by `MASK`; of a URL, which often is the secret, scheme and host stay. */
export function maskNotify<File extends { webhooks?: WebhookFile[] | undefined }>(
  file: File,
): File {
  if (file.webhooks === undefined) return file;
  const webhooks = file.webhooks.map(({ url, secret, token, timeout }) =>
    present<WebhookFile>({
      url: originOf(url),
      secret: secret && MASK,
      token: token && MASK,
      timeout,
    }),
  );
  return { ...file, webhooks };
}
