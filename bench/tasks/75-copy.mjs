// What noticing changes costs a load.
import { cloneDatabase, dropDatabase, inSession } from '../lib/postgres.mjs';
import { median } from '../lib/measure.mjs';

export const title = 'COPY into the three fact tables';
export const needs = [];

const tables = ['conversation', 'agent_segment', 'goal_event'];
const without = tables.map((table) => `ALTER TABLE goaltracker.${table} DISABLE TRIGGER USER`).join(';\n');
const naive = `${without};
	CREATE TABLE bench.changed (account_id text COLLATE "C" NOT NULL, consumer_id text COLLATE "C" NOT NULL);
	CREATE INDEX ON bench.changed (account_id, consumer_id);
	CREATE FUNCTION bench.note() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO bench.changed SELECT DISTINCT account_id, consumer_id FROM inserted;
		RETURN NULL;
	END $$;
	${tables.map((table) => `CREATE TRIGGER note AFTER INSERT ON goaltracker.${table} REFERENCING NEW TABLE AS inserted
		FOR EACH STATEMENT EXECUTE FUNCTION bench.note();`).join('\n')}`;
// A row makes refresh begin with the account: from then on each consumer counts.
const begin = `INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
	VALUES ('brand-4711', 'first', 'nobody', '2025-01-01Z'); SELECT goaltracker.refresh();`;

// Loads parts of the files, in new copies of the same empty database.
async function load(bench, template, setUp) {
	await cloneDatabase('copying', template);
	try {
		return await inSession('copying', async (session) => {
			if (setUp) await session.run(setUp);
			await session.run('CHECKPOINT');
			return session.time(bench.copies.join(';\n'));
		});
	} finally {
		await dropDatabase('copying');
	}
}

const columns = {
	conversation: 'account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id',
	agent_segment: `account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog,
		assigned_at, ended_at, agent_messages, agent_responses`,
	goal_event: `account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency,
		brand_event_id, topic, service_activity_status`,
};

export async function run(bench) {
	// A part of the data: enough for the bar, and each copy takes a while.
	const share = Math.max(5, bench.conversations / 200000);
	const directory = `${bench.work}/data-loaded`;
	const rows = {};
	bench.copies = [];
	await inSession('loaded', async (session) => {
		for (const table of tables) {
			rows[table] = Math.ceil(Number(await session.value(`SELECT count(*) FROM goaltracker.${table}`)) / share);
			await session.run(`\\! head -n ${rows[table]} '${directory}/${table}.tsv' > '${directory}/part_${table}.tsv'`);
			bench.copies.push(`COPY goaltracker.${table} (${columns[table].replace(/\s+/g, ' ')}) FROM '${directory}/part_${table}.tsv'`);
		}
	});
	await inSession('postgres', (session) => session.run('CREATE DATABASE copy_new; CREATE DATABASE copy_known'));
	await inSession('copy_new', (session) => session.run('CREATE EXTENSION goaltracker; CREATE SCHEMA bench; VACUUM ANALYZE'));
	await inSession('copy_known', (session) => session.run(`CREATE EXTENSION goaltracker; CREATE SCHEMA bench; ${begin} VACUUM ANALYZE`));
	const times = await bench.inTurn([
		{ name: 'without', run: () => load(bench, 'copy_known', without) },
		{ name: 'noticing', run: () => load(bench, 'copy_known') },
		{ name: 'first load', run: () => load(bench, 'copy_new') },
		{ name: 'naive', run: () => load(bench, 'copy_known', naive) },
	]);
	const base = times.get('without');
	const { report } = bench;
	for (const [what, name, limit] of [['changes noticed, account refreshed before', 'noticing', 1.35], ['changes noticed, first load', 'first load', 1.35],
		['a naive statement trigger in their place', 'naive']]) {
		const ratio = median(times.get(name)) / median(base);
		report.row({ what, ours: times.get(name), against: 'the same without noticing', theirs: base, ratio,
			bar: limit ? `at most ${limit} times` : '', met: limit ? ratio <= limit : undefined });
	}
	report.note(`${tables.map((table) => `${rows[table]} rows of ${table}`).join(', ')}, one COPY each, into empty tables with all keys, indexes and checks. `
		+ 'Here the ratio is goaltracker by its base.');
	await dropDatabase('copy_new');
	await dropDatabase('copy_known');
}
