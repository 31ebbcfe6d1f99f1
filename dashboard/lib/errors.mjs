// What went wrong, as a person who looks at a chart needs to know it: a status, a code for the
// page, a sentence.  What the server itself said stays in the log.

export class Refusal extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

export const badRequest = (message) => new Refusal(400, 'bad-request', message);

const unreachable = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EACCES']);

export function isConnectionLost(error) {
	return unreachable.has(error?.code)
		|| /^(08|57P0)/.test(error?.code ?? '')
		|| error?.code === '53300'
		|| /Connection terminated|timeout exceeded when trying to connect|not queryable/.test(error?.message ?? '');
}

// Whatever was thrown, as a refusal.
export function explain(error) {
	if (error instanceof Refusal) return error;
	if (isConnectionLost(error))
		return new Refusal(503, 'database-away', 'The database cannot be reached. The page tries again by itself.');
	switch (error?.code) {
		case '57014':
			return new Refusal(504, 'too-slow', 'The database took too long to answer. Choose a shorter period, or search in less.');
		case '42P01': case '3F000': case '42883': case '42703':
			return new Refusal(500, 'not-installed', 'This database has no goaltracker, or an older one than this dashboard needs.');
		case '42501':
			return new Refusal(500, 'no-rights', 'The role of the dashboard may not read the reports. Its owner grants that with goaltracker.grant_reader().');
		case '28P01': case '28000': case '3D000':
			return new Refusal(503, 'no-login', 'The database refuses the dashboard. See the PG* variables it was started with.');
		default:
			return new Refusal(500, 'failed', 'Something went wrong on the server. Its log says more.');
	}
}
