/** Names and numbers of the result. */
import type { Branch, Sourced } from './draft.ts';

/** IFNAMSIZ without its end. */
const LABEL_MAX = 15;

/** The name as a name of the result: at most 64 letters, digits, dots, hyphens and underscores. */
export function nameFor(written: string, fallback: string): string {
  const name = written
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return name === '' ? fallback : name;
}

/** A name that no earlier service has. */
export function serviceNameFor(written: string, services: readonly Sourced[]): string {
  const name = nameFor(written, 'service');
  const taken = new Set(services.map(({ value }) => (value as Branch)['name']));
  for (let number = 2; ; number++) {
    const next = number === 2 ? name : `${name.slice(0, 60)}-${number - 1}`;
    if (!taken.has(next)) return next;
  }
}

/** A decimal number; undefined: none. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** `255.255.255.0` or `64`, as a prefix length; text that is neither stays as it is. */
export function prefixLengthOf(mask: string): number | string {
  if (numberOf(mask) !== undefined) return Number(mask);
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  if (!/^1+0*$/.test(bits) || bits.length !== 32) return mask;
  return bits.includes('0') ? bits.indexOf('0') : 32;
}

/** The interface of an alias such as `eth0:2`, and the label that the kernel gives an IPv4 address of it. */
export function linkOfAlias(
  device: string,
  address: string,
): { readonly link: string; readonly label: string | undefined } {
  const link = device.replace(/:.*$/, '');
  const isLabel = device !== link && device.length <= LABEL_MAX && !address.includes(':');
  return { link, label: isLabel ? device : undefined };
}

/** An entry of `addresses`. */
export function addressEntry(
  address: string,
  otherLink: string | undefined,
  label: string | undefined,
): string | Branch {
  if (otherLink === undefined && label === undefined) return address;
  return {
    address,
    ...(otherLink === undefined ? {} : { interface: otherLink }),
    ...(label === undefined ? {} : { label }),
  };
}
