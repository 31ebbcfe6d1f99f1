/*-------------------------------------------------------------------------
 *
 * journey.c
 *	  The aggregate and the type journey: what one consumer did, packed.
 *
 * A journey holds the conversations, agent segments and goal events of one
 * consumer with everything that attribution and its reports need of them, so
 * that whatever comes after needs no table.  Entries arrive in any order and
 * are kept as they come; whoever reads a journey puts them in order (see
 * timeline.c), so partial states can be combined by appending.
 *
 * In memory and on disk a value is one block: a header, three arrays of fixed
 * size entries, and a heap of varlena values (text and numeric, aligned, with
 * four-byte headers) to which the entries refer by offset.  Readers hand out
 * pointers into the heap as datums, nothing is copied.  Offsets are trusted,
 * since every value was built here: input, receive and deserialization go
 * through the same builder (see journey_io.c).
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* The header of a value; arrays follow it in this order, each MAXALIGNed. */
typedef struct JourneyHeader
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		nconversations;
	int32		nsegments;
	int32		ngoals;
} JourneyHeader;

struct JourneyBuilder
{
	MemoryContext context;
	int			nconversations;
	int			max_conversations;
	int			nsegments;
	int			max_segments;
	int			ngoals;
	int			max_goals;
	uint32		heap_size;
	uint32		max_heap;
	JourneyConversation *conversations;
	JourneySegment *segments;
	JourneyGoal *goals;
	char	   *heap;
};

/*
 * References start behind this, since 0 stands for NULL.  A multiple of the
 * alignment of numeric and of varlena headers.
 */
#define HEAP_START sizeof(int64)

#define INITIAL_ENTRIES 4
#define INITIAL_HEAP 512

PG_FUNCTION_INFO_V1(goaltracker_journey_transition);
PG_FUNCTION_INFO_V1(goaltracker_journey_combine);
PG_FUNCTION_INFO_V1(goaltracker_journey_serialize);
PG_FUNCTION_INFO_V1(goaltracker_journey_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_journey_final);

/* ------------------------------------------------------------------------
 * Putting a journey together
 * ------------------------------------------------------------------------
 */

/* An empty journey whose parts live in the context. */
JourneyBuilder *
journey_begin(MemoryContext context)
{
	JourneyBuilder *builder = MemoryContextAllocZero(context, sizeof(JourneyBuilder));

	builder->context = context;
	builder->max_heap = INITIAL_HEAP;
	builder->heap = MemoryContextAlloc(context, INITIAL_HEAP);
	memset(builder->heap, 0, HEAP_START);
	builder->heap_size = HEAP_START;
	return builder;
}

/* Forgets all entries, but keeps the room they took. */
void
journey_reset(JourneyBuilder *builder)
{
	builder->nconversations = 0;
	builder->nsegments = 0;
	builder->ngoals = 0;
	builder->heap_size = HEAP_START;
}

static void
too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("journey of one consumer is too large"),
			 errdetail("Its entries take more than %zu bytes.", MaxAllocSize)));
}

/* The array, made larger where it has no room for one more entry. */
static void *
make_room(JourneyBuilder *builder, void *array, int used, int *allocated, Size entry_size)
{
	int			limit = (int) (MaxAllocSize / entry_size);

	if (used < *allocated)
		return array;
	if (array == NULL)
	{
		*allocated = INITIAL_ENTRIES;
		return MemoryContextAlloc(builder->context, INITIAL_ENTRIES * entry_size);
	}
	if (*allocated >= limit)
		too_large();
	*allocated = Min(*allocated * 2, limit);
	return repalloc(array, *allocated * entry_size);
}

void
journey_add_conversation(JourneyBuilder *builder, const JourneyConversation *entry)
{
	builder->conversations = make_room(builder, builder->conversations, builder->nconversations,
									   &builder->max_conversations, sizeof(*entry));
	builder->conversations[builder->nconversations++] = *entry;
}

void
journey_add_segment(JourneyBuilder *builder, const JourneySegment *entry)
{
	builder->segments = make_room(builder, builder->segments, builder->nsegments,
								  &builder->max_segments, sizeof(*entry));
	builder->segments[builder->nsegments++] = *entry;
}

