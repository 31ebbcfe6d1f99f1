// sum_once and count_once against what SQL offers.
export const title = '`count_once` and `sum_once`';
export const needs = ['reports'];

const cases = [
	{ what: 'in all', group: '' },
	{ what: 'by skill (41 groups)', group: 'skill_id' },
	{ what: 'by agent and currency (about 1000 groups)', group: 'agent_id, currency' },
];

const select = (group, aggregate, from) => `SELECT ${group && `${group}, `}${aggregate} FROM ${from} ${group && `GROUP BY ${group}`}`;

export async function run(bench) {
	const { pg, plain, report } = bench;
	await bench.settings('all', 31);
	// Work: a segment's messages stand on a row for each goal event it is near.
	await pg.run(`DROP TABLE IF EXISTS bench.grid;
		CREATE TABLE bench.grid AS SELECT skill_id, agent_id, currency, goal_event_key, transaction_value
		FROM goaltracker.credit_facts; VACUUM ANALYZE bench.grid`);
	await bench.settings('', -1);
	await plain.run('SET search_path = goaltracker');
	const rows = await pg.value('SELECT count(*) FROM bench.grid');
	// The bar is about millions of rows: with few, starting workers is what takes time.
	const bar = Number(rows) > 1e6 ? 3 : undefined;
	report.note(`${rows} rows of the grid under All, keys of goal events, in a table of their own.`);
	for (const { what, group } of cases) {
		const once = (aggregate) => select(group, aggregate, 'bench.grid');
		const keys = group && `${group}, `;
		const queries = {
			count_once: once('goaltracker.count_once(goal_event_key)'),
			'count(DISTINCT ...)': once('count(DISTINCT goal_event_key)'),
			'count: subquery': select(group, 'count(goal_event_key)', `(SELECT ${keys}goal_event_key FROM bench.grid GROUP BY ${keys}goal_event_key) AS g`),
			sum_once: once('goaltracker.sum_once(transaction_value, goal_event_key)'),
			'sum: subquery': select(group, 'sum(transaction_value)',
				`(SELECT ${keys}goal_event_key, max(transaction_value) AS transaction_value FROM bench.grid GROUP BY ${keys}goal_event_key) AS g`),
		};
		const { assertSame } = await import('../lib/measure.mjs');
		const answers = {};
		for (const [name, query] of Object.entries(queries))
			answers[name] = await (name.endsWith('_once') ? pg : plain).lines(query);
		assertSame(`${what}: count(DISTINCT)`, answers.count_once, answers['count(DISTINCT ...)']);
		assertSame(`${what}: count, subquery`, answers.count_once, answers['count: subquery']);
		assertSame(`${what}: sum, subquery`, answers.sum_once, answers['sum: subquery']);
		const times = await bench.inTurn(Object.entries(queries)
			.map(([name, query]) => ({ name, run: () => (name.endsWith('_once') ? pg : plain).time(query) })));
		report.faster(`count_once ${what}`, times.get('count_once'), 'count(DISTINCT ...)', times.get('count(DISTINCT ...)'), bar);
		report.faster(`count_once ${what}`, times.get('count_once'), 'GROUP BY in a subquery', times.get('count: subquery'), bar);
		report.faster(`sum_once ${what}`, times.get('sum_once'), 'GROUP BY in a subquery', times.get('sum: subquery'), bar);
		const plan = (await pg.lines(`EXPLAIN (COSTS OFF) ${queries.sum_once}`)).some((line) => line.includes('Partial'));
		if (Number(rows) > 1e6) report.row({ what: `sum_once ${what}: a parallel plan`, bar: 'it is', met: plan });
	}
}
