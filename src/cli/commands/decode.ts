/** `vrrp-agent decode`: the fields of a VRRP packet, or why it is refused. Needs no agent. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type DecodeRequest,
  decodePacket,
  familyOf,
  type IpAddress,
  ip,
  parseIp,
  VRRP_GROUP,
  VRRP_TTL,
} from '../../library/wire.ts';
import { passwordBytes } from '../../wire/vrrp/auth.ts';
import { EXIT } from '../exit-codes.ts';
import { hmacKeyOption, type NumberedKey } from '../hmac-key.ts';
import { renderDecoded } from '../render/packet.ts';
import type { CliContext } from '../terminal/context.ts';

/** Placeholder sources: only the checksums of some packets depend on them. */
const SOURCE = { ipv4: ip('192.0.2.1'), ipv6: ip('fe80::1') };

/** The largest payload of an IPv4 packet without options. */
const LONGEST_MESSAGE = 0xffff - 20;

interface DecodeOptions {
  readonly src?: IpAddress;
  readonly dst?: IpAddress;
  readonly ttl: number;
  readonly version?: '2' | '3';
  readonly authPass?: string;
  readonly hmacKey?: readonly NumberedKey[];
  readonly json?: boolean;
}

export function register(program: Command, context: CliContext): void {
  program
    // `--version` after the command is that of the packet, not that of the program.
    .enablePositionalOptions()
    .command('decode')
    .description('Show the fields of a VRRP packet, or why it is refused.')
    .argument(
      '<hex...>',
      'packet without its IP header, in hexadecimal; blanks and colons are ignored',
    )
    .option('--src <address>', 'source address of the packet', address)
    .option(
      '--dst <address>',
      'destination address of the packet; default: the multicast group',
      address,
    )
    .option('--ttl <n>', 'TTL or Hop Limit of the packet', timeToLive, VRRP_TTL)
    .addOption(new Option('--version <n>', 'accept only this version').choices(['2', '3']))
    .option('--auth-pass <password>', 'expected password of a version 2 packet', password)
    .addOption(hmacKeyOption())
    .option('--json', 'print one JSON document')
    .action((hex: string[], options: DecodeOptions, command: Command) => {
      const message = parseHex(hex.join(''));
      if (message === undefined)
        command.error('error: <hex> must be whole bytes in hexadecimal', USAGE);
      const ends = endsOf(options);
      if (ends === undefined)
        command.error('error: --src and --dst must have the same address family', USAGE);
      decode(context, { ...ends, ...receiver(options), message }, options.json === true);
    });
}

const USAGE = { exitCode: EXIT.usage, code: 'vrrp-agent.usage' };

function decode(context: CliContext, request: DecodeRequest, json: boolean): void {
  const document = decodePacket(request);
  context.stdout(json ? `${JSON.stringify(document, null, 2)}\n` : renderDecoded(document));
  if (!document.ok) context.setExitCode(EXIT.failed);
}

function receiver({ ttl, version, authPass, hmacKey }: DecodeOptions) {
  return {
    ttl,
    version: version === undefined ? undefined : version === '2' ? (2 as const) : (3 as const),
    password: authPass,
    ...(hmacKey === undefined ? {} : { hmacKeys: hmacKey }),
  };
}

/** A default has the family of the other address. */
function endsOf({ src, dst }: DecodeOptions) {
  const family = familyOf(src ?? dst ?? SOURCE.ipv4);
  const ends = { source: src ?? SOURCE[family], destination: dst ?? VRRP_GROUP[family] };
  return familyOf(ends.source) === familyOf(ends.destination) ? ends : undefined;
}

function parseHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s:]/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined;
  if (digits.length / 2 > LONGEST_MESSAGE) return undefined;
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function address(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new InvalidArgumentError('It must be an IP address.');
  return parsed;
}

function timeToLive(text: string): number {
  if (!/^[0-9]{1,3}$/.test(text) || Number(text) > 255) {
    throw new InvalidArgumentError('It must be a number from 0 to 255.');
  }
  return Number(text);
}

function password(text: string): string {
  try {
    passwordBytes(text);
  } catch {
    throw new InvalidArgumentError('It must have at most 8 bytes.');
  }
  return text;
}
