/*-------------------------------------------------------------------------
 *
 * conditions.c
 *	  Conditions on columns that views work out, as indexes can find them.
 *
 * Report views show dates also as numbers (_date_key), and instants also as
 * timestamps in UTC (_utc), which is how some clients filter.  Both keep the order
 * of the stored column, which has the index and of which there are statistics.  So
 * a condition on the one,
 *
 *	   date_key >= 20260101
 *
 * is the same as one on the other,
 *
 *	   conversation_date >= date '2026-01-01'
 *
 * and the planner is given that in its place.  (Infinite dates, which have no
 * number, would make a difference; what refresh writes has none.)
 *
 * A support function could not do this: PostgreSQL asks that of the operator, which
 * is its own.  So it is done where the planner looks up a table, just before it
 * hands out the conditions of the query to its tables.  The library is loaded in
 * time: what the views call has support functions, which are asked before that.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* some versions declare a function without its arguments in what this includes */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/plancat.h"
#pragma GCC diagnostic pop

/* What a view works out of a stored column, in its order. */
typedef struct Computed
{
	PGFunction	function;		/* of one argument */
	Oid			stored_type;
	Oid			shown_type;
	Expr	   *(*bound) (Expr *shown, StrategyNumber *strategy);
} Computed;

static table_lookup_hook_type previous_hook = NULL;

/* Whether a function is one of this library's, whatever it is called. */
static bool
is_function(Oid oid, PGFunction function)
{
	FmgrInfo	info;

	fmgr_info(oid, &info);
	return info.fn_addr == function;
}

/* A function of the extension's by name, where it still is this one; or InvalidOid. */
static Oid
find_function(const char *name, int nargs, const Oid *argtypes, PGFunction function)
{
	Oid			oid = LookupFuncName(list_make2(makeString(pstrdup("goaltracker")),
												makeString(pstrdup(name))),
									 nargs, argtypes, true);

	return OidIsValid(oid) && is_function(oid, function) ? oid : InvalidOid;
}

