/*-------------------------------------------------------------------------
 *
 * facts.c
 *	  Journeys of a range of consumers, or of some, read from the tables.
 *
 * The aggregate journey() would do (see the view _journey), but an entry on its
 * way there costs more than reading it: it is widened to the columns of all kinds
 * of entries, merged with the others, taken apart again, and packed at the end.
 * Here each table is read by a statement of its own, in order of consumer, and
 * whatever belongs to the consumer at hand goes straight into a JourneyBuilder.
 * Consumers without a goal event are passed over, entry by entry.
 *
 * The statements are planned and run as any other, but a row is taken from the
 * plan when there is need of it, as the streams go on by turns.  Columns stand
 * in the order in which the covering index or the table has them: then the
 * executor hands them over without a projection.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Rows of one statement, in order of consumer. */
typedef struct FactStream
{
	QueryDesc  *query;
	const text *consumer_id;	/* of the row at hand; NULL: there are no more */
	Datum	   *values;			/* the row at hand */
	bool	   *nulls;
	int			consumer_column;
	const char *types;			/* of the columns: see check_columns() */
} FactStream;

struct FactReader
{
	FactStream	conversations;
	FactStream	segments;
	FactStream	goals;
	FactStream	notes;			/* of a range: who is not to be read */
	bool		has_notes;
	JourneyBuilder *builder;
	text	   *consumer_id;
	Size		max_consumer_id;
	MemoryContext context;		/* of the reader itself */
	int64		nconsumers;
};

#define FACT_PARAMS 3

/* How the statements below go on. */
#define OF_ACCOUNT " WHERE f.account_id OPERATOR(pg_catalog.=) $1"
#define IN_ORDER " ORDER BY f.consumer_id"

static const char *const of_range = OF_ACCOUNT
	" AND f.consumer_id OPERATOR(pg_catalog.>) $2"
	" AND f.consumer_id OPERATOR(pg_catalog.<=) $3" IN_ORDER;

static const char *const of_account = OF_ACCOUNT IN_ORDER;

static const char *const of_list = OF_ACCOUNT
	" AND f.consumer_id OPERATOR(pg_catalog.=) ANY ($2)" IN_ORDER;

/* Columns of the statements below. */
enum
{
	CONVERSATION_CONSUMER_ID = 1,
	CONVERSATION_OPENED_AT,
	CONVERSATION_CLOSED_AT,
	CONVERSATION_ID
};

/* Of the types of columns see check_columns(). */
static const char *const conversations_select =
	"SELECT f.account_id, f.consumer_id, f.opened_at, f.closed_at, f.conversation_id"
	" FROM goaltracker.conversation AS f";
static const char *const conversations_types = "ttzZt";

enum
{
	SEGMENT_CONSUMER_ID = 1,
	SEGMENT_ASSIGNED_AT,
	SEGMENT_ENDED_AT,
	SEGMENT_CONVERSATION_ID,
	SEGMENT_NO,
	SEGMENT_AGENT_ID,
	SEGMENT_SKILL_ID,
	SEGMENT_PARTICIPATION,
	SEGMENT_DIALOG,
	SEGMENT_AGENT_MESSAGES,
	SEGMENT_AGENT_RESPONSES,
	SEGMENT_KEY
};

static const char *const segments_select =
	"SELECT f.account_id, f.consumer_id, f.assigned_at, f.ended_at, f.conversation_id,"
	" f.segment_no, f.agent_id, f.skill_id, f.participation, f.dialog, f.agent_messages,"
	" f.agent_responses, f.segment_key"
	" FROM goaltracker.agent_segment AS f";
static const char *const segments_types = "ttzZtiTTttiib";

enum
{
	GOAL_EVENT_ID = 1,
	GOAL_CONSUMER_ID,
	GOAL_ID,
	GOAL_EVENT_TYPE,
	GOAL_REACHED_AT,
	GOAL_LEAD_VALUE,
	GOAL_TRANSACTION_VALUE,
	GOAL_CURRENCY,
	GOAL_BRAND_EVENT_ID,
	GOAL_TOPIC,
	GOAL_SERVICE_ACTIVITY_STATUS,
	GOAL_SESSION_ID,
	GOAL_EVENT_KEY
};

static const char *const goals_select =
	"SELECT f.account_id, f.goal_event_id, f.consumer_id, f.goal_id, f.event_type,"
	" f.reached_at, f.lead_value, f.transaction_value, f.currency, f.brand_event_id,"
	" f.topic, f.service_activity_status, f.session_id, f.goal_event_key"
	" FROM goaltracker.goal_event AS f";
static const char *const goals_types = "tttTtzNNTTTTTb";

static const char *const notes_select =
	"SELECT f.consumer_id FROM goaltracker.changed_consumer AS f";
static const char *const notes_types = "t";

