// The pages, in a real browser: what they show against what SQL says, clicked, typed and shared.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { hostileView, makeHostile, names } from './hostile.mjs';
import { june, query, shop, sql, startBrowser, startDashboard, value } from './helper.mjs';

let dashboard;
let browser;
let page;
let complaints = [];

before(async () => {
	await makeHostile();
	dashboard = await startDashboard();
	browser = await startBrowser();
	page = await newPage();
}, { timeout: 120_000 });
after(async () => {
	await browser?.close();
	await dashboard?.stop();
});

async function newPage(options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
	const made = await context.newPage();
	made.setDefaultTimeout(20_000);
	made.on('pageerror', (error) => complaints.push(error.message));
	made.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
	return made;
}

// Waits until what the address says is what is shown.
const settled = (on = page) => on.waitForFunction(() => document.querySelector('#page').dataset.shown === location.search
	&& !document.querySelector('#page').classList.contains('is-loading') && document.querySelector('#page').children.length > 0);

async function open(view, on = page) {
	await on.goto(`${dashboard.url}/?${query(view)}`);
	await settled(on);
}

async function act(action, on = page) {
	const before = on.url();
	await action();
	await on.waitForURL((url) => url.href !== before);
	await settled(on);
}

const tile = async (id) => (await page.textContent(`#tile-${id} dd`)).trim();
const rowsOf = (selector) => page.$$eval(`${selector} tbody tr`, (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
const count = (text) => Number(text.replaceAll(',', ''));

async function tableOf(card) {
	const button = page.locator(`#card-${card} > header button`);
	if (await button.getAttribute('aria-expanded') === 'false') await button.click();
	return rowsOf(`#card-${card}`);
}

// What ECharts was told to draw.
const drawn = (card) => page.evaluate(async (id) => {
	const echarts = await import('/echarts.mjs');
	const { series, xAxis, yAxis } = echarts.getInstanceByDom(document.getElementById(`chart-${id}`)).getOption();
	const plain = (data) => data.map((item) => (typeof item === 'object' ? item.value : item));
	return series.map(({ name, data, type }) => ({ name: name?.trimEnd(), type, values: plain(data), labels: type === 'pie' ? data.map((item) => item.name) : (xAxis[0].data ?? yAxis[0].data).map((text) => text.trimEnd()) }));
}, card);

// A click on a mark, as a hand makes it.
async function clickMark(card, seriesIndex, dataIndex, on = page) {
	await on.locator(`#chart-${card}`).scrollIntoViewIfNeeded();
	await on.waitForTimeout(500);				// drawn to the end
	const at = await on.evaluate(async ([id, s, d]) => {
		const echarts = await import('/echarts.mjs');
		const node = document.getElementById(`chart-${id}`);
		const chart = echarts.getInstanceByDom(node);
		const data = chart.getModel().getSeriesByIndex(s).getData();
		const box = node.getBoundingClientRect();
		const layout = data.getItemLayout(d);
		if (layout.startAngle !== undefined) {
			const angle = (layout.startAngle + layout.endAngle) / 2;
			const radius = (layout.r0 + layout.r) / 2;
			return [box.x + layout.cx + radius * Math.cos(angle), box.y + layout.cy + radius * Math.sin(angle)];
		}
		return [box.x + layout.x + layout.width / 2, box.y + layout.y + layout.height / 2];
	}, [card, seriesIndex, dataIndex]);
	await on.mouse.click(...at);
}

const range = [shop, june.from, june.to];
const inJune = 'account_id = $1 AND conversation_date BETWEEN $2 AND $3';

test('page 1 shows what SQL says, in charts and in tables', async () => {
	await open(june);
	const bySkill = await sql(`SELECT skill, trim_scale(sum(conversions)) AS conversions FROM goaltracker.conversions_by_skill
		WHERE ${inJune} GROUP BY skill ORDER BY sum(conversions) DESC, skill`, range);
	const [pie] = await drawn('skills');
	assert.deepEqual(pie.labels.map((label, n) => [label, pie.values[n]]), bySkill.map((row) => [row.skill, Number(row.conversions)]));
	assert.deepEqual((await tableOf('skills')).map((row) => [row[0], count(row[1])]), bySkill.map((row) => [row.skill, Number(row.conversions)]));
	const byDay = await sql(`SELECT skill, conversation_date, trim_scale(sum(conversions)) AS n FROM goaltracker.conversions_by_skill
		WHERE ${inJune} GROUP BY 1, 2 HAVING sum(conversions) > 0`, range);
	const columns = await drawn('dates');
	assert.equal(columns.flatMap(({ values }) => values).filter(Boolean).length, byDay.length);
	for (const { skill, conversation_date: date, n } of byDay)
		assert.equal(columns.find(({ name }) => name === skill).values[Number(date.slice(8)) - 1], Number(n), `${skill} ${date}`);
	const byWeekday = await sql(`SELECT weekday_name, duration_bucket_no, trim_scale(sum(conversions)) AS n FROM goaltracker.conversions_by_skill
		WHERE ${inJune} GROUP BY weekday_name, weekday, duration_bucket_no HAVING sum(conversions) > 0 ORDER BY weekday`, range);
	const table = await tableOf('weekdays');
	for (const row of byWeekday) assert.equal(count(table.find(([day]) => day === row.weekday_name)[1 + Number(row.duration_bucket_no)]), Number(row.n), JSON.stringify(row));
	assert.equal(table.flatMap((row) => row.slice(1, -1)).filter((text) => text !== '0').length, byWeekday.length);
	const [brand] = await sql(`SELECT trim_scale(sum(conversions)) AS n, sum(transaction_value) FILTER (WHERE currency = 'EUR') AS money
		FROM goaltracker.conversions_by_account WHERE ${inJune}`, range);
	assert.equal(count(await tile('conversions')), Number(brand.n));
	assert.equal(await tile('transaction'), `${Number(brand.money).toLocaleString('en', { minimumFractionDigits: 2 })} EUR`);
});

test('page 2 shows what SQL says, and its table sorts', async () => {
	await open({ ...june, page: 'agents' });
	const wanted = await sql(`SELECT agent, trim_scale(sum(conversions)) AS conversions, sum(agent_messages) AS messages, sum(agent_responses) AS responses,
		extract(epoch FROM sum(time_assigned))::bigint AS seconds, sum(lead_value) AS lead, sum(transaction_value) AS transaction
		FROM goaltracker.agent_summary WHERE ${inJune} GROUP BY agent ORDER BY sum(conversions) DESC`, range);
	const shown = async () => (await rowsOf('#card-agents')).map((row) => ({ agent: row[0], conversions: row[2], messages: row[4], responses: row[5],
		seconds: row[6].replaceAll(',', '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0), lead: row[7], transaction: row[8] }));
	const rows = await shown();
	assert.deepEqual(rows.map(({ agent }) => agent), wanted.map(({ agent }) => agent));
	for (const [n, row] of rows.entries()) {
		assert.deepEqual([row.conversions, row.messages, row.responses].map(count), [wanted[n].conversions, wanted[n].messages, wanted[n].responses].map(Number), row.agent);
		assert.deepEqual([row.lead, row.transaction].map(count), [wanted[n].lead, wanted[n].transaction].map(Number), row.agent);
		assert.ok(Math.abs(row.seconds - Number(wanted[n].seconds)) < 600, row.agent);		// one segment is going on
	}
	await act(() => page.click('#card-agents [data-sort="messages"]'));
	const messages = (await shown()).map((row) => count(row.messages));
	assert.deepEqual(messages, [...messages].sort((a, b) => b - a));
	await act(() => page.click('#card-agents [data-sort="messages"]'));
	assert.deepEqual((await shown()).map((row) => count(row.messages)), [...messages].reverse());
	const bars = await drawn('agentDurations');
	const byAgent = await sql(`SELECT agent, duration_bucket, trim_scale(sum(conversions)) AS n FROM goaltracker.conversions_by_agent
		WHERE ${inJune} GROUP BY 1, 2 HAVING sum(conversions) > 0`, range);
	for (const { agent, duration_bucket: bucket, n } of byAgent) {
		const series = bars.find(({ name }) => name === bucket);
		assert.equal(series.values[series.labels.indexOf(agent)], Number(n), `${agent} ${bucket}`);
	}
	assert.equal(bars.flatMap(({ values }) => values).filter(Boolean).length, byAgent.length);
});

test('a click on a slice filters every other chart, a second click lifts it', async () => {
	await open({ ...june, model: 'all' });
	const [before] = await drawn('skills');
	const all = await tile('conversions');
	const at = before.labels.indexOf('Plant Care');
	await act(() => clickMark('skills', 0, at));
	assert.match(page.url(), /skill=502&skillIn=skills/);
	assert.equal(await page.textContent('#filters .chip'), 'Skill: Plant Care ✕');
	assert.deepEqual((await drawn('skills'))[0].labels, before.labels);		// where it was set the others stay
	assert.deepEqual((await drawn('dates')).map(({ name }) => name), ['Plant Care']);
	const wanted = await value(`SELECT goaltracker.count_once(goal_event_key) FROM goaltracker.conversion_grid
		WHERE ${inJune} AND skill_id = '502' AND goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete')`, range, { model: 'all' });
	assert.equal(count(await tile('conversions')), Number(wanted));
	assert.notEqual(await tile('conversions'), all);
	const weekdays = (await drawn('weekdays')).flatMap(({ values }) => values).reduce((a, b) => a + b, 0);
	assert.equal(weekdays, before.values[at]);
	await act(() => clickMark('skills', 0, at));
	assert.equal(await tile('conversions'), all);
	assert.equal(await page.locator('#filters .chip').count(), 0);
	await act(() => clickMark('dates', 0, 3));
	assert.match(page.url(), /skillIn=dates/);
	assert.equal((await drawn('skills'))[0].labels.length, 1);
});

test('a click on an agent filters every other chart on its page, and the filter goes along to the others', async () => {
	await open({ ...june, model: 'all', page: 'agents' });
	const agents = (await drawn('agentDurations'))[0].labels;
	await act(() => clickMark('agentDurations', 0, agents.indexOf('Bruno')));
	assert.deepEqual((await rowsOf('#card-agents')).map(([agent]) => agent), ['Bruno']);
	const wanted = await sql(`SELECT skill, goaltracker.count_once(goal_event_key) AS n FROM goaltracker.conversion_grid
		WHERE ${inJune} AND agent = 'Bruno' AND goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete')
		GROUP BY skill`, range, { model: 'all' });
	const rows = await tableOf('skillDurations');
	assert.deepEqual(Object.fromEntries(rows.map((row) => [row[0], count(row.at(-1))])), Object.fromEntries(wanted.map((row) => [row.skill, Number(row.n)])));
	await act(() => page.click('nav >> text=Conversion tracking by skill'));
	assert.equal(await page.textContent('#filters .chip'), 'Agent: Bruno ✕');
	assert.deepEqual((await tableOf('skills')).map(([name]) => name).sort(), wanted.map(({ skill }) => skill).sort());
	await act(() => page.click('#filters .chip'));
	assert.equal(await page.locator('#filters .chip').count(), 0);
});

test('model and window: what if, at once, and the account keeps its own', async () => {
	await open(june);
	assert.match(await page.textContent('#settings'), /^Last, 14 days \(the account's own settings\)/);
	for (const [model, window] of [['first', ''], ['all', '3'], ['all', '0'], ['last', '31'], ['first_human', '31'], ['last_human', '31']]) {
		const part = await page.evaluate(() => location.search);
		if (!part.includes(`model=${model}`)) await act(() => page.selectOption('[name=model]', model));
		if (window !== '' && !part.includes(`window=${window}`)) await act(() => page.selectOption('[name=window]', window));
		const wanted = await value(`SELECT trim_scale(sum(conversions)) FROM goaltracker.conversions_by_account WHERE ${inJune}`, range, { model, window });
		assert.equal(count(await tile('conversions')), Number(wanted), `${model} ${window}`);
		const skills = await value(`SELECT trim_scale(sum(conversions)) FROM goaltracker.conversions_by_skill WHERE ${inJune}`, range, { model, window });
		assert.equal((await drawn('skills'))[0].values.reduce((a, b) => a + b, 0), Number(skills), `${model} ${window}`);
		assert.match(await page.textContent('#settings'), /^What if: .*The account's own settings, Last, 14 days, are untouched/);
	}
	assert.equal(await value('SELECT attribution_model || contribution_window FROM goaltracker.account WHERE account_id = $1', [shop]), 'last14');
});

test('under models that share, agents show their parts, as conversions_by_agent has them', async () => {
	const decimals = (text, most) => Number(text).toLocaleString('en', { maximumFractionDigits: most });
	await open({ ...june, page: 'agents' });
	assert.deepEqual(await page.$$eval('[name=model] option', (all) => all.map((option) => option.textContent)),
		['Last (the account\'s)', 'First', 'Last', 'All', 'Linear', 'Time decay', 'Position based', 'First human', 'Last human']);
	const shown = async () => Object.fromEntries((await rowsOf('#card-agents')).map((row) => [row[0], [row[2], count(row[3]), count(row[8])]]));
	let before = await shown();
	for (const [name, model, said] of [['Linear', 'linear', 'Linear'], ['Time decay', 'time_decay', 'Time decay (half-life 7 days)'],
		['Position based', 'position_based', 'Position based (weights 40, 20, 40)']]) {
		await act(() => page.selectOption('[name=model]', { label: name }));
		const wanted = await sql(`SELECT agent, sum(conversions) AS conversions, sum(goals_reached) AS goals,
			COALESCE(sum(transaction_value) FILTER (WHERE currency = 'EUR'), 0) AS transaction
			FROM goaltracker.conversions_by_agent WHERE ${inJune} GROUP BY agent`, range, { model });
		const now = await shown();
		for (const { agent, conversions, goals, transaction } of wanted)
			assert.deepEqual(now[agent], [decimals(conversions, 6), Number(goals), Number(transaction)], `${name}: ${agent}`);
		assert.notDeepEqual(now, before, name);
		before = now;
		const bars = await drawn('agentDurations');
		const sums = Object.fromEntries(bars[0].labels.map((agent, n) => [agent, bars.reduce((sum, { values }) => sum + values[n], 0)]));
		for (const { agent, conversions } of wanted.filter((row) => row.agent in sums))
			assert.equal(sums[agent].toFixed(6), Number(conversions).toFixed(6), `${name}: ${agent}`);
		const brand = await value(`SELECT sum(conversions) FROM goaltracker.conversions_by_account WHERE ${inJune}`, range, { model });
		assert.equal(await tile('conversions'), decimals(brand, 2), name);
		assert.ok((await page.textContent('#settings')).startsWith(`What if: ${said}, 14 days. The account's own settings, Last, 14 days, are untouched`), name);
	}
	await act(() => page.click('nav >> text=Conversion tracking by skill'));
	const bySkill = await sql(`SELECT skill, sum(conversions) AS n FROM goaltracker.conversions_by_skill WHERE ${inJune} GROUP BY skill HAVING sum(conversions) > 0
		ORDER BY sum(conversions) DESC`, range, { model: 'position_based' });
	assert.deepEqual((await tableOf('skills')).map((row) => [row[0], row[1]]), bySkill.map(({ skill, n }) => [skill, decimals(n, 6)]));
	assert.deepEqual(await page.$$eval('.keys li', (all) => all.map((key) => key.textContent)), bySkill.map(({ skill, n }) => `${skill} ${decimals(n, 2)}`));
	await act(() => page.click('nav >> text=Agent conversion tracking grid'));
	assert.ok((await gridColumn('weight')).some((text) => /^0\.\d+$/.test(text)));
});

test('the goal’s own date, the hour offset, the currency', async () => {
	await open(june);
	await act(() => page.selectOption('[name=dateOf]', 'goal'));
	const byGoal = await value(`SELECT count(*) FROM goaltracker.credit_facts
		WHERE account_id = $1 AND (goal_timestamp AT TIME ZONE 'Europe/Berlin')::date BETWEEN $2 AND $3 AND account_credit = 1`, range);
	assert.equal(count(await tile('goals')), Number(byGoal));
	await act(() => page.selectOption('[name=dateOf]', 'conversation'));
	await act(async () => { await page.fill('[name=offset]', '14'); await page.press('[name=offset]', 'Tab'); });
	const moved = await sql(`SELECT conversation_date AS day, trim_scale(sum(conversions)) AS n FROM goaltracker.conversions_by_skill WHERE ${inJune} GROUP BY 1 ORDER BY 1`, range, { offset: '14' });
	const table = await tableOf('dates');
	for (const { day, n } of moved) assert.equal(count(table.find((row) => row[0] === day).at(-1)), Number(n), day);
	await act(() => page.selectOption('[name=currency]', 'GBP'));
	assert.match(await tile('transaction'), /GBP$/);
	assert.match(await page.textContent('#settings'), /moved by 14 hours/);
});

test('the address is the state: shared, gone back to, and forward', async () => {
	await open({ ...june, page: 'agents', model: 'all', window: '7', skill: '501', agentsSort: 'messages' });
	const shared = page.url();
	const text = await page.textContent('#page');
	const other = await newPage();
	await other.goto(shared);
	await settled(other);
	assert.equal(await other.textContent('#page'), text);
	assert.equal(await other.inputValue('[name=model]'), 'all');
	await other.context().close();
	await act(() => page.click('nav >> text=Agent conversion tracking grid'));
	await page.goBack();
	await settled();
	assert.equal(page.url(), shared);
	assert.equal(await page.textContent('#page'), text);
});

const gridColumn = (name) => page.$$eval(`#card-grid td[data-key="${name}"], #card-grid tbody th[data-key="${name}"]`, (cells) => cells.map((cell) => cell.textContent));

test('the grid: sorted, paged, searched, filtered, downloaded', async () => {
	await open({ ...june, page: 'grid', model: 'all' });
	const total = Number(await value(`SELECT count(*) FROM goaltracker.conversion_grid WHERE ${inJune}`, range, { model: 'all' }));
	assert.equal(await page.textContent('#found'), `${total.toLocaleString('en')} rows`);
	await act(() => page.click('[data-sort="transaction_value"]'));
	const wanted = async (offset) => (await sql(`SELECT goal_event_key FROM goaltracker.conversion_grid WHERE ${inJune}
		ORDER BY transaction_value DESC NULLS LAST, goal_event_key DESC, segment_key DESC OFFSET ${offset} LIMIT 50`, range, { model: 'all' })).map((row) => row.goal_event_key);
	const keys = async () => (await gridColumn('goal_event_key')).map((text) => text.replaceAll(',', ''));
	assert.deepEqual(await keys(), await wanted(0));
	await act(() => page.click('text=Next'));
	assert.deepEqual(await keys(), await wanted(50));
	await act(() => page.click('text=Last >> nth=-1'));
	assert.deepEqual(await keys(), await wanted(Math.floor((total - 1) / 50) * 50));
	await act(async () => { await page.focus('#search'); await page.keyboard.type('chiara'); });
	assert.equal(await page.evaluate(() => document.activeElement.id), 'search');		// who types goes on typing
	assert.ok((await gridColumn('agent')).every((agent) => agent === 'Chiara'));
	const found = await value(`SELECT count(*) FROM goaltracker.conversion_grid WHERE ${inJune} AND agent = 'Chiara'`, range, { model: 'all' });
	assert.equal(await page.textContent('#found'), `${Number(found).toLocaleString('en')} rows`);
	await act(() => page.click('#card-grid tbody tr:first-child [data-key="skill"] button'));
	const skill = (await gridColumn('skill'))[0];
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
	const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
	assert.equal(String(lines.length - 1), await value(`SELECT count(*) FROM goaltracker.conversion_grid WHERE ${inJune} AND agent = 'Chiara' AND skill = $4`, [...range, skill], { model: 'all' }));
	assert.ok(lines.slice(1).every((line) => line.includes('Chiara') && line.includes(skill)));
});

test('names that were chosen to do harm do none', async () => {
	for (const which of ['skills', 'agents', 'grid']) {
		await open({ ...hostileView, page: which });
		await page.waitForTimeout(300);
		assert.equal(await page.evaluate(() => window.wasRun), undefined, which);
		assert.equal(await page.locator('#page img, #page script').count(), 0, which);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${which} is too wide`);
	}
	await open({ ...hostileView, page: 'agents' });
	const shown = (await rowsOf('#card-agents')).map(([name]) => name);
	assert.ok(shown.includes(names.script));
	assert.ok(shown.some((name) => name.startsWith('long xxx') && name.length <= 120));
	await act(() => page.click('#card-agents tbody tr:has-text("script") button'));
	assert.match(await page.textContent('#filters .chip'), /^Agent: <script>/);
	await page.hover('#chart-agentDurations', { position: { x: 300, y: 30 } });
	await page.waitForTimeout(300);
	assert.equal(await page.evaluate(() => window.wasRun), undefined);
});

test('by keyboard: to the figures, into a table, a filter on and off', async () => {
	await open({ ...june, page: 'skills' });
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the figures');
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
	await page.focus('.keys li:first-child button');
	await act(() => page.keyboard.press('Enter'));
	assert.equal(await page.getAttribute('.keys li:first-child button', 'aria-pressed'), 'true');
	assert.match(await page.evaluate(() => document.activeElement.textContent), /^Tea Advice/);		// still there
	await act(() => page.keyboard.press('Enter'));
	assert.equal(await page.locator('#filters .chip').count(), 0);
	await page.focus('#card-weekdays > header button');
	await page.keyboard.press('Space');
	assert.equal((await rowsOf('#card-weekdays')).length, 7);
	const unnamed = await page.$$eval('button, select, input, a, [role=img], [role=region]', (all) => all
		.filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length)).map((node) => node.outerHTML));
	assert.deepEqual(unnamed, []);
});

test('no data in the period: says where there is some, one click away', async () => {
	await page.goto(`${dashboard.url}/?account=${shop}`);
	await page.waitForSelector('[data-empty]');
	assert.match(await page.textContent('[data-empty]'), /This account has figures from 2025-\d\d-\d\d to 2025-\d\d-\d\d/);
	await act(() => page.click('#go-to-data'));
	assert.ok(count(await tile('conversions')) > 0);
});

test('light and dark, 1280 and 390 pixels wide: nothing sticks out', async () => {
	for (const width of [1280, 390]) for (const colorScheme of ['light', 'dark']) for (const which of ['skills', 'agents', 'grid']) {
		const other = await newPage({ viewport: { width, height: 844 }, colorScheme });
		await open({ ...june, page: which, model: 'all' }, other);
		assert.equal(await other.evaluate(() => document.documentElement.dataset.theme), colorScheme);
		assert.ok(await other.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${which} at ${width}`);
		if (which === 'skills' && colorScheme === 'light') {
			await other.click('#theme');
			assert.equal(await other.evaluate(() => document.documentElement.dataset.theme), 'dark');
		}
		await other.context().close();
	}
});

test('nothing was complained about: no error, nothing that the policy forbids', () => {
	assert.deepEqual(complaints, []);
});

test('the database goes away and comes back: the page says so, and recovers by itself', { skip: !process.env.PGDATA }, async () => {
	const pgCtl = (...all) => execFileSync('pg_ctl', ['-D', process.env.PGDATA, '-w', ...all], { stdio: 'ignore' });
	await open(june);
	const before = await tile('conversions');
	pgCtl('stop', '-m', 'fast');
	try {
		await page.selectOption('[name=model]', 'first');
		await page.waitForSelector('[data-error="database-away"]');
		assert.equal(await page.locator('.tiles').count(), 0);		// no old figures as if they were new
	} finally {
		pgCtl('start', '-l', `${process.env.PGDATA}/../server-again.log`);
	}
	await settled();
	const first = await value(`SELECT trim_scale(sum(conversions)) FROM goaltracker.conversions_by_account WHERE ${inJune}`, range, { model: 'first' });
	assert.equal(count(await tile('conversions')), Number(first));
	await act(() => page.selectOption('[name=model]', ''));
	assert.equal(await tile('conversions'), before);
});

test('pictures for the README', { skip: !process.env.DASHBOARD_TEST_IMAGES }, async () => {
	for (const [which, more] of [['skills', {}], ['agents', { model: 'all' }], ['grid', {}]]) {
		const other = await newPage({ viewport: { width: 1280, height: { skills: 1450, agents: 1340, grid: 800 }[which] } });
		await open({ ...june, page: which, ...more }, other);
		await other.waitForTimeout(700);
		await other.screenshot({ path: `${process.env.DASHBOARD_TEST_IMAGES}/dashboard-${which}.png`, scale: 'css' });
		await other.context().close();
	}
});
