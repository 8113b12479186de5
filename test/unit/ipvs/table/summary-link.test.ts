import { expect, test } from 'vitest';
import { DirectorTables } from '../../../../src/daemon/director-tables.ts';
import { linkedSegment } from '../../../../src/ipvs/table/summary-link.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Input } from '../../../../src/protocol/engine/inputs.ts';

const SUMMARY_PORT = 8_912;
const BYTES = Uint8Array.of(0, 255, 16);

function rig() {
  const fed: Input[] = [];
  const sent: string[] = [];
  let configured = true;
  const link = new DirectorTables({
    isConfigured: () => configured,
    feed: (inputs) => fed.push(...inputs),
  });
  const segment = linkedSegment(
    {
      send: async (bytes, port) => {
        sent.push(`${bytes.length} to ${port}`);
      },
      close: () => sent.push('closed'),
    },
    link,
    SUMMARY_PORT,
  );
  const configure = (isConfigured: boolean) => {
    configured = isConfigured;
  };
  return { fed, sent, link, segment, configure };
}

test('summaries leave over the link, and missing connections on the segment', async () => {
  const { fed, sent, segment } = rig();
  await segment.send(BYTES, SUMMARY_PORT);
  await segment.send(BYTES, SUMMARY_PORT - 64);
  expect(fed).toEqual([{ kind: 'table.summary', summary: '00ff10' }]);
  expect(sent).toEqual(['3 to 8848']);
});

test('a pair without a link keeps its own datagrams', async () => {
  const { fed, sent, segment, configure } = rig();
  configure(false);
  await segment.send(BYTES, SUMMARY_PORT);
  expect(fed).toEqual([]);
  expect(sent).toEqual(['3 to 8912']);
});

test('what a director sends is heard until the segment is closed', () => {
  const { link, segment } = rig();
  const heard: string[] = [];
  link.listen((bytes, address) => heard.push(`${[...bytes]} from ${address}`));
  const table = {
    kind: 'director.table',
    address: ip('198.51.100.140'),
    summary: '00ff10',
  } as const;
  link.take(table);
  segment.close();
  link.take(table);
  expect(heard).toEqual(['0,255,16 from 198.51.100.140']);
});
