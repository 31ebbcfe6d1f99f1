-- ---------------------------------------------------------------------------
-- What the numbers rest on
-- ---------------------------------------------------------------------------

-- Codes in force, and those withdrawn since 2015, which history still carries.
CREATE FUNCTION goaltracker._is_currency(code text)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN code = ANY (pg_catalog.string_to_array('AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT '
	'BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BYR BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU '
	'CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD '
	'HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP '
	'LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK '
	'NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL '
	'SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW '
	'UZS VED VEF VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA '
	'XXX YER ZAR ZMW ZWG ZWL', ' '));

COMMENT ON FUNCTION goaltracker._is_currency(text) IS 'whether this is a code of ISO 4217';

-- Each branch finds one thing; what is found is counted by account, with the
-- first of it as an example.
CREATE VIEW goaltracker._data_problem AS
SELECT g.account_id, 'goal event whose goal is not in table goal' AS finding,
	'warning' AS severity, g.goal_event_id AS example
FROM goaltracker.goal_event AS g
WHERE g.goal_id IS NOT NULL
	AND NOT EXISTS (
		SELECT FROM goaltracker.goal AS d
		WHERE d.account_id = g.account_id AND d.goal_id = g.goal_id)
UNION ALL
-- time assigned would count twice; an agent who joined is assigned no time
SELECT s.account_id, 'agent segment that overlaps another of its agent in its conversation',
	'error', s.conversation_id || ' ' || s.segment_no
