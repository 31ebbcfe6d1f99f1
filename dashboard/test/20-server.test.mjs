// The server: who may ask for what, what it refuses, the grid and its download, a database that
// goes away.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { hostile, hostileView, makeHostile, names, oddId } from './hostile.mjs';
import { june, query, shop, sql, startDashboard, value } from './helper.mjs';

let dashboard;
before(async () => {
	await makeHostile();
	dashboard = await startDashboard({ DASHBOARD_STATEMENT_TIMEOUT: '20' });
});
after(() => dashboard.stop());

const status = async (path, headers) => (await dashboard.get(path, headers)).status;
const report = (view, more = '') => `/api/report?page=skills&${query(view)}${more}`;

test('the role of the dashboard is a reader and nothing else', async () => {
	const rights = await sql(`SELECT c.relname, c.relkind FROM pg_class AS c
		WHERE c.relnamespace = 'goaltracker'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
			AND has_any_column_privilege('dashboard', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') ORDER BY 1`);
	assert.ok(rights.length > 0);
	assert.deepEqual(rights.filter(({ relkind }) => relkind !== 'v'), []);
	assert.deepEqual(await sql(`SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'goaltracker'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
			AND has_table_privilege('dashboard', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')`), []);
});

test('every answer carries the headers that keep strangers out', async () => {
	for (const path of ['/', '/api/status', '/style.css', '/nothing', '/api/report']) {
		const { headers } = await dashboard.get(path);
		const policy = headers.get('content-security-policy');
		assert.match(policy, /default-src 'none'/);
		assert.match(policy, /script-src 'self'(;|$)/);
		assert.match(policy, /frame-ancestors 'none'/);
		assert.doesNotMatch(policy, /unsafe/);
		assert.equal(headers.get('x-content-type-options'), 'nosniff');
		assert.equal(headers.get('referrer-policy'), 'no-referrer');
	}
	assert.equal((await dashboard.get('/api/status')).headers.get('cache-control'), 'no-store');
});

