// Repetitions and what is said about them.

export function median(times) {
	const sorted = [...times].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Runs subjects in turn (A B C A B C ...), so that whatever else the machine
// does meets them all.  A subject is { name, run }, run giving milliseconds;
// gives a Map from name to times.
export async function inTurn(repetitions, subjects) {
	const times = new Map(subjects.map(({ name }) => [name, []]));
	for (let repetition = 0; repetition < repetitions; repetition++)
		for (const { name, run } of subjects)
			times.get(name).push(await run(repetition));
	return times;
}

// Rows as a set in canonical form: numbers without trailing zeros, sorted.
export function canonical(lines) {
	return lines.map((line) => line.split('\t')
		.map((value) => (/^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value))
		.join('\t')).sort();
}

// Stops the benchmark where two answers are not the same.
export function assertSame(what, expected, actual) {
	const [wanted, got] = [canonical(expected), canonical(actual)];
	if (wanted.length === got.length && wanted.every((line, n) => line === got[n])) return;
	const [ours, theirs] = [new Set(wanted), new Set(got)];
	const missing = wanted.filter((line) => !theirs.has(line));
	const extra = got.filter((line) => !ours.has(line));
	throw new Error([`${what}: the answers differ (${wanted.length} and ${got.length} rows).`,
		'Only goaltracker:', ...missing.slice(0, 5), 'Only the peer:', ...extra.slice(0, 5)].join('\n'));
}
