// Opens a client and subscriptions, uses them and returns from the main program without closing anything.
import { NacreClient } from 'nacre-client';

const client = await NacreClient.connect({ servers: process.argv[2] });
await client.naming.register(process.argv[3], { ip: '10.0.0.1', port: 80 });
client.naming.watch(process.argv[3], () => undefined);
client.config.watch('exit', () => undefined);
client.watchEvents(() => undefined);
await client.config.get('exit');
if (process.argv[4] === 'listener') client.naming.watch(process.argv[3], () => process.exit(7));
if (process.argv[4] === 'busy') for (let i = 0; i < 100; i++) void client.config.get(`busy-${i}`).then(() => process.exit(0));
console.log('ready');
