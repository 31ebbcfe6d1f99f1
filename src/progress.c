/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  How far a refresh is, for other sessions and for who waits for it.
 *
 * Nothing that a transaction writes is seen before it commits.  So a refresh
 * says how far it is where VACUUM and CREATE INDEX do: in the part of shared
 * memory that PostgreSQL keeps for each backend, under the number of a command of
 * our own, which PostgreSQL's views pass over.  It is gone with the backend, and
 * with a transaction that fails, so nobody is shown as at work who is not.
 *
 * CREATE INDEX takes the same place while it runs.  So all there is to say is
 * kept here as well, and what is shown is always all of it.
 *
 * Whoever waits for a refresh that takes long is told by a NOTICE now and then.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/progress.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(goaltracker_progress_begin);
PG_FUNCTION_INFO_V1(goaltracker_progress_batch);
PG_FUNCTION_INFO_V1(goaltracker_progress_end);
PG_FUNCTION_INFO_V1(goaltracker_running_refreshes);

/* Far from the numbers that PostgreSQL gives to its own commands. */
#define COMMAND_REFRESH ((ProgressCommandType) 0x476f616c)

/* Seconds between two NOTICEs, and before the first. */
#define SECONDS_BETWEEN_NOTICES 5

/* Consumers between two looks at the clock. */
#define CONSUMERS_BETWEEN_LOOKS 100

/* What is shown of a refresh, as PostgreSQL's parameters of a command's progress. */
enum
{
	SHOWN_STARTED_AT,
	SHOWN_CONSUMERS_DONE,
	SHOWN_CONSUMERS_TOTAL,
	SHOWN_BATCHES_DONE,
	SHOWN_BATCHES_TOTAL,		/* -1: in one transaction, without batches */
	SHOWN
};

/* The refresh that this backend is at. */
static struct
{
	bool		is_under_way;
	int			nest_level;		/* of the transaction that began it */
	int64		shown[SHOWN];
	int64		nlooked_at;		/* consumers done at the last look at the clock */
	TimestampTz said_at;
	bool		has_said;
}			refresh;

/* ------------------------------------------------------------------------
 * Telling
 * ------------------------------------------------------------------------
 */

static void
say(TimestampTz now)
{
	const int64 *shown = refresh.shown;

	refresh.said_at = now;
	refresh.has_said = true;
	if (shown[SHOWN_BATCHES_TOTAL] < 0)
		ereport(NOTICE,
				(errmsg("refreshed %lld of %lld consumers",
						(long long) shown[SHOWN_CONSUMERS_DONE],
						(long long) shown[SHOWN_CONSUMERS_TOTAL])));
	else
		ereport(NOTICE,
				(errmsg("refreshed %lld of %lld consumers, %lld of %lld batches",
						(long long) shown[SHOWN_CONSUMERS_DONE],
						(long long) shown[SHOWN_CONSUMERS_TOTAL],
						(long long) shown[SHOWN_BATCHES_DONE],
						(long long) shown[SHOWN_BATCHES_TOTAL])));
}

static void
show(void)
{
	static const int params[SHOWN] = {0, 1, 2, 3, 4};

	if (MyBEEntry != NULL && MyBEEntry->st_progress_command != COMMAND_REFRESH)
		pgstat_progress_start_command(COMMAND_REFRESH, InvalidOid);
	pgstat_progress_update_multi_param(SHOWN, params, refresh.shown);
}

/*
 * Shows other sessions how far the refresh is, if one is under way, and tells who
 * waits for it when it is time to.
 */
void
progress_show(void)
{
	TimestampTz now;

	if (!refresh.is_under_way)
		return;
	refresh.nlooked_at = refresh.shown[SHOWN_CONSUMERS_DONE];
	show();
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(refresh.said_at, now, SECONDS_BETWEEN_NOTICES * 1000))
		say(now);
}

/* So many more consumers are done. */
void
progress_add(int64 nconsumers)
{
	if (!refresh.is_under_way)
		return;
	refresh.shown[SHOWN_CONSUMERS_DONE] += nconsumers;
	if (refresh.shown[SHOWN_CONSUMERS_DONE] - refresh.nlooked_at >= CONSUMERS_BETWEEN_LOOKS)
		progress_show();
}

/* ------------------------------------------------------------------------
 * Ends that come by themselves
 * ------------------------------------------------------------------------
 */

static void
transaction_ends(XactEvent event, void *arg)
{
	/* refresh_in_batches() goes on after a commit */
	if (event == XACT_EVENT_ABORT)
		refresh.is_under_way = false;
}

/* A trigger of the user's may catch its own errors meanwhile. */
static void
subtransaction_ends(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB || !refresh.is_under_way)
		return;
	if (GetCurrentTransactionNestLevel() <= refresh.nest_level)
		refresh.is_under_way = false;
	else
		show();					/* PostgreSQL has ended any command's progress */
}

