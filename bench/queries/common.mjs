// What plain SQL in PostgreSQL and in DuckDB have in common.

export const models = ['first', 'last', 'all'];

// Columns of a row that carries credit, before it is added up.
const carried = `g.goal_event_key, g.currency, g.is_conversion, g.lead_value, g.transaction_value,
	c.opened_at, c.closed_at, s.agent_id, s.user_type, s.participation, s.assigned_at, s.ended_at`;

// Goal events that repeat an earlier one (S10).  PostgreSQL finds them by an anti
// join; DuckDB, which does not turn such a subquery into a plain join, is faster
// with groups.  There are no sessions in the data.
const duplicatesByAntiJoin = `EXISTS (
		SELECT 1
		FROM goal_event AS e
		LEFT JOIN goal AS f ON f.account_id = e.account_id AND f.goal_id = e.goal_id
		WHERE e.account_id = g.account_id AND e.consumer_id = g.consumer_id
			AND e.event_type = g.event_type AND e.brand_event_id = g.brand_event_id
			AND (e.reached_at < g.reached_at OR e.reached_at = g.reached_at AND e.goal_event_id < g.goal_event_id)
			AND CASE WHEN coalesce(d.goal_type, '') = 'Service Activity Complete'
				THEN f.goal_type = 'Service Activity Complete' AND e.topic IS NOT DISTINCT FROM g.topic
					AND e.service_activity_status IS NOT DISTINCT FROM g.service_activity_status
				ELSE coalesce(f.goal_type, '') <> 'Service Activity Complete' END)`;

const duplicatesByGroups = `g.goal_event_key IN (
		SELECT unnest(list(e.goal_event_key ORDER BY e.reached_at, e.goal_event_id)[2:])
		FROM goal_event AS e
		LEFT JOIN goal AS f ON f.account_id = e.account_id AND f.goal_id = e.goal_id
		WHERE e.brand_event_id IS NOT NULL
		GROUP BY e.account_id, e.consumer_id, e.event_type, e.brand_event_id,
			coalesce(f.goal_type, '') = 'Service Activity Complete',
			CASE WHEN f.goal_type = 'Service Activity Complete' THEN e.topic END,
			CASE WHEN f.goal_type = 'Service Activity Complete' THEN e.service_activity_status END
		HAVING count(*) > 1)`;

// Goal events that count: S10 to S12.
const countingGoalEvents = (duplicates) => `
	SELECT g.account_id, g.consumer_id, g.goal_event_key, g.reached_at, g.lead_value, g.transaction_value,
		coalesce(g.currency, 'USD') AS currency,
		coalesce(d.goal_type, CASE g.event_type WHEN 'Purchase Event' THEN 'Sell Product/Service'
			WHEN 'Lead Event' THEN 'Generate Leads' ELSE 'Other' END) IN
			('Sell Product/Service', 'Generate Leads', 'Service Activity Complete') AS is_conversion
	FROM goal_event AS g
	LEFT JOIN goal AS d ON d.account_id = g.account_id AND d.goal_id = g.goal_id
	WHERE NOT ${duplicates}`;
export const goalEvents = countingGoalEvents(duplicatesByAntiJoin);
export const goalEventsByGroups = countingGoalEvents(duplicatesByGroups).replace('NOT g.goal_event_key IN', 'g.goal_event_key NOT IN');

// Segments with an agent of a credited kind (S3), and what the model asks of them (S5, S6).
export function segments(model) {
	return `
	SELECT s.account_id, s.conversation_id, s.segment_no, s.consumer_id, s.agent_id, s.skill_id, s.participation, s.dialog,
		s.assigned_at, s.ended_at, s.segment_key,
		coalesce(a.user_type, 'Human') AS user_type, coalesce(CAST(a.is_post_survey_bot AS boolean), false) AS is_post_survey_bot
	FROM agent_segment AS s
	LEFT JOIN agent AS a ON a.account_id = s.account_id AND a.agent_id = s.agent_id
	WHERE s.agent_id IS NOT NULL AND coalesce(a.user_type, 'Human') IN ('Human', 'Bot', 'System')
		${model === 'all' ? '' : "AND s.participation = 'assigned'"}
		${model === 'last' ? "AND s.dialog <> 'post_survey' AND NOT coalesce(CAST(a.is_post_survey_bot AS boolean), false)" : ''}`;
}

// Conversations in reach (S2), with their segments or none (S8).
export const inReach = (window) => `c.opened_at <= g.reached_at
		AND (c.closed_at IS NULL OR c.closed_at >= g.reached_at - interval '${24 * window} hours')`;

export function reached(model, window, columns = carried) {
	return `
	SELECT ${columns}
	FROM (${goalEvents}) AS g
	JOIN conversation AS c ON c.account_id = g.account_id AND c.consumer_id = g.consumer_id
		AND ${inReach(window)}
	LEFT JOIN (${segments(model)}) AS s
		ON s.account_id = c.account_id AND s.conversation_id = c.conversation_id
		AND s.consumer_id = c.consumer_id AND s.assigned_at <= g.reached_at`;
}

// The order that puts the credited row in front (S4 to S8).
export function bestFirst(model) {
	const direction = model === 'first' ? 'ASC' : 'DESC';
	return `s.assigned_at ${direction} NULLS LAST, s.conversation_id ${direction}, s.segment_no ${direction},
		c.opened_at DESC, c.conversation_id DESC`;
}

// Under All, of rows one per goal event and agent: no row Unassigned beside others.
export const withoutVainUnassigned = (rows) => `
	SELECT * FROM (
		SELECT r.*, count(r.agent_id) OVER (PARTITION BY r.goal_event_key) AS agents FROM (${rows}) AS r
	) AS r WHERE agent_id IS NOT NULL OR agents = 0`;

export const windowFunction = (model, window) => `
	SELECT * FROM (${reached(model, window, `${carried}, row_number() OVER (
			PARTITION BY g.goal_event_key${model === 'all' ? ', s.agent_id' : ''}
			ORDER BY ${bestFirst(model)}) AS place`)}
	) AS r WHERE place = 1`;

export const distinctOn = (model, window) => {
	const key = model === 'all' ? 'g.goal_event_key, s.agent_id' : 'g.goal_event_key';
	return `${reached(model, window, `DISTINCT ON (${key}) ${carried}`)}
	ORDER BY ${key}, ${bestFirst(model)}`;
};

// Conversions and values per agent.
export const totals = (credited) => `
	SELECT agent_id, currency, count(*) AS goals_reached, count(*) FILTER (WHERE is_conversion) AS conversions,
		sum(lead_value) AS lead_value, sum(transaction_value) AS transaction_value
	FROM (${credited}) AS credited
	GROUP BY agent_id, currency`;

// Under All nothing but goal event and agent matters to the totals.
export const totalsOfAllByGroups = (window) => totals(`
	SELECT goal_event_key, agent_id, currency, is_conversion, lead_value, transaction_value FROM (
		${withoutVainUnassigned(`
		${reached('all', window, 'g.goal_event_key, s.agent_id, g.currency, g.is_conversion, g.lead_value, g.transaction_value')}
		GROUP BY g.goal_event_key, s.agent_id, g.currency, g.is_conversion, g.lead_value, g.transaction_value`)}) AS pair`);

export { carried };
