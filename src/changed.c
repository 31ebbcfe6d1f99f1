/*-------------------------------------------------------------------------
 *
 * changed.c
 *	  Changed consumers: fresh rows against old ones.
 *
 * Each journey is read and swept as in a first refresh, and for each goal event
 * the fresh rows are compared with what the tables have: rows that are the same
 * are left alone, the others deleted and written.  An outcome keeps a hash of its
 * touchpoints: as long as that stays the same they are not even read, which would
 * be the most expensive part, as they stand with others of their dates.  Nothing
 * but what belongs to one consumer is in memory.
 *
 * Because of the hash, whatever changes about a goal event or its touchpoints makes
 * another outcome of it: so updated_at, which stands there alone, says when any of
 * its rows was last written.
 *
 * A goal event may have come from another consumer, whose turn is later, or was
 * before; what it had there is found by its key.  One that came from another
 * account is worked off in both, each for itself.
 *
 * Old rows are found by indexes directly: a statement for each goal event would
 * take longer than all else.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/genam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(goaltracker_refresh_consumers);

/* Columns of the tables, by number. */
#define TOUCHPOINT_GOAL_EVENT_KEY 6
#define TOUCHPOINT_ACCOUNT_ID 15
#define OUTCOME_GOAL_EVENT_KEY 1
#define OUTCOME_TOUCHPOINTS_HASH 4
#define OUTCOME_ACCOUNT_ID 9
#define OUTCOME_CONSUMER_ID 10

/* Its first columns, which are never NULL. */
typedef struct OutcomeHead
{
	int64		goal_event_key;
	TimestampTz reached_at;
	TimestampTz updated_at;
} OutcomeHead;

/* Rows of a table by one column of an index, and of one account. */
typedef struct Lookup
{
	Relation	rel;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	ScanKeyData key;
	MemoryContext context;		/* of the scan, which takes memory as it goes on */
	int			account_column;
	const text *account_id;
} Lookup;

/* A row that a table has. */
typedef struct OldRow
{
	ItemPointerData tid;
	HeapTuple	tuple;			/* a copy */
	uint32		hash;			/* of a touchpoint's data */
	int64		goal_event_key; /* of an outcome */
	bool		has_points_hash;
	uint64		points_hash;	/* of an outcome's touchpoints */
	bool		is_met;			/* among the fresh ones */
} OldRow;

typedef struct OldRows
{
	int			n;
	int			max;
	OldRow	   *rows;
} OldRows;

/* Touchpoint rows of a goal event. */
typedef struct FreshRows
{
	int			n;
	HeapTuple  *rows;
	uint64		hash;			/* of all of them */
} FreshRows;

typedef struct Refresh
{
	Datum		account_id;
	Datum		consumer_id;	/* whose turn it is */
	TimestampTz updated_at;
	const AttributionRules *rules;
	FactReader *facts;
	RefreshWriter *writer;
	OutcomeCounts *counts;
	Lookup		outcomes_of_consumer;
	Lookup		outcome_of_goal_event;
	Lookup		touchpoints_of_goal_event;
	MemoryContext consumer_context; /* reset for each consumer */
	MemoryContext goal_context; /* reset for each goal event */
	int64		ngoals;
	int64		ntouchpoints;
} Refresh;

/* ------------------------------------------------------------------------
 * Old rows
 * ------------------------------------------------------------------------
 */

/*
 * Whether an index has all rows, and this column first, under its own collation:
 * under one that is not deterministic other ids would be the same.
 */
static bool
is_index_on(Relation rel, Relation index, AttrNumber column)
{
	return index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_index->indisvalid &&
		index->rd_index->indkey.values[0] == column &&
		index->rd_indcollation[0] ==
		TupleDescAttr(RelationGetDescr(rel), column - 1)->attcollation &&
		RelationGetIndexPredicate(index) == NIL;
}

static Relation
open_index_on(Relation rel, AttrNumber column)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (is_index_on(rel, index, column))
			return index;
		index_close(index, AccessShareLock);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("table goaltracker.%s has lost its index on column \"%s\"",
					RelationGetRelationName(rel),
					NameStr(TupleDescAttr(RelationGetDescr(rel), column - 1)->attname)),
			 errhint("goaltracker._ensure_indexes() builds missing indexes, by name.")));
}

