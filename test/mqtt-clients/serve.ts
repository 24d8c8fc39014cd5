/** A hub on a free port; prints its port when it takes connections. */
import { startHub } from '../../src/testing/index.ts';

const hub = await startHub([]);
console.log(hub.port);