test('it listens on loopback and answers to its own names alone', async () => {
	assert.match(dashboard.url, /^http:\/\/127\.0\.0\.1:/);
	const { request } = await import('node:http');
	const asked = (host) => new Promise((resolve, reject) => {
		request(`${dashboard.url}/api/status`, { headers: { Host: host } }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', reject).end();
	});
	assert.equal(await asked('evil.example'), 421);
	assert.equal(await asked('localhost:99'), 200);
});

test('reading is all there is', async () => {
	for (const method of ['POST', 'PUT', 'DELETE'])
		assert.equal((await fetch(`${dashboard.url}/api/status`, { method })).status, 405);
	for (const path of ['/../server.mjs', '/%2e%2e/server.mjs', '/app/../../server.mjs', '/package.json', '/lib/app.mjs', '/app'])
		assert.equal(await status(path), 404, path);
});

test('what cannot be meant is refused, and says so', async () => {
	for (const [part, said] of [
		[{ from: '2025-02-30' }, /takes a date/], [{ from: `2025-06-01'; SELECT 1` }, /takes a date/], [{ to: '2025-05-01' }, /before it starts/],
		[{ to: '2035-05-01' }, /at most/], [{ model: 'best' }, /first, last, all/], [{ window: '32' }, /0 to 31/], [{ offset: '15' }, /-12 to 14/],
		[{ dateOf: 'any' }, /conversation, goal/], [{ account: '' }, /No account/], [{ skill: 'x'.repeat(20_001) }, /too long/], [{ agent: 'a\0b' }, /character/],
	]) {
		const response = await dashboard.get(report({ ...june, ...part }));
		assert.equal(response.status, 400, JSON.stringify(part));
		assert.match((await response.json()).message, said);
	}
	for (const part of ['sort=conversions;drop', 'size=1000', 'number=0', 'number=99999999'])
		assert.equal(await status(`/api/grid?${query(june)}&${part}`), 400, part);
	assert.equal(await status(report({ ...june, account: 'nobody' })), 404);
});

test('names and ids that were chosen to do harm are data', async () => {
	const page = await dashboard.json(`/api/report?page=agents&${query(hostileView)}`);
	assert.equal(page.status.name, names.script);
	assert.deepEqual(page.agents.map(({ name }) => name).sort(), [...Object.values(names), '@odd'].sort());
	const one = await dashboard.json(`/api/report?page=agents&${query({ ...hostileView, agent: oddId })}`);
	assert.deepEqual(one.agents.map(({ id }) => id), [oddId]);
	assert.equal(one.names.agent, '@odd');
	const quote = await dashboard.json(report({ ...hostileView, agent: `' OR true --` }));
	assert.equal(quote.total.goals, 0);
	assert.equal(await value('SELECT count(*) FROM goaltracker.account WHERE account_id = $1', [hostile]), '1');
});

test('money is exact, however large', async () => {
	for (const model of ['all', 'linear']) {
		const view = { ...hostileView, model };
		const { total, skills } = await dashboard.json(report(view));
		const [wanted] = await sql(`SELECT sum(transaction_value) AS transaction, sum(lead_value) AS lead
			FROM goaltracker.conversions_by_account WHERE account_id = $1`, [hostile], view);
		assert.deepEqual([total.transaction, total.lead], [wanted.transaction, wanted.lead], model);
		assert.match(total.transaction, /^4000000000000000\.399\d$/);
		const bySkill = await sql(`SELECT skill_id, sum(transaction_value) AS transaction
			FROM goaltracker.conversions_by_skill WHERE account_id = $1 GROUP BY skill_id`, [hostile], view);
		assert.deepEqual(skills.map((skill) => [skill.id, skill.transaction]).sort(), bySkill.map((skill) => [skill.skill_id, skill.transaction]).sort(), model);
	}
});

const gridRows = async (view, more = '') => dashboard.json(`/api/grid?${query(view)}${more}`);
const column = ({ columns, rows }, name) => rows.map((row) => row[columns.findIndex((c) => c.name === name)]);

test('the grid has every attribute of the view, and pages leave nothing out', async () => {
	const { columns } = await gridRows(june);
	const wanted = (await sql(`SELECT attname FROM pg_attribute WHERE attrelid = 'goaltracker.conversion_grid'::regclass AND attnum > 0`)).map(({ attname }) => attname);
	const known = new Set([...columns.map(({ name }) => name), 'account_id', 'hour']);		// hour is shown as hour_label
	const promised = 'goal_event_id goal_name goal_type goal_event_type goal_timestamp brand_event_id currency lead_value transaction_value topic service_activity_status conversation conversation_open_time segment_no skill_id skill agent_id agent agent_group user_type agent_assignment_time agent_segment_start_reason agent_segment_end_reason campaign_name engagement_name source consumer_id conversation_date week hour_label goals_reached conversions weight attributed_lead_value attributed_transaction_value skill_credit account_credit agent_messages agent_responses time_assigned goal_event_key segment_key'.split(' ');
	assert.deepEqual(promised.filter((name) => !known.has(name)), []);
	assert.ok([...known].every((name) => wanted.includes(name)));
	const parts = ['conversions', 'weight', 'attributed_lead_value', 'attributed_transaction_value', 'lead_value', 'goals_reached'];
	for (const [model, sort, order] of [...columns.map(({ name }, n) => ['all', name, n % 2 ? 'asc' : 'desc']), ...parts.map((name) => ['time_decay', name, 'desc'])]) {
		const keys = [];
		let found;
		for (let number = 1; keys.length < (found ?? 1); number++) {
			const page = await gridRows({ ...june, to: '2025-06-07', model }, `&sort=${sort}&order=${order}&size=200&number=${number}`);
			found = page.found;
			keys.push(...page.rows.map((row) => `${row[columns.findIndex((c) => c.name === 'goal_event_key')]} ${row[columns.findIndex((c) => c.name === 'segment_key')]}`));
			assert.ok(page.rows.length > 0, `page ${number}`);
		}
		const all = await sql(`SELECT goal_event_key || ' ' || COALESCE(segment_key::text, 'null') AS key FROM goaltracker.conversion_grid
			WHERE account_id = $1 AND conversation_date BETWEEN '2025-06-01' AND '2025-06-07'
			ORDER BY ${sort} ${order} NULLS LAST, goal_event_key ${order}, segment_key ${order}`, [shop], { model });
		assert.deepEqual(keys, all.map(({ key }) => key), `${model} ${sort}`);
	}
});

test('a search finds ids and names, whatever is typed', async () => {
	const found = async (text) => (await gridRows({ ...june, model: 'all' }, `&search=${encodeURIComponent(text)}`)).found;
	const wanted = (text) => value(`SELECT count(*) FROM goaltracker.conversion_grid WHERE account_id = $1 AND conversation_date BETWEEN '2025-06-01' AND '2025-06-30'
		AND concat_ws(chr(1), goal_event_id, goal_name, brand_event_id, conversation, skill, skill_id, agent, agent_id, consumer_id) ILIKE '%' || $2 || '%'`,
	[shop, text.replace(/[\\%_]/g, '\\$&')], { model: 'all' });
	for (const text of ['alma', 'FK-1001', 'c-0007', 'tea', 'no such thing', '_', '%', `'`, '\\'])
		assert.equal(String(await found(text)), await wanted(text), text);
	assert.ok(await found('alma') > 0);
	const within = async (place, text) => (await gridRows({ ...june, model: 'all' }, `&place=${place}&search=${encodeURIComponent(text)}`)).found;
	const count = (where) => value(`SELECT count(*) FROM goaltracker.conversion_grid WHERE account_id = $1 AND conversation_date BETWEEN '2025-06-01' AND '2025-06-30' AND ${where}`, [shop], { model: 'all' });
	assert.equal(String(await within('names', 'TEA')), await count(`skill = 'Tea Advice'`));
	assert.equal(String(await within('names', 'assigned')), await count(`(agent_id IS NULL OR skill_id IS NULL)`));
	assert.equal(await within('names', 'e-1'), 0);
	assert.equal(String(await within('consumer', 'c-0007')), await count(`consumer_id = 'c-0007'`));
	assert.equal(await within('consumer', 'c-000'), 0);
	assert.equal(await status(`/api/grid?${query(june)}&place=else`), 400);
	assert.ok(await found('_') < 10);
	assert.equal(await found('x'.repeat(10_000)), 0);
});

// RFC 4180
function parseCsv(text) {
	const rows = [[]];
	for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
		rows.at(-1).push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
		if (end !== ',') rows.push([]);
	}
	rows.pop();
	return rows;
}

