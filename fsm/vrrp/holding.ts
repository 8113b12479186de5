/**
 * MASTER: RFC 9568 section 6.4.3. The router has the addresses in both substates: `master` serves and
 * advertises; `releasing` has sent priority 0 and serves until the successor is heard, because the
 * agent stops or an operator hands over to another router.
 */
import { startReleaseTimer } from './effects.ts';
import { onFaults, vrrp } from './rules.ts';

const ON_SHUTDOWN = { cause: 'shutdown' } as const;

const SUCCEEDED = { event: 'shutdown', cause: 'successor-heard' } as const;

export const holding = vrrp.createStateConfig({
  entry: ['allowPreemption', 'acquireAddresses'],
  exit: ['releaseAddresses'],
  initial: 'master',
  states: {
    master: {
      description: 'RFC 9568 section 6.4.3: Active',
      entry: ['sendAdvertisement', 'announce', 'startAdverTimer'],
      exit: ['cancelAdverTimer'],
      on: {
        'adver-timer': {
          actions: ['sendAdvertisement', 'keepAdverTimer'],
          description: 'RFC 9568 6.4.3: Adver_Timer fired (F-A9)',
          meta: { repeats: true },
        },
        advertisement: [
          {
            guard: 'isPriorityZero',
            actions: [{ type: 'answerAdvertisement', params: { restart: true } }],
            description:
              'RFC 9568 6.4.3: another router resigns: an advertisement is sent immediately (F-A10)',
          },
          {
            guard: 'isGreater',
            target: '#vrrp.backup',
            actions: ['learnInterval', 'sendAdvertisement'],
            description:
              'RFC 9568 6.4.3: a greater router is Active (F-A11). DEVIATION: a last advertisement shows that this router had the addresses, so that the greater one announces them again',
            meta: { event: 'higher-priority-backup', cause: 'higher-priority' },
          },
          {
            guard: 'isUnheard',
            target: '#vrrp.backup',
            actions: ['learnInterval', 'inhibitPreemption'],
            description:
              'DEVIATION: RFC 9568 6.4.3 remains Active. This host refuses to send its advertisements, so the other router cannot know of it and does not yield: release, and do not preempt it',
            meta: { event: 'unheard', cause: 'unheard' },
          },
          {
            guard: 'answersLosers',
            actions: [{ type: 'answerAdvertisement', params: { restart: false } }, 'announceAgain'],
            description:
              'RFC 9568 6.4.3: a losing advertiser is answered immediately (F-A12), and the addresses are announced again',
            meta: { event: 'lower-priority-master' },
          },
          {
            actions: ['announceAgain'],
            description:
              'RFC 3768 6.4.3: a losing advertisement is discarded; the addresses are announced again',
            meta: { event: 'lower-priority-master' },
          },
        ],
        'priority-changed': {
          actions: ['setPriority', 'sendAdvertisement'],
          description: 'a peer that now has the higher priority learns it immediately',
        },
        'interval-changed': {
          actions: ['setInterval', 'sendAdvertisement', 'startAdverTimer'],
          description: 'peers learn the interval before they can miss an advertisement',
        },
        'cut-off': {
          target: '#vrrp.backup',
          actions: ['resetInterval', 'inhibitPreemption'],
          description:
            'DEVIATION: RFC 9568 6.4.3 remains Active without a greater advertisement. No third host answers this router, and a router that they answer is MASTER: release, and do not preempt it',
          meta: { cause: 'cut-off' },
        },
        outranked: {
          target: '#vrrp.backup',
          actions: ['resetInterval'],
          description:
            'DEVIATION: RFC 9568 6.4.3 remains Active without a greater advertisement. A greater router is MASTER too, and its advertisements do not arrive here',
          meta: { cause: 'outranked' },
        },
        'witness-lost': {
          target: '#vrrp.backup',
          actions: ['resetInterval', 'sendResignation'],
          description:
            'DEVIATION: RFC 9568 6.4.3 remains Active: another director may become it, because neither the directors nor the witness allow this one',
          meta: { cause: 'witness-lost' },
        },
        'group-backup': {
          target: '#vrrp.backup',
          actions: ['resetInterval', 'sendResignation'],
          description:
            'another member of the sync group is no longer MASTER: its successor may take over here too',
          meta: { cause: 'group-backup' },
        },
        stall: {
          target: '#vrrp.backup',
          actions: ['resetInterval', 'greetPeers'],
          description:
            'a peer may have taken over: release and listen before an advertisement is sent',
          meta: { cause: 'stall' },
        },
        shutdown: [
          {
            guard: 'lingers',
            target: 'releasing',
            actions: ['beginStop', 'sendResignation'],
            description:
              'RFC 9568 6.4.3: Shutdown, priority 0 (F-A8). DEVIATION: the addresses stay until the successor is heard',
          },
          {
            target: '#vrrp.initialize',
            actions: ['sendResignation'],
            description: 'RFC 9568 6.4.3: Shutdown, priority 0 (F-A8)',
            meta: ON_SHUTDOWN,
          },
        ],
        'hand-over': {
          target: 'releasing',
          actions: ['beginHandOver', 'sendResignation'],
          description:
            'planned failover: after priority 0 a BACKUP takes over within Skew_Time; DEVIATION: the addresses stay until the successor is heard',
        },
        ...onFaults({
          target: '#vrrp.fault',
          actions: ['sendResignation'],
          description: 'as Shutdown; the reason is recorded (F-A8, F-I4)',
          meta: { cause: 'fault' },
        } as const),
      },
    },

    releasing: {
      description: 'has sent priority 0 and serves until the successor is heard',
      entry: [startReleaseTimer],
      exit: ['cancelReleaseTimer', 'endRelease'],
      on: {
        advertisement: [
          {
            guard: 'isPriorityZero',
            description: 'another router resigns: it is not the successor',
          },
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'the successor is heard: release',
            meta: SUCCEEDED,
          },
          {
            target: '#vrrp.backup',
            actions: ['learnInterval', 'inhibitPreemption'],
            description: 'the successor is heard: release, and do not preempt it',
            meta: { event: 'failover', cause: 'successor-heard' },
          },
        ],
        'successor-serves': [
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'the successor says over the peer link that it is MASTER: release',
            meta: SUCCEEDED,
          },
          {
            target: '#vrrp.backup',
            actions: ['resetInterval', 'inhibitPreemption'],
            description:
              'the successor says over the peer link that it is MASTER: release, and do not preempt it',
            meta: { event: 'failover', cause: 'successor-heard' },
          },
        ],
        'release-timeout': [
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'no successor was heard in time: release',
            meta: { event: 'shutdown', cause: 'no-successor' },
          },
          {
            guard: 'mayRepeat',
            actions: ['sendResignation', startReleaseTimer],
            description: 'the longest Skew_Time has passed: priority 0 may have been lost',
          },
          {
            guard: 'isForced',
            target: '#vrrp.backup',
            actions: ['resetInterval', 'inhibitPreemption'],
            description: 'no successor was heard in time: release anyway, as requested',
            meta: { event: 'failover', cause: 'no-successor' },
          },
          { target: 'master', description: 'no successor was heard in time: remain Active' },
        ],
        'hand-over': [
          { guard: 'isStopping', description: 'releases in any case' },
          {
            actions: ['beginHandOver'],
            description: 'requested again: forced, or with a later deadline',
          },
        ],
        'interval-changed': {
          actions: ['setInterval'],
          description: 'the next advertisement carries it',
        },
        shutdown: [
          {
            guard: 'lingersOn',
            actions: ['beginStop', startReleaseTimer],
            description: 'a shutdown during a hand-over: serve, but release in any case',
          },
          {
            target: '#vrrp.initialize',
            description: 'a second shutdown, or one without lingering: release immediately',
            meta: ON_SHUTDOWN,
          },
        ],
        stall: [
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'too late to serve: release',
            meta: { cause: 'stall' },
          },
          {
            target: '#vrrp.backup',
            actions: ['resetInterval', 'inhibitPreemption'],
            description: 'a successor may already be MASTER: release and listen',
            meta: { cause: 'stall' },
          },
        ],
        'witness-lost': [
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'another director may become MASTER: release without having heard it',
            meta: { cause: 'witness-lost' },
          },
          {
            target: '#vrrp.backup',
            actions: ['resetInterval'],
            description: 'another director may become MASTER: release, and listen',
            meta: { cause: 'witness-lost' },
          },
        ],
        ...onFaults([
          {
            guard: 'isStopping',
            target: '#vrrp.initialize',
            description: 'can no longer serve',
            meta: { cause: 'fault' },
          },
          {
            target: '#vrrp.fault',
            actions: ['inhibitPreemption'],
            description: 'can no longer serve: priority 0 has already been sent',
            meta: { cause: 'fault' },
          },
        ] as const),
      },
    },
  },
});
