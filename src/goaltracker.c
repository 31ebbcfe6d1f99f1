/*-------------------------------------------------------------------------
 *
 * goaltracker.c
 *	  Library start and session settings.
 *
 * Model and window, and what models that share go by, are settings of the account,
 * applied when a report is read; a session can override all of them for itself, and
 * move dates by an hour offset (S1).  Views read the session's settings through the functions below.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/plancache.h"

GOALTRACKER_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(goaltracker_session_model);
PG_FUNCTION_INFO_V1(goaltracker_session_window);
PG_FUNCTION_INFO_V1(goaltracker_session_half_life);
PG_FUNCTION_INFO_V1(goaltracker_session_position_weights);

void		_PG_init(void);

#define MODEL_SETTING "goaltracker.attribution_model"
#define WINDOW_SETTING "goaltracker.contribution_window"
#define HOUR_OFFSET_SETTING "goaltracker.hour_offset"
#define HALF_LIFE_SETTING "goaltracker.time_decay_half_life"
#define POSITION_SETTING "goaltracker.position_weights"

#define MIN_HOUR_OFFSET (-12.0)
#define MAX_HOUR_OFFSET 14.0

static const struct config_enum_entry model_options[] = {
	{"", MODEL_OF_ACCOUNT, false},
	{"first", MODEL_FIRST, false},
	{"last", MODEL_LAST, false},
	{"all", MODEL_ALL, false},
	{"linear", MODEL_LINEAR, false},
	{"time_decay", MODEL_TIME_DECAY, false},
	{"position_based", MODEL_POSITION_BASED, false},
	{"first_human", MODEL_FIRST_HUMAN, false},
	{"last_human", MODEL_LAST_HUMAN, false},
	{NULL, 0, false}
};

/* Seconds, which a setting has; -1 stands for the half-life of each account. */
#define MAX_HALF_LIFE_SECONDS ((double) MAX_HALF_LIFE * SECS_PER_DAY)

static int	session_model = MODEL_OF_ACCOUNT;
static int	session_window = -1;
static double session_hour_offset = 0.0;
static double session_half_life = -1;
static char *session_position_text = NULL;
static PositionWeights session_position;
static bool has_session_position = false;

/*
 * An early value is one that was given to a setting before this library was
 * loaded, as in postgresql.conf or by an earlier SET.
 */
static void
refuse_early_value(const char *name, const char *value, const char *allowed)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\": \"%s\"", name, value),
			 errhint("%s", allowed)));
}

static void
check_early_model(void)
{
	const char *value = early_setting(MODEL_SETTING);

	if (value == NULL)
		return;
	for (const struct config_enum_entry *option = model_options; option->name != NULL; option++)
	{
		if (pg_strcasecmp(value, option->name) == 0)
			return;
	}
	refuse_early_value(MODEL_SETTING, value,
					   "Available values: first, last, all, linear, time_decay, position_based, first_human, last_human, or an empty string.");
}

static void
check_early_window(void)
{
	const char *value = early_setting(WINDOW_SETTING);
	int			window;

	if (value == NULL)
		return;
	if (parse_int(value, &window, 0, NULL) && window >= -1 && window <= MAX_WINDOW)
		return;
	refuse_early_value(WINDOW_SETTING, value, "Allowed are whole days from 0 to 31, or -1.");
}

static void
check_early_hour_offset(void)
{
	const char *value = early_setting(HOUR_OFFSET_SETTING);
	double		offset;

	if (value == NULL)
		return;
	if (parse_real(value, &offset, 0, NULL) &&
		offset >= MIN_HOUR_OFFSET && offset <= MAX_HOUR_OFFSET)
		return;
	refuse_early_value(HOUR_OFFSET_SETTING, value, "Allowed are hours from -12 to 14.");
}

static bool
is_half_life(double seconds)
{
	return seconds == -1 || (seconds >= 0.000001 && seconds <= MAX_HALF_LIFE_SECONDS);
}

static void
check_early_half_life(void)
{
	const char *value = early_setting(HALF_LIFE_SETTING);
	double		seconds;

	if (value == NULL)
		return;
	if (parse_real(value, &seconds, GUC_UNIT_S, NULL) && is_half_life(seconds))
		return;
	refuse_early_value(HALF_LIFE_SETTING, value,
					   "Allowed are seconds, or a number with a unit such as \"36h\" or \"7d\", up to 3650 days, or -1.");
}

