/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  Writing to the tables of refresh, many rows at a time, as COPY does.
 *
 * Rows are held back until a few pages of them have come together, so they are
 * not seen before writer_end(), not even by the command after the next.  Rows
 * that are deleted are so at once.
 *
 * Users' AFTER triggers for rows are fired; those for statements are not, as
 * there is no statement.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Rows of a lane that are handed over to a table at once: a few pages. */
#define ROWS_AT_ONCE 100

typedef struct Lane
{
	BulkInsertState bulk;
	int			nrows;
	HeapTuple	rows[ROWS_AT_ONCE];
} Lane;

typedef struct TableWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result_rel;	/* with the table's indexes, if it has any */
	MemoryContext context;		/* of the lanes and the rows in them */
	Lane	   *lanes[LANES];	/* NULL: not yet used */
	TupleTableSlot *slots[ROWS_AT_ONCE];	/* for the lane that is handed over */
	uint64		nrows;
	uint64		ndeleted;
} TableWriter;

struct RefreshWriter
{
	CommandId	command_id;
	TableWriter tables[REFRESHED_TABLES];
};

static void
table_begin(TableWriter *table, int table_no)
{
	table->rel = refreshed_table_open(table_no, RowExclusiveLock);
	table->estate = CreateExecutorState();
	table->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(table->result_rel, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->result_rel, false);
	table->context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker rows",
										   ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < ROWS_AT_ONCE; i++)
		table->slots[i] = MakeSingleTupleTableSlot(RelationGetDescr(table->rel),
												   &TTSOpsHeapTuple);
}

/* Begins to write to both tables.  Raises what refreshed_table_open() raises. */
RefreshWriter *
writer_begin(void)
{
	RefreshWriter *writer = palloc0(sizeof(RefreshWriter));

	/* neither can be had any more once a parallel plan runs */
	(void) GetCurrentTransactionId();
	writer->command_id = GetCurrentCommandId(true);
	for (int i = 0; i < REFRESHED_TABLES; i++)
		table_begin(&writer->tables[i], i);
	AfterTriggerBeginQuery();
	return writer;
}

Relation
writer_table(const RefreshWriter *writer, int table_no)
{
	return writer->tables[table_no].rel;
}

/* How many rows were written so far. */
uint64
writer_nrows(const RefreshWriter *writer, int table_no)
{
	return writer->tables[table_no].nrows;
}

/* How many rows were deleted so far. */
uint64
writer_ndeleted(const RefreshWriter *writer, int table_no)
{
	return writer->tables[table_no].ndeleted;
}

/* What else an inserted row brings about: index entries, and users' triggers. */
static void
finish_insert(TableWriter *table, TupleTableSlot *slot)
{
	TriggerDesc *triggers = table->result_rel->ri_TrigDesc;
	List	   *recheck = NIL;

	if (table->result_rel->ri_NumIndices > 0)
		recheck = InsertIndexTuples(table->result_rel, slot, table->estate);
	if (triggers != NULL && triggers->trig_insert_after_row)
		ExecARInsertTriggers(table->estate, table->result_rel, slot, recheck, NULL);
	list_free(recheck);
	ResetPerTupleExprContext(table->estate);
}

static void
lane_flush(RefreshWriter *writer, TableWriter *table, Lane *lane)
{
	if (lane->nrows == 0)
		return;
	for (int i = 0; i < lane->nrows; i++)
	{
		ExecStoreHeapTuple(lane->rows[i], table->slots[i], true);
		table->slots[i]->tts_tableOid = RelationGetRelid(table->rel);
	}
	table_multi_insert(table->rel, table->slots, lane->nrows, writer->command_id, 0,
					   lane->bulk);
	for (int i = 0; i < lane->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		finish_insert(table, table->slots[i]);
		/* frees the row */
		ExecClearTuple(table->slots[i]);
	}
	lane->nrows = 0;
}

/* A lane with room for one more row. */
static Lane *
lane_with_room(RefreshWriter *writer, TableWriter *table, int lane_no)
{
	Lane	   *lane = table->lanes[lane_no];

	if (lane == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(table->context);

		lane = palloc0(sizeof(Lane));
		lane->bulk = GetBulkInsertState();
		table->lanes[lane_no] = lane;
		MemoryContextSwitchTo(old_context);
	}
	if (lane->nrows == ROWS_AT_ONCE)
		lane_flush(writer, table, lane);
	return lane;
}

/* Takes a row, as a copy of its header and data. */
void
writer_put(RefreshWriter *writer, int table_no, int lane_no, const void *row, uint32 len)
{
	TableWriter *table = &writer->tables[table_no];
	Lane	   *lane = lane_with_room(writer, table, lane_no);
	HeapTuple	tuple = MemoryContextAlloc(table->context, HEAPTUPLESIZE + len);

	tuple->t_len = len;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = RelationGetRelid(table->rel);
	tuple->t_data = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	memcpy(tuple->t_data, row, len);
	lane->rows[lane->nrows++] = tuple;
	table->nrows++;
}

/* Deletes a row that the active snapshot sees. */
void
writer_delete(RefreshWriter *writer, int table_no, ItemPointer tid)
{
	TableWriter *table = &writer->tables[table_no];
	TriggerDesc *triggers = table->result_rel->ri_TrigDesc;

	simple_table_tuple_delete(table->rel, tid, GetActiveSnapshot());
	table->ndeleted++;
	if (triggers != NULL && triggers->trig_delete_after_row)
		ExecARDeleteTriggers(table->estate, table->result_rel, tid, NULL, NULL, false);
}

/*
 * What was deleted is so from here on, for readers with the active snapshot too,
 * which must belong to the caller alone.
 */
void
writer_next_command(RefreshWriter *writer)
{
	CommandCounterIncrement();
	UpdateActiveSnapshotCommandId();
	writer->command_id = GetCurrentCommandId(true);
}

static void
table_flush(RefreshWriter *writer, TableWriter *table)
{
	for (int i = 0; i < LANES; i++)
	{
		if (table->lanes[i] != NULL)
			lane_flush(writer, table, table->lanes[i]);
	}
}

static void
table_end(TableWriter *table)
{
	for (int i = 0; i < LANES; i++)
	{
		if (table->lanes[i] != NULL)
			FreeBulkInsertState(table->lanes[i]->bulk);
	}
	for (int i = 0; i < ROWS_AT_ONCE; i++)
		ExecDropSingleTupleTableSlot(table->slots[i]);
	table_finish_bulk_insert(table->rel, 0);
	ExecCloseIndices(table->result_rel);
	/* what firing triggers may have opened */
	ExecResetTupleTable(table->estate->es_tupleTable, false);
	ExecCloseResultRelations(table->estate);
	FreeExecutorState(table->estate);
	table_close(table->rel, NoLock);
	MemoryContextDelete(table->context);
}

/* Writes what has not been written yet; the next command sees it. */
void
writer_end(RefreshWriter *writer)
{
	for (int i = 0; i < REFRESHED_TABLES; i++)
		table_flush(writer, &writer->tables[i]);
	AfterTriggerEndQuery(writer->tables[0].estate);
	for (int i = 0; i < REFRESHED_TABLES; i++)
		table_end(&writer->tables[i]);
	CommandCounterIncrement();
}
