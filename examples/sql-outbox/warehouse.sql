PRAGMA journal_mode = WAL;
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE items (id TEXT PRIMARY KEY, name TEXT NOT NULL, weight NUMERIC(10, 3));
INSERT INTO outbox (kind, document) VALUES
  ('shipment', '{"id": "LS-77", "customer": "K-100", "lines": [{"line": 1, "item": "FG-100", "quantity": 12.500}, {"line": 2, "item": "FG-200", "quantity": 3}]}'),
  ('shipment', '{"id": "LS-78", "customer": "K-200", "lines": [{"line": 1, "item": "FG-100", "quantity": 1}]}');
