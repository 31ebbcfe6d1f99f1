// Import of conversation documents, in pages of 2,000 with 20 messages each.
import { writeFileSync } from 'node:fs';
import { inSession, dropDatabase } from '../lib/postgres.mjs';
import { page } from '../lib/documents.mjs';
import { cpuSeconds } from '../lib/processes.mjs';

export const title = 'Import of conversation documents';
export const needs = [];

const records = 2000;
const pages = 5;

// Documents a second of the backend's CPU time.
async function importAll(directory, type) {
	await inSession('postgres', (session) => session.run('CREATE DATABASE importing'));
	const rate = await inSession('importing', async (session) => {
		await session.run('CREATE EXTENSION goaltracker; CREATE TABLE page (no integer, document ' + type + ')');
		for (let no = 0; no < pages; no++)
			await session.run(`INSERT INTO page VALUES (${no}, pg_read_file('${directory}/page-${no}.json')::${type})`);
		const pid = await session.backend();
		const before = cpuSeconds(pid);
		for (let no = 0; no < pages; no++) {
			const found = await session.value(`SELECT i.conversations, i.skipped FROM page, goaltracker.import_conversations('shop', document) AS i WHERE no = ${no}`);
			if (found !== `${records}\t0`) throw new Error(`page ${no}: ${found}`);
		}
		return (pages * records) / (cpuSeconds(pid) - before);
	});
	await dropDatabase('importing');
	return rate;
}

export async function run(bench) {
	const directory = bench.directory('pages');
	for (let no = 0; no < pages; no++) writeFileSync(`${directory}/page-${no}.json`, page(no, records));
	const rates = await bench.inTurn(['jsonb', 'text'].map((type) => ({ name: type, run: () => importAll(directory, type) })));
	for (const [type, values] of rates) {
		const sorted = [...values].sort((a, b) => a - b)[values.length >> 1];
		bench.report.row({ what: `documents a second a core, given as ${type}`, ours: values, unit: 'documents/s', bar: 'at least 2000/s', met: sorted >= 2000 });
	}
	bench.report.note(`${pages} pages of ${records} documents with 20 messages each, two agents, a purchase in every other one; CPU time of the backend from /proc/PID/stat.`);
}
