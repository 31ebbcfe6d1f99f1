/*-------------------------------------------------------------------------
 *
 * once.c
 *		The aggregates sum_once() and count_once(): totals over rows in which
 *		one thing stands more than once.
 *
 * The grid has a row per goal event and agent segment, so a goal event's value
 * stands on several rows, and so does a segment's work.  A total counts each of
 * them once (S12, S13, S17), over whatever rows are left and however they are
 * grouped.  sum(DISTINCT value) would be wrong, two purchases can cost the same;
 * here a key says which values are one.
 *
 * The transition state is a hash table from the key to one 64-bit word, with the
 * running total beside it.  The total never waits for the end, which is what
 * makes the final functions read-only and cheap, so that the aggregates work as
 * window functions too.
 *
 * What the word says differs from one aggregate to the next; it is never 0, which
 * marks a free slot:
 *
 * - sum_once(numeric): a value that has at most 12 decimals and fits in 61 bits
 *	 is stored in the word itself (bit 0 set), and summed with integers.  Any
 *	 other (longer, infinite, NaN) is a pointer to a copy in the aggregate's
 *	 context.  Each value has one form only, whatever its display scale, so two
 *	 words in the first form are compared as they stand.
 * - sum_once(interval): microseconds with neither days nor months are stored in
 *	 the word; any other interval is a pointer to a copy.
 * - count_once: the "key" of the table is 64 consecutive keys, and the word says
 *	 which of them were seen.  Keys come from a sequence, so this is mostly far
 *	 smaller and faster than a slot for each.
 *
 * Partial states travel between processes as a plain list of keys and words.
 * Combining puts each through the same primitive as the transition function,
 * and the state that is combined is not looked up in, so it stays a list.
 *
 * Memory comes from the aggregate's context in few, growing pieces; there is no
 * context per group, because groups may be many and small.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(goaltracker_sum_once_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_largest_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_combine);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_serialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_final);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_largest_interval_add);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_combine);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_serialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_sum_once_interval_final);
PG_FUNCTION_INFO_V1(goaltracker_count_once_add);
PG_FUNCTION_INFO_V1(goaltracker_count_once_combine);
PG_FUNCTION_INFO_V1(goaltracker_count_once_serialize);
PG_FUNCTION_INFO_V1(goaltracker_count_once_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_count_once_final);

/*
 * A group may consist of a handful of rows, so a table starts small.  The upper
 * limit keeps the parts of a SplitSum from overflowing, too.
 */
#define ONCE_MIN_SLOTS	UINT64CONST(8)
#define ONCE_MAX_SLOTS	(UINT64CONST(1) << 31)

/* Neighbouring keys share a line of the processor's cache: 4 slots of 16 bytes. */
#define ONCE_RUN_BITS	2

/* How far ahead combining fetches slots. */
#define ONCE_AHEAD		12

typedef struct OnceSlot
{
	int64		key;
	uint64		word;			/* 0: free */
} OnceSlot;

typedef struct OnceTable
{
	OnceSlot   *slots;
	OnceSlot   *last;			/* the slot found last: keys tend to repeat */
	uint64		size;			/* number of slots, a power of two */
	uint64		used;			/* number of slots that are not free */
	uint64		seed;			/* see table_seed() */
} OnceTable;

/* The exact sum of up to 2^31 64-bit integers: high * 2^32 + low. */
typedef struct SplitSum
{
	int64		high;
	int64		low;
} SplitSum;

#define SPLIT_BASE	(INT64CONST(1) << 32)

/*
 * A small value is an integer times 10000 ^ -groups, with as few groups of four
 * decimals as do; groups stand in bits 1 and 2 of the word, the integer above.
 */
#define SMALL_GROUPS	4
#define SMALL_LIMIT		((INT64CONST(1) << 60) - 1)
#define IS_SMALL(word)	(((word) & 1) != 0)

typedef struct SumState
{
	OnceTable	table;
	SplitSum	small[SMALL_GROUPS];	/* sum of the small values, by groups */
	Numeric		large;			/* sum of the others, NULL if there are none */
	int			scale;			/* largest display scale of any input */
	bool		keeps_largest;	/* of two values for a key; else they are an error */
} SumState;

typedef struct IntervalState
{
	OnceTable	table;
	SplitSum	time;
	int64		days;
	int64		months;
	uint64		infinite;		/* how many stood at the top of their range, */
	uint64		minus_infinite; /* and how many at its bottom */
	bool		keeps_largest;	/* of two values for a key; else they are an error */
} IntervalState;

