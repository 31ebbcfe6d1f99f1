-- ---------------------------------------------------------------------------
-- Tables that users load: accounts and the names of things
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker.account (
	account_id			text COLLATE "C" NOT NULL,
	account_name		text COLLATE "C",
	attribution_model	text COLLATE "C" NOT NULL DEFAULT 'last',
	contribution_window	smallint NOT NULL DEFAULT 31,
	credited_user_types	text[] COLLATE "C" NOT NULL DEFAULT '{Human,Bot,System}',
	default_currency	text COLLATE "C" NOT NULL DEFAULT 'USD',
	time_zone			text COLLATE "C" NOT NULL DEFAULT 'UTC',
	duration_bounds		interval[] NOT NULL
		DEFAULT '{00:05:00,00:10:00,00:30:00,01:00:00,03:00:00,24:00:00}',
	max_touchpoints		integer NOT NULL DEFAULT 200,
	time_decay_half_life interval NOT NULL DEFAULT '7 days',
	position_weights	numeric[] NOT NULL DEFAULT '{40,20,40}',
	CONSTRAINT account_pkey PRIMARY KEY (account_id),
	CONSTRAINT account_ids CHECK (
		octet_length(account_id) BETWEEN 1 AND 255
		OR goaltracker._refuse_id('account_id', account_id)),
	CONSTRAINT account_attribution_model CHECK (
		attribution_model IN ('first', 'last', 'all', 'linear', 'time_decay', 'position_based',
			'first_human', 'last_human')
		OR goaltracker._refuse('attribution_model', attribution_model,
			'Allowed are "first", "last", "all", "linear", "time_decay", "position_based", "first_human" and "last_human".')),
	CONSTRAINT account_contribution_window CHECK (
		contribution_window BETWEEN 0 AND 31
		OR goaltracker._refuse('contribution_window', contribution_window::text,
			'Allowed are whole days from 0 to 31.')),
	CONSTRAINT account_credited_user_types CHECK (
		(COALESCE(array_ndims(credited_user_types), 1) = 1
			AND credited_user_types <@ '{Human,Bot,System}'::text[])
		OR goaltracker._refuse('credited_user_types', credited_user_types::text,
			'Allowed is a list of "Human", "Bot" and "System".')),
	CONSTRAINT account_default_currency CHECK (
		octet_length(default_currency) BETWEEN 1 AND 255
		OR goaltracker._refuse('default_currency', default_currency,
			'A currency has 1 to 255 bytes.')),
	CONSTRAINT account_time_zone CHECK (
		goaltracker._is_time_zone(time_zone)
		OR goaltracker._refuse('time_zone', time_zone,
			'Allowed are the names in pg_timezone_names.')),
	CONSTRAINT account_duration_bounds CHECK (
		goaltracker._are_duration_bounds(duration_bounds)
		OR goaltracker._refuse('duration_bounds', duration_bounds::text,
			'Allowed are 1 to 100 positive intervals of at most 1000 years, in rising order.')),
	CONSTRAINT account_max_touchpoints CHECK (
		max_touchpoints >= 0
		OR goaltracker._refuse('max_touchpoints', max_touchpoints::text,
			'Allowed are whole numbers from 0.')),
	CONSTRAINT account_time_decay_half_life CHECK (
		(time_decay_half_life > '0'::interval AND time_decay_half_life <= '3650 days'::interval)
		OR goaltracker._refuse('time_decay_half_life', time_decay_half_life::text,
			'Allowed is more than 0, up to 3650 days.')),
	CONSTRAINT account_position_weights CHECK (
		goaltracker._are_position_weights(position_weights)
		OR goaltracker._refuse('position_weights', position_weights::text,
			'Allowed are three numbers, for the first, those between and the last, each 0 or from 0.000001 to 1000000, not all of them 0.'))
);

CREATE TABLE goaltracker.skill (
	account_id			text COLLATE "C" NOT NULL,
	skill_id			text COLLATE "C" NOT NULL,
	skill_name			text COLLATE "C",
	CONSTRAINT skill_pkey PRIMARY KEY (account_id, skill_id),
	CONSTRAINT skill_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(skill_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('skill_id', skill_id)))
);

