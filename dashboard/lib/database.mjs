// The database, as a reader sees it: every answer comes out of one read-only transaction with one
// snapshot, so that its parts agree, and with settings that end with it (SET LOCAL).
import pg from 'pg';
import { isConnectionLost } from './errors.mjs';

const asText = { getTypeParser: () => (value) => value };

export class Database {
	#pool;
	#canceller;
	#statementTimeout;

	constructor(config, log) {
		this.#statementTimeout = config.statementTimeout;
		const pool = (max) => new pg.Pool({
			max,
			connectionTimeoutMillis: 5000,
			idleTimeoutMillis: 60_000,
			application_name: 'goaltracker dashboard',
			types: asText,
		// a connection that breaks while nobody uses it
		}).on('error', (error) => log(`connection lost: ${error.message}`));
		this.#pool = pool(config.connections);
		this.#canceller = pool(1);		// of its own, for when all others are busy
	}

	// settings: { name: text } for this transaction alone; work(transaction) gives the answer.
	// signal: an AbortSignal; when nobody waits any more, the statement under way is cancelled.
	async read(settings, work, signal = null) {
		const client = await this.#pool.connect();
		let cancelling;
		const cancel = () => {
			cancelling = this.#canceller.query('SELECT pg_catalog.pg_cancel_backend($1)', [client.processID]).catch(() => {});
		};
		signal?.addEventListener('abort', cancel, { once: true });
		let broken;
		const onError = (error) => { broken = error; };
		client.on('error', onError);
		try {
			await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
			const all = Object.entries({ statement_timeout: String(this.#statementTimeout), datestyle: 'ISO, YMD',
				intervalstyle: 'postgres', timezone: 'UTC', ...settings });
			await client.query({
				text: 'SELECT pg_catalog.set_config(s.name, s.value, true) FROM unnest($1::text[], $2::text[]) AS s (name, value)',
				values: [all.map(([name]) => name), all.map(([, value]) => value)],
			});
			const answer = await work(new Transaction(client));
			await client.query('COMMIT');
			return answer;
		} catch (error) {
			if (!broken && !isConnectionLost(error)) await client.query('ROLLBACK').catch((e) => { broken = e; });
			broken ??= isConnectionLost(error) ? error : undefined;
			throw error;
		} finally {
			signal?.removeEventListener('abort', cancel);
			await cancelling;			// or it might hit the next one's statement
			client.removeListener('error', onError);
			client.release(broken);
		}
	}

	close() {
		return Promise.all([this.#pool.end(), this.#canceller.end()]);
	}
}

class Transaction {
	#client;

	constructor(client) {
		this.#client = client;
	}

	// All values are text, null is null.
	async rows(text, values = []) {
		return (await this.#client.query({ text, values })).rows;
	}

	// COPY ... TO STDOUT takes no parameters: they are settings of the transaction, which the
	// statement reads by current_setting().  take() gets each row, as COPY writes it.
	copy(text, take) {
		return new Promise((resolve, reject) => {
			this.#client.query(new Copy(text, take, (error) => (error ? reject(error) : resolve())));
		});
	}
}

// A query as the client knows it, for what COPY sends.
class Copy {
	constructor(text, take, callback) {
		Object.assign(this, { text, take, callback, failed: null });
	}

	submit(connection) {
		connection.query(this.text);
	}

	handleCopyData(message) {
		if (this.failed) return;
		try {
			this.take(message.chunk);
		} catch (error) {
			this.failed = error;
		}
	}

	handleError(error) {
		this.callback(error);
	}

	handleReadyForQuery() {
		this.callback(this.failed);
	}

	handleRowDescription() {}
	handleDataRow() {}
	handlePortalSuspended() {}
	handleEmptyQuery() {}
	handleCommandComplete() {}
	handleCopyInResponse() {}
}
