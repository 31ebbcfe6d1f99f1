// ClickHouse, the engine inside this process, with MergeTree tables on disk.
import { createRequire } from 'node:module';
import { serve } from './engine.mjs';

const require = createRequire(`${process.env.BENCH_PEERS}/package.json`);
const { Session } = require('chdb');
const session = new Session(`${process.argv[2]}/clickhouse`);
session.query('CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic');
session.query('USE bench');
session.query(`SET max_threads = ${process.env.BENCH_THREADS}`);

function run(sql, discard) {
	const start = performance.now();
	const text = String(session.query(sql, 'TabSeparated') ?? '');
	const ms = performance.now() - start;
	if (discard || text === '') return { ms, lines: [] };
	return { ms, lines: text.replace(/\n$/, '').split('\n').map((line) => line.replaceAll('\\N', '')) };
}

serve(run, () => session.close());
