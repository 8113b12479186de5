/**
 * `node prober.js ADDRESS MICROSECONDS`: one ICMP echo per interval until it is killed. It looks at
 * no answer: a capture does that, with the kernel's time stamps. ping(8) cannot do this job: while
 * an answer is missing it sends no more than one request in 10 ms.
 */
import { ip } from '../../net/address.ts';
import { echoProbe } from './echo-probe.ts';
import { keepPace, sendInTime } from './pace.ts';

sendInTime();
keepPace([echoProbe(ip(process.argv[2] ?? ''), Number(process.argv[3] ?? 1_000))]);
