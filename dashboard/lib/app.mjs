// What is answered to which address.
import { Hono } from 'hono';
import { columns, orderNewest, parseGrid, readPage } from './grid.mjs';
import { fileName, writeCsv } from './csv.mjs';
import { explain, badRequest } from './errors.mjs';
import { guard } from './security.mjs';
import { measure } from './measures.mjs';
import { models, parseView, settingsOf } from './view.mjs';
import { readStatus } from './status.mjs';
import { sendFile } from './files.mjs';

const charts = ['skills', 'dates', 'weekdays', 'skillDurations', 'agentDurations', 'agents'];

export function createApp({ config, database, cache, files, log }) {
	const app = new Hono();

	app.use(guard(config));
	app.onError((error, context) => {
		const refusal = explain(error);
		if (refusal !== error) log(`${context.req.path}: ${error.code ?? ''} ${error.message}`);
		return context.json({ error: refusal.code, message: refusal.message }, refusal.status, { 'Cache-Control': 'no-store' });
	});
	app.notFound((context) => context.json({ error: 'not-found', message: 'There is nothing at this address.' }, 404));
	const answer = (context, value) => context.json(value, 200, { 'Cache-Control': 'no-store' });

	app.get('/api/status', async (context) => answer(context, {
		models,
		columns,
		accounts: (await database.read({}, (transaction) => readStatus(transaction))).map(publicStatus),
	}));

	// Everything on a page of charts, out of one reading.
	app.get('/api/report', async (context) => {
		const query = context.req.query();
		const view = parseView(query);
		const page = query.page;
		if (page !== 'skills' && page !== 'agents') throw badRequest('"page" takes skills, agents.');
		const setIn = { skill: charts.find((chart) => chart === query.skillIn), agent: charts.find((chart) => chart === query.agentIn) };
		const { facts, status, readAt, isFromCache } = await cache.get(view);
		view.currency ??= status.defaultCurrency;
		return answer(context, {
			...describe(view, status, facts, readAt),
			isFromCache,
			...measure(facts, view, status.durationBuckets, page, setIn),
			...(facts.rows === 0 ? { data: await whereDataIs(database, view) } : {}),
		});
	});

	app.get('/api/grid', async (context) => {
		const query = context.req.query();
		const view = parseView(query);
		const { question: { facts, status, readAt }, ...page } = await readPage({ database, cache }, view, parseGrid(query), context.req.raw.signal);
		view.currency ??= status.defaultCurrency;
		return answer(context, {
			...describe(view, status, facts, readAt),
			columns, ...page,
			mostDownloaded: config.mostDownloaded,
			...(facts.rows === 0 ? { data: await whereDataIs(database, view) } : {}),
		});
	});

	app.get('/api/grid.csv', async (context) => {
		const query = context.req.query();
		const view = parseView(query);
		const grid = parseGrid({ ...query, number: '1' });
		const body = await stream((write) => writeCsv({ database, cache }, view, grid, context.req.raw.signal, config.mostDownloaded, write), log);
		return new Response(body, {
			headers: {
				'Content-Type': 'text/csv; charset=utf-8',
				'Content-Disposition': `attachment; filename="${fileName(view)}"`,
				'Cache-Control': 'no-store',
			},
		});
	});

	app.get('*', (context) => {
		const file = files.get(context.req.path);
		return file ? sendFile(context, file) : context.notFound();
	});
	return app;
}

// What is likely asked of rows just read: the pages, unfiltered, and the newest of the grid.
const unfiltered = (view, status) => ({ ...view, skill: undefined, agent: undefined, currency: status.defaultCurrency });
export const ahead = [
	(facts, view, status) => measure(facts, unfiltered(view, status), status.durationBuckets, 'agents', {}),
	(facts, view, status) => measure(facts, unfiltered(view, status), status.durationBuckets, 'skills', {}),
	(facts, view, status) => orderNewest(facts, unfiltered(view, status)),
];

const publicStatus = ({ snapshot, ...status }) => status;

const describe = (view, status, facts, readAt) => ({
	status: publicStatus(status),
	readAt,
	period: { from: view.from, to: view.to, dateOf: view.dateOf },
	currency: view.currency,
	currencies: [...new Set([status.defaultCurrency, ...facts.currencies.ids])].sort(),
	names: {
		skill: view.skill === undefined ? null : facts.skills.nameOf(view.skill),
		agent: view.agent === undefined ? null : facts.agents.nameOf(view.agent),
	},
});

// The first and the last date that the account has figures of, by the date in force.
function whereDataIs(database, view) {
	return database.read(settingsOf(view), async (transaction) => {
		const end = async (direction) => (await transaction.rows(`
			SELECT conversation_date FROM goaltracker.credit_facts
			WHERE account_id = $1 ORDER BY conversation_date ${direction} LIMIT 1`, [view.account]))[0]?.conversation_date;
		const from = await end('ASC');
		return from ? { from, to: await end('DESC') } : null;
	});
}

// A stream that starts once there is something to send, so that what goes wrong before is an answer
// as any other.  What goes wrong later breaks the download off, rather than ending it early.
function stream(produce, log) {
	return new Promise((resolve, reject) => {
		const { readable, writable } = new TransformStream();
		const writer = writable.getWriter();
		const encoder = new TextEncoder();
		const write = async (text) => {
			resolve(readable);
			await writer.ready;
			await writer.write(encoder.encode(text));
		};
		produce(write).then(() => writer.close()).catch((error) => {
			reject(error);			// too late where something was sent
			log(`download: ${error?.message ?? 'broken off by the browser'}`);
			writer.abort(error).catch(() => {});
		});
	});
}
