-- ---------------------------------------------------------------------------
-- Why a goal event is credited as it is
-- ---------------------------------------------------------------------------

-- Goes by the facts and settings of this moment: what the next refresh will
-- write, not what the last one wrote.  It shows all segments of the consumer, so
-- only who sees all of the account sees that there is such a goal event.
CREATE FUNCTION goaltracker._explain(wanted_account text, wanted_event text, wanted_model text,
	sees_all boolean)
RETURNS TABLE (
	conversation_id text,
	segment_no integer,
	agent_id text,
	skill_id text,
	assigned_at timestamptz,
	is_credited boolean,
	rule text,
	verdict text,
	weight numeric,
	shared_among bigint,
	place bigint,
	age interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	event goaltracker.goal_event;
	journey goaltracker.journey;
	model text;
	days integer;
	half_life interval;
	position_weights numeric[];
	reach timestamptz;
	rules CONSTANT jsonb := goaltracker._rules(wanted_account);
	outcome goaltracker.goal_outcome;
BEGIN
	SELECT g.* INTO event
	FROM goaltracker.goal_event AS g
	WHERE g.account_id = wanted_account AND g.goal_event_id = wanted_event
		AND sees_all;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'no_data_found',
			MESSAGE = format('goal event "%s" of account "%s" does not exist',
				wanted_event, wanted_account);
	END IF;
	SELECT coalesce(wanted_model, goaltracker._session_model(), a.attribution_model, 'last'),
		coalesce(goaltracker._session_window(), a.contribution_window, 31),
		coalesce(goaltracker._session_half_life(), a.time_decay_half_life, '7 days'),
		coalesce(goaltracker._session_position_weights(), a.position_weights, '{40,20,40}')
	INTO model, days, half_life, position_weights
	FROM (SELECT) AS one
	LEFT JOIN goaltracker.account AS a ON a.account_id = wanted_account;
	reach := event.reached_at - days * '24:00:00'::interval;
	SELECT j.journey INTO journey
	FROM goaltracker._journey AS j
	WHERE j.account_id = wanted_account AND j.consumer_id = event.consumer_id;
	SELECT o.* INTO outcome
	FROM goaltracker._goal_outcome_rows(wanted_account, event.consumer_id, journey, rules) AS o
	WHERE o.goal_event_key = event.goal_event_key;

	RETURN QUERY
	WITH credited AS (
		SELECT c.*,
			CASE WHEN c.segment_key IS NOT NULL THEN count(c.segment_key) OVER () END AS n,
			CASE WHEN c.segment_key IS NOT NULL THEN row_number() OVER () END AS place
		FROM goaltracker.attribute(journey, model, days, rules, half_life, position_weights) AS c
		WHERE c.goal_event_key = event.goal_event_key
	), segment AS (
		SELECT s.*, c.conversation_id IS NOT NULL AS has_conversation, c.opened_at, c.closed_at,
			coalesce(a.user_type, 'Human') AS user_type,
			s.dialog = 'post_survey' OR coalesce(a.is_post_survey_bot, false) AS is_survey,
			k.agent_credit, k.weight, k.n, k.place
		FROM goaltracker.agent_segment AS s
		LEFT JOIN goaltracker.conversation AS c
			ON c.account_id = s.account_id AND c.conversation_id = s.conversation_id
			AND c.consumer_id = s.consumer_id
		LEFT JOIN goaltracker.agent AS a
			ON a.account_id = s.account_id AND a.agent_id = s.agent_id
		LEFT JOIN credited AS k ON k.segment_key = s.segment_key
		WHERE s.account_id = wanted_account AND s.consumer_id = event.consumer_id
	), judged AS (
		SELECT s.*, CASE
			WHEN outcome.is_duplicate
				THEN ARRAY['S10', 'the goal event repeats the brand event of an earlier one']
			WHEN NOT s.has_conversation
				THEN ARRAY['S2', 'the consumer has no such conversation']
			WHEN s.opened_at > event.reached_at
				THEN ARRAY['S2', 'the conversation started after the goal was reached']
			WHEN s.closed_at < reach
				THEN ARRAY['S2', format('out of reach: the conversation ended before the window of %s', days || CASE days WHEN 1 THEN ' day' ELSE ' days' END)]
			WHEN s.agent_id IS NULL
				THEN ARRAY['S3', 'the segment has no agent']
			WHEN s.assigned_at > event.reached_at
				THEN ARRAY['S3', 'assigned after the goal was reached']
			WHEN NOT (rules -> 'credited_user_types') ? s.user_type
				THEN ARRAY['S3', format('the account does not credit user type %s', s.user_type)]
			WHEN model = 'first_human' AND s.agent_credit = 1
				THEN ARRAY['S19', 'credited as first human']
			WHEN model = 'last_human' AND s.agent_credit = 1
				THEN ARRAY['S19', 'credited as last human']
			WHEN model IN ('first_human', 'last_human') AND s.user_type <> 'Human'
				THEN ARRAY['S19', format('passed over: user type %s', s.user_type)]
			WHEN model IN ('first', 'first_human') AND s.participation = 'joined'
				THEN ARRAY['S5', 'joined, not assigned']
			WHEN model = 'first_human'
				THEN ARRAY['S19', 'another human was assigned earlier']
			WHEN model = 'first' AND s.agent_credit = 1
				THEN ARRAY['S5', 'credited as first']
			WHEN model = 'first'
				THEN ARRAY['S5', 'another touchpoint was assigned earlier']
			WHEN model = 'last' AND s.agent_credit = 1
				THEN ARRAY['S6', 'credited as last']
			WHEN model IN ('last', 'last_human') AND s.participation = 'joined'
				THEN ARRAY['S6', 'joined, not assigned']
			WHEN model IN ('last', 'last_human') AND s.is_survey
				THEN ARRAY['S6', 'post-conversation survey']
			WHEN model = 'last_human'
				THEN ARRAY['S19', 'another human was assigned later']
			WHEN model = 'last'
				THEN ARRAY['S6', 'another touchpoint was assigned later']
			WHEN s.n = 1 AND model <> 'all'
				THEN ARRAY['S20', 'has all of it: the only touchpoint in reach']
			WHEN model = 'linear' AND s.n > 1
				THEN ARRAY['S20', format('touchpoint %s of %s: 1/%s each', s.place, s.n, s.n)]
			WHEN model = 'time_decay' AND s.n > 1
				THEN ARRAY['S20', format('touchpoint %s of %s: assigned %s before the goal, half-life %s',
					s.place, s.n, event.reached_at - s.assigned_at, half_life)]
			WHEN model = 'position_based' AND s.n = 2
				THEN ARRAY['S20', format('touchpoint %s of 2: position weights %s and %s', s.place,
					position_weights[1], position_weights[3])]
			WHEN model = 'position_based' AND s.n > 2
				THEN ARRAY['S20', format('touchpoint %s of %s: position weights %s, between them %s, %s',
					s.place, s.n, position_weights[1], position_weights[2], position_weights[3])]
			WHEN s.agent_credit = 1
				THEN ARRAY['S7', 'credited: the latest touchpoint of its agent']
			WHEN s.agent_credit = 0
				THEN ARRAY['S7', 'in the grid; the conversion sits on a later touchpoint of the agent']
			ELSE ARRAY['S18', 'cut: the account keeps a limited number of touchpoints']
		END AS words
		FROM segment AS s
	)
	SELECT j.conversation_id, j.segment_no, j.agent_id, j.skill_id, j.assigned_at,
		coalesce(j.weight, 0) > 0, j.words[1], j.words[2], j.weight,
		CASE WHEN j.words[1] = 'S20' THEN j.n END,
		CASE WHEN j.words[1] = 'S20' THEN j.place END,
		CASE WHEN j.words[1] = 'S20' THEN event.reached_at - j.assigned_at END
	FROM (
		SELECT s.assigned_at AS stands_at, s.conversation_id, s.segment_no, s.agent_id,
			s.skill_id, s.assigned_at, s.weight, s.n, s.place, s.words
		FROM judged AS s
		UNION ALL
		-- what stands for the goal event where no segment does
		SELECT 'infinity', k.conversation_id, NULL, NULL, NULL, NULL, k.weight, NULL, NULL,
			ARRAY['S8', 'Unassigned: nobody to credit; the latest conversation in reach stands for the goal event']
		FROM credited AS k
		WHERE k.segment_key IS NULL
		UNION ALL
		SELECT 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			ARRAY['S9', 'self-serve: no conversation in reach']
		WHERE NOT outcome.is_duplicate
			AND (outcome.reach_window IS NULL OR outcome.reach_window > days)
		UNION ALL
		SELECT 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			ARRAY['S10', 'duplicate: never counted']
		WHERE outcome.is_duplicate
	) AS j
	ORDER BY j.stands_at, j.conversation_id COLLATE "C", j.segment_no;
END
$$;

COMMENT ON FUNCTION goaltracker._explain(text, text, text, boolean) IS
	'what explain_goal_event() and explain_goal_event_by_model() say, under a model, or null: that in force; sees_all: whether their caller sees all of the account';

CREATE FUNCTION goaltracker.explain_goal_event(account_id text, goal_event_id text)
RETURNS TABLE (
	conversation_id text,
	segment_no integer,
	agent_id text,
	skill_id text,
	assigned_at timestamptz,
	is_credited boolean,
	rule text,
	verdict text,
	weight numeric,
	shared_among bigint,
	place bigint,
	age interval)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT e.*
	FROM goaltracker._explain(explain_goal_event.account_id, explain_goal_event.goal_event_id, NULL,
		goaltracker._caller_sees_all(explain_goal_event.account_id)) AS e;
END;

COMMENT ON FUNCTION goaltracker.explain_goal_event(text, text) IS
	'every agent segment of the consumer with the verdict on it and the rule that gave it, by the facts and settings of this moment; last, what stands for the goal event where no segment does; the weight, where models share among how many, at which place, and how long before the goal it was assigned';

CREATE FUNCTION goaltracker.explain_goal_event_by_model(account_id text, goal_event_id text)
RETURNS TABLE (
	model text,
	conversation_id text,
	segment_no integer,
	agent_id text,
	skill_id text,
	assigned_at timestamptz,
	is_credited boolean,
	rule text,
	verdict text,
	weight numeric,
	shared_among bigint,
	place bigint,
	age interval)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT m.model, e.conversation_id, e.segment_no, e.agent_id, e.skill_id, e.assigned_at,
		e.is_credited, e.rule, e.verdict, e.weight, e.shared_among, e.place, e.age
	FROM unnest('{first,last,all,linear,time_decay,position_based,first_human,last_human}'::text[])
		WITH ORDINALITY AS m (model, no)
	CROSS JOIN LATERAL goaltracker._explain(explain_goal_event_by_model.account_id,
		explain_goal_event_by_model.goal_event_id, m.model,
		goaltracker._caller_sees_all(explain_goal_event_by_model.account_id))
		WITH ORDINALITY AS e (conversation_id, segment_no, agent_id, skill_id, assigned_at,
			is_credited, rule, verdict, weight, shared_among, place, age, row_no)
	ORDER BY m.no, e.row_no;
END;

COMMENT ON FUNCTION goaltracker.explain_goal_event_by_model(text, text) IS
	'what explain_goal_event() says, under each model, whichever is in force';