typedef struct CountState
{
	OnceTable	table;			/* key / 64: which of the 64 were seen */
	int64		count;
} CountState;


/* ----------------------------------------------------------------
 *		The hash table
 * ----------------------------------------------------------------
 */

static inline uint64
mix(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h;
}

/*
 * Copying one table into another in the order of its slots is quadratic if both
 * use the same hash function: the copy fills up from one end.  So each has its
 * own.
 */
static uint64
table_seed(void)
{
	static uint64 tables = 0;

	return mix(((uint64) MyProcPid << 32) ^ tables++);
}

static OnceSlot *
table_allocate(MemoryContext context, uint64 size)
{
	if (size > ONCE_MAX_SLOTS || size > MaxAllocHugeSize / sizeof(OnceSlot))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct keys in one group"),
				 errhint("Divide the rows into more groups.")));

	return MemoryContextAllocExtended(context, size * sizeof(OnceSlot),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
table_init(OnceTable *table, MemoryContext context)
{
	table->size = ONCE_MIN_SLOTS;
	table->used = 0;
	table->seed = table_seed();
	table->slots = table_allocate(context, table->size);
	table->last = table->slots;
}

/* The number of the slot where the search for a key begins, before masking. */
static inline uint64
table_hash(const OnceTable *table, int64 key)
{
	uint64		run = (uint64) key >> ONCE_RUN_BITS;
	uint64		rest = (uint64) key & ((1 << ONCE_RUN_BITS) - 1);

	return (mix(run ^ table->seed) << ONCE_RUN_BITS) | rest;
}

/* Finds the slot of a key, or the free slot where it belongs. */
static inline OnceSlot *
table_probe(const OnceTable *table, int64 key)
{
	uint64		mask = table->size - 1;

	/* Ends, because a quarter of the slots is free. */
	for (uint64 i = table_hash(table, key);; i++)
	{
		OnceSlot   *slot = &table->slots[i & mask];

		if (slot->word == 0 || slot->key == key)
			return slot;
	}
}

static void
table_resize(OnceTable *table, MemoryContext context, uint64 size)
{
	OnceSlot   *old = table->slots;
	uint64		old_size = table->size;

	table->slots = table_allocate(context, size);
	table->last = table->slots;
	table->size = size;

	for (uint64 i = 0; i < old_size; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (old[i].word != 0)
			*table_probe(table, old[i].key) = old[i];
	}
	pfree(old);
}

/* Makes room for this many keys in all, so that they come in without resizing. */
static void
table_reserve(OnceTable *table, MemoryContext context, uint64 keys)
{
	uint64		size = table->size;

	while (size - size / 4 < keys && size < ONCE_MAX_SLOTS)
		size *= 2;
	if (size > table->size)
		table_resize(table, context, size);
}

/*
 * While the keys of a list are taken in, fetches what one a little further on
 * will need: the table is far larger than the caches, and waiting for each slot
 * in turn is most of the work of combining.
 */
static inline void
table_prefetch(const OnceTable *table, const OnceTable *list, uint64 i)
{
#if defined(__GNUC__) || defined(__clang__)
	if (i + ONCE_AHEAD < list->size)
		__builtin_prefetch(&table->slots[table_hash(table, list->slots[i + ONCE_AHEAD].key) &
										 (table->size - 1)], 1);
#endif
}

/*
 * Returns the slot of a key.  If its word is 0 the key is new, the slot is
 * counted as used already, and the caller must set the word.
 */
static inline OnceSlot *
table_enter(OnceTable *table, MemoryContext context, int64 key)
{
	OnceSlot   *slot = table->last;

	if (slot->key == key && slot->word != 0)
		return slot;

	slot = table_probe(table, key);
	if (slot->word == 0)
	{
		if (table->used >= table->size - table->size / 4)
		{
			table_resize(table, context, table->size * 2);
			slot = table_probe(table, key);
		}
		slot->key = key;
		table->used++;
	}
	table->last = slot;
	return slot;
}

/*
 * Sends a table as a list.  A word that is a pointer is sent as 0, and what it
 * points to after it; send_large is NULL where words are no pointers.
 */
static void
table_send(StringInfo buf, const OnceTable *table,
		   void (*send_large) (StringInfo buf, uint64 word))
{
	/*
	 * What travels is a bytea in a row, and that has its limit, whereas the
	 * state itself could grow on.
	 */
	if (table->used > (MaxAllocSize - MaxAllocSize / 16) / sizeof(OnceSlot))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct keys in one group for a parallel plan"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));

	pq_sendint64(buf, table->used);
	enlargeStringInfo(buf, (int) (table->used * sizeof(OnceSlot)));
	for (uint64 i = 0; i < table->size; i++)
	{
		const OnceSlot *slot = &table->slots[i];

		CHECK_FOR_INTERRUPTS();
		if (slot->word == 0)
			continue;
		pq_sendint64(buf, slot->key);
		if (send_large == NULL || IS_SMALL(slot->word))
			pq_sendint64(buf, slot->word);
		else
		{
			pq_sendint64(buf, 0);
			send_large(buf, slot->word);
		}
	}
}

/*
 * Receives what table_send() sent, as a list: all slots used, none to be found
 * by its key.
 */
static void
table_receive(StringInfo buf, OnceTable *table,
			  uint64 (*receive_large) (StringInfo buf))
{
	int64		sent = pq_getmsgint64(buf);

	if (sent < 0 || sent > (buf->len - buf->cursor) / (int64) sizeof(OnceSlot))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid number of keys in partial aggregate state")));

	table->size = sent;
	table->used = sent;
	table->slots = palloc_extended(sent * sizeof(OnceSlot), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < sent; i++)
	{
		OnceSlot   *slot = &table->slots[i];

		CHECK_FOR_INTERRUPTS();
		slot->key = pq_getmsgint64(buf);
		slot->word = pq_getmsgint64(buf);
		if (slot->word == 0 && receive_large != NULL)
			slot->word = receive_large(buf);
		else if (slot->word == 0 || (receive_large != NULL && !IS_SMALL(slot->word)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid value in partial aggregate state")));
	}
}


/* ----------------------------------------------------------------
 *		What the aggregates have in common
 * ----------------------------------------------------------------
 */

/* Returns the aggregate's memory context; an error outside of an aggregate. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("aggregate function called in non-aggregate context")));
	return context;
}

/* Returns the state given as an argument, NULL if there is none yet. */
static inline void *
state_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_POINTER(n);
}

static inline Datum
return_state(FunctionCallInfo fcinfo, void *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Makes the cursor with which a serialized state is read. */
static void
open_serialized(StringInfo buf, bytea *serialized)
{
	buf->data = VARDATA_ANY(serialized);
	buf->len = VARSIZE_ANY_EXHDR(serialized);
	buf->maxlen = 0;
	buf->cursor = 0;
}

static void
two_values_error(int64 key, const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("key %lld has two values, %s and %s",
					(long long) key, one, other),
			 errdetail("sum_once adds the value of each key once, so all rows of a key must have the same value.")));
}

static inline void
split_add(SplitSum *sum, int64 value)
{
	sum->high += value / SPLIT_BASE;
	sum->low += value % SPLIT_BASE;
}

/* Moves to "high" what of "low" belongs there: then 0 <= low < 2^32. */
static SplitSum
split_normalize(SplitSum sum)
{
	sum.high += sum.low / SPLIT_BASE;
	sum.low %= SPLIT_BASE;
	if (sum.low < 0)
	{
		sum.high--;
		sum.low += SPLIT_BASE;
	}
	return sum;
}

/* Gives the sum as an int64, if it is one. */
static bool
split_to_int64(SplitSum sum, int64 *value)
{
	sum = split_normalize(sum);
	if (sum.high < PG_INT32_MIN || sum.high > PG_INT32_MAX)
		return false;
	*value = sum.high * SPLIT_BASE + sum.low;
	return true;
}


/* ----------------------------------------------------------------
 *		sum_once(value numeric, key bigint)
 * ----------------------------------------------------------------
 */

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
 * Gives the word of a small value, and the display scale of any.  Returns false
 * if the value is not small.  "data" is what follows the varlena header, and
 * need not be aligned.
 */
static bool
numeric_to_word(const char *data, int length, uint64 *word, int *scale)
{
	uint16		header;
	bool		negative;
	int16		weight;
	int			digits;
	int			groups;
	int64		value = 0;

	*scale = 0;
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
	{
		*word = 1;
		return true;
	}

	groups = Max(digits - 1 - weight, 0);
	if (groups >= SMALL_GROUPS)
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
	if (negative)
		value = -value;

	*word = ((uint64) value << 3) | ((uint64) groups << 1) | 1;
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
static Numeric
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

	table_init(&state->table, context);
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

/* Takes in one key and its value: the primitive of adding and combining. */
static inline void
sum_put(SumState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = table_enter(&state->table, context, key);

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
	table_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		table_prefetch(&state->table, &other->table, i);
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
	table_send(&buf, &state->table, send_numeric);
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
	table_receive(&buf, &state->table, receive_numeric);
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


/* ----------------------------------------------------------------
 *		sum_once(value interval, key bigint)
 * ----------------------------------------------------------------
 */

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

	table_init(&state->table, context);
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

/* The interval that a word stands for. */
static Interval
word_to_any_interval(uint64 word)
{
	Interval	value = {0, 0, 0};

	if (!IS_SMALL(word))
		return *word_to_interval(word);
	value.time = word_to_time(word);
	return value;
}

/*
 * The key is there already: it must have this value, or else, where the state
 * keeps the largest, the smaller of the two goes.  24 hours are not a day here,
 * the sum would not be the same.  Returns whether the new value is to be put in
 * place of the one stored.
 */
static bool
interval_is_to_replace(IntervalState *state, int64 key, uint64 stored, uint64 word)
{
	Interval	a = word_to_any_interval(stored);
	Interval	b = word_to_any_interval(word);

	if (a.month == b.month && a.day == b.day && a.time == b.time)
		return false;
	if (!state->keeps_largest)
		two_values_error(key, interval_word_to_text(stored), interval_word_to_text(word));
	if (DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(&a),
										  IntervalPGetDatum(&b))) >= 0)
		return false;
	split_add(&state->time, -a.time);
	state->days -= a.day;
	state->months -= a.month;
	return true;
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

/* Takes in one key and its value: the primitive of adding and combining. */
static inline void
interval_put(IntervalState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = table_enter(&state->table, context, key);

	if (slot->word == word)
		return;
	if (slot->word != 0 && !interval_is_to_replace(state, key, slot->word, word))
		return;
	if (IS_SMALL(word))
	{
		slot->word = word;
		split_add(&state->time, word_to_time(word));
	}
	else
		interval_put_large(state, context, slot, word_to_interval(word));
}

static Datum
interval_add(FunctionCallInfo fcinfo, bool keeps_largest)
{
	MemoryContext context = aggregate_context(fcinfo);
	IntervalState *state = state_argument(fcinfo, 0);

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return return_state(fcinfo, state);

	if (state == NULL)
	{
		state = interval_state_create(context);
		state->keeps_largest = keeps_largest;
	}
	interval_put(state, context, PG_GETARG_INT64(2),
				 interval_to_word(PG_GETARG_INTERVAL_P(1)));
	PG_RETURN_POINTER(state);
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
	return interval_add(fcinfo, false);
}

/*
 * goaltracker_sum_largest_interval_add(state internal, value interval, key bigint) returns internal
 *
 * Likewise, but of several (finite) values for a key the largest counts.
 */
Datum
goaltracker_sum_largest_interval_add(PG_FUNCTION_ARGS)
{
	return interval_add(fcinfo, true);
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
	state->keeps_largest = other->keeps_largest;
	table_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		table_prefetch(&state->table, &other->table, i);
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
	pq_sendbyte(&buf, state->keeps_largest);
	table_send(&buf, &state->table, send_interval);
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
	state->keeps_largest = pq_getmsgbyte(&buf) != 0;
	table_receive(&buf, &state->table, receive_interval);
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


/* ----------------------------------------------------------------
 *		count_once(key bigint)
 * ----------------------------------------------------------------
 */

#define COUNT_KEYS_BITS	6		/* a word tells of 64 keys */

static CountState *
count_state_create(MemoryContext context)
{
	CountState *state = MemoryContextAllocZero(context, sizeof(CountState));

	table_init(&state->table, context);
	return state;
}

/* Takes in keys of one word: the primitive of adding and combining. */
static inline void
count_put(CountState *state, MemoryContext context, int64 key, uint64 word)
{
	OnceSlot   *slot = table_enter(&state->table, context, key);
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
	table_reserve(&state->table, context, other->table.used);
	for (uint64 i = 0; i < other->table.size; i++)
	{
		const OnceSlot *slot = &other->table.slots[i];

		CHECK_FOR_INTERRUPTS();
		table_prefetch(&state->table, &other->table, i);
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
	table_send(&buf, &state->table, NULL);
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
	table_receive(&buf, &state->table, NULL);
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
