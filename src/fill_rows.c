/*-------------------------------------------------------------------------
 *
 * fill_rows.c
 *	  Rows of a range of consumers, in chunks: what a worker does in a first
 *	  refresh.
 *
 * Reads the facts, sweeps each journey, and forms the rows of touchpoint and
 * goal_outcome, so that nothing is left to the process that writes but to hand
 * them to the tables.  Whatever a worker sends on is copied several times and has
 * to be waited for, so many rows go together, as one bytea; goaltracker.h says
 * what is in it.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(goaltracker_fill_rows);

/*
 * A chunk ends with the goal event that brings it to so many bytes.  A worker's queue has
 * 64 kB: it holds one chunk while the next comes in.
 */
#define CHUNK_SIZE (24 * 1024)

typedef struct RowSource
{
	Datum		account_id;
	TimestampTz updated_at;
	const AttributionRules *rules;
	TupleDesc	tupdescs[REFRESHED_TABLES];
	MemoryContext consumer_context; /* reset for each consumer */
	FactReader *facts;			/* NULL: closed */
	bool		is_done;
	Datum		consumer_id;
	Sweep	   *sweep;			/* NULL: none at hand */
	int32		nwith_goals;	/* consumers given since the chunk before */
	StringInfoData chunk;
} RowSource;

/* ------------------------------------------------------------------------
 * Chunks
 * ------------------------------------------------------------------------
 */

/* As heap_form_tuple(), at the end of the chunk; returns the row there. */
static const ChunkRow *
chunk_add(StringInfo chunk, TupleDesc tupdesc, const RowBuilder *row, int table, int lane)
{
	bool		has_null = false;
	Size		hoff;
	Size		data_size;
	ChunkRow   *header;
	HeapTupleHeader tuple;

	GtAssert(row->n == tupdesc->natts);
	for (int i = 0; i < row->n && !has_null; i++)
		has_null = row->nulls[i];
	hoff = MAXALIGN(SizeofHeapTupleHeader + (has_null ? BITMAPLEN(row->n) : 0));
	data_size = heap_compute_data_size(tupdesc, (Datum *) row->values, (bool *) row->nulls);
	enlargeStringInfo(chunk, sizeof(ChunkRow) + hoff + MAXALIGN(data_size));

	header = (ChunkRow *) (chunk->data + chunk->len);
	header->len = hoff + data_size;
	header->table = table;
	header->lane = lane;
	tuple = (HeapTupleHeader) (header + 1);
	/* padding between values is zero */
	memset(tuple, 0, hoff + MAXALIGN(data_size));
	ItemPointerSetInvalid(&tuple->t_ctid);
	HeapTupleHeaderSetNatts(tuple, row->n);
	tuple->t_hoff = hoff;
	heap_fill_tuple(tupdesc, (Datum *) row->values, (bool *) row->nulls, (char *) tuple + hoff,
					data_size, &tuple->t_infomask, has_null ? tuple->t_bits : NULL);
	chunk->len += sizeof(ChunkRow) + hoff + MAXALIGN(data_size);
	return header;
}

/* Adds what becomes of the goal event at hand. */
static void
chunk_add_class(StringInfo chunk, const Sweep *sweep)
{
	const ChunkRow header = {.len = sizeof(OutcomeClass),.table = CHUNK_OUTCOME_CLASS};
	char		class[MAXALIGN(sizeof(OutcomeClass))] = {0};

	*(OutcomeClass *) class = outcome_class_of_sweep(sweep);
	appendBinaryStringInfo(chunk, (const char *) &header, sizeof(header));
	appendBinaryStringInfo(chunk, class, sizeof(class));
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------
 */

static inline int
date_lane(int32 date)
{
	return (uint32) date % LANES;
}

/* Adds a touchpoint; returns the hash of it and those before it. */
static uint64
add_touchpoint(RowSource *source, const Touchpoint *point, uint64 hash)
{
	RowBuilder	row;
	const ChunkRow *added;

	touchpoint_row(&row, source->sweep, point, source->account_id);
	added = chunk_add(&source->chunk, source->tupdescs[REFRESHED_TOUCHPOINT], &row,
					  REFRESHED_TOUCHPOINT, date_lane(point->conversation->local_date));
	return touchpoints_hash(hash, (HeapTupleHeader) (added + 1), added->len);
}

/* Adds the rows of the goal event at hand. */
static void
add_goal_event(RowSource *source)
{
	const Sweep *sweep = source->sweep;
	OutcomeWritten written = {.updated_at = source->updated_at};
	RowBuilder	row;

	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		if (sweep->touchpoints[i].is_kept)
			written.touchpoints_hash = add_touchpoint(source, &sweep->touchpoints[i],
													  written.touchpoints_hash);
	}
	goal_outcome_row(&row, sweep, source->account_id, source->consumer_id, &written);
	(void) chunk_add(&source->chunk, source->tupdescs[REFRESHED_GOAL_OUTCOME], &row,
					 REFRESHED_GOAL_OUTCOME, 0);
	chunk_add_class(&source->chunk, sweep);
}