/* Three numbers with commas between them, or nothing at all, which is none. */
static bool
parse_position_weights(const char *value, PositionWeights *position, bool *is_empty)
{
	double		weights[3];
	const char *at = value;

	while (isspace((unsigned char) *at))
		at++;
	*is_empty = *at == '\0';
	if (*is_empty)
		return true;
	for (int i = 0; i < 3; i++)
	{
		char	   *end;

		weights[i] = strtod(at, &end);
		if (end == at || !is_position_weight(weights[i]))
			return false;
		at = end;
		while (isspace((unsigned char) *at))
			at++;
		if (*at++ != (i < 2 ? ',' : '\0'))
			return false;
	}
	*position = (PositionWeights) {weights[0], weights[1], weights[2]};
	return weights[0] + weights[1] + weights[2] > 0;
}

static void
check_early_position_weights(void)
{
	const char *value = early_setting(POSITION_SETTING);
	PositionWeights position;
	bool		is_empty;

	if (value == NULL || parse_position_weights(value, &position, &is_empty))
		return;
	refuse_early_value(POSITION_SETTING, value, POSITION_WEIGHTS_ALLOWED);
}

static bool
check_half_life(double *newval, void **extra, GucSource source)
{
	if (is_half_life(*newval))
		return true;
	GUC_check_errdetail("Allowed is more than 0, up to %d days, or -1.", MAX_HALF_LIFE);
	return false;
}

static bool
check_position_weights(char **newval, void **extra, GucSource source)
{
	PositionWeights position;
	bool		is_empty;

	if (parse_position_weights(*newval, &position, &is_empty))
		return true;
	GUC_check_errdetail("%s", POSITION_WEIGHTS_ALLOWED);
	return false;
}

static void
assign_position_weights(const char *newval, void *extra)
{
	bool		is_empty;

	has_session_position = parse_position_weights(newval, &session_position, &is_empty) && !is_empty;
}

/*
 * Plans made while the session asks for no model that shares leave out a question
 * that others ask (see _any_whole()): such a change makes PostgreSQL plan anew.
 */
static void
assign_model(int newval, void *extra)
{
	if (model_shares((AttributionModel) newval) != model_shares((AttributionModel) session_model))
		ResetPlanCache();
}

static bool
check_hour_offset(double *newval, void **extra, GucSource source)
{
	return !isnan(*newval);
}

/*
 * Plans without an hour offset read stored dates, which are not those with one
 * (see dates.c): a change makes PostgreSQL plan anew.
 */
static void
assign_hour_offset(double newval, void *extra)
{
	if ((newval == 0.0) != (session_hour_offset == 0.0))
		ResetPlanCache();
}

/*
 * PostgreSQL only warns about a wrong value that was there before a setting is
 * defined, and goes on with the default; a report under another model than the
 * one asked for is worse than none, so that is an error here.  All values are
 * looked at before anything is defined, since an error leaves the library
 * unloaded and the next attempt starts anew.
 */
