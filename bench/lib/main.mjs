// Runs the benchmark: see bench/run.
import { readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

process.env.BENCH_THREADS ??= String(os.cpus().length);
const { Bench } = await import('./bench.mjs');
const { describe } = await import('./machine.mjs');
const { inSession } = await import('./postgres.mjs');

const here = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const tasks = [];
for (const file of readdirSync(here('tasks')).filter((name) => name.endsWith('.mjs')).sort())
	tasks.push({ name: file.replace(/^\d+-|\.mjs$/g, ''), ...await import(`../tasks/${file}`) });

const only = (process.env.BENCH_ONLY ?? '').split(',').filter(Boolean);
const unknown = only.filter((name) => !tasks.some((task) => task.name === name));
if (unknown.length) {
	console.error(`There is no task ${unknown.join(', ')}; there are ${tasks.map(({ name }) => name).join(', ')}.`);
	process.exit(2);
}
const chosen = tasks.filter(({ name }) => !only.length || only.includes(name));
const need = new Set(chosen.flatMap(({ needs }) => needs));

const bench = new Bench();
try {
	await bench.load('loaded', bench.conversations);
	const counts = await inSession('loaded', (session) => session.value(`
		SELECT (SELECT count(*) FROM goaltracker.conversation), (SELECT count(*) FROM goaltracker.agent_segment),
			(SELECT count(*) FROM goaltracker.goal_event), (SELECT count(*) FROM bench.consumer)`));
	bench.facts = counts.split('\t').map(Number)
		.map((count, n) => `${count} ${['conversations', 'agent segments', 'goal events', 'consumers'][n]}`).join(', ');
	console.log(`   ${bench.facts}`);
	if (need.has('small')) await bench.load('small', Math.ceil(bench.conversations / 10));
	if (need.has('engines')) await bench.openEngines();
	// Tasks that clone the loaded database come before the one that reads on.
	if (need.has('reports')) {
		console.log('== Refreshing');
		await bench.openReports();
	}
	const head = await describe(bench);
	console.log(`\n${head}\n`);
	const write = () => {
		const text = bench.report.markdown(head);
		writeFileSync(here('results-latest.md'), text);
		return text;
	};
	for (const task of chosen.filter(({ check }) => check)) {
		console.log(`== Checking: ${task.title}`);
		await task.check(bench);
	}
	for (const task of chosen) {
		bench.report.section(task.title);
		await task.run(bench);
		write();
	}
	const text = write();
	console.log(`\n${text}`);
	if (process.env.BENCH_PUBLISH) writeFileSync(here('RESULTS.md'), text);
} catch (error) {
	console.error(`The benchmark stopped: ${error.stack ?? error}`);
	process.exitCode = 1;
} finally {
	await bench.close();
}
