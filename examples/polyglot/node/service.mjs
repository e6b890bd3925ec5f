// A service in Node: node service.mjs NAME PORT SERVER
import { createServer } from 'node:http';
import { NacreClient, serviceFetch } from 'nacre-client';

const [name, port, servers] = process.argv.slice(2);
const client = await NacreClient.connect({ servers });
const fetchService = serviceFetch(client.naming);

let greeting = 'hello';
client.config.watch('greeting.txt', ({ value }) => {
  greeting = value?.content ?? 'hello';
});

const http = createServer(async (request, response) => {
  try {
    if (!request.url.startsWith('/ask/')) return response.end(`${greeting} from ${name} in Node`);
    const answer = await fetchService(`http://${request.url.slice('/ask/'.length)}/greet`);
    response.end(`${name} heard: ${await answer.text()}`);
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
http.listen(Number(port), '127.0.0.1');
await client.naming.register(name, { ip: '127.0.0.1', port: Number(port), metadata: { language: 'node' } });

process.once('SIGTERM', async () => {
  await client.close(); // takes the registration back
  http.close();
  http.closeAllConnections?.();
});
