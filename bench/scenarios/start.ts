/** Time to start, and time to check a large configuration. */
import { readFileSync, writeFileSync } from 'node:fs';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { configOf, type RouterSpec } from '../harness/contender.ts';
import { withLab } from '../harness/live-labs.ts';
import { manyRouters, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, type ContenderName, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

export const start: Scenario = {
  name: 'start',
  title: 'Start',
  method:
    'Time from the start of the process to the log line in which the last router becomes BACKUP (the ' +
    'log is read every millisecond), and run time of a check of a file with 255 routers (vrrp-agent ' +
    'check, keepalived --config-test).',
  async run(context) {
    const found = { one: new Samples(), many: new Samples(), check: new Samples() };
    await alternate(context, context.repetitions, (contender) =>
      withLab(async (lab) => {
        const one = await untilBackup(contender, lab, ONE_ROUTER);
        const many = await untilBackup(contender, lab, manyRouters());
        const check = await untilChecked(contender, lab);
        found.one.add(contender, one);
        found.many.add(contender, many);
        found.check.add(contender, check);
        context.log(
          `${contender}: BACKUP after ${one.toFixed(0)} ms, ${many.toFixed(0)} ms with 255; ` +
            `check ${check.toFixed(0)} ms`,
        );
      }),
    );
    const bars = [atMost('median', 500)];
    return [
      found.one.row('start to BACKUP, 1 router', 'ms', bars),
      found.many.row('start to BACKUP, 255 routers', 'ms', bars),
      found.check.row('check of a file with 255 routers', 'ms', bars),
    ];
  },
};

function fileWith(contender: ContenderName, lab: Lab, routers: readonly RouterSpec[]): string {
  const file = lab.path(`${contender}-${routers.length}.conf`);
  const spec = { routers, priority: 100, intervalMilliseconds: 1_000 };
  writeFileSync(file, configOf(contender, lab, lab.director(1), spec));
  return file;
}

async function untilBackup(
  contender: ContenderName,
  lab: Lab,
  routers: readonly RouterSpec[],
): Promise<number> {
  const file = fileWith(contender, lab, routers);
  const label = `start-${routers.length}`;
  const [program, args] =
    contender === 'vrrp-agent'
      ? [builtProgram('src/cli/main.js'), ['run', '--config', file]]
      : ['keepalived', keepalivedArguments(lab, file)];
  const began = performance.now();
  const started = await lab.spawn(lab.director(1), program, args, { label, log: true });
  const log = lab.path(`${label}.log`);
  const pattern = contender === 'vrrp-agent' ? /INIT to BACKUP/g : /Entering BACKUP STATE/g;
  await waitFor(
    `${contender} as BACKUP`,
    () => (readFileSync(log, 'latin1').match(pattern)?.length ?? 0) >= routers.length,
    { everyMilliseconds: 1, unless: started.ended },
  );
  const took = performance.now() - began;
  started.signal('SIGTERM');
  await started.ended;
  return took;
}

function keepalivedArguments(lab: Lab, file: string): string[] {
  const pids = ['-p', lab.path('start.pid'), '-r', lab.path('start-vrrp.pid')];
  return ['-n', '-G', '-P', '-l', '-D', '-f', file, ...pids];
}

async function untilChecked(contender: ContenderName, lab: Lab): Promise<number> {
  const file = fileWith(contender, lab, manyRouters());
  const began = performance.now();
  if (contender === 'vrrp-agent') {
    const args = ['check', '--config', file];
    await lab.run(lab.director(1), builtProgram('src/cli/main.js'), args);
  } else {
    await lab.run(lab.director(1), 'keepalived', ['-P', '-f', file, `--config-test=${file}.log`]);
  }
  return performance.now() - began;
}
