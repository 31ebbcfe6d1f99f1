-- ---------------------------------------------------------------------------
-- import_conversations: conversation history of the Messaging Interactions API
-- ---------------------------------------------------------------------------

-- Reading a page.  record_no numbers the records of the page; everything is
-- worked out for all of them at once.
CREATE FUNCTION goaltracker._read_conversations(records jsonb,
	OUT conversations goaltracker._read_conversation[],
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
		SELECT r.record_no, r.record, i.*, c.consumer_id, d.has_survey, d.main_ended_at, d.main_skill_id,
			-- The survey does not prolong the conversation.
			CASE
				WHEN d.main_ended_at IS NOT NULL AND (d.has_survey OR i.info_ended_at IS NULL)
					THEN d.main_ended_at
				WHEN d.has_survey AND i.info_ended_at IS NOT NULL
					THEN least(i.info_ended_at, d.survey_started_at)
				ELSE i.info_ended_at
			END AS ended_at,
			i.conversation_id IS NOT NULL AND i.opened_at IS NOT NULL AND c.consumer_id IS NOT NULL AS is_usable
		FROM jsonb_array_elements(_read_conversations.records) WITH ORDINALITY AS r (record, record_no)
		CROSS JOIN LATERAL (
			SELECT h.info, h.campaign,
				goaltracker._json_id(h.info, 'conversationId') AS conversation_id,
				goaltracker._json_time(h.info, 'startTimeL') AS opened_at,
				CASE WHEN upper(goaltracker._json_text(h.info, 'status')) = 'OPEN' THEN NULL
					ELSE goaltracker._json_time(h.info, 'endTimeL')
				END AS info_ended_at,
				CASE upper(goaltracker._json_text(h.info, 'closeReason'))
					WHEN 'AGENT' THEN 'Closed by Agent'
					WHEN 'CONSUMER' THEN 'Closed by Consumer'
					WHEN 'SYSTEM' THEN 'Closed by System'
				END AS closed_by,
				goaltracker._json_text(h.info, 'source') AS source,
				goaltracker._json_id(h.info, 'visitorId') AS visitor_id,
				goaltracker._json_id(h.info, 'latestSkillId') AS latest_skill_id,
				goaltracker._json_name(h.info, 'latestSkillName') AS latest_skill_name,
				goaltracker._json_id(h.campaign, 'campaignId') AS campaign_id,
				goaltracker._json_name(h.campaign, 'campaignName') AS campaign_name,
				goaltracker._json_id(h.campaign, 'campaignEngagementId') AS engagement_id,
				goaltracker._json_name(h.campaign, 'campaignEngagementName') AS engagement_name
			FROM (SELECT r.record -> 'info', r.record -> 'campaign' OFFSET 0) AS h (info, campaign)
			OFFSET 0
		) AS i
		CROSS JOIN LATERAL (
			SELECT (array_agg(p.consumer_id ORDER BY p.joined_at, p.position, p.consumer_id))[1] AS consumer_id
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
	usable AS (
		SELECT * FROM record WHERE is_usable
	),
	dialog_read AS MATERIALIZED (
		SELECT u.record_no, u.conversation_id, u.info_ended_at, d.*
		FROM usable AS u
		CROSS JOIN LATERAL (
			SELECT goaltracker._json_id(e.part, 'dialogId') AS dialog_id,
				coalesce(upper(goaltracker._json_text(e.part, 'dialogType')) = 'POST_SURVEY', false) AS is_survey,
				goaltracker._json_time(e.part, 'endTimeL') AS ended_at,
				goaltracker._json_id(e.part, 'skillId') AS skill_id,
				goaltracker._json_name(e.part, 'skillName') AS skill_name,
				e.part
			FROM jsonb_array_elements(goaltracker._json_list(u.record, 'dialogs')) AS e (part)
		) AS d
	),
	-- Every dialog that is no survey, listed or not, belongs to the main one, whose
	-- id is '' from here on.
	survey AS MATERIALIZED (
		SELECT record_no, dialog_id, coalesce(max(ended_at), max(info_ended_at)) AS ended_at,
			max(skill_id) AS skill_id
		FROM dialog_read
		WHERE is_survey AND dialog_id IS NOT NULL
		GROUP BY record_no, dialog_id
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
			OFFSET 0
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
		SELECT u.record_no, u.conversation_id, u.consumer_id, u.opened_at, u.main_ended_at, u.main_skill_id,
			u.latest_skill_id, u.closed_by, u.source, u.campaign_id, u.engagement_id,
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
			CASE WHEN o.participation = 'assigned' AND
				coalesce(ending.transferred_at, o.next_assigned_at, e.dialog_ended_at) IS NOT NULL
			THEN
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
		SELECT b.record_no, b.segment_no, b.agent_id, b.skill_id, b.group_id, b.participation,
			CASE WHEN b.dialog_id = '' THEN 'main' ELSE 'post_survey' END AS dialog,
			b.assigned_at, b.ended_at, b.start_reason, b.end_reason,
			coalesce(d.agent_messages, 0) AS agent_messages,
			coalesce(d.agent_responses, 0) AS agent_responses
		FROM bounded AS b
		LEFT JOIN done AS d ON d.record_no = b.record_no AND d.segment_no = b.segment_no
	),
	conversation AS (
		SELECT v.conversation_id, v.consumer_id, v.opened_at, v.closed_at, v.source, v.campaign_id,
			v.engagement_id, v.messages, v.last_message_at, s.segments
		FROM version AS v
		LEFT JOIN (
			SELECT record_no,
				array_agg(ROW(segment_no, agent_id, skill_id, group_id, participation, dialog, assigned_at,
						ended_at, start_reason, end_reason, agent_messages, agent_responses)
					::goaltracker._read_segment) AS segments
			FROM segment
			GROUP BY record_no
		) AS s ON s.record_no = v.record_no
		WHERE v.is_best
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
		SELECT a.conversation_id, a.consumer_id, a.kind, a.event, i.body,
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
				goaltracker._json_fault(i.body,
					ARRAY[i.id_key, CASE WHEN a.kind <> 'SERVICE_ACTIVITY' THEN 'currency' END]::text[],
					'{}', ARRAY[i.amount_key]::text[])
			ELSE
				'a ' || a.kind || ' without its attributes'
			END AS fault
		FROM (
			SELECT a.*, k.*, a.event -> k.part_key AS wrapping
			FROM attribute AS a
			JOIN (VALUES
				('PURCHASE', 'purchase', 'orderId'::name, 'total'::name),
				('LEAD', 'lead', 'leadId', 'value'),
				('SERVICE_ACTIVITY', 'serviceActivity', 'serviceId', NULL)
			) AS k (of_kind, part_key, id_key, amount_key) ON k.of_kind = a.kind
			OFFSET 0
		) AS a
		CROSS JOIN LATERAL (
			SELECT a.wrapping, a.id_key, a.amount_key,
				-- lead.lead and serviceActivity.serviceActivity, but purchase
				CASE WHEN jsonb_typeof(a.wrapping -> a.part_key) = 'object' THEN a.wrapping -> a.part_key
					ELSE a.wrapping
				END AS body
			OFFSET 0
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
			SELECT encode(sha256(
				-- a database without an encoding may hold bytes of any
				CASE getdatabaseencoding()
					WHEN 'SQL_ASCII' THEN decode(replace(i.spelt, '\', '\\'), 'escape')
					ELSE convert_to(i.spelt, 'UTF8')
				END), 'hex') AS goal_event_id
			FROM (SELECT jsonb_build_array(g.consumer_id, g.kind, extract(epoch FROM g.reached_at),
				g.brand_event_id, g.topic, g.status, g.amount, g.currency)::text AS spelt OFFSET 0) AS i
		) AS h
		WHERE g.fault IS NULL AND g.reached_at IS NOT NULL
		AND (g.kind <> 'SERVICE_ACTIVITY' OR g.status IN ('0', '13'))
		ORDER BY h.goal_event_id
	),
	name_read AS (
		SELECT v.as_of, n.*
		FROM usable AS u
		JOIN version AS v ON v.record_no = u.record_no
		CROSS JOIN LATERAL (VALUES
			('skill', u.latest_skill_id, u.latest_skill_name),
			('campaign', u.campaign_id, u.campaign_name),
			('engagement', u.engagement_id, u.engagement_name),
			('engagement campaign', u.engagement_id, u.campaign_id)
		) AS n (what, id, value)
		UNION ALL
		SELECT v.as_of, 'skill', d.skill_id, d.skill_name
		FROM dialog_read AS d
		JOIN version AS v ON v.record_no = d.record_no
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
		SELECT DISTINCT visitor_id, consumer_id, opened_at, conversation_id
		FROM usable
		WHERE visitor_id <> consumer_id
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
		SELECT u.record_no, u.conversation_id, l.key::text || ' is not a list', l.part -> l.key::text
		FROM usable AS u
		CROSS JOIN LATERAL (VALUES
			(u.record, 'consumerParticipants'::name),
			(u.record, 'consumerParticipant'),
			(u.record, 'agentParticipants'),
			(u.record, 'transfers'),
			(u.record, 'messageRecords'),
			(u.record, 'dialogs'),
			(u.record -> 'sdes', 'events'),
			(u.record -> 'unAuthSdes', 'events')
		) AS l (part, key)
		WHERE goaltracker._json_text(l.part, l.key) IS NOT NULL OR jsonb_typeof(l.part -> l.key::text) = 'boolean'
		UNION ALL
		SELECT d.record_no, d.conversation_id,
			coalesce(goaltracker._json_fault(d.part, '{dialogId,skillId}', '{startTimeL,endTimeL}', '{}'),
				CASE WHEN jsonb_typeof(d.part) <> 'object' THEN 'not a dialog' END),
			d.part
		FROM dialog_read AS d
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
		SELECT NULL, g.conversation_id,
			coalesce(g.fault,
				goaltracker._json_fault(g.body, '{}', '{originalTimeStamp,serverTimeStamp}', '{}'),
				goaltracker._json_fault(g.event, '{}', '{originalTimeStamp,serverTimeStamp}', '{}'),
				'a ' || g.kind || ' without a time'),
			g.event
		FROM achieved AS g
		WHERE g.fault IS NOT NULL OR g.reached_at IS NULL
	)
	SELECT
		(SELECT array_agg(c::goaltracker._read_conversation) FROM conversation AS c),
		(SELECT array_agg(g::goaltracker._read_goal_event) FROM goal_event AS g),
		(SELECT array_agg(n::goaltracker._read_name) FROM name AS n),
		(SELECT array_agg(a::goaltracker._read_alias) FROM alias AS a),
		(SELECT array_agg(ROW(coalesce(p.conversation_id, r.conversation_id), p.reason, p.part)
				::goaltracker._read_problem ORDER BY r.record_no, p.conversation_id, p.reason COLLATE "C", p.part)
		 FROM problem AS p
		 LEFT JOIN record AS r ON r.record_no = p.record_no
		 WHERE p.reason IS NOT NULL)
	INTO conversations, goal_events, names, aliases, problems;
END
$$;

COMMENT ON FUNCTION goaltracker._read_conversations(jsonb) IS
	'reads an array of conversation history records; what cannot be used is a problem, never an error';

-- Writing the conversations that are newer than what is there, with their segments.
CREATE FUNCTION goaltracker._write_conversations(account_id text,
	conversations goaltracker._read_conversation[],
	OUT nconversations integer, OUT nsegments integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _write_conversations.account_id;
	newer goaltracker._read_conversation[];
BEGIN
	-- A conversation that was deleted since may come again.
	DELETE FROM goaltracker._imported_conversation AS i
	USING unnest(_write_conversations.conversations) AS c
	WHERE i.account_id = account AND i.conversation_id = c.conversation_id
	AND NOT EXISTS (
		SELECT FROM goaltracker.conversation AS k
		WHERE k.account_id = account AND k.conversation_id = c.conversation_id);

	-- The row that says which version is there is also what concurrent imports of a
	-- conversation wait for; the later one compares with what the earlier one left.
	-- A conversation that somebody else loaded has no such row: of it only closed or
	-- open is known.
	WITH written AS (
		INSERT INTO goaltracker._imported_conversation AS old
			(account_id, conversation_id, is_closed, messages, last_message_at)
		SELECT account, c.conversation_id, c.closed_at IS NOT NULL, c.messages, c.last_message_at
		FROM unnest(_write_conversations.conversations) AS c
		LEFT JOIN goaltracker._imported_conversation AS i
			ON i.account_id = account AND i.conversation_id = c.conversation_id
		LEFT JOIN goaltracker.conversation AS k
			ON k.account_id = account AND k.conversation_id = c.conversation_id
		WHERE (c.closed_at IS NOT NULL OR k.closed_at IS NULL)
		AND (i.conversation_id IS NULL
			OR (c.closed_at IS NOT NULL, c.messages, c.last_message_at)
				> (i.is_closed, i.messages, i.last_message_at))
		ORDER BY c.conversation_id
		ON CONFLICT (account_id, conversation_id) DO UPDATE
		SET is_closed = excluded.is_closed, messages = excluded.messages,
			last_message_at = excluded.last_message_at
		WHERE (excluded.is_closed, excluded.messages, excluded.last_message_at)
			> (old.is_closed, old.messages, old.last_message_at)
		RETURNING conversation_id
	)
	SELECT array_agg(c.c) INTO newer
	FROM (SELECT c, c.conversation_id FROM unnest(_write_conversations.conversations) AS c) AS c
	WHERE CASE WHEN c.conversation_id IN (SELECT w.conversation_id FROM written AS w) THEN true END;
	nconversations := coalesce(cardinality(newer), 0);
	nsegments := 0;
	IF nconversations = 0 THEN
		RETURN;
	END IF;

	INSERT INTO goaltracker.conversation AS old (account_id, conversation_id, consumer_id, opened_at, closed_at,
		source, campaign_id, engagement_id)
	SELECT account, c.conversation_id, coalesce(a.consumer_id, c.consumer_id), c.opened_at, c.closed_at,
		c.source, c.campaign_id, c.engagement_id
	FROM unnest(newer) AS c
	LEFT JOIN goaltracker.consumer_alias AS a ON a.account_id = account AND a.alias = c.consumer_id
	ORDER BY c.conversation_id
	ON CONFLICT (account_id, conversation_id) DO UPDATE
	SET consumer_id = excluded.consumer_id, opened_at = excluded.opened_at, closed_at = excluded.closed_at,
		source = excluded.source, campaign_id = excluded.campaign_id, engagement_id = excluded.engagement_id
	WHERE (old.consumer_id, old.opened_at, old.closed_at, old.source, old.campaign_id, old.engagement_id)
		IS DISTINCT FROM (excluded.consumer_id, excluded.opened_at, excluded.closed_at, excluded.source,
			excluded.campaign_id, excluded.engagement_id);

	-- Segments are numbered from 1, so what is numbered otherwise has vanished.
	DELETE FROM goaltracker.agent_segment AS s
	USING unnest(newer) AS c
	WHERE s.account_id = account AND s.conversation_id = c.conversation_id
	AND s.segment_no NOT BETWEEN 1 AND coalesce(cardinality(c.segments), 0);

	INSERT INTO goaltracker.agent_segment AS old (account_id, conversation_id, segment_no, consumer_id, agent_id,
		skill_id, group_id, participation, dialog, assigned_at, ended_at, start_reason, end_reason,
		agent_messages, agent_responses)
	SELECT account, c.conversation_id, s.segment_no, coalesce(a.consumer_id, c.consumer_id), s.agent_id,
		s.skill_id, s.group_id, s.participation, s.dialog, s.assigned_at, s.ended_at, s.start_reason, s.end_reason,
		s.agent_messages, s.agent_responses
	FROM unnest(newer) AS c
	CROSS JOIN LATERAL unnest(c.segments) AS s
	LEFT JOIN goaltracker.consumer_alias AS a ON a.account_id = account AND a.alias = c.consumer_id
	ORDER BY c.conversation_id, s.segment_no
	ON CONFLICT (account_id, conversation_id, segment_no) DO UPDATE
	SET consumer_id = excluded.consumer_id, agent_id = excluded.agent_id, skill_id = excluded.skill_id,
		group_id = excluded.group_id, participation = excluded.participation, dialog = excluded.dialog,
		assigned_at = excluded.assigned_at, ended_at = excluded.ended_at, start_reason = excluded.start_reason,
		end_reason = excluded.end_reason, agent_messages = excluded.agent_messages,
		agent_responses = excluded.agent_responses
	WHERE (old.consumer_id, old.agent_id, old.skill_id, old.group_id, old.participation, old.dialog,
			old.assigned_at, old.ended_at, old.start_reason, old.end_reason, old.agent_messages,
			old.agent_responses)
		IS DISTINCT FROM (excluded.consumer_id, excluded.agent_id, excluded.skill_id, excluded.group_id,
			excluded.participation, excluded.dialog, excluded.assigned_at, excluded.ended_at,
			excluded.start_reason, excluded.end_reason, excluded.agent_messages, excluded.agent_responses);
	GET DIAGNOSTICS nsegments = ROW_COUNT;

	INSERT INTO goaltracker._loaded_under AS old (account_id, fact, fact_id, alias)
	SELECT account, 'conversation', c.conversation_id, a.alias
	FROM unnest(newer) AS c
	JOIN goaltracker.consumer_alias AS a ON a.account_id = account AND a.alias = c.consumer_id
	ORDER BY c.conversation_id
	ON CONFLICT (account_id, fact, fact_id) DO UPDATE
	SET alias = excluded.alias
	WHERE old.alias <> excluded.alias;
END
$$;

COMMENT ON FUNCTION goaltracker._write_conversations(text, goaltracker._read_conversation[]) IS
	'writes conversations that are newer than what is there, with their segments; gives the numbers of rows written';

CREATE FUNCTION goaltracker._import_conversations(account_id text, records jsonb,
	problems goaltracker._read_problem[],
	OUT conversations integer, OUT agent_segments integer, OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page record;
	written record;
BEGIN
	page := goaltracker._read_conversations(records);
	problems := problems || page.problems
		|| goaltracker._write_aliases(account_id, page.aliases);
	written := goaltracker._write_conversations(account_id, page.conversations);
	conversations := written.nconversations;
	agent_segments := written.nsegments;
	goal_events := goaltracker._write_goal_events(account_id, page.goal_events);
	PERFORM goaltracker._write_names(account_id, page.names);
	skipped := goaltracker._write_problems(account_id, 'conversations', problems);
END
$$;

COMMENT ON FUNCTION goaltracker._import_conversations(text, jsonb, goaltracker._read_problem[]) IS
	'what both forms of import_conversations do, once they have the records';

CREATE FUNCTION goaltracker.import_conversations(account_id text, document jsonb,
	OUT conversations integer, OUT agent_segments integer, OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	outcome record;
BEGIN
	PERFORM goaltracker._refuse_read_only('import');
	PERFORM goaltracker._check_account(account_id);
	outcome := goaltracker._import_conversations(account_id,
		goaltracker._records_of(document, 'conversationHistoryRecords'), '{}');
	conversations := outcome.conversations;
	agent_segments := outcome.agent_segments;
	goal_events := outcome.goal_events;
	skipped := outcome.skipped;
END
$$;

COMMENT ON FUNCTION goaltracker.import_conversations(text, jsonb) IS
	'imports conversation history of the Messaging Interactions API: a response page, an array of records, or one record; what cannot be used is left out and recorded in import_problem';

CREATE FUNCTION goaltracker.import_conversations(account_id text, document text,
	OUT conversations integer, OUT agent_segments integer, OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page record;
	outcome record;
BEGIN
	PERFORM goaltracker._refuse_read_only('import');
	PERFORM goaltracker._check_account(account_id);
	page := goaltracker._records_of_text(document, 'conversationHistoryRecords');
	outcome := goaltracker._import_conversations(account_id, page.records, page.problems);
	conversations := outcome.conversations;
	agent_segments := outcome.agent_segments;
	goal_events := outcome.goal_events;
	skipped := outcome.skipped;
END
$$;

COMMENT ON FUNCTION goaltracker.import_conversations(text, text) IS
	'as with jsonb; a record that jsonb would refuse is left out and recorded, the others go in';