/* ------------------------------------------------------------------------
 * Streams
 * ------------------------------------------------------------------------
 */

/*
 * Rows are taken apart by position, as the types that they are to have; whoever owns
 * the tables can spoil that.  In stream->types a letter stands for the type of each
 * column, in upper case where it may be NULL.
 */
static void
check_columns(const FactStream *stream)
{
	TupleDesc	tupdesc = stream->query->tupDesc;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Oid			type = TupleDescAttr(tupdesc, i)->atttypid;
		char		letter = pg_ascii_tolower((unsigned char) stream->types[i]);

		if (type == (letter == 't' ? TEXTOID : letter == 'z' ? TIMESTAMPTZOID :
					 letter == 'n' ? NUMERICOID : letter == 'i' ? INT4OID : INT8OID))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of a table of facts has another type than refresh reads",
						NameStr(TupleDescAttr(tupdesc, i)->attname))));
	}
}

/* NULL where it must not be: a constraint may have been dropped. */
static void
check_nulls(const FactStream *stream, const bool *nulls)
{
	TupleDesc	tupdesc = stream->query->tupDesc;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (nulls[i] && stream->types[i] >= 'a')
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("column \"%s\" of a table of facts must not be null",
							NameStr(TupleDescAttr(tupdesc, i)->attname))));
	}
}

/* Goes on to the next row. */
static void
stream_advance(FactStream *stream)
{
	EState	   *estate = stream->query->estate;
	MemoryContext old_context = MemoryContextSwitchTo(estate->es_query_cxt);
	TupleTableSlot *slot;

	ResetPerTupleExprContext(estate);
	slot = ExecProcNode(stream->query->planstate);
	if (TupIsNull(slot))
		stream->consumer_id = NULL;
	else
	{
		slot_getallattrs(slot);
		check_nulls(stream, slot->tts_isnull);
		stream->values = slot->tts_values;
		stream->nulls = slot->tts_isnull;
		MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
		stream->consumer_id = DatumGetTextPP(slot->tts_values[stream->consumer_column]);
	}
	MemoryContextSwitchTo(old_context);
}

static void
stream_begin(FactStream *stream, const char *select, const char *types, const char *condition,
			 int consumer_column, ParamListInfo params)
{
	char	   *query = psprintf("%s%s", select, condition);
	Oid			argtypes[FACT_PARAMS];
	RawStmt    *parsed = linitial_node(RawStmt, pg_parse_query(query));
	Query	   *analyzed;
	PlannedStmt *plan;

	for (int i = 0; i < params->numParams; i++)
		argtypes[i] = params->params[i].ptype;
	analyzed = linitial_node(Query,
							 pg_analyze_and_rewrite_fixedparams(parsed, query, argtypes,
																params->numParams, NULL));
	plan = pg_plan_query(analyzed, query, 0, params);

	stream->consumer_column = consumer_column;
	stream->query = CreateQueryDesc(plan, query, GetActiveSnapshot(), InvalidSnapshot,
									None_Receiver, params, NULL, 0);
	ExecutorStart(stream->query, 0);
	stream->types = types;
	check_columns(stream);
	stream_advance(stream);
}

static void
stream_end(FactStream *stream)
{
	ExecutorFinish(stream->query);
	ExecutorEnd(stream->query);
	FreeQueryDesc(stream->query);
}

static inline bool
stream_is_at(const FactStream *stream, const text *consumer_id)
{
	return stream->consumer_id != NULL && text_same(stream->consumer_id, consumer_id);
}

/* ------------------------------------------------------------------------
 * Entries
 * ------------------------------------------------------------------------
 */

