/** Notifications on state changes. The main thread sends them; the protocol thread does not know them. */
import type { Duration } from '../net/time.ts';

export interface NotificationSettings {
  /** For all instances and groups. */
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** Undefined: no mail. */
  readonly mail: MailSettings | undefined;
  /** By name; only instances with notifications. */
  readonly instances: ReadonlyMap<string, SubjectNotification>;
  /** By name; only sync groups with notifications. */
  readonly groups: ReadonlyMap<string, SubjectNotification>;
  readonly ipvs: IpvsNotification;
}

/** Notifications of services and real servers. */
export interface IpvsNotification {
  /** For all services and servers. */
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** By name; only services with notifications. */
  readonly services: ReadonlyMap<string, ServiceNotification>;
}

/** Notifications of one service and its servers. */
export interface ServiceNotification {
  /** Of the service: its quorum is reached or lost. */
  readonly commands: UpDownCommands;
  /** Of each server. */
  readonly serverCommands: UpDownCommands;
  /** Of single servers, by name: these replace those of each server. */
  readonly servers: ReadonlyMap<string, UpDownCommands>;
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
}

export interface UpDownCommands {
  readonly up?: CommandSettings;
  readonly down?: CommandSettings;
}

/** Notifications of one instance or group. */
export interface SubjectNotification {
  readonly commands: NotifyCommands;
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** The engine has its deadline and `on_failure` (`InstanceSettings.beforeMaster`). */
  readonly beforeMaster: CommandSettings | undefined;
}

export const NOTIFY_STATES = ['master', 'backup', 'fault', 'stop', 'any'] as const;

export type NotifyCommands = {
  readonly [State in (typeof NOTIFY_STATES)[number]]?: CommandSettings;
};

export interface CommandSettings {
  /** Absolute path of the program, then its arguments; no shell. */
  readonly command: readonly string[];
  /** Undefined: the agent's user. */
  readonly user: string | undefined;
  readonly timeout: Duration;
}

export interface WebhookSettings {
  readonly url: string;
  /** Key of the HMAC that signs each body. */
  readonly secret: string | undefined;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | undefined;
  /** `file:/path` or `credential:name`, of those that the configuration does not contain itself. */
  readonly references?: { readonly [Key in 'secret' | 'token']: string | undefined };
  readonly timeout: Duration;
}

/**
 * `state`: instances and sync groups; `server`: real servers; `service`: services without servers;
 * `error`: every other event that affects the service.
 */
export const MAIL_TOPICS = ['state', 'server', 'service', 'error'] as const;

export type MailTopic = (typeof MAIL_TOPICS)[number];

export interface MailSettings {
  readonly server: MailServer;
  readonly from: string;
  readonly to: readonly string[];
  readonly topics: readonly MailTopic[];
  /** Names of instances, groups and services; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Least time from one mail to the next. */
  readonly digest: Duration;
}

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `auto`: encrypts if the server offers it, without a check of its identity (RFC 7435). */
  readonly tls: 'auto' | 'starttls' | 'implicit' | 'off';
  readonly login: MailLogin | undefined;
  /** The name in EHLO; undefined: the host name. */
  readonly helo: string | undefined;
  readonly timeout: Duration;
}

export interface MailLogin {
  readonly user: string;
  /** As in the file: `file:/path` or `credential:name`. */
  readonly reference: string;
  /** Undefined: this host was not asked for it. */
  readonly password: string | undefined;
}

/** One mail, whose identifier stays the same when it is sent again. */
export interface MailMessage {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export const NO_NOTIFICATIONS: NotificationSettings = {
  fifo: undefined,
  webhooks: [],
  mail: undefined,
  instances: new Map(),
  groups: new Map(),
  ipvs: { fifo: undefined, webhooks: [], services: new Map() },
};
