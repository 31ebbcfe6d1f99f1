/*-------------------------------------------------------------------------
 *
 * visibility.c
 *	  Which rows the reader of a report may see.
 *
 * Reports read what refresh has written through parents with row security
 * (sql/55-visibility.sql).  Their policies call the functions below for each
 * row.  Where the reader is not restricted, the planner puts true in place of
 * the calls, so that he pays nothing; what makes such a plan wrong makes
 * PostgreSQL plan anew: another role (PostgreSQL's own rule for row security),
 * another restriction, another membership (the callbacks at the end).
 *
 * Who counts is the role that reads, and the one that has logged in, so that SET
 * ROLE does not widen what somebody sees.  A role sees everything if it is a
 * superuser, if it has the rights of the tables' owner, who could lift every
 * restriction, or if it is exempt.  Else each restricted role that it is a member
 * of, itself included, makes a layer, and a row must pass all layers.  What runs
 * as the owner himself is the extension's own code, which sees everything.
 *
 * Restrictions and groups are read as of now, as PostgreSQL reads its own
 * catalogs, whatever the query's snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* some versions declare a function without its arguments in what this includes */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/pathnodes.h"
#pragma GCC diagnostic pop

PG_FUNCTION_INFO_V1(goaltracker_role_in);
PG_FUNCTION_INFO_V1(goaltracker_role_out);
PG_FUNCTION_INFO_V1(goaltracker_sees_all);
PG_FUNCTION_INFO_V1(goaltracker_sees_part);
PG_FUNCTION_INFO_V1(goaltracker_sees_group);
PG_FUNCTION_INFO_V1(goaltracker_refuse_restricted);
PG_FUNCTION_INFO_V1(goaltracker_refuse_restricted_relation);
PG_FUNCTION_INFO_V1(goaltracker_caller_sees_all);
PG_FUNCTION_INFO_V1(goaltracker_caller_sees_part);
PG_FUNCTION_INFO_V1(goaltracker_caller_sees_group);
PG_FUNCTION_INFO_V1(goaltracker_visibility_support);
PG_FUNCTION_INFO_V1(goaltracker_sees_part_support);
PG_FUNCTION_INFO_V1(goaltracker_updated_at);
PG_FUNCTION_INFO_V1(goaltracker_updated_at_support);
PG_FUNCTION_INFO_V1(goaltracker_restrictions_changed);

/* ------------------------------------------------------------------------
 * Type _role: a role that keeps its restrictions through a renaming, a dump
 * and a restore, even one that comes before the role is created
 * ------------------------------------------------------------------------
 */

typedef struct RoleRef
{
	Oid			role;			/* InvalidOid: there was none of the name */
	NameData	name;			/* its name then */
} RoleRef;

/* _role's input: the plain name of a role, which need not exist. */
Datum
goaltracker_role_in(PG_FUNCTION_ARGS)
{
	const char *name = PG_GETARG_CSTRING(0);
	RoleRef    *ref = palloc0(sizeof(RoleRef));

	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid role name: \"%s\"", name)));
	ref->role = get_role_oid(name, true);
	namestrcpy(&ref->name, name);
	PG_RETURN_POINTER(ref);
}

/* _role's output: the role's name, as it is now if it still exists. */
Datum
goaltracker_role_out(PG_FUNCTION_ARGS)
{
	const RoleRef *ref = (const RoleRef *) PG_GETARG_POINTER(0);
	char	   *name = OidIsValid(ref->role) ? GetUserNameFromId(ref->role, true) : NULL;

	PG_RETURN_CSTRING(name != NULL ? name : pstrdup(NameStr(ref->name)));
}

static bool
is_dropped(const RoleRef *ref)
{
	return OidIsValid(ref->role) && !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(ref->role));
}

/*
 * The role that is meant, or InvalidOid where there is none.  Of one that was
 * dropped, the one that has its name now: as reader_restriction says, and a dump.
 */
static Oid
role_of(const RoleRef *ref)
{
	if (OidIsValid(ref->role) && !is_dropped(ref))
		return ref->role;
	return get_role_oid(NameStr(ref->name), true);
}

