/*-------------------------------------------------------------------------
 *
 * work.c
 *	  Aggregate _work: messages, responses and time assigned of distinct agent
 *	  segments (S13).
 *
 * A segment stands in a report once for each goal event that it is near, and
 * its work counts once.  Rows of one segment say the same, but for the moment
 * between two batches of a refresh: then the larger figure counts.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"

PG_FUNCTION_INFO_V1(goaltracker_work_add);
PG_FUNCTION_INFO_V1(goaltracker_work_combine);
PG_FUNCTION_INFO_V1(goaltracker_work_serialize);
PG_FUNCTION_INFO_V1(goaltracker_work_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_work_final);

/* A segment and its work. */
typedef struct SegmentWork
{
	int64		segment_key;
	int64		time_assigned;	/* microseconds */
	int32		agent_messages;
	int32		agent_responses;
	char		status;			/* of the hash table */
} SegmentWork;

#define SH_PREFIX work
#define SH_ELEMENT_TYPE SegmentWork
#define SH_KEY_TYPE int64
#define SH_KEY segment_key
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
/* PostgreSQL's own header shadows a variable of its own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* Most groups have few segments. */
#define FIRST_SIZE 8

/* Attributes of type _agent_work. */
#define WORK_ATTRIBUTES 3

static void
work_put(work_hash *state, const SegmentWork *work)
{
	bool		found;
	SegmentWork *entry = work_insert(state, work->segment_key, &found);

	if (!found)
	{
		entry->time_assigned = 0;
		entry->agent_messages = 0;
		entry->agent_responses = 0;
	}
	entry->time_assigned = Max(entry->time_assigned, work->time_assigned);
	entry->agent_messages = Max(entry->agent_messages, work->agent_messages);
	entry->agent_responses = Max(entry->agent_responses, work->agent_responses);
}

/*
 * goaltracker_work_add(state internal, segment_key bigint, agent_messages integer,
 * agent_responses integer, assigned_at timestamptz, assigned_until timestamptz)
 * returns internal
 *
 * Transition function: takes in a segment.  A row without a segment is passed
 * over; assigned_until NULL: still assigned, so until now.
 */
Datum
goaltracker_work_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	work_hash  *state = state_argument(fcinfo, 0);
	SegmentWork work;

	if (state == NULL)
		state = work_create(context, FIRST_SIZE, NULL);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		PG_RETURN_POINTER(state);
	work.segment_key = PG_GETARG_INT64(1);
	work.agent_messages = PG_GETARG_INT32(2);
	work.agent_responses = PG_GETARG_INT32(3);
	work.time_assigned = assigned_usecs(PG_GETARG_TIMESTAMPTZ(4),
										PG_ARGISNULL(5) ? GetCurrentTransactionStartTimestamp()
										: PG_GETARG_TIMESTAMPTZ(5));
	work_put(state, &work);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_work_combine(state internal, other internal) returns internal
 *
 * Combine function: takes in what another process has seen.
 */
Datum
goaltracker_work_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	work_hash  *state = state_argument(fcinfo, 0);
	work_hash  *other = state_argument(fcinfo, 1);
	work_iterator iterator;
	SegmentWork *work;

	if (state == NULL)
		state = work_create(context, FIRST_SIZE, NULL);
	if (other == NULL)
		PG_RETURN_POINTER(state);
	work_start_iterate(other, &iterator);
	while ((work = work_iterate(other, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		work_put(state, work);
	}
	PG_RETURN_POINTER(state);
}

/* goaltracker_work_serialize(state internal) returns bytea */
Datum
goaltracker_work_serialize(PG_FUNCTION_ARGS)
{
	work_hash  *state;
	work_iterator iterator;
	SegmentWork *work;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (work_hash *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	work_start_iterate(state, &iterator);
	while ((work = work_iterate(state, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&buf, work->segment_key);
		pq_sendint64(&buf, work->time_assigned);
		pq_sendint32(&buf, work->agent_messages);
		pq_sendint32(&buf, work->agent_responses);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_work_deserialize(serialized bytea, unused internal) returns internal
 *
 * Gives a state that can be combined into another one, in the current memory
 * context.  Raises protocol_violation if this is no serialized state.
 */
Datum
goaltracker_work_deserialize(PG_FUNCTION_ARGS)
{
	work_hash  *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = work_create(CurrentMemoryContext, FIRST_SIZE, NULL);
	while (buf.cursor < buf.len)
	{
		SegmentWork work;

		CHECK_FOR_INTERRUPTS();
		work.segment_key = pq_getmsgint64(&buf);
		work.time_assigned = pq_getmsgint64(&buf);
		work.agent_messages = pq_getmsgint(&buf, 4);
		work.agent_responses = pq_getmsgint(&buf, 4);
		work_put(state, &work);
	}
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_work_final(state internal) returns _agent_work
 *
 * The sums, which are 0 where there is nothing to sum; days have 24 hours.
 * Raises interval_field_overflow where the time is beyond the type.
 */
Datum
goaltracker_work_final(PG_FUNCTION_ARGS)
{
	work_hash  *state;
	int64		agent_messages = 0;
	int64		agent_responses = 0;
	int64		days = 0;
	int64		usecs = 0;
	Interval   *time_assigned = palloc0(sizeof(Interval));
	TupleDesc	tupdesc;
	Datum		values[WORK_ATTRIBUTES];
	bool		nulls[WORK_ATTRIBUTES] = {false};

	(void) aggregate_context(fcinfo);
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	state = state_argument(fcinfo, 0);
	if (state != NULL)
	{
		work_iterator iterator;
		SegmentWork *work;

		work_start_iterate(state, &iterator);
		while ((work = work_iterate(state, &iterator)) != NULL)
		{
			agent_messages += work->agent_messages;
			agent_responses += work->agent_responses;
			days += work->time_assigned / USECS_PER_DAY;
			usecs += work->time_assigned % USECS_PER_DAY;
		}
	}
	days += usecs / USECS_PER_DAY;
	if (days > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
				 errmsg("interval out of range")));
	time_assigned->day = (int32) days;
	time_assigned->time = usecs % USECS_PER_DAY;
	values[0] = Int64GetDatum(agent_messages);
	values[1] = Int64GetDatum(agent_responses);
	values[2] = IntervalPGetDatum(time_assigned);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
