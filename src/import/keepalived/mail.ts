/** Converts the mail of keepalived.conf to `notify.mail`, after everything that may send one. */
import { parseIp } from '../../net/address.ts';
import { type Branch, plain, Sourced, type Tree } from '../draft.ts';
import { numberOf } from '../names.ts';
import { isOn, partsOf, type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

/** Statements of `global_defs` that are about mail. */
export const MAIL =
  /^(notification_email(_from)?|smtp_(server|connect_timeout|helo_name|alert|alert_vrrp|alert_checker)|no_checker_emails)$/;

/** Seconds, as the schema of this program has them. */
const TIMEOUT_MOST = 120;

/** Everything that is about mail, by where it is. */
interface MailParts {
  readonly globals: readonly Statement[];
  /** `smtp_alert` of an instance, a group, a service or a server. */
  readonly alerts: readonly Statement[];
}

/** keepalived sends to `notification_email` by `smtp_server`, about what has `smtp_alert`. */
export function convertMail(statements: readonly Statement[], context: Context): void {
  const of = (kind: string) => statements.filter(({ words }) => words[0] === kind);
  const globals = of('global_defs').flatMap(({ block = [] }) =>
    block.filter(({ words }) => MAIL.test(words[0] ?? '')),
  );
  const routers = [...of('vrrp_instance'), ...of('vrrp_sync_group')];
  const services = of('virtual_server');
  const servers = services.flatMap((one) => partsOf(one, 'real_server'));
  const alerts = [...routers, ...services, ...servers].flatMap((one) => partsOf(one, 'smtp_alert'));
  if (globals.length + alerts.length === 0) return;
  const last = (key: string) => globals.filter(({ words }) => words[0] === key).at(-1);
  const flag = (key: string) => last(key) && isOn(last(key)?.words[1]);
  const all = flag('smtp_alert');
  const ofRouters = flag('smtp_alert_vrrp') ?? all ?? false;
  const ofServices = flag('smtp_alert_checker') ?? all ?? false;
  // keepalived mails about real servers unless it is switched off.
  const ofServers = flag('smtp_alert_checker') ?? all ?? true;
  const hasCheckers = last('no_checker_emails') === undefined;
  const mailed = (from: readonly Statement[], standard: boolean) =>
    from.filter((one) => ownAlert(one) ?? standard);
  const routersMailed = mailed(routers, ofRouters);
  const events = [
    ...(routersMailed.length > 0 ? ['state'] : []),
    ...(hasCheckers && mailed(servers, ofServers).length > 0 ? ['server'] : []),
    ...(hasCheckers && mailed(services, ofServices).length > 0 ? ['service'] : []),
  ];
  const server = last('smtp_server');
  const recipients = globals.filter(({ words }) => words[0] === 'notification_email');
  const why = silence(server, recipients, events);
  if (why !== undefined || server === undefined) {
    ignore({ globals, alerts }, why ?? '', context);
    return;
  }
  const mail: Branch = {
    server: new Sourced(serverText(server), server),
    from: senderOf(last('notification_email_from'), server, context),
    to: recipients.flatMap(addressesIn),
    events,
  };
  const isPart = routersMailed.length > 0 && routersMailed.length < routers.length;
  const only = isPart ? namesOf(routersMailed, events, context) : [];
  if (only.length > 0) mail['only'] = only;
  addOptions(mail, last('smtp_helo_name'), last('smtp_connect_timeout'), context);
  put(mail, server, context);
  context.ledger.carry(...globals, ...alerts, ...recipients.flatMap(({ block = [] }) => block));
}

function ownAlert(one: Statement): boolean | undefined {
  const alert = partsOf(one, 'smtp_alert').at(-1);
  return alert && isOn(alert.words[1]);
}

/** Why keepalived sends no mail; undefined: it does. */
function silence(
  server: Statement | undefined,
  recipients: readonly Statement[],
  events: readonly string[],
): string | undefined {
  if (server === undefined) return 'there is no smtp_server';
  if (recipients.flatMap(addressesIn).length === 0) return 'there is no notification_email';
  return events.length === 0 ? 'nothing has smtp_alert' : undefined;
}

function ignore({ globals, alerts }: MailParts, why: string, { ledger }: Context): void {
  for (const one of [...globals, ...alerts]) {
    ledger.note(one, 'ignored', `${textOf(one)}: keepalived sends no mail: ${why}`);
  }
}

function serverText({ words: [, host = '', port] }: Statement): string {
  const name = host.includes(':') && parseIp(host) !== undefined ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

function senderOf(one: Statement | undefined, server: Statement, context: Context): Tree {
  if (one !== undefined) return new Sourced(one.words[1] ?? '', one);
  const router = plain(context.draft.agent['router'] ?? 'localhost');
  const from = `keepalived@${String(router)}`;
  context.ledger.note(
    server,
    'changed',
    `notification_email_from is missing: the sender is ${from}; keepalived takes the host name`,
  );
  return from;
}

function addressesIn({ block = [] }: Statement): Sourced[] {
  return block.flatMap((one) => one.words.map((word) => new Sourced(word, one)));
}

/** Of the routers, and of all services, if those are mailed. */
function namesOf(
  routers: readonly Statement[],
  events: readonly string[],
  { draft, instances }: Context,
): Sourced[] {
  const mailed = routers.flatMap((one) => {
    const written = one.words[1] ?? '';
    const name = one.words[0] === 'vrrp_instance' ? instances.get(written) : written;
    return name === undefined ? [] : [new Sourced(name, one)];
  });
  if (!events.includes('server') && !events.includes('service')) return mailed;
  const services = draft.services.flatMap(({ value, origin }) => {
    const tree = plain(value);
    const name =
      typeof tree === 'object' && tree !== null && 'name' in tree ? tree.name : undefined;
    return typeof name === 'string' ? [new Sourced(name, origin)] : [];
  });
  return [...mailed, ...services];
}

function addOptions(
  mail: Branch,
  helo: Statement | undefined,
  timeout: Statement | undefined,
  { ledger }: Context,
): void {
  if (helo !== undefined) mail['helo'] = new Sourced(helo.words[1] ?? '', helo);
  if (timeout === undefined) return;
  const seconds = numberOf(timeout.words[1]) ?? 0;
  const limited = Math.min(Math.max(1, seconds), TIMEOUT_MOST);
  mail['timeout'] = new Sourced(`${limited}s`, timeout);
  if (limited !== seconds) {
    ledger.note(timeout, 'changed', `${textOf(timeout)}: becomes ${limited}s`);
  }
}

/** Beside the FIFO, if there is one. */
function put(mail: Branch, origin: Statement, { draft }: Context): void {
  const before = draft.agent['notify'];
  if (
    before instanceof Sourced &&
    typeof before.value === 'object' &&
    !Array.isArray(before.value)
  ) {
    Object.assign(before.value, { mail: new Sourced(mail, origin) });
  } else draft.agent['notify'] = new Sourced({ mail }, origin);
}
