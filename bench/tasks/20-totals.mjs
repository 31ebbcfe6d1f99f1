// Conversions and values per agent over all of history, under any model and window.
import { models } from '../queries/common.mjs';
import * as plain from '../queries/plain.mjs';

export const title = 'Conversions and values per agent, all history, from `credit_facts`';
export const needs = ['engines', 'reports'];

// Values stand on every row; those of the rows that carry credit count.
const ours = `SELECT agent_id, currency, sum(goals_reached), sum(conversions),
		sum(lead_value) FILTER (WHERE goals_reached = 1), sum(transaction_value) FILTER (WHERE goals_reached = 1)
	FROM goaltracker.credit_facts GROUP BY agent_id, currency`;
const windows = [31, 3];
const bars = { 'plain SQL': 15, DuckDB: 3, ClickHouse: 1.5 };
const cases = [];

export async function check(bench) {
	for (const model of models) for (const window of windows) {
		const what = `${model}, ${window} days`;
		await bench.settings(model, window);
		const wanted = await bench.pg.lines(ours);
		const peers = [{ name: 'plain SQL', runner: bench.plain,
			best: await bench.fastest(`${what}: plain SQL`, wanted, plain.agentTotals(model, window), bench.plain) }];
		for (const { name, engine, queries } of bench.engines)
			peers.push({ name, runner: engine,
				best: await bench.fastest(`${what}: ${name}`, wanted, queries.agentTotals(model, window), engine) });
		cases.push({ what, model, window, peers });
	}
}

export async function run(bench) {
	for (const { what, model, window, peers } of cases) {
		await bench.settings(model, window);
		await bench.pg.run(ours);
		const times = await bench.inTurn([{ name: 'goaltracker', run: () => bench.pg.time(ours) },
			...peers.map(({ name, runner, best }) => ({ name, run: () => runner.time(best.query) }))]);
		for (const { name, best } of peers)
			bench.report.faster(what, times.get('goaltracker'), `${name}: ${best.name}`, times.get(name), bars[name]);
	}
	await bench.settings('', -1);
}
