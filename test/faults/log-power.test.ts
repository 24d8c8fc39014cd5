import { it } from 'node:test';
import { powerLoop } from './log/power.ts';

it('the log loses nothing that was answered when the power is cut', () => powerLoop(8, 4711));
