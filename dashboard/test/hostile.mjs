// An account whose names were chosen to do harm, and figures as large as they get.
import { sql } from './helper.mjs';

export const hostile = 'hostile "account" <b>';
export const names = {
	script: '<script>window.wasRun = true</script><img src=x onerror="window.wasRun = true">',
	long: `long ${'x'.repeat(10_000)}`,
	formula: '=HYPERLINK("http://example.invalid","click")',
	quotes: `O'Brien "x"; DROP TABLE goaltracker.account; --`,
	rich: '{a|b}\nnew line\ttab \\N \\',
};
// ids of agents and skills are the keys; one is as odd as its name
export const oddId = 'id\twith \\ and "quotes" & ?skill=1';

export async function makeHostile() {
	await sql('DELETE FROM goaltracker.goal_event WHERE account_id = $1', [hostile]);
	await sql('DELETE FROM goaltracker.agent_segment WHERE account_id = $1', [hostile]);
	await sql('DELETE FROM goaltracker.conversation WHERE account_id = $1', [hostile]);
	for (const table of ['agent', 'skill', 'goal', 'account']) await sql(`DELETE FROM goaltracker.${table} WHERE account_id = $1`, [hostile]);
	await sql(`INSERT INTO goaltracker.account (account_id, account_name, default_currency, attribution_model)
		VALUES ($1, $2, 'EUR', 'all')`, [hostile, names.script]);
	const ids = [...Object.keys(names), oddId];
	const texts = [...Object.values(names), '@odd'];
	for (const what of ['agent', 'skill'])
		await sql(`INSERT INTO goaltracker.${what} (account_id, ${what}_id, ${what}_name)
			SELECT $1, n.id, n.text FROM unnest($2::text[], $3::text[]) AS n (id, text)`, [hostile, ids, texts]);
	await sql(`INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source)
		SELECT $1, 'k' || n, '+consumer' || n, timestamptz '2025-06-01 10:00Z' + n * interval '1 hour', timestamptz '2025-06-01 11:00Z' + n * interval '1 hour', 'WEB'
		FROM generate_series(1, 12) AS n`, [hostile]);
	await sql(`INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at, agent_messages)
		SELECT $1, 'k' || n, 1, '+consumer' || n, ($2::text[])[1 + n % 6], ($2::text[])[1 + n % 6],
			timestamptz '2025-06-01 10:00Z' + n * interval '1 hour', timestamptz '2025-06-01 10:20Z' + n * interval '1 hour', n
		FROM generate_series(1, 12) AS n`, [hostile, ids]);
	await sql(`INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value, lead_value, currency, topic)
		SELECT $1, '-goal' || n, '+consumer' || n, 'Purchase Event', timestamptz '2025-06-02 10:30Z' + n * interval '1 hour',
			CASE n % 3 WHEN 0 THEN 999999999999999.9999 WHEN 1 THEN -0.0001 ELSE 0.1 END, 123456789.4321, 'EUR', $2
		FROM generate_series(1, 12) AS n`, [hostile, names.formula]);
	await sql('SELECT FROM goaltracker.refresh()');
}

export const hostileView = { account: hostile, from: '2025-06-01', to: '2025-06-30' };