void
journey_add_goal(JourneyBuilder *builder, const JourneyGoal *entry)
{
	builder->goals = make_room(builder, builder->goals, builder->ngoals,
							   &builder->max_goals, sizeof(*entry));
	builder->goals[builder->ngoals++] = *entry;
}

/* Adds a value of so many bytes (header not counted) to the heap. */
HeapRef
journey_add_value(JourneyBuilder *builder, const void *data, Size len)
{
	Size		start = INTALIGN(builder->heap_size);
	Size		end = start + VARHDRSZ + len;
	HeapRef		ref = (HeapRef) start;

	if (end > MaxAllocSize)
		too_large();
	if (end > builder->max_heap)
	{
		Size		size = builder->max_heap;

		while (size < end)
			size *= 2;
		size = Min(size, MaxAllocSize);
		builder->heap = repalloc(builder->heap, size);
		builder->max_heap = (uint32) size;
	}
	/* bytes of padding are set, so that equal journeys are equal bytes */
	memset(builder->heap + builder->heap_size, 0, start - builder->heap_size);
	SET_VARSIZE(builder->heap + start, VARHDRSZ + len);
	memcpy(builder->heap + start + VARHDRSZ, data, len);
	builder->heap_size = (uint32) end;
	return ref;
}

JourneyView
journey_view_of_builder(const JourneyBuilder *builder)
{
	JourneyView view;

	view.nconversations = builder->nconversations;
	view.nsegments = builder->nsegments;
	view.ngoals = builder->ngoals;
	view.heap_size = builder->heap_size;
	view.conversations = builder->conversations;
	view.segments = builder->segments;
	view.goals = builder->goals;
	view.heap = builder->heap;
	return view;
}

/* ------------------------------------------------------------------------
 * Values of the type
 * ------------------------------------------------------------------------
 */

/* Copies an array behind what the value holds already. */
static char *
append_array(char *to, const void *entries, int n, Size entry_size)
{
	if (n > 0)
		memcpy(to, entries, n * entry_size);
	return to + MAXALIGN(n * entry_size);
}

/* The value of type journey, in the current memory context. */
struct varlena *
journey_pack(const JourneyBuilder *builder)
{
	Size		size = MAXALIGN(sizeof(JourneyHeader))
		+ MAXALIGN(builder->nconversations * sizeof(JourneyConversation))
		+ MAXALIGN(builder->nsegments * sizeof(JourneySegment))
		+ MAXALIGN(builder->ngoals * sizeof(JourneyGoal))
		+ builder->heap_size;
	JourneyHeader *header;
	char	   *to;

	if (size > MaxAllocSize)
		too_large();
	header = palloc0(size);
	SET_VARSIZE(header, size);
	header->nconversations = builder->nconversations;
	header->nsegments = builder->nsegments;
	header->ngoals = builder->ngoals;

	to = (char *) header + MAXALIGN(sizeof(JourneyHeader));
	to = append_array(to, builder->conversations, builder->nconversations,
					  sizeof(JourneyConversation));
	to = append_array(to, builder->segments, builder->nsegments, sizeof(JourneySegment));
	to = append_array(to, builder->goals, builder->ngoals, sizeof(JourneyGoal));
	memcpy(to, builder->heap, builder->heap_size);
	return (struct varlena *) header;
}

/* Where the parts of a detoasted value are. */
JourneyView
journey_view(const struct varlena *journey)
{
	const JourneyHeader *header = (const JourneyHeader *) journey;
	const char *from = (const char *) journey + MAXALIGN(sizeof(JourneyHeader));
	JourneyView view;

	view.nconversations = header->nconversations;
	view.nsegments = header->nsegments;
	view.ngoals = header->ngoals;
	view.conversations = (const JourneyConversation *) from;
	from += MAXALIGN(view.nconversations * sizeof(JourneyConversation));
	view.segments = (const JourneySegment *) from;
	from += MAXALIGN(view.nsegments * sizeof(JourneySegment));
	view.goals = (const JourneyGoal *) from;
	from += MAXALIGN(view.ngoals * sizeof(JourneyGoal));
	view.heap = from;
	view.heap_size = (uint32) ((const char *) journey + VARSIZE(journey) - from);
	return view;
}

/* ------------------------------------------------------------------------
 * The aggregate
 * ------------------------------------------------------------------------
 */