static void
lookup_begin(Lookup *lookup, const Refresh *refresh, int table_no, AttrNumber column,
			 RegProcedure equality, int account_column)
{
	lookup->rel = writer_table(refresh->writer, table_no);
	lookup->index = open_index_on(lookup->rel, column);
	lookup->scan = BeginIndexScan(lookup->rel, lookup->index, GetActiveSnapshot(), 1);
	lookup->slot = table_slot_create(lookup->rel, NULL);
	ScanKeyEntryInitialize(&lookup->key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   lookup->index->rd_indcollation[0], equality, (Datum) 0);
	lookup->context = CurrentMemoryContext;
	lookup->account_column = account_column;
	lookup->account_id = DatumGetTextPP(refresh->account_id);
}

static void
lookup_start(Lookup *lookup, Datum value)
{
	MemoryContext old_context = MemoryContextSwitchTo(lookup->context);

	lookup->key.sk_argument = value;
	index_rescan(lookup->scan, &lookup->key, 1, NULL, 0);
	MemoryContextSwitchTo(old_context);
}

/* The next row of whatever account. */
static bool
lookup_advance(Lookup *lookup)
{
	MemoryContext old_context = MemoryContextSwitchTo(lookup->context);
	bool		found = index_getnext_slot(lookup->scan, ForwardScanDirection, lookup->slot);

	MemoryContextSwitchTo(old_context);
	return found;
}

/* The next row, or NULL. */
static TupleTableSlot *
lookup_next(Lookup *lookup)
{
	while (lookup_advance(lookup))
	{
		bool		isnull;
		Datum		account_id = slot_getattr(lookup->slot, lookup->account_column, &isnull);

		/* whoever owns the table may have allowed NULL */
		if (!isnull && text_same(DatumGetTextPP(account_id), lookup->account_id))
			return lookup->slot;
	}
	return NULL;
}

static void
lookup_end(Lookup *lookup)
{
	index_endscan(lookup->scan);
	ExecDropSingleTupleTableSlot(lookup->slot);
	index_close(lookup->index, NoLock);
}

/* What of a row is compared: everything behind the fixed part of its header. */
static inline const char *
row_data(const HeapTupleData *tuple)
{
	return (const char *) tuple->t_data->t_bits;
}

static inline Size
row_data_size(const HeapTupleData *tuple)
{
	return tuple->t_len - offsetof(HeapTupleHeaderData, t_bits);
}

static uint32
row_hash(const HeapTupleData *tuple)
{
	return hash_bytes((const unsigned char *) row_data(tuple), row_data_size(tuple));
}

/*
 * Whether rows are the same.  Formed in the same way from the same values, and never
 * compressed, they are so byte by byte.
 */
static bool
same_row(const HeapTupleData *a, const HeapTupleData *b)
{
	return a->t_len == b->t_len &&
		HeapTupleHasNulls(a) == HeapTupleHasNulls(b) &&
		memcmp(row_data(a), row_data(b), row_data_size(a)) == 0;
}

/* Adds the row in a slot, as a copy in the current memory context. */
static OldRow *
add_old_row(OldRows *old, TupleTableSlot *slot)
{
	OldRow	   *row;

	if (old->rows == NULL)
	{
		old->max = 16;
		old->rows = palloc(old->max * sizeof(OldRow));
	}
	else if (old->n == old->max)
	{
		old->max *= 2;
		old->rows = repalloc_huge(old->rows, old->max * sizeof(OldRow));
	}
	row = &old->rows[old->n++];
	memset(row, 0, sizeof(OldRow));
	row->tid = slot->tts_tid;
	row->tuple = ExecCopySlotHeapTuple(slot);
	/* the touches of an outcome, where there are very many */
	if (HeapTupleHasExternal(row->tuple))
		row->tuple = toast_flatten_tuple(row->tuple, slot->tts_tupleDescriptor);
	return row;
}

