// A peer that runs inside a process of its own, so that it neither shares this
// one's memory nor takes it down.  See duckdb.mjs and clickhouse.mjs for the
// other side.
import { fork } from 'node:child_process';

export class Engine {
	constructor(file, directory) {
		this.process = fork(file, [directory], { serialization: 'advanced' });
		this.process.on('message', (message) => this.answer(message));
		this.process.on('exit', () => this.answer({ error: 'the process of the peer ended' }));
	}

	answer(message) {
		const waiting = this.waiting;
		this.waiting = undefined;
		if (!waiting) return;
		if (message.error) waiting.reject(new Error(`${message.error}\nin: ${waiting.sql}`));
		else waiting.resolve(message);
	}

	// Gives { ms, lines }; lines are the rows as text with tabs between columns.
	// With discard the rows are only made into text, as a client would get them.
	run(sql, { discard = false } = {}) {
		return new Promise((resolve, reject) => {
			this.waiting = { resolve, reject, sql };
			this.process.send({ sql, discard });
		});
	}

	async lines(sql) { return (await this.run(sql)).lines; }
	async time(sql) { return (await this.run(sql, { discard: true })).ms; }

	async close() {
		if (this.process.exitCode !== null) return;
		const ended = new Promise((resolve) => this.process.once('exit', resolve));
		this.process.send({ end: true });
		await ended;
	}
}

// The loop of the other side: answers each statement with what run() gives.
export function serve(run, end) {
	process.on('disconnect', () => process.exit(1));	// the benchmark was stopped
	process.on('message', async ({ sql, discard, end: isEnd }) => {
		if (isEnd) {
			await end();
			process.exit(0);
		}
		try {
			process.send(await run(sql, discard));
		} catch (error) {
			process.send({ error: String(error.message ?? error) });
		}
	});
}
