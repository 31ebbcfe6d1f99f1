// What can be set, all of it in the environment.  The connection is libpq's: PGHOST, PGPORT,
// PGDATABASE, PGUSER, PGPASSWORD or a password file, PGSSLMODE; the pg client reads these.

class ConfigError extends Error {}

function whole(env, name, fallback, least, most) {
	const text = env[name];
	if (text === undefined || text === '') return fallback;
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < least || value > most)
		throw new ConfigError(`${name} is "${text}"; it takes a whole number from ${least} to ${most}.`);
	return value;
}

export function readConfig(env) {
	const host = env.DASHBOARD_HOST || '127.0.0.1';
	return {
		host,
		port: whole(env, 'DASHBOARD_PORT', 8765, 0, 65535),
		// names under which browsers may ask for it; see lib/security.mjs
		hostNames: (env.DASHBOARD_HOST_NAMES || `localhost,127.0.0.1,[::1],${host}`)
			.split(',').map((name) => name.trim().toLowerCase()).filter(Boolean),
		connections: whole(env, 'DASHBOARD_CONNECTIONS', 4, 1, 100),
		statementTimeout: whole(env, 'DASHBOARD_STATEMENT_TIMEOUT', 30, 1, 3600) * 1000,
		// rows of credit_facts that one view may be made of; rows of one download
		mostRows: whole(env, 'DASHBOARD_MOST_ROWS', 8_000_000, 1, 9_000_000),
		mostDownloaded: whole(env, 'DASHBOARD_MOST_DOWNLOADED', 1_000_000, 1, 100_000_000),
		cacheBytes: whole(env, 'DASHBOARD_CACHE_MB', 1024, 1, 1_000_000) * 1024 * 1024,
		cacheSeconds: whole(env, 'DASHBOARD_CACHE_SECONDS', 60, 0, 3600),
	};
}
