/** All that the table may ask for, and the changes it makes to its own context. */
import type { Duration } from '../../src/net/time.ts';
import type { VrrpContext } from './context.ts';
import type { GuardArguments } from './guards.ts';

export type Effect =
  | { readonly type: 'sendAdvertisement' }
  /** An advertisement with priority 0. */
  | { readonly type: 'sendResignation' }
  /**
   * An advertisement as answer to one that was heard. The engine limits how often, so that nobody
   * can make a MASTER flood its segment; an answer that is left out restarts no timer either.
   */
  | { readonly type: 'answerAdvertisement'; readonly restart: boolean }
  | { readonly type: 'acquireAddresses' }
  | { readonly type: 'releaseAddresses' }
  /** Gratuitous ARP or unsolicited NA for each VIP, once it is there. */
  | { readonly type: 'announce' }
  /** The same because somebody else claimed the addresses; the engine limits how often. */
  | { readonly type: 'announceAgain' }
  /** Next tick of the own grid. */
  | { readonly type: 'startAdverTimer' }
  | { readonly type: 'cancelAdverTimer' }
  /** `hastens`: a timer that ends sooner is left alone. */
  | { readonly type: 'startDownTimer'; readonly duration: Duration; readonly hastens?: boolean }
  /** A running timer fires so much later, or earlier where negative. */
  | { readonly type: 'shiftDownTimer'; readonly by: number }
  | { readonly type: 'cancelDownTimer' }
  | { readonly type: 'startHoldTimer'; readonly duration: Duration }
  | { readonly type: 'cancelHoldTimer' }
  | { readonly type: 'startReleaseTimer'; readonly duration: Duration }
  | { readonly type: 'cancelReleaseTimer' };

export type EffectType = Effect['type'];

export const EFFECT_TYPES: readonly EffectType[] = [
  'sendAdvertisement',
  'sendResignation',
  'answerAdvertisement',
  'acquireAddresses',
  'releaseAddresses',
  'announce',
  'announceAgain',
  'startAdverTimer',
  'cancelAdverTimer',
  'startDownTimer',
  'shiftDownTimer',
  'cancelDownTimer',
  'startHoldTimer',
  'cancelHoldTimer',
  'startReleaseTimer',
  'cancelReleaseTimer',
];

/** Changes of the context; each gives the fields that change. */
export const updates = {
  /** RFC 9568 section 6.4.1 (110): Active_Adver_Interval := Advertisement_Interval. */
  resetInterval: ({ context }: GuardArguments): Partial<VrrpContext> => ({
    masterInterval: context.advertisementInterval,
  }),

  /** RFC 9568 sections 6.4.2, 6.4.3: Active_Adver_Interval := Max Advertise Interval; version 3 only. */
  learnInterval: ({ context, event }: GuardArguments): Partial<VrrpContext> =>
    context.version === 3 && event.type === 'advertisement'
      ? { masterInterval: event.interval }
      : {},

  setPriority: ({ event }: GuardArguments): Partial<VrrpContext> =>
    event.type === 'priority-changed' ? { priority: event.priority } : {},

  beginHold: (): Partial<VrrpContext> => ({ holding: true }),

  endHold: (): Partial<VrrpContext> => ({ holding: false }),

  holdBack: (): Partial<VrrpContext> => ({ heldBack: true }),

  endHoldBack: (): Partial<VrrpContext> => ({ heldBack: false }),

  beginStop: (): Partial<VrrpContext> => ({ leaving: 'stop' }),

  beginHandOver: ({ event }: GuardArguments): Partial<VrrpContext> => ({
    leaving: event.type === 'hand-over' && event.insist ? 'insisting' : 'hand-over',
  }),
};

export type UpdateName = keyof typeof updates;
