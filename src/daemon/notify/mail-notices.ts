/** Which events are mailed, and how a mail reads. */
import type { Notice } from '../../checker/deliveries/mail-digest.ts';
import type { MailMessage, MailSettings, MailTopic } from '../../config/notification-settings.ts';
import { levelOf } from '../../control/events/event-table.ts';
import type { EventDocument } from '../../control/protocol.ts';
import type { HealthChange } from '../../ipvs/health/health-change.ts';
import { formatEndpoint } from '../../net/endpoint.ts';

/** Undefined: the event is not mailed. */
export function noticeOf(event: EventDocument, { topics, only }: MailSettings): Notice | undefined {
  const topic = topicOf(event);
  if (topic === undefined || !topics.includes(topic)) return undefined;
  const subjects = subjectsOf(event);
  if (only !== undefined && subjects.length > 0 && !subjects.some((one) => only.includes(one))) {
    return undefined;
  }
  return written(subjects, event.message, event.at);
}

/** Of each real server that goes up or down: there is not an event of each. Undefined: it is not mailed. */
export function serverNoticeOf(
  { service, server, isUp, reason }: HealthChange,
  at: string,
  { topics, only }: MailSettings,
): Notice | undefined {
  if (server === undefined || !topics.includes('server')) return undefined;
  if (only !== undefined && !only.includes(service)) return undefined;
  const state = isUp ? 'up' : 'down';
  return written([service], `${formatEndpoint(server)} is ${state}: ${reason}`, at);
}

function written(subjects: readonly string[], message: string, at: string): Notice {
  const about = subjects.length === 0 ? '' : `${subjects.join(', ')}: `;
  const title = oneLine(`${about}${message}`);
  return { title, line: `${at}  ${title}` };
}

function topicOf(event: EventDocument): MailTopic | undefined {
  switch (event.kind) {
    case 'transition':
    case 'group':
      return 'state';
    case 'ipvs-service-down':
    case 'ipvs-service-up':
    case 'ipvs-fallback-on':
    case 'ipvs-fallback-off':
    case 'ipvs-quorum-lost':
    case 'ipvs-quorum-reached':
      return 'service';
    case 'notification':
      // A mail about mail that is not delivered would not be delivered.
      return event.channel !== 'mail' && levelOf(event) === 'error' ? 'error' : undefined;
    default:
      return levelOf(event) === 'error' ? 'error' : undefined;
  }
}

/** Names of the instances, the group or the service that it is about. */
function subjectsOf(event: EventDocument): readonly string[] {
  const { instance, instances, group, service } = event as Readonly<Record<string, unknown>>;
  const names = [instance, ...(Array.isArray(instances) ? instances : []), group, service];
  return names.filter((name): name is string => typeof name === 'string');
}

/** Of the name of a file or the answer of a server: nothing may begin a header or a line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

interface MailParts {
  readonly router: string;
  readonly settings: MailSettings;
  /** Different for every run of the agent. */
  readonly run: string;
  readonly number: number;
  readonly notices: readonly Notice[];
  /** How many more are not in the mail. */
  readonly left: number;
}

const SUBJECT_MOST = 150;

export function mailOf({ router, settings, run, number, notices, left }: MailParts): MailMessage {
  const { from, to } = settings;
  const total = notices.length + left;
  const [first] = notices;
  const more = total > 1 ? ` and ${total - 1} more` : '';
  const title = (first?.title ?? '').slice(0, SUBJECT_MOST);
  const lines = notices.map(({ line }) => line);
  const rest =
    left > 0 ? ['', `${left} more events; "vrrp-agent events" on ${router} has them.`] : [];
  return {
    id: `<${run}.${number}.${router}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    ...{ from, to, subject: `[${router}] ${title}${more}` },
    text: [...lines, ...rest, '', `-- `, `vrrp-agent on ${router}`, ''].join('\n'),
  };
}
