// A service that registers itself, calls another one by its name and follows a setting.
//
//   NAME=orders OTHER=stock SERVERS=127.0.0.1:8848 node service.mjs
import express from 'express';
import { NacreClient, ReloadingConfig, registerServer, serviceFetch } from 'nacre-client';

const { NAME = 'orders', OTHER = 'stock', SERVERS = '127.0.0.1:8848', PORT = '0' } = process.env;

const client = await NacreClient.connect({ servers: SERVERS, appName: NAME });
const settings = await ReloadingConfig.open(client.config, 'greetings.json', { fallback: { greeting: 'Hello' } });
const fetchService = serviceFetch(client.naming, { balancer: 'roundRobin' });

const app = express();

app.get('/hello', (request, response) => {
  response.json({ from: NAME, text: `${settings.current.greeting}, ${request.query.name ?? 'world'}` });
});

app.get('/other', async (request, response) => {
  const answer = await fetchService(`http://${OTHER}/hello?name=${NAME}`);
  response.json(await answer.json());
});

const server = app.listen(Number(PORT), '127.0.0.1');
const registration = await registerServer(client, server, { service: NAME, metadata: { framework: 'express' } });
console.log(`http://127.0.0.1:${registration.instance.port}`);

process.once('SIGTERM', async () => {
  await registration.deregister(); // nobody comes any more
  server.close(); // requests under way end
  await client.close();
});
