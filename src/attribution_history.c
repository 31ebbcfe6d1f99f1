/*-------------------------------------------------------------------------
 *
 * attribution_history.c
 *	  How many goal events of an account are attributed, under every setting.
 *
 * Settings act when a report is read (S1), so a count that a refresh takes must
 * not depend on them.  What becomes of a goal event is said by four windows: the
 * smallest that reaches any conversation, and the smallest under which First, Last
 * and All find somebody to credit, and First and Last among humans.  Models that
 * share find somebody where All does.  An account's goal events are counted by each
 * of these.  A refresh counts those that it writes, takes off those that it deletes,
 * and adds the difference to table _outcome_count: its work is that of what changed.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/rel.h"

/* Where windows stop: reached by none. */
#define NEVER (MAX_WINDOW + 1)

#define WINDOWS (NEVER + 1)

/* Counts by each kind of window, then duplicates. */
#define NCOUNTS (CLASS_WINDOWS * WINDOWS + 1)

struct OutcomeCounts
{
	int64		counts[NCOUNTS];
};

/* The first columns of table touchpoint, none of them NULL. */
typedef struct TouchpointHead
{
	int64		spans;
	char		user_type;
} TouchpointHead;

/* The spans that go with the windows but the first. */
static const SpanPlace class_spans[CLASS_WINDOWS - 1] = {
	SPAN_FIRST, SPAN_LAST, SPAN_AGENT, SPAN_FIRST_HUMAN, SPAN_LAST_HUMAN};

/* Counts of nothing, in the current memory context. */
OutcomeCounts *
outcome_counts_begin(void)
{
	return palloc0(sizeof(OutcomeCounts));
}

/*
 * The class of a goal event of which no touchpoint is known yet.  reach_window: the
 * smallest window that reaches any conversation, below 0: none.
 */
OutcomeClass
outcome_class(bool is_duplicate, int reach_window)
{
	OutcomeClass class;

	class.is_duplicate = is_duplicate;
	for (int i = 0; i < CLASS_WINDOWS; i++)
		class.windows[i] = NEVER;
	if (reach_window >= 0 && reach_window <= MAX_WINDOW)
		class.windows[CLASS_REACH] = (uint8) reach_window;
	return class;
}

/*
 * Takes a touchpoint into the class of its goal event.  Of those that a model could
 * credit, the one with the smallest window is credited under that window.
 */
static void
class_take(OutcomeClass *class, int64 spans)
{
	int			min_window = spans_get(spans, SPAN_MIN_WINDOW);

	for (int i = 0; i < CLASS_WINDOWS - 1; i++)
	{
		if (spans_get(spans, class_spans[i]) > 0 && min_window < class->windows[i + 1])
			class->windows[i + 1] = (uint8) min_window;
	}
}

/* The class of the goal event at hand. */
OutcomeClass
outcome_class_of_sweep(const Sweep *sweep)
{
	OutcomeClass class = outcome_class(sweep->goal->is_duplicate, sweep->reach_window);

	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		const Touchpoint *point = &sweep->touchpoints[i];

		if (point->is_kept && point->touch != NULL)
			class_take(&class, spans_pack(&point->span));
	}
	return class;
}

/* Takes a row of table touchpoint into the class of its goal event. */
void
outcome_class_take_row(OutcomeClass *class, const HeapTupleData *touchpoint)
{
	const TouchpointHead *head = (const TouchpointHead *) GETSTRUCT(touchpoint);

	if (head->user_type != USER_UNASSIGNED)
		class_take(class, head->spans);
}

/* Counts a goal event so many times; -1: no longer. */
void
outcome_counts_add(OutcomeCounts *counts, const OutcomeClass *class, int times)
{
	if (class->is_duplicate)
	{
		counts->counts[NCOUNTS - 1] += times;
		return;
	}
	for (int i = 0; i < CLASS_WINDOWS; i++)
		counts->counts[i * WINDOWS + class->windows[i]] += times;
}

/*
 * Adds the counts to those of an account, unless there is no difference.  Runs as
 * the refresh that calls.
 */
void
outcome_counts_save(const OutcomeCounts *counts, Datum account_id)
{
	Oid			argtypes[] = {TEXTOID, INT8ARRAYOID};
	Datum		args[2];
	Datum		elements[NCOUNTS];
	bool		differs = false;

	for (int i = 0; i < NCOUNTS; i++)
	{
		elements[i] = Int64GetDatum(counts->counts[i]);
		differs |= counts->counts[i] != 0;
	}
	if (!differs)
		return;
	args[0] = account_id;
	args[1] = PointerGetDatum(construct_array(elements, NCOUNTS, INT8OID, sizeof(int64),
											  sizeof(Datum) >= sizeof(int64), TYPALIGN_DOUBLE));
	SPI_connect();
	if (SPI_execute_with_args("SELECT goaltracker._add_outcome_counts($1, $2)", 2, argtypes, args,
							  NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not save counts of goal events");
	SPI_finish();
}
