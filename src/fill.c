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

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(goaltracker_fill);

/* Takes the statement's rows: chunks. */
typedef struct ChunkReceiver
{
	DestReceiver pub;
	MemoryContext context;		/* reset for each chunk */
	uint64		nconsumers;
	RefreshWriter *writer;
	OutcomeCounts *counts;
} ChunkReceiver;

/* ------------------------------------------------------------------------
 * Receiving
 * ------------------------------------------------------------------------
 */

static void
count_outcome(ChunkReceiver *receiver, const char *at)
{
	OutcomeClass class;

	memcpy(&class, at, sizeof(class));
	outcome_counts_add(receiver->counts, &class, 1);
}

/* A chunk's rows go to the tables; its bytes may stand anywhere in memory. */
static void
write_chunk(ChunkReceiver *receiver, const struct varlena *chunk)
{
	const char *at = VARDATA_ANY(chunk);
	const char *end = at + VARSIZE_ANY_EXHDR(chunk);
	ChunkHeader header;
	ChunkRow	row;

	memcpy((char *) &header + VARHDRSZ, at, sizeof(header) - VARHDRSZ);
	receiver->nconsumers += header.nconsumers;
	at += sizeof(header) - VARHDRSZ;
	while (at < end)
	{
		memcpy(&row, at, sizeof(row));
		at += sizeof(row);
		if (row.table == CHUNK_OUTCOME_CLASS)
			count_outcome(receiver, at);
		else
			writer_put(receiver->writer, row.table, row.lane, at, row.len);
		at += MAXALIGN(row.len);
	}
	progress_add(header.nwith_goals);
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
	receiver->writer = writer_begin();
	receiver->counts = outcome_counts_begin();
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
						 "%sSELECT goaltracker._fill_rows($1, $%d, $%d, $2, $3)"
						 " FROM pg_catalog.generate_series(1, 1)",
						 i > 1 ? " UNION ALL " : "", i + 3, i + 4);
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
run_query(const char *query, Datum account_id, Datum rules, Datum updated_at, Datum *bounds,
		  int nbounds, DestReceiver *dest)
{
	SPIExecuteOptions options = {0};
	ParamListInfo params = makeParamList(nbounds + 3);
	Oid		   *argtypes = palloc((nbounds + 3) * sizeof(Oid));
	SPIPlanPtr	plan;
	int			result;

	set_param(params, argtypes, 0, TEXTOID, account_id);
	set_param(params, argtypes, 1, JSONBOID, rules);
	set_param(params, argtypes, 2, TIMESTAMPTZOID, updated_at);
	for (int i = 0; i < nbounds; i++)
		set_param(params, argtypes, i + 3, TEXTOID, bounds[i]);
	plan = SPI_prepare_cursor(query, nbounds + 3, argtypes, CURSOR_OPT_PARALLEL_OK);
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
 * _fill(account_id text, bounds text[], rules jsonb, updated_at timestamptz): writes
 * the rows of all consumers of an account behind the first bound and up to the last,
 * who must have none; the bounds between them part the work among parallel workers.
 * Returns how many consumers were read, and outcomes and touchpoints written.
 * Reads under the active snapshot.  Raises what rules_parse() and
 * refreshed_table_open() raise.
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
	receiver_init(&receiver);
	if (nbounds > 1)
		run_query(rows_query(nbounds), account_id, PG_GETARG_DATUM(2), PG_GETARG_DATUM(3),
				  bounds, nbounds, &receiver.pub);
	values[0] = Int64GetDatum(receiver.nconsumers);
	values[1] = Int64GetDatum(writer_nrows(receiver.writer, REFRESHED_GOAL_OUTCOME));
	values[2] = Int64GetDatum(writer_nrows(receiver.writer, REFRESHED_TOUCHPOINT));
	writer_end(receiver.writer);
	outcome_counts_save(receiver.counts, account_id);
	SPI_finish();
	progress_show();

	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
