/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Rows of the tables that refresh writes.
 *
 * Values are put one after the other, in the order of the table's columns.
 * They point into the journey, nothing is copied, but for what is packed.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rel.h"

/* ------------------------------------------------------------------------
 * The tables
 * ------------------------------------------------------------------------
 */

static const Oid touchpoint_types[] = {
	INT8OID, CHAROID, CHAROID, DATEOID, INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	INT4OID, INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
	NUMERICOID, NUMERICOID, TEXTOID, TEXTOID};

static const Oid goal_outcome_types[] = {
	INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT4OID, INT2OID, BOOLOID, CHAROID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID};

/* By number of table. */
static const struct
{
	const char *name;
	int			natts;
	const Oid  *types;
}			tables[] = {
	{"touchpoint", lengthof(touchpoint_types), touchpoint_types},
	{"goal_outcome", lengthof(goal_outcome_types), goal_outcome_types}
};

static bool
has_own_columns(Relation rel, int table_no)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);

	if (rel->rd_rel->relkind != RELKIND_RELATION || tupdesc->natts != tables[table_no].natts)
		return false;
	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (TupleDescAttr(tupdesc, i)->atttypid != tables[table_no].types[i])
			return false;
	}
	return true;
}

/*
 * Opens a table that refresh writes.  Rows are formed by position, which whoever
 * owns the table can spoil: raises datatype_mismatch then.
 */
Relation
refreshed_table_open(int table_no, LOCKMODE lockmode)
{
	RangeVar   *name = makeRangeVar(pstrdup("goaltracker"), pstrdup(tables[table_no].name), -1);
	Relation	rel = table_openrv(name, lockmode);

	if (!has_own_columns(rel, table_no))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("table goaltracker.%s has other columns than refresh writes",
						tables[table_no].name),
				 errdetail("It was altered after the extension had created it."),
				 errhint("Create the extension anew in another database, and load the facts there.")));
	return rel;
}

/* The row type of a table that refresh writes, a copy. */
TupleDesc
refreshed_row_type(int table_no)
{
	Relation	rel = refreshed_table_open(table_no, AccessShareLock);
	TupleDesc	tupdesc = CreateTupleDescCopy(RelationGetDescr(rel));

	table_close(rel, NoLock);
	return tupdesc;
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------
 */

/*
 * Until when an agent was assigned (S13): until the segment ended, else until
 * the conversation did, else it still is (NULL).  A joined agent never was.
 */
static void
put_assigned_until(RowBuilder *row, const Touchpoint *point)
{
	const JourneySegment *segment = point->touch->entry;
	TimestampTz until = segment->ended_at;

	if (segment->is_joined)
		until = segment->assigned_at;
	else if (TIMESTAMP_IS_NOEND(until))
		until = point->conversation->entry->closed_at;
	if (TIMESTAMP_IS_NOEND(until))
		row_put_null(row);
	else
		row_put(row, TimestampTzGetDatum(until));
}

/* What a row of table touchpoint says of its segment; NULL where there is none. */
static void
put_assignment(RowBuilder *row, const Touchpoint *point)
{
	const JourneySegment *segment;

	if (point->touch == NULL)
	{
		for (int i = 0; i < 4; i++)
			row_put_null(row);
		return;
	}
	segment = point->touch->entry;
	row_put(row, Int64GetDatum(segment->segment_key));
	row_put(row, TimestampTzGetDatum(segment->assigned_at));
	put_assigned_until(row, point);
	row_put(row, Int32GetDatum(segment->segment_no));
}

/* The row of table touchpoint for a touchpoint of the goal event at hand. */
void
touchpoint_row(RowBuilder *row, const Sweep *sweep, const Touchpoint *point, Datum account_id)
{
	const JourneyGoal *goal = sweep->goal->entry;
	const JourneySegment *segment = point->touch == NULL ? NULL : point->touch->entry;

	timeline_local_time(sweep->timeline, point->conversation);
	row_begin(row, &sweep->timeline->view);
	row_put(row, Int64GetDatum(spans_pack(&point->span)));
	row_put(row, CharGetDatum(segment != NULL ? point->touch->user_type : USER_UNASSIGNED));
	row_put(row, CharGetDatum(sweep->goal->goal_type));
	row_put(row, DateADTGetDatum(point->conversation->local_date));
	row_put(row, Int32GetDatum(point->conversation->utc_offset));
	row_put(row, Int64GetDatum(goal->goal_event_key));
	row_put(row, TimestampTzGetDatum(point->conversation->entry->opened_at));
	row_put(row, TimestampTzGetDatum(goal->reached_at));
	row_put(row, Int32GetDatum(segment != NULL ? segment->agent_messages : 0));
	row_put(row, Int32GetDatum(segment != NULL ? segment->agent_responses : 0));
	put_assignment(row, point);
	row_put(row, account_id);
	row_put_ref(row, segment != NULL ? segment->agent_id : 0);
	row_put_ref(row, goal->currency);
	row_put_ref(row, goal->lead_value);
	row_put_ref(row, goal->transaction_value);
	row_put_ref(row, segment != NULL ? segment->skill_id : 0);
	row_put_ref(row, point->conversation->entry->conversation_id);
}

/*
 * A hash over the data of all touchpoint rows of a goal event, one after the
 * other: that of a row, and of those before it, which is 0 for the first.
 */
uint64
touchpoints_hash(uint64 before, HeapTupleHeader row, uint32 len)
{
	const Size	header = offsetof(HeapTupleHeaderData, t_bits);

	return hash_bytes_extended((const unsigned char *) row->t_bits, len - header, before);
}

/* The touches among which a goal event is shared; NULL where there is nothing to share. */
static void
put_touches(RowBuilder *row, const Sweep *sweep)
{
	struct varlena *touches = touches_pack(sweep);

	if (touches == NULL)
		row_put_null(row);
	else
		row_put(row, PointerGetDatum(touches));
}

/*
 * The row of table goal_outcome for the goal event at hand.  written: what the refresh
 * that writes it has to say, NULL where none does.
 */
void
goal_outcome_row(RowBuilder *row, const Sweep *sweep, Datum account_id, Datum consumer_id,
				 const OutcomeWritten *written)
{
	const JourneyGoal *goal = sweep->goal->entry;

	row_begin(row, &sweep->timeline->view);
	row_put(row, Int64GetDatum(goal->goal_event_key));
	row_put(row, TimestampTzGetDatum(goal->reached_at));
	if (written == NULL)
	{
		row_put_null(row);
		row_put_null(row);
	}
	else
	{
		row_put(row, TimestampTzGetDatum(written->updated_at));
		row_put(row, UInt64GetDatum(written->touchpoints_hash));
	}
	row_put(row, Int32GetDatum(sweep->ncut));
	if (sweep->reach_window < 0)
		row_put_null(row);
	else
		row_put(row, Int16GetDatum(sweep->reach_window));
	row_put(row, BoolGetDatum(sweep->goal->is_duplicate));
	row_put(row, CharGetDatum(goal->event_type));
	row_put(row, account_id);
	row_put(row, consumer_id);
	row_put_ref(row, goal->goal_event_id);
	row_put_ref(row, goal->goal_id);
	row_put_ref(row, goal->brand_event_id);
	put_touches(row, sweep);
}
