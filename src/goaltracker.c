/*-------------------------------------------------------------------------
 *
 * goaltracker.c
 *	  Library start and session settings.
 *
 * Model and window are settings of the account, applied when a report is read;
 * a session can override both for itself, and move dates by an hour offset
 * (S1).  Views read the session's settings through the functions below.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/plancache.h"

GOALTRACKER_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(goaltracker_session_model);
PG_FUNCTION_INFO_V1(goaltracker_session_window);

void		_PG_init(void);

#define MODEL_SETTING "goaltracker.attribution_model"
#define WINDOW_SETTING "goaltracker.contribution_window"
#define HOUR_OFFSET_SETTING "goaltracker.hour_offset"

#define MIN_HOUR_OFFSET (-12.0)
#define MAX_HOUR_OFFSET 14.0

static const struct config_enum_entry model_options[] = {
	{"", MODEL_OF_ACCOUNT, false},
	{"first", MODEL_FIRST, false},
	{"last", MODEL_LAST, false},
	{"all", MODEL_ALL, false},
	{NULL, 0, false}
};

static int	session_model = MODEL_OF_ACCOUNT;
static int	session_window = -1;
static double session_hour_offset = 0.0;

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
					   "Available values: first, last, all, or an empty string.");
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

	DefineCustomEnumVariable(MODEL_SETTING,
							 "Attribution model of this session's reports.",
							 "An empty string means the model of each account.",
							 &session_model, MODEL_OF_ACCOUNT, model_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
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

/* _session_model(): 'first', 'last', 'all', or NULL for that of the account. */
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
