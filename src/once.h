/*-------------------------------------------------------------------------
 *
 * once.h
 *	  The hash table under the aggregates sum_once() and count_once(): totals
 *	  over rows in which one thing stands more than once.
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
 * What the word says differs from one aggregate to the next (sum_once.c,
 * sum_once_interval.c, count_once.c); it is never 0, which marks a free slot.
 *
 * Partial states travel between processes as a plain list of keys and words.
 * Combining puts each through the same primitive as the transition function,
 * and the state that is combined is not looked up in, so it stays a list.
 *
 * Memory comes from the aggregate's context in few, growing pieces; there is no
 * context per group, because groups may be many and small.
 *
 * What every row goes through is inline here, so that each transition function
 * has it in one piece.  The rest is in once_table.c, but for numerics as
 * integers: _measures() takes them so too, and they are in numbers.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_ONCE_H
#define GOALTRACKER_ONCE_H

#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/numeric.h"

/* As in goaltracker.h: nothing but what SQL calls needs to be in sight. */
#pragma GCC visibility push(hidden)

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
	uint64		seed;			/* see once_seed() */
} OnceTable;

/*
 * Where a word is a value or a pointer to one, bit 0 tells: a small value is in
 * the word itself, a large one is a copy in the aggregate's context.
 */
#define IS_SMALL(word)	(((word) & 1) != 0)

/* The exact sum of up to 2^31 64-bit integers: high * 2^32 + low. */
typedef struct SplitSum
{
	int64		high;
	int64		low;
} SplitSum;

#define SPLIT_BASE	(INT64CONST(1) << 32)

/* --- once_table.c ------------------------------------------------------- */

extern void once_init(OnceTable *table, MemoryContext context);
extern void once_resize(OnceTable *table, MemoryContext context, uint64 size);
extern void once_reserve(OnceTable *table, MemoryContext context, uint64 keys);
extern void once_send(StringInfo buf, const OnceTable *table,
					  void (*send_large) (StringInfo buf, uint64 word));
extern void once_receive(StringInfo buf, OnceTable *table,
						 uint64 (*receive_large) (StringInfo buf));
extern void open_serialized(StringInfo buf, bytea *serialized);
pg_noreturn extern void two_values_error(int64 key, const char *one, const char *other);

/* --- numbers.c ---------------------------------------------------------- */

/* The decimals of a small value are at most 3 groups of four. */
#define SMALL_GROUPS	4

/* Largest display scale that a numeric can have. */
#define MAX_NUMERIC_SCALE	0x3FFF

extern bool numeric_to_integer(const char *data, int length, int64 *integer, int *groups,
							   int *scale);
extern Numeric add_numerics(Numeric a, Numeric b);
extern SplitSum split_normalize(SplitSum sum);
extern bool split_to_int64(SplitSum sum, int64 *value);
extern Numeric split_to_numeric(SplitSum sum, int groups);

/* --- the table ---------------------------------------------------------- */

static inline uint64
once_mix(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h;
}

/* The number of the slot where the search for a key begins, before masking. */
static inline uint64
once_hash(const OnceTable *table, int64 key)
{
	uint64		run = (uint64) key >> ONCE_RUN_BITS;
	uint64		rest = (uint64) key & ((1 << ONCE_RUN_BITS) - 1);

	return (once_mix(run ^ table->seed) << ONCE_RUN_BITS) | rest;
}

/* Finds the slot of a key, or the free slot where it belongs. */
static inline OnceSlot *
once_probe(const OnceTable *table, int64 key)
{
	uint64		mask = table->size - 1;

	/* Ends, because a quarter of the slots is free. */
	for (uint64 i = once_hash(table, key);; i++)
	{
		OnceSlot   *slot = &table->slots[i & mask];

		if (slot->word == 0 || slot->key == key)
			return slot;
	}
}

/*
 * While the keys of a list are taken in, fetches what one a little further on
 * will need: the table is far larger than the caches, and waiting for each slot
 * in turn is most of the work of combining.
 */
static inline void
once_prefetch(const OnceTable *table, const OnceTable *list, uint64 i)
{
#if defined(__GNUC__) || defined(__clang__)
	if (i + ONCE_AHEAD < list->size)
		__builtin_prefetch(&table->slots[once_hash(table, list->slots[i + ONCE_AHEAD].key) &
										 (table->size - 1)], 1);
#endif
}

/*
 * Returns the slot of a key.  If its word is 0 the key is new, the slot is
 * counted as used already, and the caller must set the word.
 */
static inline OnceSlot *
once_enter(OnceTable *table, MemoryContext context, int64 key)
{
	OnceSlot   *slot = table->last;

	if (slot->key == key && slot->word != 0)
		return slot;

	slot = once_probe(table, key);
	if (slot->word == 0)
	{
		if (table->used >= table->size - table->size / 4)
		{
			once_resize(table, context, table->size * 2);
			slot = once_probe(table, key);
		}
		slot->key = key;
		table->used++;
	}
	table->last = slot;
	return slot;
}

/* --- arguments and sums ------------------------------------------------- */

/* Returns the aggregate's memory context; an error outside of an aggregate. */
static inline MemoryContext
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

static inline void
split_add(SplitSum *sum, int64 value)
{
	sum->high += value / SPLIT_BASE;
	sum->low += value % SPLIT_BASE;
}

#pragma GCC visibility pop

#endif							/* GOALTRACKER_ONCE_H */
