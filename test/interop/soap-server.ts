/** The application of the SOAP tests on a port of its own, for clients in other languages. */
import { startHub } from '../../src/testing/index.ts';
import { application } from './soap-application.ts';

const hub = await startHub(application, {
  config:
    process.argv[2] === 'secured'
      ? { auth: { users: [{ user: 'ada', password: 'correct horse battery', scopes: ['*'] }] } }
      : {},
});
console.log(hub.url);