/* The arguments of the transition function, behind the state. */
enum
{
	ARG_ENTRY = 1,
	ARG_ENTRY_KEY,
	ARG_STARTS_AT,
	ARG_ENDS_AT,
	ARG_CONVERSATION_ID,
	ARG_SEGMENT_NO,
	ARG_AGENT_ID,
	ARG_SKILL_ID,
	ARG_PARTICIPATION,
	ARG_DIALOG,
	ARG_AGENT_MESSAGES,
	ARG_AGENT_RESPONSES,
	ARG_GOAL_EVENT_ID,
	ARG_GOAL_ID,
	ARG_EVENT_TYPE,
	ARG_LEAD_VALUE,
	ARG_TRANSACTION_VALUE,
	ARG_CURRENCY,
	ARG_BRAND_EVENT_ID,
	ARG_TOPIC,
	ARG_SERVICE_ACTIVITY_STATUS,
	ARG_SESSION_ID
};

static void
require_arg(FunctionCallInfo fcinfo, int arg, const char *name, const char *entry)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of a journey's %s must not be null", name, entry)));
}

static TimestampTz
finite_arg(FunctionCallInfo fcinfo, int arg, const char *name, const char *entry)
{
	TimestampTz at;

	require_arg(fcinfo, arg, name, entry);
	at = PG_GETARG_TIMESTAMPTZ(arg);
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a journey's %s must be finite", name, entry)));
	return at;
}

/* When something ended; not yet where the argument is NULL or infinity. */
static TimestampTz
end_arg(FunctionCallInfo fcinfo, int arg, const char *entry)
{
	TimestampTz at;

	if (PG_ARGISNULL(arg))
		return DT_NOEND;
	at = PG_GETARG_TIMESTAMPTZ(arg);
	if (TIMESTAMP_IS_NOBEGIN(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ends_at of a journey's %s must not be -infinity", entry)));
	return at;
}

static int32
count_arg(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? 0 : PG_GETARG_INT32(arg);
}

/* Keeps a text or numeric argument; a NULL is kept as such. */
static HeapRef
keep_arg(FunctionCallInfo fcinfo, JourneyBuilder *builder, int arg)
{
	struct varlena *value;

	if (PG_ARGISNULL(arg))
		return 0;
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(arg));
	return journey_add_value(builder, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* Whether a text argument says the second of two words; NULL says the first. */
static bool
second_word_arg(FunctionCallInfo fcinfo, int arg, const char *name,
				const char *first, const char *second)
{
	text	   *value;

	if (PG_ARGISNULL(arg))
		return false;
	value = PG_GETARG_TEXT_PP(arg);
	if (text_is(value, first))
		return false;
	if (text_is(value, second))
		return true;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid %s of a journey's segment: \"%s\"", name, text_to_cstring(value)),
			 errdetail("Allowed are \"%s\" and \"%s\".", first, second)));
}

static EventType
event_type_arg(FunctionCallInfo fcinfo)
{
	text	   *value;

	require_arg(fcinfo, ARG_EVENT_TYPE, "event_type", "goal event");
	value = PG_GETARG_TEXT_PP(ARG_EVENT_TYPE);
	if (text_is(value, "Purchase Event"))
		return EVENT_PURCHASE;
	if (text_is(value, "Lead Event"))
		return EVENT_LEAD;
	if (text_is(value, "Goal Achieved"))
		return EVENT_GOAL_ACHIEVED;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid event_type of a journey's goal event: \"%s\"",
					text_to_cstring(value)),
			 errdetail("Allowed are \"Goal Achieved\", \"Purchase Event\" and \"Lead Event\".")));
}

static void
add_conversation_args(FunctionCallInfo fcinfo, JourneyBuilder *builder)
{
	JourneyConversation entry;

	memset(&entry, 0, sizeof(entry));
	require_arg(fcinfo, ARG_CONVERSATION_ID, "conversation_id", "conversation");
	entry.opened_at = finite_arg(fcinfo, ARG_STARTS_AT, "starts_at", "conversation");
	entry.closed_at = end_arg(fcinfo, ARG_ENDS_AT, "conversation");
	entry.conversation_id = keep_arg(fcinfo, builder, ARG_CONVERSATION_ID);
	journey_add_conversation(builder, &entry);
}

