/*-------------------------------------------------------------------------
 *
 * changes.c
 *	  Which consumers a load has changed.
 *
 * A statement trigger on each table of facts notes, in table changed_consumer,
 * the consumers of all rows that the statement inserted, updated (before and
 * after) or deleted, each once.  The note is part of the loading transaction:
 * whoever sees the note sees the change, so a refresh that takes a note away
 * before it reads the facts can miss nothing.
 *
 * As long as an account has never been refreshed, all of its consumers wait
 * anyway; then one note for the account does, and a first load of millions of
 * rows costs no more.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(goaltracker_note_changes);

/*
 * As many consumers of an account are remembered, then noted and forgotten: a
 * consumer may be noted twice, and a statement of millions of rows takes no more
 * memory than a large one.
 */
#define MAX_REMEMBERED 100000

/* A consumer's id; or an account's, with what was changed in it. */
typedef struct NoteEntry
{
	const text *id;
	uint32		hash;
	char		status;
	struct AccountChanges *account;
} NoteEntry;

#define SH_PREFIX note
#define SH_ELEMENT_TYPE NoteEntry
#define SH_KEY_TYPE const text *
#define SH_KEY id
#define SH_HASH_KEY(tb, key) text_hash(key)
#define SH_EQUAL(tb, a, b) text_same(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
/* the template of some majors shadows a variable of its own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* What a statement changed in one account. */
typedef struct AccountChanges
{
	text	   *account_id;
	bool		is_refreshed;	/* its consumers are noted one by one */
	MemoryContext context;		/* of the consumers */
	note_hash  *consumers;
} AccountChanges;

typedef struct StatementChanges
{
	MemoryContext context;		/* of what lives as long as this */
	note_hash  *accounts;
	AccountChanges *last;		/* rows of one account tend to come together */
	int			account_attno;
	int			consumer_attno;
} StatementChanges;

/*
 * Plans are kept for the life of the backend.  Their statements are parsed under
 * the search_path of whoever loads and run with the rights of the table's owner,
 * so every name in them is qualified, operators too.
 */
static SPIPlanPtr is_refreshed_plan = NULL;
static SPIPlanPtr note_account_plan = NULL;
static SPIPlanPtr note_consumers_plan = NULL;

static SPIPlanPtr
kept_plan(SPIPlanPtr *plan, const char *query, int nargs, Oid *argtypes)
{
	if (*plan == NULL)
	{
		SPIPlanPtr	fresh = SPI_prepare(query, nargs, argtypes);

		if (fresh == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(fresh);
		*plan = fresh;
	}
	return *plan;
}

static void
execute_plan(SPIPlanPtr plan, Datum *values, int expected)
{
	int			result = SPI_execute_plan(plan, values, NULL, false, 0);

	if (result != expected)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
}

static bool
account_is_refreshed(text *account_id)
{
	Oid			argtypes[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(account_id)};

	execute_plan(kept_plan(&is_refreshed_plan,
						   "SELECT FROM goaltracker.refreshed_account"
						   " WHERE account_id OPERATOR(pg_catalog.=) $1",
						   1, argtypes),
				 values, SPI_OK_SELECT);
	return SPI_processed > 0;
}

/* Takes an id into a hash table, with a copy of its own in the context. */
static NoteEntry *
take_id(MemoryContext context, note_hash *ids, const text *id, bool *found)
{
	NoteEntry  *entry = note_insert(ids, id, found);

	if (!*found)
	{
		MemoryContext old_context = MemoryContextSwitchTo(context);

		entry->id = (const text *) DatumGetPointer(datumCopy(PointerGetDatum(id), false, -1));
		MemoryContextSwitchTo(old_context);
	}
	return entry;
}

static AccountChanges *
changes_of_account(StatementChanges *changes, const text *account_id)
{
	NoteEntry  *entry;
	AccountChanges *account;
	bool		found;

	if (changes->last != NULL && text_same(changes->last->account_id, account_id))
		return changes->last;
	entry = take_id(changes->context, changes->accounts, account_id, &found);
	if (!found)
	{
		account = MemoryContextAllocZero(changes->context, sizeof(AccountChanges));
		account->account_id = (text *) entry->id;
		account->is_refreshed = account_is_refreshed(account->account_id);
		account->context = AllocSetContextCreate(changes->context,
												 "goaltracker changed consumers",
												 ALLOCSET_DEFAULT_SIZES);
		entry->account = account;
	}
	changes->last = entry->account;
	return entry->account;
}

static int
by_id(const void *left, const void *right)
{
	return text_order((const text *) DatumGetPointer(*(const Datum *) left),
					  (const text *) DatumGetPointer(*(const Datum *) right));
}

/*
 * Notes the consumers remembered of an account, and forgets them.  They are
 * noted in the order of the index, which otherwise is most of the work.
 */
static void
note_consumers(AccountChanges *account)
{
	Oid			argtypes[] = {TEXTOID, TEXTARRAYOID, TIMESTAMPTZOID};
	MemoryContext old_context;
	Datum	   *consumer_ids;
	Datum		values[3];
	int			n = 0;
	note_iterator it;
	NoteEntry  *entry;

	if (account->consumers == NULL)
		return;
	old_context = MemoryContextSwitchTo(account->context);
	consumer_ids = palloc(account->consumers->members * sizeof(Datum));
	note_start_iterate(account->consumers, &it);
	while ((entry = note_iterate(account->consumers, &it)) != NULL)
		consumer_ids[n++] = PointerGetDatum(entry->id);
	qsort(consumer_ids, n, sizeof(Datum), by_id);
	values[0] = PointerGetDatum(account->account_id);
	values[1] = PointerGetDatum(construct_array(consumer_ids, n, TEXTOID, -1, false,
												TYPALIGN_INT));
	/* the clock is read once, not for each note */
	values[2] = TimestampTzGetDatum(GetCurrentTimestamp());
	execute_plan(kept_plan(&note_consumers_plan,
						   "INSERT INTO goaltracker.changed_consumer"
						   " (account_id, consumer_id, noted_at)"
						   " SELECT $1, pg_catalog.unnest($2), $3",
						   3, argtypes),
				 values, SPI_OK_INSERT);
	MemoryContextSwitchTo(old_context);
	account->consumers = NULL;
	MemoryContextReset(account->context);
}

/* An id of a row; whoever owns the table may have allowed NULL there. */
static text *
id_of_row(TupleTableSlot *slot, int attno)
{
	bool		isnull;
	Datum		id = slot_getattr(slot, attno, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" must not be null",
						NameStr(TupleDescAttr(slot->tts_tupleDescriptor, attno - 1)->attname))));
	return DatumGetTextPP(id);
}