for (const model of ['all', 'position_based']) test(`a download is exactly what is filtered, under ${model}`, async () => {
	const view = { ...june, model, window: '7', skill: '501' };
	const response = await dashboard.get(`/api/grid.csv?${query(view)}&search=alma&sort=conversation&order=asc`);
	assert.match(response.headers.get('content-type'), /text\/csv/);
	assert.match(response.headers.get('content-disposition'), /^attachment; filename="conversion-grid-fern-and-kettle-2025-06-01-2025-06-30\.csv"$/);
	const [header, ...rows] = parseCsv(await response.text());
	const wanted = await sql(`SELECT ${header.join(', ')} FROM goaltracker.conversion_grid
		WHERE account_id = $1 AND conversation_date BETWEEN '2025-06-01' AND '2025-06-30' AND skill_id = '501' AND agent = 'Alma'
		ORDER BY conversation, goal_event_key, segment_key`, [shop], view);
	assert.ok(rows.length > 200);
	const instants = header.flatMap((name, n) => (/_time(stamp)?$/.test(name) ? [n] : []));
	const plain = (row) => row.map((text, n) => (instants.includes(n) && text ? new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString() : text));
	assert.deepEqual(rows.map(plain), wanted.map((row) => plain(header.map((name) => row[name] ?? ''))));
	assert.equal(header.length, new Set(header).size);
});

test('a spreadsheet finds no formula in a download', async () => {
	const text = await (await dashboard.get(`/api/grid.csv?${query(hostileView)}`)).text();
	const [header, ...rows] = parseCsv(text);
	const at = (name) => rows.map((row) => row[header.indexOf(name)]);
	assert.ok(at('topic').every((topic) => topic === `'${names.formula}`));
	assert.ok(at('goal_event_id').every((id) => id.startsWith(`'-goal`)));
	assert.ok(at('consumer_id').every((id) => id.startsWith(`'+consumer`)));
	assert.ok(at('transaction_value').includes('-0.0001'));		// a number stays one
	assert.ok(at('agent').includes(names.rich));
});

test('a download that is cut says so', async () => {
	const small = await startDashboard({ DASHBOARD_MOST_DOWNLOADED: '10' });
	try {
		const rows = parseCsv(await (await small.get(`/api/grid.csv?${query(june)}`)).text());
		assert.equal(rows.length, 12);
		assert.match(rows.at(-1)[0], /^Cut here: a download has at most 10 rows,/);
	} finally {
		await small.stop();
	}
});

test('what is too much is refused, not shown in part', async () => {
	const small = await startDashboard({ DASHBOARD_MOST_ROWS: '100' });
	try {
		const response = await small.get(report(june));
		assert.equal(response.status, 422);
		assert.equal((await response.json()).error, 'too-much');
	} finally {
		await small.stop();
	}
});

