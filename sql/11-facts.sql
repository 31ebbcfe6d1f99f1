-- ---------------------------------------------------------------------------
-- Tables that users load: the facts
--
-- No foreign keys: rows may come in any order, and a foreign key doubles the
-- cost of COPY.  Each table has one covering index in order of consumer, which
-- refresh reads instead of sorting.
--
-- Times keep clear of the ends of timestamptz, so that no time zone, window or
-- hour offset leads beyond them.
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker.conversation (
	account_id			text COLLATE "C" NOT NULL,
	conversation_id		text COLLATE "C" NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	opened_at			timestamptz NOT NULL,
	closed_at			timestamptz,
	source				text COLLATE "C",
	campaign_id			text COLLATE "C",
	engagement_id		text COLLATE "C",
	CONSTRAINT conversation_pkey PRIMARY KEY (account_id, conversation_id),
	CONSTRAINT conversation_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(conversation_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('conversation_id', conversation_id))
		AND (octet_length(consumer_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('consumer_id', consumer_id))
		AND (octet_length(campaign_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('campaign_id', campaign_id))
		AND (octet_length(engagement_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('engagement_id', engagement_id))),
	CONSTRAINT conversation_opened_at CHECK (
		opened_at BETWEEN '4713-01-01 00:00:00+00 BC' AND '294275-12-31 00:00:00+00'
		OR goaltracker._refuse('opened_at', opened_at::text,
			'A conversation starts between the years 4713 BC and 294275.')),
	CONSTRAINT conversation_closed_at CHECK (
		closed_at IS NULL
		OR (closed_at >= opened_at AND closed_at <= '294275-12-31 00:00:00+00')
		OR goaltracker._refuse('closed_at', closed_at::text,
			pg_catalog.format('A conversation ends by the year 294275, not before it started (opened_at %s); '
				'NULL stands for one that is still open.', opened_at)))
);

CREATE INDEX conversation_by_consumer ON goaltracker.conversation (account_id, consumer_id)
	INCLUDE (opened_at, closed_at, conversation_id);

CREATE TABLE goaltracker.agent_segment (
	account_id			text COLLATE "C" NOT NULL,
	conversation_id		text COLLATE "C" NOT NULL,
	segment_no			integer NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	agent_id			text COLLATE "C",
	skill_id			text COLLATE "C",
	group_id			text COLLATE "C",
	participation		text COLLATE "C" NOT NULL DEFAULT 'assigned',
	dialog				text COLLATE "C" NOT NULL DEFAULT 'main',
	assigned_at			timestamptz NOT NULL,
	ended_at			timestamptz,
	start_reason		text COLLATE "C",
	end_reason			text COLLATE "C",
	agent_messages		integer NOT NULL DEFAULT 0,
	agent_responses		integer NOT NULL DEFAULT 0,
	segment_key			bigint GENERATED ALWAYS AS IDENTITY,
	CONSTRAINT agent_segment_pkey PRIMARY KEY (account_id, conversation_id, segment_no),
	CONSTRAINT agent_segment_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(conversation_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('conversation_id', conversation_id))
		AND (octet_length(consumer_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('consumer_id', consumer_id))
		AND (octet_length(agent_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('agent_id', agent_id))
		AND (octet_length(skill_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('skill_id', skill_id))
		AND (octet_length(group_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('group_id', group_id))),
	CONSTRAINT agent_segment_participation CHECK (
		participation IN ('assigned', 'joined')
		OR goaltracker._refuse('participation', participation,
			'Allowed are "assigned" and "joined".')),
	CONSTRAINT agent_segment_dialog CHECK (
		dialog IN ('main', 'post_survey')
		OR goaltracker._refuse('dialog', dialog,
			'Allowed are "main" and "post_survey".')),
	CONSTRAINT agent_segment_assigned_at CHECK (
		assigned_at BETWEEN '4713-01-01 00:00:00+00 BC' AND '294275-12-31 00:00:00+00'
		OR goaltracker._refuse('assigned_at', assigned_at::text,
			'An agent is assigned between the years 4713 BC and 294275.')),
	CONSTRAINT agent_segment_ended_at CHECK (
		ended_at IS NULL
		OR (ended_at >= assigned_at AND ended_at <= '294275-12-31 00:00:00+00')
		OR goaltracker._refuse('ended_at', ended_at::text,
			pg_catalog.format('An agent segment ends by the year 294275, not before it started (assigned_at %s); '
				'NULL stands for one that has not ended.', assigned_at))),
	CONSTRAINT agent_segment_agent_messages CHECK (
		agent_messages >= 0
		OR goaltracker._refuse('agent_messages', agent_messages::text,
			'Allowed are whole numbers from 0.')),
	CONSTRAINT agent_segment_agent_responses CHECK (
		agent_responses >= 0
		OR goaltracker._refuse('agent_responses', agent_responses::text,
			'Allowed are whole numbers from 0.'))
);

CREATE INDEX agent_segment_by_consumer ON goaltracker.agent_segment (account_id, consumer_id)
	INCLUDE (assigned_at, ended_at, conversation_id, segment_no, agent_id, skill_id,
			 participation, dialog, agent_messages, agent_responses, segment_key);

-- A changed user type sends refresh to the consumers of one agent.
CREATE INDEX agent_segment_by_agent ON goaltracker.agent_segment (account_id, agent_id);

-- Whom a period has touched.  Facts come more or less in order of time, for which a
-- few pages are enough; keeping them costs a load little beside the other indexes.
CREATE INDEX agent_segment_by_time ON goaltracker.agent_segment USING brin (assigned_at);

CREATE TABLE goaltracker.goal_event (
	account_id			text COLLATE "C" NOT NULL,
	goal_event_id		text COLLATE "C" NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	goal_id				text COLLATE "C",
	event_type			text COLLATE "C" NOT NULL,
	reached_at			timestamptz NOT NULL,
	lead_value			numeric(20, 4),
	transaction_value	numeric(20, 4),
	currency			text COLLATE "C",
	brand_event_id		text COLLATE "C",
	topic				text COLLATE "C",
	service_activity_status text COLLATE "C",
	session_id			text COLLATE "C",
	goal_event_key		bigint GENERATED ALWAYS AS IDENTITY,
	CONSTRAINT goal_event_pkey PRIMARY KEY (account_id, goal_event_id),
	CONSTRAINT goal_event_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(goal_event_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('goal_event_id', goal_event_id))
		AND (octet_length(consumer_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('consumer_id', consumer_id))
		AND (octet_length(goal_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('goal_id', goal_id))
		AND (octet_length(brand_event_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('brand_event_id', brand_event_id))
		AND (octet_length(session_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('session_id', session_id))),
	CONSTRAINT goal_event_event_type CHECK (
		event_type IN ('Goal Achieved', 'Purchase Event', 'Lead Event')
		OR goaltracker._refuse('event_type', event_type,
			'Allowed are "Goal Achieved", "Purchase Event" and "Lead Event".')),
	CONSTRAINT goal_event_reached_at CHECK (
		reached_at BETWEEN '4713-01-01 00:00:00+00 BC' AND '294275-12-31 00:00:00+00'
		OR goaltracker._refuse('reached_at', reached_at::text,
			'A goal is reached between the years 4713 BC and 294275.')),
	CONSTRAINT goal_event_lead_value CHECK (
		lead_value IS NULL OR lead_value <> 'NaN'
		OR goaltracker._refuse('lead_value', lead_value::text,
			'A value is a number.')),
	CONSTRAINT goal_event_transaction_value CHECK (
		transaction_value IS NULL OR transaction_value <> 'NaN'
		OR goaltracker._refuse('transaction_value', transaction_value::text,
			'A value is a number.')),
	CONSTRAINT goal_event_currency CHECK (
		octet_length(currency) BETWEEN 1 AND 255
		OR goaltracker._refuse('currency', currency,
			'A currency has 1 to 255 bytes; NULL stands for the default currency of the account.'))
);

CREATE INDEX goal_event_by_consumer ON goaltracker.goal_event (account_id, consumer_id);

-- A changed goal sends refresh to the consumers who reached it.
CREATE INDEX goal_event_by_goal ON goaltracker.goal_event (account_id, goal_id)
	WHERE goal_id IS NOT NULL;

-- ---------------------------------------------------------------------------
-- What the importers leave beside the facts
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker.consumer_alias (
	account_id			text COLLATE "C" NOT NULL,
	alias				text COLLATE "C" NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	named_at			timestamptz,
	named_by			text COLLATE "C",
	replaced_consumer_id text COLLATE "C",
	CONSTRAINT consumer_alias_pkey PRIMARY KEY (account_id, alias),
	CONSTRAINT consumer_alias_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(alias) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('alias', alias))
		AND (octet_length(consumer_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('consumer_id', consumer_id))),
	CONSTRAINT consumer_alias_not_itself CHECK (
		alias <> consumer_id
		OR goaltracker._refuse('alias', alias, 'A consumer is not an alias of itself.'))
);

CREATE INDEX consumer_alias_by_consumer ON goaltracker.consumer_alias (account_id, consumer_id);

CREATE TABLE goaltracker.import_problem (
	import_problem_no	bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	occurred_at			timestamptz NOT NULL DEFAULT pg_catalog.now(),
	account_id			text COLLATE "C" NOT NULL,
	document_kind		text COLLATE "C" NOT NULL,
	record_id			text COLLATE "C",
	reason				text COLLATE "C" NOT NULL,
	part				text COLLATE "C"
);