static void
add_old_outcome(OldRows *old, TupleTableSlot *slot)
{
	OldRow	   *row = add_old_row(old, slot);
	bool		isnull;
	Datum		hash;

	row->goal_event_key = DatumGetInt64(slot_getattr(slot, OUTCOME_GOAL_EVENT_KEY, &isnull));
	hash = slot_getattr(slot, OUTCOME_TOUCHPOINTS_HASH, &isnull);
	row->has_points_hash = !isnull;
	if (!isnull)
		row->points_hash = DatumGetUInt64(hash);
}

static void
add_old_touchpoint(OldRows *old, TupleTableSlot *slot)
{
	OldRow	   *row = add_old_row(old, slot);

	row->hash = row_hash(row->tuple);
}

static int
compare_by_key(const void *a, const void *b)
{
	int64		key_a = ((const OldRow *) a)->goal_event_key;
	int64		key_b = ((const OldRow *) b)->goal_event_key;

	return (key_a > key_b) - (key_a < key_b);
}

static int
compare_by_hash(const void *a, const void *b)
{
	uint32		hash_a = ((const OldRow *) a)->hash;
	uint32		hash_b = ((const OldRow *) b)->hash;

	return (hash_a > hash_b) - (hash_a < hash_b);
}

/* The consumer's outcomes, in order of their keys. */
static OldRows
outcomes_of_consumer(Refresh *refresh)
{
	OldRows		old = {0};
	TupleTableSlot *slot;

	lookup_start(&refresh->outcomes_of_consumer, refresh->consumer_id);
	while ((slot = lookup_next(&refresh->outcomes_of_consumer)) != NULL)
		add_old_outcome(&old, slot);
	qsort(old.rows, old.n, sizeof(OldRow), compare_by_key);
	return old;
}

/*
 * The outcome that a goal event has, be it among the consumer's own ones or another
 * consumer's, which is added; NULL: it has none.
 */
static OldRow *
find_outcome(Refresh *refresh, OldRows *own, OldRows *others, int64 goal_event_key)
{
	OldRow		wanted = {.goal_event_key = goal_event_key};
	OldRow	   *row = NULL;
	TupleTableSlot *slot;

	if (own->n > 0)
		row = bsearch(&wanted, own->rows, own->n, sizeof(OldRow), compare_by_key);
	if (row != NULL)
		return row;
	lookup_start(&refresh->outcome_of_goal_event, Int64GetDatum(goal_event_key));
	slot = lookup_next(&refresh->outcome_of_goal_event);
	if (slot == NULL)
		return NULL;
	others->n = 0;
	add_old_outcome(others, slot);
	return others->rows;
}

