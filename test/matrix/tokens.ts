/** Tokens of the hub under test: of somebody who may do everything, and who may do little. */
export const FULL = 'token-of-somebody-who-may-do-everything';
export const LIMITED = 'token-of-somebody-who-may-do-little';
