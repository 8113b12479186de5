/** The named pipes, HTTP receivers and mail of the configuration, each open once however many subjects use it. */
import { type FifoPort, FifoWriter } from '../../checker/deliveries/fifo-writer.ts';
import { MailDigest, type Notice } from '../../checker/deliveries/mail-digest.ts';
import type { Outcomes } from '../../checker/deliveries/outcomes.ts';
import { Webhook } from '../../checker/deliveries/webhook.ts';
import type {
  MailMessage,
  MailServer,
  MailSettings,
  NotificationSettings,
  WebhookSettings,
} from '../../config/notification-settings.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { originOf } from '../../net/url.ts';
import { mailOf } from './mail-notices.ts';

interface ReceiversOptions {
  readonly router: string;
  readonly outcomes: Outcomes;
  readonly openFifo: (path: string) => FifoPort;
  readonly post: (webhook: WebhookSettings, body: string) => Promise<number>;
  readonly sendMail: (server: MailServer, mail: MailMessage) => Promise<number>;
}

export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #fifos = new Map<string, FifoWriter>();
  /** By settings: equal ones share one receiver and one sequence of numbers. */
  readonly #webhooks = new Map<string, Webhook>();

  #mail: { readonly key: string; readonly digest: MailDigest } | undefined;

  constructor(options: ReceiversOptions) {
    this.#options = options;
  }

  /** Opens those of the settings and closes all others; those that remain keep their queues. */
  open(settings: NotificationSettings): void {
    const { outcomes, openFifo } = this.#options;
    const [fifos, webhooks] = [fifosOf(settings), webhooksOf(settings)];
    closeOthers(this.#webhooks, new Set(webhooks.keys()));
    closeOthers(this.#fifos, new Set(fifos));
    for (const path of fifos) {
      if (this.#fifos.has(path)) continue;
      this.#fifos.set(path, new FifoWriter({ path, outcomes, open: openFifo, schedule }));
    }
    for (const [key, webhook] of webhooks) {
      if (this.#webhooks.has(key)) continue;
      const post = (body: string) => this.#options.post(webhook, body);
      const target = originOf(webhook.url);
      this.#webhooks.set(key, new Webhook({ target, outcomes, post, schedule }));
    }
    this.#replaceMail(settings.mail);
  }

  #replaceMail(settings: MailSettings | undefined): void {
    const key = JSON.stringify(settings);
    if (this.#mail?.key === key) return;
    // What it has is sent with the former settings.
    void this.#mail?.digest.drained();
    this.#mail = settings && { key, digest: this.#openMail(settings) };
  }

  #openMail(settings: MailSettings): MailDigest {
    const { router, outcomes, sendMail } = this.#options;
    const { server, digest } = settings;
    const run = Date.now().toString(36);
    return new MailDigest({
      target: formatEndpoint({ address: server.host, port: server.port }),
      digestMs: digest / 1_000,
      outcomes,
      send: (number, notices, left) =>
        sendMail(server, mailOf({ router, settings, run, number, notices, left })),
      schedule,
      now: () => performance.now(),
    });
  }

  /** Once into each pipe, though it is named twice. */
  write(paths: readonly (string | undefined)[], line: string): void {
    for (const path of new Set(paths)) {
      if (path !== undefined) this.#fifos.get(path)?.write(line);
    }
  }

  post(webhooks: readonly WebhookSettings[], document: object): void {
    for (const key of new Set(webhooks.map(keyOf))) this.#webhooks.get(key)?.send(document);
  }

  mail(notice: Notice): void {
    this.#mail?.digest.add(notice);
  }

  /** Resolves when no message waits for a webhook or a mail server. */
  async drained(): Promise<void> {
    const mail = this.#mail === undefined ? [] : [this.#mail.digest];
    await Promise.all([...this.#webhooks.values(), ...mail].map((one) => one.drained()));
  }

  close(): void {
    for (const one of [...this.#webhooks.values(), ...this.#fifos.values()]) one.close();
    this.#mail?.digest.close();
  }
}

function keyOf(settings: WebhookSettings): string {
  return JSON.stringify(settings);
}

/** Of all, of the services, and of each subject. */
function partsOf(settings: NotificationSettings) {
  const { instances, groups, ipvs } = settings;
  const subjects = [...instances.values(), ...groups.values(), ...ipvs.services.values()];
  return [settings, ipvs, ...subjects];
}

function webhooksOf(settings: NotificationSettings): Map<string, WebhookSettings> {
  const all = partsOf(settings).flatMap(({ webhooks }) => webhooks);
  return new Map(all.map((one) => [keyOf(one), one]));
}

function fifosOf(settings: NotificationSettings): string[] {
  return partsOf(settings).flatMap(({ fifo }) => fifo ?? []);
}

function closeOthers(open: Map<string, { close(): void }>, wanted: ReadonlySet<string>): void {
  for (const [key, one] of open) {
    if (wanted.has(key)) continue;
    one.close();
    open.delete(key);
  }
}

function schedule(callback: () => void, milliseconds: number): () => void {
  const timer = setTimeout(callback, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
