// How long answers take, cold (read from the database) and warm (read before), by HTTP:
//     PGDATABASE=... node dashboard/test/timing.mjs ACCOUNT FROM TO
// "make bench-dashboard" does so on the benchmark's data.
import os from 'node:os';
import { query, sql, startDashboard } from './helper.mjs';

const [account, from, to] = process.argv.slice(2);
const view = { account, from, to };
const [{ goals }] = await sql(`SELECT sum(goals_reached) AS goals FROM goaltracker.conversions_by_account
	WHERE account_id = $1 AND conversation_date BETWEEN $2 AND $3`, [account, from, to]);
const [{ agent_id: agent, skill_id: skill }] = await sql(`SELECT agent_id, skill_id FROM goaltracker.credit_facts
	WHERE account_id = $1 AND agent_id IS NOT NULL AND skill_id IS NOT NULL LIMIT 1`, [account]);
console.log(`${Number(goals).toLocaleString('en')} goal events from ${from} to ${to}, ${os.cpus().length} x ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);

const repetitions = 5;
const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

async function time(dashboard, path) {
	const start = performance.now();
	const response = await dashboard.get(path);
	await response.text();
	if (!response.ok) return NaN;
	return performance.now() - start;
}

const asked = {
	'page 1': { path: 'report', page: 'skills' },
	'page 1, an agent': { path: 'report', page: 'skills', agent },
	'page 2': { path: 'report', page: 'agents' },
	'page 2, a skill': { path: 'report', page: 'agents', skill },
	'grid, newest': { path: 'grid' },
	'grid, page 1000': { path: 'grid', number: '1000' },
	'grid, by agent': { path: 'grid', sort: 'agent', order: 'asc' },
	'grid, agents and skills searched': { path: 'grid', place: 'names', search: '77' },
	'grid, one consumer': { path: 'grid', place: 'consumer', search: 'nobody' },
};

for (const model of ['last', 'all']) {
	const dashboard = await startDashboard({ DASHBOARD_STATEMENT_TIMEOUT: '300' });
	const address = ({ path, ...more }) => `/api/${path}?${query({ ...view, model, ...more })}`;
	console.log(`\n${model}\nfirst answer (cold)                 ${(await time(dashboard, address(asked['page 1']))).toFixed(0).padStart(7)} ms`);
	for (const [name, what] of Object.entries(asked)) {
		const first = await time(dashboard, address(what));
		const times = [];
		for (let n = 0; n < repetitions; n++) times.push(await time(dashboard, address(what)));
		console.log(`${name.padEnd(34)}  ${first.toFixed(0).padStart(7)} ms, again ${median(times).toFixed(0).padStart(5)} ms`);
	}
	await dashboard.stop();
}
