// What browsers load: the files of public/ and ECharts, read once, by name.  What is not in this
// list cannot be asked for.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
	'.mjs': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };

function load(path) {
	const body = readFileSync(path);
	return { body, zipped: gzipSync(body), type: types[extname(path)],
		tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

export function loadFiles(folder) {
	const files = new Map();
	for (const name of readdirSync(folder)) if (types[extname(name)]) files.set(`/${name}`, load(join(folder, name)));
	for (const name of readdirSync(join(folder, 'app'))) files.set(`/app/${name}`, load(join(folder, 'app', name)));
	const echarts = dirname(createRequire(import.meta.url).resolve('echarts/package.json'));
	files.set('/echarts.mjs', load(join(echarts, 'dist', 'echarts.esm.min.mjs')));
	files.set('/', files.get('/index.html'));
	return files;
}

export function sendFile(context, file) {
	const headers = { 'Content-Type': file.type, 'Cache-Control': 'no-cache', ETag: file.tag, Vary: 'Accept-Encoding' };
	if (context.req.header('if-none-match') === file.tag) return context.body(null, 304, headers);
	const isZipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
	return context.body(isZipped ? file.zipped : file.body, 200,
		isZipped ? { ...headers, 'Content-Encoding': 'gzip' } : headers);
}
