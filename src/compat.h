/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between the supported majors of PostgreSQL, 15 to 18,
 *	  and the coming 19.
 *
 * Every conditional on PG_VERSION_NUM stands here, with its reason.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_COMPAT_H
#define GOALTRACKER_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "goaltracker needs PostgreSQL 15 or newer"
#endif

/*
 * 16 moved the declarations of varlena types into a header of their own, which
 * postgres.h no longer includes.
 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 lets a module say its name and version, for pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define GOALTRACKER_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "goaltracker", .version = GOALTRACKER_VERSION)
#else
#define GOALTRACKER_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * 18 writes pg_noreturn before a declaration where the others had
 * pg_attribute_noreturn() behind it.
 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * 16 asks whether summarizing indexes alone are meant: here, all are.  19 takes
 * such answers as flags.
 */
#if PG_VERSION_NUM >= 190000
#define InsertIndexTuples(result_rel, slot, estate) \
	ExecInsertIndexTuples(result_rel, estate, 0, slot, NIL, NULL)
#elif PG_VERSION_NUM >= 160000
#define InsertIndexTuples(result_rel, slot, estate) \
	ExecInsertIndexTuples(result_rel, slot, estate, false, false, NULL, NIL, false)
#else
#define InsertIndexTuples(result_rel, slot, estate) \
	ExecInsertIndexTuples(result_rel, slot, estate, false, false, NULL, NIL)
#endif

/*
 * 19 has another hook where the planner has looked up a table: for every kind of
 * relation, with its entry in the query in place of what the catalogs say.
 */
#if PG_VERSION_NUM >= 190000
#define table_lookup_hook_type build_simple_rel_hook_type
#define table_lookup_hook build_simple_rel_hook
#define TABLE_LOOKUP_PARAMETERS \
	PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte
#define TABLE_LOOKUP_ARGUMENTS root, rel, rte
#else
#define table_lookup_hook_type get_relation_info_hook_type
#define table_lookup_hook get_relation_info_hook
#define TABLE_LOOKUP_PARAMETERS \
	PlannerInfo *root, Oid table, bool inhparent, RelOptInfo *rel
#define TABLE_LOOKUP_ARGUMENTS root, table, inhparent, rel
#endif

/* 18 can count the descents of an index for EXPLAIN; 19 also takes flags. */
#if PG_VERSION_NUM >= 190000
#define BeginIndexScan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0, SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define BeginIndexScan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define BeginIndexScan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, nkeys, 0)
#endif

/* 19 also takes flags. */
#if PG_VERSION_NUM >= 190000
#define BeginTableScan(rel, snapshot) \
	table_beginscan(rel, snapshot, 0, NULL, SO_NONE)
#else
#define BeginTableScan(rel, snapshot) \
	table_beginscan(rel, snapshot, 0, NULL)
#endif

/* 19 also takes the state of an EXPLAIN that plans.  After its declaration. */
#if PG_VERSION_NUM >= 190000
#include "tcop/tcopprot.h"
#define pg_plan_query(query, source, options, params) \
	pg_plan_query(query, source, options, params, NULL)
#endif

/*
 * The value that a setting was given before it was defined, or NULL.  From 16 on
 * GetConfigOption() gives an empty string for one that was taken back, which is
 * not the same as one that was set to an empty string.  In 19 what is particular
 * to strings stands behind what all settings have, no longer around it.
 */
#include "utils/guc.h"
#if PG_VERSION_NUM >= 160000
#include "utils/guc_tables.h"
#endif

static inline const char *
early_setting(const char *name)
{
#if PG_VERSION_NUM >= 160000
	struct config_generic *setting = find_option(name, false, true, 0);

	if (setting == NULL || setting->vartype != PGC_STRING)
		return NULL;
#if PG_VERSION_NUM >= 190000
	return *setting->_string.variable;
#else
	return *((struct config_string *) setting)->variable;
#endif
#else
	return GetConfigOption(name, true, false);
#endif
}

/* 16 numbers the backends it tells about otherwise, and says so by the name. */
#if PG_VERSION_NUM >= 160000
#define BackendEntry(n) pgstat_get_local_beentry_by_index(n)
#else
#define BackendEntry(n) pgstat_fetch_stat_local_beentry(n)
#endif

/* 19 keeps what is under way in a JsonbInState; its function returns nothing. */
#include "utils/jsonb.h"

static inline Jsonb *
jsonb_array_of(JsonbValue *element)
{
#if PG_VERSION_NUM >= 190000
	JsonbInState state = {0};

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(&state, WJB_ELEM, element);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(state.result);
#else
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(&state, WJB_ELEM, element);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
#endif
}

/* 19 says what is wrong in an ErrorSaveContext where the others set a flag. */
#include "utils/numeric.h"
#if PG_VERSION_NUM >= 190000
#include "nodes/miscnodes.h"

static inline int32
numeric_int4_opt_error(Numeric number, bool *failed)
{
	ErrorSaveContext context = {.type = T_ErrorSaveContext};
	int32		result = numeric_int4_safe(number, (Node *) &context);

	*failed = context.error_occurred;
	return result;
}
#endif

#endif							/* GOALTRACKER_COMPAT_H */
