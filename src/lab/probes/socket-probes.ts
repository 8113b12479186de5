/** Probes that use ordinary sockets: TCP connections and UDP datagrams. */
import { createSocket } from 'node:dgram';
import { createConnection, type Socket } from 'node:net';
import { familyOf, type IpAddress } from '../../net/address.ts';
import { wallClock } from '../wait.ts';
import type { Pace } from './pace.ts';
import { ECHO_PORT, type ProbeRecord, type StreamRecord } from './record.ts';

interface Recording<Record> {
  readonly pace: Pace;
  read(): Record;
}

/** Shorter than the first retransmission of a SYN (1 s), which is not what is measured. */
const CONNECT_MILLISECONDS = 900;

export function tcpProbe(
  host: IpAddress,
  intervalMicroseconds: number,
): Recording<readonly ProbeRecord[]> {
  const records: [number, number | null][] = [];
  const act = () => {
    const record: [number, number | null] = [wallClock(), null];
    records.push(record);
    const socket = createConnection({ host, port: ECHO_PORT });
    const timer = setTimeout(() => socket.destroy(), CONNECT_MILLISECONDS);
    socket.once('connect', () => {
      record[1] = wallClock();
      socket.resetAndDestroy();
    });
    socket.once('error', () => undefined);
    socket.once('close', () => clearTimeout(timer));
  };
  const pace = { intervalMilliseconds: intervalMicroseconds / 1_000, act };
  return { pace, read: () => records };
}

export function udpProbe(
  host: IpAddress,
  intervalMicroseconds: number,
): Recording<readonly ProbeRecord[]> {
  const socket = createSocket(familyOf(host) === 'ipv4' ? 'udp4' : 'udp6');
  const records: [number, number | null][] = [];
  socket.on('error', () => undefined);
  socket.on('message', (message) => {
    const record = message.length === 4 ? records[message.readUInt32BE()] : undefined;
    if (record !== undefined) record[1] ??= wallClock();
  });
  const act = (counter: number) => {
    const message = Buffer.alloc(4);
    message.writeUInt32BE(counter);
    records[counter] = [wallClock(), null];
    socket.send(message, ECHO_PORT, host, () => undefined);
  };
  const pace = { intervalMilliseconds: intervalMicroseconds / 1_000, act };
  return { pace, read: () => records };
}

/** An attempt to connect is abandoned after this time, and the next one begins. */
const ATTEMPT_MILLISECONDS = 200;

/** Retries until it is connected; a broken connection is not opened again. */
export function streamProbe(
  host: IpAddress,
  intervalMicroseconds: number,
  connected: () => void,
): Recording<StreamRecord> {
  const seen = {
    connectedAt: null as number | null,
    echoed: 0,
    longestGap: null as StreamRecord['longestGap'],
    brokenAt: null as number | null,
    reason: null as string | null,
  };
  let lastAnswer = 0;
  let socket: Socket | undefined;
  const broke = (reason: string) => {
    if (seen.connectedAt === null) {
      socket = undefined;
      return;
    }
    seen.brokenAt ??= wallClock();
    seen.reason ??= reason;
  };
  const gap = (to: number) => {
    const longest = seen.longestGap;
    if (longest === null || to - lastAnswer > longest.to - longest.from) {
      seen.longestGap = { from: lastAnswer, to };
    }
  };
  const connect = () => {
    const fresh = createConnection({ host, port: ECHO_PORT, noDelay: true });
    const timer = setTimeout(() => fresh.destroy(new Error('no answer')), ATTEMPT_MILLISECONDS);
    fresh.once('connect', () => {
      clearTimeout(timer);
      seen.connectedAt = wallClock();
      lastAnswer = seen.connectedAt;
      connected();
    });
    fresh.on('data', (bytes) => {
      const now = wallClock();
      gap(now);
      lastAnswer = now;
      seen.echoed += bytes.length;
    });
    fresh.once('error', (error: NodeJS.ErrnoException) => broke(error.code ?? error.message));
    fresh.once('end', () => broke('closed by the other side'));
    return fresh;
  };
  const act = () => {
    if (socket === undefined) socket = connect();
    else if (seen.connectedAt !== null && seen.brokenAt === null) socket.write('x');
  };
  const read = () => {
    if (seen.connectedAt !== null && seen.brokenAt === null) gap(wallClock());
    return seen;
  };
  return { pace: { intervalMilliseconds: intervalMicroseconds / 1_000, act }, read };
}
