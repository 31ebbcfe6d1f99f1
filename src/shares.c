/*-------------------------------------------------------------------------
 *
 * shares.c
 *	  Whether a plan works out parts of goal events (S20).
 *
 * Reports have a branch for models that credit a goal event as a whole, and one for
 * those that share it.  What a plan can do without is found out while it is made, as
 * for an hour offset (dates.c):
 *
 * - As long as the session asks for no model that shares, the first branch runs
 *	 without asking.  Setting one makes PostgreSQL forget its kept plans.
 * - While no account's model shares either, the second branch is left out.  A trigger
 *	 of table account makes all sessions forget their plans when one begins to.  That
 *	 comes too late for a query which is being planned at that moment: it meets rows
 *	 that it has left out, and fails, so it never shows a report without them.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(goaltracker_any_whole);
PG_FUNCTION_INFO_V1(goaltracker_any_whole_support);
PG_FUNCTION_INFO_V1(goaltracker_shares_planned);
PG_FUNCTION_INFO_V1(goaltracker_shares_planned_support);
PG_FUNCTION_INFO_V1(goaltracker_model_shares);

/*
 * _any_whole() returns boolean: whether an account's rows may carry whole goal events
 * under the settings in force: any account's, unless the session asks for a model that
 * shares.
 */
Datum
goaltracker_any_whole(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!model_shares(session_model_in_force()));
}

/* Planner support of _any_whole(): true, unless the session asks for a model that shares. */
Datum
goaltracker_any_whole_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || session_sets_sharing_model())
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(makeBoolConst(true, false));
}

/* Whether the model in a row of table account shares. */
static bool
row_shares(TupleTableSlot *slot, AttrNumber column)
{
	bool		isnull;
	Datum		name = slot_getattr(slot, column, &isnull);
	AttributionModel model;

	return !isnull &&
		model_of_name(VARDATA_ANY(DatumGetTextPP(name)), VARSIZE_ANY_EXHDR(DatumGetTextPP(name)),
					  &model) &&
		model_shares(model);
}

/* Whether any account's model does, by the snapshot with which is planned. */
static bool
any_account_shares(void)
{
	Relation	rel = table_openrv(makeRangeVar(pstrdup("goaltracker"), pstrdup("account"), -1),
								   AccessShareLock);
	AttrNumber	column = get_attnum(RelationGetRelid(rel), "attribution_model");
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan;
	bool		found = false;

	/* whoever owns the table may have altered it */
	if (column == InvalidAttrNumber ||
		TupleDescAttr(RelationGetDescr(rel), column - 1)->atttypid != TEXTOID)
		found = true;
	else
	{
		Snapshot	snapshot = RegisterSnapshot(GetActiveSnapshot());

		scan = BeginTableScan(rel, snapshot);
		while (!found && table_scan_getnextslot(scan, ForwardScanDirection, slot))
			found = row_shares(slot, column);
		table_endscan(scan);
		UnregisterSnapshot(snapshot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return found;
}

/* _shares_planned() returns boolean: true, unless the planner has found that it is not. */
Datum
goaltracker_shares_planned(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

/*
 * Planner support of _shares_planned(): whether an account's model shares, or the
 * session's may come to be in force.  Where nothing is planned, there is no answer.
 */
Datum
goaltracker_shares_planned_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL || !ActiveSnapshotSet())
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(makeBoolConst(session_sets_sharing_model() || any_account_shares(), false));
}

/*
 * Where a row is to be shared by a plan that leaves parts out: another session has
 * changed a model while this one was planning.
 */
void
refuse_plan(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the attribution model of an account was changed while a report was being planned"),
			 errhint("Try again.")));
}

/* _model_shares(): trigger of table account. */
Datum
goaltracker_model_shares(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"_model_shares\" was not called by trigger manager")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}
