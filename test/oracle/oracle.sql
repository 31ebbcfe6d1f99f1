-- ---------------------------------------------------------------------------
-- The oracle: every rule and every report, as SQL that is slow and obvious
--
-- It reads the tables that users load, and consumer_alias; it uses no type, no
-- function and no derived table of the extension.  Each view takes one rule to
-- the letter.  The rules that hold for one window are worked out for each of
-- the windows 0 to 31 separately, by going through them.
--
-- The intermediate steps are materialized, because the reports read them many
-- times: call oracle.evaluate() after the facts have changed.  None of those
-- steps depends on the model, the window or the hour offset in force.
-- ---------------------------------------------------------------------------

CREATE SCHEMA oracle;

-- ---------------------------------------------------------------------------
-- What there is
-- ---------------------------------------------------------------------------

-- S1: the settings of every account that occurs, those without a row included.
-- The session's model and window go before the account's.
CREATE VIEW oracle.setting AS
SELECT
	known.account_id,
	coalesce(nullif(current_setting('goaltracker.attribution_model', true), ''),
		account.attribution_model, 'last') COLLATE "C" AS model,
	coalesce(nullif(nullif(current_setting('goaltracker.contribution_window', true), ''), '-1')::integer,
		account.contribution_window, 31) AS window_days,
	coalesce(nullif(current_setting('goaltracker.hour_offset', true), '')::numeric, 0) AS hour_offset,
	coalesce(account.credited_user_types, '{Human,Bot,System}') AS credited_user_types,
	coalesce(account.default_currency, 'USD') AS default_currency,
	coalesce(account.time_zone, 'UTC') AS time_zone,
	coalesce(account.duration_bounds, '{00:05,00:10,00:30,01:00,03:00,24:00}') AS duration_bounds,
	coalesce(account.max_touchpoints, 200) AS max_touchpoints,
	coalesce((SELECT nullif(setting, '-1')::numeric FROM pg_settings WHERE name = 'goaltracker.time_decay_half_life'),
		extract(epoch FROM account.time_decay_half_life), 7 * 86400) AS half_life_seconds,
	coalesce(('{' || nullif(current_setting('goaltracker.position_weights', true), '') || '}')::numeric[],
		account.position_weights, '{40,20,40}') AS position_weights
FROM (
		SELECT account_id FROM goaltracker.account
		UNION SELECT account_id FROM goaltracker.conversation
		UNION SELECT account_id FROM goaltracker.agent_segment
		UNION SELECT account_id FROM goaltracker.goal_event
	) AS known
	LEFT JOIN goaltracker.account USING (account_id);

-- What was loaded under an alias belongs to the consumer it is linked to.
CREATE VIEW oracle.conversation AS
SELECT k.account_id, k.conversation_id,
	coalesce(link.consumer_id, k.consumer_id) AS consumer_id,
	k.opened_at, k.closed_at, k.source, k.campaign_id, k.engagement_id
FROM goaltracker.conversation AS k
	LEFT JOIN goaltracker.consumer_alias AS link
		ON link.account_id = k.account_id AND link.alias = k.consumer_id;

CREATE VIEW oracle.agent_segment AS
SELECT s.account_id, s.conversation_id, s.segment_no,
	coalesce(link.consumer_id, s.consumer_id) AS consumer_id,
	s.agent_id, s.skill_id, s.group_id, s.participation, s.dialog, s.assigned_at, s.ended_at,
	s.start_reason, s.end_reason, s.agent_messages, s.agent_responses, s.segment_key
FROM goaltracker.agent_segment AS s
	LEFT JOIN goaltracker.consumer_alias AS link
		ON link.account_id = s.account_id AND link.alias = s.consumer_id;

-- S11: a goal event has the type of its goal; without a goal definition, the
-- one that its event type stands for.
CREATE VIEW oracle.typed_goal_event AS
SELECT e.account_id, e.goal_event_id,
	coalesce(link.consumer_id, e.consumer_id) AS consumer_id,
	e.goal_id, e.event_type, e.reached_at, e.lead_value, e.transaction_value, e.currency,
	e.brand_event_id, e.topic, e.service_activity_status, e.session_id, e.goal_event_key,
	coalesce(goal.goal_type,
		CASE e.event_type
			WHEN 'Purchase Event' THEN 'Sell Product/Service'
			WHEN 'Lead Event' THEN 'Generate Leads'
			ELSE 'Other'
		END) AS goal_type
