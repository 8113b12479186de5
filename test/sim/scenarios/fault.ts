/** What happens to a director or its segment, and ends by itself. */
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

export type Fault = (world: World, random: Random, duration: number) => void;
