// A session of psql that stays open.  Times are psql's own (\timing): from
// sending a statement until its last row is here.
import { spawn } from 'node:child_process';

export class Postgres {
	constructor(database = 'bench') {
		this.psql = spawn('psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-d', database],
			{ stdio: ['pipe', 'pipe', 'pipe'] });
		this.chunks = [];
		this.tail = '';
		this.errors = '';
		this.calls = 0;
		this.psql.stdout.setEncoding('utf8').on('data', (text) => this.look(text));
		this.psql.stderr.setEncoding('utf8').on('data', (text) => { this.errors += text; });
		this.closed = new Promise((resolve) => this.psql.on('close', () => {
			this.waiting?.reject(new Error(`${this.errors.trim()}\nin: ${this.waiting.sql}`));
			resolve();
		}));
	}

	look(text) {
		this.chunks.push(text);
		this.tail = (this.tail + text).slice(-40);
		if (!this.waiting || !this.tail.endsWith(`${this.waiting.mark}\n`)) return;
		const { resolve, mark } = this.waiting;
		const output = this.chunks.join('').slice(0, -mark.length - 1);
		this.waiting = undefined;
		this.chunks = [];
		let ms = 0;
		const lines = output.split('\n').filter((line) => {
			const time = /^Time: ([\d.]+) ms/.exec(line);
			if (time) ms += Number(time[1]);
			return !time && line !== '';
		});
		resolve({ ms, lines });
	}

	// Runs statements and gives their rows as lines, and the time they took together.
	run(sql) {
		const mark = `<<done ${++this.calls}>>`;
		return new Promise((resolve, reject) => {
			this.waiting = { resolve, reject, mark, sql };
			this.psql.stdin.write(`\\timing on\n${sql}\n;\n\\timing off\n\\echo '${mark}'\n`);
		});
	}

	async lines(sql) { return (await this.run(sql)).lines; }
	async value(sql) { return (await this.run(sql)).lines[0]; }
	async time(sql) { return (await this.run(sql)).ms; }

	async backend() { return Number(await this.value('SELECT pg_backend_pid()')); }

	async close() {
		this.psql.stdin.end();
		await this.closed;
	}
}

// A session for plain SQL, in which a query can ask for hash joins.
export class PlainSql extends Postgres {
	async run(sql) {
		await super.run(`SET enable_nestloop = ${sql.includes('/* hash joins */') ? 'off' : 'on'}`);
		return super.run(sql);
	}
}

// What a fresh session gives; the time leaves out connecting.
export async function inSession(database, work) {
	const session = new Postgres(database);
	try {
		return await work(session);
	} finally {
		await session.close();
	}
}

// A copy of a database to which nobody is connected, read once so that it is
// not slower than the original.
export async function cloneDatabase(name, template) {
	await inSession('postgres', async (session) => {
		await session.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
		await session.run(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
	});
	await inSession(name, (session) => session.run(`
		CREATE EXTENSION IF NOT EXISTS pg_prewarm;
		SELECT sum(pg_prewarm(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = 'goaltracker' AND c.relkind IN ('r', 'i', 'm')`));
}

export async function dropDatabase(name) {
	await inSession('postgres', (session) => session.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}
