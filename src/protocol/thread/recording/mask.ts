/**
 * Takes secrets out of a recording without changing what the engine makes of it: equal passwords
 * stay equal, different ones stay different, lengths stay, and a checksum is as right or as wrong as
 * it was.
 */

import { isBfdSessionName } from '../../../net/bfd.ts';
import { byteAt, putUint16, uint16At } from '../../../wire/bytes.ts';
import { finishChecksum, foldSum, sum16 } from '../../../wire/checksum.ts';
import { AUTH_DATA_LENGTH, passwordBytes } from '../../../wire/vrrp/auth.ts';
import { CHECKSUM_OFFSET, FIXED_LENGTH } from '../../../wire/vrrp/header.ts';
import { version2Length } from '../../../wire/vrrp/v2.ts';
import type { Input } from '../../engine/inputs.ts';
import { vrrpOffset } from '../../engine/router/intake.ts';
import type { InstanceSettings, Settings, TrackSettings } from '../../engine/settings.ts';
import type { CommonSettings } from '../../engine/settings-change.ts';
import type { EngineSnapshot } from '../../engine/snapshot.ts';

/** Passwords that are distinguished; a peer that sends a new one with each packet must not fill the memory. */
const PASSWORDS_MAX = 1_024;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export class Mask {
  /** Placeholders by password, in hexadecimal: the padded field of the message. */
  readonly #passwords = new Map<string, Uint8Array>();
  /** A probe's name is its command, its URL, its file. */
  readonly #probes = new Map<string, string>();

  settings({ instances, ...common }: Settings): Settings {
    return { ...this.#common(common), instances: instances.map((one) => this.#instance(one)) };
  }

  input(input: Input): Input {
    switch (input.kind) {
      case 'settings.changed': {
        const { common, stop, change, start } = input.change;
        return {
          kind: input.kind,
          change: {
            common: this.#common(common),
            stop,
            change: change.map(({ name, settings }) => ({
              name,
              settings: this.#instance(settings),
            })),
            start: start.map((one) => this.#instance(one)),
          },
        };
      }
      case 'probe.changed':
      case 'probe.lost':
        // The detail may quote what a command has printed.
        return { ...input, probe: this.#probe(input.probe), detail: '' };
      case 'adopt':
        return { kind: input.kind, capture: this.capture(input.capture) };
      default:
        return input;
    }
  }

  capture(capture: EngineSnapshot): EngineSnapshot {
    const probes = capture.probes.map(([name, state]) => [this.#probe(name), state] as const);
    const routers = capture.routers.map((router) => ({
      ...router,
      lastTransition: router.lastTransition && { ...router.lastTransition, reason: '' },
    }));
    return { ...capture, routers, probes };
  }

  /** A masked copy, or the packet itself where there is nothing to mask. */
  packet(packet: Uint8Array): Uint8Array {
    const start = vrrpOffset(packet, packet.length);
    if (start === undefined) return packet;
    const length = packet.length - start;
    if (length <= FIXED_LENGTH) return packet;
    const version = byteAt(packet, start) >> 4;
    if (version === 3) return packet;
    const masked = packet.slice();
    if (version === 2 && length === version2Length(byteAt(packet, start + 3))) {
      const data = masked.subarray(masked.length - AUTH_DATA_LENGTH);
      data.set(this.#placeholder(data));
    } else {
      // Refused for its version or its length: where a password would be in it is unknown.
      masked.fill(0, start + FIXED_LENGTH);
    }
    keepChecksum(packet, masked, start);
    return masked;
  }

  #common(common: CommonSettings): CommonSettings {
    const syncGroups = common.syncGroups.map((group) => ({
      ...group,
      track: this.#track(group.track),
    }));
    return { ...common, syncGroups };
  }

  #instance(instance: InstanceSettings): InstanceSettings {
    const { authentication } = instance;
    const track = this.#track(instance.track);
    if (authentication.type === 'none') return { ...instance, track };
    const placeholder = this.#placeholder(passwordBytes(authentication.password));
    const password = textOf(placeholder.subarray(0, lengthOf(placeholder)));
    return { ...instance, track, authentication: { ...authentication, password } };
  }

  #track(track: readonly TrackSettings[]): TrackSettings[] {
    return track.map((one) =>
      one.source.kind === 'interface'
        ? one
        : { ...one, source: { ...one.source, probe: this.#probe(one.source.probe) } },
    );
  }

  #probe(name: string): string {
    // The inputs of BFD use it, and it has addresses only.
    if (isBfdSessionName(name)) return name;
    let masked = this.#probes.get(name);
    if (masked === undefined) {
      masked = `probe-${this.#probes.size + 1}`;
      this.#probes.set(name, masked);
    }
    return masked;
  }

  /** As long as the password, then NUL; an empty password stays empty. */
  #placeholder(data: Uint8Array): Uint8Array {
    const key = [...data].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const known = this.#passwords.get(key);
    if (known !== undefined) return known;
    const length = lengthOf(data);
    const placeholder = new Uint8Array(AUTH_DATA_LENGTH);
    // Passwords beyond those that this length can distinguish share the last placeholder.
    let rest = Math.min(this.#passwords.size, ALPHABET.length ** length - 1);
    for (let at = length - 1; at >= 0; at--) {
      placeholder[at] = ALPHABET.charCodeAt(rest % ALPHABET.length);
      rest = Math.floor(rest / ALPHABET.length);
    }
    if (this.#passwords.size < PASSWORDS_MAX) this.#passwords.set(key, placeholder);
    return placeholder;
  }
}

/** Without the padding. */
function lengthOf(data: Uint8Array): number {
  let length = data.length;
  while (length > 0 && data[length - 1] === 0) length--;
  return length;
}

function textOf(ascii: Uint8Array): string {
  return String.fromCharCode(...ascii);
}

/** Adds the difference of the sums to the checksum (RFC 1624): it is as right or as wrong as before. */
function keepChecksum(before: Uint8Array, masked: Uint8Array, start: number): void {
  const from = start + FIXED_LENGTH;
  const sumOf = (bytes: Uint8Array) => foldSum(sum16(bytes, from, bytes.length - from));
  const complement = ~uint16At(before, start + CHECKSUM_OFFSET) & 0xffff;
  const sum = complement + (~sumOf(before) & 0xffff) + sumOf(masked);
  putUint16(masked, start + CHECKSUM_OFFSET, finishChecksum(sum));
}
