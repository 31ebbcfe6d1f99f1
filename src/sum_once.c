/*-------------------------------------------------------------------------
 *
 * sum_once.c
 *		The aggregate sum_once(numeric, bigint).
 *
 * The word of a key in the table (once.h): a value that has at most 12 decimals
 * and fits in 61 bits is stored in the word itself (bit 0 set), and summed with
 * integers.  Any other (longer, infinite, NaN) is a pointer to a copy in the
 * aggregate's context.  Each value has one form only, whatever its display scale,
 * so two words in the first form are compared as they stand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(goaltracker_sum_once_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_combine);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_serialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_final);

typedef struct SumState
{
	OnceTable	table;
	SplitSum	small[SMALL_GROUPS];	/* sum of the small values, by groups */
	Numeric		large;			/* sum of the others, NULL if there are none */
	int			scale;			/* largest display scale of any input */
} SumState;

/*
 * Gives the word of a value as numeric_to_integer() gives its number: the groups
 * of decimals stand in bits 1 and 2, the integer above.
 */
static bool
numeric_to_word(const char *data, int length, uint64 *word, int *scale)
{
	int64		integer;
	int			groups;

	if (!numeric_to_integer(data, length, &integer, &groups, scale))
		return false;
	*word = ((uint64) integer << 3) | ((uint64) groups << 1) | 1;
	return true;
}

static inline int
word_groups(uint64 word)
{
	return (word >> 1) & (SMALL_GROUPS - 1);
}

static inline int64
word_value(uint64 word)
{
	return (int64) (word & ~UINT64CONST(7)) / 8;
}

static inline Numeric
word_to_large(uint64 word)
{
	return (Numeric) (uintptr_t) word;
}

/* Gives a number its display scale, which is never less than it needs. */
static Numeric
set_scale(Numeric number, int scale)
{
	StringInfoData zero;

	/* numeric_round() goes so far only and no further. */
	if (scale <= NUMERIC_MAX_RESULT_SCALE)
		return DatumGetNumeric(DirectFunctionCall2(numeric_round,
												   NumericGetDatum(number),
												   Int32GetDatum(scale)));

	initStringInfo(&zero);
	appendStringInfoString(&zero, "0.");
	appendStringInfoSpaces(&zero, scale);
	memset(zero.data + 2, '0', scale);
	return add_numerics(number,
						DatumGetNumeric(DirectFunctionCall3(numeric_in,
															CStringGetDatum(zero.data),
															ObjectIdGetDatum(InvalidOid),
															Int32GetDatum(-1))));
}

static SumState *
sum_state_create(MemoryContext context)
{
	SumState   *state = MemoryContextAllocZero(context, sizeof(SumState));

	once_init(&state->table, context);
	return state;
}

static char *
sum_word_to_text(uint64 word, int scale)
{
	Numeric		number = word_to_large(word);

	if (IS_SMALL(word))
	{
		SplitSum	sum = {0, 0};

		split_add(&sum, word_value(word));
		number = set_scale(split_to_numeric(sum, word_groups(word)), scale);
	}
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

/*
 * The key is there already: it must have this value.  Small values that differ
 * in their words differ, and no large one equals a small one.
 */
static void
sum_check_same(const SumState *state, int64 key, uint64 stored, uint64 word)
{
	if (!IS_SMALL(stored) && !IS_SMALL(word) &&
		DatumGetBool(DirectFunctionCall2(numeric_eq,
										 NumericGetDatum(word_to_large(stored)),
										 NumericGetDatum(word_to_large(word)))))
		return;
	two_values_error(key, sum_word_to_text(stored, state->scale),
					 sum_word_to_text(word, state->scale));
}

/* Stores a copy of a large value, and adds it to the sum. */
static void
sum_put_large(SumState *state, MemoryContext context, OnceSlot *slot, Numeric value)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	Numeric		old = state->large != NULL ? state->large : int64_to_numeric(0);
	Numeric		copy = palloc(VARSIZE(value));

	memcpy(copy, value, VARSIZE(value));
	slot->word = (uintptr_t) copy;
	state->large = add_numerics(old, copy);
	pfree(old);
	MemoryContextSwitchTo(caller);
}

/*
 * Takes in one key and its value: the primitive of adding and combining.  Left to
 * itself the compiler would make it a call for every row.
 */
static pg_attribute_always_inline void
sum_put(SumState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = once_enter(&state->table, context, key);

	if (slot->word == word)
		return;
	if (slot->word != 0)
		sum_check_same(state, key, slot->word, word);
	else if (IS_SMALL(word))
	{
		slot->word = word;
		split_add(&state->small[word_groups(word)], word_value(word));
	}
	else
		sum_put_large(state, context, slot, word_to_large(word));
}

