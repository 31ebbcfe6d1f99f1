/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  Paths: whom a journey touched, in order.
 *
 * The path of a journey that led to a goal event comes out of table touchpoint, by
 * the aggregate _path.  Agent segments that led to none are in no table of
 * refresh: they are found in the facts, consumer after consumer, by the rules that
 * refresh goes by (timeline.c), and cut into journeys where a contact came too
 * late for one goal event to reach it and what was before.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "once.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(goaltracker_path_add);
PG_FUNCTION_INFO_V1(goaltracker_path_combine);
PG_FUNCTION_INFO_V1(goaltracker_path_serialize);
PG_FUNCTION_INFO_V1(goaltracker_path_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_path_final);
PG_FUNCTION_INFO_V1(goaltracker_without_runs);
PG_FUNCTION_INFO_V1(goaltracker_missed_journeys);

/* An array of texts with one dimension; a NULL where nulls says so. */
static ArrayType *
text_array(Datum *elements, bool *nulls, int n)
{
	int			lower_bound = 1;

	if (n == 0)
		return construct_empty_array(TEXTOID);
	return construct_md_array(elements, nulls, 1, &n, &lower_bound, TEXTOID, -1, false,
							  TYPALIGN_INT);
}

/* ------------------------------------------------------------------------
 * Aggregate _path
 * ------------------------------------------------------------------------
 */

#define FIRST_STEPS 4

/* A touchpoint: where it stands (S4), and what the path says of it. */
typedef struct Step
{
	TimestampTz assigned_at;
	int32		segment_no;
	text	   *conversation_id;
	text	   *element;		/* NULL: none, a step all the same */
} Step;

typedef struct Path
{
	int			nsteps;
	int			max_steps;
	Step	   *steps;
} Path;

static Path *
path_create(MemoryContext context)
{
	Path	   *path = MemoryContextAlloc(context, sizeof(Path));

	path->nsteps = 0;
	path->max_steps = FIRST_STEPS;
	path->steps = MemoryContextAlloc(context, FIRST_STEPS * sizeof(Step));
	return path;
}

static text *
copy_text(MemoryContext context, const text *value)
{
	text	   *copy;

	if (value == NULL)
		return NULL;
	copy = MemoryContextAlloc(context, VARSIZE_ANY(value));
	memcpy(copy, value, VARSIZE_ANY(value));
	return copy;
}

/* Adds a step; its texts are copied. */
static void
path_put(Path *path, MemoryContext context, const Step *step)
{
	Step	   *added;

	if (path->nsteps == path->max_steps)
	{
		if ((Size) path->max_steps * 2 * sizeof(Step) > MaxAllocSize)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("path has too many touchpoints")));
		path->max_steps *= 2;
		path->steps = repalloc(path->steps, path->max_steps * sizeof(Step));
	}
	added = &path->steps[path->nsteps++];
	*added = *step;
	added->conversation_id = copy_text(context, step->conversation_id);
	added->element = copy_text(context, step->element);
}

static int
by_standing(const void *left, const void *right)
{
	const Step *a = *(const Step *const *) left;
	const Step *b = *(const Step *const *) right;
	int			order = (a->assigned_at > b->assigned_at) - (a->assigned_at < b->assigned_at);

	if (order == 0)
		order = text_order(a->conversation_id, b->conversation_id);
	if (order == 0)
		order = (a->segment_no > b->segment_no) - (a->segment_no < b->segment_no);
	return order;
}

/*
 * goaltracker_path_add(state internal, element text, assigned_at timestamptz,
 * conversation_id text, segment_no integer) returns internal
 *
 * Transition function: takes in a touchpoint.  A row that is none, without a time,
 * a conversation or a number, is passed over; a NULL element is an element.
 */
Datum
goaltracker_path_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Path	   *state = state_argument(fcinfo, 0);
	Step		step;

	if (state == NULL)
		state = path_create(context);
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		PG_RETURN_POINTER(state);
	step.element = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	step.assigned_at = PG_GETARG_TIMESTAMPTZ(2);
	step.conversation_id = PG_GETARG_TEXT_PP(3);
	step.segment_no = PG_GETARG_INT32(4);
	path_put(state, context, &step);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_path_combine(state internal, other internal) returns internal
 *
 * Combine function: takes in what another process has seen.  Order is made at the end.
 */
