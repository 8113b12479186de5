/** Who is told of changes of state, and how. The main thread does it; the protocol knows nothing of it. */
import type { Duration } from '../net/time.ts';

export interface NotificationSettings {
  /** Of all instances and groups. */
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** By name of the instance; only those that ask for something. */
  readonly instances: ReadonlyMap<string, SubjectNotification>;
  /** The same of sync groups. */
  readonly groups: ReadonlyMap<string, SubjectNotification>;
}

/** What one instance, or one group, asks for. */
export interface SubjectNotification {
  readonly commands: NotifyCommands;
  readonly fifo: string | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** Its deadline and what follows are the engine's (`InstanceSettings.beforeMaster`). */
  readonly beforeMaster: CommandSettings | undefined;
}

export const NOTIFY_STATES = ['master', 'backup', 'fault', 'stop', 'any'] as const;

export type NotifyCommands = {
  readonly [State in (typeof NOTIFY_STATES)[number]]?: CommandSettings;
};

export interface CommandSettings {
  /** The program by its full path, and its arguments; no shell. */
  readonly command: readonly string[];
  /** Undefined: the user the agent runs as. */
  readonly user: string | undefined;
  readonly timeout: Duration;
}

export interface WebhookSettings {
  readonly url: string;
  /** Key of the HMAC that signs each body. */
  readonly secret: string | undefined;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | undefined;
  readonly timeout: Duration;
}

export const NO_NOTIFICATIONS: NotificationSettings = {
  fifo: undefined,
  webhooks: [],
  instances: new Map(),
  groups: new Map(),
};