static void
watch_transactions(void)
{
	static bool is_watching = false;

	if (is_watching)
		return;
	RegisterXactCallback(transaction_ends, NULL);
	RegisterSubXactCallback(subtransaction_ends, NULL);
	is_watching = true;
}

/* ------------------------------------------------------------------------
 * What refresh calls
 * ------------------------------------------------------------------------
 */

/*
 * _progress_begin(consumers bigint, batches bigint): a refresh of so many consumers
 * begins.  batches NULL: it is one transaction.
 */
Datum
goaltracker_progress_begin(PG_FUNCTION_ARGS)
{
	watch_transactions();
	memset(&refresh, 0, sizeof(refresh));
	refresh.said_at = GetCurrentTimestamp();
	refresh.shown[SHOWN_STARTED_AT] = refresh.said_at;
	refresh.shown[SHOWN_CONSUMERS_TOTAL] = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	refresh.shown[SHOWN_BATCHES_TOTAL] = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	refresh.nest_level = GetCurrentTransactionNestLevel();
	refresh.is_under_way = true;
	show();
	PG_RETURN_VOID();
}

/* _progress_batch(): a batch is done. */
Datum
goaltracker_progress_batch(PG_FUNCTION_ARGS)
{
	refresh.shown[SHOWN_BATCHES_DONE]++;
	/* consumers who came meanwhile */
	refresh.shown[SHOWN_BATCHES_TOTAL] = Max(refresh.shown[SHOWN_BATCHES_TOTAL],
											 refresh.shown[SHOWN_BATCHES_DONE]);
	progress_show();
	PG_RETURN_VOID();
}

/* _progress_end(): the refresh is done.  Who was told of it before is told of that too. */
Datum
goaltracker_progress_end(PG_FUNCTION_ARGS)
{
	if (!refresh.is_under_way)
		PG_RETURN_VOID();
	if (refresh.has_said)
		say(GetCurrentTimestamp());
	refresh.is_under_way = false;
	pgstat_progress_end_command();
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------------
 * What others see
 * ------------------------------------------------------------------------
 */

/* Whether a backend builds an index of a table that refresh writes. */
static bool
builds_index(const PgBackendStatus *backend, Oid touchpoint, Oid goal_outcome)
{
	return backend->st_progress_command == PROGRESS_COMMAND_CREATE_INDEX &&
		backend->st_progress_param[PROGRESS_CREATEIDX_COMMAND] ==
		PROGRESS_CREATEIDX_COMMAND_CREATE &&
		OidIsValid(backend->st_progress_command_target) &&
		(backend->st_progress_command_target == touchpoint ||
		 backend->st_progress_command_target == goal_outcome);
}

static void
put_refresh(ReturnSetInfo *result, const PgBackendStatus *backend, bool at_index)
{
	Datum		values[8] = {0};
	bool		nulls[8] = {false};
	const char *role = GetUserNameFromId(backend->st_userid, true);

	values[0] = Int32GetDatum(backend->st_procpid);
	if (role == NULL)
		nulls[1] = true;
	else
		values[1] = CStringGetTextDatum(role);
	values[3] = BoolGetDatum(at_index);
	if (at_index)
	{
		values[2] = TimestampTzGetDatum(backend->st_xact_start_timestamp);
		memset(&nulls[4], true, 4);
	}
	else
	{
		const int64 *shown = backend->st_progress_param;

		values[2] = TimestampTzGetDatum(shown[SHOWN_STARTED_AT]);
		values[4] = Int64GetDatum(shown[SHOWN_CONSUMERS_DONE]);
		values[5] = Int64GetDatum(shown[SHOWN_CONSUMERS_TOTAL]);
		values[6] = Int64GetDatum(shown[SHOWN_BATCHES_DONE]);
		values[7] = Int64GetDatum(shown[SHOWN_BATCHES_TOTAL]);
		nulls[6] = nulls[7] = shown[SHOWN_BATCHES_TOTAL] < 0;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * _running_refreshes(): the refreshes that are under way in this database: pid, role
 * (text) that has logged in, started_at, whether it is at an index, consumers
 * and batches done and of how many (bigint; NULL: not known, or none).
 * Raises insufficient_privilege where the reader is restricted.
 */
Datum
goaltracker_running_refreshes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = get_namespace_oid("goaltracker", true);
	Oid			touchpoint = get_relname_relid("touchpoint", schema);
	Oid			goal_outcome = get_relname_relid("goal_outcome", schema);
	int			nbackends;

	refuse_restricted("refresh_progress", "refresh_status has the accounts that the role may see.");
	InitMaterializedSRF(fcinfo, 0);
	nbackends = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= nbackends; i++)
	{
		const PgBackendStatus *backend = &BackendEntry(i)->backendStatus;

		if (backend->st_procpid <= 0 || backend->st_databaseid != MyDatabaseId)
			continue;
		if (backend->st_progress_command == COMMAND_REFRESH)
			put_refresh(result, backend, false);
		else if (builds_index(backend, touchpoint, goal_outcome))
			put_refresh(result, backend, true);
	}
	return (Datum) 0;
}