/*
 * goaltracker_sum_once_add(state internal, value numeric, key bigint) returns internal
 *
 * Transition function: takes a row's value into the sum, unless its key was seen
 * before.  A row with a NULL value or key is passed over.  Raises
 * ERRCODE_CARDINALITY_VIOLATION if the key was seen with another value (1.0 and
 * 1.00 are the same one, NaN equals NaN), and ERRCODE_PROGRAM_LIMIT_EXCEEDED if a
 * group has more keys than a table takes.  S12, S17.
 */
Datum
goaltracker_sum_once_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SumState   *state = state_argument(fcinfo, 0);
	struct varlena *value;
	uint64		word;
	int			scale;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return return_state(fcinfo, state);

	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	if (!numeric_to_word(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &word, &scale))
		word = (uintptr_t) DatumGetNumeric(PointerGetDatum(value));

	if (state == NULL)
		state = sum_state_create(context);
	if (scale > state->scale)
		state->scale = scale;
	sum_put(state, context, PG_GETARG_INT64(2), word);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_sum_once_combine(state internal, other internal) returns internal
 *
 * Combine function: takes what another process saw into the state.  NULL stands
 * for a state without a row.  Raises what goaltracker_sum_once_add() raises.
 */
Datum
goaltracker_sum_once_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SumState   *state = state_argument(fcinfo, 0);
	const SumState *other = state_argument(fcinfo, 1);

	if (other == NULL)
		return return_state(fcinfo, state);

	if (state == NULL)
		state = sum_state_create(context);
	state->scale = Max(state->scale, other->scale);
	once_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		once_prefetch(&state->table, &other->table, i);
		if (slot->word != 0)
			sum_put(state, context, slot->key, slot->word);
	}
	PG_RETURN_POINTER(state);
}

static void
send_numeric(StringInfo buf, uint64 word)
{
	bytea	   *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send,
														   NumericGetDatum(word_to_large(word))));

	pq_sendbytes(buf, VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
	pfree(sent);
}

static uint64
receive_numeric(StringInfo buf)
{
	return (uintptr_t) DatumGetNumeric(DirectFunctionCall3(numeric_recv,
														   PointerGetDatum(buf),
														   ObjectIdGetDatum(InvalidOid),
														   Int32GetDatum(-1)));
}

/*
 * goaltracker_sum_once_serialize(state internal) returns bytea
 *
 * Gives the keys and values seen, to be combined in another process.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED if they do not fit in a bytea.
 */
Datum
goaltracker_sum_once_serialize(PG_FUNCTION_ARGS)
{
	const SumState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const SumState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->scale);
	once_send(&buf, &state->table, send_numeric);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * goaltracker_sum_once_deserialize(serialized bytea, unused internal) returns internal
 *
 * Gives a state that can be combined into another one and nothing else, in the
 * current memory context.  Raises ERRCODE_INVALID_BINARY_REPRESENTATION or
 * ERRCODE_PROTOCOL_VIOLATION if this is no serialized state.
 */
Datum
goaltracker_sum_once_deserialize(PG_FUNCTION_ARGS)
{
	SumState   *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	open_serialized(&buf, PG_GETARG_BYTEA_PP(0));
	state = palloc0(sizeof(SumState));
	state->scale = pq_getmsgint(&buf, 4);
	if (state->scale < 0 || state->scale > MAX_NUMERIC_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid scale in partial aggregate state")));
	once_receive(&buf, &state->table, receive_numeric);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/*
 * goaltracker_sum_once_final(state internal) returns numeric
 *
 * The sum, with the largest display scale of the values; NULL if no row had both
 * a key and a value.  Reads the state only.
 */
Datum
goaltracker_sum_once_final(PG_FUNCTION_ARGS)
{
	const SumState *state;
	Numeric		sum;

	(void) aggregate_context(fcinfo);
	state = state_argument(fcinfo, 0);
	if (state == NULL)
		PG_RETURN_NULL();

	sum = split_to_numeric(state->small[0], 0);
	for (int groups = 1; groups < SMALL_GROUPS; groups++)
		if (state->small[groups].high != 0 || state->small[groups].low != 0)
			sum = add_numerics(sum, split_to_numeric(state->small[groups], groups));
	if (state->large != NULL)
		sum = add_numerics(sum, state->large);
	PG_RETURN_NUMERIC(set_scale(sum, state->scale));
}
