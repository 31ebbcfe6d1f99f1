// Paging through the grid.
export const title = 'The grid';
export const needs = ['reports'];

export async function run(bench) {
	const { pg, report } = bench;
	// a consumer with many rows
	const consumer = await pg.value(`SELECT consumer_id FROM goaltracker.conversion_grid
		WHERE account_id = 'brand-4711' GROUP BY consumer_id ORDER BY count(*) DESC, consumer_id LIMIT 1`);
	for (const model of ['last', 'all']) {
		await bench.settings(model, 31);
		const newest = (order, offset = 0) => `SELECT * FROM goaltracker.conversion_grid
			WHERE account_id = 'brand-4711' ORDER BY ${order} DESC LIMIT 100 OFFSET ${offset}`;
		const cases = {
			'newest 100 rows': newest('goal_timestamp'),
			'page 3 of them': newest('goal_timestamp', 200),
			'newest 100 rows by conversation_date': newest('conversation_date'),
			"one consumer's rows": `SELECT * FROM goaltracker.conversion_grid WHERE account_id = 'brand-4711' AND consumer_id = '${consumer}'`,
		};
		for (const query of Object.values(cases)) await pg.run(query);
		const times = await bench.inTurn(Object.entries(cases).map(([name, query]) => ({ name, run: () => pg.time(query) })));
		for (const name of Object.keys(cases)) {
			report.under(`${name}, ${model}`, times.get(name), 20);
		}
	}
	await bench.settings('', -1);
}
