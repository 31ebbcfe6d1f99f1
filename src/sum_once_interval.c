/*-------------------------------------------------------------------------
 *
 * sum_once_interval.c
 *		The aggregate sum_once(interval, bigint).
 *
 * The word of a key in the table (once.h): microseconds with neither days nor
 * months are stored in the word (bit 0 set); any other interval is a pointer to a
 * copy.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_combine);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_serialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_final);

typedef struct IntervalState
{
	OnceTable	table;
	SplitSum	time;
	int64		days;
	int64		months;
	uint64		infinite;		/* how many stood at the top of their range, */
	uint64		minus_infinite; /* and how many at its bottom */
} IntervalState;

static inline const Interval *
word_to_interval(uint64 word)
{
	return (const Interval *) (uintptr_t) word;
}

/*
 * Gives the word of an interval, which may point to it.  Microseconds alone are
 * small if they fit in 63 bits.
 */
static inline uint64
interval_to_word(const Interval *value)
{
	if (value->month != 0 || value->day != 0 ||
		value->time < PG_INT64_MIN / 2 || value->time > PG_INT64_MAX / 2)
		return (uintptr_t) value;
	return ((uint64) value->time << 1) | 1;
}

static inline int64
word_to_time(uint64 word)
{
	return (int64) (word & ~UINT64CONST(1)) / 2;
}

/*
 * Whether all fields stand at the top (or bottom) of their range.  From PostgreSQL
 * 17 on this is infinity; before, it is a value to which nothing can be added.
 */
static bool
is_infinite(const Interval *value)
{
	return value->month == PG_INT32_MAX && value->day == PG_INT32_MAX &&
		value->time == PG_INT64_MAX;
}

static bool
is_minus_infinite(const Interval *value)
{
	return value->month == PG_INT32_MIN && value->day == PG_INT32_MIN &&
		value->time == PG_INT64_MIN;
}

static IntervalState *
interval_state_create(MemoryContext context)
{
	IntervalState *state = MemoryContextAllocZero(context, sizeof(IntervalState));

	once_init(&state->table, context);
	return state;
}

static char *
interval_word_to_text(uint64 word)
{
	Interval	value = {0};

	if (IS_SMALL(word))
		value.time = word_to_time(word);
	else
		value = *word_to_interval(word);
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(&value)));
}

/*
 * The key is there already: it must have this value.  24 hours are not a day
 * here, the sum would not be the same.
 */
static void
interval_check_same(int64 key, uint64 stored, uint64 word)
{
	if (!IS_SMALL(stored) && !IS_SMALL(word))
	{
		const Interval *a = word_to_interval(stored);
		const Interval *b = word_to_interval(word);

		if (a->month == b->month && a->day == b->day && a->time == b->time)
			return;
	}
	two_values_error(key, interval_word_to_text(stored), interval_word_to_text(word));
}

/* Stores a copy of an interval that is not small, and adds it to the sum. */
static void
interval_put_large(IntervalState *state, MemoryContext context, OnceSlot *slot,
				   const Interval *value)
{
	Interval   *copy = MemoryContextAlloc(context, sizeof(Interval));

	*copy = *value;
	slot->word = (uintptr_t) copy;
	if (is_infinite(copy))
		state->infinite++;
	else if (is_minus_infinite(copy))
		state->minus_infinite++;
	else
	{
		split_add(&state->time, copy->time);
		state->days += copy->day;
		state->months += copy->month;
	}
}

/* Takes in one key and its value: like sum_put() in sum_once.c. */
static pg_attribute_always_inline void
interval_put(IntervalState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = once_enter(&state->table, context, key);

	if (slot->word == word)
		return;
	if (slot->word != 0)
		interval_check_same(key, slot->word, word);
	else if (IS_SMALL(word))
	{
		slot->word = word;
		split_add(&state->time, word_to_time(word));
	}
	else
		interval_put_large(state, context, slot, word_to_interval(word));
}

