/*-------------------------------------------------------------------------
 *
 * comparison.c
 *	  Reports side by side: what each model, or each of some windows, credits.
 *
 * A touchpoint's spans, and the touches of its goal event, say all of it, so one pass
 * over touchpoints does for all models, or windows.  They are added up as duration
 * buckets are (measures.c), by number of the model or the window.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "once.h"

PG_FUNCTION_INFO_V1(goaltracker_compare_models_add);
PG_FUNCTION_INFO_V1(goaltracker_compare_windows_add);

#define MODELS (MODEL_LAST_HUMAN + 1)

/* As view window_comparison names them. */
static const int windows[] = {0, 1, 7, 14, 31};

/* What a transition function keeps from row to row. */
typedef struct Comparison
{
	Sharing    *sharings[MODELS];	/* by model or window, so that each keeps its own */
} Comparison;

/* A row of table touchpoint, and what is made of it. */
typedef struct ComparedRow
{
	FunctionCallInfo fcinfo;
	MemoryContext context;
	void	   *state;
	const AccountSettings *settings;
	Comparison *own;
	UserType	user_type;
	int64		spans;
	SpanPlace	level;			/* that of All */
	bool		is_conversion;
} ComparedRow;

/* Arguments of the transition functions, by number. */
enum
{
	ARG_STATE,
	ARG_SETTINGS,
	ARG_ACCOUNT_ID,
	ARG_USER_TYPE,
	ARG_SPANS,
	ARG_TOUCHES,
	ARG_SEGMENT_KEY,
	ARG_LEVEL,
	ARG_IS_CONVERSION,
	ARG_LEAD_VALUE,
	ARG_TRANSACTION_VALUE
};

static SpanPlace
level_of_name(const text *name)
{
	if (text_is(name, "agent"))
		return SPAN_AGENT;
	if (text_is(name, "skill"))
		return SPAN_SKILL;
	return SPAN_BRAND;
}

static void
row_read(ComparedRow *row, FunctionCallInfo fcinfo)
{
	ReportCall *call = report_call(fcinfo, ARG_SETTINGS);

	row->fcinfo = fcinfo;
	row->context = aggregate_context(fcinfo);
	row->state = state_argument(fcinfo, ARG_STATE);
	row->settings = call->settings;
	if (call->own == NULL)
		call->own = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Comparison));
	row->own = call->own;
	row->user_type = (UserType) PG_GETARG_CHAR(ARG_USER_TYPE);
	row->spans = PG_GETARG_INT64(ARG_SPANS);
	row->level = PG_ARGISNULL(ARG_LEVEL) ? SPAN_BRAND
		: level_of_name(PG_GETARG_TEXT_PP(ARG_LEVEL));
	row->is_conversion = !PG_ARGISNULL(ARG_IS_CONVERSION) && PG_GETARG_BOOL(ARG_IS_CONVERSION);
}

/* All of the goal event. */
static void
add_whole(ComparedRow *row, int no, bool is_reached)
{
	row->state = measures_add_values(row->state, row->context, no, is_reached,
									 row->is_conversion ? WHOLE_WEIGHT : 0,
									 row->fcinfo->args[ARG_LEAD_VALUE],
									 row->fcinfo->args[ARG_TRANSACTION_VALUE]);
}

static NullableDatum
part_of_argument(const Sharing *sharing, int sharer, FunctionCallInfo fcinfo, int arg)
{
	NullableDatum part = fcinfo->args[arg];

	if (!part.isnull)
		part.value = NumericGetDatum(sharing_part(sharing, sharer, PG_GETARG_NUMERIC(arg)));
	return part;
}

/* The part that a model gives which shares. */
static void
add_part(ComparedRow *row, int no, AttributionModel model, int window, bool is_reached)
{
	FunctionCallInfo fcinfo = row->fcinfo;
	SharingRules rules = sharing_rules(row->settings, model);
	Sharing    *sharing = row->own->sharings[no];
	int			sharer;

	if (PG_ARGISNULL(ARG_TOUCHES) || PG_ARGISNULL(ARG_SEGMENT_KEY))
	{
		add_whole(row, no, is_reached);
		return;
	}
	if (sharing == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		row->own->sharings[no] = sharing = sharing_create();
		MemoryContextSwitchTo(old_context);
	}
	sharing_read(sharing, PG_GETARG_DATUM(ARG_TOUCHES), &rules, window);
	sharer = sharing_find(sharing, PG_GETARG_INT64(ARG_SEGMENT_KEY));
	row->state = measures_add_values(row->state, row->context, no, is_reached,
									 row->is_conversion ? sharing_weight(sharing, sharer) : 0,
									 part_of_argument(sharing, sharer, fcinfo, ARG_LEAD_VALUE),
									 part_of_argument(sharing, sharer, fcinfo,
													  ARG_TRANSACTION_VALUE));
}

/* Adds what a model credits under a window, under that number. */
static void
add_credit(ComparedRow *row, int no, AttributionModel model, int window)
{
	bool		is_reached;

	if (window < spans_get(row->spans, SPAN_MIN_WINDOW))
		return;
	if (model != MODEL_ALL && !model_shares(model))
	{
		if (window < spans_get(row->spans, span_of_model(model)))
			add_whole(row, no, true);
		return;
	}
	is_reached = window < spans_get(row->spans, row->level);
	if (model == MODEL_ALL)
	{
		if (is_reached)
			add_whole(row, no, true);
	}
	else if (row->user_type != USER_UNASSIGNED || is_reached)
		add_part(row, no, model, window, is_reached);
}

static Datum
row_state(const ComparedRow *row)
{
	return return_state(row->fcinfo, row->state);
}

/*
 * _compare_models_add(state internal, settings _account_settings[], account_id text,
 * user_type "char", spans bigint, touches bytea, segment_key bigint, level text,
 * is_conversion boolean, lead_value numeric, transaction_value numeric) returns internal
 *
 * Transition function: adds what each model credits under the window in force, by number
 * of the model, at the level 'agent', 'skill' or 'account' of All.
 */
Datum
goaltracker_compare_models_add(PG_FUNCTION_ARGS)
{
	ComparedRow row;
	int			window;

	row_read(&row, fcinfo);
	window = window_in_force(row.settings);
	for (int model = MODEL_FIRST; model < MODELS; model++)
		add_credit(&row, model, (AttributionModel) model, window);
	return row_state(&row);
}

/*
 * _compare_windows_add(...) returns internal, with the same arguments
 *
 * Transition function: adds what the model in force credits under each of some windows,
 * by number of the window.
 */
Datum
goaltracker_compare_windows_add(PG_FUNCTION_ARGS)
{
	ComparedRow row;
	AttributionModel model;

	row_read(&row, fcinfo);
	model = model_in_force(row.settings);
	for (int i = 0; i < (int) lengthof(windows); i++)
		add_credit(&row, i, model, windows[i]);
	return row_state(&row);
}
