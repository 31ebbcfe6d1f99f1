// The dashboard: node server.mjs, with PG* and DASHBOARD_* in the environment.
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { Cache } from './lib/cache.mjs';
import { ahead, createApp } from './lib/app.mjs';
import { Database } from './lib/database.mjs';
import { loadFiles } from './lib/files.mjs';
import { readConfig } from './lib/config.mjs';

export function start(env = process.env, log = (line) => console.error(`dashboard: ${line}`)) {
	const config = readConfig(env);
	const database = new Database(config, log);
	const cache = new Cache(database, config, log, ahead);
	const files = loadFiles(fileURLToPath(new URL('public', import.meta.url)));
	const app = createApp({ config, database, cache, files, log });
	let isRenewing = false;
	const renewing = setInterval(async () => {
		if (isRenewing) return;
		isRenewing = true;
		await cache.renew();
		isRenewing = false;
	}, 5000);
	renewing.unref();
	cache.start();
	return new Promise((resolve, reject) => {
		const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port, serverOptions: { maxHeaderSize: 131_072 } }, ({ address, family, port }) => resolve({
			url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
			async stop() {
				clearInterval(renewing);
				server.closeAllConnections?.();
				await new Promise((done) => { server.close(done); });
				await database.close();
			},
		}));
		server.on('error', reject);
	});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		const { url, stop } = await start();
		console.log(`The dashboard is at ${url}`);
		for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, async () => { await stop(); process.exit(0); });
	} catch (error) {
		console.error(`dashboard: ${error.message}`);
		process.exit(1);
	}
}
