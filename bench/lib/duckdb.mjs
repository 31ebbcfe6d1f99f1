// DuckDB, in its own native file.
import { createRequire } from 'node:module';
import { serve } from './engine.mjs';

const require = createRequire(`${process.env.BENCH_PEERS}/package.json`);
const { DuckDBInstance } = require('@duckdb/node-api');
const instance = await DuckDBInstance.create(`${process.argv[2]}/duckdb`, { threads: process.env.BENCH_THREADS });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");

async function run(sql, discard) {
	const start = performance.now();
	if (discard) {
		await connection.run(`COPY (${sql}) TO '/dev/null' (FORMAT csv, DELIMITER '\t', HEADER false)`);
		return { ms: performance.now() - start, lines: [] };
	}
	const reader = await connection.runAndReadAll(sql);
	const ms = performance.now() - start;
	const lines = reader.getRowsJson().map((row) => row.map((value) => value ?? '').join('\t'));
	return { ms, lines };
}

serve(run, () => {
	connection.closeSync();
	instance.closeSync();
});
