import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Mosquitto as its package has it, but for a free port, and without limits that would drop messages. */
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address() as net.AddressInfo;
free.close();
await once(free, 'close');

const file = join(mkdtempSync(join(tmpdir(), 'mosquitto-')), 'mosquitto.conf');
writeFileSync(
  file,
  `listener ${port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay ${process.env.MOSQUITTO_NODELAY ?? 'true'}
log_type none
user root
`,
);
// It ends with this process, however that ends.
const broker = spawn('setpriv', ['--pdeathsig', 'KILL', 'mosquitto', '-c', file], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
broker.on('exit', () => process.exit(1));

for (let attempt = 0; ; attempt++) {
  const socket = net.connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (connected) break;
  if (attempt === 100) throw new Error('mosquitto did not start');
  await sleep(50);
}
console.log(JSON.stringify({ port }));