FROM goaltracker.goal_event AS e
	LEFT JOIN goaltracker.consumer_alias AS link
		ON link.account_id = e.account_id AND link.alias = e.consumer_id
	LEFT JOIN goaltracker.goal
		ON goal.account_id = e.account_id AND goal.goal_id = e.goal_id;

-- S10: a goal event is a duplicate when there is an earlier one that is the same.
CREATE MATERIALIZED VIEW oracle.goal_event AS
SELECT e.*,
	e.goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete') AS is_conversion_goal,
	EXISTS (
		SELECT FROM oracle.typed_goal_event AS earlier
		WHERE (earlier.reached_at, earlier.goal_event_id) < (e.reached_at, e.goal_event_id)
			AND earlier.account_id = e.account_id
			AND earlier.consumer_id = e.consumer_id
			AND earlier.event_type = e.event_type
			AND earlier.brand_event_id = e.brand_event_id
			AND (
				(earlier.goal_type = 'Service Activity Complete'
					AND e.goal_type = 'Service Activity Complete'
					AND earlier.topic IS NOT DISTINCT FROM e.topic
					AND earlier.service_activity_status IS NOT DISTINCT FROM e.service_activity_status)
				OR
				(earlier.goal_type <> 'Service Activity Complete'
					AND e.goal_type <> 'Service Activity Complete'))
			AND (earlier.session_id IS NULL
				OR e.session_id IS NULL
				OR earlier.session_id = e.session_id)
	) AS is_duplicate
FROM oracle.typed_goal_event AS e
WITH NO DATA;

-- ---------------------------------------------------------------------------
-- Who gets the credit, under each window
-- ---------------------------------------------------------------------------

-- S2: which conversations are in reach of which goal event under which window.
-- Days are exactly 24 hours, both ends included.
CREATE MATERIALIZED VIEW oracle.reach AS
SELECT e.account_id, e.goal_event_id, e.reached_at, window_days,
	k.consumer_id, k.conversation_id, k.opened_at, k.closed_at
FROM oracle.goal_event AS e
	CROSS JOIN generate_series(0, 31) AS window_days
	JOIN oracle.conversation AS k
		ON k.account_id = e.account_id AND k.consumer_id = e.consumer_id
WHERE NOT e.is_duplicate
	AND k.opened_at <= e.reached_at
	AND (k.closed_at IS NULL
		OR k.closed_at >= e.reached_at - make_interval(hours => 24 * window_days))
WITH NO DATA;

-- S3: the touchpoints of a goal event under a window.  A segment belongs to a
-- conversation of the same account and consumer.
CREATE MATERIALIZED VIEW oracle.touchpoint AS
SELECT reach.account_id, reach.goal_event_id, reach.window_days,
	s.conversation_id, s.segment_no, s.assigned_at, s.agent_id, s.skill_id,
	coalesce(agent.user_type, 'Human') = 'Human' AS is_human,
	s.participation = 'assigned' AS is_assigned,
	s.dialog = 'post_survey' OR coalesce(agent.is_post_survey_bot, false) AS is_survey
FROM oracle.reach
	JOIN oracle.agent_segment AS s
		ON s.account_id = reach.account_id
		AND s.consumer_id = reach.consumer_id
		AND s.conversation_id = reach.conversation_id
	JOIN oracle.setting
		ON setting.account_id = reach.account_id
	LEFT JOIN goaltracker.agent
		ON agent.account_id = s.account_id AND agent.agent_id = s.agent_id
WHERE s.agent_id IS NOT NULL
	AND s.assigned_at <= reach.reached_at
	AND coalesce(agent.user_type, 'Human') = ANY (setting.credited_user_types)
WITH NO DATA;

-- S5: First credits the first touchpoint (S4) that was assigned.
CREATE VIEW oracle.first_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days) *
FROM oracle.touchpoint
WHERE is_assigned
ORDER BY account_id, goal_event_id, window_days,
	assigned_at, conversation_id COLLATE "C", segment_no;

-- S6: Last credits the last touchpoint that was assigned and is not the survey.
CREATE VIEW oracle.last_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days) *
FROM oracle.touchpoint
WHERE is_assigned AND NOT is_survey
ORDER BY account_id, goal_event_id, window_days,
	assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC;

