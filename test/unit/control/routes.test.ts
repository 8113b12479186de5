import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../../src/control/routes.ts';
import { instant } from '../../../src/net/time.ts';
import { AT, transition, viewOf } from '../observe/samples.ts';
import { modelOf } from './samples.ts';

function sourceOf(model = modelOf('web')) {
  return {
    status: () => model.status(),
    eventsAfter: (sequence: number) => model.eventsAfter(sequence),
    subscribe: () => () => {},
    config: () => ({ router: 'lb1' }),
  };
}

describe('routes', () => {
  test('status returns the status document', () => {
    expect(answer(sourceOf(), 'GET', '/v1/status')).toMatchObject({
      kind: 'document',
      document: { router: 'lb1', instances: [{ name: 'web' }] },
    });
  });

  test('witness returns etcd, and the instances that have a witness', () => {
    const model = modelOf('web', 'mail');
    const witness = { right: 'held', holds: true, holder: 'lb1', until: instant(0) } as const;
    model.apply({ kind: 'view', view: { ...viewOf('web'), witness } }, AT);
    expect(answer(sourceOf(model), 'GET', '/v1/witness')).toMatchObject({
      kind: 'document',
      document: {
        witness: null,
        instances: [
          { name: 'web', right: 'held', holds: true, until: expect.stringMatching(/Z$/) },
        ],
      },
    });
  });

  test('config returns the configuration', () => {
    expect(answer(sourceOf(), 'GET', '/v1/config')).toEqual({
      kind: 'document',
      document: { router: 'lb1' },
    });
  });

  test('events returns all stored events, or those after a number', () => {
    const model = modelOf('web');
    model.apply(transition('web'), AT);
    model.apply(transition('web', 'FAULT'), AT);
    const numbers = (target: string) => {
      const made = answer(sourceOf(model), 'GET', target);
      const document = made.kind === 'document' ? made.document : undefined;
      return (document as { events: { seq: number }[] }).events.map((event) => event.seq);
    };
    expect(numbers('/v1/events')).toEqual([1, 2]);
    expect(numbers('/v1/events?after=1')).toEqual([2]);
    expect(numbers('/v1/events?follow=0')).toEqual([1, 2]);
  });

  test('following begins with the history only on request', () => {
    expect(answer(sourceOf(), 'GET', '/v1/events?follow=1')).toEqual({
      kind: 'follow',
      after: undefined,
    });
    expect(answer(sourceOf(), 'GET', '/v1/events?follow=1&after=7')).toEqual({
      kind: 'follow',
      after: 7,
    });
  });

  test.each([
    '/v1/events?follow=yes',
    '/v1/events?after=-1',
    '/v1/events?after=1e3',
    '/v1/events?after=',
    '/v1/events?after=1&after=2',
    '/v1/events?since=1',
    '/v1/status?verbose=1',
  ])('%s is a bad request', (target) => {
    expect(answer(sourceOf(), 'GET', target)).toMatchObject({ kind: 'error', status: 400 });
  });

  test.each(['/', '/v1', '/v1/status/', '/v2/status', '/v1/../v1/status', '', '*'])(
    'there is nothing at %j',
    (target) => {
      expect(answer(sourceOf(), 'GET', target)).toMatchObject({ status: 404, code: 'not-found' });
    },
  );

  test('an unsupported method is refused with a list of the supported ones', () => {
    expect(answer(sourceOf(), 'DELETE', '/v1/status')).toMatchObject({
      status: 405,
      code: 'method-not-allowed',
      allow: 'GET',
    });
  });

  test('no request target throws', () => {
    const target = fc.oneof(
      fc.string(),
      fc.string().map((query) => `/v1/events?${query}`),
    );
    const source = sourceOf();
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', ''), target, (method, text) => {
        expect(['document', 'error', 'follow']).toContain(answer(source, method, text).kind);
      }),
    );
  });
});
