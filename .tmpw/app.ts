import { version } from './lib.ts';
export default { contract: { polywire:'1', name:'demo', version, services:[], errors:{}, $defs:{} }, handlers: new Map(), parsers: new Map() };
