import { it } from 'node:test';
import { killLoop } from './log/kill.ts';

it('the log loses nothing when its process is killed while it writes', () => killLoop(5, 4711));