FROM (
	SELECT s.account_id, s.conversation_id, s.segment_no, s.assigned_at,
		pg_catalog.max(COALESCE(s.ended_at, 'infinity')) OVER (
			PARTITION BY s.account_id, s.conversation_id, s.agent_id
			ORDER BY s.assigned_at, s.segment_no
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
	FROM goaltracker.agent_segment AS s
	WHERE s.agent_id IS NOT NULL AND s.participation = 'assigned'
) AS s
WHERE s.assigned_at < s.busy_until
UNION ALL
SELECT s.account_id, 'agent segment without a conversation of its consumer',
	'error', s.conversation_id || ' ' || s.segment_no
FROM goaltracker.agent_segment AS s
WHERE NOT EXISTS (
	SELECT FROM goaltracker.conversation AS c
	WHERE c.account_id = s.account_id AND c.conversation_id = s.conversation_id
		AND c.consumer_id = s.consumer_id)
UNION ALL
SELECT s.account_id, 'agent that is not in table agent', 'warning', s.agent_id
FROM (
	SELECT DISTINCT s.account_id, s.agent_id
	FROM goaltracker.agent_segment AS s
	WHERE s.agent_id IS NOT NULL
) AS s
WHERE NOT EXISTS (
	SELECT FROM goaltracker.agent AS a
	WHERE a.account_id = s.account_id AND a.agent_id = s.agent_id)
UNION ALL
SELECT s.account_id, 'skill that is not in table skill', 'warning', s.skill_id
FROM (
	SELECT DISTINCT s.account_id, s.skill_id
	FROM goaltracker.agent_segment AS s
	WHERE s.skill_id IS NOT NULL
) AS s
WHERE NOT EXISTS (
	SELECT FROM goaltracker.skill AS k
	WHERE k.account_id = s.account_id AND k.skill_id = s.skill_id)
UNION ALL
-- a survey goes on after its conversation
SELECT c.account_id, 'conversation that closed before its last agent segment', 'error',
	c.conversation_id
FROM goaltracker.conversation AS c
WHERE EXISTS (
	SELECT FROM goaltracker.agent_segment AS s
	WHERE s.account_id = c.account_id AND s.conversation_id = c.conversation_id
		AND s.dialog = 'main'
		AND GREATEST(s.assigned_at, s.ended_at) > c.closed_at)
UNION ALL
SELECT g.account_id, 'goal event whose currency is no code of ISO 4217', 'error', g.goal_event_id
FROM goaltracker.goal_event AS g
WHERE NOT goaltracker._is_currency(g.currency)
UNION ALL
SELECT a.account_id, 'default currency that is no code of ISO 4217', 'error', a.default_currency
FROM goaltracker.account AS a
WHERE NOT goaltracker._is_currency(a.default_currency)
UNION ALL
SELECT a.account_id, 'account without a goal event in the last 24 hours', 'warning',
	'the last one at ' || (
		SELECT pg_catalog.max(g.reached_at)
		FROM goaltracker.goal_event AS g
		WHERE g.account_id = a.account_id)
FROM (
	SELECT a.account_id FROM goaltracker.account AS a
	UNION
	SELECT c.account_id FROM goaltracker.conversation AS c
) AS a
WHERE NOT EXISTS (
	SELECT FROM goaltracker.goal_event AS g
	WHERE g.account_id = a.account_id
		AND g.reached_at >= pg_catalog.now() - '24:00:00'::interval)
UNION ALL
SELECT o.account_id, 'duplicate goal event, which is not counted (S10)', 'notice', o.goal_event_id
FROM goaltracker.goal_outcome AS o
WHERE o.is_duplicate
UNION ALL
SELECT o.account_id, 'goal event with touchpoints cut by max_touchpoints (S18)', 'warning',
	o.goal_event_id
FROM goaltracker.goal_outcome AS o
WHERE o.touchpoints_cut > 0
UNION ALL
-- link_consumer() flattens chains and refuses circles; plain INSERTs do not
SELECT a.account_id, 'alias that points to another alias, or in a circle', 'error', a.alias
FROM goaltracker.consumer_alias AS a
WHERE EXISTS (
	SELECT FROM goaltracker.consumer_alias AS b
	WHERE b.account_id = a.account_id AND b.alias = a.consumer_id);

COMMENT ON VIEW goaltracker._data_problem IS 'what check_data() counts: a row for each thing found';

CREATE FUNCTION goaltracker.check_data()
RETURNS TABLE (account_id text, finding text, severity text, count bigint, example text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT p.account_id, p.finding, p.severity, count(*), min(p.example)
	FROM goaltracker._data_problem AS p
	WHERE goaltracker._caller_sees_all(p.account_id)
	GROUP BY p.account_id, p.finding, p.severity
	ORDER BY p.account_id, array_position('{error,warning,notice}', p.severity), p.finding;
END;

COMMENT ON FUNCTION goaltracker.check_data() IS
	'what the numbers rest on: a row for each thing found in an account, how often, and an example; no row where nothing is found';

-- ---------------------------------------------------------------------------
-- Whether the reports agree with each other and with the facts
-- ---------------------------------------------------------------------------

-- Measures of a level by account and currency: from the rows, and as its view
-- adds them up.  Of the brand each goal event counts once, so where a model shares
-- (S20) its parts have to add up to that.
CREATE VIEW goaltracker._total AS
SELECT f.account_id, f.currency, 'conversions_by_agent' AS report, true AS is_expected,
	pg_catalog.sum(f.goals_reached) AS goals_reached,
	pg_catalog.sum(f.conversions) AS conversions,
	COALESCE(pg_catalog.sum(f.attributed_lead_value), 0) AS lead_value,
	COALESCE(pg_catalog.sum(f.attributed_transaction_value), 0) AS transaction_value
FROM goaltracker.credit_facts AS f
GROUP BY f.account_id, f.currency
UNION ALL
SELECT v.account_id, v.currency, 'conversions_by_agent', false,
	pg_catalog.sum(v.goals_reached), pg_catalog.sum(v.conversions),
	pg_catalog.sum(v.lead_value), pg_catalog.sum(v.transaction_value)
FROM goaltracker.conversions_by_agent AS v
GROUP BY v.account_id, v.currency
UNION ALL
SELECT f.account_id, f.currency, 'conversions_by_skill', true,
	pg_catalog.sum(f.skill_credit),
	-- by the skill's credit, or in parts
	pg_catalog.sum(CASE
		WHEN m.shares THEN f.conversions
		WHEN f.skill_credit = 1 AND f.goal_type IN (
			'Sell Product/Service', 'Generate Leads', 'Service Activity Complete') THEN 1
		ELSE 0
	END),
	COALESCE(pg_catalog.sum(CASE WHEN m.shares THEN f.attributed_lead_value
		WHEN f.skill_credit = 1 THEN f.lead_value END), 0),
	COALESCE(pg_catalog.sum(CASE WHEN m.shares THEN f.attributed_transaction_value
		WHEN f.skill_credit = 1 THEN f.transaction_value END), 0)
FROM goaltracker.credit_facts AS f
LEFT JOIN goaltracker.account AS a ON a.account_id = f.account_id
CROSS JOIN LATERAL (
	SELECT COALESCE(goaltracker._session_model(), a.attribution_model, 'last')
		IN ('linear', 'time_decay', 'position_based') AS shares
) AS m
GROUP BY f.account_id, f.currency
UNION ALL
SELECT v.account_id, v.currency, 'conversions_by_skill', false,
	pg_catalog.sum(v.goals_reached), pg_catalog.sum(v.conversions),
	pg_catalog.sum(v.lead_value), pg_catalog.sum(v.transaction_value)
FROM goaltracker.conversions_by_skill AS v
GROUP BY v.account_id, v.currency
UNION ALL
SELECT f.account_id, f.currency, 'conversions_by_account', true,
	goaltracker.count_once(f.goal_event_key),
	goaltracker.count_once(f.goal_event_key) FILTER (WHERE f.goal_type IN (
		'Sell Product/Service', 'Generate Leads', 'Service Activity Complete')),
	COALESCE(goaltracker.sum_once(f.lead_value, f.goal_event_key), 0),
	COALESCE(goaltracker.sum_once(f.transaction_value, f.goal_event_key), 0)
FROM goaltracker.credit_facts AS f
GROUP BY f.account_id, f.currency
UNION ALL
SELECT v.account_id, v.currency, 'conversions_by_account', false,
	pg_catalog.sum(v.goals_reached), pg_catalog.sum(v.conversions),
	pg_catalog.sum(v.lead_value), pg_catalog.sum(v.transaction_value)
FROM goaltracker.conversions_by_account AS v
GROUP BY v.account_id, v.currency;

COMMENT ON VIEW goaltracker._total IS
	'totals of the reports, and what they must be by the rows: see check_totals()';

-- Goal events of an account: all that were loaded are in a report or listed as
-- unattributed, none in both.
CREATE VIEW goaltracker._goal_event_count AS
SELECT a.account_id,
	(SELECT pg_catalog.count(*) FROM goaltracker.goal_event AS g
	 WHERE g.account_id = a.account_id) AS loaded,
	(SELECT pg_catalog.count(*) FROM goaltracker.goal_outcome AS o
	 WHERE o.account_id = a.account_id) AS refreshed,
	(SELECT goaltracker.count_once(f.goal_event_key) FROM goaltracker.credit_facts AS f
	 WHERE f.account_id = a.account_id) AS attributed,
	(SELECT pg_catalog.count(*) FROM goaltracker.unattributed_goal_events AS u
	 WHERE u.account_id = a.account_id) AS unattributed
FROM (
	SELECT g.account_id FROM goaltracker.goal_event AS g GROUP BY g.account_id
	UNION
	SELECT o.account_id FROM goaltracker.goal_outcome AS o GROUP BY o.account_id
) AS a;

COMMENT ON VIEW goaltracker._goal_event_count IS
	'goal events of accounts, by what has become of them: see check_totals()';

CREATE FUNCTION goaltracker.check_totals()
RETURNS TABLE (account_id text, currency text, report text, measure text, expected numeric,
	found numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
	SELECT t.account_id, t.currency, t.report, m.measure,
		coalesce(max(m.value) FILTER (WHERE t.is_expected), 0),
		coalesce(max(m.value) FILTER (WHERE NOT t.is_expected), 0)
	FROM goaltracker._total AS t
	CROSS JOIN LATERAL (VALUES
		('goals_reached', t.goals_reached),
		('conversions', t.conversions),
		('lead_value', t.lead_value),
		('transaction_value', t.transaction_value)) AS m (measure, value)
	WHERE goaltracker._caller_sees_all(t.account_id)
	GROUP BY t.account_id, t.currency, t.report, m.measure
	HAVING coalesce(max(m.value) FILTER (WHERE t.is_expected), 0)
		<> coalesce(max(m.value) FILTER (WHERE NOT t.is_expected), 0)
	UNION ALL
	SELECT c.account_id, NULL, 'goal events refreshed', 'goal events', c.loaded, c.refreshed
	FROM goaltracker._goal_event_count AS c
	WHERE c.loaded <> c.refreshed AND goaltracker._caller_sees_all(c.account_id)
	UNION ALL
	SELECT c.account_id, NULL, 'attributed and unattributed', 'goal events', c.refreshed,
		c.attributed + c.unattributed
	FROM goaltracker._goal_event_count AS c
	WHERE c.refreshed <> c.attributed + c.unattributed
		AND goaltracker._caller_sees_all(c.account_id)
	ORDER BY 1, 2, 3, 4;
END;

COMMENT ON FUNCTION goaltracker.check_totals() IS
	'whether reports, rows and facts agree under the settings in force: no row where they do; goal events loaded since the last refresh show as a difference';