/* ------------------------------------------------------------------------
 * Tables of the extension, read as of now
 *
 * The reader has no right to read them.  Their owner may have altered them, so
 * columns are found by name, and their types are looked at.
 * ------------------------------------------------------------------------
 */

typedef struct ExtensionTable
{
	Relation	rel;
	SysScanDesc scan;
	AttrNumber	attnos[3];
} ExtensionTable;

static Oid
extension_relation(const char *name)
{
	Oid			schema = get_namespace_oid("goaltracker", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"goaltracker.%s\" does not exist", name)));
	return relid;
}

static Oid
role_type(void)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("_role"),
						   ObjectIdGetDatum(get_namespace_oid("goaltracker", false)));
}

static AttrNumber
column_of_type(Relation rel, const char *name, Oid type)
{
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), name);

	if (attno == InvalidAttrNumber || get_atttype(RelationGetRelid(rel), attno) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is missing or has another type",
						name, RelationGetRelationName(rel))));
	return attno;
}

/* Opens a table to read three columns, the first of the type given, else text. */
static void
table_begin(ExtensionTable *table, const char *name, const char *const columns[3], Oid first_type)
{
	table->rel = table_open(extension_relation(name), AccessShareLock);
	if (table->rel->rd_rel->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", name)));
	for (int i = 0; i < 3; i++)
		table->attnos[i] = column_of_type(table->rel, columns[i], i == 0 ? first_type : TEXTOID);
	table->scan = systable_beginscan(table->rel, InvalidOid, false, NULL, 0, NULL);
}

static bool
table_next(ExtensionTable *table, Datum values[3], bool nulls[3])
{
	HeapTuple	tuple = systable_getnext(table->scan);

	CHECK_FOR_INTERRUPTS();
	if (!HeapTupleIsValid(tuple))
		return false;
	for (int i = 0; i < 3; i++)
		values[i] = heap_getattr(tuple, table->attnos[i], RelationGetDescr(table->rel), &nulls[i]);
	return true;
}

static void
table_end(ExtensionTable *table)
{
	systable_endscan(table->scan);
	table_close(table->rel, AccessShareLock);
}

/* ------------------------------------------------------------------------
 * What a reader may see
 * ------------------------------------------------------------------------
 */

typedef struct Restriction
{
	Oid			role;
	text	   *account_id;		/* NULL: the role is exempt */
	text	   *group_id;		/* NULL: all of the account */
	int			ngroups;
	text	  **groups;			/* that group and its subgroups, in order */
} Restriction;

/* A restricted role whose restrictions the reader has to pass. */
typedef struct Layer
{
	Oid			role;
	int			nrestrictions;
	Restriction *restrictions;
} Layer;

typedef struct Visibility
{
	int			nlayers;		/* 0: the reader sees everything */
	Layer	   *layers;

	/* the account asked for last: rows of an account tend to come together */
	text	   *account_id;
	bool		sees;
	bool		sees_all;
} Visibility;

/* Set whenever restrictions are read; a change of theirs makes plans invalid. */
static Oid	restriction_relid = InvalidOid;

static text *
text_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : DatumGetTextPCopy(value);
}

/* All restrictions of roles that exist, in order of the role. */
static List *
read_restrictions(void)
{
	static const char *const columns[] = {"reader", "account_id", "group_id"};
	ExtensionTable table;
	Datum		values[3];
	bool		nulls[3];
	List	   *restrictions = NIL;

	table_begin(&table, "_restriction", columns, role_type());
	restriction_relid = RelationGetRelid(table.rel);
	while (table_next(&table, values, nulls))
	{
		Restriction *restriction;
		Oid			role;

		role = nulls[0] ? InvalidOid : role_of((const RoleRef *) DatumGetPointer(values[0]));
		if (!OidIsValid(role))
			continue;
		/* an exemption is the dropped role's alone */
		if (nulls[1] && is_dropped((const RoleRef *) DatumGetPointer(values[0])))
			continue;
		restriction = palloc0(sizeof(Restriction));
		restriction->role = role;
		restriction->account_id = text_or_null(values[1], nulls[1]);
		restriction->group_id = text_or_null(values[2], nulls[2]);
		restrictions = lappend(restrictions, restriction);
	}
	table_end(&table);
	return restrictions;
}

