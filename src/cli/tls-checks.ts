import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import type { Check } from './machine-checks.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 21;

/** The certificate can be read, fits its key, and is valid now and for some time. */
export async function checkTls(tls: Config['tls'], nowMs = Date.now()): Promise<Check[]> {
  const name = 'TLS';
  const { cert, key } = tls;
  if (cert === undefined && key === undefined) {
    return [{ name, state: 'ok', message: 'off' }];
  }
  if (cert === undefined || key === undefined) {
    return [
      {
        name,
        state: 'fail',
        message: `tls.${cert === undefined ? 'cert' : 'key'} is missing`,
        advice: 'TLS needs both: tls.cert (the certificate chain) and tls.key (its private key).',
      },
    ];
  }
  try {
    const certificate = new X509Certificate(await readFile(cert));
    const privateKey = createPrivateKey(await readFile(key));
    if (!certificate.checkPrivateKey(privateKey)) {
      return [{ name, state: 'fail', message: `${key} is not the private key of ${cert}` }];
    }
    return [validity(certificate, cert, nowMs)];
  } catch (error) {
    return [
      {
        name,
        state: 'fail',
        message: `the files cannot be used: ${(error as Error).message}`,
        advice: 'Both must be PEM, and the key must have no passphrase.',
      },
    ];
  }
}

function validity(certificate: X509Certificate, file: string, nowMs: number): Check {
  const name = 'TLS';
  const days = Math.floor((certificate.validToDate.getTime() - nowMs) / DAY_MS);
  if (certificate.validFromDate.getTime() > nowMs) {
    return {
      name,
      state: 'fail',
      message: `${file} is valid only from ${certificate.validFrom}`,
      advice: 'Look at the clock, or use a certificate that is valid now.',
    };
  }
  if (days < 0) {
    return {
      name,
      state: 'fail',
      message: `${file} expired on ${certificate.validTo}`,
      advice: 'Renew it.',
    };
  }
  return days < SOON_DAYS
    ? { name, state: 'warn', message: `${file} expires in ${days} days`, advice: 'Renew it.' }
    : { name, state: 'ok', message: `${file} is valid for ${days} days` };
}
