// JDBC, which Tableau, Metabase, Looker and others read with: DatabaseMetaData with remarks,
// rows, parameters.  java -cp postgresql.jar WithJdbc.java EXPECTED

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

public class WithJdbc {
	record Column(String name, String type, String comment, String digest) {
		String baseType() {
			return type.replaceAll("\\(.*", "");
		}
	}

	record View(String name, String comment, long rows, List<Column> columns) {
	}

	// What a type is in DatabaseMetaData, and as a value.
	record JdbcType(int code, String className) {
	}

	static final Map<String, JdbcType> TYPES = Map.of(
		"text", new JdbcType(Types.VARCHAR, "java.lang.String"),
		"boolean", new JdbcType(Types.BIT, "java.lang.Boolean"),
		"smallint", new JdbcType(Types.SMALLINT, "java.lang.Integer"),
		"integer", new JdbcType(Types.INTEGER, "java.lang.Integer"),
		"bigint", new JdbcType(Types.BIGINT, "java.lang.Long"),
		"numeric", new JdbcType(Types.NUMERIC, "java.math.BigDecimal"),
		"date", new JdbcType(Types.DATE, "java.sql.Date"),
		"timestamp with time zone", new JdbcType(Types.TIMESTAMP, "java.sql.Timestamp"),
		"timestamp without time zone", new JdbcType(Types.TIMESTAMP, "java.sql.Timestamp"),
		// no client type; its seconds stand at its side
		"interval", new JdbcType(Types.OTHER, "org.postgresql.util.PGInterval"));

	static int count = 0;
	static int failed = 0;

	static void same(Object found, Object expected, String what) {
		boolean good = Objects.equals(found, expected);
		count++;
		System.out.println((good ? "ok " : "not ok ") + count + " - JDBC: " + what);
		if (!good) {
			failed++;
			System.out.println("#   found:    " + found);
			System.out.println("#   expected: " + expected);
		}
	}

	static Map<String, View> load(String path) throws Exception {
		Map<String, View> views = new LinkedHashMap<>();
		for (String line : Files.readAllLines(Path.of(path))) {
			String[] f = line.split("\t", -1);
			if (f[0].equals("view"))
				views.put(f[1], new View(f[1], f[2], Long.parseLong(f[3]), new ArrayList<>()));
			else
				views.get(f[1]).columns().add(new Column(f[2], f[3], f[4], f[5]));
		}
		return views;
	}

