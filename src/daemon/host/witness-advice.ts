/** What the certificate for etcd says about its own end: a director that is refused then has no witness. */
import { X509Certificate } from 'node:crypto';
import type { WitnessAccess } from '../../config/witness-settings.ts';

/** Long enough for a holiday. */
const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

/** One sentence for each certificate that has ended, ends soon, or has not begun. */
export function certificateWarnings(access: WitnessAccess | undefined, now: Date): string[] {
  return [access?.cert, access?.ca].flatMap((one) =>
    one?.text === undefined ? [] : warningOf(one.reference, one.text, now),
  );
}

/** Of a file with several certificates the first one. */
function warningOf(reference: string, text: string, now: Date): string[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    return [];
  }
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS);
  if (from > now) {
    return [
      `the certificate ${reference} is not valid before ${from.toISOString()}: is the clock right?`,
    ];
  }
  if (days >= WARN_DAYS) return [];
  const when = days < 0 ? 'has expired' : `expires in ${days} ${days === 1 ? 'day' : 'days'}`;
  return [
    `the certificate ${reference} of the witness ${when} (${to.toISOString()}): replace it, then reload`,
  ];
}
