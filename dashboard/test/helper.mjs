// What the tests share: a dashboard of their own, a browser, and SQL asked directly, as a superuser
// whom row security and settings of the dashboard do not touch.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const seed = Number(process.env.GOALTRACKER_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`# GOALTRACKER_SEED=${seed}`);

// mulberry32
let randomState = seed >>> 0;
export function random() {
	randomState = (randomState + 0x6d2b79f5) >>> 0;
	let t = randomState;
	t = Math.imul(t ^ (t >>> 15), t | 1);
	t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
	return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
export const pick = (values) => values[Math.floor(random() * values.length)];

const asText = { getTypeParser: () => (value) => value };

// Rows as text, under the settings of a view.
export async function sql(text, values = [], view = {}) {
	const client = new pg.Client({ types: asText });
	await client.connect();
	try {
		await client.query(`SELECT set_config('goaltracker.attribution_model', $1, false),
			set_config('goaltracker.contribution_window', $2, false), set_config('goaltracker.hour_offset', $3, false),
			set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false)`,
		[view.model ?? '', view.window || '-1', view.offset ?? '0']);
		return (await client.query({ text, values })).rows;
	} finally {
		await client.end();
	}
}

export const value = async (...all) => Object.values((await sql(...all))[0])[0];

// A dashboard as anybody starts it, as the reader "dashboard".
export async function startDashboard(env = {}) {
	const child = spawn(process.execPath, [fileURLToPath(new URL('../server.mjs', import.meta.url))], {
		env: { ...process.env, PGUSER: 'dashboard', DASHBOARD_PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';
	child.stderr.on('data', (data) => { log += data; });
	const url = await new Promise((resolve, reject) => {
		let output = '';
		child.stdout.on('data', (data) => {
			output += data;
			const found = /is at (\S+)/.exec(output);
			if (found) resolve(found[1].replace(/\/$/, ''));
		});
		child.on('exit', () => reject(new Error(`The dashboard did not start: ${log}`)));
	});
	return {
		url, child,
		log: () => log,
		get: (path, headers = {}) => fetch(url + path, { headers }),
		async json(path) {
			const response = await fetch(url + path);
			const answer = await response.json();
			if (!response.ok) throw Object.assign(new Error(`${response.status}: ${answer.message}`), { status: response.status, answer });
			return answer;
		},
		stop: () => new Promise((resolve) => {
			child.removeAllListeners('exit');
			child.on('exit', resolve);
			child.kill('SIGTERM');
		}),
	};
}

export function query(view) {
	const all = new URLSearchParams();
	for (const [name, text] of Object.entries(view)) if (text !== undefined) all.set(name, text);
	return all.toString();
}

const flags = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ');

export async function startBrowser() {
	const { chromium } = await import('playwright-core');
	return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
}

export const shop = 'fern-and-kettle';
export const june = { account: shop, from: '2025-06-01', to: '2025-06-30' };
