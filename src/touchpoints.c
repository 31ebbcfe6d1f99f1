/*-------------------------------------------------------------------------
 *
 * touchpoints.c
 *	  Set-returning functions over journeys.
 *
 * They return a row a call, so that in a target list nothing is stored in
 * between.  What one call site needs for journey after journey (its rules, its
 * row type, a memory context) is kept in fn_extra; therefore the set is kept
 * there too, without the SRF macros, which would take fn_extra for themselves.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(goaltracker_touchpoints);
PG_FUNCTION_INFO_V1(goaltracker_touchpoint_rows);
PG_FUNCTION_INFO_V1(goaltracker_goal_outcome_rows);

/* What a call site keeps between calls, and between journeys. */
typedef struct JourneyScan
{
	TupleDesc	tupdesc;
	MemoryContext rules_context;
	AttributionRules *rules;	/* NULL: not parsed yet */
	Jsonb	   *rules_document; /* what they were parsed from; NULL: defaults */
	bool		rules_are_stable;	/* the argument is the same in every call */

	/* the journey at hand, if any */
	bool		is_active;
	MemoryContext journey_context;
	Sweep	   *sweep;
	int			next_touchpoint;
} JourneyScan;

/* The executor gives up a set before its end, as under LIMIT. */
static void
scan_shutdown(Datum arg)
{
	JourneyScan *scan = (JourneyScan *) DatumGetPointer(arg);

	scan->is_active = false;
}

static JourneyScan *
scan_create(FunctionCallInfo fcinfo, int rules_arg)
{
	MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	JourneyScan *scan = palloc0(sizeof(JourneyScan));
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	scan->tupdesc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
	scan->rules_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker rules",
												ALLOCSET_DEFAULT_SIZES);
	scan->journey_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker journey",
												  ALLOCSET_DEFAULT_SIZES);
	scan->rules_are_stable = get_fn_expr_arg_stable(fcinfo->flinfo, rules_arg);
	MemoryContextSwitchTo(old_context);
	fcinfo->flinfo->fn_extra = scan;
	return scan;
}

static bool
same_document(const Jsonb *a, const Jsonb *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/*
 * The rules to go by.  Refresh passes them as a parameter, and they are parsed
 * once; where they may differ from call to call they are compared.
 */
static const AttributionRules *
scan_rules(FunctionCallInfo fcinfo, JourneyScan *scan, int rules_arg)
{
	MemoryContext old_context;
	Jsonb	   *document;

	if (scan->rules != NULL && scan->rules_are_stable)
		return scan->rules;
	document = PG_ARGISNULL(rules_arg) ? NULL : PG_GETARG_JSONB_P(rules_arg);
	if (scan->rules != NULL && same_document(document, scan->rules_document))
		return scan->rules;

	scan->rules = NULL;
	MemoryContextReset(scan->rules_context);
	old_context = MemoryContextSwitchTo(scan->rules_context);
	scan->rules_document = NULL;
	if (document != NULL)
	{
		scan->rules_document = palloc(VARSIZE(document));
		memcpy(scan->rules_document, document, VARSIZE(document));
	}
	scan->rules = rules_parse(scan->rules_document);
	MemoryContextSwitchTo(old_context);
	return scan->rules;
}

/*
 * The scan of this call site; on the first call for a journey it starts with
 * its first goal event.  A NULL journey has none.
 */
static JourneyScan *
scan_resume(FunctionCallInfo fcinfo, int journey_arg, int lookback, int rules_arg)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	JourneyScan *scan = fcinfo->flinfo->fn_extra;
	const AttributionRules *rules;
	MemoryContext old_context;
	JourneyView view;

	if (scan != NULL && scan->is_active)
		return scan;
	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_ValuePerCall) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	if (scan == NULL)
		scan = scan_create(fcinfo, rules_arg);
	scan->sweep = NULL;
	scan->next_touchpoint = 0;
	if (PG_ARGISNULL(journey_arg))
		return scan;

	rules = scan_rules(fcinfo, scan, rules_arg);
	MemoryContextReset(scan->journey_context);
	old_context = MemoryContextSwitchTo(scan->journey_context);
	view = journey_view((struct varlena *) PG_DETOAST_DATUM(PG_GETARG_DATUM(journey_arg)));
	if (view.ngoals > 0)
		scan->sweep = sweep_begin(timeline_create(view, rules), lookback);
	MemoryContextSwitchTo(old_context);

	scan->is_active = true;
	RegisterExprContextCallback(rsinfo->econtext, scan_shutdown, PointerGetDatum(scan));
	return scan;
}

/* The next goal event, or NULL at the end. */
static const Sweep *
scan_next_goal(JourneyScan *scan)
{
	if (scan->sweep == NULL || !sweep_next_goal(scan->sweep))
		return NULL;
	return scan->sweep;
}

/* The next touchpoint that is kept, or NULL at the end. */
static const Touchpoint *
scan_next_touchpoint(JourneyScan *scan)
{
	Sweep	   *sweep = scan->sweep;

	if (sweep == NULL)
		return NULL;
	for (;;)
	{
		while (scan->next_touchpoint < sweep->ntouchpoints)
		{
			const Touchpoint *point = &sweep->touchpoints[scan->next_touchpoint++];

			if (point->is_kept)
				return point;
		}
		if (!sweep_next_goal(sweep))
			return NULL;
		scan->next_touchpoint = 0;
	}
}

