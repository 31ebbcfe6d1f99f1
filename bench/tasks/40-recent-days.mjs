// A part of history, by a WHERE on the date alone.
import { median } from '../lib/measure.mjs';

export const title = '`conversions_by_agent`, the last 30 of 90 days';
export const needs = ['reports'];

export async function run(bench) {
	const { pg, report } = bench;
	const [last, share] = (await pg.value(`SELECT max(conversation_date),
			avg((conversation_date > date '2025-04-01' - 30)::integer) FROM goaltracker.credit_facts`)).split('\t');
	const days = "conversation_date BETWEEN '2025-03-03' AND '2025-04-01'";
	const query = (where) => `COPY (SELECT * FROM goaltracker.conversions_by_agent WHERE account_id = 'brand-4711' ${where}) TO '/dev/null'`;
	for (const where of ['', `AND ${days}`]) await pg.run(query(where));
	const times = await bench.inTurn([
		{ name: 'all', run: () => pg.time(query('')) },
		{ name: 'some', run: () => pg.time(query(`AND ${days}`)) },
	]);
	const ratio = median(times.get('some')) / median(times.get('all'));
	const limit = 1.25 * Number(share);
	report.row({ what: `30 days: ${(100 * share).toFixed(0)} % of the rows (data ends ${last})`, ours: times.get('some'), against: 'goaltracker, all days',
		theirs: times.get('all'), ratio, bar: `share of the time at most 1.25 times that of the rows: ${limit.toFixed(2)}`, met: ratio <= limit });
	const plan = (await pg.lines(`EXPLAIN (COSTS OFF) SELECT * FROM goaltracker.conversions_by_agent
		WHERE account_id = 'brand-4711' AND ${days}`)).filter((line) => /Scan|Index Cond/.test(line) && /touchpoint|conversation_date/.test(line));
	const byIndex = plan.some((line) => /Index Cond:.*conversation_date/.test(line));
	report.row({ what: 'the plan finds the days by an index', bar: 'it does', met: byIndex });
	report.note(['```', ...plan, '```'].join('\n'));
}