void
_PG_init(void)
{
	check_early_model();
	check_early_window();
	check_early_hour_offset();
	check_early_half_life();
	check_early_position_weights();

	DefineCustomEnumVariable(MODEL_SETTING,
							 "Attribution model of this session's reports.",
							 "An empty string means the model of each account.",
							 &session_model, MODEL_OF_ACCOUNT, model_options,
							 PGC_USERSET, 0, NULL, assign_model, NULL);
	DefineCustomIntVariable(WINDOW_SETTING,
							"Contribution window of this session's reports, in days.",
							"-1 means the window of each account.",
							&session_window, -1, -1, MAX_WINDOW,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable(HOUR_OFFSET_SETTING,
							 "Hours by which this session's reports move dates.",
							 "It is added to the local time of the account's time zone.",
							 &session_hour_offset, 0.0, MIN_HOUR_OFFSET, MAX_HOUR_OFFSET,
							 PGC_USERSET, 0, check_hour_offset, assign_hour_offset, NULL);
	DefineCustomRealVariable(HALF_LIFE_SETTING,
							 "Half-life of time_decay in this session's reports.",
							 "-1 means the half-life of each account.",
							 &session_half_life, -1, -1, MAX_HALF_LIFE_SECONDS,
							 PGC_USERSET, GUC_UNIT_S, check_half_life, NULL, NULL);
	DefineCustomStringVariable(POSITION_SETTING,
							   "Weights of position_based in this session's reports: first, middle, last.",
							   "An empty string means the weights of each account.",
							   &session_position_text, "",
							   PGC_USERSET, 0, check_position_weights, assign_position_weights,
							   NULL);
	MarkGUCPrefixReserved("goaltracker");
	visibility_init();
	statistics_init();
	conditions_init();
}

/*
 * A materialized view outlives the session that refreshes it, so it must not
 * freeze that session's settings.  PostgreSQL fills it in a security-restricted
 * operation, as it does everything that runs for another's benefit; there, the
 * accounts' settings alone hold.
 */
static bool
session_settings_apply(void)
{
	return !InSecurityRestrictedOperation();
}

/* The model that this session asks for, or MODEL_OF_ACCOUNT. */
AttributionModel
session_model_in_force(void)
{
	return session_settings_apply() ? (AttributionModel) session_model : MODEL_OF_ACCOUNT;
}

/*
 * Whether a model that shares may come to be in force by the session's setting while
 * it stays as it is; see session_sets_hour_offset().
 */
bool
session_sets_sharing_model(void)
{
	return model_shares((AttributionModel) session_model);
}

/* The model of a name, of so many bytes, by which accounts name it; false: none has it. */
bool
model_of_name(const char *name, Size len, AttributionModel *model)
{
	for (const struct config_enum_entry *option = model_options; option->name != NULL; option++)
	{
		if (option->val == MODEL_OF_ACCOUNT || strlen(option->name) != len ||
			memcmp(option->name, name, len) != 0)
			continue;
		*model = (AttributionModel) option->val;
		return true;
	}
	return false;
}

/* The half-life of time_decay that this session asks for, in microseconds, or -1. */
double
session_half_life_in_force(void)
{
	return session_settings_apply() && session_half_life > 0
		? rint(session_half_life * USECS_PER_SEC) : -1;
}

/* The weights of position_based that this session asks for, or NULL. */
const PositionWeights *
session_position_weights_in_force(void)
{
	return session_settings_apply() && has_session_position ? &session_position : NULL;
}

/* The window that this session asks for, or -1 for that of the account. */
int
session_window_in_force(void)
{
	return session_settings_apply() ? session_window : -1;
}

/* Microseconds by which this session moves dates. */
int64
session_hour_offset_in_force(void)
{
	return session_settings_apply() ? (int64) rint(session_hour_offset * USECS_PER_HOUR) : 0;
}

/*
 * Whether an hour offset may come to be in force while the setting stays as it
 * is; what is planned where settings do not apply may be run where they do.
 */
bool
session_sets_hour_offset(void)
{
	return session_hour_offset != 0.0;
}

/* _session_model(): a model such as 'first', or NULL for that of the account. */
Datum
goaltracker_session_model(PG_FUNCTION_ARGS)
{
	AttributionModel model = session_model_in_force();

	if (model == MODEL_OF_ACCOUNT)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(model_options[model].name));
}

/* _session_window(): whole days (smallint), or NULL for that of the account. */
Datum
goaltracker_session_window(PG_FUNCTION_ARGS)
{
	int			window = session_window_in_force();

	if (window < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT16(window);
}

/* _session_half_life() returns interval: of time_decay, or NULL for that of the account. */
Datum
goaltracker_session_half_life(PG_FUNCTION_ARGS)
{
	double		usecs = session_half_life_in_force();
	Interval   *interval;

	if (usecs <= 0)
		PG_RETURN_NULL();
	interval = palloc0(sizeof(Interval));
	interval->day = (int32) ((int64) usecs / USECS_PER_DAY);
	interval->time = (int64) usecs % USECS_PER_DAY;
	PG_RETURN_INTERVAL_P(interval);
}

/*
 * _session_position_weights() returns numeric[]: of position_based, or NULL for those of
 * the account.
 */
Datum
goaltracker_session_position_weights(PG_FUNCTION_ARGS)
{
	const PositionWeights *position = session_position_weights_in_force();
	Datum		weights[3];

	if (position == NULL)
		PG_RETURN_NULL();
	weights[0] = DirectFunctionCall1(float8_numeric, Float8GetDatum(position->first));
	weights[1] = DirectFunctionCall1(float8_numeric, Float8GetDatum(position->middle));
	weights[2] = DirectFunctionCall1(float8_numeric, Float8GetDatum(position->last));
	PG_RETURN_ARRAYTYPE_P(construct_array(weights, 3, NUMERICOID, -1, false, TYPALIGN_INT));
}