static bool
is_exempt(Oid user, const List *restrictions)
{
	const ListCell *cell;

	foreach(cell, restrictions)
	{
		const Restriction *restriction = lfirst(cell);

		if (restriction->role == user && restriction->account_id == NULL)
			return true;
	}
	return false;
}

static Oid
owner_of_tables(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID,
										ObjectIdGetDatum(extension_relation("_visible_touchpoint")));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation \"_visible_touchpoint\"");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static Layer *
layer_of_role(Visibility *visibility, Oid role, int most)
{
	Layer	   *layer;

	for (int i = 0; i < visibility->nlayers; i++)
	{
		if (visibility->layers[i].role == role)
			return &visibility->layers[i];
	}
	layer = &visibility->layers[visibility->nlayers++];
	layer->role = role;
	layer->restrictions = palloc(most * sizeof(Restriction));
	return layer;
}

/* Adds the layers that a user has to pass; those that are there stay. */
static void
add_layers(Visibility *visibility, Oid user, Oid owner, const List *restrictions)
{
	int			most = list_length(restrictions);
	int			nbefore = visibility->nlayers;
	const ListCell *cell;

	if (superuser_arg(user) || has_privs_of_role(user, owner) || is_exempt(user, restrictions))
		return;
	foreach(cell, restrictions)
	{
		const Restriction *restriction = lfirst(cell);
		Layer	   *layer;

		if (restriction->account_id == NULL ||
			!is_member_of_role_nosuper(user, restriction->role))
			continue;
		layer = layer_of_role(visibility, restriction->role, most);
		/* those of the other user are complete */
		if (layer - visibility->layers >= nbefore)
			layer->restrictions[layer->nrestrictions++] = *restriction;
	}
}

/*
 * What the current user and the session's may see, allocated in the current
 * context.  as_called: the role that stands outside of all SECURITY DEFINER
 * functions in place of the current one.
 */
static Visibility *
visibility_read(bool as_called)
{
	Visibility *visibility = palloc0(sizeof(Visibility));
	Oid			owner = owner_of_tables();
	Oid			user = as_called ? GetOuterUserId() : GetUserId();
	List	   *restrictions;

	if (user == owner)
		return visibility;
	restrictions = read_restrictions();
	if (restrictions == NIL)
		return visibility;
	visibility->layers = palloc0(2 * list_length(restrictions) * sizeof(Layer));
	add_layers(visibility, user, owner, restrictions);
	add_layers(visibility, GetSessionUserId(), owner, restrictions);
	return visibility;
}

typedef enum ReaderKind
{
	SEES_EVERYTHING,
	SEES_ACCOUNTS,				/* each of them whatever the group */
	SEES_GROUPS
} ReaderKind;

static ReaderKind
kind_of_visibility(const Visibility *visibility)
{
	if (visibility->nlayers == 0)
		return SEES_EVERYTHING;
	for (int i = 0; i < visibility->nlayers; i++)
	{
		for (int j = 0; j < visibility->layers[i].nrestrictions; j++)
		{
			if (visibility->layers[i].restrictions[j].group_id != NULL)
				return SEES_GROUPS;
		}
	}
	return SEES_ACCOUNTS;
}

static ReaderKind
kind_of_reader(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker restrictions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	ReaderKind	kind = kind_of_visibility(visibility_read(false));

	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	return kind;
}

/* ------------------------------------------------------------------------
 * Groups and their subgroups
 * ------------------------------------------------------------------------
 */

typedef struct AgentGroup
{
	text	   *account_id;
	text	   *group_id;
	text	   *parent_id;		/* NULL: none */
} AgentGroup;

static List *
read_groups(void)
{
	static const char *const columns[] = {"account_id", "group_id", "parent_group_id"};
	ExtensionTable table;
	Datum		values[3];
	bool		nulls[3];
	List	   *groups = NIL;

	table_begin(&table, "agent_group", columns, TEXTOID);
	while (table_next(&table, values, nulls))
	{
		AgentGroup *group;

		if (nulls[0] || nulls[1] || nulls[2])
			continue;			/* not below another one */
		group = palloc(sizeof(AgentGroup));
		group->account_id = DatumGetTextPCopy(values[0]);
		group->group_id = DatumGetTextPCopy(values[1]);
		group->parent_id = DatumGetTextPCopy(values[2]);
		groups = lappend(groups, group);
	}
	table_end(&table);
	return groups;
}