	static Connection connect() throws Exception {
		Properties properties = new Properties();
		properties.put("user", System.getenv("PGUSER"));
		properties.put("password", System.getenv("PGPASSWORD"));
		return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT")
			+ "/" + System.getenv("PGDATABASE"), properties);
	}

	static void metadata(DatabaseMetaData data, View view) throws Exception {
		List<String> names = new ArrayList<>();
		List<String> comments = new ArrayList<>();
		List<String> wrong = new ArrayList<>();
		try (ResultSet r = data.getColumns(null, "goaltracker", view.name().replace("_", "\\_"), "%")) {
			while (r.next()) {
				names.add(r.getString("COLUMN_NAME"));
				comments.add(r.getString("REMARKS"));
				Column column = view.columns().get(Math.min(names.size(), view.columns().size()) - 1);
				JdbcType type = TYPES.get(column.baseType());
				if (type == null || r.getInt("DATA_TYPE") != type.code())
					wrong.add(column.name() + " " + column.type() + ": " + r.getInt("DATA_TYPE"));
				if (column.type().startsWith("numeric(") && !column.type().equals(
						"numeric(" + r.getInt("COLUMN_SIZE") + "," + r.getInt("DECIMAL_DIGITS") + ")"))
					wrong.add(column.name() + " " + column.type() + ": " + r.getInt("COLUMN_SIZE") + "," + r.getInt("DECIMAL_DIGITS"));
			}
		}
		same(names, view.columns().stream().map(Column::name).toList(), view.name() + ": columns");
		same(comments, view.columns().stream().map(Column::comment).toList(), view.name() + ": remarks of columns");
		same(wrong, List.of(), view.name() + ": types of columns");
	}

	// As expected.sql works it out.
	static String digest(Column column, List<Object> values) {
		if (values.isEmpty())
			return "0 none";
		String told;
		switch (column.baseType()) {
			case "text":
				told = "" + values.stream().mapToInt(v -> ((String) v).codePointCount(0, ((String) v).length())).sum();
				break;
			case "boolean":
				told = "" + values.stream().filter(v -> (Boolean) v).count();
				break;
			case "date": {
				List<String> days = values.stream().map(Object::toString).sorted().toList();
				told = days.get(0) + " " + days.get(days.size() - 1);
				break;
			}
			case "timestamp with time zone":
			case "timestamp without time zone": {
				List<String> times = values.stream().map(v -> String.format("%1$tFT%1$tT", ((Timestamp) v).toLocalDateTime())
					+ String.format(".%06d", ((Timestamp) v).getNanos() / 1000)).sorted().toList();
				told = times.get(0) + " " + times.get(times.size() - 1);
				break;
			}
			case "interval": {
				BigDecimal sum = BigDecimal.ZERO;
				for (Object v : values) {
					org.postgresql.util.PGInterval i = (org.postgresql.util.PGInterval) v;
					sum = sum.add(BigDecimal.valueOf(((i.getDays() * 24L + i.getHours()) * 60 + i.getMinutes()) * 60 + i.getWholeSeconds()))
						.add(BigDecimal.valueOf(i.getMicroSeconds(), 6));
				}
				told = sum.stripTrailingZeros().toPlainString();
				break;
			}
			default: {
				BigDecimal sum = BigDecimal.ZERO;
				for (Object v : values)
					sum = sum.add(new BigDecimal(v.toString()));
				told = sum.stripTrailingZeros().toPlainString();
			}
		}
		return values.size() + " " + told;
	}

	static void rows(Connection connection, View view) throws Exception {
		int n = view.columns().size();
		List<List<Object>> values = new ArrayList<>();
		List<String> strange = new ArrayList<>();
		List<String> wrong = new ArrayList<>();
		long rows = 0;
		for (int i = 0; i < n; i++)
			values.add(new ArrayList<>());
		try (Statement s = connection.createStatement()) {
			// by cursor, as tools read what is large
			s.setFetchSize(500);
			ResultSet r = s.executeQuery("SELECT * FROM goaltracker." + view.name());
			for (; r.next(); rows++)
				for (int i = 0; i < n; i++) {
					Object v = r.getObject(i + 1);
					if (v != null)
						values.get(i).add(v);
				}
		}
		same(rows, view.rows(), view.name() + ": rows");
		for (int i = 0; i < n; i++) {
			Column column = view.columns().get(i);
			JdbcType type = TYPES.get(column.baseType());
			Object first = values.get(i).isEmpty() ? null : values.get(i).get(0);
			if (type == null || (first != null && !first.getClass().getName().equals(type.className()))) {
				strange.add(column.name() + " " + column.type() + ": " + (first == null ? "" : first.getClass().getName()));
				continue;
			}
			String found = digest(column, values.get(i));
			if (!found.equals(column.digest()))
				wrong.add(column.name() + ": " + found + ", expected " + column.digest());
		}
		same(strange, List.of(), view.name() + ": types of values");
		same(wrong, List.of(), view.name() + ": values");
	}

	static Object single(PreparedStatement s) throws Exception {
		try (ResultSet r = s.executeQuery()) {
			r.next();
			return r.getObject(1);
		}
	}

	// What a driver makes of parameters: integers of two sizes, times with a zone and without.
	static void parameters(Connection connection) throws Exception {
		PreparedStatement days = connection.prepareStatement(
			"SELECT count(*) FROM goaltracker.credit_facts WHERE date_key BETWEEN ? AND ?");
		PreparedStatement dates = connection.prepareStatement(
			"SELECT count(*) FROM goaltracker.credit_facts WHERE conversation_date BETWEEN ? AND ?");
		dates.setObject(1, java.time.LocalDate.of(2025, 6, 10));
		dates.setObject(2, java.time.LocalDate.of(2025, 6, 12));
		Object wanted = single(dates);
		same((Long) wanted > 0, true, "there is something on these days");
		days.setInt(1, 20250610);
		days.setInt(2, 20250612);
		same(single(days), wanted, "days by their numbers, as integers");
		days.setLong(1, 20250610);
		days.setLong(2, 20250612);
		// a driver that has sent a statement a few times lets the server keep its plan
		for (int i = 0; i < 12; i++)
			wanted = wanted.equals(single(days)) ? wanted : null;
		same(single(days), wanted, "days by their numbers, as long ones, many times");

		try (ResultSet r = connection.createStatement().executeQuery(
				"SELECT updated_at, updated_at_utc FROM goaltracker.conversion_grid ORDER BY updated_at DESC LIMIT 1")) {
			r.next();
			PreparedStatement newer = connection.prepareStatement("SELECT count(*) FROM goaltracker.credit_facts WHERE updated_at > ?");
			newer.setObject(1, r.getObject(1, OffsetDateTime.class));
			same(single(newer), 0L, "nothing is newer than the latest");
			newer.setObject(1, r.getObject(1, OffsetDateTime.class).minusDays(1));
			same((Long) single(newer) > 0, true, "all is newer than the day before");
			newer = connection.prepareStatement("SELECT count(*) FROM goaltracker.credit_facts WHERE updated_at_utc > ?");
			newer.setObject(1, r.getObject(2, LocalDateTime.class));
			same(single(newer), 0L, "nor in UTC");
		}
	}

	public static void main(String[] arguments) throws Exception {
		Map<String, View> views = load(arguments[0]);
		// the driver takes the session's time zone from here
		java.util.TimeZone.setDefault(java.util.TimeZone.getTimeZone("UTC"));
		try (Connection connection = connect()) {
			connection.setReadOnly(true);
			connection.setAutoCommit(false);
			Map<String, String> remarks = new LinkedHashMap<>();
			try (ResultSet r = connection.getMetaData().getTables(null, "goaltracker", "%", new String[] {"VIEW", "MATERIALIZED VIEW"})) {
				while (r.next())
					remarks.put(r.getString("TABLE_NAME"), r.getString("REMARKS"));
			}
			for (View view : views.values()) {
				same(remarks.get(view.name()), view.comment(), view.name() + ": remarks");
				metadata(connection.getMetaData(), view);
				rows(connection, view);
			}
			parameters(connection);
		}
		System.out.println("1.." + count);
		System.exit(failed > 0 ? 1 : 0);
	}
}