static Datum
scan_row(FunctionCallInfo fcinfo, JourneyScan *scan, Datum *values, bool *nulls)
{
	((ReturnSetInfo *) fcinfo->resultinfo)->isDone = ExprMultipleResult;
	return HeapTupleGetDatum(heap_form_tuple(scan->tupdesc, values, nulls));
}

static Datum
scan_end(FunctionCallInfo fcinfo, JourneyScan *scan)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	if (scan->is_active)
		UnregisterExprContextCallback(rsinfo->econtext, scan_shutdown, PointerGetDatum(scan));
	scan->is_active = false;
	scan->sweep = NULL;
	MemoryContextReset(scan->journey_context);
	rsinfo->isDone = ExprEndResult;
	fcinfo->isnull = true;
	return (Datum) 0;
}

/* ------------------------------------------------------------------------
 * The functions
 * ------------------------------------------------------------------------
 */

static const char *
user_type_name(const Touchpoint *point)
{
	if (point->touch == NULL)
		return "Unassigned";
	switch (point->touch->user_type)
	{
		case USER_BOT:
			return "Bot";
		case USER_SYSTEM:
			return "System";
		default:
			return "Human";
	}
}

/*
 * touchpoints(journey, lookback_days integer, rules jsonb): a row per goal
 * event and touchpoint, with the windows under which each model credits it.
 * NULL journey: no rows; NULL lookback: 31 days; NULL rules: the defaults of
 * rules.c.  Raises invalid_parameter_value for a lookback out of range or rules
 * it cannot read.  Rules S2 to S8, S10, S18.
 */
Datum
goaltracker_touchpoints(PG_FUNCTION_ARGS)
{
	int			lookback = PG_ARGISNULL(1) ? MAX_WINDOW : PG_GETARG_INT32(1);
	JourneyScan *scan;
	const Touchpoint *point;
	const JourneyGoal *goal;
	RowBuilder	row;

	if (lookback < 0 || lookback > MAX_LOOKBACK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid lookback: %d", lookback),
				 errdetail("Allowed are whole days from 0 to %d.", MAX_LOOKBACK)));
	scan = scan_resume(fcinfo, 0, lookback, 2);
	point = scan_next_touchpoint(scan);
	if (point == NULL)
		return scan_end(fcinfo, scan);

	goal = scan->sweep->goal->entry;
	row_begin(&row, &scan->sweep->timeline->view);
	row_put(&row, Int64GetDatum(goal->goal_event_key));
	row_put_ref(&row, goal->goal_event_id);
	row_put(&row, TimestampTzGetDatum(goal->reached_at));
	row_put_ref(&row, point->conversation->entry->conversation_id);
	if (point->touch != NULL)
	{
		const JourneySegment *segment = point->touch->entry;

		row_put(&row, Int64GetDatum(segment->segment_key));
		row_put(&row, Int32GetDatum(segment->segment_no));
		row_put_ref(&row, segment->agent_id);
		row_put_ref(&row, segment->skill_id);
		row_put(&row, TimestampTzGetDatum(segment->assigned_at));
	}
	else
	{
		for (int i = 0; i < 5; i++)
			row_put_null(&row);
	}
	row_put(&row, CStringGetTextDatum(user_type_name(point)));
	row_put_spans(&row, &point->span);
	GtAssert(row.n == scan->tupdesc->natts);
	return scan_row(fcinfo, scan, row.values, row.nulls);
}

/* Rows carry these ids as they were given. */
static void
require_id(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/*
 * _touchpoint_rows(account_id text, journey, rules jsonb): the rows of table
 * touchpoint for a consumer, in the order of its columns.  Raises
 * null_value_not_allowed where account_id is NULL.
 */
Datum
goaltracker_touchpoint_rows(PG_FUNCTION_ARGS)
{
	JourneyScan *scan;
	const Touchpoint *point;
	RowBuilder	row;

	require_id(fcinfo, 0, "account_id");
	scan = scan_resume(fcinfo, 1, MAX_WINDOW, 2);
	point = scan_next_touchpoint(scan);
	if (point == NULL)
		return scan_end(fcinfo, scan);
	touchpoint_row(&row, scan->sweep, point, PG_GETARG_DATUM(0));
	GtAssert(row.n == scan->tupdesc->natts);
	return scan_row(fcinfo, scan, row.values, row.nulls);
}

/*
 * _goal_outcome_rows(account_id text, consumer_id text, journey, rules jsonb):
 * the rows of table goal_outcome for a consumer, in the order of its columns, without
 * updated_at and touchpoints_hash.  Raises null_value_not_allowed where account_id or consumer_id
 * is NULL.
 */
Datum
goaltracker_goal_outcome_rows(PG_FUNCTION_ARGS)
{
	JourneyScan *scan;
	const Sweep *sweep;
	RowBuilder	row;

	require_id(fcinfo, 0, "account_id");
	require_id(fcinfo, 1, "consumer_id");
	scan = scan_resume(fcinfo, 2, MAX_WINDOW, 3);
	sweep = scan_next_goal(scan);
	if (sweep == NULL)
		return scan_end(fcinfo, scan);
	goal_outcome_row(&row, sweep, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), NULL);
	GtAssert(row.n == scan->tupdesc->natts);
	return scan_row(fcinfo, scan, row.values, row.nulls);
}