static Expr *
call(Oid function, Oid result_type, List *args)
{
	return (Expr *) makeFuncExpr(function, result_type, args, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* ------------------------------------------------------------------------
 * Bounds: a value to compare with, as one of the stored type
 * ------------------------------------------------------------------------
 */

/*
 * A date, for a date's number; an integer of whatever size.  There are numbers between
 * those of dates: so but for = all is said with the first date that is not before one.
 */
static Expr *
date_bound(Expr *shown, StrategyNumber *strategy)
{
	static const Oid argtypes[] = {INT8OID, BOOLOID};
	Oid			exact = find_function("_date", 1, argtypes, goaltracker_date);
	Oid			first = find_function("_first_date", 2, argtypes, goaltracker_first_date);
	bool		is_behind = false;

	if (exprType((Node *) shown) == INT4OID)
		shown = call(F_INT8_INT4, INT8OID, list_make1(shown));
	if (!OidIsValid(exact) || !OidIsValid(first) || exprType((Node *) shown) != INT8OID)
		return NULL;
	if (*strategy == BTEqualStrategyNumber)
		return call(exact, DATEOID, list_make1(shown));
	if (*strategy == BTGreaterStrategyNumber || *strategy == BTLessEqualStrategyNumber)
	{
		is_behind = true;
		*strategy = *strategy == BTGreaterStrategyNumber ?
			BTGreaterEqualStrategyNumber : BTLessStrategyNumber;
	}
	return call(first, DATEOID,
				list_make2(shown, makeBoolConst(is_behind, false)));
}

/* An instant, for a timestamp in UTC or a day in UTC. */
static Expr *
instant_bound(Expr *shown, StrategyNumber *strategy)
{
	Oid			type = exprType((Node *) shown);
	Oid			function = InvalidOid;

	if (type == TIMESTAMPOID)
		function = find_function("_from_utc", 1, &type, goaltracker_from_utc);
	else if (type == DATEOID)
		function = find_function("_from_utc", 1, &type, goaltracker_day_from_utc);
	return OidIsValid(function) ? call(function, TIMESTAMPTZOID, list_make1(shown)) : NULL;
}

static const Computed computed[] = {
	{goaltracker_date_key, DATEOID, INT4OID, date_bound},
	{goaltracker_utc, TIMESTAMPTZOID, TIMESTAMPOID, instant_bound}
};

/* ------------------------------------------------------------------------
 * Conditions
 * ------------------------------------------------------------------------
 */

/* The family of operators that a type's order has. */
static Oid
order_of(Oid type)
{
	return lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/* The stored column and what is worked out of it, or NULL where that is not all there is. */
static Var *
stored_column(const Node *expression, Index relid, const Computed **how)
{
	const FuncExpr *function = (const FuncExpr *) expression;
	Var		   *column;

	if (!IsA(expression, FuncExpr) || list_length(function->args) != 1)
		return NULL;
	column = linitial(function->args);
	if (!IsA(column, Var) || column->varno != (int) relid || column->varlevelsup != 0)
		return NULL;
	for (size_t i = 0; i < lengthof(computed); i++)
	{
		if (column->vartype == computed[i].stored_type &&
			function->funcresulttype == computed[i].shown_type &&
			is_function(function->funcid, computed[i].function))
		{
			*how = &computed[i];
			return column;
		}
	}
	return NULL;
}

/*
 * A condition on what is worked out of a table's column, as the same on the column;
 * any other one as it is.
 */
static Node *
stored_condition(PlannerInfo *root, Index relid, Node *condition)
{
	const OpExpr *comparison = (const OpExpr *) condition;
	const Computed *how;
	Oid			operator;
	Var		   *column;
	Expr	   *bound;
	StrategyNumber strategy;

	if (!IsA(condition, OpExpr) || list_length(comparison->args) != 2)
		return condition;
	operator = comparison->opno;
	bound = lsecond(comparison->args);
	column = stored_column(linitial(comparison->args), relid, &how);
	if (column == NULL)
	{
		operator = get_commutator(operator);
		bound = linitial(comparison->args);
		column = stored_column(lsecond(comparison->args), relid, &how);
	}
	if (column == NULL || !OidIsValid(operator) || !is_pseudo_constant_clause((Node *) bound))
		return condition;
	strategy = get_op_opfamily_strategy(operator, order_of(how->shown_type));
	if (strategy == InvalidStrategy)
		return condition;
	bound = how->bound(bound, &strategy);
	if (bound == NULL)
		return condition;
	operator = get_opfamily_member(order_of(how->stored_type), how->stored_type,
								   how->stored_type, strategy);
	condition = (Node *) make_opclause(operator, BOOLOID, false, (Expr *) column,
									   (Expr *) eval_const_expressions(root, (Node *) bound),
									   InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) condition);
	return condition;
}

/* ------------------------------------------------------------------------
 * The planner
 * ------------------------------------------------------------------------
 */

/* Conditions that all must hold, which is what the planner has made of them by now. */
static void
replace_conditions(PlannerInfo *root, Index relid, Node *conditions)
{
	ListCell   *cell;

	if (conditions == NULL || !IsA(conditions, List))
		return;
	foreach(cell, (List *) conditions)
		lfirst(cell) = stored_condition(root, relid, lfirst(cell));
}

/* All conditions of a query, wherever among its joins they stand. */
static void
replace_all_conditions(PlannerInfo *root, Index relid, Node *node)
{
	ListCell   *cell;

	check_stack_depth();
	if (IsA(node, FromExpr))
	{
		replace_conditions(root, relid, ((FromExpr *) node)->quals);
		foreach(cell, ((FromExpr *) node)->fromlist)
			replace_all_conditions(root, relid, lfirst(cell));
	}
	else if (IsA(node, JoinExpr))
	{
		replace_conditions(root, relid, ((JoinExpr *) node)->quals);
		replace_all_conditions(root, relid, ((JoinExpr *) node)->larg);
		replace_all_conditions(root, relid, ((JoinExpr *) node)->rarg);
	}
}

static void
find_by_stored_columns(TABLE_LOOKUP_PARAMETERS)
{
	if (previous_hook != NULL)
		previous_hook(TABLE_LOOKUP_ARGUMENTS);
	if (rel->reloptkind == RELOPT_BASEREL && root->parse->jointree != NULL)
		replace_all_conditions(root, rel->relid, (Node *) root->parse->jointree);
}

/* What the library does when it is loaded. */
void
conditions_init(void)
{
	previous_hook = table_lookup_hook;
	table_lookup_hook = find_by_stored_columns;
}
