// Columns of millions of numbers, in typed arrays that grow.

export function reordered(data, order) {
	const made = new data.constructor(order.length);
	for (let i = 0; i < order.length; i++) made[i] = data[order[i]];
	return made;
}

export class Column {
	constructor(type, size = 1 << 14) {
		this.type = type;
		this.data = new type(size);
		this.length = 0;
	}

	push(value) {
		if (this.length === this.data.length) this.#grow();
		this.data[this.length++] = value;
	}

	#grow() {
		const larger = new this.type(this.data.length * 2);
		larger.set(this.data);
		this.data = larger;
	}

	reorder(order) {
		this.data = reordered(this.data, order);
	}

	get bytes() {
		return this.data.byteLength;
	}
}

const base = 1_000_000_000;

// Decimals, exactly: each a whole number of units of the last decimal, as high * base + low.  Up to
// 9 million of them, of up to 20 digits, add up without a rounding: both parts stay below 2^53.
export class DecimalColumn {
	constructor() {
		this.low = new Column(Int32Array);
		this.high = null;			// most money needs none
	}

	push(high, low) {
		if (high !== 0 && !this.high) {
			this.high = new Column(Float64Array, this.low.data.length);
			this.high.length = this.low.length;
		}
		this.low.push(low);
		this.high?.push(high);
	}

	reorder(order) {
		this.low.reorder(order);
		this.high?.reorder(order);
	}

	get bytes() {
		return this.low.bytes + (this.high?.bytes ?? 0);
	}
}

// Sums of a DecimalColumn, by cell.
export class DecimalSums {
	constructor(column, cells) {
		this.lows = column.low.data;
		this.highs = column.high?.data ?? null;
		this.low = new Float64Array(cells);
		this.high = new Float64Array(cells);
	}

	add(cell, index) {
		this.low[cell] += this.lows[index];
		if (this.highs !== null) this.high[cell] += this.highs[index];
	}

	isZero(cell) {
		return this.#units(cell) === 0n;
	}

	#units(cell) {
		return BigInt(this.high[cell]) * BigInt(base) + BigInt(this.low[cell]);
	}

	// as text with so many decimals
	text(cell, decimals) {
		return decimalText(this.#units(cell), decimals);
	}
}

export function decimalText(units, decimals) {
	const sign = units < 0n ? '-' : '';
	const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
	return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

// Reads the fields of a row that COPY wrote as text: tabs between, \N for null.
export class Reader {
	constructor() {
		this.chunk = null;
		this.at = 0;
	}

	start(chunk) {
		this.chunk = chunk;
		this.at = 0;
	}

	// Passes over the next so many fields; gives a hash of their bytes.  They are from .from to .to.
	skip(fields) {
		const { chunk } = this;
		let { at } = this;
		let hash = 0x811c9dc5;
		this.from = at;
		for (let left = fields; left > 0; at++) {
			const byte = chunk[at];
			if (byte === 9) left--;
			hash = Math.imul(hash ^ byte, 0x01000193);
		}
		this.at = at;
		this.to = at - 1;
		return hash >>> 0;
	}

	// A whole number below 2^53; null is nothing.
	whole() {
		const { chunk } = this;
		let { at } = this;
		let value = 0;
		let negative = false;
		for (let byte; (byte = chunk[at]) !== 9 && byte !== 10 && byte !== undefined; at++) {
			if (byte === 45) negative = true;
			else if (byte !== 92 && byte !== 78) value = value * 10 + (byte - 48);
		}
		this.at = at + 1;
		return negative ? -value : value;
	}

	// A double.
	float() {
		const { chunk } = this;
		const start = this.at;
		let at = start;
		while (at < chunk.length && chunk[at] !== 9 && chunk[at] !== 10) at++;
		this.at = at + 1;
		return Number(chunk.latin1Slice(start, at));
	}

	// A number of this many decimals at most, as units of the last one.  Null is 0, which adds as
	// much.
	decimal(decimals, column) {
		const { chunk } = this;
		let { at } = this;
		let value = 0;
		let digits = 0;
		let after = -1;			// decimals seen
		let negative = false;
		const start = at;
		for (let byte; (byte = chunk[at]) !== 9 && byte !== 10 && byte !== undefined; at++) {
			if (byte === 45) negative = true;
			else if (byte === 46) after = 0;
			else if (byte !== 92 && byte !== 78) {
				value = value * 10 + (byte - 48);
				digits++;
				if (after >= 0) after++;
			}
		}
		this.at = at + 1;
		for (let missing = decimals - Math.max(after, 0); missing > 0; missing--, digits++) value *= 10;
		let high;
		let low;
		if (digits <= 15) {
			high = Math.trunc(value / base);
			low = value - high * base;
		} else {
			const [whole, part = ''] = chunk.latin1Slice(start, at).replace('-', '').split('.');
			const exact = BigInt(whole + part.padEnd(decimals, '0'));
			high = Number(exact / BigInt(base));
			low = Number(exact % BigInt(base));
		}
		column.push(negative ? -high : high, negative ? -low : low);
	}
}

const escapes = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

// A text as COPY wrote it; null for \N.
export function unescapeText(text) {
	if (text === '\\N') return null;
	return text.includes('\\') ? text.replace(/\\(.)/gs, (_, c) => escapes[c] ?? c) : text;
}

// Numbers of byte strings, in order of appearance: what a Map of strings does, without making a
// string of what was seen before.
export class ByteNumbering {
	#slots = new Int32Array(1 << 12).fill(-1);
	#hashes = [];
	bytes = [];

	// chunk from..to, with its hash; .isNew says whether it was given just now
	of(chunk, from, to, hash) {
		const mask = this.#slots.length - 1;
		let slot = hash & mask;
		for (let number; (number = this.#slots[slot]) >= 0; slot = (slot + 1) & mask)
			if (this.#hashes[number] === hash && this.#isSame(this.bytes[number], chunk, from, to)) {
				this.isNew = false;
				return number;
			}
		this.isNew = true;
		this.#slots[slot] = this.bytes.length;
		this.#hashes.push(hash);
		this.bytes.push(Uint8Array.prototype.slice.call(chunk, from, to));
		if (this.bytes.length * 2 > this.#slots.length) this.#grow();
		return this.bytes.length - 1;
	}

	#isSame(known, chunk, from, to) {
		if (known.length !== to - from) return false;
		for (let i = 0; i < known.length; i++) if (known[i] !== chunk[from + i]) return false;
		return true;
	}

	#grow() {
		this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
		const mask = this.#slots.length - 1;
		for (const [number, hash] of this.#hashes.entries()) {
			let slot = hash & mask;
			while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
			this.#slots[slot] = number;
		}
	}
}

// Numbers of things for their keys: an array where keys are dense, as those of one database are, a
// Map where they are not.
export class Numbering {
	constructor(keys, count) {
		let least = Infinity;
		let most = -Infinity;
		for (let i = 0; i < count; i++) {
			if (keys[i] < least) least = keys[i];
			if (keys[i] > most) most = keys[i];
		}
		this.length = 0;
		this.least = least;
		const span = count > 0 ? most - least + 1 : 0;
		if (span <= 16 * count + 1024) this.dense = new Int32Array(span).fill(-1);
		else this.sparse = new Map();
	}

	// the number of a key; .isNew says whether it was given just now
	of(key) {
		const known = this.dense ? this.dense[key - this.least] : this.sparse.get(key) ?? -1;
		this.isNew = known < 0;
		if (!this.isNew) return known;
		if (this.dense) this.dense[key - this.least] = this.length;
		else this.sparse.set(key, this.length);
		return this.length++;
	}
}