/* Goes on to the next goal event; false at the end. */
static bool
next_goal_event(RowSource *source)
{
	JourneyView journey;

	while (source->sweep == NULL || !sweep_next_goal(source->sweep))
	{
		MemoryContextReset(source->consumer_context);
		source->sweep = NULL;
		if (!facts_next(source->facts, &journey, &source->consumer_id))
			return false;
		source->nwith_goals++;
		source->sweep = sweep_begin(timeline_create(journey, source->rules), MAX_WINDOW);
	}
	return true;
}

static void
fill_chunk(RowSource *source)
{
	StringInfo	chunk = &source->chunk;
	ChunkHeader *header;

	chunk->len = sizeof(ChunkHeader);
	while (chunk->len < CHUNK_SIZE && !source->is_done)
	{
		CHECK_FOR_INTERRUPTS();
		if (next_goal_event(source))
			add_goal_event(source);
		else
			source->is_done = true;
	}
	header = (ChunkHeader *) chunk->data;
	header->nconsumers = facts_take_count(source->facts);
	header->nwith_goals = source->nwith_goals;
	header->unused = 0;
	source->nwith_goals = 0;
	SET_VARSIZE(header, chunk->len);
}

/* ------------------------------------------------------------------------
 * The function
 * ------------------------------------------------------------------------
 */

/* The executor is done with the set, be it at its end or not. */
static void
source_shutdown(Datum arg)
{
	RowSource  *source = (RowSource *) DatumGetPointer(arg);

	if (source->facts != NULL)
		facts_end(source->facts);
	source->facts = NULL;
}

static RowSource *
source_create(FunctionCallInfo fcinfo)
{
	RowSource  *source = palloc0(sizeof(RowSource));

	source->account_id = PointerGetDatum(PG_GETARG_TEXT_P_COPY(0));
	source->rules = rules_parse(PG_GETARG_JSONB_P_COPY(3));
	source->updated_at = PG_GETARG_TIMESTAMPTZ(4);
	source->tupdescs[REFRESHED_TOUCHPOINT] = refreshed_row_type(REFRESHED_TOUCHPOINT);
	source->tupdescs[REFRESHED_GOAL_OUTCOME] = refreshed_row_type(REFRESHED_GOAL_OUTCOME);
	source->consumer_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker consumer",
													 ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&source->chunk);
	source->facts = facts_begin_range(source->account_id,
									  PointerGetDatum(PG_GETARG_TEXT_P_COPY(1)),
									  PointerGetDatum(PG_GETARG_TEXT_P_COPY(2)));
	return source;
}

/*
 * _fill_rows(account_id text, after_consumer text, up_to_consumer text, rules
 * jsonb, updated_at timestamptz): the rows of touchpoint and goal_outcome of an
 * account's consumers from one bound (not included) to another (included), without
 * those who have a note, as chunks.  No argument may be NULL.  Reads under the active
 * snapshot.  Raises what rules_parse() and refreshed_table_open() raise.
 */
Datum
goaltracker_fill_rows(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	ExprContext *econtext = ((ReturnSetInfo *) fcinfo->resultinfo)->econtext;
	RowSource  *source;
	MemoryContext old_context;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		old_context = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = source = source_create(fcinfo);
		RegisterExprContextCallback(econtext, source_shutdown, PointerGetDatum(source));
		MemoryContextSwitchTo(old_context);
	}
	call = SRF_PERCALL_SETUP();
	source = call->user_fctx;
	if (source->is_done)
	{
		source_shutdown(PointerGetDatum(source));
		UnregisterExprContextCallback(econtext, source_shutdown, PointerGetDatum(source));
		SRF_RETURN_DONE(call);
	}
	old_context = MemoryContextSwitchTo(source->consumer_context);
	fill_chunk(source);
	MemoryContextSwitchTo(old_context);
	SRF_RETURN_NEXT(call, PointerGetDatum(source->chunk.data));
}