/* The touchpoints that a goal event has, in order of their hashes. */
static OldRows
touchpoints_of_goal_event(Refresh *refresh, int64 goal_event_key)
{
	OldRows		old = {0};
	TupleTableSlot *slot;

	lookup_start(&refresh->touchpoints_of_goal_event, Int64GetDatum(goal_event_key));
	while ((slot = lookup_next(&refresh->touchpoints_of_goal_event)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		add_old_touchpoint(&old, slot);
	}
	qsort(old.rows, old.n, sizeof(OldRow), compare_by_hash);
	return old;
}

/* An old row that is the same and not yet met, or NULL. */
static OldRow *
find_same(OldRows *old, const HeapTupleData *tuple)
{
	uint32		hash;
	int			low = 0;
	int			high = old->n;

	if (old->n == 0)
		return NULL;
	hash = row_hash(tuple);
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (old->rows[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < old->n && old->rows[low].hash == hash; low++)
	{
		if (!old->rows[low].is_met && same_row(old->rows[low].tuple, tuple))
			return &old->rows[low];
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Fresh rows
 * ------------------------------------------------------------------------
 */

static HeapTuple
form_row(const Refresh *refresh, int table_no, RowBuilder *row)
{
	TupleDesc	tupdesc = RelationGetDescr(writer_table(refresh->writer, table_no));

	GtAssert(row->n == tupdesc->natts);
	return heap_form_tuple(tupdesc, row->values, row->nulls);
}

/* Rows come in no order of their dates: they are few, and share one lane. */
static void
put_row(Refresh *refresh, int table_no, const HeapTupleData *tuple)
{
	writer_put(refresh->writer, table_no, 0, tuple->t_data, tuple->t_len);
}

static void
delete_unmet(Refresh *refresh, int table_no, const OldRows *old)
{
	for (int i = 0; i < old->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!old->rows[i].is_met)
			writer_delete(refresh->writer, table_no, &old->rows[i].tid);
	}
}

/* The touchpoint rows of the goal event at hand. */
static FreshRows
form_touchpoints(const Refresh *refresh, const Sweep *sweep)
{
	FreshRows	fresh = {0};
	RowBuilder	row;

	fresh.rows = palloc(Max(sweep->ntouchpoints, 1) * sizeof(HeapTuple));
	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		HeapTuple	tuple;

		if (!sweep->touchpoints[i].is_kept)
			continue;
		touchpoint_row(&row, sweep, &sweep->touchpoints[i], refresh->account_id);
		tuple = form_row(refresh, REFRESHED_TOUCHPOINT, &row);
		fresh.hash = touchpoints_hash(fresh.hash, tuple->t_data, tuple->t_len);
		fresh.rows[fresh.n++] = tuple;
	}
	return fresh;
}

/* The class of an old outcome, as far as it says it. */
static OutcomeClass
class_of_outcome(const Refresh *refresh, const OldRow *outcome)
{
	Relation	rel = writer_table(refresh->writer, REFRESHED_GOAL_OUTCOME);
	bool		is_unreached;
	bool		isnull;
	Datum		is_duplicate = heap_getattr(outcome->tuple,
											get_attnum(RelationGetRelid(rel), "is_duplicate"),
											RelationGetDescr(rel), &isnull);
	Datum		reach_window = heap_getattr(outcome->tuple,
											get_attnum(RelationGetRelid(rel), "reach_window"),
											RelationGetDescr(rel), &is_unreached);

	return outcome_class(DatumGetBool(is_duplicate),
						 is_unreached ? -1 : DatumGetInt16(reach_window));
}

/* No longer counts a goal event with the outcome and the touchpoints that it has. */
static void
uncount(Refresh *refresh, const OldRow *outcome, const OldRows *touchpoints)
{
	OutcomeClass class = class_of_outcome(refresh, outcome);

	for (int i = 0; i < touchpoints->n; i++)
		outcome_class_take_row(&class, touchpoints->rows[i].tuple);
	outcome_counts_add(refresh->counts, &class, -1);
}

/* Likewise where its touchpoints are those of the class that it has now. */
static void
uncount_same_touchpoints(Refresh *refresh, const OldRow *outcome, const OutcomeClass *now)
{
	OutcomeClass class = class_of_outcome(refresh, outcome);

	for (int i = CLASS_FIRST; i < CLASS_WINDOWS; i++)
		class.windows[i] = now->windows[i];
	outcome_counts_add(refresh->counts, &class, -1);
}

/* Puts fresh touchpoints in the place of those that the goal event has. */
static void
replace_touchpoints(Refresh *refresh, const OldRow *outcome, const FreshRows *fresh,
					int64 goal_event_key)
{
	OldRows		old = touchpoints_of_goal_event(refresh, goal_event_key);

	uncount(refresh, outcome, &old);
	for (int i = 0; i < fresh->n; i++)
	{
		OldRow	   *same = find_same(&old, fresh->rows[i]);

		if (same != NULL)
			same->is_met = true;
		else
			put_row(refresh, REFRESHED_TOUCHPOINT, fresh->rows[i]);
	}
	delete_unmet(refresh, REFRESHED_TOUCHPOINT, &old);
}

/* Writes a goal event that has no rows yet. */
static void
put_goal_event(Refresh *refresh, const HeapTupleData *outcome, const FreshRows *touchpoints)
{
	put_row(refresh, REFRESHED_GOAL_OUTCOME, outcome);
	for (int i = 0; i < touchpoints->n; i++)
		put_row(refresh, REFRESHED_TOUCHPOINT, touchpoints->rows[i]);
}

/*
 * Whether outcomes are the same, whenever they were written; an old one is a copy.
 * Its length comes first: whoever owns the table may have put shorter rows there.
 */
static bool
same_outcome(const OldRow *old, const HeapTupleData *outcome)
{
	if (old->tuple->t_len != outcome->t_len ||
		HeapTupleHasNulls(old->tuple) != HeapTupleHasNulls(outcome))
		return false;
	((OutcomeHead *) GETSTRUCT(old->tuple))->updated_at =
		((const OutcomeHead *) GETSTRUCT(outcome))->updated_at;
	return same_row(old->tuple, outcome);
}

static void
replace_goal_event(Refresh *refresh, OldRow *old, const HeapTupleData *outcome,
				   const FreshRows *touchpoints, const OutcomeClass *class,
				   int64 goal_event_key)
{
	old->is_met = true;
	if (!same_outcome(old, outcome))
	{
		writer_delete(refresh->writer, REFRESHED_GOAL_OUTCOME, &old->tid);
		put_row(refresh, REFRESHED_GOAL_OUTCOME, outcome);
	}
	if (!old->has_points_hash || old->points_hash != touchpoints->hash)
		replace_touchpoints(refresh, old, touchpoints, goal_event_key);
	else
		uncount_same_touchpoints(refresh, old, class);
}

/* The goal event at hand. */
static void
refresh_goal_event(Refresh *refresh, const Sweep *sweep, OldRows *own)
{
	int64		goal_event_key = sweep->goal->entry->goal_event_key;
	OldRows		others = {0};
	OldRow	   *old = find_outcome(refresh, own, &others, goal_event_key);
	FreshRows	touchpoints = form_touchpoints(refresh, sweep);
	const OutcomeWritten written = {refresh->updated_at, touchpoints.hash};
	OutcomeClass class = outcome_class_of_sweep(sweep);
	RowBuilder	row;
	HeapTuple	outcome;

	goal_outcome_row(&row, sweep, refresh->account_id, refresh->consumer_id, &written);
	outcome = form_row(refresh, REFRESHED_GOAL_OUTCOME, &row);
	if (old == NULL)
		put_goal_event(refresh, outcome, &touchpoints);
	else
		replace_goal_event(refresh, old, outcome, &touchpoints, &class, goal_event_key);
	outcome_counts_add(refresh->counts, &class, 1);
	refresh->ngoals++;
	refresh->ntouchpoints += touchpoints.n;
}

static void
refresh_goal_events(Refresh *refresh, JourneyView journey, OldRows *own)
{
	Sweep	   *sweep = sweep_begin(timeline_create(journey, refresh->rules), MAX_WINDOW);
	MemoryContext old_context = MemoryContextSwitchTo(refresh->goal_context);

	while (sweep_next_goal(sweep))
	{
		CHECK_FOR_INTERRUPTS();
		refresh_goal_event(refresh, sweep, own);
		MemoryContextReset(refresh->goal_context);
	}
	MemoryContextSwitchTo(old_context);
}

/* Goal events that the consumer no longer has: gone, or another consumer's. */
static void
delete_gone(Refresh *refresh, const OldRows *own)
{
	for (int i = 0; i < own->n; i++)
	{
		OldRows		points;

		if (own->rows[i].is_met)
			continue;
		points = touchpoints_of_goal_event(refresh, own->rows[i].goal_event_key);
		uncount(refresh, &own->rows[i], &points);
		delete_unmet(refresh, REFRESHED_TOUCHPOINT, &points);
	}
	delete_unmet(refresh, REFRESHED_GOAL_OUTCOME, own);
}

static void
refresh_consumer(Refresh *refresh, Datum consumer_id)
{
	MemoryContext old_context = MemoryContextSwitchTo(refresh->consumer_context);
	JourneyView journey;
	OldRows		own;

	refresh->consumer_id = consumer_id;
	own = outcomes_of_consumer(refresh);
	if (facts_of_consumer(refresh->facts, DatumGetTextPP(consumer_id), &journey))
		refresh_goal_events(refresh, journey, &own);
	delete_gone(refresh, &own);
	/* a goal event taken from another consumer must not be found with him */
	writer_next_command(refresh->writer);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(refresh->consumer_context);
}

/* ------------------------------------------------------------------------
 * The function
 * ------------------------------------------------------------------------
 */

static void
refresh_begin(Refresh *refresh, Datum account_id, Jsonb *rules)
{
	refresh->account_id = account_id;
	refresh->rules = rules_parse(rules);
	refresh->writer = writer_begin();
	refresh->counts = outcome_counts_begin();
	lookup_begin(&refresh->outcomes_of_consumer, refresh, REFRESHED_GOAL_OUTCOME,
				 OUTCOME_CONSUMER_ID, F_TEXTEQ, OUTCOME_ACCOUNT_ID);
	lookup_begin(&refresh->outcome_of_goal_event, refresh, REFRESHED_GOAL_OUTCOME,
				 OUTCOME_GOAL_EVENT_KEY, F_INT8EQ, OUTCOME_ACCOUNT_ID);
	lookup_begin(&refresh->touchpoints_of_goal_event, refresh, REFRESHED_TOUCHPOINT,
				 TOUCHPOINT_GOAL_EVENT_KEY, F_INT8EQ, TOUCHPOINT_ACCOUNT_ID);
	refresh->consumer_context = AllocSetContextCreate(CurrentMemoryContext,
													  "goaltracker consumer",
													  ALLOCSET_DEFAULT_SIZES);
	refresh->goal_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker goal event",
												  ALLOCSET_DEFAULT_SIZES);
}

static void
refresh_end(Refresh *refresh)
{
	lookup_end(&refresh->outcomes_of_consumer);
	lookup_end(&refresh->outcome_of_goal_event);
	lookup_end(&refresh->touchpoints_of_goal_event);
	facts_end(refresh->facts);
	writer_end(refresh->writer);
}

/*
 * _refresh_consumers(account_id text, consumer_ids text[], rules jsonb, updated_at
 * timestamptz): brings the rows of some consumers of an account up to date, those that
 * change as of updated_at; consumer_ids are distinct and in order of their bytes.  No
 * argument may be NULL.  Returns how many outcomes and touchpoints they have, and how many
 * touchpoints were written and removed.  Reads under the active snapshot.  Raises what
 * rules_parse() and refreshed_table_open() raise, and undefined_object where an
 * index is missing.
 */
Datum
goaltracker_refresh_consumers(PG_FUNCTION_ARGS)
{
	Datum		account_id = PointerGetDatum(PG_GETARG_TEXT_PP(0));
	Datum		consumer_ids = PointerGetDatum(PG_GETARG_ARRAYTYPE_P(1));
	Datum	   *ids;
	int			nids;
	TupleDesc	tupdesc;
	Refresh		refresh;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	deconstruct_array(DatumGetArrayTypeP(consumer_ids), TEXTOID, -1, false, TYPALIGN_INT,
					  &ids, NULL, &nids);

	memset(&refresh, 0, sizeof(Refresh));
	refresh.updated_at = PG_GETARG_TIMESTAMPTZ(3);
	refresh.facts = facts_begin_list(account_id, consumer_ids);
	/* unlike facts, old rows change meanwhile: what was deleted is not to be seen */
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	refresh_begin(&refresh, account_id, PG_GETARG_JSONB_P(2));
	for (int i = 0; i < nids; i++)
	{
		refresh_consumer(&refresh, ids[i]);
		progress_add(1);
	}
	values[0] = Int64GetDatum(refresh.ngoals);
	values[1] = Int64GetDatum(refresh.ntouchpoints);
	values[2] = Int64GetDatum(writer_nrows(refresh.writer, REFRESHED_TOUCHPOINT));
	values[3] = Int64GetDatum(writer_ndeleted(refresh.writer, REFRESHED_TOUCHPOINT));
	refresh_end(&refresh);
	PopActiveSnapshot();
	outcome_counts_save(refresh.counts, account_id);
	progress_show();

	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
