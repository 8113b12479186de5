/**
 * `vrrp-agent/lab`: directors and clients in network namespaces, and scenarios that disturb them, for the
 * test runner of another project. Needs root, `ip`, `nft` and `tcpdump`.
 */
export { type Finding, formatFinding } from '../config/finding.ts';
export { LabError } from '../lab/command.ts';
export type {
  NodeRecord,
  ProbeSummary,
  RunRecord,
  Span,
  StateSpan,
  StepRecord,
  StreamSummary,
  TakeoverRecord,
  Verdict,
} from '../lab/judge/record.ts';
export {
  type AgentInstance,
  type AgentOptions,
  AgentPeer,
  startAgent,
} from '../lab/peers/vrrp-agent.ts';
export { Labs, labPrefix } from '../lab/run/labs.ts';
export { type RunProgress, runScenario, type ScenarioRunOptions } from '../lab/run/run-scenario.ts';
export { scenarioLibrary } from '../lab/scenario/library.ts';
export {
  loadScenario,
  loadScenarioFile,
  ScenarioRefused,
  scenarioFrom,
} from '../lab/scenario/load.ts';
export { AGENTS, type AgentName } from '../lab/scenario/names.ts';
export { type Scenario, withAgent } from '../lab/scenario/scenario.ts';
export { Lab, type LabOptions } from '../lab/topology/lab.ts';
export type { LabHost, LabLayout } from '../lab/topology/layout.ts';