-- S19: first_human and last_human pass over bots and system users.
CREATE VIEW oracle.first_human_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days) *
FROM oracle.touchpoint
WHERE is_assigned AND is_human
ORDER BY account_id, goal_event_id, window_days,
	assigned_at, conversation_id COLLATE "C", segment_no;

CREATE VIEW oracle.last_human_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days) *
FROM oracle.touchpoint
WHERE is_assigned AND NOT is_survey AND is_human
ORDER BY account_id, goal_event_id, window_days,
	assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC;

-- S7: All counts each agent once, on that agent's latest touchpoint;
CREATE VIEW oracle.agent_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days, agent_id) *
FROM oracle.touchpoint
ORDER BY account_id, goal_event_id, window_days, agent_id,
	assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC;

-- each skill once, touchpoints without a skill being one skill together;
CREATE VIEW oracle.skill_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days, skill_id) *
FROM oracle.touchpoint
ORDER BY account_id, goal_event_id, window_days, skill_id,
	assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC;

-- and the brand once.
CREATE VIEW oracle.brand_credit AS
SELECT DISTINCT ON (account_id, goal_event_id, window_days) *
FROM oracle.touchpoint
ORDER BY account_id, goal_event_id, window_days,
	assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC;

CREATE MATERIALIZED VIEW oracle.credit AS
SELECT 'first' AS kind, account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.first_credit
UNION ALL
SELECT 'last', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.last_credit
UNION ALL
SELECT 'first_human', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.first_human_credit
UNION ALL
SELECT 'last_human', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.last_human_credit
UNION ALL
SELECT 'agent', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.agent_credit
UNION ALL
SELECT 'skill', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.skill_credit
UNION ALL
SELECT 'brand', account_id, goal_event_id, window_days, conversation_id, segment_no FROM oracle.brand_credit
WITH NO DATA;

-- S18: the touchpoints kept.  Those that carry some credit under some window
-- stay whatever their number; of the others the latest, up to max_touchpoints in
-- all.  Window 31 reaches whatever a smaller one does.
CREATE MATERIALIZED VIEW oracle.kept AS
WITH candidate AS (
	SELECT touchpoint.*,
		EXISTS (
			SELECT FROM oracle.credit
			WHERE credit.account_id = touchpoint.account_id
				AND credit.goal_event_id = touchpoint.goal_event_id
				AND credit.conversation_id = touchpoint.conversation_id
				AND credit.segment_no = touchpoint.segment_no
		) AS is_credited
	FROM oracle.touchpoint
	WHERE window_days = 31
)
SELECT account_id, goal_event_id, conversation_id, segment_no
FROM candidate
WHERE is_credited
UNION ALL
SELECT account_id, goal_event_id, conversation_id, segment_no
FROM (
		SELECT candidate.*,
			row_number() OVER (
				PARTITION BY account_id, goal_event_id
				ORDER BY assigned_at DESC, conversation_id COLLATE "C" DESC, segment_no DESC) AS how_late
		FROM candidate
		WHERE NOT is_credited
	) AS other
	JOIN oracle.setting USING (account_id)
WHERE how_late + (
		SELECT count(*)
		FROM candidate
		WHERE is_credited
			AND candidate.account_id = other.account_id
			AND candidate.goal_event_id = other.goal_event_id
	) <= max_touchpoints
WITH NO DATA;

-- ---------------------------------------------------------------------------
-- The rows of the grid, under each model and each window
-- ---------------------------------------------------------------------------

-- First and Last, of humans or not: the one touchpoint credited carries everything.
CREATE VIEW oracle.row_of_one AS
SELECT kind AS model, window_days, account_id, goal_event_id, conversation_id, segment_no,
	1 AS agent_credit, 1 AS skill_credit, 1 AS account_credit
FROM oracle.credit
WHERE kind IN ('first', 'last', 'first_human', 'last_human');

-- All: every touchpoint kept and in reach, with the credits that it carries.
CREATE VIEW oracle.row_of_all AS
SELECT 'all' AS model, window_days, account_id, goal_event_id, conversation_id, segment_no,
	count(*) FILTER (WHERE kind = 'agent')::integer AS agent_credit,
	count(*) FILTER (WHERE kind = 'skill')::integer AS skill_credit,
	count(*) FILTER (WHERE kind = 'brand')::integer AS account_credit