static void
add_segment_args(FunctionCallInfo fcinfo, JourneyBuilder *builder)
{
	JourneySegment entry;

	memset(&entry, 0, sizeof(entry));
	require_arg(fcinfo, ARG_ENTRY_KEY, "entry_key", "segment");
	require_arg(fcinfo, ARG_CONVERSATION_ID, "conversation_id", "segment");
	require_arg(fcinfo, ARG_SEGMENT_NO, "segment_no", "segment");
	entry.segment_key = PG_GETARG_INT64(ARG_ENTRY_KEY);
	entry.assigned_at = finite_arg(fcinfo, ARG_STARTS_AT, "starts_at", "segment");
	entry.ended_at = end_arg(fcinfo, ARG_ENDS_AT, "segment");
	entry.conversation_id = keep_arg(fcinfo, builder, ARG_CONVERSATION_ID);
	entry.segment_no = PG_GETARG_INT32(ARG_SEGMENT_NO);
	entry.agent_id = keep_arg(fcinfo, builder, ARG_AGENT_ID);
	entry.skill_id = keep_arg(fcinfo, builder, ARG_SKILL_ID);
	entry.is_joined = second_word_arg(fcinfo, ARG_PARTICIPATION, "participation",
									  "assigned", "joined");
	entry.is_post_survey = second_word_arg(fcinfo, ARG_DIALOG, "dialog",
										   "main", "post_survey");
	entry.agent_messages = count_arg(fcinfo, ARG_AGENT_MESSAGES);
	entry.agent_responses = count_arg(fcinfo, ARG_AGENT_RESPONSES);
	journey_add_segment(builder, &entry);
}

static void
add_goal_args(FunctionCallInfo fcinfo, JourneyBuilder *builder)
{
	JourneyGoal entry;

	memset(&entry, 0, sizeof(entry));
	require_arg(fcinfo, ARG_ENTRY_KEY, "entry_key", "goal event");
	require_arg(fcinfo, ARG_GOAL_EVENT_ID, "goal_event_id", "goal event");
	entry.goal_event_key = PG_GETARG_INT64(ARG_ENTRY_KEY);
	entry.reached_at = finite_arg(fcinfo, ARG_STARTS_AT, "starts_at", "goal event");
	entry.event_type = event_type_arg(fcinfo);
	entry.goal_event_id = keep_arg(fcinfo, builder, ARG_GOAL_EVENT_ID);
	entry.goal_id = keep_arg(fcinfo, builder, ARG_GOAL_ID);
	entry.lead_value = keep_arg(fcinfo, builder, ARG_LEAD_VALUE);
	entry.transaction_value = keep_arg(fcinfo, builder, ARG_TRANSACTION_VALUE);
	entry.currency = keep_arg(fcinfo, builder, ARG_CURRENCY);
	entry.brand_event_id = keep_arg(fcinfo, builder, ARG_BRAND_EVENT_ID);
	entry.topic = keep_arg(fcinfo, builder, ARG_TOPIC);
	entry.service_activity_status = keep_arg(fcinfo, builder, ARG_SERVICE_ACTIVITY_STATUS);
	entry.session_id = keep_arg(fcinfo, builder, ARG_SESSION_ID);
	journey_add_goal(builder, &entry);
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "journey support function called in non-aggregate context");
	return context;
}

/*
 * Transition function: adds one entry.  See COMMENT ON AGGREGATE for the
 * arguments; a row whose entry is NULL is passed over.  Raises
 * null_value_not_allowed or invalid_parameter_value where an entry lacks what
 * it needs, program_limit_exceeded beyond 1 GB.
 */
Datum
goaltracker_journey_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	JourneyBuilder *builder;
	text	   *entry;

	if (PG_ARGISNULL(ARG_ENTRY))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	builder = PG_ARGISNULL(0) ? journey_begin(context)
		: (JourneyBuilder *) PG_GETARG_POINTER(0);

	entry = PG_GETARG_TEXT_PP(ARG_ENTRY);
	if (text_is(entry, "segment"))
		add_segment_args(fcinfo, builder);
	else if (text_is(entry, "conversation"))
		add_conversation_args(fcinfo, builder);
	else if (text_is(entry, "goal event"))
		add_goal_args(fcinfo, builder);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid entry of a journey: \"%s\"", text_to_cstring(entry)),
				 errdetail("Allowed are \"conversation\", \"segment\" and \"goal event\".")));
	PG_RETURN_POINTER(builder);
}

