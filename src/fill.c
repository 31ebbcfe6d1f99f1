/*-------------------------------------------------------------------------
 *
 * fill.c
 *	  The first refresh of consumers: chunks of rows in, rows written.
 *
 * Consumers that have no rows yet need no comparing, so there is nothing
 * between facts and the tables: one statement gives the rows, as chunks (see
 * fill_rows.c), and they go to the tables many at a time, as COPY writes them.
 *
 * The statement has several ranges of consumers side by side (UNION ALL), so
 * that PostgreSQL can give each to a parallel worker, while this process writes.
 * It is run to its end into a receiver of our own: a cursor would not be run in
 * parallel.  Rows may be written meanwhile, as CREATE TABLE AS does, as long as
 * the transaction and command ids are there before.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(goaltracker_fill);

/* Rows of a lane that are handed over to a table at once: a few pages. */
#define ROWS_AT_ONCE 100

typedef struct Lane
{
	BulkInsertState bulk;
	int			nrows;
	HeapTuple	rows[ROWS_AT_ONCE];
} Lane;

/* A table that is being filled. */
typedef struct TableWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result_rel;	/* with the table's indexes, if it has any */
	CommandId	command_id;
	MemoryContext context;		/* of the lanes and the rows in them */
	Lane	   *lanes[LANES];	/* NULL: not yet used */
	TupleTableSlot *slots[ROWS_AT_ONCE];	/* for the lane that is handed over */
	uint64		nrows;
} TableWriter;

/* Takes the statement's rows: chunks. */
typedef struct ChunkReceiver
{
	DestReceiver pub;
	MemoryContext context;		/* reset for each chunk */
	uint64		nconsumers;
	TableWriter writers[FILLED_TABLES];
} ChunkReceiver;

/* ------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------
 */

static void
writer_begin(TableWriter *writer, const char *table)
{
	RangeVar   *name = makeRangeVar(pstrdup("goaltracker"), pstrdup(table), -1);

	memset(writer, 0, sizeof(TableWriter));
	writer->rel = table_openrv(name, RowExclusiveLock);
	writer->estate = CreateExecutorState();
	writer->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result_rel, writer->rel, 0, NULL, 0);
	ExecOpenIndices(writer->result_rel, false);
	writer->command_id = GetCurrentCommandId(true);
	writer->context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker rows",
											ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < ROWS_AT_ONCE; i++)
		writer->slots[i] = MakeSingleTupleTableSlot(RelationGetDescr(writer->rel),
													&TTSOpsHeapTuple);
}

/* What else an inserted row brings about: index entries, and users' triggers. */
static void
finish_insert(TableWriter *writer, TupleTableSlot *slot)
{
	TriggerDesc *triggers = writer->result_rel->ri_TrigDesc;
	List	   *recheck = NIL;

	if (writer->result_rel->ri_NumIndices > 0)
		recheck = InsertIndexTuples(writer->result_rel, slot, writer->estate);
	if (triggers != NULL && triggers->trig_insert_after_row)
		ExecARInsertTriggers(writer->estate, writer->result_rel, slot, recheck, NULL);
	list_free(recheck);
	ResetPerTupleExprContext(writer->estate);
}

static void
lane_flush(TableWriter *writer, Lane *lane)
{
	if (lane->nrows == 0)
		return;
	for (int i = 0; i < lane->nrows; i++)
	{
		ExecStoreHeapTuple(lane->rows[i], writer->slots[i], true);
		writer->slots[i]->tts_tableOid = RelationGetRelid(writer->rel);
	}
	table_multi_insert(writer->rel, writer->slots, lane->nrows, writer->command_id, 0,
					   lane->bulk);
	for (int i = 0; i < lane->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		finish_insert(writer, writer->slots[i]);
		/* frees the row */
		ExecClearTuple(writer->slots[i]);
	}
	lane->nrows = 0;
}

static void
writer_flush(TableWriter *writer)
{
	for (int i = 0; i < LANES; i++)
	{
		if (writer->lanes[i] != NULL)
			lane_flush(writer, writer->lanes[i]);
	}
}

/* A lane with room for one more row. */
static Lane *
lane_with_room(TableWriter *writer, int lane_no)
{
	Lane	   *lane = writer->lanes[lane_no];

	if (lane == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(writer->context);

		lane = palloc0(sizeof(Lane));
		lane->bulk = GetBulkInsertState();
		writer->lanes[lane_no] = lane;
		MemoryContextSwitchTo(old_context);
	}
	if (lane->nrows == ROWS_AT_ONCE)
		lane_flush(writer, lane);
	return lane;
}

/* Takes a row of a chunk, as a copy. */
static void
writer_put(TableWriter *writer, const ChunkRow *row, const char *data)
{
	Lane	   *lane = lane_with_room(writer, row->lane);
	HeapTuple	tuple = MemoryContextAlloc(writer->context, HEAPTUPLESIZE + row->len);

	tuple->t_len = row->len;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = RelationGetRelid(writer->rel);
	tuple->t_data = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	memcpy(tuple->t_data, data, row->len);
	lane->rows[lane->nrows++] = tuple;
	writer->nrows++;
}

static void
writer_end(TableWriter *writer)
{
	for (int i = 0; i < LANES; i++)
	{
		if (writer->lanes[i] != NULL)
			FreeBulkInsertState(writer->lanes[i]->bulk);
	}
	for (int i = 0; i < ROWS_AT_ONCE; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	table_finish_bulk_insert(writer->rel, 0);
	ExecCloseIndices(writer->result_rel);
	/* what firing triggers may have opened */
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseResultRelations(writer->estate);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->context);
}

