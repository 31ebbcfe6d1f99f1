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
PG_FUNCTION_INFO_V1(goaltracker_attribute);
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

	/* of attribute(), for the goal event at hand */
	const Goal *shared_goal;	/* NULL: none yet */
	int32	   *weights;		/* by touchpoint */
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
	scan->shared_goal = NULL;
	scan->weights = NULL;
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

/* What touchpoints() and attribute() say of a touchpoint alike. */
static void
put_touchpoint(RowBuilder *row, const Sweep *sweep, const Touchpoint *point)
{
	const JourneyGoal *goal = sweep->goal->entry;

	row_begin(row, &sweep->timeline->view);
	row_put(row, Int64GetDatum(goal->goal_event_key));
	row_put_ref(row, goal->goal_event_id);
	row_put(row, TimestampTzGetDatum(goal->reached_at));
	row_put_ref(row, point->conversation->entry->conversation_id);
	if (point->touch != NULL)
	{
		const JourneySegment *segment = point->touch->entry;

		row_put(row, Int64GetDatum(segment->segment_key));
		row_put(row, Int32GetDatum(segment->segment_no));
		row_put_ref(row, segment->agent_id);
		row_put_ref(row, segment->skill_id);
		row_put(row, TimestampTzGetDatum(segment->assigned_at));
	}
	else
	{
		for (int i = 0; i < 5; i++)
			row_put_null(row);
	}
	row_put(row, CStringGetTextDatum(user_type_name(point)));
}

static void
put_spans(RowBuilder *row, const CreditSpan *span)
{
	row_put(row, Int16GetDatum(span->min_window));
	row_put(row, Int16GetDatum(span->first_below));
	row_put(row, Int16GetDatum(span->last_below));
	row_put(row, Int16GetDatum(span->agent_below));
	row_put(row, Int16GetDatum(span->skill_below));
	row_put(row, Int16GetDatum(span->brand_below));
	row_put(row, Int16GetDatum(span->first_human_below));
	row_put(row, Int16GetDatum(span->last_human_below));
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

	put_touchpoint(&row, scan->sweep, point);
	put_spans(&row, &point->span);
	GtAssert(row.n == scan->tupdesc->natts);
	return scan_row(fcinfo, scan, row.values, row.nulls);
}

/* The model to go by; raises invalid_parameter_value. */
static AttributionModel
model_argument(FunctionCallInfo fcinfo, int arg)
{
	text	   *name = PG_ARGISNULL(arg) ? cstring_to_text("") : PG_GETARG_TEXT_PP(arg);
	AttributionModel model;

	if (!model_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &model))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid attribution model: \"%s\"", text_to_cstring(name)),
				 errdetail("Allowed are %s.", MODELS_ALLOWED)));
	return model;
}

static int
window_argument(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("contribution window must not be null")));
	if (PG_GETARG_INT32(arg) < 0 || PG_GETARG_INT32(arg) > MAX_LOOKBACK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid contribution window: %d", PG_GETARG_INT32(arg)),
				 errdetail("Allowed are whole days from 0 to %d.", MAX_LOOKBACK)));
	return PG_GETARG_INT32(arg);
}

/* What a touchpoint carries under a model and a window. */
typedef struct Credits
{
	bool		agent;
	bool		skill;
	bool		brand;
	int32		weight;			/* millionths */
} Credits;

/* Where a model credits one touchpoint of a goal event: below this window. */
static int
credited_below(const CreditSpan *span, AttributionModel model)
{
	switch (model)
	{
		case MODEL_FIRST:
			return span->first_below;
		case MODEL_FIRST_HUMAN:
			return span->first_human_below;
		case MODEL_LAST_HUMAN:
			return span->last_human_below;
		default:
			return span->last_below;
	}
}