static int
by_text(const void *left, const void *right)
{
	return text_order(*(text *const *) left, *(text *const *) right);
}

static bool
is_among(text *const *texts, int ntexts, const text *wanted)
{
	for (int i = 0; i < ntexts; i++)
	{
		if (text_same(texts[i], wanted))
			return true;
	}
	return false;
}

/*
 * The group of a restriction with all that are below it.  Groups that are below
 * themselves are in it once.
 */
static void
find_subgroups(Restriction *restriction, const List *groups)
{
	const ListCell *cell;

	restriction->groups = palloc((list_length(groups) + 1) * sizeof(text *));
	restriction->groups[0] = restriction->group_id;
	restriction->ngroups = 1;
	for (int done = 0; done < restriction->ngroups; done++)
	{
		CHECK_FOR_INTERRUPTS();
		foreach(cell, groups)
		{
			const AgentGroup *group = lfirst(cell);

			if (text_same(group->parent_id, restriction->groups[done]) &&
				text_same(group->account_id, restriction->account_id) &&
				!is_among(restriction->groups, restriction->ngroups, group->group_id))
				restriction->groups[restriction->ngroups++] = group->group_id;
		}
	}
	qsort(restriction->groups, restriction->ngroups, sizeof(text *), by_text);
}

static void
find_all_subgroups(Visibility *visibility)
{
	List	   *groups = NIL;
	bool		are_read = false;

	for (int i = 0; i < visibility->nlayers; i++)
	{
		for (int j = 0; j < visibility->layers[i].nrestrictions; j++)
		{
			Restriction *restriction = &visibility->layers[i].restrictions[j];

			if (restriction->group_id == NULL)
				continue;
			if (!are_read)
				groups = read_groups();
			are_read = true;
			find_subgroups(restriction, groups);
		}
	}
}

/* ------------------------------------------------------------------------
 * The session's user
 *
 * PostgreSQL makes a plan anew for another role, not for another session user,
 * whom SET SESSION AUTHORIZATION changes: a function that runs as its owner would
 * keep its plan.  Nobody is told of the change, so it is looked for before and
 * after each utility statement, whenever a plan of ours is made, and when a plan
 * is about to be run.
 * ------------------------------------------------------------------------
 */

static Oid	planned_session_user = InvalidOid;
static ProcessUtility_hook_type next_process_utility = NULL;
static ExecutorStart_hook_type next_executor_start = NULL;

/* Forgets all plans if the session's user is another one; whether he is. */
static bool
notice_session_user(void)
{
	Oid			user = GetSessionUserId();
	bool		has_changed = user != planned_session_user && OidIsValid(planned_session_user);

	planned_session_user = user;
	if (has_changed)
		ResetPlanCache();
	return has_changed;
}

static void
look_around_utility(PlannedStmt *statement, const char *query, bool read_only_tree,
					ProcessUtilityContext context, ParamListInfo params,
					QueryEnvironment *environment, DestReceiver *dest,
					QueryCompletion *completion)
{
	notice_session_user();
	if (next_process_utility != NULL)
		next_process_utility(statement, query, read_only_tree, context, params, environment, dest,
							 completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, params, environment,
								dest, completion);
	notice_session_user();
}

/*
 * A plan of the user before may have been chosen already only where he was changed
 * by other means than a statement: by the end of a transaction, or by set_config().
 * The next attempt gets a plan of its own.
 */
static void
look_before_executor(QueryDesc *query, int eflags)
{
	if (notice_session_user() && query->plannedstmt->dependsOnRole)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("session user changed after the statement was planned"),
				 errhint("Retry the statement.")));
	if (next_executor_start != NULL)
		next_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

/* ------------------------------------------------------------------------
 * What policies call
 * ------------------------------------------------------------------------
 */