/* A text or numeric of the row at hand; a NULL is kept as such. */
static HeapRef
keep(JourneyBuilder *builder, const FactStream *stream, int column)
{
	struct varlena *value;

	if (stream->nulls[column])
		return 0;
	value = PG_DETOAST_DATUM_PACKED(stream->values[column]);
	return journey_add_value(builder, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static TimestampTz
end_time(const FactStream *stream, int column)
{
	return stream->nulls[column] ? DT_NOEND : DatumGetTimestampTz(stream->values[column]);
}

/* Whether a column that holds one of a few words holds this one. */
static inline bool
column_is(const FactStream *stream, int column, const char *word)
{
	return text_is(DatumGetTextPP(stream->values[column]), word);
}

static void
add_conversation(JourneyBuilder *builder, const FactStream *from)
{
	JourneyConversation entry;

	entry.opened_at = DatumGetTimestampTz(from->values[CONVERSATION_OPENED_AT]);
	entry.closed_at = end_time(from, CONVERSATION_CLOSED_AT);
	entry.conversation_id = keep(builder, from, CONVERSATION_ID);
	journey_add_conversation(builder, &entry);
}

static void
add_segment(JourneyBuilder *builder, const FactStream *from)
{
	JourneySegment entry;

	entry.segment_key = DatumGetInt64(from->values[SEGMENT_KEY]);
	entry.assigned_at = DatumGetTimestampTz(from->values[SEGMENT_ASSIGNED_AT]);
	entry.ended_at = end_time(from, SEGMENT_ENDED_AT);
	entry.conversation_id = keep(builder, from, SEGMENT_CONVERSATION_ID);
	entry.agent_id = keep(builder, from, SEGMENT_AGENT_ID);
	entry.skill_id = keep(builder, from, SEGMENT_SKILL_ID);
	entry.segment_no = DatumGetInt32(from->values[SEGMENT_NO]);
	entry.agent_messages = DatumGetInt32(from->values[SEGMENT_AGENT_MESSAGES]);
	entry.agent_responses = DatumGetInt32(from->values[SEGMENT_AGENT_RESPONSES]);
	entry.is_joined = column_is(from, SEGMENT_PARTICIPATION, "joined");
	entry.is_post_survey = column_is(from, SEGMENT_DIALOG, "post_survey");
	journey_add_segment(builder, &entry);
}

static EventType
event_type(const FactStream *from)
{
	if (column_is(from, GOAL_EVENT_TYPE, "Purchase Event"))
		return EVENT_PURCHASE;
	if (column_is(from, GOAL_EVENT_TYPE, "Lead Event"))
		return EVENT_LEAD;
	return EVENT_GOAL_ACHIEVED;
}

static void
add_goal(JourneyBuilder *builder, const FactStream *from)
{
	JourneyGoal entry;

	entry.goal_event_key = DatumGetInt64(from->values[GOAL_EVENT_KEY]);
	entry.reached_at = DatumGetTimestampTz(from->values[GOAL_REACHED_AT]);
	entry.event_type = event_type(from);
	entry.goal_event_id = keep(builder, from, GOAL_EVENT_ID);
	entry.goal_id = keep(builder, from, GOAL_ID);
	entry.lead_value = keep(builder, from, GOAL_LEAD_VALUE);
	entry.transaction_value = keep(builder, from, GOAL_TRANSACTION_VALUE);
	entry.currency = keep(builder, from, GOAL_CURRENCY);
	entry.brand_event_id = keep(builder, from, GOAL_BRAND_EVENT_ID);
	entry.topic = keep(builder, from, GOAL_TOPIC);
	entry.service_activity_status = keep(builder, from, GOAL_SERVICE_ACTIVITY_STATUS);
	entry.session_id = keep(builder, from, GOAL_SESSION_ID);
	journey_add_goal(builder, &entry);
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------
 */

static void
set_param(ParamListInfo params, int no, Oid type, Datum value)
{
	params->params[no].value = value;
	params->params[no].isnull = false;
	params->params[no].pflags = PARAM_FLAG_CONST;
	params->params[no].ptype = type;
}

static FactReader *
reader_begin(const char *condition, ParamListInfo params)
{
	FactReader *facts = palloc0(sizeof(FactReader));

	facts->context = CurrentMemoryContext;
	facts->builder = journey_begin(CurrentMemoryContext);
	stream_begin(&facts->conversations, conversations_select, conversations_types, condition,
				 CONVERSATION_CONSUMER_ID, params);
	stream_begin(&facts->segments, segments_select, segments_types, condition,
				 SEGMENT_CONSUMER_ID, params);
	stream_begin(&facts->goals, goals_select, goals_types, condition,
				 GOAL_CONSUMER_ID, params);
	return facts;
}

/*
 * Begins to read the consumers of an account from one bound (not included) to
 * another (included), under the active snapshot.  What it takes lives in the
 * current memory context, and in the executor's.
 */
FactReader *
facts_begin_range(Datum account_id, Datum after_consumer, Datum up_to_consumer)
{
	ParamListInfo params = makeParamList(3);
	FactReader *facts;

	set_param(params, 0, TEXTOID, account_id);
	set_param(params, 1, TEXTOID, after_consumer);
	set_param(params, 2, TEXTOID, up_to_consumer);
	facts = reader_begin(of_range, params);
	facts->has_notes = true;
	stream_begin(&facts->notes, notes_select, notes_types, of_range, 0, params);
	return facts;
}

/* As facts_begin_range(), of the consumers in an array of texts. */
FactReader *
facts_begin_list(Datum account_id, Datum consumer_ids)
{
	ParamListInfo params = makeParamList(2);

	set_param(params, 0, TEXTOID, account_id);
	set_param(params, 1, TEXTARRAYOID, consumer_ids);
	return reader_begin(of_list, params);
}

/* As facts_begin_range(), of all consumers of an account, to be taken by facts_next_any(). */
FactReader *
facts_begin_account(Datum account_id)
{
	ParamListInfo params = makeParamList(1);

	set_param(params, 0, TEXTOID, account_id);
	return reader_begin(of_account, params);
}

/* The next consumer of all streams, copied; false at the end. */
static bool
next_consumer(FactReader *facts)
{
	const FactStream *streams[] = {&facts->conversations, &facts->segments, &facts->goals};
	const text *least = NULL;
	Size		len;

	for (int i = 0; i < 3; i++)
	{
		const text *consumer_id = streams[i]->consumer_id;

		if (consumer_id != NULL && (least == NULL || text_order(consumer_id, least) < 0))
			least = consumer_id;
	}
	if (least == NULL)
		return false;
	len = VARSIZE_ANY_EXHDR(least);
	if (VARHDRSZ + len > facts->max_consumer_id)
	{
		facts->max_consumer_id = 2 * (VARHDRSZ + len);
		facts->consumer_id = MemoryContextAlloc(facts->context, facts->max_consumer_id);
	}
	memcpy(VARDATA(facts->consumer_id), VARDATA_ANY(least), len);
	SET_VARSIZE(facts->consumer_id, VARHDRSZ + len);
	return true;
}

/*
 * Whether the consumer at hand has a note.  Then it comes later, among the
 * changed ones: goal events that another consumer had when his turn came may have
 * moved here since, and have rows already.
 */
static bool
has_note(FactReader *facts)
{
	while (facts->notes.consumer_id != NULL &&
		   text_order(facts->notes.consumer_id, facts->consumer_id) < 0)
		stream_advance(&facts->notes);
	return stream_is_at(&facts->notes, facts->consumer_id);
}

/* Takes, or passes over, all entries of a consumer, who must be the next. */
static void
read_consumer(FactReader *facts, const text *consumer_id, bool is_wanted)
{
	journey_reset(facts->builder);
	for (; stream_is_at(&facts->goals, consumer_id); stream_advance(&facts->goals))
	{
		if (is_wanted)
			add_goal(facts->builder, &facts->goals);
	}
	for (; stream_is_at(&facts->segments, consumer_id); stream_advance(&facts->segments))
	{
		if (is_wanted)
			add_segment(facts->builder, &facts->segments);
	}
	for (; stream_is_at(&facts->conversations, consumer_id); stream_advance(&facts->conversations))
	{
		if (is_wanted)
			add_conversation(facts->builder, &facts->conversations);
	}
}

/*
 * Of a range: gives the journey of the next consumer that has a goal event and no
 * note; it lasts until the next call, as does consumer_id.  False when there are no
 * more.  Counts the consumers without a note that it met.
 */
bool
facts_next(FactReader *facts, JourneyView *journey, Datum *consumer_id)
{
	while (next_consumer(facts))
	{
		bool		is_noted = has_note(facts);
		bool		is_wanted = !is_noted && stream_is_at(&facts->goals, facts->consumer_id);

		CHECK_FOR_INTERRUPTS();
		if (!is_noted)
			facts->nconsumers++;
		read_consumer(facts, facts->consumer_id, is_wanted);
		if (!is_wanted)
			continue;
		*journey = journey_view_of_builder(facts->builder);
		*consumer_id = PointerGetDatum(facts->consumer_id);
		return true;
	}
	return false;
}

/*
 * Of an account or a list: gives the journey of the next consumer that has an agent
 * segment; it lasts until the next call, as does consumer_id.  False when there are no
 * more.
 */
bool
facts_next_any(FactReader *facts, JourneyView *journey, Datum *consumer_id)
{
	while (next_consumer(facts))
	{
		bool		is_wanted = stream_is_at(&facts->segments, facts->consumer_id);

		CHECK_FOR_INTERRUPTS();
		read_consumer(facts, facts->consumer_id, is_wanted);
		if (!is_wanted)
			continue;
		*journey = journey_view_of_builder(facts->builder);
		*consumer_id = PointerGetDatum(facts->consumer_id);
		return true;
	}
	return false;
}

/*
 * Of a list: gives the journey of this consumer; it lasts until the next call.
 * False for one without goal events.  To be asked for all consumers of the list,
 * in order of their bytes.
 */
bool
facts_of_consumer(FactReader *facts, const text *consumer_id, JourneyView *journey)
{
	bool		is_wanted = stream_is_at(&facts->goals, consumer_id);

	read_consumer(facts, consumer_id, is_wanted);
	if (is_wanted)
		*journey = journey_view_of_builder(facts->builder);
	return is_wanted;
}

/* How many consumers were met since the last call. */
int64
facts_take_count(FactReader *facts)
{
	int64		nconsumers = facts->nconsumers;

	facts->nconsumers = 0;
	return nconsumers;
}

void
facts_end(FactReader *facts)
{
	stream_end(&facts->conversations);
	stream_end(&facts->segments);
	stream_end(&facts->goals);
	if (facts->has_notes)
		stream_end(&facts->notes);
}
