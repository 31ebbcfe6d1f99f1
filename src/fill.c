/*-------------------------------------------------------------------------
 *
 * fill.c
 *	  The first refresh of consumers: journeys in, rows written.
 *
 * Consumers that have no rows yet need no comparing, so there is nothing
 * between a journey and the tables: one statement gives the journeys, each is
 * swept as it comes, and its rows go to the tables hundreds at a time, as
 * COPY writes them.
 *
 * The statement reads several ranges of consumers side by side (UNION ALL), so
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

/*
 * Journeys come by consumer, but reports ask for days.  So rows of near dates
 * share pages: each lane of a table is written to pages of its own, which 64
 * times 8 days makes come round after a year and a half.
 */
#define LANES 64
#define LANE_DAYS 8

/* Rows of a lane that are handed over to a table at once. */
#define ROWS_AT_ONCE 250

typedef struct Lane
{
	BulkInsertState bulk;
	TupleTableSlot *slots[ROWS_AT_ONCE];
	int			nslots;
} Lane;

/* A table that is being filled. */
typedef struct TableWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result_rel;	/* with the table's indexes, if it has any */
	CommandId	command_id;
	MemoryContext slot_context;	/* of the lanes, their slots, and the rows in them */
	Lane	   *lanes[LANES];	/* NULL: not yet used */
	uint64		nrows;
} TableWriter;

/* Takes the statement's rows: a consumer and his journey. */
typedef struct JourneyReceiver
{
	DestReceiver pub;
	Datum		account_id;
	const AttributionRules *rules;
	MemoryContext journey_context;	/* reset for each journey */
	uint64		nconsumers;
	TableWriter touchpoints;
	TableWriter outcomes;
} JourneyReceiver;

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
	writer->slot_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker rows",
												 ALLOCSET_DEFAULT_SIZES);
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
	if (lane->nslots == 0)
		return;
	table_multi_insert(writer->rel, lane->slots, lane->nslots, writer->command_id, 0,
					   lane->bulk);
	for (int i = 0; i < lane->nslots; i++)
	{
		CHECK_FOR_INTERRUPTS();
		finish_insert(writer, lane->slots[i]);
		ExecClearTuple(lane->slots[i]);
	}
	lane->nslots = 0;
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

/* An empty slot of a lane for one more row. */
static TupleTableSlot *
lane_slot(TableWriter *writer, int lane_no)
{
	Lane	   *lane = writer->lanes[lane_no];
	MemoryContext old_context;

	if (lane != NULL && lane->nslots == ROWS_AT_ONCE)
		lane_flush(writer, lane);
	if (lane != NULL && lane->slots[lane->nslots] != NULL)
		return lane->slots[lane->nslots++];

	old_context = MemoryContextSwitchTo(writer->slot_context);
	if (lane == NULL)
	{
		lane = palloc0(sizeof(Lane));
		lane->bulk = GetBulkInsertState();
		writer->lanes[lane_no] = lane;
	}
	lane->slots[lane->nslots] = table_slot_create(writer->rel, NULL);
	MemoryContextSwitchTo(old_context);
	return lane->slots[lane->nslots++];
}

/* Takes a row; what its values point to need not last. */
static void
writer_put(TableWriter *writer, RowBuilder *row, int lane_no)
{
	TupleDesc	tupdesc = RelationGetDescr(writer->rel);
	TupleTableSlot *slot = lane_slot(writer, lane_no);

	GtAssert(row->n == tupdesc->natts);
	/* copies into the slot's context, and frees what it copied */
	ExecForceStoreHeapTuple(heap_form_tuple(tupdesc, row->values, row->nulls), slot, true);
	slot->tts_tableOid = RelationGetRelid(writer->rel);
	writer->nrows++;
}

static void
lane_end(Lane *lane)
{
	for (int i = 0; i < ROWS_AT_ONCE && lane->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(lane->slots[i]);
	FreeBulkInsertState(lane->bulk);
}

static void
writer_end(TableWriter *writer)
{
	for (int i = 0; i < LANES; i++)
	{
		if (writer->lanes[i] != NULL)
			lane_end(writer->lanes[i]);
	}
	table_finish_bulk_insert(writer->rel, 0);
	ExecCloseIndices(writer->result_rel);
	/* what firing triggers may have opened */
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseResultRelations(writer->estate);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->slot_context);
}

/* ------------------------------------------------------------------------
 * Receiving
 * ------------------------------------------------------------------------
 */

static inline int
date_lane(int32 date)
{
	return ((uint32) date / LANE_DAYS) % LANES;
}

