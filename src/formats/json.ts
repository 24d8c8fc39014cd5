export { DEFAULT_MAX_DEPTH, parseJson } from '../model/json.ts';
