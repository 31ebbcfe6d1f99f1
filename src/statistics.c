/*-------------------------------------------------------------------------
 *
 * statistics.c
 *	  The planner's statistics of what report views read.
 *
 * Report views read the tables that refresh writes through parents with row
 * security (see visibility.c).  ANALYZE, which runs by itself, leaves parents
 * out, so the planner would know nothing about their columns.  Each parent has
 * one table, whose statistics are the parent's.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "partitioning/partdesc.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* some versions declare a function without its arguments in what this includes */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "utils/selfuncs.h"
#pragma GCC diagnostic pop

static get_relation_stats_hook_type previous_hook = NULL;

/* The table under a parent that report views read, or InvalidOid. */
static Oid
table_under(const RangeTblEntry *rte)
{
	Relation	rel;
	Oid			table = InvalidOid;

	if (rte->rtekind != RTE_RELATION || !rte->inh || rte->relkind != RELKIND_PARTITIONED_TABLE)
		return InvalidOid;
	/* the planner has it locked */
	rel = table_open(rte->relid, NoLock);
	if (strncmp(RelationGetRelationName(rel), "_visible_", 9) == 0 &&
		RelationGetNamespace(rel) == get_namespace_oid("goaltracker", true))
	{
		PartitionDesc partitions = RelationGetPartitionDesc(rel, true);

		if (partitions->nparts == 1)
			table = partitions->oids[0];
	}
	table_close(rel, NoLock);
	return table;
}

/* Whether row security leaves nothing out: the planner has found all of it true. */
static bool
shows_all(const RangeTblEntry *rte)
{
	const ListCell *cell;

	foreach(cell, rte->securityQuals)
	{
		if (lfirst(cell) != NULL)
			return false;
	}
	return true;
}

/*
 * Whether the query may read the column at all.  It is planned before the executor
 * asks that, so the planner must, as it does where no hook answers.
 */
static bool
may_read(PlannerInfo *root, const RangeTblEntry *rte, AttrNumber attno)
{
	Oid			user = InvalidOid;

	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		if (root->simple_rte_array[i] == rte && root->simple_rel_array[i] != NULL)
			user = root->simple_rel_array[i]->userid;
	}
	if (!OidIsValid(user))
		user = GetUserId();
	return pg_class_aclcheck(rte->relid, user, ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(rte->relid, attno, user, ACL_SELECT) == ACLCHECK_OK;
}

static bool
statistics_of_table(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attno,
					VariableStatData *vardata)
{
	Oid			table = attno > 0 ? table_under(rte) : InvalidOid;
	AttrNumber	table_attno;

	if (!OidIsValid(table))
		return previous_hook != NULL && previous_hook(root, rte, attno, vardata);
	table_attno = get_attnum(table, get_attname(rte->relid, attno, false));
	vardata->statsTuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(table),
										  Int16GetDatum(table_attno), BoolGetDatum(false));
	vardata->freefunc = ReleaseSysCache;
	/* else a reader's own operator would be shown values that he may not see */
	vardata->acl_ok = shows_all(rte) && may_read(root, rte, attno);
	return true;
}

/* What the library does when it is loaded. */
void
statistics_init(void)
{
	previous_hook = get_relation_stats_hook;
	get_relation_stats_hook = statistics_of_table;
}
