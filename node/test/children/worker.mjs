// A worker with a client of its own.
import { parentPort, workerData } from 'node:worker_threads';

import { NacreClient } from 'nacre-client';

const client = await NacreClient.connect({ servers: workerData.servers });
let changes = 0;
client.config.watch(workerData.dataId, () => changes++);
for (let i = 0; i < 20; i++) {
  const value = await client.config.get(workerData.dataId);
  if (value?.content !== 'x') throw new Error(`read ${value?.content}`);
}
while (changes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
parentPort.postMessage('used');
// Some close, some just end, some are terminated while busy.
if (workerData.how === 'close') await client.close();
if (workerData.how === 'busy') for (;;) await client.config.get(workerData.dataId);
