/** Sends one mail with a time limit. Loaded only when there is one to send. */
import { createTransport } from 'nodemailer';
import type { MailMessage, MailServer } from '../../config/notification-settings.ts';

/**
 * Resolves to the code of the answer (RFC 5321 section 4.2.1), 250 if the server has taken the mail for at
 * least one recipient. Rejects without an answer in time.
 */
export async function sendMail(server: MailServer, mail: MailMessage): Promise<number> {
  const { host, port, tls, login, helo, timeout } = server;
  const milliseconds = timeout / 1_000;
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls' },
    ...{ ignoreTLS: tls === 'off', opportunisticTLS: tls === 'auto' },
    tls: { rejectUnauthorized: tls !== 'auto' },
    ...(helo === undefined ? {} : { name: helo }),
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password ?? '' } }),
    ...{ connectionTimeout: milliseconds, greetingTimeout: milliseconds, dnsTimeout: milliseconds },
    socketTimeout: milliseconds,
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  // Also ends the connection: a server that sends a byte now and then would hold it for ever.
  const signal = AbortSignal.timeout(milliseconds);
  const { id, from, to, subject, text } = mail;
  try {
    await transport.sendMail({
      ...{ messageId: id, from, to: [...to], subject, text, signal },
      // RFC 3834: no answer by a machine is wanted.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return ACCEPTED;
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${milliseconds} ms`);
    const code = answerIn(error);
    if (code === undefined) throw error;
    return code;
  } finally {
    transport.close();
  }
}

const ACCEPTED = 250;

/** Undefined: the server has said nothing. */
function answerIn(error: unknown): number | undefined {
  const isAnswer = typeof error === 'object' && error !== null && 'responseCode' in error;
  return isAnswer && typeof error.responseCode === 'number' && error.responseCode >= 400
    ? error.responseCode
    : undefined;
}
