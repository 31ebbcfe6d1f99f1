/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  An account's rules, read out of jsonb.
 *
 * The functions over journeys read no table.  What they need to know of an
 * account comes as one jsonb object, so that a user can write one by hand:
 *
 *	{"credited_user_types": ["Human", "Bot"],		S3; default: all three
 *	 "max_touchpoints": 200,						S18; default: 200
 *	 "time_zone": "Europe/Berlin",					S15; default: UTC
 *	 "agents": {"bot-1": "Bot"},					S3; an absent one is Human
 *	 "post_survey_bots": ["survey-1"],				S6
 *	 "goals": {"g-1": "Sell Product/Service"}}		S11; absent: by event type
 *
 * Other keys are refused, since a misspelt one would silently change who gets
 * the credit.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* What the rules say of one name: of an agent, or (in another table) of a goal. */
typedef struct NameEntry
{
	const text *name;
	uint32		hash;
	char		status;
	AgentRule	agent;
	GoalType	goal_type;
} NameEntry;

static inline bool
text_equal(const text *a, const text *b)
{
	Size		len = VARSIZE_ANY_EXHDR(a);

	return len == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), len) == 0;
}

#define SH_PREFIX name
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE const text *
#define SH_KEY name
#define SH_HASH_KEY(tb, key) text_hash(key)
#define SH_EQUAL(tb, a, b) text_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
/* the template of some majors shadows a variable of its own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

pg_noreturn static void invalid_rule(const char *key, const char *detail);

static void
invalid_rule(const char *key, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid attribution rule \"%s\"", key),
			 errdetail_internal("%s", detail)));
}

static bool
value_is(const JsonbValue *value, const char *word)
{
	return value->type == jbvString &&
		value->val.string.len == (int) strlen(word) &&
		memcmp(value->val.string.val, word, value->val.string.len) == 0;
}

static UserType
parse_user_type(const char *key, const JsonbValue *value)
{
	if (value_is(value, "Human"))
		return USER_HUMAN;
	if (value_is(value, "Bot"))
		return USER_BOT;
	if (value_is(value, "System"))
		return USER_SYSTEM;
	invalid_rule(key, "A user type is \"Human\", \"Bot\" or \"System\".");
}

static GoalType
parse_goal_type(const JsonbValue *value)
{
	if (value_is(value, "Sell Product/Service"))
		return GOAL_SELL;
	if (value_is(value, "Generate Leads"))
		return GOAL_LEAD;
	if (value_is(value, "Service Activity Complete"))
		return GOAL_SERVICE;
	if (value_is(value, "Interact with Visitors"))
		return GOAL_INTERACT;
	if (value_is(value, "Increase Page Views"))
		return GOAL_PAGE_VIEWS;
	if (value_is(value, "Other"))
		return GOAL_OTHER;
	invalid_rule("goals",
				 "A goal type is \"Sell Product/Service\", \"Generate Leads\", "
				 "\"Service Activity Complete\", \"Interact with Visitors\", "
				 "\"Increase Page Views\" or \"Other\".");
}

static text *
text_of_value(const JsonbValue *value)
{
	return cstring_to_text_with_len(value->val.string.val, value->val.string.len);
}

static AgentRule *
agent_rule(AttributionRules *rules, const JsonbValue *agent_id)
{
	NameEntry  *entry;
	bool		found;

	if (rules->agents == NULL)
		rules->agents = name_create(CurrentMemoryContext, 64, NULL);
	entry = name_insert(rules->agents, text_of_value(agent_id), &found);
	if (!found)
	{
		entry->agent.user_type = USER_HUMAN;
		entry->agent.is_post_survey_bot = false;
	}
	return &entry->agent;
}

static void
parse_agents(AttributionRules *rules, JsonbContainer *agents)
{
	JsonbIterator *it = JsonbIteratorInit(agents);
	JsonbValue	key;
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		agent_rule(rules, &key)->user_type = parse_user_type("agents", &value);
	}
}

static void
parse_goals(AttributionRules *rules, JsonbContainer *goals)
{
	JsonbIterator *it = JsonbIteratorInit(goals);
	JsonbValue	key;
	JsonbValue	value;
	JsonbIteratorToken token;

	rules->goals = name_create(CurrentMemoryContext, 64, NULL);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		bool		found;

		if (token != WJB_KEY)
			continue;
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		name_insert(rules->goals, text_of_value(&key), &found)->goal_type = parse_goal_type(&value);
	}
}

static void
parse_post_survey_bots(AttributionRules *rules, JsonbContainer *bots)
{
	JsonbIterator *it = JsonbIteratorInit(bots);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (value.type != jbvString)
			invalid_rule("post_survey_bots", "An agent id is a string.");
		agent_rule(rules, &value)->is_post_survey_bot = true;
	}
}

static void
parse_credited_user_types(AttributionRules *rules, JsonbContainer *user_types)
{
	JsonbIterator *it = JsonbIteratorInit(user_types);
	JsonbValue	value;
	JsonbIteratorToken token;

	rules->credits_human = rules->credits_bot = rules->credits_system = false;
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		UserType	user_type;

		if (token != WJB_ELEM)
			continue;
		user_type = parse_user_type("credited_user_types", &value);
		rules->credits_human |= user_type == USER_HUMAN;
		rules->credits_bot |= user_type == USER_BOT;
		rules->credits_system |= user_type == USER_SYSTEM;
	}
}

static int
parse_max_touchpoints(const JsonbValue *value)
{
	bool		failed = true;
	int			limit = 0;

	if (value->type == jbvNumeric)
		limit = numeric_int4_opt_error(value->val.numeric, &failed);
	if (failed || limit < 0)
		invalid_rule("max_touchpoints", "It is a whole number from 0.");
	return limit;
}

static JsonbContainer *
require_container(const char *key, const JsonbValue *value, bool want_object)
{
	if (value->type != jbvBinary ||
		JsonContainerIsObject(value->val.binary.data) != want_object ||
		JsonContainerIsScalar(value->val.binary.data))
		invalid_rule(key, want_object ? "It is an object." : "It is an array.");
	return value->val.binary.data;
}

static void
parse_rule(AttributionRules *rules, const JsonbValue *key, const JsonbValue *value)
{
	if (value_is(key, "credited_user_types"))
		parse_credited_user_types(rules, require_container("credited_user_types", value, false));
	else if (value_is(key, "post_survey_bots"))
		parse_post_survey_bots(rules, require_container("post_survey_bots", value, false));
	else if (value_is(key, "agents"))
		parse_agents(rules, require_container("agents", value, true));
	else if (value_is(key, "goals"))
		parse_goals(rules, require_container("goals", value, true));
	else if (value_is(key, "max_touchpoints"))
		rules->max_touchpoints = parse_max_touchpoints(value);
	else if (value_is(key, "time_zone"))
	{
		if (value->type != jbvString)
			invalid_rule("time_zone", "It is the name of a time zone.");
		rules->time_zone = text_of_value(value);
	}
	else
		invalid_rule(pnstrdup(key->val.string.val, key->val.string.len),
					 "Known are credited_user_types, max_touchpoints, time_zone, agents, "
					 "post_survey_bots and goals.");
}

/*
 * The rules in the document, or the defaults where it is NULL; all of it lives
 * in the current memory context.  Raises invalid_parameter_value.
 */
