// Which accounts there are, under which settings, and how fresh they are.

const query = `
	SELECT s.account_id, s.account_name, s.attribution_model, s.contribution_window, s.hour_offset,
		s.account_attribution_model, s.account_contribution_window, s.default_currency, s.time_zone,
		to_json(string_to_array(s.duration_buckets, ', ')) AS duration_buckets,
		s.time_decay_half_life, to_json(string_to_array(s.position_weights, ', ')) AS position_weights,
		r.pending_consumers, r.goal_events_cut IS NULL AS is_partial,
		to_char(r.last_refreshed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') AS last_refreshed_at,
		to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') AS read_at,
		(now() AT TIME ZONE s.time_zone)::date AS today,
		pg_current_snapshot() AS snapshot
	FROM goaltracker.report_settings AS s
	LEFT JOIN goaltracker.refresh_status AS r ON r.account_id = s.account_id
	WHERE $1::text IS NULL OR s.account_id = $1
	ORDER BY s.account_name, s.account_id`;

// Of one account, or (null) of all.
export async function readStatus(transaction, account = null) {
	return (await transaction.rows(query, [account])).map((row) => ({
		account: row.account_id,
		name: row.account_name,
		model: row.attribution_model,
		window: Number(row.contribution_window),
		hourOffset: row.hour_offset,
		ownModel: row.account_attribution_model,
		ownWindow: Number(row.account_contribution_window),
		defaultCurrency: row.default_currency,
		timeZone: row.time_zone,
		durationBuckets: JSON.parse(row.duration_buckets),
		halfLife: row.time_decay_half_life,
		positionWeights: JSON.parse(row.position_weights),
		pendingConsumers: Number(row.pending_consumers ?? 0),
		isPartial: row.is_partial === 't',
		lastRefreshedAt: row.last_refreshed_at,
		readAt: row.read_at,
		today: row.today,
		snapshot: row.snapshot,
	}));
}

// What figures of an account rest on, as far as a reader can tell: when it changes they are read
// again at once.  Names are not part of it: see lib/cache.mjs.
export const fingerprint = (status) => JSON.stringify([status.lastRefreshedAt, status.isPartial, status.model,
	status.window, status.defaultCurrency, status.timeZone, status.durationBuckets,
	status.model === 'time_decay' && status.halfLife, status.model === 'position_based' && status.positionWeights]);