/* Works out the weights of the goal event at hand under a model that shares (S20). */
static void
share_goal(JourneyScan *scan, const SharingRules *rules, int window)
{
	const Sweep *sweep = scan->sweep;
	MemoryContext old_context = MemoryContextSwitchTo(scan->journey_context);
	TimestampTz *assigned_at = palloc((sweep->ntouchpoints + 1) * sizeof(TimestampTz));
	int32	   *shared = palloc((sweep->ntouchpoints + 1) * sizeof(int32));
	int			n = 0;
	int			next = 0;

	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		const Touchpoint *point = &sweep->touchpoints[i];

		if (point->is_kept && point->touch != NULL && point->span.min_window <= window)
			assigned_at[n++] = point->touch->entry->assigned_at;
	}
	if (n > 0)
		share_among(rules, assigned_at, n, shared);
	if (scan->weights != NULL)
		pfree(scan->weights);
	scan->weights = palloc((sweep->ntouchpoints + 1) * sizeof(int32));
	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		const Touchpoint *point = &sweep->touchpoints[i];

		scan->weights[i] = WHOLE_WEIGHT;
		if (point->is_kept && point->touch != NULL && point->span.min_window <= window)
			scan->weights[i] = shared[next++];
	}
	pfree(assigned_at);
	pfree(shared);
	scan->shared_goal = sweep->goal;
	MemoryContextSwitchTo(old_context);
}

/* What a touchpoint of the goal event at hand carries; false: it is not credited. */
static bool
credits_of(JourneyScan *scan, const Touchpoint *point, const SharingRules *rules, int window,
		   Credits *credits)
{
	const CreditSpan *span = &point->span;

	if (span->min_window > window)
		return false;
	if (rules->model != MODEL_ALL && !model_shares(rules->model))
	{
		*credits = (Credits) {true, true, true, WHOLE_WEIGHT};
		return window < credited_below(span, rules->model);
	}
	credits->agent = window < span->agent_below;
	credits->skill = window < span->skill_below;
	credits->brand = window < span->brand_below;
	if (point->touch == NULL && !credits->agent)
		return false;
	credits->weight = credits->agent ? WHOLE_WEIGHT : 0;
	if (rules->model == MODEL_ALL)
		return true;
	if (scan->shared_goal != scan->sweep->goal)
		share_goal(scan, rules, window);
	credits->weight = scan->weights[point - scan->sweep->touchpoints];
	return true;
}

/*
 * attribute(journey, model text, window_days integer, rules jsonb, half_life
 * interval, position_weights numeric[]): the touchpoints that a model credits under a
 * window of 0 to 3650 days, with the credits they carry.  NULL journey: no rows;
 * NULL rules, half_life, position_weights: the defaults.  Raises
 * null_value_not_allowed without a window, invalid_parameter_value for any argument
 * out of range.  Rules S2 to S8, S10, S18 to S21.
 */
Datum
goaltracker_attribute(PG_FUNCTION_ARGS)
{
	SharingRules rules = {.model = model_argument(fcinfo, 1)};
	int			window = window_argument(fcinfo, 2);
	JourneyScan *scan;
	const Touchpoint *point;
	Credits		credits;
	RowBuilder	row;

	rules.half_life = PG_ARGISNULL(4) ? DEFAULT_HALF_LIFE
		: half_life_of_interval(PG_GETARG_INTERVAL_P(4));
	rules.position = PG_ARGISNULL(5) ? default_position_weights
		: position_of_array(PG_GETARG_ARRAYTYPE_P(5));
	/* which touchpoints a limit keeps is decided over all windows (S18) */
	scan = scan_resume(fcinfo, 0, Max(window, MAX_WINDOW), 3);
	do
	{
		point = scan_next_touchpoint(scan);
		if (point == NULL)
			return scan_end(fcinfo, scan);
	} while (!credits_of(scan, point, &rules, window, &credits));

	put_touchpoint(&row, scan->sweep, point);
	row_put(&row, Int32GetDatum(credits.agent));
	row_put(&row, Int32GetDatum(credits.skill));
	row_put(&row, Int32GetDatum(credits.brand));
	row_put(&row, NumericGetDatum(int64_div_fast_to_numeric(credits.weight, 6)));
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
