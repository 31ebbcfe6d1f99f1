// One consumer with very many segments and goal events.
import { inSession, dropDatabase } from '../lib/postgres.mjs';
import { median } from '../lib/measure.mjs';
import { watchMemory } from '../lib/processes.mjs';

export const title = 'One consumer with 10,000 segments and 10,000 goal events in 31 days, 50 agents';
export const needs = [];

async function refresh(size, memories) {
	await inSession('postgres', (session) => session.run('CREATE DATABASE heavy'));
	const ms = await inSession('heavy', async (session) => {
		await session.run(`
			CREATE EXTENSION goaltracker;
			INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
			SELECT 'shop', 'k' || n, 'shared phone', t, t + interval '40 minutes'
			FROM generate_series(1, ${size} / 4) AS n, LATERAL (SELECT timestamptz '2025-01-01Z' + n * interval '31 days' / (${size} / 4)) AS o (t);
			INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at)
			SELECT account_id, conversation_id, no, consumer_id, 'agent-' || (no * 7 + row_number() OVER ()) * 31 % 50, 'skill-' || no,
				opened_at + no * interval '8 minutes', opened_at + (no + 1) * interval '8 minutes'
			FROM goaltracker.conversation, generate_series(1, 4) AS no;
			INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
			SELECT 'shop', 'g' || n, 'shared phone', 'Purchase Event', timestamptz '2025-01-01Z' + n * interval '31 days' / ${size}, n
			FROM generate_series(1, ${size}) AS n;
			VACUUM ANALYZE`);
		const memory = await watchMemory(await session.backend(), () => session.time('SELECT goaltracker.refresh()'));
		memories.push(memory.backend);
		return memory.result;
	});
	await dropDatabase('heavy');
	return ms;
}

export async function run(bench) {
	const memories = { 10000: [], 20000: [] };
	const times = await bench.inTurn([10000, 20000].map((size) => ({ name: size, run: () => refresh(size, memories[size]) })));
	const { report } = bench;
	report.under('refresh()', times.get(10000), 30000);
	report.under('private memory of the backend', memories[10000], 512, 'MB');
	const ratio = median(times.get(20000)) / median(times.get(10000));
	report.row({ what: 'both doubled', ours: times.get(20000), ratio, bar: 'at most 2.5 times the time', met: ratio <= 2.5 });
	report.row({ what: 'both doubled: private memory of the backend', ours: memories[20000], unit: 'MB' });
}