/* What the reader may see, read once by each call site of a query. */
static Visibility *
visibility_of_call(FunctionCallInfo fcinfo, bool as_called)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		Visibility *visibility = visibility_read(as_called);

		find_all_subgroups(visibility);
		fcinfo->flinfo->fn_extra = visibility;
		MemoryContextSwitchTo(old_context);
	}
	return fcinfo->flinfo->fn_extra;
}

static void
look_at_account(Visibility *visibility, const text *account_id)
{
	visibility->sees = true;
	visibility->sees_all = true;
	for (int i = 0; i < visibility->nlayers; i++)
	{
		const Layer *layer = &visibility->layers[i];
		bool		passes = false;
		bool		passes_all = false;

		for (int j = 0; j < layer->nrestrictions; j++)
		{
			if (!text_same(layer->restrictions[j].account_id, account_id))
				continue;
			passes = true;
			passes_all |= layer->restrictions[j].group_id == NULL;
		}
		visibility->sees &= passes;
		visibility->sees_all &= passes_all;
	}
}

/*
 * Works out what is to be seen of the calling row's account (argument 0; NULL: of
 * none), unless it is that of the row before.
 */
static const Visibility *
visibility_of_account(FunctionCallInfo fcinfo, bool as_called)
{
	Visibility *visibility = visibility_of_call(fcinfo, as_called);
	const text *account_id;

	if (visibility->nlayers == 0 || PG_ARGISNULL(0))
	{
		visibility->sees = visibility->sees_all = visibility->nlayers == 0;
		return visibility;
	}
	account_id = PG_GETARG_TEXT_PP(0);
	if (visibility->account_id == NULL || !text_same(visibility->account_id, account_id))
	{
		if (visibility->account_id != NULL)
			pfree(visibility->account_id);
		visibility->account_id = NULL;
		visibility->account_id = (text *) MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
															 VARSIZE_ANY(account_id));
		memcpy(visibility->account_id, account_id, VARSIZE_ANY(account_id));
		look_at_account(visibility, account_id);
	}
	return visibility;
}

/* _sees_all(account_id text): whether the reader sees the account whatever the group. */
Datum
goaltracker_sees_all(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(visibility_of_account(fcinfo, false)->sees_all);
}

/* _sees_part(account_id text): whether he sees some groups of it, and not all. */
Datum
goaltracker_sees_part(PG_FUNCTION_ARGS)
{
	const Visibility *visibility = visibility_of_account(fcinfo, false);

	PG_RETURN_BOOL(visibility->sees && !visibility->sees_all);
}

static bool
layer_passes(const Layer *layer, const text *account_id, text *group_id)
{
	for (int i = 0; i < layer->nrestrictions; i++)
	{
		const Restriction *restriction = &layer->restrictions[i];

		if (!text_same(restriction->account_id, account_id))
			continue;
		if (restriction->group_id == NULL)
			return true;
		if (group_id != NULL &&
			bsearch(&group_id, restriction->groups, restriction->ngroups, sizeof(text *),
					by_text) != NULL)
			return true;
	}
	return false;
}

/* Whether the reader passes all layers with a segment of an account's group (argument 1). */
static bool
sees_group(FunctionCallInfo fcinfo, bool as_called)
{
	const Visibility *visibility = visibility_of_call(fcinfo, as_called);
	const text *account_id;
	text	   *group_id;

	if (visibility->nlayers == 0)
		return true;
	if (PG_ARGISNULL(0))
		return false;
	account_id = PG_GETARG_TEXT_PP(0);
	group_id = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	for (int i = 0; i < visibility->nlayers; i++)
	{
		if (!layer_passes(&visibility->layers[i], account_id, group_id))
			return false;
	}
	return true;
}

/*
 * _sees_group(account_id text, group_id text): whether he sees agent segments of
 * the group; NULL: those of none.
 */
Datum
goaltracker_sees_group(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees_group(fcinfo, false));
}

/* An error where the reader is restricted: what he wants to read is of all accounts. */
void
refuse_restricted(const char *relation, const char *hint)
{
	if (kind_of_reader() != SEES_EVERYTHING)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" is restricted and cannot read %s",
						GetUserNameFromId(GetUserId(), false), relation),
				 errhint("%s", hint)));
}

