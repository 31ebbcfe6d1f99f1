// What all tasks share: the databases, the peers, the options.
import { existsSync, mkdirSync, chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { Engine } from './engine.mjs';
import { PlainSql, Postgres, cloneDatabase, inSession } from './postgres.mjs';
import { Report } from './report.mjs';
import { inTurn, assertSame } from './measure.mjs';
import * as duckdb from '../queries/duckdb.mjs';
import * as clickhouse from '../queries/clickhouse.mjs';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

export class Bench {
	constructor() {
		this.work = process.env.BENCH_WORK;
		this.conversations = Number(process.env.BENCH_CONVERSATIONS);
		this.repetitions = Number(process.env.BENCH_REPETITIONS);
		this.report = new Report();
		this.engines = [];
	}

	directory(name) {
		const directory = `${this.work}/${name}`;
		mkdirSync(directory, { recursive: true });
		chmodSync(directory, 0o777);		// the server writes there too, as another account perhaps
		return directory;
	}

	script(database, file, variables = {}) {
		const result = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database,
			...Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]), '-f', path(`sql/${file}`)],
			{ encoding: 'utf8' });
		if (result.status !== 0) throw new Error(`${file}: ${result.stderr}`);
	}

	// A database with so many conversations loaded and not yet refreshed.
	async load(database, conversations) {
		const directory = this.directory(`data-${database}`);
		console.log(`== Generating and loading ${conversations} conversations`);
		await inSession('postgres', (session) => session.run(`CREATE DATABASE made; CREATE DATABASE ${database}`));
		this.script('made', 'generate.sql', { n: conversations, dir: directory });
		await inSession('postgres', (session) => session.run('DROP DATABASE made'));
		await inSession(database, (session) => session.run('CREATE EXTENSION goaltracker'));
		this.script(database, 'dimensions.sql');
		this.script(database, 'load.sql', { dir: directory });
		await inSession(database, (session) => session.run(`
			CREATE SCHEMA bench;
			CREATE TABLE bench.consumer AS
			SELECT row_number() OVER (ORDER BY md5(consumer_id)) AS no, consumer_id
			FROM (SELECT DISTINCT consumer_id FROM goaltracker.conversation) AS c;
			CREATE INDEX ON bench.consumer (no);
			VACUUM ANALYZE`));
		return directory;
	}

	// The database that tasks read from: refreshed, with its snapshots.
	async openReports() {
		await cloneDatabase('bench', 'loaded');
		this.pg = new Postgres('bench');
		await this.pg.run('SELECT goaltracker.refresh()');
		await this.pg.run('VACUUM ANALYZE');
		await this.pg.run('SELECT goaltracker.refresh_snapshots()');
		await this.pg.run('VACUUM ANALYZE');
		this.plain = new PlainSql('bench');
		const { prepare } = await import('../queries/plain.mjs');
		await this.plain.run(prepare);
	}

	// Peers of other engines that are installed.
	async openEngines() {
		const directory = this.directory('engines');
		const wanted = [['DuckDB', '@duckdb/node-api', 'duckdb', duckdb], ['ClickHouse', 'chdb', 'clickhouse', clickhouse]];
		this.script('loaded', 'export.sql', { dir: this.directory('data-loaded') });
		for (const [name, packageName, file, queries] of wanted) {
			if (!existsSync(`${process.env.BENCH_PEERS}/node_modules/${packageName}`)) {
				console.log(`== ${name} is not installed: going on without it`);
				continue;
			}
			console.log(`== Loading ${name}`);
			const engine = new Engine(path(`lib/${file}.mjs`), directory);
			for (const statement of [...queries.load(`${this.work}/data-loaded`), ...queries.settle])
				await engine.run(statement);
			const version = (await engine.lines('SELECT version()'))[0];
			this.engines.push({ name, engine, queries, version });
		}
	}

	async settings(model, window) {
		await this.pg.run(`SET goaltracker.attribution_model = '${model}'; SET goaltracker.contribution_window = ${window}`);
	}

	// What goaltracker calls the duration buckets.
	async bucketLabels() {
		return this.pg.lines(`SELECT goaltracker._duration_bucket(s.settings, 'brand-4711', no)
			FROM goaltracker._settings AS s, generate_series(0, 6) AS no ORDER BY no`);
	}

	// Runs all formulations of a peer: each must give the same rows, and the one
	// that took least stands for the peer.  A formulation is { name: query }.
	async fastest(what, wanted, formulations, runner) {
		let best;
		for (const [name, query] of Object.entries(formulations)) {
			const { ms, lines } = await runner.run(query);
			assertSame(`${what}, ${name}`, wanted, lines);
			if (!best || ms < best.ms) best = { name, query, ms };
		}
		return best;
	}

	inTurn(subjects, repetitions = this.repetitions) { return inTurn(repetitions, subjects); }

	async close() {
		await this.pg?.close();
		await this.plain?.close();
		for (const { engine } of this.engines) await engine.close();
	}
}
