/**
 * Prints the advertisements of a capture that tcpdump or Wireshark wrote, once for each that differs from
 * the one before:
 *
 *   node decode-capture.js split-brain.pcap
 */
import { readFileSync } from 'node:fs';
import { decodeFrame, decodePacket, scanCapture, toEthernet } from 'vrrp-agent/wire';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node decode-capture.js FILE');
  process.exit(2);
}

const last = new Map<string, string>();

const scanned = scanCapture(readFileSync(file), (bytes, microseconds, { linkType }) => {
  const frame = decodeFrame(toEthernet(linkType, bytes) ?? bytes);
  if (frame.kind !== 'vrrp') return;
  const { source, destination, ttl } = frame.ip;
  const message = frame.packet.subarray(frame.offset, frame.offset + frame.length);
  const decoded = decodePacket({
    ...{ message, source, destination, ttl },
    version: undefined,
    password: undefined,
  });
  const text = decoded.ok
    ? `VRID ${decoded.packet.vrid} priority ${decoded.packet.priority} every ` +
      `${decoded.packet.interval_ms} ms: ${decoded.packet.addresses.join(', ')}`
    : `refused: ${decoded.reason}`;
  if (last.get(source) === text) return;
  last.set(source, text);
  console.log(`${new Date(microseconds / 1_000).toISOString()} ${source} ${text}`);
});
if (!scanned.ok) {
  console.error(`${file}: ${scanned.error.code}`);
  process.exit(1);
}
