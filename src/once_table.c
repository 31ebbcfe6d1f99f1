/*-------------------------------------------------------------------------
 *
 * once_table.c
 *		The hash table under sum_once() and count_once(), so far as it is not
 *		inline: growing, sending and receiving, and what else the aggregates
 *		share that no single row waits for.
 *
 * once.h says how the table is made and why.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "once.h"
#include "utils/memutils.h"

/*
 * A group may consist of a handful of rows, so a table starts small.  The upper
 * limit keeps the parts of a SplitSum from overflowing, too.
 */
#define ONCE_MIN_SLOTS	UINT64CONST(8)
#define ONCE_MAX_SLOTS	(UINT64CONST(1) << 31)

/*
 * Copying one table into another in the order of its slots is quadratic if both
 * use the same hash function: the copy fills up from one end.  So each has its
 * own.
 */
static uint64
once_seed(void)
{
	static uint64 tables = 0;

	return once_mix(((uint64) MyProcPid << 32) ^ tables++);
}

static OnceSlot *
once_allocate(MemoryContext context, uint64 size)
{
	if (size > ONCE_MAX_SLOTS || size > MaxAllocHugeSize / sizeof(OnceSlot))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct keys in one group"),
				 errhint("Divide the rows into more groups.")));

	return MemoryContextAllocExtended(context, size * sizeof(OnceSlot),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * Makes an empty table; its slots are in the context, which later calls for this
 * table must be given again.
 */
void
once_init(OnceTable *table, MemoryContext context)
{
	table->size = ONCE_MIN_SLOTS;
	table->used = 0;
	table->seed = once_seed();
	table->slots = once_allocate(context, table->size);
	table->last = table->slots;
}

/*
 * Gives the table this many slots, a power of two with room for all its keys.
 * Slots move: a pointer to one is not valid afterwards.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED if these are more than a table can have.
 */
void
once_resize(OnceTable *table, MemoryContext context, uint64 size)
{
	OnceSlot   *old = table->slots;
	uint64		old_size = table->size;

	table->slots = once_allocate(context, size);
	table->last = table->slots;
	table->size = size;

	for (uint64 i = 0; i < old_size; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (old[i].word != 0)
			*once_probe(table, old[i].key) = old[i];
	}
	pfree(old);
}

/*
 * Makes room for this many keys in all, so that they come in without resizing.
 * Raises what once_resize() raises.
 */
void
once_reserve(OnceTable *table, MemoryContext context, uint64 keys)
{
	uint64		size = table->size;

	while (size - size / 4 < keys && size < ONCE_MAX_SLOTS)
		size *= 2;
	if (size > table->size)
		once_resize(table, context, size);
}

/*
 * Sends a table as a list.  A word that is a pointer is sent as 0, and what it
 * points to after it; send_large is NULL where words are no pointers.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED if the keys do not fit in a bytea.
 */
void
once_send(StringInfo buf, const OnceTable *table,
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
 * Receives what once_send() sent, as a list in the current context:
 * all slots used, none to be found by its key.  receive_large is NULL where words
 * are no pointers.  Raises ERRCODE_INVALID_BINARY_REPRESENTATION if this is none,
 * ERRCODE_PROTOCOL_VIOLATION if it ends too early.
 */
void
once_receive(StringInfo buf, OnceTable *table,
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

/*
 * Makes the cursor with which a serialized state is read; it points into the
 * bytea, which must not be NULL or toasted.
 */
void
open_serialized(StringInfo buf, bytea *serialized)
{
	buf->data = VARDATA_ANY(serialized);
	buf->len = VARSIZE_ANY_EXHDR(serialized);
	buf->maxlen = 0;
	buf->cursor = 0;
}

/* Raises ERRCODE_CARDINALITY_VIOLATION: the key has these two values (as text). */
void
two_values_error(int64 key, const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("key %lld has two values, %s and %s",
					(long long) key, one, other),
			 errdetail("sum_once adds the value of each key once, so all rows of a key must have the same value.")));
}
