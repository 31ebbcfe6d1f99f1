-- ---------------------------------------------------------------------------
-- import_conversations: conversation history of the Messaging Interactions API
-- ---------------------------------------------------------------------------

-- Reading a page.  record_no numbers the records of the page; everything is
-- worked out for all of them at once.
CREATE FUNCTION goaltracker._read_conversations(records jsonb,
	OUT conversations goaltracker._read_conversation[],
	OUT segments goaltracker._read_segment[],
	OUT goal_events goaltracker._read_goal_event[],
	OUT names goaltracker._read_name[],
	OUT aliases goaltracker._read_alias[],
	OUT problems goaltracker._read_problem[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	WITH record AS MATERIALIZED (
		SELECT r.record_no, r.record, r.record -> 'info' AS info, r.record -> 'campaign' AS campaign,
			goaltracker._json_id(r.record -> 'info', 'conversationId') AS conversation_id,
			goaltracker._json_time(r.record -> 'info', 'startTimeL') AS opened_at,
			c.consumer_id, d.has_survey, d.main_ended_at, d.survey_started_at, d.main_skill_id
		FROM jsonb_array_elements(_read_conversations.records) WITH ORDINALITY AS r (record, record_no)
		CROSS JOIN LATERAL (
			SELECT (array_agg(p.consumer_id ORDER BY p.joined_at, p.position))[1] AS consumer_id
			FROM (
				SELECT goaltracker._json_id(e.part, 'participantId') AS consumer_id,
					goaltracker._json_time(e.part, 'timeL') AS joined_at,
					e.position
				FROM (
					SELECT *
					FROM jsonb_array_elements(goaltracker._json_list(r.record, 'consumerParticipants'))
						WITH ORDINALITY
					UNION ALL
					SELECT *
					FROM jsonb_array_elements(goaltracker._json_list(r.record, 'consumerParticipant'))
						WITH ORDINALITY
				) AS e (part, position)
			) AS p
			WHERE p.consumer_id IS NOT NULL
		) AS c
		CROSS JOIN LATERAL (
			SELECT coalesce(bool_or(p.is_survey), false) AS has_survey,
				CASE WHEN bool_and(p.ended_at IS NOT NULL) FILTER (WHERE NOT p.is_survey) THEN
					max(p.ended_at) FILTER (WHERE NOT p.is_survey)
				END AS main_ended_at,
				min(p.started_at) FILTER (WHERE p.is_survey) AS survey_started_at,
				(array_agg(p.skill_id ORDER BY p.position DESC)
					FILTER (WHERE NOT p.is_survey AND p.skill_id IS NOT NULL))[1] AS main_skill_id
			FROM (
				SELECT coalesce(upper(goaltracker._json_text(e.part, 'dialogType')) = 'POST_SURVEY', false) AS is_survey,
					goaltracker._json_time(e.part, 'startTimeL') AS started_at,
					goaltracker._json_time(e.part, 'endTimeL') AS ended_at,
					goaltracker._json_id(e.part, 'skillId') AS skill_id,
					e.position
				FROM jsonb_array_elements(goaltracker._json_list(r.record, 'dialogs'))
					WITH ORDINALITY AS e (part, position)
				WHERE jsonb_typeof(e.part) = 'object'
			) AS p
		) AS d
	),
	-- Records with all that a conversation must have.
	usable AS MATERIALIZED (
		SELECT r.record_no, r.record, r.info, r.campaign, r.conversation_id, r.opened_at, r.consumer_id,
			r.has_survey, r.main_ended_at, r.main_skill_id, i.latest_skill_id, i.closed_by,
			-- The survey does not prolong the conversation.
			CASE
				WHEN r.main_ended_at IS NOT NULL AND (r.has_survey OR i.ended_at IS NULL)
					THEN r.main_ended_at
				WHEN r.has_survey AND i.ended_at IS NOT NULL
					THEN least(i.ended_at, r.survey_started_at)
				ELSE i.ended_at
			END AS ended_at,
			i.ended_at AS survey_ended_at
		FROM record AS r
		CROSS JOIN LATERAL (
			SELECT CASE WHEN upper(goaltracker._json_text(r.info, 'status')) = 'OPEN' THEN NULL
					ELSE goaltracker._json_time(r.info, 'endTimeL')
				END AS ended_at,
				goaltracker._json_id(r.info, 'latestSkillId') AS latest_skill_id,
				CASE upper(goaltracker._json_text(r.info, 'closeReason'))
					WHEN 'AGENT' THEN 'Closed by Agent'
					WHEN 'CONSUMER' THEN 'Closed by Consumer'
					WHEN 'SYSTEM' THEN 'Closed by System'
				END AS closed_by
		) AS i
		WHERE r.conversation_id IS NOT NULL AND r.opened_at IS NOT NULL AND r.consumer_id IS NOT NULL
	),
	-- Every dialog that is no survey, listed or not, belongs to the main one, whose
	-- id is '' from here on.
	survey AS MATERIALIZED (
		SELECT u.record_no, d.dialog_id, coalesce(max(d.ended_at), u.survey_ended_at) AS ended_at,
			max(d.skill_id) AS skill_id
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_id(e.part, 'dialogId') AS dialog_id,
				goaltracker._json_time(e.part, 'endTimeL') AS ended_at,
				goaltracker._json_id(e.part, 'skillId') AS skill_id
			FROM jsonb_array_elements(goaltracker._json_list(u.record, 'dialogs')) AS e (part)
			WHERE upper(goaltracker._json_text(e.part, 'dialogType')) = 'POST_SURVEY'
		) AS d
		WHERE u.has_survey AND d.dialog_id IS NOT NULL
		GROUP BY u.record_no, u.survey_ended_at, d.dialog_id
	),
	message_read AS MATERIALIZED (
		SELECT u.record_no, m.sent_by, m.participant_id, m.sent_at, m.seq, m.dialog_id,
			CASE WHEN m.sent_by IS NULL OR m.sent_at IS NULL THEN m.part END AS bad_part
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT e.part,
				goaltracker._json_text(e.part, 'sentBy') AS sent_by,
				goaltracker._json_id(e.part, 'participantId') AS participant_id,
				goaltracker._json_time(e.part, 'timeL') AS sent_at,
				goaltracker._json_integer(e.part, 'seq') AS seq,
				goaltracker._json_id(e.part, 'dialogId') AS dialog_id
			FROM jsonb_array_elements(goaltracker._json_list(u.record, 'messageRecords')) AS e (part)
		) AS m
	),
	-- A message that a record holds twice is one.
	message AS MATERIALIZED (
		SELECT DISTINCT m.record_no, m.sent_by, m.participant_id, m.sent_at, m.seq,
			coalesce(s.dialog_id, '') AS dialog_id
		FROM message_read AS m
		LEFT JOIN survey AS s ON s.record_no = m.record_no AND s.dialog_id = m.dialog_id
		WHERE m.bad_part IS NULL
	),
	exchange AS MATERIALIZED (
		SELECT record_no, count(*)::integer AS messages, max(sent_at) AS last_message_at,
			goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) AS responses
		FROM message
		GROUP BY record_no
	),
	-- Closed beats open, then more messages, then the later last message.
	version AS MATERIALIZED (
		SELECT u.*, greatest(u.ended_at, u.opened_at) AS closed_or_opened_at,
			CASE WHEN u.ended_at IS NOT NULL THEN greatest(u.ended_at, u.opened_at) END AS closed_at,
			coalesce(x.messages, 0) AS messages,
			coalesce(x.last_message_at, '-infinity') AS last_message_at,
			greatest(u.opened_at, u.ended_at, x.last_message_at) AS as_of,
			row_number() OVER (PARTITION BY u.conversation_id
				ORDER BY (u.ended_at IS NOT NULL) DESC, x.messages DESC NULLS LAST,
					x.last_message_at DESC NULLS LAST, u.record_no) = 1 AS is_best
		FROM usable AS u
		LEFT JOIN exchange AS x ON x.record_no = u.record_no
	),
	conversation AS (
		SELECT v.conversation_id, v.consumer_id, v.opened_at, v.closed_at,
			goaltracker._json_text(v.info, 'source') AS source,
			goaltracker._json_id(v.campaign, 'campaignId') AS campaign_id,
			goaltracker._json_id(v.campaign, 'campaignEngagementId') AS engagement_id,
			v.messages, v.last_message_at
		FROM version AS v
		WHERE v.is_best
	),
	transfer_read AS MATERIALIZED (
		SELECT u.record_no, t.*
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_time(e.part, 'timeL') AS transferred_at,
				lower(goaltracker._json_text(e.part, 'reason')) AS reason,
				goaltracker._json_id(e.part, 'sourceAgentId') AS source_agent_id,
				goaltracker._json_id(e.part, 'sourceSkillId') AS source_skill_id,
				goaltracker._json_id(e.part, 'targetSkillId') AS target_skill_id,
				goaltracker._json_id(e.part, 'dialogId') AS dialog_id,
				goaltracker._json_name(e.part, 'sourceSkillName') AS source_skill_name,
				goaltracker._json_name(e.part, 'targetSkillName') AS target_skill_name,
				e.position,
				e.part
			FROM jsonb_array_elements(goaltracker._json_list(u.record, 'transfers'))
				WITH ORDINALITY AS e (part, position)
		) AS t
	),
	transfer AS MATERIALIZED (
		SELECT t.record_no, coalesce(s.dialog_id, '') AS dialog_id, t.transferred_at, t.reason,
			t.source_agent_id, t.source_skill_id, t.target_skill_id,
			row_number() OVER (PARTITION BY t.record_no ORDER BY t.transferred_at, t.position) AS transfer_no,
			CASE t.reason
				WHEN 'agent' THEN 'Agent Transfer'
				WHEN 'skill' THEN 'Skill Transfer'
				WHEN 'back2q' THEN 'Back to Queue'
				WHEN 'suggestedagenttimeout' THEN 'Back to Queue'
				WHEN 'takeover' THEN 'Takeover from Agent'
			END AS ends_by,
			CASE t.reason
				WHEN 'agent' THEN 'Agent Transfer'
				WHEN 'skill' THEN 'Skill Transfer'
				WHEN 'back2q' THEN 'Taken from Queue'
				WHEN 'suggestedagenttimeout' THEN 'Taken from Queue'
				WHEN 'takeover' THEN 'Takeover'
			END AS starts_by
		FROM transfer_read AS t
		LEFT JOIN survey AS s ON s.record_no = t.record_no AND s.dialog_id = t.dialog_id
		WHERE t.transferred_at IS NOT NULL
	),
	participant_read AS MATERIALIZED (
		SELECT u.record_no, p.*,
			CASE
				WHEN p.permission = 'ASSIGNED_AGENT' THEN 'assigned'
				WHEN p.permission NOT IN ('READER', 'SUGGESTED_ASSIGNED_AGENT') THEN 'joined'
			END AS participation
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_id(e.part, 'agentId') AS agent_id,
				goaltracker._json_time(e.part, 'timeL') AS assigned_at,
				upper(goaltracker._json_text(e.part, 'permission')) AS permission,
				upper(goaltracker._json_text(e.part, 'role')) AS role,
				goaltracker._json_id(e.part, 'agentGroupId') AS group_id,
				goaltracker._json_id(e.part, 'dialogId') AS dialog_id,
				coalesce(goaltracker._json_name(e.part, 'agentNickname'),
					goaltracker._json_name(e.part, 'agentFullName')) AS agent_name,
				goaltracker._json_name(e.part, 'agentLoginName') AS login_name,
				goaltracker._json_text(e.part, 'userType') AS user_type,
				goaltracker._json_name(e.part, 'agentGroupName') AS group_name,
				e.position,
				e.part
			FROM jsonb_array_elements(goaltracker._json_list(u.record, 'agentParticipants'))
				WITH ORDINALITY AS e (part, position)
		) AS p
	),
	-- A joining that a record holds twice is one.
	participant AS (
		SELECT DISTINCT ON (p.record_no, p.assigned_at, coalesce(s.dialog_id, ''), p.participation, p.agent_id)
			p.record_no, coalesce(s.dialog_id, '') AS dialog_id, p.participation, p.agent_id, p.group_id,
			p.assigned_at, p.position,
			bool_or(coalesce(p.role LIKE '%MANAGER%', false) OR p.participation = 'joined')
				OVER (PARTITION BY p.record_no, p.agent_id) AS is_manager
		FROM participant_read AS p
		LEFT JOIN survey AS s ON s.record_no = p.record_no AND s.dialog_id = p.dialog_id
		WHERE p.agent_id IS NOT NULL AND p.assigned_at IS NOT NULL AND p.participation IS NOT NULL
		ORDER BY p.record_no, p.assigned_at, coalesce(s.dialog_id, ''), p.participation, p.agent_id, p.position
	),
	opened AS MATERIALIZED (
		SELECT p.record_no, p.dialog_id, p.participation, p.agent_id, p.group_id, p.assigned_at,
			row_number() OVER (PARTITION BY p.record_no
				ORDER BY p.assigned_at, p.dialog_id, p.participation, p.position)::integer AS segment_no,
			lag(p.agent_id) OVER w AS previous_agent_id,
			lag(p.assigned_at) OVER w AS previous_assigned_at,
			lead(p.agent_id) OVER w AS next_agent_id,
			lead(p.assigned_at) OVER w AS next_assigned_at,
			p.is_manager,
			lead(p.is_manager) OVER w AS next_is_manager
		FROM participant AS p
		JOIN version AS v ON v.record_no = p.record_no AND v.is_best
		WINDOW w AS (PARTITION BY p.record_no, p.dialog_id, p.participation
			ORDER BY p.assigned_at, p.position)
	),
	-- The transfers that decide about a segment.  One at the very instant of an
	-- assignment came before it.
	moved AS (
		SELECT o.record_no, o.segment_no,
			min(t.transfer_no) AS first_no,
			max(t.transfer_no) FILTER (WHERE t.transferred_at <= o.assigned_at) AS before_no,
			max(t.transfer_no) FILTER (WHERE t.transferred_at <= o.assigned_at
				AND t.transferred_at > o.previous_assigned_at) AS starting_no,
			min(t.transfer_no) FILTER (WHERE t.transferred_at > o.assigned_at
				AND (o.next_assigned_at IS NULL OR t.transferred_at <= o.next_assigned_at)
				AND (t.source_agent_id = o.agent_id
					OR (t.source_agent_id IS NULL AND t.reason IS DISTINCT FROM 'suggestedagenttimeout')))
				AS ending_no,
			max(t.transfer_no) FILTER (WHERE t.transferred_at > o.assigned_at
				AND t.transferred_at <= o.next_assigned_at) AS replacing_no
		FROM opened AS o
		JOIN transfer AS t ON t.record_no = o.record_no AND t.dialog_id = o.dialog_id
		GROUP BY o.record_no, o.segment_no
	),
	bounded AS MATERIALIZED (
		SELECT v.conversation_id, o.record_no, o.segment_no, o.agent_id, o.group_id, o.participation,
			o.dialog_id, o.assigned_at,
			-- Not before it started, whatever the document says.
			CASE WHEN o.participation = 'assigned' THEN
				greatest(o.assigned_at, least(ending.transferred_at, o.next_assigned_at, e.dialog_ended_at))
			END AS ended_at,
			CASE
				WHEN before.transfer_no IS NOT NULL THEN before.target_skill_id
				WHEN first.transfer_no IS NOT NULL THEN first.source_skill_id
				ELSE coalesce(e.dialog_skill_id, v.latest_skill_id)
			END AS skill_id,
			CASE
				WHEN o.participation <> 'assigned' THEN NULL
				WHEN o.previous_assigned_at IS NULL THEN 'New Conversation'
				WHEN starting.starts_by IS NOT NULL THEN starting.starts_by
				WHEN o.previous_agent_id = o.agent_id THEN 'Resume'
				WHEN o.is_manager THEN 'Takeover'
				ELSE 'Agent Transfer'
			END AS start_reason,
			CASE
				WHEN o.participation <> 'assigned' THEN NULL
				WHEN ending.transferred_at <= least(o.next_assigned_at, e.dialog_ended_at, 'infinity')
					THEN ending.ends_by
				WHEN e.dialog_ended_at < coalesce(o.next_assigned_at, 'infinity') THEN v.closed_by
				WHEN o.next_assigned_at IS NULL THEN NULL
				WHEN replacing.ends_by IS NOT NULL THEN replacing.ends_by
				WHEN o.next_agent_id = o.agent_id THEN NULL
				WHEN o.next_is_manager THEN 'Takeover from Agent'
				ELSE 'Agent Transfer'
			END AS end_reason
		FROM opened AS o
		JOIN version AS v ON v.record_no = o.record_no
		LEFT JOIN survey AS s ON s.record_no = o.record_no AND s.dialog_id = o.dialog_id
		CROSS JOIN LATERAL (
			SELECT CASE WHEN s.record_no IS NOT NULL THEN s.ended_at
					ELSE least(v.main_ended_at, v.closed_at)
				END AS dialog_ended_at,
				CASE WHEN s.record_no IS NOT NULL THEN s.skill_id
					ELSE v.main_skill_id
				END AS dialog_skill_id
		) AS e
		LEFT JOIN moved AS m ON m.record_no = o.record_no AND m.segment_no = o.segment_no
		LEFT JOIN transfer AS first ON first.record_no = o.record_no AND first.transfer_no = m.first_no
		LEFT JOIN transfer AS before ON before.record_no = o.record_no AND before.transfer_no = m.before_no
		LEFT JOIN transfer AS starting ON starting.record_no = o.record_no
			AND starting.transfer_no = m.starting_no
		LEFT JOIN transfer AS ending ON ending.record_no = o.record_no AND ending.transfer_no = m.ending_no
		LEFT JOIN transfer AS replacing ON replacing.record_no = o.record_no
			AND replacing.transfer_no = m.replacing_no
	),
	-- Messages and responses in order of time among the segments of their agent:
	-- each belongs to the latest segment that had started by then.
	work AS (
		SELECT b.record_no, b.dialog_id, b.agent_id, b.assigned_at AS at, 0 AS kind,
			CASE WHEN b.participation = 'assigned' THEN b.segment_no END AS assigned_no,
			CASE WHEN b.participation = 'assigned' THEN coalesce(b.ended_at, 'infinity') END AS assigned_until,
			CASE WHEN b.participation = 'joined' THEN b.segment_no END AS joined_no
		FROM bounded AS b
		UNION ALL
		SELECT m.record_no, m.dialog_id, m.participant_id, m.sent_at, 1, NULL, NULL, NULL
		FROM message AS m
		WHERE lower(m.sent_by) = 'agent'
		UNION ALL
		SELECT x.record_no, r.dialog_id, r.agent_id, r.responded_at, 2, NULL, NULL, NULL
		FROM exchange AS x
		CROSS JOIN LATERAL unnest(x.responses) AS r
	),
	done AS (
		SELECT w.record_no,
			-- One who joins while being assigned goes on working as assigned.
			CASE WHEN w.joined_no > w.assigned_no AND w.at >= w.assigned_until THEN w.joined_no
				ELSE coalesce(w.assigned_no, w.joined_no)
			END AS segment_no,
			count(*) FILTER (WHERE w.kind = 1)::integer AS agent_messages,
			count(*) FILTER (WHERE w.kind = 2)::integer AS agent_responses
		FROM (
			SELECT record_no, at, kind,
				max(assigned_no) OVER so_far AS assigned_no,
				max(assigned_until) OVER so_far AS assigned_until,
				max(joined_no) OVER so_far AS joined_no
			FROM work
			WINDOW so_far AS (PARTITION BY record_no, dialog_id, agent_id ORDER BY at, kind)
		) AS w
		WHERE w.kind > 0
		GROUP BY 1, 2
	),
	segment AS (
		SELECT b.conversation_id, b.segment_no, b.agent_id, b.skill_id, b.group_id, b.participation,
			CASE WHEN b.dialog_id = '' THEN 'main' ELSE 'post_survey' END AS dialog,
			b.assigned_at, b.ended_at, b.start_reason, b.end_reason,
			coalesce(d.agent_messages, 0) AS agent_messages,
			coalesce(d.agent_responses, 0) AS agent_responses
		FROM bounded AS b
		LEFT JOIN done AS d ON d.record_no = b.record_no AND d.segment_no = b.segment_no
	),
	attribute AS (
		SELECT u.record_no, u.conversation_id, u.consumer_id, e.event,
			upper(goaltracker._json_text(e.event, 'sdeType')) AS kind
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT jsonb_array_elements(goaltracker._json_list(u.record -> 'sdes', 'events'))
			UNION ALL
			SELECT jsonb_array_elements(goaltracker._json_list(u.record -> 'unAuthSdes', 'events'))
		) AS e (event)
	),
	achieved AS MATERIALIZED (
		SELECT a.conversation_id, a.consumer_id, a.kind, a.event,
			goaltracker._json_id(i.body, i.id_key) AS brand_event_id,
			goaltracker._json_amount(i.body, i.amount_key) AS amount,
			goaltracker._json_text(i.body, 'currency') AS currency,
			goaltracker._json_text(i.body, 'topic') AS topic,
			goaltracker._json_text(i.body, 'status') AS status,
			coalesce(
				goaltracker._json_time(i.body, 'originalTimeStamp'),
				goaltracker._json_time(i.wrapping, 'originalTimeStamp'),
				goaltracker._json_time(a.event, 'originalTimeStamp'),
				goaltracker._json_time(i.body, 'serverTimeStamp'),
				goaltracker._json_time(i.wrapping, 'serverTimeStamp'),
				goaltracker._json_time(a.event, 'serverTimeStamp')) AS reached_at,
			CASE WHEN jsonb_typeof(i.body) = 'object' THEN
				goaltracker._json_fault(i.body, ARRAY[i.id_key], '{}', ARRAY[i.amount_key])
			ELSE
				'a ' || a.kind || ' without its attributes'
			END AS fault
		FROM (
			SELECT a.*, k.*, a.event -> k.part_key AS wrapping
			FROM attribute AS a
			JOIN (VALUES
				('PURCHASE', 'purchase', 'orderId', 'total'),
				('LEAD', 'lead', 'leadId', 'value'),
				('SERVICE_ACTIVITY', 'serviceActivity', 'serviceId', NULL)
			) AS k (of_kind, part_key, id_key, amount_key) ON k.of_kind = a.kind
		) AS a
		CROSS JOIN LATERAL (
			SELECT a.wrapping, a.id_key, a.amount_key,
				-- lead.lead and serviceActivity.serviceActivity, but purchase
				CASE WHEN jsonb_typeof(a.wrapping -> a.part_key) = 'object' THEN a.wrapping -> a.part_key
					ELSE a.wrapping
				END AS body
		) AS i
	),
	goal_event AS (
		SELECT DISTINCT ON (h.goal_event_id)
			h.goal_event_id, g.consumer_id, g.kind AS goal_id,
			CASE g.kind WHEN 'PURCHASE' THEN 'Purchase Event' WHEN 'LEAD' THEN 'Lead Event' ELSE 'Goal Achieved' END
				AS event_type,
			g.reached_at,
			CASE WHEN g.kind = 'LEAD' THEN g.amount END AS lead_value,
			CASE WHEN g.kind = 'PURCHASE' THEN g.amount END AS transaction_value,
			CASE WHEN g.kind <> 'SERVICE_ACTIVITY' THEN g.currency END AS currency,
			g.brand_event_id,
			CASE WHEN g.kind <> 'PURCHASE' THEN g.topic END AS topic,
			CASE WHEN g.kind = 'SERVICE_ACTIVITY' THEN g.status END AS service_activity_status,
			NULL::text AS session_id,
			g.kind AS goal_name,
			CASE g.kind WHEN 'PURCHASE' THEN 'Sell Product/Service' WHEN 'LEAD' THEN 'Generate Leads'
				ELSE 'Service Activity Complete' END AS goal_type
		FROM achieved AS g
		-- The consumer as the document names it, so that links made later leave the
		-- id alone; no spelling depends on the session.
		CROSS JOIN LATERAL (
			SELECT encode(sha256(convert_to(jsonb_build_array(g.consumer_id, g.kind,
				extract(epoch FROM g.reached_at), g.brand_event_id, g.topic, g.status, g.amount,
				g.currency)::text, 'UTF8')), 'hex') AS goal_event_id
		) AS h
		WHERE g.fault IS NULL AND g.reached_at IS NOT NULL
		AND (g.kind <> 'SERVICE_ACTIVITY' OR g.status IN ('0', '13'))
		ORDER BY h.goal_event_id
	),
	name_read AS (
		SELECT v.as_of, n.*
		FROM version AS v
		CROSS JOIN LATERAL (VALUES
			('skill', v.latest_skill_id, goaltracker._json_name(v.info, 'latestSkillName')),
			('campaign', goaltracker._json_id(v.campaign, 'campaignId'),
				goaltracker._json_name(v.campaign, 'campaignName')),
			('engagement', goaltracker._json_id(v.campaign, 'campaignEngagementId'),
				goaltracker._json_name(v.campaign, 'campaignEngagementName')),
			('engagement campaign', goaltracker._json_id(v.campaign, 'campaignEngagementId'),
				goaltracker._json_id(v.campaign, 'campaignId'))
		) AS n (what, id, value)
		UNION ALL
		SELECT v.as_of, 'skill', goaltracker._json_id(e.part, 'skillId'), goaltracker._json_name(e.part, 'skillName')
		FROM version AS v
		CROSS JOIN LATERAL jsonb_array_elements(goaltracker._json_list(v.record, 'dialogs')) AS e (part)
		UNION ALL
		SELECT v.as_of, 'skill', n.*
		FROM transfer_read AS t
		JOIN version AS v ON v.record_no = t.record_no
		CROSS JOIN LATERAL (VALUES
			(t.source_skill_id, t.source_skill_name),
			(t.target_skill_id, t.target_skill_name)
		) AS n (id, value)
		UNION ALL
		SELECT v.as_of, n.*
		FROM participant_read AS p
		JOIN version AS v ON v.record_no = p.record_no
		CROSS JOIN LATERAL (VALUES
			('agent', p.agent_id, p.agent_name),
			('agent login', p.agent_id, p.login_name),
			('agent type', p.agent_id,
				CASE p.user_type WHEN '0' THEN 'System' WHEN '1' THEN 'Human' WHEN '2' THEN 'Bot' END),
			('agent group', p.group_id, p.group_name)
		) AS n (what, id, value)
	),
	name AS (
		SELECT DISTINCT ON (what COLLATE "C", id) what, id, value, as_of
		FROM name_read
		WHERE id IS NOT NULL AND value IS NOT NULL
		ORDER BY what COLLATE "C", id, as_of DESC, value COLLATE "C" DESC
	),
	alias AS (
		SELECT DISTINCT a.alias, u.consumer_id, u.opened_at AS named_at, u.conversation_id AS named_by
		FROM usable AS u
		CROSS JOIN LATERAL (SELECT goaltracker._json_id(u.info, 'visitorId') AS alias) AS a
		WHERE a.alias <> u.consumer_id
	),
	problem AS (
		SELECT r.record_no, r.conversation_id,
			CASE
				WHEN jsonb_typeof(r.record) <> 'object' THEN 'not a conversation history record'
				WHEN r.conversation_id IS NULL OR r.opened_at IS NULL THEN
					coalesce(goaltracker._json_fault(r.info, '{conversationId}', '{startTimeL}', '{}'),
						CASE WHEN r.conversation_id IS NULL THEN 'a record without conversationId'
							ELSE 'a conversation without startTimeL' END)
				ELSE 'a conversation without a consumer'
			END AS reason,
			r.record AS part
		FROM record AS r
		WHERE r.conversation_id IS NULL OR r.opened_at IS NULL OR r.consumer_id IS NULL
		UNION ALL
		SELECT u.record_no, u.conversation_id, i.reason, u.info
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_fault(u.info, '{latestSkillId,visitorId}', '{endTimeL}', '{}')
			UNION ALL
			SELECT 'a conversation that ends before it starts'
			WHERE u.ended_at < u.opened_at
		) AS i (reason)
		WHERE i.reason IS NOT NULL
		UNION ALL
		SELECT u.record_no, u.conversation_id, c.reason, u.campaign
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_fault(u.campaign, '{campaignId,campaignEngagementId}', '{}', '{}')
		) AS c (reason)
		WHERE c.reason IS NOT NULL
		UNION ALL
		SELECT u.record_no, u.conversation_id, l.key || ' is not a list', l.part -> l.key
		FROM usable AS u
		CROSS JOIN LATERAL (VALUES
			(u.record, 'consumerParticipants'),
			(u.record, 'consumerParticipant'),
			(u.record, 'agentParticipants'),
			(u.record, 'transfers'),
			(u.record, 'messageRecords'),
			(u.record, 'dialogs'),
			(u.record -> 'sdes', 'events'),
			(u.record -> 'unAuthSdes', 'events')
		) AS l (part, key)
		WHERE goaltracker._json_text(l.part, l.key) IS NOT NULL OR jsonb_typeof(l.part -> l.key) = 'boolean'
		UNION ALL
		SELECT u.record_no, u.conversation_id,
			coalesce(goaltracker._json_fault(e.part, '{dialogId,skillId}', '{startTimeL,endTimeL}', '{}'),
				CASE WHEN jsonb_typeof(e.part) <> 'object' THEN 'not a dialog' END),
			e.part
		FROM usable AS u
		CROSS JOIN LATERAL jsonb_array_elements(goaltracker._json_list(u.record, 'dialogs')) AS e (part)
		UNION ALL
		SELECT p.record_no, NULL, i.reason, p.part
		FROM participant_read AS p
		CROSS JOIN LATERAL (
			SELECT coalesce(
				goaltracker._json_fault(p.part, '{agentId,agentGroupId,dialogId}', '{timeL}', '{}'),
				CASE
					WHEN p.agent_id IS NULL THEN 'an agent participant without agentId'
					WHEN p.permission IS NULL THEN 'an agent participant without permission'
					WHEN p.assigned_at IS NULL AND p.participation IS NOT NULL
						THEN 'an agent participant without timeL'
					WHEN p.user_type NOT IN ('0', '1', '2') THEN 'userType is not 0, 1 or 2: ' || p.user_type
				END)
		) AS i (reason)
		UNION ALL
		SELECT t.record_no, NULL,
			coalesce(goaltracker._json_fault(t.part, '{sourceAgentId,sourceSkillId,targetSkillId,dialogId}',
					'{timeL}', '{}'),
				CASE WHEN t.transferred_at IS NULL THEN 'a transfer without timeL' END),
			t.part
		FROM transfer_read AS t
		UNION ALL
		SELECT m.record_no, NULL,
			coalesce(goaltracker._json_fault(m.bad_part, '{}', '{timeL}', '{}'),
				CASE WHEN m.sent_at IS NULL THEN 'a message without timeL' ELSE 'a message without sentBy' END),
			m.bad_part
		FROM message_read AS m
		WHERE m.bad_part IS NOT NULL
		UNION ALL
		SELECT NULL, g.conversation_id, coalesce(g.fault, 'a ' || g.kind || ' without a time'), g.event
		FROM achieved AS g
		WHERE g.fault IS NOT NULL OR g.reached_at IS NULL
	)
	SELECT
		(SELECT array_agg(c::record::goaltracker._read_conversation) FROM conversation AS c),
		(SELECT array_agg(s::record::goaltracker._read_segment) FROM segment AS s),
		(SELECT array_agg(g::record::goaltracker._read_goal_event) FROM goal_event AS g),
		(SELECT array_agg(n::record::goaltracker._read_name) FROM name AS n),
		(SELECT array_agg(a::record::goaltracker._read_alias) FROM alias AS a),
		(SELECT array_agg(ROW(coalesce(p.conversation_id, r.conversation_id), p.reason, p.part)
				::goaltracker._read_problem ORDER BY r.record_no, p.reason, p.part)
		 FROM problem AS p
		 LEFT JOIN record AS r ON r.record_no = p.record_no
		 WHERE p.reason IS NOT NULL)
	INTO conversations, segments, goal_events, names, aliases, problems;
END
$$;