/* ------------------------------------------------------------------------
 * Receiving
 * ------------------------------------------------------------------------
 */

/* A chunk's rows go to the tables; its bytes may stand anywhere in memory. */
static void
write_chunk(ChunkReceiver *receiver, const struct varlena *chunk)
{
	const char *at = VARDATA_ANY(chunk);
	const char *end = at + VARSIZE_ANY_EXHDR(chunk);
	int32		nconsumers;
	ChunkRow	row;

	memcpy(&nconsumers, at, sizeof(nconsumers));
	receiver->nconsumers += nconsumers;
	at += sizeof(nconsumers);
	while (at < end)
	{
		memcpy(&row, at, sizeof(row));
		at += sizeof(row);
		writer_put(&receiver->writers[row.table], &row, at);
		at += MAXALIGN(row.len);
	}
}

static bool
receive_chunk(TupleTableSlot *slot, DestReceiver *self)
{
	ChunkReceiver *receiver = (ChunkReceiver *) self;
	MemoryContext old_context = MemoryContextSwitchTo(receiver->context);

	slot_getallattrs(slot);
	write_chunk(receiver, PG_DETOAST_DATUM_PACKED(slot->tts_values[0]));
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(receiver->context);
	return true;
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
receiver_shutdown(DestReceiver *self)
{
}

static void
receiver_init(ChunkReceiver *receiver)
{
	memset(receiver, 0, sizeof(ChunkReceiver));
	receiver->pub.receiveSlot = receive_chunk;
	receiver->pub.rStartup = receiver_startup;
	receiver->pub.rShutdown = receiver_shutdown;
	receiver->pub.rDestroy = receiver_shutdown;
	receiver->pub.mydest = DestTuplestore;
	receiver->context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker chunk",
											  ALLOCSET_DEFAULT_SIZES);
	writer_begin(&receiver->writers[FILLED_TOUCHPOINT], "touchpoint");
	writer_begin(&receiver->writers[FILLED_GOAL_OUTCOME], "goal_outcome");
}

/* Writes what has not been written yet. */
static void
receiver_finish(ChunkReceiver *receiver)
{
	for (int i = 0; i < FILLED_TABLES; i++)
		writer_flush(&receiver->writers[i]);
	AfterTriggerEndQuery(receiver->writers[FILLED_TOUCHPOINT].estate);
	for (int i = 0; i < FILLED_TABLES; i++)
		writer_end(&receiver->writers[i]);
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------
 */

/*
 * Rows of the consumers in each range, from one bound (not included) to the next.
 * A SELECT without FROM would not be given to a worker.
 */
static char *
rows_query(int nbounds)
{
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 1; i < nbounds; i++)
		appendStringInfo(&query,
						 "%sSELECT goaltracker._fill_rows($1, $%d, $%d, $2)"
						 " FROM pg_catalog.generate_series(1, 1)",
						 i > 1 ? " UNION ALL " : "", i + 2, i + 3);
	return query.data;
}

static void
set_param(ParamListInfo params, Oid *argtypes, int no, Oid type, Datum value)
{
	argtypes[no] = type;
	params->params[no].value = value;
	params->params[no].isnull = false;
	params->params[no].pflags = PARAM_FLAG_CONST;
	params->params[no].ptype = type;
}

static void
run_query(const char *query, Datum account_id, Datum rules, Datum *bounds, int nbounds,
		  DestReceiver *dest)
{
	SPIExecuteOptions options = {0};
	ParamListInfo params = makeParamList(nbounds + 2);
	Oid		   *argtypes = palloc((nbounds + 2) * sizeof(Oid));
	SPIPlanPtr	plan;
	int			result;

	set_param(params, argtypes, 0, TEXTOID, account_id);
	set_param(params, argtypes, 1, JSONBOID, rules);
	for (int i = 0; i < nbounds; i++)
		set_param(params, argtypes, i + 2, TEXTOID, bounds[i]);
	plan = SPI_prepare_cursor(query, nbounds + 2, argtypes, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	options.params = params;
	options.read_only = true;
	options.dest = dest;
	result = SPI_execute_plan_extended(plan, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
}

/*
 * _fill(account_id text, bounds text[], rules jsonb): writes the rows of all
 * consumers of an account behind the first bound and up to the last, who must
 * have none; the bounds between them part the work among parallel workers.
 * Returns how many consumers were read, and outcomes and touchpoints written.
 * Reads under the active snapshot.  Raises what rules_parse() raises.
 */
Datum
goaltracker_fill(PG_FUNCTION_ARGS)
{
	Datum		account_id = PointerGetDatum(PG_GETARG_TEXT_PP(0));
	Datum	   *bounds;
	int			nbounds;
	ChunkReceiver receiver;
	TupleDesc	tupdesc;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &bounds, NULL, &nbounds);

	SPI_connect();
	(void) GetCurrentTransactionId();
	receiver_init(&receiver);
	AfterTriggerBeginQuery();
	if (nbounds > 1)
		run_query(rows_query(nbounds), account_id, PG_GETARG_DATUM(2), bounds, nbounds,
				  &receiver.pub);
	receiver_finish(&receiver);
	CommandCounterIncrement();
	SPI_finish();

	values[0] = Int64GetDatum(receiver.nconsumers);
	values[1] = Int64GetDatum(receiver.writers[FILLED_GOAL_OUTCOME].nrows);
	values[2] = Int64GetDatum(receiver.writers[FILLED_TOUCHPOINT].nrows);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