static void
write_journey(JourneyReceiver *receiver, Datum consumer_id, JourneyView view)
{
	Sweep	   *sweep = sweep_begin(timeline_create(view, receiver->rules), MAX_WINDOW);
	RowBuilder	row;

	while (sweep_next_goal(sweep))
	{
		goal_outcome_row(&row, sweep, receiver->account_id, consumer_id);
		writer_put(&receiver->outcomes, &row, 0);
		for (int i = 0; i < sweep->ntouchpoints; i++)
		{
			if (!sweep->touchpoints[i].is_kept)
				continue;
			touchpoint_row(&row, sweep, &sweep->touchpoints[i], receiver->account_id);
			writer_put(&receiver->touchpoints, &row,
					   date_lane(sweep->touchpoints[i].conversation->local_date));
		}
	}
}

static bool
receive_journey(TupleTableSlot *slot, DestReceiver *self)
{
	JourneyReceiver *receiver = (JourneyReceiver *) self;
	MemoryContext old_context = MemoryContextSwitchTo(receiver->journey_context);
	JourneyView view;

	slot_getallattrs(slot);
	receiver->nconsumers++;
	view = journey_view((struct varlena *) PG_DETOAST_DATUM(slot->tts_values[1]));
	if (view.ngoals > 0)
		write_journey(receiver, slot->tts_values[0], view);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(receiver->journey_context);
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
receiver_init(JourneyReceiver *receiver, Datum account_id, Jsonb *rules)
{
	memset(receiver, 0, sizeof(JourneyReceiver));
	receiver->pub.receiveSlot = receive_journey;
	receiver->pub.rStartup = receiver_startup;
	receiver->pub.rShutdown = receiver_shutdown;
	receiver->pub.rDestroy = receiver_shutdown;
	receiver->pub.mydest = DestTuplestore;
	receiver->account_id = account_id;
	receiver->rules = rules_parse(rules);
	receiver->journey_context = AllocSetContextCreate(CurrentMemoryContext,
													  "goaltracker journey",
													  ALLOCSET_DEFAULT_SIZES);
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------
 */

/*
 * Journeys of the consumers in each range, from one bound (not included) to the
 * next.  A consumer with a note comes later, among the changed ones: goal
 * events that another consumer had when his turn came may have moved there
 * since, and have rows already.
 */
static char *
journeys_query(int nbounds)
{
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 1; i < nbounds; i++)
		appendStringInfo(&query,
						 "%sSELECT j.consumer_id, j.journey FROM goaltracker._journey AS j"
						 " WHERE j.account_id = $1 AND j.consumer_id > $%d AND j.consumer_id <= $%d"
						 " AND NOT EXISTS (SELECT FROM goaltracker.changed_consumer AS n"
						 " WHERE n.account_id = $1 AND n.consumer_id = j.consumer_id)",
						 i > 1 ? " UNION ALL " : "", i + 1, i + 2);
	return query.data;
}

static void
run_query(const char *query, Datum account_id, Datum *bounds, int nbounds, DestReceiver *dest)
{
	SPIExecuteOptions options = {0};
	ParamListInfo params = makeParamList(nbounds + 1);
	Oid		   *argtypes = palloc((nbounds + 1) * sizeof(Oid));
	SPIPlanPtr	plan;
	int			result;

	for (int i = 0; i <= nbounds; i++)
	{
		argtypes[i] = TEXTOID;
		params->params[i].value = i == 0 ? account_id : bounds[i - 1];
		params->params[i].isnull = false;
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = TEXTOID;
	}
	plan = SPI_prepare_cursor(query, nbounds + 1, argtypes, CURSOR_OPT_PARALLEL_OK);
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
	JourneyReceiver receiver;
	TupleDesc	tupdesc;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &bounds, NULL, &nbounds);

	SPI_connect();
	(void) GetCurrentTransactionId();
	receiver_init(&receiver, account_id, PG_GETARG_JSONB_P(2));
	writer_begin(&receiver.touchpoints, "touchpoint");
	writer_begin(&receiver.outcomes, "goal_outcome");
	AfterTriggerBeginQuery();
	if (nbounds > 1)
		run_query(journeys_query(nbounds), account_id, bounds, nbounds, &receiver.pub);
	writer_flush(&receiver.touchpoints);
	writer_flush(&receiver.outcomes);
	AfterTriggerEndQuery(receiver.touchpoints.estate);
	writer_end(&receiver.touchpoints);
	writer_end(&receiver.outcomes);
	CommandCounterIncrement();
	SPI_finish();

	values[0] = Int64GetDatum(receiver.nconsumers);
	values[1] = Int64GetDatum(receiver.outcomes.nrows);
	values[2] = Int64GetDatum(receiver.touchpoints.nrows);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
