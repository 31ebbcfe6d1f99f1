"""What clients must find, as expected.sql has written it, and how they say whether they do."""

import datetime
import decimal
import sys

count = 0
failed = 0


def check(good, what, *details):
	"""One assertion, in the words of TAP."""
	global count, failed
	count += 1
	print(f"{'ok' if good else 'not ok'} {count} - {what}")
	if not good:
		failed += 1
		for detail in details:
			print(f"#   {detail}")
	return good


def same(found, expected, what):
	return check(found == expected, what, f"found:    {found!r}", f"expected: {expected!r}")


def done():
	print(f"1..{count}")
	sys.exit(failed > 0)


class Column:
	def __init__(self, name, type_name, comment, digest):
		self.name, self.type, self.comment, self.digest = name, type_name, comment, digest
		self.base_type = type_name.split("(")[0]


class View:
	def __init__(self, name, comment, rows):
		self.name, self.comment, self.rows, self.columns = name, comment, int(rows), []

	def usable(self):
		"""Columns that every client can read: an interval has a number at its side."""
		return [c for c in self.columns if c.type != "interval"]


def load(path):
	views = {}
	with open(path, encoding="utf-8") as lines:
		for line in lines:
			kind, view, *rest = line.rstrip("\n").split("\t")
			if kind == "view":
				views[view] = View(view, *rest)
			else:
				views[view].columns.append(Column(*rest))
	return views


def digest(column, values):
	"""As expected.sql works it out, of values as Python has them."""
	values = [v for v in values if v is not None]
	if not values:
		return "0 none"
	if column.type == "text":
		told = sum(len(v) for v in values)
	elif column.type == "boolean":
		told = sum(v in (True, "1") for v in values)
	elif column.type == "interval":
		told = plain(sum(decimal.Decimal(v // datetime.timedelta(microseconds=1)) for v in values) / 1000000)
	elif column.type == "date":
		told = f"{min(values).isoformat()} {max(values).isoformat()}"
	elif column.type.startswith("timestamp"):
		told = " ".join(v.strftime("%Y-%m-%dT%H:%M:%S.%f") for v in (min(values), max(values)))
	else:
		told = plain(sum(decimal.Decimal(v) for v in values))
	return f"{len(values)} {told}"


def plain(number):
	text = f"{number:f}"
	return text.rstrip("0").rstrip(".") if "." in text else text


def check_rows(client, view, columns, rows, types):
	"""Rows as a client has them: their number, the types of their values, their digests."""
	same(len(rows), view.rows, f"{client}: {view.name}: rows")
	wrong_types, wrong_values = [], []
	for i, column in enumerate(columns):
		values = [row[i] for row in rows]
		strange = {type(v).__name__ for v in values if v is not None} - set(types.get(column.base_type, ()))
		if strange:
			wrong_types.append((column.name, column.type, sorted(strange)))
			continue
		found = digest(column, values)
		if found != column.digest:
			wrong_values.append((column.name, found, column.digest))
	same(wrong_types, [], f"{client}: {view.name}: types of values")
	same(wrong_values, [], f"{client}: {view.name}: values")
