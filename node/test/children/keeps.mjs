// A loop over a watch, or a watch that is told to, keeps the process alive.
import { NacreClient } from 'nacre-client';

const client = await NacreClient.connect({ servers: process.argv[2] });
const watch = client.config.watch(process.argv[3]);
if (process.argv[4] === 'ref') {
  watch.ref().on('change', ({ value }) => {
    if (value?.content === 'end') {
      console.log('heard');
      watch.unref();
    }
  });
} else {
  for await (const { value } of watch) if (value?.content === 'end') break;
  console.log('heard');
}
