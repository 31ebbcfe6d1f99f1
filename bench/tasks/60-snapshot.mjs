// A report page out of its snapshot: 60 days.
export const title = 'Snapshots';
export const needs = ['reports'];

const days = "account_id = 'brand-4711' AND conversation_date BETWEEN '2025-01-15' AND '2025-03-15'";
const pages = {
	'page: conversions by weekday and duration': `SELECT weekday, weekday_name, duration_bucket_no, duration_bucket, sum(conversions)
		FROM goaltracker.conversions_by_skill_snapshot WHERE ${days} GROUP BY 1, 2, 3, 4`,
	'page: values by day and currency': `SELECT conversation_date, currency, sum(conversions), sum(lead_value), sum(transaction_value)
		FROM goaltracker.conversions_by_skill_snapshot WHERE ${days} GROUP BY 1, 2`,
	'page: values by agent and currency': `SELECT agent, currency, sum(conversions), sum(lead_value), sum(transaction_value)
		FROM goaltracker.conversions_by_agent_snapshot WHERE ${days} GROUP BY 1, 2`,
};
const parts = {
	"one agent's part": `SELECT * FROM goaltracker.conversions_by_agent_snapshot WHERE ${days} AND agent_id = 'agent-77'`,
	"one agent's summary": `SELECT * FROM goaltracker.agent_summary_snapshot WHERE ${days} AND agent_id = 'agent-77'`,
	"one skill's part": `SELECT * FROM goaltracker.conversions_by_skill_snapshot WHERE ${days} AND skill_id = 'skill-7'`,
};

export async function run(bench) {
	const all = { ...pages, ...parts };
	for (const query of Object.values(all)) await bench.pg.run(query);
	const times = await bench.inTurn(Object.entries(all).map(([name, query]) => ({ name, run: () => bench.pg.time(query) })));
	for (const name of Object.keys(pages)) bench.report.under(name, times.get(name), 300);
	for (const name of Object.keys(parts)) bench.report.under(name, times.get(name), 10);
}
