/*-------------------------------------------------------------------------
 *
 * sum_once.c
 *		The aggregates sum_once(numeric, bigint) and _sum_largest(numeric,
 *		bigint), which takes the largest value of each key.
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
PG_FUNCTION_INFO_V1(goaltracker_sum_largest_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_combine);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_serialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_final);

/*
 * A small value is an integer times 10000 ^ -groups, with as few groups of four
 * decimals as do; groups stand in bits 1 and 2 of the word, the integer above.
 */
#define SMALL_GROUPS	4
#define SMALL_LIMIT		((INT64CONST(1) << 60) - 1)

typedef struct SumState
{
	OnceTable	table;
	SplitSum	small[SMALL_GROUPS];	/* sum of the small values, by groups */
	Numeric		large;			/* sum of the others, NULL if there are none */
	int			scale;			/* largest display scale of any input */
	bool		keeps_largest;	/* of two values for a key; else they are an error */
} SumState;

/*
 * What a numeric looks like on disk.  The server keeps this to itself, but it
 * cannot change without a dump and restore of every table; a form not known
 * here is left to the server's own functions.  Reading the digits saves a copy
 * per row (most values have a short varlena header and are not aligned).
 */
#define NUMERIC_FORM_MASK		0xC000
#define NUMERIC_FORM_POSITIVE	0x0000
#define NUMERIC_FORM_NEGATIVE	0x4000
#define NUMERIC_FORM_SHORT		0x8000
#define NUMERIC_SHORT_NEGATIVE	0x2000
#define NUMERIC_SHORT_SCALE(h)	(((h) & 0x1F80) >> 7)
#define NUMERIC_SHORT_WEIGHT(h)	(((h) & 0x003F) - ((h) & 0x0040))
#define NUMERIC_LONG_SCALE(h)	((h) & 0x3FFF)
#define NUMERIC_DIGIT_BASE		10000

/*
 * Gives a small value as integer * 10000 ^ -groups, with as few groups as do, and
 * the display scale of any.  Returns false if the value is not small.  "data" is
 * what follows the varlena header, and need not be aligned.
 */
bool
numeric_to_integer(const char *data, int length, int64 *integer, int *groups, int *scale)
{
	uint16		header;
	bool		negative;
	int16		weight;
	int			digits;
	int64		value = 0;

	*scale = 0;
	*integer = 0;
	*groups = 0;
	if (length < (int) sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	length -= sizeof(header);

	switch (header & NUMERIC_FORM_MASK)
	{
		case NUMERIC_FORM_SHORT:
			negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
			*scale = NUMERIC_SHORT_SCALE(header);
			weight = NUMERIC_SHORT_WEIGHT(header);
			break;
		case NUMERIC_FORM_POSITIVE:
		case NUMERIC_FORM_NEGATIVE:
			negative = (header & NUMERIC_FORM_MASK) == NUMERIC_FORM_NEGATIVE;
			*scale = NUMERIC_LONG_SCALE(header);
			if (length < (int) sizeof(weight))
				return false;
			memcpy(&weight, data, sizeof(weight));
			data += sizeof(weight);
			length -= sizeof(weight);
			break;
		default:
			return false;		/* NaN and the infinities */
	}

	/* The form of a value is one only if it ends in a digit that is not 0. */
	for (digits = length / (int) sizeof(int16); digits > 0; digits--)
	{
		int16		digit;

		memcpy(&digit, data + (digits - 1) * sizeof(digit), sizeof(digit));
		if (digit != 0)
			break;
	}
	if (digits == 0)
		return true;

	*groups = Max(digits - 1 - weight, 0);
	if (*groups >= SMALL_GROUPS)
		return false;

	/* Digits that are not stored are the zeros before the decimal point. */
	for (int i = 0; i < Max(digits, weight + 1); i++)
	{
		int16		digit = 0;

		if (i < digits)
			memcpy(&digit, data + i * sizeof(digit), sizeof(digit));
		if (value > SMALL_LIMIT / NUMERIC_DIGIT_BASE - 1)
			return false;
		value = value * NUMERIC_DIGIT_BASE + digit;
	}
	*integer = negative ? -value : value;
	return true;
}

/* Gives the word of a small value, likewise. */
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

static Numeric
add_numerics(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_add,
											   NumericGetDatum(a),
											   NumericGetDatum(b)));
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