/*
 * goaltracker_sum_once_interval_add(state internal, value interval, key bigint) returns internal
 *
 * Transition function: like goaltracker_sum_once_add(), S13.  Two intervals are
 * the same value if their months, days and microseconds are.
 */
Datum
goaltracker_sum_once_interval_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	IntervalState *state = state_argument(fcinfo, 0);

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return return_state(fcinfo, state);

	if (state == NULL)
		state = interval_state_create(context);
	interval_put(state, context, PG_GETARG_INT64(2),
				 interval_to_word(PG_GETARG_INTERVAL_P(1)));
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_sum_once_interval_combine(state internal, other internal) returns internal
 *
 * Combine function: like goaltracker_sum_once_combine().
 */
Datum
goaltracker_sum_once_interval_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	IntervalState *state = state_argument(fcinfo, 0);
	const IntervalState *other = state_argument(fcinfo, 1);

	if (other == NULL)
		return return_state(fcinfo, state);

	if (state == NULL)
		state = interval_state_create(context);
	once_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		once_prefetch(&state->table, &other->table, i);
		if (slot->word != 0)
			interval_put(state, context, slot->key, slot->word);
	}
	PG_RETURN_POINTER(state);
}

static void
send_interval(StringInfo buf, uint64 word)
{
	const Interval *value = word_to_interval(word);

	pq_sendint64(buf, value->time);
	pq_sendint32(buf, value->day);
	pq_sendint32(buf, value->month);
}

static uint64
receive_interval(StringInfo buf)
{
	Interval   *value = palloc(sizeof(Interval));

	value->time = pq_getmsgint64(buf);
	value->day = pq_getmsgint(buf, 4);
	value->month = pq_getmsgint(buf, 4);
	return (uintptr_t) value;
}

/*
 * goaltracker_sum_once_interval_serialize(state internal) returns bytea
 *
 * Like goaltracker_sum_once_serialize().
 */
Datum
goaltracker_sum_once_interval_serialize(PG_FUNCTION_ARGS)
{
	const IntervalState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const IntervalState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	once_send(&buf, &state->table, send_interval);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_sum_once_interval_deserialize(serialized bytea, unused internal) returns internal
 *
 * Like goaltracker_sum_once_deserialize().
 */
Datum
goaltracker_sum_once_interval_deserialize(PG_FUNCTION_ARGS)
{
	IntervalState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = palloc0(sizeof(IntervalState));
	once_receive(&buf, &state->table, receive_interval);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_sum_once_interval_final(state internal) returns interval
 *
 * The sum by months, days and microseconds, none turned into another; NULL if no
 * row had both a key and a value.  Reads the state only.  Raises
 * ERRCODE_DATETIME_VALUE_OUT_OF_RANGE if it is no interval.
 */
Datum
goaltracker_sum_once_interval_final(PG_FUNCTION_ARGS)
{
	const IntervalState *state;
	Interval   *sum;
	Interval	top = {.month = PG_INT32_MAX,.day = PG_INT32_MAX,.time = PG_INT64_MAX};
	Interval	bottom = {.month = PG_INT32_MIN,.day = PG_INT32_MIN,.time = PG_INT64_MIN};

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	if (state == NULL)
		PG_RETURN_NULL();

	sum = palloc(sizeof(Interval));
	sum->month = (int32) state->months;
	sum->day = (int32) state->days;
	if (!split_to_int64(state->time, &sum->time) ||
		sum->month != state->months || sum->day != state->days ||
		is_infinite(sum) || is_minus_infinite(sum))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));

	/* The server knows what comes of infinities; more than two change nothing. */
	for (uint64 i = 0; i < Min(state->infinite, 2); i++)
		sum = DatumGetIntervalP(DirectFunctionCall2(interval_pl,
													IntervalPGetDatum(sum),
													IntervalPGetDatum(&top)));
	for (uint64 i = 0; i < Min(state->minus_infinite, 2); i++)
		sum = DatumGetIntervalP(DirectFunctionCall2(interval_pl,
													IntervalPGetDatum(sum),
													IntervalPGetDatum(&bottom)));
	PG_RETURN_INTERVAL_P(sum);
}