FROM oracle.touchpoint
	JOIN oracle.kept USING (account_id, goal_event_id, conversation_id, segment_no)
	LEFT JOIN oracle.credit USING (window_days, account_id, goal_event_id, conversation_id, segment_no)
GROUP BY window_days, account_id, goal_event_id, conversation_id, segment_no;

CREATE MATERIALIZED VIEW oracle.row_of_somebody AS
SELECT * FROM oracle.row_of_one
UNION ALL
SELECT * FROM oracle.row_of_all
WITH NO DATA;

-- S8: a conversation is in reach and nobody is credited: the latest one in reach
-- stands for the brand.
CREATE VIEW oracle.row_of_nobody AS
SELECT DISTINCT ON (model, window_days, account_id, goal_event_id)
	model, window_days, account_id, goal_event_id, conversation_id, NULL::integer AS segment_no,
	1 AS agent_credit, 1 AS skill_credit, 1 AS account_credit
FROM oracle.reach
	CROSS JOIN (VALUES ('first'), ('last'), ('first_human'), ('last_human'), ('all')) AS each_model (model)
WHERE NOT EXISTS (
		SELECT FROM oracle.row_of_somebody AS somebody
		WHERE somebody.model = each_model.model
			AND somebody.window_days = reach.window_days
			AND somebody.account_id = reach.account_id
			AND somebody.goal_event_id = reach.goal_event_id)
ORDER BY model, window_days, account_id, goal_event_id,
	opened_at DESC, conversation_id COLLATE "C" DESC;

CREATE MATERIALIZED VIEW oracle.grid_row AS
SELECT * FROM oracle.row_of_somebody
UNION ALL
SELECT * FROM oracle.row_of_nobody
WITH NO DATA;

-- Works out again whatever does not depend on the settings in force.
CREATE PROCEDURE oracle.evaluate()
LANGUAGE sql AS $$
	REFRESH MATERIALIZED VIEW oracle.goal_event;
	ANALYZE oracle.goal_event;
	REFRESH MATERIALIZED VIEW oracle.reach;
	ANALYZE oracle.reach;
	REFRESH MATERIALIZED VIEW oracle.touchpoint;
	ANALYZE oracle.touchpoint;
	REFRESH MATERIALIZED VIEW oracle.credit;
	ANALYZE oracle.credit;
	REFRESH MATERIALIZED VIEW oracle.kept;
	ANALYZE oracle.kept;
	REFRESH MATERIALIZED VIEW oracle.row_of_somebody;
	ANALYZE oracle.row_of_somebody;
	REFRESH MATERIALIZED VIEW oracle.grid_row;
	ANALYZE oracle.grid_row;
$$;

-- ---------------------------------------------------------------------------
-- What is measured
-- ---------------------------------------------------------------------------

-- S1: the rows of the model and the window in force.  Those of a model that shares
-- are those of All (S20).
CREATE VIEW oracle.row_in_force AS
SELECT grid_row.*, setting.model <> grid_row.model AS shares
FROM oracle.grid_row
	JOIN oracle.setting USING (account_id, window_days)
WHERE grid_row.model = CASE
		WHEN setting.model IN ('linear', 'time_decay', 'position_based') THEN 'all'
		ELSE setting.model
	END;

-- S20: among whom a goal event is shared, in the order of S4, and how much longer ago
-- than the last of them each was assigned.
CREATE VIEW oracle.sharer AS
SELECT r.account_id, r.goal_event_id, r.conversation_id, r.segment_no,
	row_number() OVER in_order AS position,
	count(*) OVER (PARTITION BY r.account_id, r.goal_event_id) AS n,
	extract(epoch FROM max(s.assigned_at) OVER (PARTITION BY r.account_id, r.goal_event_id) - s.assigned_at) AS seconds_before
FROM oracle.row_in_force AS r
	JOIN oracle.agent_segment AS s USING (account_id, conversation_id, segment_no)
WHERE r.shares
WINDOW in_order AS (PARTITION BY r.account_id, r.goal_event_id
	ORDER BY s.assigned_at, r.conversation_id COLLATE "C", r.segment_no);

