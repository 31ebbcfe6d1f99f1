// refresh() after 0.1 % of the consumers changed, here and at a tenth of the history.
import { PlainSql, cloneDatabase, dropDatabase, inSession } from '../lib/postgres.mjs';
import { assertSame, median } from '../lib/measure.mjs';
import * as plain from '../queries/plain.mjs';

export const title = 'Refresh of what changed';
export const needs = ['small', 'reports'];

// Each of the consumers gets a conversation with a segment and a goal event, as
// happens all day.  of: one consumer in so many.
const newFacts = (turn, of) => `
	CREATE TEMPORARY TABLE changing ON COMMIT DROP AS
	SELECT no, consumer_id FROM bench.consumer WHERE no % ${of} = ${turn % of};
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	SELECT 'brand-4711', 'new-${turn}-' || no, consumer_id, '2025-04-01Z', '2025-04-01 01:00Z' FROM changing;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	SELECT 'brand-4711', 'new-${turn}-' || no, 1, consumer_id, 'agent-1', '2025-04-01Z' FROM changing;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
	SELECT 'brand-4711', 'new-${turn}-' || no, consumer_id, 'Purchase Event', '2025-04-01 02:00Z', 10 FROM changing;`;

// And the worst that can happen to the goals they had reached before: every one of
// them has another time, so that all of their rows are written again.
const allMoved = (turn, of) => `${newFacts(turn, of)}
	UPDATE goaltracker.goal_event AS g SET reached_at = reached_at + interval '1 second'
	FROM changing AS c WHERE g.account_id = 'brand-4711' AND g.consumer_id = c.consumer_id;`;

// In a fresh session, as a scheduler would.
async function refreshAfter(change, database, turn, of, changed) {
	return inSession(database, async (session) => {
		await session.run(`BEGIN; ${change(turn, of)} COMMIT;`);
		const { ms, lines } = await session.run('SELECT consumers FROM goaltracker.refresh()');
		changed.push(Number(lines[0]));
		return ms;
	});
}

async function refreshed(database, template) {
	await cloneDatabase(database, template);
	await inSession(database, async (session) => {
		await session.run('SELECT goaltracker.refresh()');
		await session.run('VACUUM ANALYZE');
	});
}

export async function run(bench) {
	await refreshed('large_history', 'loaded');
	await refreshed('small_history', 'small');
	const rows = plain.byAgent(plain.credited('last', 31)['DISTINCT ON, hash joins'], await bench.bucketLabels());
	const peer = new PlainSql('large_history');
	await peer.run(plain.prepare);
	await peer.run(`CREATE MATERIALIZED VIEW bench.by_agent AS ${rows};
		CREATE UNIQUE INDEX ON bench.by_agent (account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency)`);
	const sameRows = async () => assertSame('conversions_by_agent and the materialized view',
		await peer.lines('SELECT * FROM conversions_by_agent'), await peer.lines('SELECT * FROM bench.by_agent'));
	await sameRows();
	const changed = [];
	// The first of each is a warm-up.
	let turn = 0;
	const subjects = [
		{ name: 'large', run: () => refreshAfter(newFacts, 'large_history', ++turn, 1000, changed) },
		{ name: 'small', run: () => refreshAfter(newFacts, 'small_history', turn, 100, []) },
		{ name: 'large, moved', run: () => refreshAfter(allMoved, 'large_history', ++turn, 1000, []) },
		{ name: 'small, moved', run: () => refreshAfter(allMoved, 'small_history', turn, 100, []) },
		{ name: 'view', run: () => peer.time('/* hash joins */ REFRESH MATERIALIZED VIEW bench.by_agent') },
		{ name: 'concurrently', run: () => peer.time('/* hash joins */ REFRESH MATERIALIZED VIEW CONCURRENTLY bench.by_agent') },
	];
	await bench.inTurn(subjects.slice(0, 4), 1);
	const times = await bench.inTurn(subjects);
	await sameRows();
	await peer.close();
	await dropDatabase('large_history');
	await dropDatabase('small_history');

	const { report } = bench;
	for (const [what, suffix] of [[`${changed.at(-1)} consumers with new facts`, ''],
		['the same, and another time for every goal they had reached', ', moved']]) {
		const large = times.get(`large${suffix}`);
		const small = times.get(`small${suffix}`);
		const ratio = median(large) / median(small);
		report.under(what, large, 150);
		report.row({ what: 'as many at a tenth of the history', ours: small, ratio,
			bar: 'history x 10: at most 1.3 times the time', met: ratio <= 1.3 });
	}
	report.faster('against one report of the four, one model and window', times.get('large'), 'REFRESH MATERIALIZED VIEW', times.get('view'));
	report.faster('the same', times.get('large'), 'REFRESH MATERIALIZED VIEW CONCURRENTLY', times.get('concurrently'));
}
