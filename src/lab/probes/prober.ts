/**
 * `node prober.js ADDRESS MICROSECONDS`: sends one ICMP echo request per interval until it is killed.
 * Answers are read from a capture, with the kernel's time stamps. ping(8) is not suitable: while an
 * answer is missing it sends only one request every 10 ms.
 */
import { ip } from '../../net/address.ts';
import { echoProbe } from './echo-probe.ts';
import { keepPace, useRealtimePriority } from './pace.ts';

useRealtimePriority();
keepPace([echoProbe(ip(process.argv[2] ?? ''), Number(process.argv[3] ?? 1_000))]);