-- linear: 1/n; time_decay: half as much with each half-life; position_based: by place.
CREATE VIEW oracle.share AS
SELECT sharer.*,
	CASE
		WHEN model = 'linear' THEN 1::numeric / n
		WHEN model = 'time_decay' THEN decayed / sum(decayed) OVER (PARTITION BY account_id, goal_event_id)
		WHEN n = 1 THEN 1
		WHEN n = 2 AND first + last = 0 THEN 0.5
		WHEN n = 2 AND position = 1 THEN first / (first + last)
		WHEN n = 2 THEN last / (first + last)
		WHEN position = 1 THEN first / (first + middle + last)
		WHEN position = n THEN last / (first + middle + last)
		ELSE middle / (first + middle + last) / (n - 2)
	END AS share
FROM oracle.sharer
	JOIN oracle.setting USING (account_id)
	CROSS JOIN LATERAL (SELECT power(2.0000000000000000000000000000000000000000, -seconds_before / half_life_seconds)) AS d (decayed)
	CROSS JOIN LATERAL (SELECT position_weights[1]::numeric(40, 30), position_weights[2]::numeric(40, 30), position_weights[3]::numeric(40, 30))
		AS p (first, middle, last);

-- S21: of twelve decimals six are left; what is missing to 1 goes, a millionth each, to
-- those who lost most, of those who lost the same to the later.
CREATE VIEW oracle.weight AS
SELECT account_id, goal_event_id, conversation_id, segment_no, position,
	trunc(share, 6) + CASE
			WHEN row_number() OVER (PARTITION BY account_id, goal_event_id ORDER BY share - trunc(share, 6) DESC, position DESC)
				<= 1000000 * (1 - sum(trunc(share, 6)) OVER (PARTITION BY account_id, goal_event_id))
			THEN 0.000001
			ELSE 0
		END AS weight
FROM (SELECT account_id, goal_event_id, conversation_id, segment_no, position, round(share, 12) AS share FROM oracle.share) AS s;

-- The same for a value: by its amount, in ten-thousandths.
CREATE VIEW oracle.part AS
SELECT account_id, goal_event_id, conversation_id, segment_no, kind,
	sign(value) * (trunc(exact, 4) + CASE
			WHEN row_number() OVER (PARTITION BY account_id, goal_event_id, kind ORDER BY exact - trunc(exact, 4) DESC, position DESC)
				<= 10000 * (abs(value) - sum(trunc(exact, 4)) OVER (PARTITION BY account_id, goal_event_id, kind))
			THEN 0.0001
			ELSE 0
		END) AS part
FROM oracle.weight
	JOIN oracle.goal_event USING (account_id, goal_event_id)
	CROSS JOIN LATERAL (VALUES ('lead', lead_value, abs(lead_value) * weight), ('transaction', transaction_value, abs(transaction_value) * weight))
		AS v (kind, value, exact)
WHERE value IS NOT NULL;

-- What each row has of its goal event.  Unassigned, there is nobody to share with.
CREATE VIEW oracle.weighed_row AS
SELECT r.*,
	CASE WHEN r.shares THEN coalesce(w.weight, 1) ELSE r.agent_credit END AS weight,
	CASE WHEN r.shares AND r.segment_no IS NOT NULL THEN l.part ELSE e.lead_value * CASE WHEN r.shares THEN 1 ELSE r.agent_credit END END
		AS attributed_lead_value,
	CASE WHEN r.shares AND r.segment_no IS NOT NULL THEN t.part ELSE e.transaction_value * CASE WHEN r.shares THEN 1 ELSE r.agent_credit END END
		AS attributed_transaction_value
FROM oracle.row_in_force AS r
	JOIN oracle.goal_event AS e USING (account_id, goal_event_id)
	LEFT JOIN oracle.weight AS w USING (account_id, goal_event_id, conversation_id, segment_no)
	LEFT JOIN oracle.part AS l
		ON l.account_id = r.account_id AND l.goal_event_id = r.goal_event_id
		AND l.conversation_id = r.conversation_id AND l.segment_no = r.segment_no AND l.kind = 'lead'
	LEFT JOIN oracle.part AS t
		ON t.account_id = r.account_id AND t.goal_event_id = r.goal_event_id
		AND t.conversation_id = r.conversation_id AND t.segment_no = r.segment_no AND t.kind = 'transaction';