/* A value of another journey, added to this one. */
static HeapRef
adopt(JourneyBuilder *builder, const JourneyView *from, HeapRef ref)
{
	struct varlena *value = journey_value(from, ref);

	if (value == NULL)
		return 0;
	return journey_add_value(builder, VARDATA(value), VARSIZE(value) - VARHDRSZ);
}

/* Appends all entries of another journey. */
static void
append_journey(JourneyBuilder *builder, const JourneyView *from)
{
	for (int i = 0; i < from->nconversations; i++)
	{
		JourneyConversation entry = from->conversations[i];

		CHECK_FOR_INTERRUPTS();
		entry.conversation_id = adopt(builder, from, entry.conversation_id);
		journey_add_conversation(builder, &entry);
	}
	for (int i = 0; i < from->nsegments; i++)
	{
		JourneySegment entry = from->segments[i];

		CHECK_FOR_INTERRUPTS();
		entry.conversation_id = adopt(builder, from, entry.conversation_id);
		entry.agent_id = adopt(builder, from, entry.agent_id);
		entry.skill_id = adopt(builder, from, entry.skill_id);
		journey_add_segment(builder, &entry);
	}
	for (int i = 0; i < from->ngoals; i++)
	{
		JourneyGoal entry = from->goals[i];

		CHECK_FOR_INTERRUPTS();
		entry.goal_event_id = adopt(builder, from, entry.goal_event_id);
		entry.goal_id = adopt(builder, from, entry.goal_id);
		entry.lead_value = adopt(builder, from, entry.lead_value);
		entry.transaction_value = adopt(builder, from, entry.transaction_value);
		entry.currency = adopt(builder, from, entry.currency);
		entry.brand_event_id = adopt(builder, from, entry.brand_event_id);
		entry.topic = adopt(builder, from, entry.topic);
		entry.service_activity_status = adopt(builder, from, entry.service_activity_status);
		entry.session_id = adopt(builder, from, entry.session_id);
		journey_add_goal(builder, &entry);
	}
}

/* Combine function: a state that holds the entries of both. */
Datum
goaltracker_journey_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	JourneyBuilder *builder;
	JourneyView from;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	/* the second state is the executor's to free: its entries are copied */
	builder = PG_ARGISNULL(0) ? journey_begin(context)
		: (JourneyBuilder *) PG_GETARG_POINTER(0);
	from = journey_view_of_builder((JourneyBuilder *) PG_GETARG_POINTER(1));
	append_journey(builder, &from);
	PG_RETURN_POINTER(builder);
}

/* Serialization function: a state as bytea, in the form of journey_write(). */
Datum
goaltracker_journey_serialize(PG_FUNCTION_ARGS)
{
	JourneyView view;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	view = journey_view_of_builder((JourneyBuilder *) PG_GETARG_POINTER(0));
	initStringInfo(&buf);
	appendStringInfoSpaces(&buf, VARHDRSZ);
	journey_write(&buf, &view);
	SET_VARSIZE(buf.data, buf.len);
	PG_RETURN_BYTEA_P(buf.data);
}

/* Deserialization function: the reverse; raises what journey_read() raises. */
Datum
goaltracker_journey_deserialize(PG_FUNCTION_ARGS)
{
	JourneyBuilder *builder;
	bytea	   *serialized;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	serialized = PG_GETARG_BYTEA_PP(0);
	buf.data = VARDATA_ANY(serialized);
	buf.len = VARSIZE_ANY_EXHDR(serialized);
	buf.maxlen = buf.len;
	buf.cursor = 0;
	/* the combine function copies, so the short-lived context will do */
	builder = journey_begin(CurrentMemoryContext);
	journey_read(&buf, builder);
	PG_RETURN_POINTER(builder);
}

/* Final function: the journey, or NULL where there was no entry at all. */
Datum
goaltracker_journey_final(PG_FUNCTION_ARGS)
{
	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(journey_pack((JourneyBuilder *) PG_GETARG_POINTER(0)));
}