static void
collect_row(StatementChanges *changes, TupleTableSlot *slot)
{
	AccountChanges *account = changes_of_account(changes,
												 id_of_row(slot, changes->account_attno));
	bool		found;

	if (!account->is_refreshed)
		return;
	if (account->consumers == NULL)
		account->consumers = note_create(account->context, 256, NULL);
	(void) take_id(account->context, account->consumers,
				   id_of_row(slot, changes->consumer_attno), &found);
	if (account->consumers->members >= MAX_REMEMBERED)
		note_consumers(account);
}

/* Goes through one of the statement's transition tables, if it has it. */
static void
collect_rows(StatementChanges *changes, Tuplestorestate *rows, TupleDesc tupdesc)
{
	TupleTableSlot *slot;
	MemoryContext row_context;

	if (rows == NULL)
		return;
	slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "goaltracker changed row",
										ALLOCSET_SMALL_SIZES);
	/* other triggers read the same table: a position of our own */
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		MemoryContext old_context;

		/*
		 * A row that comes from disk is the slot's to free: only what
		 * looking at it takes goes into the context that is reset.
		 */
		CHECK_FOR_INTERRUPTS();
		old_context = MemoryContextSwitchTo(row_context);
		collect_row(changes, slot);
		MemoryContextSwitchTo(old_context);
		MemoryContextReset(row_context);
	}
	tuplestore_select_read_pointer(rows, 0);
	MemoryContextDelete(row_context);
	ExecDropSingleTupleTableSlot(slot);
}

static void
note_account(AccountChanges *account)
{
	Oid			argtypes[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(account->account_id)};

	execute_plan(kept_plan(&note_account_plan,
						   "INSERT INTO goaltracker.changed_scope (account_id, scope)"
						   " VALUES ($1, 'account')",
						   1, argtypes),
				 values, SPI_OK_INSERT);
}

static void
write_notes(const StatementChanges *changes)
{
	note_iterator it;
	NoteEntry  *entry;

	note_start_iterate(changes->accounts, &it);
	while ((entry = note_iterate(changes->accounts, &it)) != NULL)
	{
		if (entry->account->is_refreshed)
			note_consumers(entry->account);
		else
			note_account(entry->account);
	}
}

static void
require_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"_note_changes\" was not called by trigger manager")));
	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		trigdata->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"_note_changes\" must be fired after each statement, "
						"with the name of the consumer's column")));
}

static int
require_column(Relation rel, const char *name)
{
	int			attno = SPI_fnumber(RelationGetDescr(rel), name);

	if (attno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(rel))));
	if (SPI_gettypeid(RelationGetDescr(rel), attno) != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is not of type text",
						name, RelationGetRelationName(rel))));
	return attno;
}

/*
 * _note_changes('column'): statement trigger of a table that has an account_id
 * and, in the named column, a consumer.  Works with the rights of the table's
 * owner, so that a role which may load need not know of the notes.
 */
Datum
goaltracker_note_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StatementChanges changes = {0};
	Relation	rel;
	Oid			user_id;
	int			sec_context;

	require_trigger(fcinfo);
	rel = trigdata->tg_relation;
	changes.account_attno = require_column(rel, "account_id");
	changes.consumer_attno = require_column(rel, trigdata->tg_trigger->tgargs[0]);

	GetUserIdAndSecContext(&user_id, &sec_context);
	SetUserIdAndSecContext(RelationGetForm(rel)->relowner,
						   sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	SPI_connect();
	changes.context = CurrentMemoryContext;
	changes.accounts = note_create(changes.context, 16, NULL);
	collect_rows(&changes, trigdata->tg_oldtable, RelationGetDescr(rel));
	collect_rows(&changes, trigdata->tg_newtable, RelationGetDescr(rel));
	write_notes(&changes);
	SPI_finish();
	SetUserIdAndSecContext(user_id, sec_context);
	PG_RETURN_POINTER(NULL);
}
