-- ---------------------------------------------------------------------------
-- Why a goal event is credited as it is
-- ---------------------------------------------------------------------------

-- Goes by the facts and settings of this moment: what the next refresh will
-- write, not what the last one wrote.  It shows all segments of the consumer, so
-- only who sees all of the account sees that there is such a goal event.
CREATE FUNCTION goaltracker.explain_goal_event(account_id text, goal_event_id text)
RETURNS TABLE (
	conversation_id text,
	segment_no integer,
	agent_id text,
	skill_id text,
	assigned_at timestamptz,
	is_credited boolean,
	rule text,
	verdict text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	wanted_account CONSTANT text := account_id;
	wanted_event CONSTANT text := goal_event_id;
	event goaltracker.goal_event;
	journey goaltracker.journey;
	model text;
	days integer;
	reach timestamptz;
	rules CONSTANT jsonb := goaltracker._rules(wanted_account);
	outcome goaltracker.goal_outcome;
BEGIN
	SELECT g.* INTO event
	FROM goaltracker.goal_event AS g
	WHERE g.account_id = wanted_account AND g.goal_event_id = wanted_event
		AND goaltracker._caller_sees_all(wanted_account);
	IF NOT FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'no_data_found',
			MESSAGE = format('goal event "%s" of account "%s" does not exist',
				wanted_event, wanted_account);
	END IF;
	SELECT coalesce(goaltracker._session_model(), a.attribution_model, 'last'),
		coalesce(goaltracker._session_window(), a.contribution_window, 31)
	INTO model, days
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
		SELECT c.*
		FROM goaltracker.attribute(journey, model, days, rules) AS c
		WHERE c.goal_event_key = event.goal_event_key
	), segment AS (
		SELECT s.*, c.conversation_id IS NOT NULL AS has_conversation, c.opened_at, c.closed_at,
			coalesce(a.user_type, 'Human') AS user_type,
			s.dialog = 'post_survey' OR coalesce(a.is_post_survey_bot, false) AS is_survey,
			k.agent_credit
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
			WHEN model = 'first' AND s.agent_credit = 1
				THEN ARRAY['S5', 'credited as first']
			WHEN model = 'first' AND s.participation = 'joined'
				THEN ARRAY['S5', 'joined, not assigned']
			WHEN model = 'first'
				THEN ARRAY['S5', 'another touchpoint was assigned earlier']
			WHEN model = 'last' AND s.agent_credit = 1
				THEN ARRAY['S6', 'credited as last']
			WHEN model = 'last' AND s.participation = 'joined'
				THEN ARRAY['S6', 'joined, not assigned']
			WHEN model = 'last' AND s.is_survey
				THEN ARRAY['S6', 'post-conversation survey']
			WHEN model = 'last'
				THEN ARRAY['S6', 'another touchpoint was assigned later']
			WHEN s.agent_credit = 1
				THEN ARRAY['S7', 'credited: the latest touchpoint of its agent']
			WHEN s.agent_credit = 0
				THEN ARRAY['S7', 'in the grid; the conversion sits on a later touchpoint of the agent']
			ELSE ARRAY['S18', 'cut: the account keeps a limited number of touchpoints']
		END AS words
		FROM segment AS s
	)
	SELECT j.conversation_id, j.segment_no, j.agent_id, j.skill_id, j.assigned_at,
		coalesce(j.agent_credit, 0) = 1, j.words[1], j.words[2]
	FROM (
		SELECT s.assigned_at AS stands_at, s.conversation_id, s.segment_no, s.agent_id,
			s.skill_id, s.assigned_at, s.agent_credit, s.words
		FROM judged AS s
		UNION ALL
		-- what stands for the goal event where no segment does
		SELECT 'infinity', k.conversation_id, NULL, NULL, NULL, NULL, k.agent_credit,
			ARRAY['S8', 'Unassigned: nobody to credit; the latest conversation in reach stands for the goal event']
		FROM credited AS k
		WHERE k.segment_key IS NULL
		UNION ALL
		SELECT 'infinity', NULL, NULL, NULL, NULL, NULL, NULL,
			ARRAY['S9', 'self-serve: no conversation in reach']
		WHERE NOT outcome.is_duplicate
			AND (outcome.reach_window IS NULL OR outcome.reach_window > days)
		UNION ALL
		SELECT 'infinity', NULL, NULL, NULL, NULL, NULL, NULL,
			ARRAY['S10', 'duplicate: never counted']
		WHERE outcome.is_duplicate
	) AS j
	ORDER BY j.stands_at, j.conversation_id COLLATE "C", j.segment_no;
END
$$;

COMMENT ON FUNCTION goaltracker.explain_goal_event(text, text) IS
	'every agent segment of the consumer with the verdict on it and the rule that gave it, by the facts and settings of this moment; last, what stands for the goal event where no segment does';
