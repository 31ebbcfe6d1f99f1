/*-------------------------------------------------------------------------
 *
 * refresh.c
 *	  One snapshot for all statements of a refresh.
 *
 * A refresh is many statements: it takes notes away, reads facts, writes
 * touchpoints.  Under READ COMMITTED each statement has a snapshot of its own,
 * and a load that commits between two of them would be seen by half: a goal
 * event that it gives to another consumer, say, is gone from the one and not
 * yet with the other.  So for as long as a refresh reads, its transaction reads
 * as one under REPEATABLE READ does; before and after it is what it was.
 *
 * Nothing that a refresh updates or deletes meanwhile can be changed by others:
 * refreshes take turns, and loads only add notes.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/xact.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(goaltracker_in_one_snapshot);

/* The function of the same schema and arguments, named as this one and _work. */
static Oid
work_function(Oid function)
{
	char	   *schema = get_namespace_name(get_func_namespace(function));
	char	   *name = psprintf("%s_work", get_func_name(function));
	Oid		   *argtypes;
	int			nargs;
	Oid			work;

	(void) get_func_signature(function, &argtypes, &nargs);
	work = LookupFuncName(list_make2(makeString(schema), makeString(name)),
						  nargs, argtypes, false);
	/* what stands under the name now need not be what stood there first */
	if (get_func_rettype(work) != get_func_rettype(function) || get_func_retset(work))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("function \"%s\" returns another type than \"%s\"",
						name, get_func_name(function))));
	return work;
}

/*
 * Calls the function's namesake _work with the same arguments, none of them
 * NULL, and returns what it returns.  All of its statements see what was
 * committed before the call, and what it does itself.  The caller must have
 * taken the turn.
 */
Datum
goaltracker_in_one_snapshot(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	FmgrInfo	work;
	int			isolation = XactIsoLevel;
	Datum		result;

	fmgr_info(work_function(fcinfo->flinfo->fn_oid), &work);
	InitFunctionCallInfoData(*call, &work, PG_NARGS(), InvalidOid, NULL, NULL);
	for (int i = 0; i < PG_NARGS(); i++)
		call->args[i] = fcinfo->args[i];

	PushActiveSnapshot(GetTransactionSnapshot());
	PG_TRY();
	{
		if (!IsolationUsesXactSnapshot())
			XactIsoLevel = XACT_REPEATABLE_READ;
		result = FunctionCallInvoke(call);
		fcinfo->isnull = call->isnull;
	}
	PG_FINALLY();
	{
		XactIsoLevel = isolation;
	}
	PG_END_TRY();
	PopActiveSnapshot();
	return result;
}
