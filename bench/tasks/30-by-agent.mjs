// conversions_by_agent in its full granularity, all of its columns, as text.
import { models } from '../queries/common.mjs';
import * as plain from '../queries/plain.mjs';

export const title = '`conversions_by_agent` in full granularity, all history';
export const needs = ['engines', 'reports'];

const ours = 'SELECT * FROM goaltracker.conversions_by_agent';
const bars = { 'plain SQL': 6, DuckDB: 1.5, ClickHouse: 1 };
const cases = [];

const discarded = (session) => ({
	run: (query) => session.run(query),
	time: (query) => session.time(`COPY (${query}) TO '/dev/null'`),
});

export async function check(bench) {
	const names = await bench.bucketLabels();
	const all = (queries, model) => Object.fromEntries(Object.entries(queries.credited(model, 31))
		.map(([name, rows]) => [name, queries.byAgent(rows, names)]));
	for (const model of models) {
		await bench.settings(model, 31);
		const wanted = await bench.pg.lines(ours);
		const what = `${model}, 31 days (${wanted.length} rows)`;
		const runner = discarded(bench.plain);
		const peers = [{ name: 'plain SQL', runner, best: await bench.fastest(`${what}: plain SQL`, wanted, all(plain, model), runner) }];
		for (const { name, engine, queries } of bench.engines)
			peers.push({ name, runner: engine, best: await bench.fastest(`${what}: ${name}`, wanted, all(queries, model), engine) });
		cases.push({ what, model, peers });
	}
}

export async function run(bench) {
	const pg = discarded(bench.pg);
	for (const { what, model, peers } of cases) {
		await bench.settings(model, 31);
		await pg.time(ours);
		const times = await bench.inTurn([{ name: 'goaltracker', run: () => pg.time(ours) },
			...peers.map(({ name, runner, best }) => ({ name, run: () => runner.time(best.query) }))]);
		for (const { name, best } of peers)
			bench.report.faster(what, times.get('goaltracker'), `${name}: ${best.name}`, times.get(name), bars[name]);
	}
	await bench.settings('', -1);
	bench.report.note('All columns, made into text by the server or engine and thrown away.');
}