Datum
goaltracker_path_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Path	   *state = state_argument(fcinfo, 0);
	const Path *other = state_argument(fcinfo, 1);

	if (state == NULL)
		state = path_create(context);
	for (int i = 0; other != NULL && i < other->nsteps; i++)
	{
		CHECK_FOR_INTERRUPTS();
		path_put(state, context, &other->steps[i]);
	}
	PG_RETURN_POINTER(state);
}

static void
send_text(StringInfo buf, const text *value)
{
	if (value == NULL)
	{
		pq_sendint32(buf, -1);
		return;
	}
	pq_sendint32(buf, VARSIZE_ANY_EXHDR(value));
	pq_sendbytes(buf, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static text *
receive_text(StringInfo buf)
{
	int			len = pq_getmsgint(buf, 4);

	return len < 0 ? NULL : cstring_to_text_with_len(pq_getmsgbytes(buf, len), len);
}

/* goaltracker_path_serialize(state internal) returns bytea */
Datum
goaltracker_path_serialize(PG_FUNCTION_ARGS)
{
	const Path *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const Path *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	for (int i = 0; i < state->nsteps; i++)
	{
		const Step *step = &state->steps[i];

		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&buf, step->assigned_at);
		pq_sendint32(&buf, step->segment_no);
		send_text(&buf, step->conversation_id);
		send_text(&buf, step->element);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_path_deserialize(serialized bytea, unused internal) returns internal
 *
 * Gives a state that can be combined into another one, in the current memory
 * context.  Raises protocol_violation if this is no serialized state.
 */
Datum
goaltracker_path_deserialize(PG_FUNCTION_ARGS)
{
	Path	   *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = path_create(CurrentMemoryContext);
	while (buf.cursor < buf.len)
	{
		Step		step;

		CHECK_FOR_INTERRUPTS();
		step.assigned_at = pq_getmsgint64(&buf);
		step.segment_no = pq_getmsgint(&buf, 4);
		step.conversation_id = receive_text(&buf);
		step.element = receive_text(&buf);
		path_put(state, CurrentMemoryContext, &step);
	}
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_path_final(state internal) returns text[]
 *
 * The elements of the touchpoints in order; an empty array where there is none.
 * Reads the state only.
 */
Datum
goaltracker_path_final(PG_FUNCTION_ARGS)
{
	const Path *state;
	const Step **order;
	Datum	   *elements;
	bool	   *nulls;

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	if (state == NULL || state->nsteps == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	order = palloc(state->nsteps * sizeof(Step *));
	elements = palloc(state->nsteps * sizeof(Datum));
	nulls = palloc(state->nsteps * sizeof(bool));
	for (int i = 0; i < state->nsteps; i++)
		order[i] = &state->steps[i];
	if (state->nsteps > 1)
		qsort(order, state->nsteps, sizeof(Step *), by_standing);
	for (int i = 0; i < state->nsteps; i++)
	{
		elements[i] = PointerGetDatum(order[i]->element);
		nulls[i] = order[i]->element == NULL;
	}
	PG_RETURN_ARRAYTYPE_P(text_array(elements, nulls, state->nsteps));
}

/*
 * _without_runs(path text[]) returns text[]: of elements that follow one another and
 * are the same (NULLs are), the first.
 */
Datum
goaltracker_without_runs(PG_FUNCTION_ARGS)
{
	ArrayType  *path = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			kept = 0;

	deconstruct_array(path, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (kept > 0 && nulls[i] == nulls[kept - 1] &&
			(nulls[i] || text_same(DatumGetTextPP(elements[i]),
								   DatumGetTextPP(elements[kept - 1]))))
			continue;
		elements[kept] = elements[i];
		nulls[kept++] = nulls[i];
	}
	if (kept == n)
		PG_RETURN_ARRAYTYPE_P(path);
	PG_RETURN_ARRAYTYPE_P(text_array(elements, nulls, kept));
}

/* ------------------------------------------------------------------------
 * Journeys that led to no goal event
 * ------------------------------------------------------------------------
 */

/* Attributes of type _missed_journey. */
#define MISSED_ATTRIBUTES 8

typedef struct MissedScan
{
	FactReader *facts;			/* NULL: closed */
	const AttributionRules *rules;
	int			window;			/* days */
	TimestampTz last_touch_from;
	TimestampTz last_touch_to;
	MemoryContext consumer_context; /* reset for each consumer */
	Datum		consumer_id;
	Timeline   *timeline;		/* NULL: none at hand */
	TimestampTz *reached;		/* when goals were reached, duplicates aside, in order */
	int			nreached;
	int		   *journey_of;		/* by number of conversation: the journey that it is in */
	int			journey_no;
	const Touch **touches;		/* of the journey at hand */
	int			ntouches;
	int			next_touch;
	TimestampTz closed_at;		/* the last of its conversations */
} MissedScan;

/* Whether a window reaches back from one moment to another (S2). */
static inline bool
is_within(TimestampTz from, TimestampTz to, int window)
{
	if (to >= from)
		return true;
	return ((uint64) from - (uint64) to - 1) / USECS_PER_DAY + 1 <= (uint64) window;
}

/*
 * Whether some goal event reaches a touch.  The next one is the best that there is
 * for it: a later one has further to reach.
 */
static bool
is_reached(const MissedScan *scan, const Touch *touch)
{
	TimestampTz since = Max(touch->entry->assigned_at, touch->opened_at);
	int			low = 0;
	int			high = scan->nreached;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (scan->reached[middle] >= since)
			high = middle;
		else
			low = middle + 1;
	}
	return low < scan->nreached && is_within(scan->reached[low], touch->closed_at, scan->window);
}

/* Takes the next consumer; false when there is none. */
static bool
next_timeline(MissedScan *scan)
{
	JourneyView journey;
	Timeline   *timeline;

	MemoryContextReset(scan->consumer_context);
	scan->timeline = NULL;
	if (!facts_next_any(scan->facts, &journey, &scan->consumer_id))
		return false;
	scan->timeline = timeline = timeline_create(journey, scan->rules);
	scan->reached = palloc(Max(timeline->ngoals, 1) * sizeof(TimestampTz));
	scan->nreached = 0;
	for (int i = 0; i < timeline->ngoals; i++)
	{
		if (!timeline->goals[i].is_duplicate)
			scan->reached[scan->nreached++] = timeline->goals[i].entry->reached_at;
	}
	scan->journey_of = palloc0(Max(timeline->nconversations, 1) * sizeof(int));
	scan->journey_no = 0;
	scan->touches = palloc(Max(timeline->ntouches, 1) * sizeof(Touch *));
	scan->next_touch = 0;
	return true;
}

/*
 * The next journey of the consumer at hand, false at the end.  It goes on as long as
 * one goal event could have reached a touch and what was before, or in a
 * conversation that it has touched.
 */
static bool
next_journey_of_consumer(MissedScan *scan)
{
	const Timeline *timeline = scan->timeline;

	scan->ntouches = 0;
	scan->journey_no++;
	for (; scan->next_touch < timeline->ntouches; scan->next_touch++)
	{
		const Touch *touch = &timeline->touches[scan->next_touch];
		int		   *journey_of = &scan->journey_of[touch->conversation - timeline->conversations];

		CHECK_FOR_INTERRUPTS();
		if (is_reached(scan, touch))
			continue;
		if (scan->ntouches == 0)
			scan->closed_at = touch->closed_at;
		else if (*journey_of != scan->journey_no &&
				 !is_within(touch->entry->assigned_at, scan->closed_at, scan->window))
			return true;
		scan->closed_at = Max(scan->closed_at, touch->closed_at);
		*journey_of = scan->journey_no;
		scan->touches[scan->ntouches++] = touch;
	}
	return scan->ntouches > 0;
}

/* The next journey that is asked for, false at the end. */
static bool
next_journey(MissedScan *scan)
{
	for (;;)
	{
		while (scan->timeline == NULL || !next_journey_of_consumer(scan))
		{
			if (!next_timeline(scan))
				return false;
		}
		if (scan->touches[scan->ntouches - 1]->entry->assigned_at >= scan->last_touch_from &&
			scan->touches[scan->ntouches - 1]->entry->assigned_at <= scan->last_touch_to)
			return true;
	}
}

static const char *
user_type_name(UserType user_type)
{
	switch (user_type)
	{
		case USER_BOT:
			return "Bot";
		case USER_SYSTEM:
			return "System";
		default:
			return "Human";
	}
}

/* The row of the journey at hand, in the order of type _missed_journey. */
static Datum
journey_row(const MissedScan *scan, TupleDesc tupdesc)
{
	int			n = scan->ntouches;
	Datum	   *keys = palloc(n * sizeof(Datum));
	Datum	   *agents = palloc(n * sizeof(Datum));
	Datum	   *skills = palloc(n * sizeof(Datum));
	Datum	   *user_types = palloc(n * sizeof(Datum));
	bool	   *no_skill = palloc(n * sizeof(bool));
	Datum		values[MISSED_ATTRIBUTES];
	bool		nulls[MISSED_ATTRIBUTES] = {false};

	GtAssert(tupdesc->natts == MISSED_ATTRIBUTES);
	for (int i = 0; i < n; i++)
	{
		const JourneySegment *segment = scan->touches[i]->entry;
		const JourneyView *view = &scan->timeline->view;

		keys[i] = Int64GetDatum(segment->segment_key);
		agents[i] = PointerGetDatum(journey_value(view, segment->agent_id));
		skills[i] = PointerGetDatum(journey_value(view, segment->skill_id));
		no_skill[i] = segment->skill_id == 0;
		user_types[i] = CStringGetTextDatum(user_type_name(scan->touches[i]->user_type));
	}
	values[0] = scan->consumer_id;
	values[1] = PointerGetDatum(construct_array(keys, n, INT8OID, sizeof(int64),
												sizeof(Datum) >= sizeof(int64),
												TYPALIGN_DOUBLE));
	values[2] = PointerGetDatum(text_array(agents, NULL, n));
	values[3] = PointerGetDatum(text_array(skills, no_skill, n));
	values[4] = PointerGetDatum(text_array(user_types, NULL, n));
	values[5] = TimestampTzGetDatum(scan->touches[0]->entry->assigned_at);
	values[6] = TimestampTzGetDatum(scan->touches[n - 1]->entry->assigned_at);
	values[7] = TimestampTzGetDatum(scan->closed_at);
	return HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls));
}

/* The executor is done with the set, be it at its end or not. */
static void
scan_shutdown(Datum arg)
{
	MissedScan *scan = (MissedScan *) DatumGetPointer(arg);

	if (scan->facts != NULL)
		facts_end(scan->facts);
	scan->facts = NULL;
}

static MissedScan *
scan_create(FunctionCallInfo fcinfo)
{
	MissedScan *scan = palloc0(sizeof(MissedScan));
	Datum		account_id = PointerGetDatum(PG_GETARG_TEXT_P_COPY(0));

	scan->rules = rules_parse(PG_GETARG_JSONB_P_COPY(2));
	scan->window = PG_GETARG_INT16(3);
	scan->last_touch_from = PG_GETARG_TIMESTAMPTZ(4);
	scan->last_touch_to = PG_GETARG_TIMESTAMPTZ(5);
	scan->consumer_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker consumer",
												   ALLOCSET_DEFAULT_SIZES);
	if (PG_ARGISNULL(1))
		scan->facts = facts_begin_account(account_id);
	else
		scan->facts = facts_begin_list(account_id,
									   PointerGetDatum(PG_GETARG_ARRAYTYPE_P_COPY(1)));
	return scan;
}

/*
 * _missed_journeys(account_id text, consumer_ids text[], rules jsonb, contribution_window
 * smallint, last_touch_from timestamptz, last_touch_to timestamptz): journeys of these
 * consumers (NULL: of all of the account) that led to no goal event and whose last
 * touchpoint was assigned within these bounds; no other argument may be NULL.  Reads
 * the facts under the active snapshot.  Raises what rules_parse() raises.
 */
Datum
goaltracker_missed_journeys(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	ExprContext *econtext = ((ReturnSetInfo *) fcinfo->resultinfo)->econtext;
	MissedScan *scan;
	MemoryContext old_context;
	Datum		row;

	if (SRF_IS_FIRSTCALL())
	{
		TupleDesc	tupdesc;

		call = SRF_FIRSTCALL_INIT();
		for (int i = 0; i < PG_NARGS(); i++)
		{
			if (i != 1 && PG_ARGISNULL(i))
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("argument %d must not be null", i + 1)));
		}
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		old_context = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->tuple_desc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
		call->user_fctx = scan = scan_create(fcinfo);
		RegisterExprContextCallback(econtext, scan_shutdown, PointerGetDatum(scan));
		MemoryContextSwitchTo(old_context);
	}
	call = SRF_PERCALL_SETUP();
	scan = call->user_fctx;
	old_context = MemoryContextSwitchTo(scan->consumer_context);
	if (!next_journey(scan))
	{
		MemoryContextSwitchTo(old_context);
		scan_shutdown(PointerGetDatum(scan));
		UnregisterExprContextCallback(econtext, scan_shutdown, PointerGetDatum(scan));
		SRF_RETURN_DONE(call);
	}
	row = journey_row(scan, call->tuple_desc);
	MemoryContextSwitchTo(old_context);
	SRF_RETURN_NEXT(call, row);
}
