// What was read lately, so that most clicks need no reading.
//
// Rows of a view are used again as long as the account was not refreshed, its settings, and what
// the role may see of it, are the same, and they are not older than ten minutes (time assigned that
// runs until now, S13).  What a reader cannot notice is asked for again every minute: the names;
// and where the role sees some groups alone, all of it.  Neither is, while nothing at all was
// written in the database cluster.  Every answer says when its rows were read.
//
// The cache is one role's: a process connects as one, and nothing of it leaves the process.
import { Facts } from './facts.mjs';
import { fingerprint, readStatus } from './status.mjs';
import { forget } from './measures.mjs';
import { Refusal } from './errors.mjs';
import { dayNumber, dayOf, parseView, settingsOf } from './view.mjs';

const minutes = 10;				// of rows to one of names
const keptInUse = 1_800_000;			// ms after the last request
const accountsAtStart = 3;
const likely = ['first', 'last', 'all'];	// models of which rows are read before anybody asks

export class Cache {
	#database;
	#config;
	#log;
	#entries = new Map();			// in order of use
	#reading = new Map();

	#ahead;

	// ahead: functions (facts, view, status) that work out what is likely asked of rows just read
	constructor(database, config, log, ahead = []) {
		this.#ahead = ahead;
		this.#database = database;
		this.#config = config;
		this.#log = log;
	}

	// { facts, status, readAt, isFromCache }; status is of now, or of when the rows were read just now.
	async get(view) {
		const key = keyOf(view);
		const known = await this.#check(key, view);
		if (known) {
			known.entry.usedAt = Date.now();
			return { facts: known.entry.facts, status: known.status, readAt: known.entry.status.readAt, isFromCache: true };
		}
		const entry = await this.#read(key, view);
		entry.usedAt = Date.now();
		this.#prepare(view, entry.status);
		return { facts: entry.facts, status: entry.status, readAt: entry.status.readAt, isFromCache: false };
	}

	// Before anybody asks: the last 60 days of the first accounts.
	async start() {
		try {
			const all = await this.#database.read({}, (transaction) => readStatus(transaction));
			for (const { account, today } of all.slice(0, accountsAtStart)) {
				const query = { account, from: dayOf(dayNumber(today) - 59), to: today };
				await this.get(parseView(query));
			}
		} catch (error) {
			this.#log(`reading ahead: ${error.message}`);
		}
	}

	// The entry that may be used again, its names read again if need be.
	async #check(key, view) {
		const entry = this.#entries.get(key);
		if (!entry) return null;
		return this.#database.read(settingsOf(view), async (transaction) => {
			const status = await oneAccount(transaction, view.account);
			if (this.#entries.get(key) !== entry || fingerprint(entry.status) !== fingerprint(status)) return null;
			const now = Date.now();
			const minute = this.#config.cacheSeconds * 1000;
			if (now - entry.at > minutes * minute) return null;
			if (entry.snapshot !== status.snapshot && now - entry.namesAt > minute) {
				if (status.isPartial) return null;
				await entry.facts.readNames(transaction, view.account);
				forget(entry.facts);
				entry.namesAt = now;
				entry.snapshot = status.snapshot;
			}
			this.#entries.delete(key);
			this.#entries.set(key, entry);
			return { entry, status };
		});
	}

	// Whoever asks for the same at the same time waits for the same reading.
	#read(key, view) {
		let reading = this.#reading.get(key);
		if (!reading) {
			reading = this.#readNow(key, view).finally(() => this.#reading.delete(key));
			this.#reading.set(key, reading);
		}
		return reading;
	}

	async #readNow(key, view) {
		const at = Date.now();
		const entry = await this.#database.read(settingsOf(view), async (transaction) => {
			const status = await oneAccount(transaction, view.account);
			return { status, facts: await Facts.read(transaction, view, status, this.#config.mostRows) };
		});
		Object.assign(entry, { at, namesAt: at, snapshot: entry.status.snapshot, usedAt: this.#entries.get(key)?.usedAt ?? 0, view });
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		this.#makeRoom(key);
		this.#workAhead(entry);
		return entry;
	}

	// After the answer that waits for these rows, one thing at a time.
	async #workAhead({ facts, view, status }) {
		if (this.#config.cacheSeconds === 0) return;
		for (const work of this.#ahead) {
			await pause();
			work(facts, view, status);
		}
	}

	#makeRoom(newest) {
		let bytes = 0;
		for (const { facts } of this.#entries.values()) bytes += facts.bytes;
		for (const [key, { facts }] of this.#entries) {
			if (bytes <= this.#config.cacheBytes) return;
			if (key === newest) continue;
			bytes -= facts.bytes;
			this.#entries.delete(key);
		}
	}

	// What is most likely asked next: the same under other models.
	async #prepare(view, status) {
		if (view.model !== '' || this.#config.cacheSeconds === 0) return;
		await pause();
		for (const model of likely.filter((name) => name !== status.model)) {
			const other = { ...view, model };
			const key = keyOf(other);
			try {
				while (this.#reading.size > 0) await Promise.allSettled(this.#reading.values());
				if (!await this.#check(key, other)) await this.#read(key, other);
			} catch (error) {
				this.#log(`reading ahead: ${error.message}`);
				return;
			}
		}
	}

	// Reads again, one after the other, what is in use and would not do for the next request.
	async renew() {
		for (const [key, entry] of this.#entries) {
			if (Date.now() - entry.usedAt > keptInUse) continue;
			try {
				if (!await this.#check(key, entry.view)) await this.#read(key, entry.view);
			} catch (error) {
				this.#log(`reading again: ${error.message}`);
				return;
			}
		}
	}
}

const pause = () => new Promise((resolve) => { setTimeout(resolve, 50).unref(); });

const keyOf = (view) => JSON.stringify([view.account, view.from, view.to, view.dateOf, view.model, view.window, view.offset]);

export async function oneAccount(transaction, account) {
	const [status] = await readStatus(transaction, account);
	if (!status) throw new Refusal(404, 'no-account', 'There is no such account, or the dashboard may not see it.');
	return status;
}