-- S13: how long an agent was assigned.  Nobody's row and a joined agent's have
-- no time assigned, and it is never below zero.
CREATE VIEW oracle.worked_row AS
SELECT g.*, s.agent_id, s.skill_id, s.group_id, s.assigned_at, s.start_reason, s.end_reason,
	coalesce(s.agent_messages, 0) AS agent_messages,
	coalesce(s.agent_responses, 0) AS agent_responses,
	CASE
		WHEN s.participation = 'assigned'
			THEN greatest(coalesce(s.ended_at, k.closed_at, now()) - s.assigned_at, interval '0')
		ELSE interval '0'
	END AS time_assigned,
	s.segment_key,
	k.opened_at, k.source, k.campaign_id, k.engagement_id
FROM oracle.weighed_row AS g
	JOIN oracle.conversation AS k USING (account_id, conversation_id)
	LEFT JOIN oracle.agent_segment AS s USING (account_id, conversation_id, segment_no);

-- S15: the conversation's start in the account's time zone, then moved by the
-- hour offset.  S16: the duration bucket; a lower bound belongs to its bucket.
CREATE VIEW oracle.dated_row AS
SELECT w.*,
	(w.opened_at AT TIME ZONE setting.time_zone)
		+ make_interval(secs => (setting.hour_offset * 3600)::double precision) AS local_start,
	(SELECT count(*) FROM unnest(setting.duration_bounds) AS bound
		WHERE bound <= w.time_assigned)::integer AS duration_bucket_no
FROM oracle.worked_row AS w
	JOIN oracle.setting USING (account_id);

-- Everything together, with the names of things: the id where there is no name.
CREATE VIEW oracle.full_row AS
SELECT
	d.account_id,
	d.goal_event_id,
	coalesce(goal.goal_name, e.goal_id) AS goal_name,
	e.goal_type,
	e.event_type AS goal_event_type,
	e.reached_at AS goal_timestamp,
	e.brand_event_id,
	coalesce(e.currency, setting.default_currency) AS currency,	-- S12
	setting.default_currency,
	e.lead_value,
	e.transaction_value,
	e.topic,
	e.service_activity_status,
	d.conversation_id,
	d.opened_at,
	d.segment_no,
	d.skill_id,
	coalesce(skill.skill_name, d.skill_id, 'Unassigned') AS skill,
	d.agent_id,
	coalesce(agent.agent_name, d.agent_id, 'Unassigned') AS agent,
	coalesce(own_group.group_name, d.group_id,
		member_group.group_name, member.group_id) AS agent_group,
	CASE WHEN d.agent_id IS NULL THEN 'Unassigned' ELSE coalesce(agent.user_type, 'Human') END AS user_type,
	d.assigned_at,
	d.start_reason,
	d.end_reason,
	coalesce(campaign.campaign_name, campaign_of.campaign_id) AS campaign_name,
	coalesce(engagement.engagement_name, d.engagement_id) AS engagement_name,
	d.source,
	e.consumer_id,
	d.local_start::date AS conversation_date,
	d.local_start::date - extract(dow FROM d.local_start)::integer AS week,
	extract(dow FROM d.local_start)::smallint AS weekday,
	to_char(d.local_start, 'FMDay') AS weekday_name,
	date_trunc('hour', d.local_start) AS hour,
	d.agent_credit AS goals_reached,
	CASE WHEN e.is_conversion_goal THEN d.weight ELSE 0 END::numeric(20, 6) AS conversions,	-- S11
	e.is_conversion_goal,
	d.skill_credit,
	d.account_credit,
	d.agent_messages,
	d.agent_responses,
	d.time_assigned,
	d.duration_bucket_no,
	coalesce((setting.duration_bounds)[d.duration_bucket_no], interval '0') || ' to '
		|| coalesce((setting.duration_bounds)[d.duration_bucket_no + 1]::text, 'more') AS duration_bucket,
	e.goal_event_key,
	d.segment_key,
	d.shares,
	d.weight::numeric(20, 6) AS weight,
	d.attributed_lead_value::numeric(20, 4) AS attributed_lead_value,
	d.attributed_transaction_value::numeric(20, 4) AS attributed_transaction_value