/* Gives the sum as a numeric, divided by 10000 ^ groups. */
Numeric
split_to_numeric(SplitSum sum, int groups)
{
	int64		value;
	Numeric		high;

	if (split_to_int64(sum, &value))
		return int64_div_fast_to_numeric(value, groups * 4);

	sum = split_normalize(sum);
	high = DatumGetNumeric(DirectFunctionCall2(numeric_mul,
											   NumericGetDatum(int64_to_numeric(SPLIT_BASE)),
											   NumericGetDatum(int64_div_fast_to_numeric(sum.high, groups * 4))));
	return add_numerics(high, int64_div_fast_to_numeric(sum.low, groups * 4));
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

/* The number that a word stands for. */
static Numeric
word_to_numeric(uint64 word)
{
	SplitSum	sum = {0, 0};

	if (!IS_SMALL(word))
		return word_to_large(word);
	split_add(&sum, word_value(word));
	return split_to_numeric(sum, word_groups(word));
}

/* Takes a value out of the sum again. */
static void
sum_take_out(SumState *state, MemoryContext context, uint64 word)
{
	MemoryContext caller;

	if (IS_SMALL(word))
	{
		split_add(&state->small[word_groups(word)], -word_value(word));
		return;
	}
	caller = MemoryContextSwitchTo(context);
	state->large = DatumGetNumeric(DirectFunctionCall2(numeric_sub,
													   NumericGetDatum(state->large),
													   NumericGetDatum(word_to_large(word))));
	MemoryContextSwitchTo(caller);
}

/*
 * The key is there already: it must have this value, or else, where the state
 * keeps the largest, the smaller of the two goes.  Small values that differ in
 * their words differ, and no large one equals a small one.  Returns whether the
 * new value is to be put in place of the one stored.
 */
static bool
sum_is_to_replace(SumState *state, MemoryContext context, int64 key, uint64 stored, uint64 word)
{
	int			order;

	if (IS_SMALL(stored) && IS_SMALL(word) && !state->keeps_largest)
		two_values_error(key, sum_word_to_text(stored, state->scale),
						 sum_word_to_text(word, state->scale));
	order = DatumGetInt32(DirectFunctionCall2(numeric_cmp,
											  NumericGetDatum(word_to_numeric(stored)),
											  NumericGetDatum(word_to_numeric(word))));
	if (order == 0)
		return false;
	if (!state->keeps_largest)
		two_values_error(key, sum_word_to_text(stored, state->scale),
						 sum_word_to_text(word, state->scale));
	if (order > 0)
		return false;
	sum_take_out(state, context, stored);
	return true;
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
	if (slot->word != 0 && !sum_is_to_replace(state, context, key, slot->word, word))
		return;
	if (IS_SMALL(word))
	{
		slot->word = word;
		split_add(&state->small[word_groups(word)], word_value(word));
	}
	else
		sum_put_large(state, context, slot, word_to_large(word));
}

static Datum
sum_add(FunctionCallInfo fcinfo, bool keeps_largest)
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
	{
		state = sum_state_create(context);
		state->keeps_largest = keeps_largest;
	}
	if (scale > state->scale)
		state->scale = scale;
	sum_put(state, context, PG_GETARG_INT64(2), word);
	PG_RETURN_POINTER(state);
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
	return sum_add(fcinfo, false);
}

/*
 * goaltracker_sum_largest_add(state internal, value numeric, key bigint) returns internal
 *
 * Likewise, but of several (finite) values for a key the largest counts.
 */
Datum
goaltracker_sum_largest_add(PG_FUNCTION_ARGS)
{
	return sum_add(fcinfo, true);
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
	state->keeps_largest = other->keeps_largest;
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
	pq_sendbyte(&buf, state->keeps_largest);
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
	if (state->scale != NUMERIC_LONG_SCALE(state->scale))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid scale in partial aggregate state")));
	state->keeps_largest = pq_getmsgbyte(&buf) != 0;
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