test('a refresh, a setting and a restriction are noticed at once, a name within the time given', async () => {
	const quick = await startDashboard({ DASHBOARD_CACHE_SECONDS: '3600' });
	const account = 'watched';
	const view = { account, from: '2025-06-01', to: '2025-06-30' };
	const total = async () => (await quick.json(report(view))).total.goals;
	try {
		await sql(`DELETE FROM goaltracker.goal_event WHERE account_id = $1`, [account]);
		await sql(`INSERT INTO goaltracker.account (account_id) VALUES ($1) ON CONFLICT (account_id) DO UPDATE SET attribution_model = 'last'`, [account]);
		await sql(`INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ($1, 'k', 'c', '2025-06-02 10:00Z', '2025-06-02 11:00Z') ON CONFLICT DO NOTHING`, [account]);
		await sql(`INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at)
			VALUES ($1, 'k', 1, 'c', 'a', 's', '2025-06-02 10:00Z', '2025-06-02 10:10Z'), ($1, 'k', 2, 'c', 'b', 't', '2025-06-02 10:10Z', '2025-06-02 10:20Z') ON CONFLICT DO NOTHING`, [account]);
		await sql(`INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ($1, 'g1', 'c', 'Purchase Event', '2025-06-03 10:00Z')`, [account]);
		await sql('SELECT FROM goaltracker.refresh()');
		assert.equal(await total(), 1);
		assert.equal((await quick.json(report(view))).isFromCache, true);
		await sql(`INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ($1, 'g2', 'c', 'Purchase Event', '2025-06-04 10:00Z')`, [account]);
		const waiting = await quick.json(report(view));
		assert.deepEqual([waiting.total.goals, waiting.status.pendingConsumers], [1, 1]);		// not refreshed yet, and says so
		await sql('SELECT FROM goaltracker.refresh()');
		assert.equal(await total(), 2);
		assert.deepEqual((await quick.json(report(view))).skills.map(({ id }) => id), ['t']);
		await sql(`UPDATE goaltracker.account SET attribution_model = 'all' WHERE account_id = $1`, [account]);
		assert.deepEqual((await quick.json(report(view))).skills.map(({ id }) => id), ['s', 't']);
		await sql(`SELECT goaltracker.restrict_reader('dashboard', $1)`, [shop]);
		assert.equal((await quick.get(report(view))).status, 404);
		assert.deepEqual((await quick.json('/api/status')).accounts.map((a) => a.account), [shop]);
		assert.equal((await quick.json(report(june))).total.goals, 1669);
	} finally {
		await sql(`SELECT goaltracker.unrestrict_reader('dashboard')`).catch(() => {});
		await quick.stop();
	}
});

// Whoever holds this lock keeps the grid waiting, and nothing else.
async function whileLocked(work) {
	const client = new pg.Client();
	await client.connect();
	try {
		await client.query('BEGIN; LOCK TABLE goaltracker.engagement IN ACCESS EXCLUSIVE MODE');
		await work();
	} finally {
		await client.end();
	}
}

test('a statement that takes too long is given up, and so is one that nobody waits for', async () => {
	const waiting = () => value(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'goaltracker dashboard' AND state = 'active' AND wait_event_type = 'Lock' AND query LIKE '%conversion_grid%'`);
	const until = async (wanted) => {
		for (let n = 0; n < 200; n++) {
			if (await waiting() === wanted) return true;
			await new Promise((resolve) => { setTimeout(resolve, 50); });
		}
		return false;
	};
	const quick = await startDashboard({ DASHBOARD_STATEMENT_TIMEOUT: '5' });
	try {
		await quick.json(`/api/grid?${query(june)}`);
		await whileLocked(async () => {
			const response = await quick.get(`/api/grid?${query(june)}`);
			assert.equal(response.status, 504);
			assert.equal((await response.json()).error, 'too-slow');
		});
	} finally {
		await quick.stop();
	}
	// one that reads nothing ahead or again meanwhile, which would wait for the lock too
	const patient = await startDashboard({ DASHBOARD_CACHE_SECONDS: '3600' });
	const view = { ...june, model: 'last' };
	try {
		await patient.json(`/api/grid?${query(view)}`);
		await new Promise((resolve) => { setTimeout(resolve, 2000); });
		await whileLocked(async () => {
			const abort = new AbortController();
			const asked = fetch(`${patient.url}/api/grid?${query(view)}`, { signal: abort.signal }).catch((error) => error.name);
			assert.ok(await until('1'));
			abort.abort();
			assert.equal(await asked, 'AbortError');
			assert.ok(await until('0'));			// long before the 30 seconds that a statement has
		});
		assert.equal((await patient.get(`/api/grid?${query(view)}`)).status, 200);
	} finally {
		await patient.stop();
	}
});

test('a database that goes away and comes back', { skip: !process.env.PGDATA }, async () => {
	const pgCtl = (...all) => execFileSync('pg_ctl', ['-D', process.env.PGDATA, '-w', ...all], { stdio: 'ignore' });
	assert.equal(await status(report(june)), 200);
	pgCtl('stop', '-m', 'fast');
	try {
		for (const path of [report(june), '/api/status', `/api/grid?${query(june)}`, `/api/grid.csv?${query(june)}`]) {
			const response = await dashboard.get(path);
			assert.equal(response.status, 503, path);
			assert.equal((await response.json()).error, 'database-away', path);
		}
		assert.equal(await status('/'), 200);
	} finally {
		pgCtl('start', '-l', `${process.env.PGDATA}/../server-again.log`);
	}
	assert.equal(await status(report(june)), 200);
	assert.equal((await dashboard.json(report(june))).total.goals, 1669);
});