AttributionRules *
rules_parse(Jsonb *document)
{
	AttributionRules *rules = palloc0(sizeof(AttributionRules));
	JsonbIterator *it;
	JsonbValue	key;
	JsonbValue	value;
	JsonbIteratorToken token;

	rules->credits_human = rules->credits_bot = rules->credits_system = true;
	rules->max_touchpoints = 200;
	rules->time_zone = cstring_to_text("UTC");
	if (document == NULL)
		return rules;

	if (!JB_ROOT_IS_OBJECT(document))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attribution rules must be a JSON object")));
	it = JsonbIteratorInit(&document->root);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		parse_rule(rules, &key, &value);
	}
	return rules;
}

/* Who an agent is; one that the rules do not name is Human (S3). */
AgentRule
rules_agent(const AttributionRules *rules, const text *agent_id)
{
	static const AgentRule unknown = {USER_HUMAN, false};
	NameEntry  *entry;

	if (rules->agents == NULL)
		return unknown;
	entry = name_lookup(rules->agents, agent_id);
	return entry == NULL ? unknown : entry->agent;
}

/* Whether agents of the user type are credited at all (S3). */
bool
rules_credit(const AttributionRules *rules, UserType user_type)
{
	switch (user_type)
	{
		case USER_HUMAN:
			return rules->credits_human;
		case USER_BOT:
			return rules->credits_bot;
		case USER_SYSTEM:
			return rules->credits_system;
		default:
			return false;
	}
}

/* Goal type of an event: by its goal's definition, else by its own type (S11). */
GoalType
rules_goal_type(const AttributionRules *rules, const text *goal_id, EventType event_type)
{
	NameEntry  *entry = NULL;

	if (rules->goals != NULL && goal_id != NULL)
		entry = name_lookup(rules->goals, goal_id);
	if (entry != NULL)
		return entry->goal_type;
	switch (event_type)
	{
		case EVENT_PURCHASE:
			return GOAL_SELL;
		case EVENT_LEAD:
			return GOAL_LEAD;
		default:
			return GOAL_OTHER;
	}
}
