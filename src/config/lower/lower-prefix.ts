/** Prefixes of the file: a network, not a host in it. */
import { addressBits, familyOf, networkOf, parseIp } from '../../net/address.ts';
import type { Prefix } from '../../net/routing.ts';
import type { Findings, Path } from '../finding.ts';
import { describeValue } from '../text/value-text.ts';

/** Without a length, one host. A length of 0 is refused: no prefix says the same in clear words. */
export function lowerPrefix(text: string, path: Path, findings: Findings): Prefix | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = parseIp(addressText);
  if (address === undefined || rest.length > 0) {
    const expected = 'expected a prefix like 198.51.100.0/24 or 2001:db8::/64';
    findings.error(path, 'type', `${expected}, found ${describeValue(text)}`);
    return undefined;
  }
  const bits = addressBits(familyOf(address));
  const length = lengthText === undefined ? bits : lengthIn(lengthText);
  if (length < 1 || length > bits) {
    const message = `the prefix length of ${address} must be a number from 1 to ${bits}`;
    findings.error(path, 'range', message);
    return undefined;
  }
  const network = networkOf(address, length);
  if (network === address) return { address, length };
  const message = `${address} has bits beyond /${length}: write ${network}/${length}`;
  findings.error(path, 'range', message);
  return undefined;
}

function lengthIn(text: string): number {
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
}
