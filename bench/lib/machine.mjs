// What the run was made on.
import os from 'node:os';
import { inSession } from './postgres.mjs';

const shown = ['shared_buffers', 'effective_cache_size', 'work_mem', 'maintenance_work_mem', 'max_parallel_workers_per_gather',
	'max_parallel_workers', 'max_parallel_maintenance_workers', 'random_page_cost', 'jit', 'fsync', 'synchronous_commit', 'autovacuum'];

export async function describe(bench) {
	const cpus = os.cpus();
	const [version, settings, sizes] = await inSession('postgres', async (session) => [
		await session.value('SHOW server_version'),
		await session.lines(`SELECT name, current_setting(name) FROM unnest('{${shown.join()}}'::text[]) AS name`),
		await session.lines(`SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database WHERE datname IN ('loaded', 'bench')`),
	]);
	return `# Benchmark

Made by \`bench/run --conversations ${bench.conversations} --repetitions ${bench.repetitions}\` on ${new Date().toISOString().slice(0, 10)}.

- Machine: ${cpus.length} cores (${cpus[0]?.model.trim() ?? 'unknown'}), ${(os.totalmem() / 2 ** 30).toFixed(0)} GB of memory, Linux ${os.release()}; load before the tasks ${os.loadavg()[0].toFixed(2)}.
- PostgreSQL ${version}${bench.engines.map(({ name, version: engine }) => `, ${name} ${engine.replace(/^v/, '')}`).join('')}; the other engines with ${process.env.BENCH_THREADS} threads.
- Settings: ${settings.map((line) => line.replace('\t', ' ')).join(', ')}; plain SQL has work_mem 1GB.
- Data: ${bench.facts}. Databases: ${sizes.map((line) => line.replace('\t', ' ')).join(', ')}.

Times are medians with the least and the most of the repetitions, which were taken in turn. A ratio above 1 says how many times as long the peer took, unless the case says otherwise. All data was in memory; facts were vacuumed and analysed.`;
}
