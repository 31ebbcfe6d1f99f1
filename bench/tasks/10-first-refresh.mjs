// The first refresh of everything, and the memory it takes.
import { PlainSql, cloneDatabase, dropDatabase, inSession } from '../lib/postgres.mjs';
import { assertSame, median } from '../lib/measure.mjs';
import { watchMemory } from '../lib/processes.mjs';
import { allTouchpoints, indexes, outcomes, prepare, storedCredits } from '../queries/plain.mjs';

export const title = 'First refresh';
export const needs = ['small', 'reports'];

const writeTables = `CREATE TABLE bench.touchpoint AS ${allTouchpoints}; CREATE TABLE bench.outcome AS ${outcomes};
	${indexes('bench.touchpoint', 'bench.outcome')}`;
const dropTables = 'DROP TABLE IF EXISTS bench.touchpoint, bench.outcome';
const fillViews = '/* hash joins */ REFRESH MATERIALIZED VIEW bench.touchpoint_view; REFRESH MATERIALIZED VIEW bench.outcome_view';

// Plain SQL's rows say of every model and window what the views say.
export async function check(bench) {
	await bench.plain.run(`${dropTables}; ${writeTables}`);
	for (const [model, window] of [['first', 2], ['last', 31], ['all', 3]]) {
		await bench.plain.run(`SET goaltracker.attribution_model = '${model}'; SET goaltracker.contribution_window = ${window}`);
		const ours = `SELECT goal_event_key, segment_key, conversation_date, agent_id, skill_id, user_type, goal_type,
			lead_value, transaction_value, currency, agent_messages, goals_reached, skill_credit, account_credit FROM credit_facts`;
		const theirs = storedCredits('bench.touchpoint', model, window);
		const difference = await bench.plain.lines(`
			(SELECT 'only goaltracker', * FROM (${ours} EXCEPT ALL ${theirs}) AS o LIMIT 5)
			UNION ALL (SELECT 'only plain SQL', * FROM (${theirs} EXCEPT ALL ${ours}) AS t LIMIT 5)`);
		assertSame(`stored touchpoints under ${model}, ${window} days`, [], difference);
	}
	assertSame('events in no report', await bench.plain.lines('SELECT goal_event_id, reason FROM unattributed_goal_events'),
		await bench.plain.lines(`SELECT goal_event_id, CASE WHEN is_duplicate THEN 'duplicate' ELSE 'self-serve' END
			FROM bench.outcome WHERE is_duplicate OR reach_window IS NULL OR reach_window > 3`));
	await bench.plain.run(dropTables);
	await bench.plain.run('RESET goaltracker.attribution_model; RESET goaltracker.contribution_window');
}

async function firstRefresh(template, memories, settings = '') {
	await cloneDatabase('first', template);
	const ms = await inSession('first', async (session) => {
		if (settings) await session.run(settings);
		const memory = await watchMemory(await session.backend(), () => session.time('SELECT goaltracker.refresh()'));
		memories.push(memory);
		return memory.result;
	});
	await dropDatabase('first');
	return ms;
}

export async function run(bench) {
	const memories = { loaded: [], capped: [], small: [] };
	const capped = "SET maintenance_work_mem = '8MB'";
	await cloneDatabase('peer', 'loaded');
	const plain = new PlainSql('peer');
	await plain.run(prepare);
	await plain.run(`CREATE MATERIALIZED VIEW bench.touchpoint_view AS ${allTouchpoints} WITH NO DATA;
		CREATE MATERIALIZED VIEW bench.outcome_view AS ${outcomes} WITH NO DATA;
		${indexes('bench.touchpoint_view', 'bench.outcome_view')}`);
	const times = await bench.inTurn([
		{ name: 'goaltracker', run: () => firstRefresh('loaded', memories.loaded) },
		{ name: 'tables', run: async () => { await plain.run(dropTables); return plain.time(writeTables); } },
	]);
	// takes as long as the tables, so once is enough
	const views = [await plain.time(fillViews)];
	await firstRefresh('loaded', memories.capped, capped);
	await firstRefresh('small', memories.small, capped);
	await plain.close();
	await dropDatabase('peer');

	const { report } = bench;
	report.faster('everything', times.get('goaltracker'), 'plain SQL: CREATE TABLE AS, indexes afterwards', times.get('tables'), 6);
	report.faster('everything', times.get('goaltracker'), 'REFRESH MATERIALIZED VIEW', views);
	const of = (list, part) => list.map((memory) => memory[part]);
	report.under('private memory of the backend, most', of(memories.loaded, 'backend'), 256, 'MB');
	if (median(of(memories.loaded, 'workers')) > 0)
		report.under('private memory of a parallel worker, most', of(memories.loaded, 'workers'), 256, 'MB');
	// Sorting for indexes takes up to maintenance_work_mem; nothing else may grow.
	const growth = median(of(memories.capped, 'backend')) / median(of(memories.small, 'backend'));
	report.row({ what: 'private memory of the backend, maintenance_work_mem 8 MB', ours: of(memories.capped, 'backend'),
		against: 'a tenth of the history', theirs: of(memories.small, 'backend'), unit: 'MB',
		ratio: growth, bar: 'history x 10: at most 1.3 times the memory', met: growth <= 1.3 });
	report.row({ what: 'VmHWM of the backend, shared_buffers it touched included', ours: of(memories.loaded, 'highWater'), unit: 'MB' });
	report.note('Memory is RssAnon of the backend (work_mem 64 MB; maintenance_work_mem as above unless said otherwise) in /proc/PID/status, looked at every 20 ms; VmHWM is read at the end. '
		+ 'Each repetition is made in a fresh copy of the loaded database, read once beforehand.');
}