CREATE TABLE goaltracker.agent (
	account_id			text COLLATE "C" NOT NULL,
	agent_id			text COLLATE "C" NOT NULL,
	agent_name			text COLLATE "C",
	login_name			text COLLATE "C",
	user_type			text COLLATE "C" NOT NULL DEFAULT 'Human',
	is_post_survey_bot	boolean NOT NULL DEFAULT false,
	CONSTRAINT agent_pkey PRIMARY KEY (account_id, agent_id),
	CONSTRAINT agent_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(agent_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('agent_id', agent_id))),
	CONSTRAINT agent_user_type CHECK (
		user_type IN ('Human', 'Bot', 'System')
		OR goaltracker._refuse('user_type', user_type,
			'Allowed are "Human", "Bot" and "System".'))
);

CREATE TABLE goaltracker.agent_group (
	account_id			text COLLATE "C" NOT NULL,
	group_id			text COLLATE "C" NOT NULL,
	group_name			text COLLATE "C",
	parent_group_id		text COLLATE "C",
	CONSTRAINT agent_group_pkey PRIMARY KEY (account_id, group_id),
	CONSTRAINT agent_group_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(group_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('group_id', group_id))
		AND (octet_length(parent_group_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('parent_group_id', parent_group_id)))
);

-- An exclusion constraint on a text column asks for btree_gist; a range type
-- over text has a GiST operator class in PostgreSQL itself, and a range from an
-- id to the same id overlaps another one only where the ids are equal.
CREATE TYPE goaltracker._id_range AS RANGE (
	SUBTYPE = text,
	COLLATION = "C"
);

COMMENT ON TYPE goaltracker._id_range IS
	'ranges of ids, so that an exclusion constraint can compare ids without btree_gist';

CREATE TABLE goaltracker.agent_group_membership (
	account_id			text COLLATE "C" NOT NULL,
	agent_id			text COLLATE "C" NOT NULL,
	group_id			text COLLATE "C" NOT NULL,
	valid_during		tstzrange NOT NULL DEFAULT '(,)',
	CONSTRAINT agent_group_membership_pkey PRIMARY KEY (account_id, agent_id, valid_during),
	CONSTRAINT agent_group_membership_no_overlap EXCLUDE USING gist (
		goaltracker._id_range(account_id, account_id, '[]') WITH &&,
		goaltracker._id_range(agent_id, agent_id, '[]') WITH &&,
		valid_during WITH &&),
	CONSTRAINT agent_group_membership_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(agent_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('agent_id', agent_id))
		AND (octet_length(group_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('group_id', group_id))),
	CONSTRAINT agent_group_membership_valid_during CHECK (
		NOT isempty(valid_during)
		OR goaltracker._refuse('valid_during', valid_during::text,
			'A membership is valid during a period that is not empty.'))
);

CREATE TABLE goaltracker.campaign (
	account_id			text COLLATE "C" NOT NULL,
	campaign_id			text COLLATE "C" NOT NULL,
	campaign_name		text COLLATE "C",
	CONSTRAINT campaign_pkey PRIMARY KEY (account_id, campaign_id),
	CONSTRAINT campaign_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(campaign_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('campaign_id', campaign_id)))
);

CREATE TABLE goaltracker.engagement (
	account_id			text COLLATE "C" NOT NULL,
	engagement_id		text COLLATE "C" NOT NULL,
	engagement_name		text COLLATE "C",
	campaign_id			text COLLATE "C",
	CONSTRAINT engagement_pkey PRIMARY KEY (account_id, engagement_id),
	CONSTRAINT engagement_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(engagement_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('engagement_id', engagement_id))
		AND (octet_length(campaign_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('campaign_id', campaign_id)))
);

CREATE TABLE goaltracker.goal (
	account_id			text COLLATE "C" NOT NULL,
	goal_id				text COLLATE "C" NOT NULL,
	goal_name			text COLLATE "C",
	goal_type			text COLLATE "C" NOT NULL,
	CONSTRAINT goal_pkey PRIMARY KEY (account_id, goal_id),
	CONSTRAINT goal_ids CHECK (
		(octet_length(account_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('account_id', account_id))
		AND (octet_length(goal_id) BETWEEN 1 AND 255
			OR goaltracker._refuse_id('goal_id', goal_id))),
	CONSTRAINT goal_goal_type CHECK (
		goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete',
			'Interact with Visitors', 'Increase Page Views', 'Other')
		OR goaltracker._refuse('goal_type', goal_type,
			'Allowed are "Sell Product/Service", "Generate Leads", "Service Activity Complete", '
			'"Interact with Visitors", "Increase Page Views" and "Other".'))
);
