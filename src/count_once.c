/*-------------------------------------------------------------------------
 *
 * count_once.c
 *		The aggregate count_once(bigint): how many keys there are.
 *
 * The "key" of the table (once.h) is 64 consecutive keys, and the word says which
 * of them were seen.  Keys come from a sequence, so this is mostly far smaller
 * and faster than a slot for each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"
#include "port/pg_bitutils.h"

PG_FUNCTION_INFO_V1(goaltracker_count_once_add);
PG_FUNCTION_INFO_V1(goaltracker_count_once_combine);
PG_FUNCTION_INFO_V1(goaltracker_count_once_serialize);
PG_FUNCTION_INFO_V1(goaltracker_count_once_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_count_once_final);

#define COUNT_KEYS_BITS	6		/* a word tells of 64 keys */

typedef struct CountState
{
	OnceTable	table;			/* key / 64: which of the 64 were seen */
	int64		count;
} CountState;

static CountState *
count_state_create(MemoryContext context)
{
	CountState *state = MemoryContextAllocZero(context, sizeof(CountState));

	once_init(&state->table, context);
	return state;
}

/* Takes in keys of one word: like sum_put() in sum_once.c. */
static pg_attribute_always_inline void
count_put(CountState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = once_enter(&state->table, context, key);
	uint64		added = word & ~slot->word;

	if (added == 0)
		return;
	slot->word |= word;
	state->count += (added & (added - 1)) == 0 ? 1 : pg_popcount64(added);
}

/*
 * goaltracker_count_once_add(state internal, key bigint) returns internal
 *
 * Transition function: counts the key, unless it was seen before.  A NULL key is
 * passed over.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED if a group has more keys
 * than a table takes.  S17.
 */
Datum
goaltracker_count_once_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	CountState *state = state_argument(fcinfo, 0);
	uint64		key;

	if (PG_ARGISNULL(1))
		return return_state(fcinfo, state);

	if (state == NULL)
		state = count_state_create(context);
	key = (uint64) PG_GETARG_INT64(1);
	count_put(state, context, (int64) (key >> COUNT_KEYS_BITS),
			  UINT64CONST(1) << (key & ((1 << COUNT_KEYS_BITS) - 1)));
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_count_once_combine(state internal, other internal) returns internal
 *
 * Combine function: like goaltracker_sum_once_combine().
 */
Datum
goaltracker_count_once_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	CountState *state = state_argument(fcinfo, 0);
	const CountState *other = state_argument(fcinfo, 1);

	if (other == NULL)
		return return_state(fcinfo, state);

	if (state == NULL)
		state = count_state_create(context);
	once_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		once_prefetch(&state->table, &other->table, i);
		if (slot->word != 0)
			count_put(state, context, slot->key, slot->word);
	}
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_count_once_serialize(state internal) returns bytea
 *
 * Like goaltracker_sum_once_serialize().
 */
Datum
goaltracker_count_once_serialize(PG_FUNCTION_ARGS)
{
	const CountState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const CountState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	once_send(&buf, &state->table, NULL);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_count_once_deserialize(serialized bytea, unused internal) returns internal
 *
 * Like goaltracker_sum_once_deserialize().
 */
Datum
goaltracker_count_once_deserialize(PG_FUNCTION_ARGS)
{
	CountState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = palloc0(sizeof(CountState));
	once_receive(&buf, &state->table, NULL);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_count_once_final(state internal) returns bigint
 *
 * The number of distinct keys, 0 if there is none.  Reads the state only.
 */
Datum
goaltracker_count_once_final(PG_FUNCTION_ARGS)
{
	const CountState *state;

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	PG_RETURN_INT64(state == NULL ? 0 : state->count);
}