/*
 * _refuse_restricted(): true; an error (insufficient_privilege) where the reader
 * is restricted.
 */
Datum
goaltracker_refuse_restricted(PG_FUNCTION_ARGS)
{
	refuse_restricted("snapshots", "Read the report itself.");
	PG_RETURN_BOOL(true);
}

/*
 * _refuse_restricted(relation text): true; an error (insufficient_privilege) where the
 * reader is restricted, and so cannot read what is of all accounts.
 */
Datum
goaltracker_refuse_restricted_relation(PG_FUNCTION_ARGS)
{
	refuse_restricted(text_to_cstring(PG_GETARG_TEXT_PP(0)), "refresh_status has the accounts that the role may see.");
	PG_RETURN_BOOL(true);
}

/*
 * _caller_sees_all(account_id text): whether the role that calls, from outside of
 * the function that runs as its owner, sees all of the account.  account_id NULL:
 * whether it is not restricted at all.
 */
Datum
goaltracker_caller_sees_all(PG_FUNCTION_ARGS)
{
	const Visibility *visibility = visibility_of_account(fcinfo, true);

	PG_RETURN_BOOL(visibility->sees_all);
}

/*
 * _caller_sees_part(account_id text): likewise, whether it sees some groups of the
 * account, and not all.
 */
Datum
goaltracker_caller_sees_part(PG_FUNCTION_ARGS)
{
	const Visibility *visibility = visibility_of_account(fcinfo, true);

	PG_RETURN_BOOL(visibility->sees && !visibility->sees_all);
}

/*
 * _caller_sees_group(account_id text, group_id text): likewise, whether it sees agent
 * segments of the group; NULL: those of none.
 */
Datum
goaltracker_caller_sees_group(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees_group(fcinfo, true));
}

/*
 * Planner support of _sees_all() and _refuse_restricted(): true where the reader
 * is not restricted.  That holds for this role alone, and the plan says so.
 */
Datum
goaltracker_visibility_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	notice_session_user();
	if (kind_of_reader() != SEES_EVERYTHING)
		PG_RETURN_POINTER(NULL);
	request->root->glob->dependsOnRole = true;
	PG_RETURN_POINTER(makeBoolConst(true, false));
}

/*
 * Planner support of _sees_part(): false where the reader is not restricted to
 * groups, so that nothing is left of looking for groups.
 */
Datum
goaltracker_sees_part_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	notice_session_user();
	if (kind_of_reader() == SEES_GROUPS)
		PG_RETURN_POINTER(NULL);
	request->root->glob->dependsOnRole = true;
	PG_RETURN_POINTER(makeBoolConst(false, false));
}

/* _updated_at(timestamptz): its argument, NULL or not. */
Datum
goaltracker_updated_at(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * Planner support of _updated_at(): the argument itself where the reader is not
 * restricted, so that a condition on it can be found by an index.
 */
Datum
goaltracker_updated_at_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	notice_session_user();
	if (kind_of_reader() != SEES_EVERYTHING)
		PG_RETURN_POINTER(NULL);
	request->root->glob->dependsOnRole = true;
	PG_RETURN_POINTER(linitial(request->fcall->args));
}

/* ------------------------------------------------------------------------
 * Plans that are no longer right
 * ------------------------------------------------------------------------
 */

/* _restrictions_changed(): trigger of table _restriction. */
Datum
goaltracker_restrictions_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"_restrictions_changed\" was not called by trigger manager")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

static void
forget_plans_of_relation(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == restriction_relid)
		ResetPlanCache();
}

/* Roles and memberships change rarely; which ones matter here is not looked at. */
static void
forget_plans(Datum arg, int cacheid, uint32 hashvalue)
{
	if (OidIsValid(restriction_relid))
		ResetPlanCache();
}

/* What the library does when it is loaded. */
void
visibility_init(void)
{
	CacheRegisterRelcacheCallback(forget_plans_of_relation, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, forget_plans, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, forget_plans, (Datum) 0);
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = look_around_utility;
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = look_before_executor;
}