FROM oracle.dated_row AS d
	JOIN oracle.goal_event AS e USING (account_id, goal_event_id)
	JOIN oracle.setting USING (account_id)
	LEFT JOIN goaltracker.goal USING (account_id, goal_id)
	LEFT JOIN goaltracker.skill USING (account_id, skill_id)
	LEFT JOIN goaltracker.agent USING (account_id, agent_id)
	LEFT JOIN goaltracker.agent_group AS own_group
		ON own_group.account_id = d.account_id AND own_group.group_id = d.group_id
	LEFT JOIN goaltracker.agent_group_membership AS member
		ON member.account_id = d.account_id AND member.agent_id = d.agent_id
		AND member.valid_during @> d.assigned_at
	LEFT JOIN goaltracker.agent_group AS member_group
		ON member_group.account_id = d.account_id AND member_group.group_id = member.group_id
	LEFT JOIN goaltracker.engagement
		ON engagement.account_id = d.account_id AND engagement.engagement_id = d.engagement_id
	CROSS JOIN LATERAL (SELECT coalesce(d.campaign_id, engagement.campaign_id) AS campaign_id) AS campaign_of
	LEFT JOIN goaltracker.campaign
		ON campaign.account_id = d.account_id AND campaign.campaign_id = campaign_of.campaign_id;

-- ---------------------------------------------------------------------------
-- The reports
-- ---------------------------------------------------------------------------

CREATE VIEW oracle.conversion_grid AS
SELECT
	account_id, goal_event_id, goal_name, goal_type, goal_event_type, goal_timestamp, brand_event_id,
	currency, lead_value, transaction_value, topic, service_activity_status,
	conversation_id AS conversation, opened_at AS conversation_open_time, segment_no,
	skill_id, skill, agent_id, agent, agent_group, user_type,
	assigned_at AS agent_assignment_time,
	start_reason AS agent_segment_start_reason, end_reason AS agent_segment_end_reason,
	campaign_name, engagement_name, source, consumer_id,
	conversation_date, week, hour,
	to_char(hour, 'MM/DD/YYYY HH12:MI:SS AM') AS hour_label,
	goals_reached, conversions, skill_credit, account_credit,
	agent_messages, agent_responses, time_assigned, goal_event_key, segment_key,
	weight, attributed_lead_value, attributed_transaction_value
FROM oracle.full_row;

CREATE VIEW oracle.credit_facts AS
SELECT
	account_id, conversation_date, week, weekday, skill_id, agent_id, user_type, duration_bucket_no,
	currency, goal_type, goals_reached, conversions, skill_credit, account_credit,
	lead_value, transaction_value, agent_messages, agent_responses,
	extract(epoch FROM time_assigned) AS seconds_assigned,
	goal_event_key, segment_key,
	opened_at AS conversation_open_time, goal_timestamp,
	weight, attributed_lead_value, attributed_transaction_value
FROM oracle.full_row;

-- What a row brings to the totals of skills and of the brand: its part under a model
-- that shares, else all of the goal event.
CREATE VIEW oracle.earning_row AS
SELECT full_row.*,
	CASE WHEN NOT is_conversion_goal THEN 0 WHEN shares THEN weight ELSE 1 END AS conversion,
	CASE WHEN shares THEN attributed_lead_value ELSE lead_value END AS earned_lead_value,
	CASE WHEN shares THEN attributed_transaction_value ELSE transaction_value END AS earned_transaction_value
FROM oracle.full_row;

-- S11, S12: each goal event once per skill, on the row that carries the skill's credit,
-- or in parts on all rows; no rows of zeros.
CREATE VIEW oracle.conversions_by_skill AS
SELECT
	account_id, conversation_date, week, weekday, weekday_name,
	skill_id, skill, duration_bucket_no, duration_bucket, currency,
	sum(skill_credit) AS goals_reached,
	sum(conversion)::numeric(20, 6) AS conversions,
	coalesce(sum(earned_lead_value), 0) AS lead_value,
	coalesce(sum(earned_transaction_value), 0) AS transaction_value
FROM oracle.earning_row
WHERE shares OR skill_credit = 1
GROUP BY account_id, conversation_date, week, weekday, weekday_name,
	skill_id, skill, duration_bucket_no, duration_bucket, currency
HAVING sum(skill_credit) <> 0 OR sum(conversion) <> 0 OR sum(earned_lead_value) <> 0 OR sum(earned_transaction_value) <> 0;

-- The same per agent.
CREATE VIEW oracle.conversions_by_agent AS
SELECT
	account_id, conversation_date, week, weekday, weekday_name,
	agent_id, agent, user_type, duration_bucket_no, duration_bucket, currency,
	sum(goals_reached) AS goals_reached,
	sum(conversion)::numeric(20, 6) AS conversions,
	coalesce(sum(earned_lead_value), 0) AS lead_value,
	coalesce(sum(earned_transaction_value), 0) AS transaction_value
FROM oracle.earning_row
WHERE shares OR goals_reached = 1
GROUP BY account_id, conversation_date, week, weekday, weekday_name,
	agent_id, agent, user_type, duration_bucket_no, duration_bucket, currency
HAVING sum(goals_reached) <> 0 OR sum(conversion) <> 0 OR sum(earned_lead_value) <> 0 OR sum(earned_transaction_value) <> 0;

-- And once for the brand.
CREATE VIEW oracle.conversions_by_account AS
SELECT
	account_id, conversation_date, week, weekday, weekday_name, currency,
	sum(account_credit) AS goals_reached,
	sum(conversion)::numeric(20, 6) AS conversions,
	coalesce(sum(earned_lead_value), 0) AS lead_value,
	coalesce(sum(earned_transaction_value), 0) AS transaction_value
FROM oracle.earning_row
WHERE shares OR account_credit = 1
GROUP BY account_id, conversation_date, week, weekday, weekday_name, currency
HAVING sum(account_credit) <> 0 OR sum(conversion) <> 0 OR sum(earned_lead_value) <> 0 OR sum(earned_transaction_value) <> 0;

-- S13: the agent's work is that of the distinct segments in the grid; the
-- agent's goal events are those whose credit stands on one of the rows.
CREATE VIEW oracle.agent_work AS
SELECT account_id, conversation_date, agent_id,
	sum(agent_messages) AS agent_messages,
	sum(agent_responses) AS agent_responses,
	sum(time_assigned) AS time_assigned
FROM (
		SELECT DISTINCT account_id, conversation_date, agent_id,
			conversation_id, segment_no, agent_messages, agent_responses, time_assigned
		FROM oracle.full_row
	) AS segment
GROUP BY account_id, conversation_date, agent_id;

CREATE VIEW oracle.agent_goals AS
SELECT account_id, conversation_date, week, agent_id, agent, user_type, default_currency AS currency,
	count(*) FILTER (WHERE goals_reached = 1) AS goals_reached,
	coalesce(sum(conversion) FILTER (WHERE shares OR goals_reached = 1), 0)::numeric(20, 6) AS conversions,
	coalesce(sum(earned_lead_value) FILTER (WHERE (shares OR goals_reached = 1) AND currency = default_currency), 0) AS lead_value,
	coalesce(sum(earned_transaction_value) FILTER (WHERE (shares OR goals_reached = 1) AND currency = default_currency), 0) AS transaction_value,
	coalesce(sum(conversion) FILTER (WHERE (shares OR goals_reached = 1) AND currency <> default_currency), 0)::numeric(20, 6)
		AS other_currency_conversions
FROM oracle.earning_row
GROUP BY account_id, conversation_date, week, agent_id, agent, user_type, default_currency;

CREATE VIEW oracle.agent_summary AS
SELECT
	g.account_id, g.conversation_date, g.week, g.agent_id, g.agent, g.user_type,
	g.goals_reached, g.conversions,
	w.agent_messages, w.agent_responses, w.time_assigned,
	g.currency, g.lead_value, g.transaction_value, g.other_currency_conversions
FROM oracle.agent_goals AS g
	JOIN oracle.agent_work AS w
		ON w.account_id = g.account_id
		AND w.conversation_date = g.conversation_date
		AND w.agent_id IS NOT DISTINCT FROM g.agent_id;

-- S9, S10: the goal events in no report, and why.
CREATE VIEW oracle.unattributed_goal_events AS
SELECT account_id, goal_event_id, consumer_id, reached_at, 'duplicate' AS reason
FROM oracle.goal_event
WHERE is_duplicate
UNION ALL
SELECT account_id, goal_event_id, consumer_id, reached_at, 'self-serve'
FROM oracle.goal_event
WHERE NOT is_duplicate
	AND NOT EXISTS (
		SELECT FROM oracle.reach
			JOIN oracle.setting USING (account_id, window_days)
		WHERE reach.account_id = goal_event.account_id
			AND reach.goal_event_id = goal_event.goal_event_id);
